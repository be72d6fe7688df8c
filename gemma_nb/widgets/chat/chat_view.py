"""What a chat panel says of its conversation, as markup and as text, in the language in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.errors import GemmaError
from gemma_nb.prompts import Prompt, format_prompt
from gemma_nb.strings import text
from gemma_nb.widgets.base.html import Html, join, tag

if TYPE_CHECKING:
    from gemma_nb.chat import Chat
    from gemma_nb.widgets.chat.chat_turns import Turn


def sent(chat: Chat) -> Prompt | None:
    """What was sent for the last answer; None where it is no prompt any more.

    Args:
        chat: the conversation, the answer included.
    """
    first = int(chat.system is not None)
    said = chat.messages[:-1]
    messages = [*said[:first], *said[first + chat.dropped :]]
    try:
        return format_prompt(messages, chat.model.variant, chat.tools, chat.thinking)
    except GemmaError:
        return None


def stats(chat: Chat, *, stopped: bool) -> str:
    """How long the last answer took.

    Args:
        chat: the conversation.
        stopped: whether it was ended by hand.
    """
    last = chat.model.last
    if last is None:
        return ""
    values = {"tokens": f"{last.new_tokens:,}", "first": f"{last.first_token_seconds:.2f}"}
    if last.tokens_per_second:
        words = text("chat_stats", lang=None, speed=f"{last.tokens_per_second:.1f}", **values)
    else:
        words = text("chat_stats_one", lang=None, **values)
    return f"{words} – {text('chat_stopped')}" if stopped else words


def left_html(chat: Chat) -> Html:
    """How much of the context is left, in words and as a bar."""
    try:
        left = chat.context_left
    except GemmaError:  # a call that waits for its answer: the conversation is no prompt yet
        return Html()
    room = chat.model.max_length
    words = text("chat_left", left=f"{left:,}", all=f"{room:,}")
    share = f"{1 - left / room:.3f}"
    bar = tag("progress", value=share, max="1", aria_label=words, style="width:100%")
    gone = text("chat_dropped", count=f"{chat.dropped:,}") if chat.dropped else ""
    return tag("div", tag("small", words), bar, tag("small", gone) if gone else "")


def static_html(chat: Chat, turns: Sequence[Turn]) -> Html:
    """The conversation, with the thoughts folded away."""
    parts: list[object] = [tag("h3", text("chat_title", variant=chat.model.variant.name))]
    if chat.system:
        parts.append(tag("p", tag("em", chat.system)))
    for turn in turns:
        note = tag("small", turn.note)
        parts += [turn.asked_html(), turn.thoughts_html(), turn.answer_html(), note]
    if not turns:
        parts.append(tag("p", text("chat_empty", question=text("tour_question"))))
    return join(parts)


def static_text(chat: Chat, turns: Sequence[Turn]) -> str:
    """The same as plain text."""
    name = chat.model.variant.name
    lines = [text("chat_title", variant=name)]
    if chat.system:
        lines.append(f"({chat.system})")
    for turn in turns:
        lines += [f"{text('chat_you')}: {turn.asked}", f"{name}: {turn.said}"]
    if not turns:
        lines.append(text("chat_empty", question=text("tour_question")))
    return "\n\n".join(lines)
