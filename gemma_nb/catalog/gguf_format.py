"""Parses the bytes of a GGUF header: key-value pairs, and the list of tensors.

Source of the format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Every count, length,
dimension and offset is checked before anything is allocated for it, because the file may come from
anyone: gguf 0.19's own ``GGUFReader`` iterates over whatever a file declares.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from gemma_nb.errors import LoadError
from gemma_nb.i18n import Message

#: A header has to lie within this many bytes; the one of a Gemma has about 6 MiB.
HEADER_LIMIT = 64 * 2**20
#: Largest number of tensors or pairs, and of items of all arrays.
_MAX_COUNT, _MAX_ITEMS = 2**16, 2**23
#: Largest number of bytes of a key and of a tensor's name, and of elements of a tensor.
_MAX_KEY, _MAX_NAME, _MAX_ELEMENTS = 2**16 - 1, 1024, 2**42
#: ggml has tensors of at most four dimensions (GGML_MAX_DIMS).
_MAX_DIMENSIONS = 4
#: Version 1 had 32-bit lengths and is no longer written.
_VERSIONS = (2, 3)
_ALIGNMENT = 32
#: The formats of ``struct`` for the scalar types, by the number of the type.
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True)
class GgufTensor:
    """Where one tensor lies.

    Args:
        name: its name.
        shape: its dimensions, the slowest first, as NumPy orders them.
        type: the name of its ggml type: "F32", "Q4_K".
        offset: its first byte in its file.
        size: its bytes.
        file: the index of its file.
    """

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    size: int
    file: int = 0

    @property
    def elements(self) -> int:
        """The number of elements."""
        return prod(self.shape)


class BrokenGguf(Exception):
    """The file is damaged; carries why as a message."""

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key)
        self.why = Message(key, {k: printable(v) for k, v in values.items()})


class WantsMore(Exception):
    """The header continues after the bytes that were read."""


def printable(value: Any, longest: int = 60) -> Any:
    """A string of a stranger's file as a message may show it; anything else as it is."""
    if not isinstance(value, str):
        return value
    return "".join(c if c.isprintable() else "?" for c in value[:longest])


class _Cursor:
    """Walks over the bytes of a header; nothing is allocated beyond what they hold."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at, self.items = data, 0, 0

    def skip(self, count: int) -> int:
        """Moves past ``count`` bytes and returns where they begin."""
        start = self.at
        if count > HEADER_LIMIT - start:
            raise BrokenGguf("gguf_why_huge", limit=HEADER_LIMIT // 2**20)
        if count > len(self.data) - start:
            raise WantsMore
        self.at += count
        return start

    def numbers(self, code: str, count: int = 1) -> tuple[Any, ...]:
        """``count`` little-endian numbers of one format of ``struct``."""
        layout = struct.calcsize(f"<{code}")
        return struct.unpack_from(f"<{count}{code}", self.data, self.skip(layout * count))

    def string(self, longest: int = HEADER_LIMIT) -> str:
        """A string: its length in bytes, then UTF-8."""
        (length,) = self.numbers("Q")
        if length > longest:
            raise BrokenGguf("gguf_why_length", length=length)
        start = self.skip(length)
        try:
            return self.data[start : self.at].decode("utf-8")
        except UnicodeDecodeError:
            raise BrokenGguf("gguf_why_text") from None

    def value(self, kind: int) -> Any:
        """A value of one type of the format."""
        if kind in _SCALARS:
            return self.numbers(_SCALARS[kind])[0]
        if kind == _STRING:
            return self.string()
        if kind != _ARRAY:
            raise BrokenGguf("gguf_why_value", kind=kind)
        (item,), (count,) = self.numbers("I"), self.numbers("Q")
        self.items += count
        if self.items > _MAX_ITEMS:
            raise BrokenGguf("gguf_why_count", count=count)
        if item in _SCALARS:
            return list(self.numbers(_SCALARS[item], count))
        if item != _STRING:
            raise BrokenGguf("gguf_why_value", kind=item)  # arrays of arrays: no Gemma has them
        return [self.string() for _ in range(count)]


def parse_header(data: bytes, size: int | None) -> tuple[dict[str, Any], list[GgufTensor]]:
    """Parses the header of one file.

    Args:
        data: the bytes of the file's beginning.
        size: the bytes of the file; None where they are not known.

    Returns:
        The key-value pairs, and the tensors with their offsets in the file.

    Raises:
        BrokenGguf: the file is damaged.
        WantsMore: the header continues after these bytes.
        LoadError: the package gguf is not installed.
    """
    cursor = _Cursor(data)
    if cursor.data[:4] != b"GGUF":
        raise BrokenGguf("gguf_why_magic")
    cursor.skip(4)
    (version,) = cursor.numbers("I")
    if version not in _VERSIONS:
        raise BrokenGguf("gguf_why_version", version=version)  # a big-endian file too
    tensor_count, pair_count = cursor.numbers("Q", 2)
    if max(tensor_count, pair_count) > _MAX_COUNT:
        raise BrokenGguf("gguf_why_count", count=max(tensor_count, pair_count))
    pairs: dict[str, Any] = {}
    for _ in range(pair_count):
        key = cursor.string(_MAX_KEY)
        if key in pairs:
            raise BrokenGguf("gguf_why_twice", name=key)
        pairs[key] = cursor.value(cursor.numbers("I")[0])
    infos = [_tensor_info(cursor) for _ in range(tensor_count)]
    alignment = pairs.get("general.alignment", _ALIGNMENT)
    if type(alignment) is not int or not 8 <= alignment <= 2**16 or alignment & (alignment - 1):
        raise BrokenGguf("gguf_why_alignment", alignment=alignment)
    start = -(-cursor.at // alignment) * alignment
    return pairs, _placed(infos, start, alignment, size)


def _tensor_info(cursor: _Cursor) -> GgufTensor:
    """A tensor of the list; its offset counts from the first tensor."""
    name = cursor.string(_MAX_NAME)
    (dimensions,) = cursor.numbers("I")
    if not 1 <= dimensions <= _MAX_DIMENSIONS:
        raise BrokenGguf("gguf_why_shape", name=name)
    shape = cursor.numbers("Q", dimensions)[::-1]
    if not all(shape) or prod(shape) > _MAX_ELEMENTS:
        raise BrokenGguf("gguf_why_shape", name=name)
    (kind,), (offset,) = cursor.numbers("I"), cursor.numbers("Q")
    type_name, block, block_bytes = _tensor_type(kind, name)
    if shape[-1] % block:
        raise BrokenGguf("gguf_why_shape", name=name)
    return GgufTensor(name, shape, type_name, offset, prod(shape) // block * block_bytes)


def _tensor_type(kind: int, name: str) -> tuple[str, int, int]:
    """A tensor type's name, the elements of one block, and its bytes."""
    constants = gguf_package().constants
    try:
        member = constants.GGMLQuantizationType(kind)
    except ValueError:
        raise BrokenGguf("gguf_why_type", name=name, kind=kind) from None
    return (member.name, *constants.GGML_QUANT_SIZES[member])


def _placed(
    infos: list[GgufTensor], start: int, alignment: int, size: int | None
) -> list[GgufTensor]:
    """The tensors with their offsets in the file.

    Raises:
        BrokenGguf: one lies outside the file, off the alignment, or over another.
    """
    names: set[str] = set()
    end = 0
    for tensor in sorted(infos, key=lambda one: one.offset):
        if tensor.name in names:
            raise BrokenGguf("gguf_why_twice", name=tensor.name)
        names.add(tensor.name)
        if tensor.offset % alignment or tensor.offset < end:
            raise BrokenGguf("gguf_why_offset", name=tensor.name)
        end = tensor.offset + tensor.size
        if size is not None and start + end > size:
            raise BrokenGguf("gguf_why_outside", name=tensor.name)
    return [replace(one, offset=start + one.offset) for one in infos]


def gguf_package() -> Any:
    """The package gguf.

    Raises:
        LoadError: it is not installed.
    """
    try:
        import gguf
    except ImportError:
        raise LoadError("gguf_package_missing") from None
    return gguf
