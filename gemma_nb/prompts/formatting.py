"""Renders and checks prompts in the format of a variant.

``Variant.prompt_format`` names the format; each is a module of ``gemma_nb.prompts.formats``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from gemma_nb.arguments import flag_argument, text_argument
from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formats import (
    embedding_format,
    fim,
    functiongemma,
    gemma4,
    paligemma,
    plain,
    shieldgemma,
    translategemma,
    turns,
    unknown_template,
)
from gemma_nb.prompts.lint import Finding, check_bos
from gemma_nb.prompts.messages import PromptRequest, read_messages
from gemma_nb.prompts.prompt import Part, Prompt, ReplyMarkup
from gemma_nb.prompts.tool_schemas import list_tools


class PromptFormat(Protocol):
    """What a module of ``gemma_nb.prompts.formats`` provides."""

    def render(self, request: PromptRequest, /) -> Iterator[Part]:
        """The parts of a prompt.

        Raises:
            InvalidInput: the conversation contains what the format or the variant does not accept.
        """

    def reply_markup(self, variant: Variant, /) -> ReplyMarkup:
        """The control tokens in the replies of ``variant``."""

    def lint(self, text: str, variant: Variant, /) -> Iterator[Finding]:
        """The faults of a hand-written prompt, in any order."""


#: ``Variant.prompt_format`` -> the format. A variant of another format takes no text prompt.
FORMATS: Mapping[str, PromptFormat] = {
    "embedding": embedding_format,
    "fim": fim,
    "functiongemma": functiongemma,
    "gemma4_large": gemma4,
    "gemma4_small": gemma4,
    "paligemma": paligemma,
    "plain": plain,
    "shieldgemma": shieldgemma,
    "translategemma": translategemma,
    "turns": turns,
    "unknown_template": unknown_template,
}


def format_of(variant: Variant) -> PromptFormat:
    """The format of a variant's prompts and replies.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    if variant.prompt_format not in FORMATS:
        raise InvalidInput("prompt_no_format", variant=variant.name)
    return FORMATS[variant.prompt_format]


def format_prompt(
    messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]],
    variant: str | Variant,
    tools: Sequence[Mapping[str, Any]] | None = None,
    thinking: bool = False,
    guideline: str | None = None,
) -> Prompt:
    """The prompt of a conversation, in the variant's own format.

    Args:
        messages: a string (one user turn), one message, or a list of messages
            ``{"role": …, "content": …}`` in the form that Hugging Face's chat templates accept. A
            ``Prompt`` is returned as it is.
        variant: a variant or its name.
        tools: declarations of functions, as JSON schemas (Gemma 4 and FunctionGemma).
        thinking: whether the model is asked to think before it answers (Gemma 4).
        guideline: the safety principle to judge by (ShieldGemma).

    Returns:
        The prompt, without ``<bos>``, which ``Prompt.token_ids`` adds in front.

    Raises:
        InvalidInput: the conversation contains what the variant does not accept, or options are
            given with a ``Prompt``.
    """
    variant = registry.variant(variant)
    if isinstance(messages, Prompt):
        if tools is not None or guideline is not None or flag_argument(thinking, "thinking"):
            raise InvalidInput("prompt_is_rendered")
        return messages
    conversation, chat = read_messages(messages)
    request = PromptRequest(
        turns=conversation,
        variant=variant,
        tools=list_tools(tools),
        thinking=flag_argument(thinking, "thinking"),
        guideline=guideline,
        chat=chat,
    )
    return Prompt(format_of(variant).render(request))


def stop_tokens(variant: str | Variant) -> tuple[str, ...]:
    """The tokens that end a reply of ``variant``, ``<eos>`` first.

    Args:
        variant: a variant or its name.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    variant = registry.variant(variant)
    return format_of(variant).reply_markup(variant).stop_tokens


def reply_tokens(variant: str | Variant) -> frozenset[str]:
    """The control tokens that ``parse_reply`` looks for in a reply of ``variant``.

    Args:
        variant: a variant or its name.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    variant = registry.variant(variant)
    return format_of(variant).reply_markup(variant).tokens


def check_prompt(text: str, variant: str | Variant) -> tuple[Finding, ...]:
    """The faults of a hand-written prompt, by position; empty if it has none.

    Args:
        text: the prompt, as it would be given to the tokenizer.
        variant: the variant that the prompt is for, or its name.

    Raises:
        InvalidInput: the variant takes no text prompt, or ``text`` is no string.
    """
    variant = registry.variant(variant)
    text = text_argument(text, "text")
    findings = [*check_bos(text), *format_of(variant).lint(text, variant)]
    return tuple(sorted(findings, key=lambda finding: finding.position))
