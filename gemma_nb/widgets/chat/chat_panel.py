"""The chat panel: a conversation whose answers are seen as they are made."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets

from gemma_nb.chat import Chat
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import Html, join, pre, tag
from gemma_nb.widgets.base.main_thread import on_main_thread, soon
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.waiting_press import waiting_press
from gemma_nb.widgets.chat import chat_style, chat_view
from gemma_nb.widgets.chat.chat_input import Input
from gemma_nb.widgets.chat.chat_settings import Settings
from gemma_nb.widgets.chat.chat_tabs import Tabs
from gemma_nb.widgets.chat.chat_turns import Turn

if TYPE_CHECKING:
    from gemma_nb.model import Model
    from gemma_nb.prompts.replies import Chunk


class ChatPanel(Panel):
    """A chat with a loaded model.

    Answers are made on the main thread and appear as they are made; thoughts are folded away.
    What the user and the model write is escaped; of Markdown, only what is safe becomes markup.

    Args:
        model: a loaded model.
        system: an instruction that holds for the whole conversation.
        tools: as in ``format_prompt``; where the model calls one, the panel asks for its answer.
        thinking: as in ``format_prompt``.
        lang: "en" or "ja"; the language in force when None.

    Attributes:
        chat: the ``Chat`` behind it.
        busy: whether an answer is being made.

    Raises:
        InvalidInput: ``model`` is none, ``system`` is no string, or an unknown language.
    """

    script = chat_style.SCRIPT

    def __init__(
        self,
        model: Model,
        system: str | None = None,
        *,
        tools: Sequence[Any] | None = None,
        thinking: bool = False,
        lang: str | None = None,
    ) -> None:
        super().__init__(lang)
        if not hasattr(model, "prompt_ids"):
            raise InvalidInput("chat_no_model", kind=type(model).__name__)
        self.chat = Chat(model, system, tools, thinking=thinking)
        self.busy = False
        self._stopped = False
        self._turns: list[Turn] = []
        with self.speaking():
            self._build()
            self._show()

    def send(self, content: Any) -> None:
        """Sends a message, as its button does; returns once it is answered.

        Called in a cell, that is; where an answer is being made it does nothing.

        Args:
            content: a string, content parts, or a whole message, as ``Chat.chunks`` takes it.
        """
        whole = isinstance(content, dict) and "role" in content
        message = dict(content) if whole else {"role": "user", "content": content}
        with self.speaking():
            self._ask(message, self.chat.chunks, self._turns)

    def stop(self) -> None:
        """Ends the answer that is being made; what there is of it stays."""
        self._stopped = True

    def _build(self) -> None:
        name = self.chat.model.variant.name
        self._settings = Settings(self.chat)
        self._input = Input(self, self.chat.model.variant, self._send)
        button = controls.button
        self._stop = button(text("chat_stop"), lambda _: self.stop(), "gnb-stop")
        self._again = button(text("chat_again"), lambda _: self._regenerate(), "gnb-refocus")
        self._edit = button(text("chat_edit"), lambda _: self._begin_edit(), "gnb-refocus")
        self._new = button(text("chat_new"), lambda _: self._clear(), "gnb-refocus")
        self._note, self._left, self._hello = (controls.html() for _ in range(3))
        self._list = controls.column(classes=("gnb-turns",))
        self._tabs = Tabs(self, self.chat, self._settings, lambda: self._turns)
        head = tag("h3", text("chat_title", variant=name), lang=self.lang)
        self.assemble(
            controls.html(join([prompt_view.STYLE, chat_style.STYLE]), "gnb-look"),
            controls.html(head),
            # the last child of a reversed column: the page stays at its end while text arrives
            controls.styled(ipywidgets.Box((self._list,)), "gnb-transcript"),
            self._note,
            self._input.widget,
            controls.row(self._input.send, self._stop, self._again, self._edit, self._new),
            self._left,
            self._tabs.widget,
            looks=("gnb-chat", "gnb-prompts"),
        )

    # what a person does

    def _send(self, message: dict[str, Any] | None) -> None:
        """Takes what the field gives; None where it is empty."""
        if self.busy:
            return
        with self.speaking():
            if message is None:
                self._tell(text("chat_nothing"))
                self.announce(text("chat_nothing"))
            elif self._input.editing:
                self._ask(message, self.chat.edit_chunks, self._before_last())
            elif message["role"] == "tool" and len(calls := self.waiting_calls()) > 1:
                # the model goes on once every call is answered
                self.chat.messages.append(message)
                self._input.clear(calls[1:])
                self._show()
            else:
                self._ask(message, self.chat.chunks, self._turns)

    def _regenerate(self) -> None:
        if self.busy or not self._turns:
            return
        before = self._before_last()
        turn = self._turns[len(before)]

        def again(_: Any, **options: Any) -> Iterator[Chunk]:
            return self.chat.regenerate_chunks(**options)

        with self.speaking():
            self._ask(dict(turn.message), again, before, shown=turn.shown)

    def _begin_edit(self) -> None:
        if self.busy or not self._turns:
            return
        turn = self._turns[len(self._before_last())]
        with self.speaking():
            self._input.edit(turn.asked, turn.shown)

    def _clear(self) -> None:
        if self.busy:
            return
        system = self.chat.system
        self.chat.messages, self.chat.dropped = [], 0
        self.chat.system = system
        self._turns = []
        with self.speaking():
            self._input.clear()
            self._tell("")
            self._show()

    def _before_last(self) -> list[Turn]:
        """The turns before the last question of the user's."""
        asked = [i for i, turn in enumerate(self._turns) if turn.message["role"] == "user"]
        return self._turns[: asked[-1]]

    def waiting_calls(self) -> list[dict[str, Any]]:
        """The tool calls that the conversation's end waits for, as ``tool_calls`` holds them."""
        answered = 0
        for message in reversed(self.chat.messages):
            if message["role"] == "tool":
                answered += 1
            else:
                return list(message.get("tool_calls", ()))[answered:]
        return []

    # what follows

    def _ask(
        self,
        message: dict[str, Any],
        make: Callable[..., Iterator[Chunk]],
        before: list[Turn],
        shown: Any = None,
    ) -> None:
        """Has a message answered on the main thread."""
        if self.busy:
            return
        try:
            options = self._settings.options()
        except InvalidInput as error:
            self._tell_error(error)
            return
        self.busy, self._stopped = True, False
        shown = self._input.shown if shown is None else shown
        turn = Turn(message, tuple(shown), self.chat.model.variant.name, self.lang)
        kept, self._turns = self._turns, [*before, turn]
        self._input.keep()
        self._tell(text("chat_busy", variant=self.chat.model.variant.name))
        self._show(quick=True)
        content = message if message["role"] == "tool" else message["content"]
        work = partial(self._answer, turn, lambda: make(content, **options), kept)
        on_main_thread(work)

    def _answer(self, turn: Turn, make: Callable[[], Iterator[Chunk]], before: list[Turn]) -> None:
        """On the main thread."""
        pressed = waiting_press(self._stop)
        said_before = self.chat.messages
        chunks: Any = None
        fault: Exception | None = None
        try:
            with self.speaking():
                chunks = make()
                for chunk in chunks:
                    turn.take(chunk)
                    if self._stopped or pressed():
                        self._stopped = True
                        break
        except KeyboardInterrupt:
            self._stopped = True
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown whole
            fault = error
        try:
            if chunks is not None:
                chunks.close()  # what there is joins the conversation
            with self.speaking():
                self._finish(turn, before, fault, joined=self.chat.messages is not said_before)
        finally:
            # presses that came meanwhile are handled first, and ignored
            soon(self._free, 0.2)

    def _finish(
        self, turn: Turn, before: list[Turn], fault: Exception | None, *, joined: bool
    ) -> None:
        variant = self.chat.model.variant.name
        self._tell("")
        if joined:
            self._input.clear(self.waiting_calls())
            turn.prompt = chat_view.sent(self.chat)
            turn.end(chat_view.stats(self.chat, stopped=self._stopped))
            self.announce(text("chat_answered", variant=variant, answer=turn.said[:500]))
        else:
            self._turns = before
            self._input.restore()
            key = "chat_stopped_early" if self._stopped else "chat_none"
            if fault is None:
                self._tell(text(key, variant=variant))
                self.announce(text(key, variant=variant))
        if fault is not None:
            self._tell_error(fault)
        # here, while the press is being handled: Notebook 6 drops what comes of itself
        self.refresh()

    def _free(self) -> None:
        self.busy = False
        with self.speaking():
            self._show()

    def _show(self, *, quick: bool = False) -> None:
        """Brings everything in line with the conversation."""
        there = bool(self._turns)
        children = tuple(turn.widget for turn in self._turns)
        if not there:
            hello = text("chat_empty", question=text("tour_question"))
            self._hello.value = tag("p", hello, class_="gnb-muted", lang=self.lang)
            children = (self._hello,)
        if self._list.children != children:
            self._list.children = children
        self._settings.enable(not self.busy)
        self._stop.disabled = not self.busy
        for button in (self._again, self._edit, self._new):
            button.disabled = self.busy or not there
        # last: once a message can be sent, all that stands behind it can be pressed too
        self._input.enable(not self.busy)
        if quick:
            return
        self._left.value = tag("div", chat_view.left_html(self.chat), lang=self.lang)
        self._tabs.show()
        self.refresh()

    def _tell(self, sentence: str) -> None:
        block = tag("div", sentence, class_="gnb-note", lang=self.lang)
        self._note.value = block if sentence else ""

    def _tell_error(self, error: Exception) -> None:
        body: list[object]
        if isinstance(error, GemmaError):
            body = ["\n", error.message.text(self.lang)]
        else:
            whole = "".join(traceback.format_exception(error))
            why = text("chat_unexpected", kind=type(error).__name__, why=error)
            body = ["\n", why, pre(whole, type(error).__name__)]
        head = tag("strong", text("chat_failed"))
        self._note.value = tag("div", head, *body, class_="gnb-error", role="alert", lang=self.lang)

    # where no widget can live

    def static_html(self) -> Html:
        """The conversation, with the thoughts folded away."""
        with self.speaking():
            return chat_view.static_html(self.chat, self._turns)

    def static_text(self) -> str:
        """The same as plain text."""
        with self.speaking():
            return chat_view.static_text(self.chat, self._turns)
