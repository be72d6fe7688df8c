"""Pictures and sounds that go into a chat: checked, and small ones of them to look at."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.widgets.markup import Html, esc, tag

#: The longer side of the picture to look at, in pixels.
_SIDE = 240
#: The rate at which a sound's length is taken, in samples a second.
_RATE = 16_000


@dataclass(frozen=True)
class Attachment:
    """A picture or sound: its file's name, the message's part, and how it is shown."""

    name: str
    part: dict[str, Any]
    html: Html


def attachment(name: str, data: bytes, kinds: frozenset[str]) -> Attachment:
    """What a file becomes in a message: a data: URL, which JSON holds too.

    Args:
        name: the file's name.
        data: its content.
        kinds: what the model takes, of "image" and "audio".

    Raises:
        InvalidInput: it is neither picture nor sound that can be read.
    """
    if "audio" in kinds:
        try:
            return _sound(name, data)
        except InvalidInput:
            if "image" not in kinds:
                raise
    return _image(name, data)


def _image(name: str, data: bytes) -> Attachment:
    from PIL import Image

    from gemma_nb.generation.media_files import read_image

    small = Image.fromarray(read_image(data))
    small.thumbnail((_SIDE, _SIDE))
    out = io.BytesIO()
    small.save(out, "PNG")
    kind = Image.open(io.BytesIO(data)).format or "PNG"
    url = _url(Image.MIME.get(kind, "image/png"), data)
    # made anew from its pixels: nothing of the file itself stands in the page
    shown = f'<img class="gnb-thumb" alt="{esc(name)}" src="{_url("image/png", out.getvalue())}">'
    return Attachment(name, {"type": "image", "image": url}, Html(shown))


def _sound(name: str, data: bytes) -> Attachment:
    from gemma_nb.generation.media_files import read_sound

    seconds = len(read_sound(data, _RATE)) / _RATE
    shown = tag("div", f"♪ {name} ({seconds:.1f} s)")
    return Attachment(name, {"type": "audio", "audio": _url("audio/wav", data)}, shown)


def _url(mime: str, data: bytes) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"
