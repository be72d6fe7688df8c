"""What stands below a chat: settings, what the model was sent, and the chat to take away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import GemmaError
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import Html, join, pre, tag
from gemma_nb.widgets.chat import chat_export
from gemma_nb.widgets.chat.chat_settings import Settings

if TYPE_CHECKING:
    from gemma_nb.chat import Chat
    from gemma_nb.widgets.base.panel import Panel
    from gemma_nb.widgets.chat.chat_turns import Turn

TABS = ("settings", "prompt", "json", "code")


class Tabs:
    """The row of tabs and what stands below.

    Args:
        panel: the widget it belongs to.
        chat: the conversation.
        settings: the first tab.
        turns: gives the turns so far.
    """

    def __init__(
        self, panel: Panel, chat: Chat, settings: Settings, turns: Callable[[], Sequence[Turn]]
    ) -> None:
        self._panel, self._chat, self._settings, self._turns = panel, chat, settings, turns
        names = [(text(f"chat_tab_{name}"), name) for name in TABS]
        self.tabs = controls.choices(text("chat_tabs"), names, "settings")
        self.turn = controls.dropdown(text("chat_turn"))
        self._row = controls.row(self.turn)
        self.save = controls.button(text("chat_save"), lambda _: self._save())
        self._saved = controls.html()
        self.body = controls.html()
        self.widget = controls.column(
            self.tabs, settings.widget, self._row, self.save, self._saved, self.body
        )
        self._filling = False
        self.tabs.observe(lambda _: self.show(), "value")
        self.turn.observe(lambda _: self.show(latest=False), "value")

    def show(self, *, latest: bool = True) -> None:
        """Brings the open tab in line with the conversation.

        Args:
            latest: go to the last turn's prompt.
        """
        if self._filling:
            return
        name = self.tabs.value
        controls.show(self._settings.widget, name == "settings")
        controls.show(self._row, name == "prompt" and self._turns())
        controls.show(self.save, name == "json")
        controls.show(self._saved, name == "json")
        with self._panel.speaking():
            if name == "prompt" and latest:
                self._list_turns()
            made = {"prompt": self._prompt, "json": self._json, "code": self._code}.get(name, Html)
            self.body.value = tag("div", made(), lang=self._panel.lang)

    def _list_turns(self) -> None:
        options = [
            (text("chat_turn_name", number=i, words=turn.asked.strip()[:40] or "…"), i - 1)
            for i, turn in enumerate(self._turns(), 1)
        ]
        self._filling = True
        try:
            self.turn.options = options
            self.turn.value = len(options) - 1 if options else None
        finally:
            self._filling = False

    def _prompt(self) -> Html:
        turns = self._turns()
        at = self.turn.value
        prompt = turns[at].prompt if at is not None and at < len(turns) else None
        if prompt is None:
            return tag("p", text("chat_no_turn"))
        label = text("chat_tab_prompt")
        bos = tag("small", text("inspector_bos"))
        return join([prompt_view.legend_html(), prompt_view.prompt_html(prompt, label), bos])

    def _json(self) -> Html:
        written, shortened = chat_export.as_json(self._chat)
        note = tag("p", text("chat_shortened")) if shortened else ""
        return join([note, pre(written, text("chat_tab_json"))])

    def _code(self) -> Html:
        try:
            options = self._settings.options()
        except GemmaError:  # a seed that is none is told when it is used
            options = {}
        return pre(chat_export.as_code(self._chat, options), text("chat_code_label"))

    def _save(self) -> None:
        with self._panel.speaking():
            try:
                path = str(chat_export.save(self._chat, Path.cwd()))
                said: Any = tag("div", text("chat_saved", path=path), class_="gnb-note")
                self._panel.announce(text("chat_saved", path=path))
            except GemmaError as error:
                said = tag("div", str(error), class_="gnb-error", role="alert")
            self._saved.value = tag("div", said, lang=self._panel.lang)
