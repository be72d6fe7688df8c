"""The larger Gemma 4 models: without thinking, the reply starts behind an empty thought."""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.prompts.formats import gemma4
from gemma_nb.prompts.formats.gemma4 import lint, markup
from gemma_nb.prompts.messages import Request
from gemma_nb.prompts.prompt import Part

__all__ = ["lint", "markup", "render"]


def render(request: Request) -> Iterator[Part]:
    """The parts of a conversation.

    Raises:
        InvalidInput: the conversation holds what this format or the variant does not take.
    """
    return gemma4.render(request, empty_thought=True)
