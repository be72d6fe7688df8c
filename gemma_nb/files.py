"""Files that are written completely or not at all, and JSON that a stranger wrote."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from gemma_nb.errors import InvalidInput

#: The suffix of a file that is being written. A process that is killed leaves such a file behind.
PARTIAL_SUFFIX = ".part"
#: The most levels of lists and objects in a JSON text. The files of a model have fewer than ten.
MAX_JSON_DEPTH = 100


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, as deep as code that recurses over it can follow.

    Args:
        text: the text; bytes are UTF-8, 16 or 32, with or without a byte order mark.

    Raises:
        ValueError: it is not JSON, is nested more than ``MAX_JSON_DEPTH`` deep, or holds a whole
            number of more digits than Python reads (4,300).
    """
    try:
        value = json.loads(text.removeprefix("\ufeff") if isinstance(text, str) else text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    level = [value]
    for _ in range(MAX_JSON_DEPTH + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return value
    raise ValueError("nested too deep")


def _children(value: Any) -> Iterable[Any]:
    """The values in a list or an object of JSON."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def expand_home(path: str | Path) -> Path:
    """The path with the home directory in place of a leading ``~``.

    Args:
        path: a path, with or without ``~``.

    Raises:
        InvalidInput: that home directory is unknown (no HOME, and no such user).
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise InvalidInput("no_home_in_path", path=path) from None


@contextmanager
def atomic_open(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for writing whose content appears at ``path`` when the block ends.

    The content is written to a file beside ``path``, which then replaces ``path``: readers see the
    old content or the new one, never a part of it. If the block raises, ``path`` is unchanged.

    Args:
        path: the file; its folder has to exist.

    Raises:
        OSError: the file cannot be written.
    """
    if not path.name:  # "/" and "."; with_name would raise a ValueError
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    partial = path.with_name(f"{path.name}{PARTIAL_SUFFIX}")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def atomic_write(path: Path, data: str | bytes) -> None:
    """Writes a file completely or not at all.

    Args:
        path: the file; its folder has to exist. A file that is there is replaced.
        data: the content; a string is encoded as UTF-8, its line breaks unchanged.

    Raises:
        OSError: the file cannot be written.
    """
    with atomic_open(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)
