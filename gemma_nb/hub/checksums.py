"""Checksums of files, and what the headers of an HTTP response say about the file behind it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

#: Bytes read at a time.
_CHUNK = 2**20

#: An algorithm ("md5", "crc32c", "sha256", or "git" for the SHA-1 that git gives a blob), and the
#: checksum in hex.
Checksum = tuple[str, str]


def file_checksum(path: Path, algorithm: str) -> str:
    """Computes the checksum of a file, in hex.

    Args:
        path: the file.
        algorithm: "md5", "crc32c", "sha256" or "git", as in ``Checksum``.
    """
    hasher = new_hasher(algorithm, path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            hasher.update(chunk)
    return hasher.hexdigest()


def new_hasher(algorithm: str, size: int | None) -> Any:
    """An object with ``update`` and ``hexdigest``, as hashlib's.

    Args:
        algorithm: as in ``Checksum``.
        size: bytes of the whole file. Git's checksum begins with it.

    Returns:
        The object; None for "git" where the size is unknown.
    """
    if algorithm == "git":
        head = f"blob {size}\0".encode()
        return None if size is None else hashlib.sha1(head, usedforsecurity=False)
    if algorithm == "crc32c":
        return Crc32c()
    return hashlib.new(algorithm, usedforsecurity=False)


class Crc32c:
    """CRC-32C (RFC 3720, appendix B.4) through google-crc32c, with hashlib's methods.

    Google's storage gives this checksum for every file; hashlib does not have it.
    """

    def __init__(self) -> None:
        import google_crc32c

        self._checksum = google_crc32c.Checksum()

    def update(self, data: bytes | memoryview) -> None:
        """Adds bytes."""
        self._checksum.update(bytes(data))  # the C function accepts bytes alone

    def hexdigest(self) -> str:
        """The checksum of the bytes so far, as eight hex digits."""
        return self._checksum.digest().hex()


@dataclass(frozen=True)
class FileInfo:
    """What a response's headers say about the whole file; None where they do not say.

    Args:
        size: bytes of the file.
        checksum: algorithm and hex value.
        etag: the ETag, if it is a strong one.
    """

    size: int | None
    checksum: Checksum | None
    etag: str | None


def parse_headers(headers: Mapping[str, str], *, is_whole: bool) -> FileInfo:
    """Reads size, checksum and ETag from a response's headers.

    Args:
        headers: of the response.
        is_whole: whether the response is the whole file (200), or a part of it (206).
    """
    size: int | None = None
    is_plain = headers.get("Content-Encoding", "identity").lower() == "identity"
    length = (
        headers.get("Content-Length")
        if is_whole
        else headers.get("Content-Range", "").rpartition("/")[2]
    )
    if is_plain:
        size = _whole_number(length)
    # GCS: "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ=="; a file composed of parts has no MD5
    parts = (part.strip().partition("=") for part in headers.get("x-goog-hash", "").split(","))
    checksums = {name: digest for name, _, value in parts if (digest := _hex_of_base64(value))}
    checksum = next(((n, checksums[n]) for n in ("md5", "crc32c") if n in checksums), None)
    if not is_plain or headers.get("x-goog-stored-content-encoding", "identity") != "identity":
        checksum = None  # it is that of the compressed file, which is not what arrives
    etag = headers.get("ETag")
    return FileInfo(size, checksum, etag if etag and etag[0] == '"' else None)


def _hex_of_base64(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).hex()
    except binascii.Error:
        return None


def checksums_differ(one: Checksum | None, other: Checksum | None) -> bool:
    """Whether two checksums prove that two files differ; different algorithms prove nothing."""
    return bool(one and other and one[0] == other[0] and one[1] != other[1])


def range_start(headers: Mapping[str, str]) -> int | None:
    """The offset of the first byte of a partial response (206), None where it does not say."""
    first = headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return _whole_number(first)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds after which a busy server wants to be asked again (RFC 9110, 10.2.3).

    Args:
        headers: of a response with status 429 or 503.

    Returns:
        The seconds, at least 0; None where the server does not say.
    """
    value = headers.get("Retry-After", "").strip()
    if (seconds := _whole_number(value)) is not None:
        return float(seconds)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _whole_number(text: str | None) -> int | None:
    """The number of a header; None where it is none, or longer than any size or time."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None
