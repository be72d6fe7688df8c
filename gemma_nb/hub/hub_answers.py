"""What a hub answers, checked by shape before it names a path or a size on this machine.

An endpoint is not trusted: ``HF_ENDPOINT`` may name any mirror. A commit becomes the name of a
folder, a checksum that of a file; a size says how many bytes are read, and a list of files ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from gemma_nb.catalog.weight_files import MAX_FILE_NAME, is_safe_name
from gemma_nb.hub.checksums import Checksum

#: The most files of a repository, and the most pages of a list of them.
MAX_FILES, MAX_PAGES = 10_000, 1_000
#: The most bytes of a file; the largest disks hold less.
MAX_FILE_SIZE = 2**50
#: The hex digits of each checksum.
_DIGITS = {"md5": 32, "crc32c": 8, "sha256": 64, "git": 40}


class BadAnswer(ValueError):
    """A hub answered something that no hub answers."""


def check_commit(value: Any) -> str:
    """The commit of a revision at Hugging Face.

    Raises:
        BadAnswer: it is not 40 hex digits.
    """
    if not isinstance(value, str) or not re.fullmatch("[0-9a-f]{40}", value):
        raise BadAnswer("commit")
    return value


def check_version(value: Any) -> str:
    """The number of a version at Kaggle.

    Raises:
        BadAnswer: it is no whole number above zero.
    """
    if type(value) is not int or not 0 < value < 2**31:
        raise BadAnswer("version")
    return str(value)


def check_checksum(algorithm: str, value: Any) -> Checksum:
    """A checksum of a file.

    Args:
        algorithm: as in ``Checksum``.
        value: what the hub says.

    Raises:
        BadAnswer: it does not have the hex digits of the algorithm.
    """
    if not isinstance(value, str) or not re.fullmatch(f"[0-9a-f]{{{_DIGITS[algorithm]}}}", value):
        raise BadAnswer("checksum")
    return algorithm, value


def check_page_token(value: Any) -> str:
    """The token of the next page of a list; empty for the last page.

    Raises:
        BadAnswer: it is no text that a token can be.
    """
    if value is not None and (not isinstance(value, str) or len(value) > MAX_FILE_NAME):
        raise BadAnswer("page token")
    return value or ""


def check_files(listed: Iterable[tuple[Any, Any]]) -> dict[str, int | None]:
    """The files of a repository, with their bytes; a name that leaves the folder is left out.

    Args:
        listed: (name, bytes or None) of each file.

    Raises:
        BadAnswer: a name is no text, a size no whole number, or there are more than ``MAX_FILES``.
    """
    sizes: dict[str, int | None] = {}
    for name, size in listed:
        if not isinstance(name, str):
            raise BadAnswer("name")
        if size is not None and (type(size) is not int or not 0 <= size <= MAX_FILE_SIZE):
            raise BadAnswer("size")
        if is_safe_name(name):
            sizes[name] = size
        if len(sizes) > MAX_FILES:
            raise BadAnswer("number of files")
    return sizes
