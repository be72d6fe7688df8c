"""Files that are written completely or not at all, and JSON that a stranger wrote."""

from __future__ import annotations

import errno
import glob
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from gemma_nb.errors import InvalidInput, shown_path

#: The suffix of a file that is being written. A process that is killed leaves such a file behind.
PARTIAL_SUFFIX = ".part"
#: What of a file's name its temporary name holds; the rest is left for a suffix. File systems take
#: 255 bytes.
_NAME_CHARACTERS = 40
#: Errors of a path that no file can ever have.
_IMPOSSIBLE = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP, errno.EINVAL)
#: How often a temporary directory is created that another process removes at once.
_ATTEMPTS = 3
#: The file in a temporary directory that the process which writes there has locked.
_LOCK = ".lock"
#: The most levels of lists and objects in a JSON text. The files of a model have fewer than ten.
MAX_JSON_DEPTH = 100
#: The most bytes or characters of a JSON text: about 1 GB of memory at most. A header of
#: safetensors may have 100 MB.
MAX_JSON_SIZE = 100_000_000
#: The most bytes of a JSON file of a model; the largest (tokenizer.json) has about 33 MB.
MAX_JSON_FILE = 64 * 2**20


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON text, as deep as code that recurses over it can follow.

    Args:
        text: the text; bytes are UTF-8, 16 or 32, with or without a byte order mark.

    Raises:
        ValueError: it is not JSON, is longer than ``MAX_JSON_SIZE``, is nested more than
            ``MAX_JSON_DEPTH`` deep, or holds a whole number of more digits than Python reads (4,300).
    """
    if len(text) > MAX_JSON_SIZE:
        raise ValueError("too long")
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


def read_json(path: Path) -> Any:
    """The value in a JSON file that a stranger wrote.

    Args:
        path: the file.

    Raises:
        OSError: it cannot be read.
        ValueError: it has more than ``MAX_JSON_FILE`` bytes, or as in ``parse_json``.
    """
    with path.open("rb") as file:
        raw = file.read(MAX_JSON_FILE + 1)
    if len(raw) > MAX_JSON_FILE:
        raise ValueError("too long")
    return parse_json(raw)


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
        InvalidInput: it is no path, or that home directory is unknown (no HOME, and no such user).
    """
    try:
        return Path(path).expanduser()
    except TypeError:
        raise InvalidInput("path_type", kind=type(path).__name__) from None
    except RuntimeError:
        raise InvalidInput("no_home_in_path", path=shown_path(path)) from None


def output_path(path: str | Path) -> Path:
    """The path that a caller gives for a file or a directory to write.

    Args:
        path: a path, with or without ``~``; nothing has to be there.

    Returns:
        The path; of a link, the path that it points to.

    Raises:
        InvalidInput: it is no path, or no file can have it: a name is too long or holds a null
            character, or a file stands where a directory has to be.
    """
    target = expand_home(path)
    try:
        target.lstat()
    except ValueError as error:  # a null character, or half a character of UTF-16
        raise InvalidInput("path_unusable", path=shown_path(target), why=error) from None
    except OSError as error:  # most often: there is no such file yet
        if error.errno in _IMPOSSIBLE:
            why = error.strerror
            raise InvalidInput("path_unusable", path=shown_path(target), why=why) from None
    return Path(os.path.realpath(target)) if target.is_symlink() else target


@contextmanager
def atomic_open(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for writing whose content appears at ``path`` when the block ends.

    The content is written to a file beside ``path``, which then replaces ``path``: readers see the
    old content or the new one, never a part of it. If the block raises, ``path`` is unchanged. A
    file keeps its permissions, and a link keeps pointing to its file. A pipe or a device is written
    as it is.

    Args:
        path: the file; its folder has to exist.

    Raises:
        OSError: the file cannot be written.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = Path(os.path.realpath(path))
    short = len(os.fsencode(path.name)) + len(PARTIAL_SUFFIX) <= 255
    name = path.name if short else path.name[:_NAME_CHARACTERS]
    partial = path.with_name(f"{name}{PARTIAL_SUFFIX}")
    try:
        with partial.open("wb") as file:
            # fails where there is no such file yet, and on disks that know no permissions
            with suppress(OSError):
                shutil.copymode(path, partial)
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


@contextmanager
def directory_beside(target: Path) -> Iterator[Path]:
    """A temporary directory on the disk of ``target``, for what is moved there when it is whole.

    It is removed when the block ends. What a killed process left beside ``target`` is removed when
    the block begins: its lock is free.

    Args:
        target: the later path; its folder has to exist.

    Raises:
        OSError: the directory cannot be created.
    """
    from filelock import FileLock

    remove_abandoned(target)
    prefix = _temporary_prefix(target)
    for _ in range(_ATTEMPTS):
        folder = Path(tempfile.mkdtemp(PARTIAL_SUFFIX, prefix, target.parent))
        lock = FileLock(folder / _LOCK, blocking=False)
        # some network file systems have no locks
        with suppress(OSError, NotImplementedError):
            lock.acquire()
        if folder.exists():  # else another process found it empty, and removed it
            break
    try:
        yield folder
    finally:
        _remove_directory(folder)
        lock.release()


def _temporary_prefix(target: Path) -> str:
    return f".{target.name[:_NAME_CHARACTERS]}-"


def remove_abandoned(target: Path) -> None:
    """Removes the directories of ``directory_beside`` that killed processes left beside ``target``.

    Args:
        target: as in ``directory_beside``.
    """
    from filelock import FileLock

    pattern = f"{glob.escape(_temporary_prefix(target))}*{PARTIAL_SUFFIX}"
    for folder in target.parent.glob(pattern):
        # a lock that another process holds is an OSError; some network file systems have no locks
        with suppress(OSError, NotImplementedError):
            if (folder / _LOCK).exists():
                with FileLock(folder / _LOCK, blocking=False):
                    _remove_directory(folder)
            else:
                folder.rmdir()  # its process was killed before it locked it, or at the very end


def _remove_directory(folder: Path) -> None:
    """Removes a directory of ``directory_beside``, and its lock last."""
    with suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != _LOCK:
                path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


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
