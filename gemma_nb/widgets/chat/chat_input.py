"""Where a message is written: the field, what is attached to it, and the button that sends it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import ipywidgets

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls, uploads
from gemma_nb.widgets.base.html import tag
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.chat import chat_style
from gemma_nb.widgets.chat.chat_media import Attachment, attachment

_ACCEPT = {"image": "image/*", "audio": "audio/*"}


class Input:
    """The field and its button.

    Args:
        panel: the widget it belongs to.
        variant: what reads the message; it says whether files can be attached.
        send: is given the message, or None where nothing was written.
    """

    def __init__(
        self, panel: Panel, variant: Variant, send: Callable[[dict[str, Any] | None], None]
    ) -> None:
        self._panel, self._send = panel, send
        self._kinds = frozenset(_ACCEPT) & frozenset(variant.modalities)
        #: what goes with the message, and with the one that is on its way
        self.shown: list[Attachment] = []
        self._sent: tuple[str, list[Attachment], bool] = ("", [], False)
        self._calls: list[dict[str, Any]] = []
        self.editing = False
        self.field = controls.styled(
            ipywidgets.Textarea(description=text("chat_message"), rows=2, continuous_update=False),
            *("gnb-field", "gnb-area", "gnb-say"),
        )
        hint = tag("small", text("chat_keys"), class_="gnb-keys-hint", lang=panel.lang)
        self.send = controls.button(
            text("chat_send"), lambda _: self._pressed(), "gnb-primary", "gnb-send"
        )
        self._keep = controls.button(text("chat_keep"), lambda _: self.clear(self._calls))
        name = "both" if len(self._kinds) > 1 else next(iter(self._kinds), "image")
        accept = ",".join(_ACCEPT[kind] for kind in sorted(self._kinds))
        self._upload = uploads.field(text(f"chat_attach_{name}"), accept)
        self._attached = controls.row()
        self._wrong = controls.html()
        self._tools = controls.row(self._upload, self._keep, controls.html(hint))
        self.widget = controls.column(self.field, self._wrong, self._attached, self._tools)
        controls.show(self._upload, self._kinds)
        controls.show(self._keep, visible=False)
        controls.show(self._attached, visible=False)
        self._upload.observe(self._chosen, "value")

    def enable(self, enabled: bool) -> None:
        """Lets a message be sent, or not while one is answered; the field can be written in."""
        self.send.disabled = not enabled

    def keep(self) -> None:
        """Empties the field, but remembers the message that is on its way."""
        self._sent = (self.field.value, self.shown, self.editing)
        self._fill("", [])
        self._become(editing=False)

    def restore(self) -> None:
        """Puts the message back that did not get through, unless another was begun."""
        written, shown, editing = self._sent
        if not self.field.value:
            self._fill(written, shown)
            self._become(editing)

    def clear(self, calls: Sequence[dict[str, Any]] = ()) -> None:
        """Makes room for the next message.

        Args:
            calls: the tool calls that wait for an answer; the field asks for the first one's.
        """
        self._calls = list(calls)
        if self.editing:
            self._fill("", [])
        with self._panel.speaking():
            self._become(editing=False)

    def edit(self, written: str, shown: Sequence[Attachment]) -> None:
        """Puts the last message into the field, to be changed."""
        self._fill(written, list(shown))
        self._become(editing=True)

    def _become(self, editing: bool) -> None:
        """Says what the field is for."""
        self.editing = editing
        label = text("chat_message_edit") if editing else text("chat_message")
        if self._calls and not editing:
            label = text("chat_message_tool", name=chat_style.plain(self._calls_name()))
        self.field.description = label
        self.send.description = text("chat_send_edit" if editing else "chat_send")
        controls.show(self._keep, editing)

    def _calls_name(self) -> str:
        return str(self._calls[0].get("function", {}).get("name", ""))

    def _fill(self, written: str, shown: list[Attachment]) -> None:
        self.field.value = written
        self.shown = shown
        self._wrong.value = ""
        self._place()

    def _pressed(self) -> None:
        written = self.field.value
        if not written.strip() and not self.shown:
            self._send(None)
        elif self._calls and not self.editing:
            self._send(self._answer_of_tool(written))
        elif self.shown:
            parts: list[dict[str, Any]] = [one.part for one in self.shown]
            if written.strip():
                parts.append({"type": "text", "text": written})
            self._send({"role": "user", "content": parts})
        else:
            self._send({"role": "user", "content": written})

    def _answer_of_tool(self, written: str) -> dict[str, Any]:
        """A tool's answer: the value that the JSON says, or the text."""
        try:
            content = json.loads(written)
        except (ValueError, RecursionError):
            content = written
        message = {"role": "tool", "name": self._calls_name(), "content": content}
        if "id" in self._calls[0]:
            message["tool_call_id"] = self._calls[0]["id"]
        return message

    def _chosen(self, _: Any) -> None:
        file = uploads.taken(self._upload)
        if file is None:
            return
        try:
            self.shown = [*self.shown, attachment(*file, self._kinds)]
            self._wrong.value = ""
        except InvalidInput as error:
            self._tell(error.message.text(self._panel.lang))
        except ImportError as error:  # Pillow comes with matplotlib, but not with keras
            kind = type(error).__name__
            self._tell(self._panel.text("chat_unexpected", kind=kind, why=error))
        self._place()

    def _tell(self, why: str) -> None:
        block = tag("div", why, class_="gnb-error", role="alert", lang=self._panel.lang)
        self._wrong.value = block

    def _place(self) -> None:
        """Shows what is attached, each with a button that takes it out."""
        with self._panel.speaking():
            cells = []
            for one in self.shown:
                out = controls.button(
                    f"✕ {text('inspector_remove_medium', name=one.name)}",
                    partial(self._out, one),
                )
                cells.append(controls.column(controls.html(one.html), out))
        self._attached.children = tuple(cells)
        controls.show(self._attached, cells)

    def _out(self, one: Attachment, _: Any) -> None:
        self.shown = [kept for kept in self.shown if kept is not one]
        self._place()
