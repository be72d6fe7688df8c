"""Gemma 4: ``<|turn>`` turns with a system turn, thinking, tools, and images, audio and video.

The sizes differ when thinking is off: E2B and E4B (``gemma4_small``) start their reply at once, and
the larger models (``gemma4_large``) get an empty thought first.

Sources: https://ai.google.dev/gemma/docs/core/prompt-formatting-gemma4,
https://ai.google.dev/gemma/docs/capabilities/thinking and the chat templates of
google/gemma-4-E4B-it and google/gemma-4-31B-it on Hugging Face.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.prompts.lint import Finding, check_pair, check_tags, check_turns, error, warning
from gemma_nb.prompts.messages import (
    ContentPart,
    PromptRequest,
    refuse_extras,
    refuse_media,
    split_system,
)
from gemma_nb.prompts.prompt import Part, ReplyMarkup
from gemma_nb.prompts.tool_calls import Exchange, group_exchanges, render_medium, render_tools
from gemma_nb.prompts.tools import Grammar

OPEN, CLOSE = "<|turn>", "<turn|>"
THINK = "<|think|>"
THOUGHT, THOUGHT_END = "<|channel>", "<channel|>"
PLACEHOLDERS = {"image": "<|image|>", "audio": "<|audio|>", "video": "<|video|>"}

GRAMMAR = Grammar(
    declaration=("<|tool>", "<tool|>"),
    call=("<|tool_call>", "<tool_call|>"),
    response=("<|tool_response>", "<tool_response|>"),
    quote='<|"|>',
)


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies. The start of a tool's answer ends a reply too."""
    del variant
    return ReplyMarkup(
        stop_tokens=("<eos>", CLOSE, GRAMMAR.response[0]),
        hidden_tokens=(OPEN, THINK, *PLACEHOLDERS.values()),
        thought=(THOUGHT, THOUGHT_END),
        call=GRAMMAR.call,
        quote=GRAMMAR.quote,
    )


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    pairs = (GRAMMAR.declaration, GRAMMAR.call, GRAMMAR.response)
    other_tokens = {OPEN, CLOSE, THINK, THOUGHT, THOUGHT_END, GRAMMAR.quote, *PLACEHOLDERS.values()}
    yield from check_tags(text, {*other_tokens, *(token for pair in pairs for token in pair)})
    yield from check_turns(text, OPEN, CLOSE, ("system", "user", "model"))
    for pair in pairs:
        yield from check_pair(text, *pair)
    empty = f"{THOUGHT}thought\n{THOUGHT_END}"
    thinking = text.find(THINK)
    if thinking >= 0 and not text[:thinking].endswith(f"{OPEN}system\n"):
        yield error(thinking, "lint_think_place", tag=THINK)
    ends_empty, large = text.endswith(empty), _is_large(variant)
    if thinking >= 0 and ends_empty:
        yield error(len(text) - len(empty), "lint_thought_closed")
    elif thinking < 0 and large and text.endswith(f"{OPEN}model\n"):
        yield warning(len(text), "lint_thought_missing", variant=variant.name)
    elif thinking < 0 and not large and ends_empty:
        yield warning(len(text) - len(empty), "lint_thought_extra", variant=variant.name)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt.

    Raises:
        InvalidInput: the conversation contains what the format or the variant does not accept.
    """
    refuse_extras(request, tools=False, thinking=False)
    refuse_media(request, PLACEHOLDERS)
    system, turns = split_system(request.turns)
    exchanges = group_exchanges(turns)
    if system or request.tools or request.thinking:
        yield Part(f"{OPEN}system\n", by_format=True)
        if request.thinking:
            yield Part(f"{THINK}\n", by_format=True)
        if system:
            yield from _render_system(system.items, isinstance(system.fields.get("content"), str))
        for tool in request.tools:
            yield from GRAMMAR.declare(tool)
        yield Part(f"{CLOSE}\n", by_format=True)
    # As in the publisher's template, only the reasoning after the last user turn is rendered.
    last_user = max(i for i, e in enumerate(exchanges) if e.turn.role == "user")
    for i, exchange in enumerate(exchanges):
        yield from _render_exchange(exchange, keep_reasoning=i > last_user)
    if exchanges[-1].turn.role == "user":
        yield Part(f"{OPEN}model\n", by_format=True)
        if _is_large(request.variant) and not request.thinking:
            yield Part(f"{THOUGHT}thought\n{THOUGHT_END}", by_format=True)
    elif request.thinking:
        yield Part(f"{THOUGHT}thought\n", by_format=True)


def _is_large(variant: Variant) -> bool:
    """Whether a reply without thinking starts after an empty thought."""
    return variant.prompt_format == "gemma4_large"


def _render_system(items: tuple[ContentPart, ...], is_string: bool) -> Iterator[Part]:
    """The system instruction; the template writes a space after each part of a list."""
    for item in items:
        yield Part(item.text.strip())
        if not is_string:
            yield Part(" ", by_format=True)


def _render_exchange(exchange: Exchange, keep_reasoning: bool) -> Iterator[Part]:
    turn = exchange.turn
    model = turn.role == "assistant"
    if not exchange.continues:
        yield Part(f"{OPEN}{'model' if model else 'user'}\n", by_format=True)
    reasoning = turn.fields.get("reasoning") or turn.fields.get("reasoning_content")
    if model and keep_reasoning and reasoning:
        yield Part(f"{THOUGHT}thought\n", by_format=True)
        yield Part(str(reasoning))
        yield Part(f"\n{THOUGHT_END}", by_format=True)
    yield from render_tools(exchange, GRAMMAR, PLACEHOLDERS)
    for item in turn.items:
        if item.medium:
            yield from render_medium(item, PLACEHOLDERS)
        else:
            yield Part(_strip_thoughts(item.text) if model else item.text.strip())
    if not exchange.open:
        yield Part(f"{CLOSE}\n", by_format=True)


def _strip_thoughts(text: str) -> str:
    """The text of an earlier reply without its thoughts, as the publisher's template strips them."""
    return "".join(part.split(THOUGHT)[0] for part in text.split(THOUGHT_END)).strip()
