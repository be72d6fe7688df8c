"""Every Gemma's own prompt format, rendered and read back.

A format is a module of this package; ``Variant.prompt_format`` names it. It has ``render``, which
gives the parts of a conversation, and ``STOPS``, the tokens that end a reply besides ``<eos>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from gemma_nb import catalog
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import Request, read
from gemma_nb.prompts.prompt import Media, Part, Piece, Prompt

__all__ = ["Media", "Part", "Piece", "Prompt", "format_prompt", "stop_tokens"]


def format_prompt(
    messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    variant: str | Variant,
    tools: Sequence[Mapping[str, Any]] | None = None,
    thinking: bool = False,
    guideline: str | None = None,
) -> Prompt:
    """What the model is sent for a conversation, in the variant's own format.

    Args:
        messages: a string (one user turn), one message, or a list of ``{"role": …, "content": …}``
            as the ecosystem's chat templates take them.
        variant: a variant or its name.
        tools: declarations of functions, as JSON schemas (Gemma 4 and FunctionGemma).
        thinking: whether the model is to think before it answers (Gemma 4).
        guideline: the safety principle to judge by (ShieldGemma).

    Returns:
        The prompt, without the ``<bos>`` that ``Prompt.token_ids`` puts in front.

    Raises:
        InvalidInput: the conversation holds what the variant cannot take.
    """
    variant = catalog.variant(variant)
    turns, chat = read(messages)
    request = Request(turns, variant, tuple(tools or ()), thinking, guideline, chat)
    return Prompt(_format(variant).render(request), request.media)


def stop_tokens(variant: str | Variant) -> tuple[str, ...]:
    """The tokens that end a reply of ``variant``, ``<eos>`` first.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    return ("<eos>", *_format(catalog.variant(variant)).STOPS)


def _format(variant: Variant) -> Any:
    name = variant.prompt_format
    try:
        return import_module(f"{__name__}.{name}")
    except ModuleNotFoundError:
        raise InvalidInput("prompt_no_format", variant=variant.name) from None
