"""One file from a hub to disk: resumed where that is safe, and in place only once it is checked.

What arrives lies beside its final place under a name of its own (``.partial``), with a note of
what it is a part of. kagglehub 1.0.2 writes to the final name, appends whatever answers a resumed
request, and does not check a partial that has the full size; huggingface_hub 2.4 starts anew in
each process and checks the size alone.
"""

from __future__ import annotations

import errno
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.hub import checkpoint_files
from gemma_nb.hub.checksums import (
    digests_differ,
    file_digest,
    new_hash,
    parse_headers,
    range_start,
)

if TYPE_CHECKING:
    from gemma_nb.hub.progress import ProgressMeter

#: Bytes a step; what a broken connection can lose.
CHUNK = 2**18
#: Seconds to connect, and to wait for the next bytes.
TIMEOUT = (10, 30)
#: Seconds to wait before each further try in which nothing arrived; progress starts them anew.
PAUSES: tuple[float, ...] = (1, 3, 8)
PARTIAL = ".partial"
#: Answers for which trying again makes sense.
_BUSY = (408, 429, 500, 502, 503, 504)
#: What a full disk, a full quota and a file-size limit are called.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DownloadError(Exception):
    """A download that did not end well.

    Args:
        kind: "cut", "status", "page", "size", "hash", "full", "file" (the hub's own file is bad)
            or "write".
        **values: what the sentence needs.
    """

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values


@dataclass(frozen=True)
class RemoteFile:
    """One file of a hub.

    Args:
        name: its name in the preset.
        size: bytes, None where the hub does not say.
        digest: algorithm ("md5", "crc32c", "sha256", "git" for git's SHA-1 of a blob) and hex value, None
            where only the answer itself tells it or nothing does.
        open: starts a request with headers to add (Range): a ``requests.Response``.
    """

    name: str
    size: int | None
    digest: tuple[str, str] | None
    open: Callable[[dict[str, str]], Any]


def download_file(remote: RemoteFile, target: Path, meter: ProgressMeter) -> dict[str, Any]:
    """Fetches one file, checks it and puts it in its place.

    Args:
        remote: the file.
        target: where it goes.
        meter: is told the bytes.

    Returns:
        The size and the digest that were checked (None where the hub gave none).

    Raises:
        Broken: it could not be had; what is good of it is kept and used next time.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    one = Download(remote, target, meter)
    tries = 0
    while True:
        before, resumed = one.offset, one.resumed
        try:
            one.attempt()
            return one.finish()
        except DownloadError as broken:
            if broken.kind == "hash" and resumed:
                continue  # the part from before was bad, and is gone: once more from the start
            again = broken.kind == "cut" or (
                broken.kind == "status" and broken.values["status"] in _BUSY
            )
            tries = 0 if one.offset > before else tries
            if not again or tries >= len(PAUSES):
                raise
            time.sleep(PAUSES[tries])
            tries += 1


class Download:
    """The state of one transfer."""

    def __init__(self, remote: RemoteFile, target: Path, meter: ProgressMeter) -> None:
        self.remote, self.target, self.meter = remote, target, meter
        self.partial = target.with_name(target.name + PARTIAL)
        self.note = _note_of(self.partial)
        self.known = self._read_note()
        self.offset = self.partial.stat().st_size if self.known and self.partial.is_file() else 0
        self.size, self.digest = remote.size, remote.digest
        if self.known and not self._same(self.known):
            self.offset = 0
        if self.offset and self.known and self.known.get("digest"):
            self.digest = self.digest or tuple(self.known["digest"])
        #: of all bytes up to ``offset``; None where some came in an earlier call
        self._hash: Any = None
        #: whether bytes of an earlier call are in use
        self.resumed = self.offset > 0
        meter.skip(self.offset)

    def _read_note(self) -> dict[str, Any] | None:
        """What a partial is a part of; one without a note is never trusted."""
        try:
            note = json.loads(self.note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return note if isinstance(note, dict) else None

    def _same(self, note: dict[str, Any]) -> bool:
        """Whether a partial belongs to the file that the hub offers now.

        Without a hash or an ETag nothing can tell, and it is thrown away.
        """
        size, digest = note.get("size"), note.get("digest")
        if self.size is not None and size not in (None, self.size):
            return False
        if self.digest:
            return digest in (None, list(self.digest))
        return bool(digest or note.get("etag"))

    def attempt(self) -> None:
        """One request, from where the partial ends."""
        if self.offset and self.offset == self.size:
            return  # all of it is there: only the check is missing
        if self.size is not None and self.offset > self.size:
            self._restart()
        headers = {"Range": f"bytes={self.offset}-"} if self.offset else {}
        if self.offset and self.known and self.known.get("etag"):
            headers["If-Range"] = self.known["etag"]
        try:
            response = self.remote.open(headers)
        except DownloadError:
            raise
        except OSError as error:
            # what requests and httpx2 raise below HTTP is an OSError, or is made one by the hub's module
            raise DownloadError("cut", why=_name(error), offset=self.offset) from None
        with response:
            self._accept(response)
            self._write(response)
        if self.size is not None and self.offset != self.size:
            if self.offset > self.size:
                self._discard()
                raise DownloadError("size", got=self.offset, size=self.size)
            raise DownloadError("cut", why="", offset=self.offset)

    def _accept(self, response: Any) -> None:
        """Whether an answer is the file, and from which byte on."""
        status = response.status_code
        if status == 416:
            self._restart()
            raise DownloadError("cut", why="416", offset=0)
        if status not in (200, 206):
            raise DownloadError("status", status=status, response=response)
        headers = response.headers
        kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise DownloadError("page")
        said = parse_headers(headers, whole=status == 200)
        etag, digest, size = said["etag"], said["digest"], said["size"]
        begins = range_start(headers) if status == 206 else 0
        known = self.known or {}
        changed = (
            (etag and known.get("etag") not in (None, etag))
            or digests_differ(digest, known.get("digest"))
            or (size is not None and self.size is not None and size != self.size)
        )
        if self.offset and (status == 200 or begins != self.offset or changed):
            # Range was ignored, or this is another file: from the start
            self._restart()
            if status == 206:
                raise DownloadError("cut", why="Range", offset=0)
        elif status == 206 and not self.offset:
            raise DownloadError("cut", why="Range", offset=0)
        if size is not None and self.size is not None and size != self.size:
            raise DownloadError("size", got=size, size=self.size)
        self.size = size if self.size is None else self.size
        self.digest = self.digest or digest
        if not self.offset:
            self.known = write_partial_note(self.partial, self.size, etag, self.digest)

    def _write(self, response: Any) -> None:
        # unbuffered: what ``offset`` counts is on the disk, whatever interrupts
        if not self.offset:
            self._hash = new_hash(self.digest[0], self.size) if self.digest else None
        with self.partial.open("ab" if self.offset else "wb", buffering=0) as file:
            try:
                for chunk in response.iter_content(CHUNK):
                    left = memoryview(chunk)
                    while left:
                        count = file.write(left)
                        if self._hash:
                            self._hash.update(left[:count])
                        left = left[count:]
                        self.offset += count
                        self.meter.add(count)
            except OSError as error:
                # requests's errors are OSErrors too, without a number
                if error.errno in _FULL:
                    raise DownloadError("full", why=_name(error)) from None
                if error.errno is not None and not isinstance(
                    error, ConnectionError | TimeoutError
                ):
                    raise DownloadError("write", why=_name(error)) from None
                raise DownloadError("cut", why=_name(error), offset=self.offset) from None

    def finish(self) -> dict[str, Any]:
        """Checks the hash and the file's own form, then puts it in its place."""
        if self.digest:
            here = (
                self._hash.hexdigest() if self._hash else file_digest(self.partial, self.digest[0])
            )
            if here != self.digest[1]:
                self._discard()
                raise DownloadError("hash", expected=self.digest[1], actual=here)
        if why := checkpoint_files.check_file(self.partial, self.remote.name):
            self._discard()
            raise DownloadError("file", why=why)
        with self.partial.open("rb") as file:
            os.fsync(file.fileno())
        size = self.offset
        self.partial.replace(self.target)
        self.note.unlink(missing_ok=True)
        return {"size": size, "digest": list(self.digest) if self.digest else None}

    def _restart(self) -> None:
        self.meter.add(-self.offset)
        self.offset = 0
        self.resumed = False
        self._hash = None

    def _discard(self) -> None:
        self._restart()
        self.partial.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _name(error: BaseException) -> str:
    """What kind of error: a message of the network's may hold an address with a signature."""
    return (
        os.strerror(error.errno)
        if isinstance(error, OSError) and error.errno
        else type(error).__name__
    )


def write_partial_note(
    partial: Path, size: int | None, etag: str | None, digest: tuple[str, str] | None
) -> dict[str, Any]:
    """Notes what a partial is a part of, beside it.

    Args:
        partial: the partial file.
        size: of the whole file, in bytes.
        etag: of the whole file.
        digest: of the whole file.

    Returns:
        The note.
    """
    note = {"size": size, "etag": etag, "digest": list(digest) if digest else None}
    path = _note_of(partial)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(json.dumps(note), encoding="utf-8")
    fresh.replace(path)
    return note


def _note_of(partial: Path) -> Path:
    return partial.with_name(partial.name + ".json")
