"""The rows in which a conversation is edited: one a message, one field a part of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import ipywidgets

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import KINDS, MEDIA, ROLES
from gemma_nb.prompts.prompt import Media
from gemma_nb.widgets.base import controls, uploads
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.prompt_view import medium_name

#: The roles that can be chosen; "developer" and "model" are other names of two of them.
CHOSEN = ("system", "user", "assistant", "tool")


def area(label: str, value: str = "", rows: int = 2) -> Any:
    """A field of several lines that tells every key."""
    made = ipywidgets.Textarea(description=label, value=value, rows=rows, continuous_update=True)
    return controls.styled(made, "gnb-field", "gnb-area")


def read_json(written: str, what: str, *, wanted: type = dict) -> Any:
    """What a JSON field holds; empty is an empty ``wanted``.

    Args:
        written: what stands in it.
        what: the field's name, for the message.
        wanted: dict or list.

    Raises:
        InvalidInput: it is no JSON, or another kind of value.
    """
    if not written.strip():
        return wanted()
    try:
        value = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("inspector_json", what=what, why=error) from None
    if not isinstance(value, wanted):
        key = "inspector_json_object" if wanted is dict else "inspector_json_list"
        raise InvalidInput(key, what=what)
    return value


def as_json(value: Any) -> str:
    """A value as it stands in a JSON field; what JSON cannot hold is named."""
    return json.dumps(value, ensure_ascii=False, default=lambda x: f"<{type(x).__name__}>")


class Row:
    """One message: its role, its parts, and what else it carries.

    Args:
        panel: the widget it belongs to.
        message: what it holds at first.
        number: which message it is, from 1.
        changed: called after every change.
        removed: called with this row when its button is pressed.
    """

    def __init__(
        self,
        panel: Panel,
        message: Mapping[str, Any],
        number: int,
        changed: Callable[[], None],
        removed: Callable[[Row], None],
    ) -> None:
        self._panel, self._changed = panel, changed
        self.number = number
        text = panel.text
        role = ROLES.get(str(message.get("role")), "user")
        names = [(text(f"inspector_role_{r}"), r) for r in CHOSEN]
        self.role = controls.dropdown(text("inspector_role", number=number), names, role)
        self._attach = uploads.field(text("inspector_attach_audio"), "image/*,audio/*")
        self._remove = controls.button(
            text("inspector_remove", number=number), lambda _: removed(self)
        )
        rest = {k: v for k, v in message.items() if k not in ("role", "content")}
        self._fields = area(text("inspector_fields", number=number), as_json(rest) if rest else "")
        controls.show(self._fields, rest)
        content = message.get("content")
        #: whether the content is a value, as tools answer with, and stands here as JSON
        self._is_value = not (content is None or isinstance(content, str) or _is_parts(content))
        #: each part with the controls that edit it: its text's, its other fields'
        self._parts: list[tuple[Mapping[str, Any], Any, Any]] = []
        for part in _parts(content):
            self._add(part)
        self.widget = controls.column(classes=("gnb-card", "gnb-message"))
        self._place()
        self.role.observe(self._told, "value")
        self._fields.observe(self._told, "value")
        self._attach.observe(self._attached, "value")

    def renumber(self, number: int) -> None:
        """Tells the row that it is another message by now."""
        if number == self.number:
            return
        self.number = number
        text = self._panel.text
        self.role.description = text("inspector_role", number=number)
        self._remove.description = text("inspector_remove", number=number)
        self._fields.description = text("inspector_fields", number=number)
        for _, said, fields in self._parts:
            if said is not None:
                said.description = text("inspector_text", number=number)
            if fields is not None:
                fields.description = text("inspector_part", number=number)

    def message(self) -> dict[str, Any]:
        """The message as it stands.

        Raises:
            InvalidInput: a JSON field holds no JSON object.
        """
        parts = [self._part(*part) for part in self._parts]
        plain = len(parts) == 1 and parts[0].keys() == {"type", "text"}
        content: Any = parts[0]["text"] if plain else parts
        if plain and self._is_value:
            with suppress(ValueError):  # what is no JSON any more is text
                content = json.loads(content)
        rest = read_json(self._fields.value, self._fields.description)
        return {"role": self.role.value, "content": content, **rest}

    def _part(self, part: Mapping[str, Any], said: Any, fields: Any) -> dict[str, Any]:
        made = dict(part)
        if fields is not None:
            made = {"type": part["type"], **read_json(fields.value, fields.description)}
        if said is not None:
            made["text"] = said.value
        return made

    def _add(self, part: Mapping[str, Any]) -> None:
        """One more part, with what edits it."""
        text = self._panel.text
        kind = KINDS.get(str(part.get("type")), "text")
        said = fields = None
        if kind == "text":
            written = str(part.get("text") or "")
            lines = min(8, max(2, written.count("\n") + 1 + len(written) // 90))
            said = area(text("inspector_text", number=self.number), written, lines)
            said.observe(self._told, "value")
        rest = {k: v for k, v in part.items() if k not in ("type", "text")}
        if kind not in MEDIA and rest:
            fields = area(text("inspector_part", number=self.number), as_json(rest))
            fields.observe(self._told, "value")
        self._parts.append((part, said, fields))

    def _place(self) -> None:
        shown = []
        for entry in self._parts:
            _, said, fields = entry
            shown += [control for control in (said, fields) if control is not None]
            if said is None and fields is None:
                shown.append(self._medium(entry))
        head = controls.row(self.role, self._attach, self._remove)
        self.widget.children = (head, *shown, self._fields)

    def _medium(self, entry: tuple[Mapping[str, Any], Any, Any]) -> Any:
        """A medium's name, on the button that takes it out."""
        part = entry[0]
        kind = KINDS[str(part["type"])]
        data = next((v for k, v in part.items() if k not in ("type", "name")), None)
        with self._panel.speaking():
            name = str(part.get("name") or medium_name(Media(kind, data)))

        def out(_: Any) -> None:
            self._parts.remove(entry)
            self._place()
            self._changed()

        # ipywidgets 7 takes the text of a button as text, as 8 does
        return controls.button(f"✕ {self._panel.text('inspector_remove_medium', name=name)}", out)

    def _attached(self, _: Any) -> None:
        file = uploads.taken(self._attach)
        if file is None:
            return
        name, data = file
        suffix = name.rpartition(".")[2].lower()
        kind = "audio" if suffix in ("wav", "mp3", "flac", "ogg", "m4a", "aac") else "image"
        self._add({"type": kind, kind: data, "name": name})
        # media before the text, as Google's documentation places them
        self._parts.insert(0, self._parts.pop())
        self._place()
        self._changed()

    def _told(self, _: Any) -> None:
        self._changed()


def _parts(content: Any) -> list[Mapping[str, Any]]:
    """A message's content as parts."""
    if _is_parts(content):
        return list(content)
    if content is None or isinstance(content, str):
        return [{"type": "text", "text": content or ""}]
    return [{"type": "text", "text": as_json(content)}]


def _is_parts(content: Any) -> bool:
    return isinstance(content, list | tuple) and all(isinstance(p, Mapping) for p in content)
