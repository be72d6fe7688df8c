"""A checkpoint with a chat template of its own, which is none of the formats here.

Its prompts cannot be rendered: the template is a program of the checkpoint, and it is not run. A
prompt that was written by hand is sent with ``raw=True``.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.lint import Finding
from gemma_nb.prompts.messages import PromptRequest
from gemma_nb.prompts.prompt import Part, ReplyMarkup


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies; its own stop tokens come from its files."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",))


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """No faults: the format is not known."""
    del text, variant
    yield from ()


def render(request: PromptRequest) -> Iterator[Part]:
    """Refuses every conversation.

    Raises:
        InvalidInput: always; the message names ``raw=True``.
    """
    raise InvalidInput("prompt_unknown_template", variant=request.variant.name)
    yield  # a generator, as the other formats' functions are
