"""The field in which a chat message is written, with its attachments and its Send button."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json
from gemma_nb.generation.media_files import read_image, read_sound
from gemma_nb.html_markup import Html, esc, tag
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel

_ACCEPTED_FILES = {"image": "image/*", "audio": "audio/*"}
#: The longer side of a thumbnail, in pixels.
_THUMBNAIL_SIZE = 240
#: The rate at which the length of a sound is measured, in samples per second.
_SAMPLE_RATE = 16_000
_NOT_IN_NAMES = re.compile(r"[^\w.\- ]")


@dataclass(frozen=True)
class Attachment:
    """An image or a sound of a message.

    Attributes:
        name: the name of its file.
        part: the content part of the message.
        html: a thumbnail, or the name and length.
    """

    name: str
    part: dict[str, Any]
    html: Html


def read_attachment(name: str, data: bytes, kinds: frozenset[str]) -> Attachment:
    """Reads a file as an attachment. Its part holds a data: URL, which JSON can hold too.

    Args:
        name: the name of the file.
        data: its content.
        kinds: what the model takes, of "image" and "audio".

    Raises:
        InvalidInput: the file is not an image or sound that can be read.
    """
    if "audio" in kinds:
        try:
            return _sound_attachment(name, data)
        except InvalidInput:
            if "image" not in kinds:
                raise
    return _image_attachment(name, data)


def _image_attachment(name: str, data: bytes) -> Attachment:
    from PIL import Image

    thumbnail = Image.fromarray(read_image(data))
    thumbnail.thumbnail((_THUMBNAIL_SIZE, _THUMBNAIL_SIZE))
    png = io.BytesIO()
    thumbnail.save(png, "PNG")
    file_format = Image.open(io.BytesIO(data)).format or "PNG"
    url = _data_url(Image.MIME.get(file_format, "image/png"), data)
    # the thumbnail is encoded from pixels, so that nothing of the file itself is on the page
    source = _data_url("image/png", png.getvalue())
    html = Html(f'<img class="gnb-thumb" alt="{esc(name)}" src="{source}">')
    return Attachment(name, {"type": "image", "image": url}, html)


def _sound_attachment(name: str, data: bytes) -> Attachment:
    seconds = len(read_sound(data, _SAMPLE_RATE)) / _SAMPLE_RATE
    duration = text("show_seconds", seconds=f"{seconds:.1f}")
    html = tag("div", text("show_noted", value=f"♪ {name}", note=duration))
    return Attachment(name, {"type": "audio", "audio": _data_url("audio/wav", data)}, html)


def _data_url(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


class MessageField:
    """The field, its attachments and the Send button.

    Args:
        panel: the panel that shows the field.
        variant: the variant that receives the message; it decides which files can be attached.
        on_send: receives the message; None where nothing was written.

    Attributes:
        attachments: what goes with the message.
        is_editing: whether the field holds the last message, to be changed.
        send_button: the button; the panel places it.
        widget: the ipywidget with all the rest.
    """

    def __init__(
        self, panel: Panel, variant: Variant, on_send: Callable[[dict[str, Any] | None], None]
    ) -> None:
        self._panel, self._on_send = panel, on_send
        self._kinds = frozenset(_ACCEPTED_FILES) & frozenset(variant.modalities)
        self.attachments: list[Attachment] = []
        self.is_editing = False
        #: text, attachments and is_editing of the message that is being answered
        self._sent: tuple[str, list[Attachment], bool] = ("", [], False)
        #: the tool calls that wait for an answer
        self._calls: list[dict[str, Any]] = []
        self.field = controls.text_area(text("chat_message"), "", 2, "gnb-area", "gnb-say")
        hint = tag("small", text("chat_keys"), class_="gnb-keys-hint", lang=panel.lang)
        self.send_button = controls.button(
            text("chat_send"), lambda _: self._send(), "gnb-primary", "gnb-send"
        )
        self.keep_button = controls.button(text("chat_keep"), lambda _: self.clear(self._calls))
        kind = "both" if len(self._kinds) > 1 else next(iter(self._kinds), "image")
        accept = ",".join(_ACCEPTED_FILES[kind] for kind in sorted(self._kinds))
        self.upload = controls.file_upload(text(f"chat_attach_{kind}"), accept)
        self.attachment_row = controls.row()
        self.error_block = controls.html()
        tools = controls.row(self.upload, self.keep_button, controls.html(hint))
        self.widget = controls.column(self.field, self.error_block, self.attachment_row, tools)
        controls.set_visible(self.upload, self._kinds)
        controls.set_visible(self.keep_button, visible=False)
        controls.set_visible(self.attachment_row, visible=False)
        self.upload.observe(self._on_upload, "value")

    def enable(self, enabled: bool) -> None:
        """Enables or disables the Send button; the field can always be written in."""
        self.send_button.disabled = not enabled

    def set_aside(self) -> None:
        """Empties the field, and keeps its message for ``restore``."""
        self._sent = (self.field.value, self.attachments, self.is_editing)
        self._fill("", [])
        self._set_mode(is_editing=False)

    def restore(self) -> None:
        """Puts the message back, because it was not answered, unless another one was begun."""
        written, attachments, is_editing = self._sent
        if not self.field.value:
            self._fill(written, attachments)
            self._set_mode(is_editing=is_editing)

    def clear(self, calls: Sequence[dict[str, Any]] = ()) -> None:
        """Prepares the field for the next message.

        Args:
            calls: the tool calls that wait for an answer; the field asks for that of the first.
        """
        self._calls = list(calls)
        if self.is_editing:
            self._fill("", [])
        with self._panel.using_language():
            self._set_mode(is_editing=False)

    def edit(self, written: str, attachments: Sequence[Attachment]) -> None:
        """Puts the last message into the field, to be changed."""
        self._fill(written, list(attachments))
        self._set_mode(is_editing=True)

    def _set_mode(self, *, is_editing: bool) -> None:
        """Sets labels and buttons for a new message, a tool's answer, or the last message."""
        self.is_editing = is_editing
        label = text("chat_message_edit") if is_editing else text("chat_message")
        if self._calls and not is_editing:
            # a label is HTML in ipywidgets 7, and the model wrote this name
            name = _NOT_IN_NAMES.sub("", self._tool_name())[:60]
            label = text("chat_message_tool", name=name)
        self.field.description = controls.label_text(label)
        self.send_button.description = text("chat_send_edit" if is_editing else "chat_send")
        controls.set_visible(self.keep_button, is_editing)

    def _tool_name(self) -> str:
        return str(self._calls[0].get("function", {}).get("name", ""))

    def _fill(self, written: str, attachments: list[Attachment]) -> None:
        self.field.value = written
        self.attachments = attachments
        self.error_block.value = ""
        self._show_attachments()

    def _send(self) -> None:
        written = self.field.value
        if not written.strip() and not self.attachments:
            self._on_send(None)
        elif self._calls and not self.is_editing:
            self._on_send(self._tool_message(written))
        elif self.attachments:
            parts: list[dict[str, Any]] = [attachment.part for attachment in self.attachments]
            if written.strip():
                parts.append({"type": "text", "text": written})
            self._on_send({"role": "user", "content": parts})
        else:
            self._on_send({"role": "user", "content": written})

    def _tool_message(self, written: str) -> dict[str, Any]:
        """The answer of a tool: a value where the text is JSON, else the text."""
        try:
            content = parse_json(written)
        except ValueError:
            content = written
        message = {"role": "tool", "name": self._tool_name(), "content": content}
        if "id" in self._calls[0]:
            message["tool_call_id"] = self._calls[0]["id"]
        return message

    def _on_upload(self, _: Any) -> None:
        file = controls.take_uploaded_file(self.upload)
        if file is None:
            return
        try:
            self.attachments = [*self.attachments, read_attachment(*file, self._kinds)]
            self.error_block.value = ""
        except InvalidInput as error:
            self._show_error(error.message.text(self._panel.lang))
        except ImportError as error:  # Pillow comes with matplotlib, but not with Keras
            kind = type(error).__name__
            self._show_error(self._panel.text("chat_unexpected", kind=kind, why=error))
        self._show_attachments()

    def _show_error(self, sentence: str) -> None:
        self.error_block.value = self._panel.note_html(sentence, is_error=True)

    def _show_attachments(self) -> None:
        """Shows the attachments, each above a button that removes it."""
        with self._panel.using_language():
            cells = []
            for attachment in self.attachments:
                label = f"✕ {text('inspector_remove_medium', name=attachment.name)}"
                remove = controls.button(label, partial(self._on_remove, attachment))
                cells.append(controls.column(controls.html(attachment.html), remove))
        shown, self.attachment_row.children = self.attachment_row.children, tuple(cells)
        controls.close_tree(*shown)
        controls.set_visible(self.attachment_row, cells)

    def _on_remove(self, attachment: Attachment, _: Any) -> None:
        self.attachments = [kept for kept in self.attachments if kept is not attachment]
        self._show_attachments()
