"""The panel in which a model is chosen and loaded."""

from gemma_nb.widgets.picker.picker import Picker

__all__ = ["Picker"]
