"""Every Gemma's own prompt format, rendered and read back.

A format is a module of ``gemma_nb.prompts.formats``; ``Variant.prompt_format`` names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.prompts.boxes import Box
from gemma_nb.prompts.formats import format_of
from gemma_nb.prompts.formats.fim import fim
from gemma_nb.prompts.lint import check_prompt
from gemma_nb.prompts.lint_rules import Finding
from gemma_nb.prompts.messages import Request, read
from gemma_nb.prompts.prompt import Media, Part, Piece, Prompt
from gemma_nb.prompts.reply_parser import Chunk, Reply, ReplyParser, parse_reply
from gemma_nb.prompts.tool_calls import ToolCall

__all__ = [
    "Box",
    "Chunk",
    "Finding",
    "Media",
    "Part",
    "Piece",
    "Prompt",
    "Reply",
    "ReplyParser",
    "ToolCall",
    "check_prompt",
    "fim",
    "format_prompt",
    "parse_reply",
    "stop_tokens",
]


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
    variant = registry.variant(variant)
    turns, chat = read(messages)
    request = Request(turns, variant, tuple(tools or ()), bool(thinking), guideline, chat)
    return Prompt(format_of(variant).render(request))


def stop_tokens(variant: str | Variant) -> tuple[str, ...]:
    """The tokens that end a reply of ``variant``, ``<eos>`` first.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    variant = registry.variant(variant)
    ends: tuple[str, ...] = format_of(variant).markup(variant).ends
    return ends


def reply_tokens(variant: str | Variant) -> frozenset[str]:
    """The control tokens by which ``parse_reply`` takes a reply of ``variant`` apart.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    variant = registry.variant(variant)
    tokens: frozenset[str] = format_of(variant).markup(variant).tokens
    return tokens
