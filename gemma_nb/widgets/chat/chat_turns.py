"""One turn of a chat on the page: what was asked, what is thought, what is answered."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from gemma_nb.prompts import Prompt
from gemma_nb.prompts.replies import Chunk
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import Html, join, pre, tag
from gemma_nb.widgets.base.markdown import markdown
from gemma_nb.widgets.chat.chat_media import Attachment

#: The page is drawn anew at most this often, in seconds: an eye sees no more, and a browser that
#: is given more falls behind.
_PAUSE = 0.04


class Turn:
    """A question and its answer.

    Args:
        message: what is sent: a message of the user's, or a tool's.
        shown: the pictures and sounds in it.
        name: who answers.
        lang: the panel's language.
    """

    def __init__(
        self, message: Mapping[str, Any], shown: tuple[Attachment, ...], name: str, lang: str
    ) -> None:
        self.message, self.shown = message, shown
        self.prompt: Prompt | None = None
        self._name, self._lang = name, lang
        self.note = ""
        self.said = ""
        self.thought = ""
        self._extra: list[Html] = []
        self._drawn = -1.0
        self._asked, self._thoughts, self._answer, self._foot = (controls.html() for _ in range(4))
        self._asked.value = self.asked_html()
        self._answer.value = self._bubble(text("chat_begins"))
        self.widget = controls.column(
            self._asked, self._thoughts, self._answer, self._foot, classes=("gnb-turn",)
        )

    @property
    def asked(self) -> str:
        """What was asked, as text."""
        content = self.message["content"]
        if isinstance(content, str):
            return content
        if isinstance(content, list):
            return "".join(part.get("text", "") for part in content if isinstance(part, Mapping))
        return json.dumps(content, ensure_ascii=False, default=str)

    def take(self, chunk: Chunk) -> None:
        """Adds what arrived, and draws it unless the page was drawn just now."""
        if chunk.kind == "thought":
            self.thought += chunk.text
        elif chunk.call is not None:
            given = ", ".join(f"{k}={v!r}" for k, v in chunk.call.arguments.items())
            call = f"{chunk.call.name}({given})"
            head = tag("strong", text("chat_calls"))
            self._extra.append(tag("div", head, pre(call, text("chat_calls"))))
        elif chunk.box is not None:
            place = f"{chunk.box.label} {chunk.box.location}"
            self._extra.append(tag("div", tag("code", place)))
        else:
            self.said += chunk.text
        now = time.monotonic()
        if now - self._drawn >= _PAUSE:
            self._draw(arriving=True)
            # from the end of the drawing: a slow page leaves time to compute
            self._drawn = time.monotonic()

    def end(self, note: str) -> None:
        """Draws the whole, with a note below it."""
        self.note = note
        self._draw()
        self._foot.value = tag("small", note, lang=self._lang) if note else ""

    def _draw(self, *, arriving: bool = False) -> None:
        thinking = arriving and not self.said
        thoughts = self.thoughts_html(thinking=thinking)
        if self._thoughts.value != thoughts:  # else a fold that was opened would close
            self._thoughts.value = thoughts
        shown = self.answer_html(cursor=arriving)
        if shown or not thinking:
            self._answer.value = shown

    def asked_html(self) -> Html:
        """The question."""
        tool = self.message["role"] == "tool"
        name = self.message.get("name", "")
        who = text("chat_tool_answered", name=name) if tool else text("chat_you")
        media = [attachment.html for attachment in self.shown]
        body = tag("div", self.asked, class_="gnb-said")
        return tag("div", tag("strong", who), *media, body, class_="gnb-asked")

    def thoughts_html(self, *, thinking: bool = False) -> Html:
        """The thoughts, folded away."""
        if not self.thought.strip():
            return Html()
        key = "chat_thinking" if thinking else "chat_thoughts"
        head = tag("summary", text(key, count=f"{len(self.thought):,}"))
        return tag(
            "details", head, tag("div", self.thought, class_="gnb-said"), class_="gnb-thought"
        )

    def answer_html(self, *, cursor: bool = False) -> Html:
        """The answer, Markdown made visible."""
        if not self.said and not self._extra and cursor:
            return Html()
        said = markdown(self.said, text("chat_code"))
        return self._bubble(join([said, *self._extra]), arriving=cursor)

    def _bubble(self, content: object, *, arriving: bool = False) -> Html:
        kind = "gnb-reply gnb-arriving" if arriving else "gnb-reply"
        return tag("div", tag("strong", self._name), content, class_=kind)
