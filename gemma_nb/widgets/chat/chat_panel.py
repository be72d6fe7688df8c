"""The chat panel: a conversation with a loaded model whose answers appear as they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import ipywidgets

from gemma_nb.chat import Chat
from gemma_nb.errors import InvalidInput
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.model import Model
from gemma_nb.prompts.reply_parser import Chunk
from gemma_nb.widgets.base import controls, prompt_view, sampling_sliders
from gemma_nb.widgets.base.main_thread import on_main_thread, run_later, waiting_press
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.chat import conversation_view
from gemma_nb.widgets.chat.chat_tabs import ChatSettings, ChatTabs
from gemma_nb.widgets.chat.conversation_view import Conversation, TurnView
from gemma_nb.widgets.chat.message_field import MessageField
from gemma_nb.widgets.chat.words_switch import WordsSwitch
from gemma_nb.widgets.trace import trace_view


class ChatPanel(Panel):
    """A chat with a loaded model.

    Answers are made on the main thread and appear as they are made. Thoughts are folded. Text of
    the user and of the model is escaped, and Markdown is rendered without anything that a page
    would run or load.

    Args:
        model: a loaded model.
        system: an instruction for the whole conversation.
        tools: as in ``format_prompt``; when the model calls one, the panel asks for its answer.
        thinking: as in ``format_prompt``.
        lang: "en" or "ja"; the language in force when None.

    Attributes:
        chat: the ``Chat`` that holds the conversation.
        busy: whether an answer is being made.

    Raises:
        InvalidInput: ``model`` is not a model, ``system`` is not a string, or the language is
            unknown.
    """

    style_files = (
        prompt_view.STYLE_FILE,
        sampling_sliders.STYLE_FILE,
        trace_view.STYLE_FILE,
        "chat/chat.css",
    )
    script_files = ("chat/chat.js",)

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
        self._is_stopped = False
        #: all conversations of this panel, and the place of the one that is shown
        self._conversations = [Conversation(self.chat.messages)]
        self._shown = 0
        #: turns that are no longer in any conversation, until their widgets are closed
        self._replaced: list[TurnView] = []
        #: which of the user's messages is being edited
        self._edited = -1
        with self.using_language():
            self._build()
            self._update()

    def send(self, content: Any) -> None:
        """Sends a message as the Send button does; in a cell, returns when it is answered.

        It does nothing while another answer is made.

        Args:
            content: a string, content parts, or a whole message, as for ``Chat.chunks``.
        """
        is_message = isinstance(content, dict) and "role" in content
        message = dict(content) if is_message else {"role": "user", "content": content}
        with self.using_language():
            self._ask(message, self.chat.chunks, self._turns)

    def stop(self) -> None:
        """Ends the answer that is being made; its text so far stays in the conversation."""
        self._is_stopped = True

    def _build(self) -> None:
        variant = self.chat.model.variant
        self._settings = ChatSettings(self.chat)
        self._message_field = MessageField(self, variant, self._on_send)
        button = controls.button
        self._stop_button = button(text("chat_stop"), lambda _: self.stop(), "gnb-stop")
        self._again_button = button(text("chat_again"), lambda _: self._on_again(), "gnb-refocus")
        self._new_button = button(text("chat_new"), lambda _: self._on_new(), "gnb-refocus")
        self._note, self._context_left, self._empty_note = (controls.html() for _ in range(3))
        self._turn_list = controls.column(css_classes=("gnb-turns",))
        self._list = controls.dropdown(text("chat_conversations"))
        self._list.observe(self._on_select, "value")
        self._examples = controls.row(
            *(controls.button(example, self._on_example) for example in self._example_questions())
        )
        self._tabs = ChatTabs(self, self.chat, lambda: self._turns, self._settings.options)
        # the style sheet reverses this box, so that it stays scrolled to its end
        transcript = controls.with_classes(ipywidgets.Box((self._turn_list,)), "gnb-transcript")
        self._words = WordsSwitch(self, transcript, self._show_words)
        title = tag("h3", text("chat_title", variant=variant.name), lang=self.lang)
        talk = controls.column(
            self._list,
            self._words.widget,
            self._note,
            controls.html(
                tag("p", text("chat_waiting"), class_="gnb-note", role="status", lang=self.lang),
                "gnb-kernel-busy",
            ),
            self._message_field.widget,
            controls.row(
                *(self._message_field.send_button, self._stop_button),
                *(self._again_button, self._new_button),
            ),
            self._words.box,
            self._context_left,
            css_classes=("gnb-talk",),
        )
        self.assemble(
            controls.row(controls.html(title), self._settings.fold_button),
            controls.with_classes(ipywidgets.Box((talk, self._settings.widget)), "gnb-sides"),
            self._tabs.widget,
            css_classes=("gnb-chat", "gnb-prompts", "gnb-trace", sampling_sliders.STYLE_CLASS),
        )

    def _example_questions(self) -> list[str]:
        """Questions to click on, for a first try."""
        kind = "demo" if self.chat.model.variant.family == "Demo" else "real"
        return [text(f"chat_example_{kind}_{number}") for number in (1, 2, 3)]

    def _on_example(self, button: Any) -> None:
        self.send(button.description)

    # event handlers

    def _on_send(self, message: dict[str, Any] | None) -> None:
        """Sends what the message field holds; None where it is empty."""
        if self.busy:
            return
        with self.using_language():
            if message is None:
                self._note.value = self.note_html(text("chat_nothing"))
                self.announce(text("chat_nothing"))
            elif self._message_field.is_editing:
                before = self._turns_before(self._edited)
                edit = partial(self.chat.edit_chunks, question=self._edited)
                self._ask(message, edit, before)
            elif message["role"] == "tool" and len(calls := self.waiting_calls()) > 1:
                # the model continues when every call has its answer
                self.chat.messages.append(message)
                self._message_field.clear(calls[1:])
                self._update()
            else:
                self._ask(message, self.chat.chunks, self._turns)

    def _on_again(self) -> None:
        if self.busy or not self._turns:
            return
        before = self._turns_before(-1)
        turn = self._turns[len(before)]

        def regenerate(_: Any, **options: Any) -> Iterator[Chunk]:
            return self.chat.regenerate_chunks(**options)

        with self.using_language():
            self._ask(dict(turn.message), regenerate, before, attachments=turn.attachments)

    def _on_edit(self, turn: TurnView) -> None:
        if self.busy or turn not in self._turns:
            return
        asked = [one for one in self._turns if one.message["role"] == "user"]
        self._edited = asked.index(turn)
        with self.using_language():
            self._message_field.edit(turn.question, turn.attachments)

    def _on_new(self) -> None:
        if self.busy or not self._turns:
            return
        system = self.chat.system
        first = [{"role": "system", "content": system}] if system else []
        self._conversations.append(Conversation(first))
        self._show_conversation(len(self._conversations) - 1)

    def _on_select(self, change: Any) -> None:
        if change["new"] is None or change["new"] == self._shown:
            return
        if self.busy:
            self._update_controls()
            return
        self._show_conversation(change["new"])

    def _show_conversation(self, place: int) -> None:
        """Continues another conversation; the present one stays in the list."""
        present = self._conversations[self._shown]
        present.messages, present.dropped = self.chat.messages, self.chat.dropped
        if not present.turns and place != self._shown:
            # one that was never begun leaves no entry
            del self._conversations[self._shown]
            place -= place > self._shown
        self._shown = place
        chosen = self._conversations[place]
        self.chat.messages, self.chat.dropped = chosen.messages, chosen.dropped
        with self.using_language():
            self._message_field.clear()
            self._note.value = ""
            self._settings.show_system()
            self._update()
        self._show_words()

    @property
    def _turns(self) -> list[TurnView]:
        return self._conversations[self._shown].turns

    @_turns.setter
    def _turns(self, turns: list[TurnView]) -> None:
        self._conversations[self._shown].turns = turns

    def _turns_before(self, question: int) -> list[TurnView]:
        """The turns before a message of the user, counted as in ``Chat.edit``."""
        asked = [i for i, turn in enumerate(self._turns) if turn.message["role"] == "user"]
        return self._turns[: asked[question]]

    def waiting_calls(self) -> list[dict[str, Any]]:
        """The tool calls without an answer, in the form of ``tool_calls`` of a message."""
        for answers, message in enumerate(reversed(self.chat.messages)):
            if message["role"] != "tool":
                return list(message.get("tool_calls", ()))[answers:]
        return []

    # probabilities

    def _show_words(self) -> None:
        """Shows the answers with or without probabilities; computes those that are not known yet."""
        with self.using_language():
            waiting = self._words.show(self._turns)
        if self.busy or not waiting:
            self.refresh()
            return
        self.busy, self._is_stopped = True, False
        self._note.value = self.note_html(self.text("chat_words_busy"))
        self._update_controls()
        on_main_thread(partial(self._compute_words, waiting))

    def _compute_words(self, turns: list[TurnView]) -> None:
        """Computes the probabilities of answers; runs on the main thread."""
        is_stop_waiting = waiting_press(self._stop_button)
        with self.using_language():
            is_stopped, error = self._words.compute(
                turns, self.chat.model, lambda: self._is_stopped or is_stop_waiting()
            )
            self._note.value = ""
            if error is not None:
                self._show_error(error)
            elif not is_stopped:
                self.announce(text("chat_words_done"))
        if is_stopped:
            self._words.turn_off()
        run_later(self._finish, 0.2)

    # answers

    def _ask(
        self,
        message: dict[str, Any],
        make_chunks: Callable[..., Iterator[Chunk]],
        before: list[TurnView],
        attachments: Sequence[Any] | None = None,
    ) -> None:
        """Has a message answered on the main thread.

        Args:
            message: the message.
            make_chunks: makes the chunks of the answer; receives the message, or its content for a
                message of the user, and the options of the settings.
            before: the turns before the new one.
            attachments: images and sounds of the message; those of the message field when None.
        """
        if self.busy:
            return
        try:
            options = self._settings.options()
        except InvalidInput as error:
            self._show_error(error)
            return
        self.busy, self._is_stopped = True, False
        if attachments is None:
            attachments = self._message_field.attachments
        name = self.chat.model.variant.name
        can_edit = message["role"] == "user"
        on_edit = self._on_edit if can_edit else None
        turn = TurnView(message, tuple(attachments), name, self.lang, on_edit)
        previous, self._turns = self._turns, [*before, turn]
        self._message_field.set_aside()
        self._note.value = self.note_html(text("chat_busy", variant=name))
        self._update_controls()
        content = message if message["role"] == "tool" else message["content"]
        make_answer = partial(make_chunks, content, **options)
        longest = options["max_new_tokens"]
        on_main_thread(partial(self._answer, turn, make_answer, previous, longest))

    def _answer(
        self,
        turn: TurnView,
        make_answer: Callable[[], Iterator[Chunk]],
        previous: list[TurnView],
        longest: int,
    ) -> None:
        """Makes an answer of at most ``longest`` tokens; runs on the main thread."""
        is_stop_waiting = waiting_press(self._stop_button)
        messages_before = self.chat.messages
        chunks: Any = None
        error: Exception | None = None
        try:
            with self.using_language():
                chunks = make_answer()
                for chunk in chunks:
                    turn.add(chunk)
                    if self._is_stopped or is_stop_waiting():
                        self._is_stopped = True
                        break
        except KeyboardInterrupt:
            self._is_stopped = True
        except Exception as raised:  # noqa: BLE001 - every error is shown
            error = raised
        try:
            if chunks is not None:
                chunks.close()  # adds the answer so far to the conversation
            with self.using_language():
                is_answered = self.chat.messages is not messages_before
                self._show_result(turn, previous, error, longest, is_answered=is_answered)
        finally:
            # clicks that arrived meanwhile are handled first, and do nothing
            run_later(self._finish, 0.2)

    def _show_result(
        self,
        turn: TurnView,
        previous: list[TurnView],
        error: Exception | None,
        longest: int,
        *,
        is_answered: bool,
    ) -> None:
        name = self.chat.model.variant.name
        self._note.value = ""
        if is_answered:
            self._message_field.clear(self.waiting_calls())
            turn.prompt = conversation_view.last_prompt(self.chat)
            is_stopped = self._is_stopped
            turn.finish(conversation_view.timing_text(self.chat, longest, stopped=is_stopped))
            reply = self.chat.messages[-1]
            if error is None and not any(v for k, v in reply.items() if k != "role"):
                self._note.value = self.note_html(text("chat_none", variant=name))
            self.announce(text("chat_answered", variant=name, answer=turn.answer[:500]))
        else:
            self._turns = previous
            self._message_field.restore()
            if error is None:
                key = "chat_stopped_early" if self._is_stopped else "chat_none"
                self._note.value = self.note_html(text(key, variant=name))
                self.announce(text(key, variant=name))
        self._replaced += [one for one in (*previous, turn) if one not in self._turns]
        if error is not None:
            self._show_error(error)
        # not in _finish: Notebook 6 drops outputs that do not belong to a message being handled
        self.refresh()

    def _finish(self) -> None:
        self.busy = False
        with self.using_language():
            self._update()
        controls.close_tree(*(turn.widget for turn in self._replaced))
        self._replaced = []
        if self._words.is_on:
            self._show_words()

    def close(self) -> None:
        """Removes the panel with all its conversations, also those that are not on the page."""
        turns = [turn for one in self._conversations for turn in one.turns]
        super().close()
        controls.close_tree(self._empty_note, self._examples, *(turn.widget for turn in turns))

    # view

    def _update(self) -> None:
        """Shows the present conversation in all controls."""
        self._update_controls()
        self._context_left.value = self.with_lang(conversation_view.context_left_html(self.chat))
        self._tabs.update()
        self.refresh()

    def _update_controls(self) -> None:
        """Shows the turns, and enables the controls that can be used now."""
        children = tuple(turn.widget for turn in self._turns)
        if not children:
            empty = text("chat_empty", question=text("tour_question"))
            self._empty_note.value = tag("p", empty, class_="gnb-muted", lang=self.lang)
            children = (self._empty_note, self._examples)
        if self._turn_list.children != children:
            self._turn_list.children = children
        self._settings.enable(not self.busy)
        self._stop_button.disabled = not self.busy
        edit_buttons = [turn.edit_button for turn in self._turns if turn.edit_button]
        for button in (self._again_button, self._new_button, *edit_buttons):
            button.disabled = self.busy or not self._turns
        for button in self._examples.children:
            button.disabled = self.busy
        titles = [(f"{i}: {one.title}", i - 1) for i, one in enumerate(self._conversations, 1)]
        controls.set_options(self._list, titles, self._shown)
        self._list.disabled = self.busy
        controls.set_visible(self._list, len(titles) > 1)
        # last, so that everything can be used as soon as a message can be sent
        self._message_field.enable(not self.busy)

    def _show_error(self, error: Exception) -> None:
        shown = self.error_html(error, text("chat_failed"), "chat_unexpected")
        is_full = isinstance(error, InvalidInput) and error.message.key == "no_room_for_reply"
        if is_full and self._turns:
            shown = join([shown, self.note_html(self.text("chat_full_hint"))])
        self._note.value = shown

    # static copies

    def static_html(self) -> Html:
        """The conversation, with the thoughts folded."""
        with self.using_language():
            return conversation_view.static_html(self.chat, self._turns)

    def static_text(self) -> str:
        """The same as plain text."""
        with self.using_language():
            return conversation_view.static_text(self.chat, self._turns)
