"""Reads the headers of a GGUF model's files: its metadata and where its tensors lie.

A header is read in ranges, so that the one of a file at a hub costs a few megabytes. A model may be
split over several files, as llama.cpp's ``gguf-split`` writes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.gguf_format import (
    HEADER_LIMIT,
    BrokenGguf,
    GgufTensor,
    WantsMore,
    parse_header,
    printable,
)
from gemma_nb.errors import LoadError
from gemma_nb.i18n import Message

#: Bytes of the first range that is read; doubled until the header is whole.
FIRST_RANGE = 8 * 2**20
#: Largest number of files of one model.
_MAX_FILES = 1000
#: The name that ``gguf-split`` gives the files of one model.
_SPLIT_NAME = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf", re.DOTALL)

#: Reads ``count`` bytes of a file from ``start`` on; fewer at its end.
ReadRange = Callable[[int, int], bytes]


@dataclass(frozen=True)
class GgufModel:
    """What the headers of a model's files state.

    Args:
        where: the file or handle, for messages.
        metadata: the key-value pairs of the first file.
        tensors: the tensors of all files by name.
        files: the names of the files, in order.
    """

    where: str
    metadata: dict[str, Any]
    tensors: dict[str, GgufTensor]
    files: tuple[str, ...]


def read_gguf(path: Path) -> GgufModel:
    """Reads the headers of a model on disk.

    Args:
        path: its file; of a split model, any of its files.

    Raises:
        LoadError: a file is missing or damaged, or the package gguf is not installed.
        OSError: a file cannot be read.
    """
    stat = path.stat()
    return _read_cached(path.absolute(), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)  # looking up, tokenizing and loading read the same header
def _read_cached(path: Path, _changed: int, _size: int) -> GgufModel:
    def read_from(name: str) -> tuple[ReadRange, int]:
        file = path.with_name(name)
        if not file.is_file():
            raise LoadError("gguf_file_missing", where=path, file=name)
        return _file_reader(file)

    return read_gguf_files(path.name, str(path), read_from)


def check_gguf_file(path: Path, name: str) -> None:
    """Reads the header of one file alone.

    Args:
        path: the file; it may have another name on disk.
        name: its name, for messages.

    Raises:
        LoadError: it is damaged; the value ``why`` of the message says how.
    """
    try:
        _read_header(*_file_reader(path))
    except BrokenGguf as broken:
        raise LoadError("gguf_broken", where=name, why=broken.why) from None


def _file_reader(path: Path) -> tuple[ReadRange, int]:
    """The function that reads a range of a file, and the file's size."""

    def read(start: int, count: int) -> bytes:
        with path.open("rb") as stream:
            stream.seek(start)
            return stream.read(count)

    return read, path.stat().st_size


def read_gguf_files(
    name: str, where: str, read_from: Callable[[str], tuple[ReadRange, int | None]]
) -> GgufModel:
    """Reads the headers of a model's files.

    Args:
        name: the name of its file; of a split model, of any of its files.
        where: the path or handle, for messages.
        read_from: for a file's name, the function that reads a range of it, and its size in bytes
            (None where it is not known).

    Raises:
        LoadError: a file is damaged, or the package gguf is not installed. Also what ``read_from``
            raises.
    """
    files = split_files(name)
    tensors: dict[str, GgufTensor] = {}
    metadata: dict[str, Any] = {}
    for index, file in enumerate(files):
        here = where if len(files) == 1 else f"{where} ({file})"
        try:
            pairs, part = _read_header(*read_from(file))
        except BrokenGguf as broken:
            raise LoadError("gguf_broken", where=here, why=broken.why) from None
        if twice := next((t.name for t in part if t.name in tensors), None):
            why = Message("gguf_why_twice", {"name": printable(twice)})
            raise LoadError("gguf_broken", where=here, why=why)
        metadata = metadata or pairs
        tensors |= {tensor.name: replace(tensor, file=index) for tensor in part}
    if metadata.get("split.count", 1) not in (len(files), 0):
        why = Message("gguf_why_split", {"count": printable(metadata["split.count"])})
        raise LoadError("gguf_broken", where=where, why=why)
    stated = metadata.get("split.tensors.count", len(tensors))
    if stated != len(tensors):
        values = {"stated": printable(stated), "present": len(tensors)}
        raise LoadError("gguf_broken", where=where, why=Message("gguf_why_tensors", values))
    return GgufModel(where, metadata, tensors, tuple(files))


def split_files(name: str) -> list[str]:
    """The files of the model that a file belongs to, in order: itself alone where it is not split.

    Args:
        name: the name of any of its files, with or without folders.
    """
    match = _SPLIT_NAME.fullmatch(name)
    if not match or not 1 < int(match[3]) <= _MAX_FILES:
        return [name]
    count = int(match[3])
    return [f"{match[1]}-{i:05}-of-{count:05}.gguf" for i in range(1, count + 1)]


def _read_header(read: ReadRange, size: int | None) -> tuple[dict[str, Any], list[GgufTensor]]:
    """The key-value pairs and the tensors of one file.

    Raises:
        BrokenGguf: the file is damaged.
    """
    data = b""
    length = FIRST_RANGE
    while True:
        limit = min(length, HEADER_LIMIT, size if size is not None else HEADER_LIMIT)
        data += read(len(data), limit - len(data))
        is_whole = len(data) < length or len(data) == size
        try:
            return parse_header(data, size)
        except WantsMore:
            if is_whole:
                raise BrokenGguf("gguf_why_truncated") from None
            if length >= HEADER_LIMIT:
                raise BrokenGguf("gguf_why_huge", limit=HEADER_LIMIT // 2**20) from None
        length *= 2
