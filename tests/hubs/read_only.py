"""A folder as it is on a file system that is mounted read-only, for a user who may write anywhere too."""

import contextlib
import errno
import os
import sys
from pathlib import Path

_CHANGES = {
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.utime",
}
_folders = []


def _refuse(event, args):
    """An audit hook, which Python calls before it changes anything on the disk."""
    if not _folders or event not in _CHANGES | {"open", "os.mkdir"}:
        return
    if not isinstance(args[0], str | os.PathLike):
        return
    path = Path(os.fsdecode(args[0])).absolute()
    changes = event in _CHANGES or (event == "os.mkdir" and not path.is_dir())
    if event == "open":
        changes = isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
    if changes and path.is_relative_to(_folders[-1]):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))


@contextlib.contextmanager
def read_only(folder):
    """In this block, nothing below ``folder`` can be changed."""
    if not getattr(read_only, "hooked", False):
        sys.addaudithook(_refuse)  # Python has no way to take it back
        read_only.hooked = True
    _folders.append(folder)
    try:
        yield
    finally:
        _folders.pop()
