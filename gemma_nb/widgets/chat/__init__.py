"""The panel in which a person talks with a loaded model."""

from gemma_nb.widgets.chat.chat_panel import ChatPanel

__all__ = ["ChatPanel"]
