"""The card in which one message of a conversation is edited."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json
from gemma_nb.prompts.messages import KINDS, MEDIA, ROLES
from gemma_nb.prompts.prompt import Media
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.prompt_view import medium_name

#: The roles in the list; "developer" and "model" are other names of two of them.
LISTED_ROLES = ("system", "user", "assistant", "tool")

_AUDIO_SUFFIXES = ("wav", "mp3", "flac", "ogg", "m4a", "aac")


@dataclass(eq=False)
class _PartControls:
    """A content part with the controls that edit it.

    Attributes:
        part: the part as it was given.
        text: the field for its text; None for parts without text.
        fields: the JSON field for its other fields; None where there are none.
        button: the button that removes a medium; None for other parts.
    """

    part: Mapping[str, Any]
    text: Any = None
    fields: Any = None
    button: Any = None

    def value(self) -> dict[str, Any]:
        """The edited part.

        Raises:
            InvalidInput: the JSON field does not hold a JSON object.
        """
        value = dict(self.part)
        if self.fields is not None:
            rest = read_json(self.fields.value, self.fields.description)
            value = {"type": self.part["type"], **rest}
        if self.text is not None:
            value["text"] = self.text.value
        return value


class MessageCard:
    """The controls for one message: its role, its content parts and its other fields.

    Args:
        panel: the panel that shows the card.
        message: the first value of the message.
        number: its number in the conversation, from 1.
        on_change: called after every change.
        on_remove: receives this card when its Remove button is pressed.

    Attributes:
        role: the list of roles.
        parts: the content parts with their controls.
    """

    def __init__(
        self,
        panel: Panel,
        message: Mapping[str, Any],
        number: int,
        on_change: Callable[[], None],
        on_remove: Callable[[MessageCard], None],
    ) -> None:
        self._panel, self._on_change = panel, on_change
        self.number = number
        text = panel.text
        role = ROLES.get(str(message.get("role")), "user")
        names = [(text(f"inspector_role_{r}"), r) for r in LISTED_ROLES]
        self.role = controls.dropdown(text("inspector_role", number=number), names, role)
        self.upload = controls.file_upload(text("inspector_attach_audio"), "image/*,audio/*")
        self.remove_button = controls.button(
            text("inspector_remove", number=number), lambda _: on_remove(self)
        )
        rest = {k: v for k, v in message.items() if k not in ("role", "content")}
        label = text("inspector_fields", number=number)
        self._fields = live_text_area(label, to_json(rest) if rest else "")
        controls.set_visible(self._fields, rest)
        content = message.get("content")
        is_plain = content is None or isinstance(content, str) or _is_part_list(content)
        #: whether the content is a value, as tools answer with, which is shown as JSON
        self._is_value = not is_plain
        self.parts: list[_PartControls] = []
        for part in _content_parts(content):
            self._add_part(part)
        self._head = controls.row(self.role, self.upload, self.remove_button)
        self.widget = controls.column(css_classes=("gnb-card", "gnb-message"))
        self._update_widget()
        for control in (self.role, self._fields):
            control.observe(lambda _: on_change(), "value")
        self.upload.observe(self._on_upload, "value")

    def set_number(self, number: int) -> None:
        """Changes the number of the message in all labels."""
        if number == self.number:
            return
        self.number = number
        text = self._panel.text
        self.role.description = text("inspector_role", number=number)
        self.remove_button.description = text("inspector_remove", number=number)
        self._fields.description = text("inspector_fields", number=number)
        for part in self.parts:
            if part.text is not None:
                part.text.description = text("inspector_text", number=number)
            if part.fields is not None:
                part.fields.description = text("inspector_part", number=number)

    def message(self) -> dict[str, Any]:
        """The edited message.

        Raises:
            InvalidInput: a JSON field does not hold a JSON object.
        """
        parts = [part.value() for part in self.parts]
        is_text = len(parts) == 1 and parts[0].keys() == {"type", "text"}
        content: Any = parts[0]["text"] if is_text else parts
        if is_text and self._is_value:
            with suppress(ValueError):  # it stays text when it is no longer JSON
                content = parse_json(content)
        rest = read_json(self._fields.value, self._fields.description)
        return {"role": self.role.value, "content": content, **rest}

    def _add_part(self, part: Mapping[str, Any]) -> None:
        text = self._panel.text
        kind = KINDS.get(str(part.get("type")), "text")
        part_controls = _PartControls(part)
        if kind == "text":
            written = str(part.get("text") or "")
            rows = min(8, max(2, written.count("\n") + 1 + len(written) // 90))
            label = text("inspector_text", number=self.number)
            part_controls.text = live_text_area(label, written, rows)
            part_controls.text.observe(lambda _: self._on_change(), "value")
        rest = {k: v for k, v in part.items() if k not in ("type", "text")}
        if kind not in MEDIA and rest:
            label = text("inspector_part", number=self.number)
            part_controls.fields = live_text_area(label, to_json(rest))
            part_controls.fields.observe(lambda _: self._on_change(), "value")
        self.parts.append(part_controls)

    def _update_widget(self) -> None:
        children = []
        for part in self.parts:
            children += [control for control in (part.text, part.fields) if control is not None]
            if part.text is None and part.fields is None:
                part.button = part.button or self._medium_button(part)
                children.append(part.button)
        self.widget.children = (self._head, *children, self._fields)

    def _medium_button(self, part_controls: _PartControls) -> Any:
        """A button with the name of a medium, which removes it."""
        part = part_controls.part
        data = next((v for k, v in part.items() if k not in ("type", "name")), None)
        with self._panel.using_language():
            name = str(part.get("name") or medium_name(Media(KINDS[str(part["type"])], data)))

        def remove(_: Any) -> None:
            self.parts.remove(part_controls)
            self._update_widget()
            controls.close_tree(part_controls.button)
            self._on_change()

        # the label of a button is text in ipywidgets 7 too
        label = self._panel.text("inspector_remove_medium", name=name)
        return controls.button(f"✕ {label}", remove)

    def _on_upload(self, _: Any) -> None:
        file = controls.take_uploaded_file(self.upload)
        if file is None:
            return
        name, data = file
        kind = "audio" if name.rpartition(".")[2].lower() in _AUDIO_SUFFIXES else "image"
        self._add_part({"type": kind, kind: data, "name": name})
        # media before the text, as in Google's documentation
        self.parts.insert(0, self.parts.pop())
        self._update_widget()
        self._on_change()


def live_text_area(label: str, value: str = "", rows: int = 2) -> Any:
    """A field whose value changes on each key.

    Args:
        label: its label.
        value: its text.
        rows: its height in lines.
    """
    return controls.text_area(label, value, rows, "gnb-area", each_key=True)


def _content_parts(content: Any) -> list[Mapping[str, Any]]:
    """The content of a message as a list of parts."""
    if _is_part_list(content):
        return list(content)
    if content is None or isinstance(content, str):
        return [{"type": "text", "text": content or ""}]
    return [{"type": "text", "text": to_json(content)}]


def _is_part_list(content: Any) -> bool:
    return isinstance(content, list | tuple) and all(isinstance(p, Mapping) for p in content)


def read_json(written: str, field: str, *, kind: type = dict) -> Any:
    """The value of a JSON field; an empty field gives an empty value.

    Args:
        written: the text in the field.
        field: the name of the field, for the error.
        kind: the type of the value, dict or list.

    Raises:
        InvalidInput: the text is not JSON, or its value is of another type.
    """
    if not written.strip():
        return kind()
    try:
        value = parse_json(written)
    except ValueError as error:
        raise InvalidInput("inspector_json", what=field, why=error) from None
    if not isinstance(value, kind):
        key = "inspector_json_object" if kind is dict else "inspector_json_list"
        raise InvalidInput(key, what=field)
    return value


def to_json(value: Any) -> str:
    """A value as JSON; values that JSON cannot hold become the names of their types."""
    return json.dumps(value, ensure_ascii=False, default=lambda x: f"<{type(x).__name__}>")
