"""The panel that compares several models on the same prompts."""

from gemma_nb.widgets.compare.compare_panel import ComparePanel

__all__ = ["ComparePanel"]
