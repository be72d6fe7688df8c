"""The conversation of the chat panel, as controls, as HTML and as text.

The sentences are in the language in force.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.chat import Chat
from gemma_nb.errors import GemmaError
from gemma_nb.generation.stats import cut_note
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import TracedToken
from gemma_nb.model import Model
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.prompt import Prompt
from gemma_nb.prompts.reply_parser import Chunk
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import code_block, copyable, progress_bar
from gemma_nb.widgets.base.markdown import markdown
from gemma_nb.widgets.chat.message_field import Attachment
from gemma_nb.widgets.chat.reply_words import trace_reply, words_html, words_table

#: The shortest time between two updates of the page, in seconds. People do not see faster ones, and
#: a browser that receives more falls behind.
_UPDATE_INTERVAL = 0.04


class TurnView:
    """A question and its answer, which may still be arriving.

    Args:
        message: the message that is sent, of the user or of a tool.
        attachments: its images and sounds.
        model_name: the name above the answer.
        lang: the language of the panel.
        on_edit: called when the user wants to change the message; None for a turn that cannot be.

    Attributes:
        prompt: what the model received; None while it is not known.
        answer: the answer so far, as Markdown.
        thoughts: the thoughts so far.
        note: a sentence below the answer.
        edit_button: the button under the message; None where it cannot be changed.
        widget: the ipywidget that shows the turn.
    """

    def __init__(
        self,
        message: Mapping[str, Any],
        attachments: tuple[Attachment, ...],
        model_name: str,
        lang: str,
        on_edit: Callable[[TurnView], None] | None = None,
    ) -> None:
        self.message, self.attachments = message, attachments
        self._model_name, self._lang = model_name, lang
        self.prompt: Prompt | None = None
        self.answer, self.thoughts, self.note = "", "", ""
        #: tool calls and boxes of the answer
        self._additions: list[Html] = []
        self._tokens: tuple[TracedToken, ...] = ()
        self._shows_words = self._is_untraceable = False
        self._updated = -1.0
        self._question_block, self._thoughts_block, self._answer_block, self._note_block = (
            controls.html() for _ in range(4)
        )
        self._question_block.value = self.question_html()
        self._answer_block.value = self._answer_bubble(text("chat_begins"))
        self.edit_button = on_edit and controls.button(
            text("chat_edit"), lambda _: on_edit(self), "gnb-refocus", "gnb-edit"
        )
        blocks = (self._thoughts_block, self._answer_block, self._note_block)
        edit = (self.edit_button,) if self.edit_button else ()
        self.widget = controls.column(
            self._question_block, *edit, *blocks, css_classes=("gnb-turn",)
        )

    @property
    def question(self) -> str:
        """The text of the message."""
        content = self.message["content"]
        if isinstance(content, str):
            return content
        if isinstance(content, list):
            return "".join(part.get("text", "") for part in content if isinstance(part, Mapping))
        return json.dumps(content, ensure_ascii=False, default=str)

    def add(self, chunk: Chunk) -> None:
        """Adds a chunk of the answer; updates the page unless it was updated just before."""
        if chunk.kind == "thought":
            self.thoughts += chunk.text
        elif chunk.call is not None:
            arguments = ", ".join(f"{k}={v!r}" for k, v in chunk.call.arguments.items())
            head = text("chat_calls")
            call = code_block(f"{chunk.call.name}({arguments})", head)
            self._additions.append(tag("div", tag("strong", head), call))
        elif chunk.box is not None:
            box = f"{chunk.box.label} {chunk.box.location}"
            self._additions.append(tag("div", tag("code", box)))
        else:
            self.answer += chunk.text
        if time.monotonic() - self._updated >= _UPDATE_INTERVAL:
            self._update(is_arriving=True)
            # counted from the end of the update, so that a slow page leaves time to compute
            self._updated = time.monotonic()

    def finish(self, note: str) -> None:
        """Shows the whole answer with a note below it."""
        self.note = note
        self._update()
        self._note_block.value = tag("small", note, lang=self._lang) if note else ""

    @property
    def _has_parsed_parts(self) -> bool:
        """Whether the reply has thoughts, calls or boxes, of which the exact text is not kept."""
        return bool(self.thoughts or self._additions)

    @property
    def needs_trace(self) -> bool:
        """Whether the probabilities of the answer can be computed, and are not known yet."""
        if self._tokens or self._is_untraceable or self.prompt is None:
            return False
        return bool(self.answer) and not self._has_parsed_parts

    def trace(self, model: Model) -> None:
        """Computes the probabilities of the answer; after an error, they are not asked for again.

        Args:
            model: the model that wrote it.

        Raises:
            InvalidInput: as for ``trace``.
            GenerationError: the logits are not numbers.
        """
        assert self.prompt is not None
        self._is_untraceable = True
        self._tokens = trace_reply(model, self.prompt, self.answer)
        self._is_untraceable = False

    def show_words(self, shown: bool) -> None:
        """Shows the answer as words with probabilities, where they are known, or as it is."""
        self._shows_words = shown
        if self.prompt is not None:  # the whole answer is there
            self._update()

    def _update(self, *, is_arriving: bool = False) -> None:
        is_thinking = is_arriving and not self.answer
        thoughts = self.thoughts_html(is_thinking=is_thinking)
        if self._thoughts_block.value != thoughts:  # a new value would close an opened fold
            self._thoughts_block.value = thoughts
        answer = self.answer_html(is_arriving=is_arriving)
        if answer or not is_thinking:
            self._answer_block.value = answer

    def question_html(self) -> Html:
        """The question with its images and sounds."""
        is_tool = self.message["role"] == "tool"
        name = self.message.get("name", "")
        speaker = text("chat_tool_answered", name=name) if is_tool else text("chat_you")
        media = [attachment.html for attachment in self.attachments]
        body = tag("div", self.question, class_="gnb-said", dir="auto")
        return tag("div", tag("strong", speaker), *media, body, class_="gnb-asked")

    def thoughts_html(self, *, is_thinking: bool = False) -> Html:
        """The thoughts, folded.

        Args:
            is_thinking: whether more of them arrive.
        """
        if not self.thoughts.strip():
            return Html()
        key = "chat_thinking" if is_thinking else "chat_thoughts"
        head = tag("summary", text(key, count=f"{len(self.thoughts):,}"))
        body = tag("div", self.thoughts, class_="gnb-said", dir="auto")
        return tag("details", head, body, class_="gnb-thought")

    def static_answer_html(self) -> Html:
        """The answer for a page without style sheets, its probabilities as a table where known."""
        answer = self._answer_bubble(join([self._markdown_html(), self._no_words_html()]))
        return join([answer, words_table(self._tokens)]) if self._shows_tokens else answer

    @property
    def _shows_tokens(self) -> bool:
        return self._shows_words and bool(self._tokens)

    def _no_words_html(self) -> Html:
        """Why the reply shows no probabilities; empty where it shows them, or nobody asked."""
        if not (self._shows_words and self._has_parsed_parts):
            return Html()
        return tag("p", tag("small", text("chat_words_none")), lang=self._lang)

    def _markdown_html(self, *, is_arriving: bool = False) -> Html:
        content = join([markdown(self.answer, text("chat_code")), *self._additions])
        written = self.answer.strip()
        return copyable(content, written) if written and not is_arriving else content

    def answer_html(self, *, is_arriving: bool = False) -> Html:
        """The answer, rendered from Markdown or as words; empty before its first chunk.

        Args:
            is_arriving: whether more of it arrives; a cursor then stands at its end.
        """
        if not self.answer and not self._additions and is_arriving:
            return Html()
        if self._shows_tokens and not is_arriving:
            content = words_html(self._tokens)
        else:
            content = self._markdown_html(is_arriving=is_arriving)
            if not is_arriving:
                content = join([content, self._no_words_html()])
        return self._answer_bubble(content, is_arriving=is_arriving)

    def _answer_bubble(self, content: object, *, is_arriving: bool = False) -> Html:
        kind = "gnb-reply gnb-arriving" if is_arriving else "gnb-reply"
        return tag("div", tag("strong", self._model_name), content, class_=kind)


@dataclass
class Conversation:
    """A conversation that the panel keeps.

    Attributes:
        messages: as ``Chat.messages``.
        dropped: as ``Chat.dropped``.
        turns: its turns on the page.
    """

    messages: list[dict[str, Any]]
    dropped: int = 0
    turns: list[TurnView] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The beginning of the first question."""
        words = self.turns[0].question.strip() if self.turns else ""
        return words[:40] or text("chat_new")


def last_prompt(chat: Chat) -> Prompt | None:
    """The prompt of the last answer; None where it can no longer be rendered.

    Args:
        chat: the conversation with that answer.
    """
    start = int(chat.system is not None)
    previous = chat.messages[:-1]
    messages = [*previous[:start], *previous[start + chat.dropped :]]
    try:
        return format_prompt(messages, chat.model.variant, chat.tools, chat.thinking)
    except GemmaError:
        return None


def timing_text(chat: Chat, max_new_tokens: int, *, stopped: bool) -> str:
    """The tokens and times of the last answer in a sentence, and why it ended where it was cut.

    Args:
        chat: the conversation.
        max_new_tokens: the most tokens that the answer could have.
        stopped: whether the user stopped the answer.
    """
    last = chat.model.last
    if last is None:
        return ""
    values = {"tokens": f"{last.new_tokens:,}", "first": f"{last.first_token_seconds:.2f}"}
    if last.tokens_per_second:
        sentence = text("chat_stats", lang=None, speed=f"{last.tokens_per_second:.1f}", **values)
    else:
        sentence = text("chat_stats_one", lang=None, **values)
    end: object = cut_note(last, max_new_tokens, chat.model.max_length)
    if stopped:
        end = text("chat_stopped")
    return f"{sentence} – {end}" if end else sentence


def context_left_html(chat: Chat) -> Html:
    """The part of the context that is left, in words and as a bar."""
    try:
        left = chat.context_left
    except GemmaError:  # a tool call has no answer yet: the conversation cannot be rendered
        return Html()
    length = chat.model.max_length
    sentence = text("chat_left", left=f"{left:,}", all=f"{length:,}")
    bar = progress_bar(1 - left / length, sentence)
    dropped = text("chat_dropped", count=f"{chat.dropped:,}") if chat.dropped else ""
    return tag("div", tag("small", sentence), bar, tag("small", dropped) if dropped else "")


# static copies


def static_html(chat: Chat, turns: Sequence[TurnView]) -> Html:
    """The conversation, with the thoughts folded."""
    parts: list[object] = [tag("h3", text("chat_title", variant=chat.model.variant.name))]
    if chat.system:
        parts.append(tag("p", tag("em", chat.system)))
    for turn in turns:
        note = tag("small", turn.note)
        parts += [turn.question_html(), turn.thoughts_html(), turn.static_answer_html(), note]
    if not turns:
        parts.append(tag("p", text("chat_empty", question=text("tour_question"))))
    return join(parts)


def static_text(chat: Chat, turns: Sequence[TurnView]) -> str:
    """The same as plain text."""
    name = chat.model.variant.name
    lines = [text("chat_title", variant=name)]
    if chat.system:
        lines.append(f"({chat.system})")
    for turn in turns:
        lines += [f"{text('chat_you')}: {turn.question}", f"{name}: {turn.answer}"]
    if not turns:
        lines.append(text("chat_empty", question=text("tour_question")))
    return "\n\n".join(lines)
