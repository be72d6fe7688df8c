"""The panel that shows which text and tokens a model receives for a conversation."""

from gemma_nb.widgets.inspector.prompt_inspector import PromptInspector

__all__ = ["PromptInspector"]
