"""Hashes of files, and what the headers of an answer say of the file behind it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from pathlib import Path
from typing import Any

#: Bytes read at a time.
_CHUNK = 2**20


def file_digest(path: Path, algorithm: str) -> str:
    """The hex digest of a file.

    Args:
        path: the file.
        algorithm: "md5", "crc32c", "sha256", or "git" for the SHA-1 that git gives a blob.
    """
    made = new_hash(algorithm, path.stat().st_size)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            made.update(chunk)
    return made.hexdigest()


def new_hash(algorithm: str, size: int | None) -> Any:
    """An empty hash; git's begins with the size, and is None where that is unknown."""
    if algorithm == "git":
        head = f"blob {size}\0".encode()
        return None if size is None else hashlib.sha1(head, usedforsecurity=False)
    if algorithm == "crc32c":
        from gemma_nb.hub.crc32c import Crc32c

        return Crc32c()
    return hashlib.new(algorithm, usedforsecurity=False)


def parse_headers(headers: Any, *, whole: bool) -> dict[str, Any]:
    """What an answer's headers say of the whole file.

    Args:
        headers: of the answer.
        whole: whether the answer is the whole file, or a part of it.

    Returns:
        "size" in bytes, "digest" as in ``Remote``, "etag"; each None where they do not say.
    """
    size: int | None = None
    plain = headers.get("Content-Encoding", "identity").lower() == "identity"
    length = (
        headers.get("Content-Length")
        if whole
        else headers.get("Content-Range", "").rpartition("/")[2]
    )
    if plain and length and length.isdigit():
        size = int(length)
    # GCS: "crc32c=n03x6A==,md5=Ojk9c3dhfxgoKVVHYwFbHQ=="; files put together of parts have no MD5
    parts = (part.strip().partition("=") for part in headers.get("x-goog-hash", "").split(","))
    given = {name: found for name, _, value in parts if (found := _hex(value))}
    digest = next(((name, given[name]) for name in ("md5", "crc32c") if name in given), None)
    if not plain or headers.get("x-goog-stored-content-encoding", "identity") != "identity":
        digest = None  # of the compressed file, which is not what arrives
    etag = headers.get("ETag")
    return {"size": size, "digest": digest, "etag": etag if etag and etag[0] == '"' else None}


def _hex(value: str) -> str | None:
    try:
        return base64.b64decode(value, validate=True).hex()
    except binascii.Error:
        return None


def digests_differ(one: tuple[str, str] | None, other: list[str] | None) -> bool:
    """Whether two hashes are of different files; those of different kinds do not tell."""
    return bool(one and other and one[0] == other[0] and one[1] != other[1])


def range_start(headers: Any) -> int | None:
    """The first byte of a partial answer."""
    first = headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else None
