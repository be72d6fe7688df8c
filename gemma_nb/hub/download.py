"""Downloads one file from a hub: resumed where that is safe, and in place only once it is checked.

The bytes that arrive are written beside the file's final path, to a name of their own
(``.partial``), with a JSON note that identifies the file they belong to. kagglehub 1.0.2 writes to
the final name, appends whatever answers a resumed request, and does not check a partial file that
has the full size; huggingface_hub 2.4 starts from the beginning in each process and checks the
size alone.
"""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, TypeVar

from gemma_nb.catalog.client_errors import is_certificate_error
from gemma_nb.hub import checkpoint_files
from gemma_nb.hub.checksums import (
    Checksum,
    file_checksum,
    new_hasher,
    parse_headers,
    range_start,
    retry_after,
)
from gemma_nb.hub.partial_note import PARTIAL, PartialNote, note_path
from gemma_nb.hub.progress import ProgressMeter

_T = TypeVar("_T")
#: The most bytes of a file whose size neither the hub nor the response says. Both hubs say it of
#: every file that is larger.
MAX_UNSTATED = 64 * 2**20
#: Bytes read and written at a time; a broken connection loses at most this many.
CHUNK = 2**18
#: Seconds to connect, and to wait for the next bytes.
TIMEOUT = (10, 30)
#: Seconds to wait before each retry. A retry in which bytes arrived starts the list again.
PAUSES: tuple[float, ...] = (1, 3, 8)
#: The longest time, in seconds, that a busy server is waited for where it says how long.
LONGEST_WAIT = 60
#: HTTP statuses after which a retry makes sense.
_BUSY = (408, 429, 500, 502, 503, 504)
#: The errors of a full disk, an exhausted quota and a file-size limit.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DownloadError(Exception):
    """The download of a file failed.

    Args:
        kind: "cut", "status", "page", "size", "hash", "full", "file" (the file is damaged at the
            hub itself), "write", "certificate" or "cancelled".
        **values: the values of the message.
    """

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values
        #: the name of the file
        self.file = ""


@dataclass(frozen=True)
class RemoteFile:
    """One file of a hub.

    Args:
        name: its name in the preset.
        size: bytes, None where the hub does not say.
        checksum: algorithm and hex value, None where only the response tells it, or nothing does.
        open: sends a request with additional headers (Range); returns a ``requests.Response``.
    """

    name: str
    size: int | None
    checksum: Checksum | None
    open: Callable[[dict[str, str]], Any]


@dataclass(frozen=True)
class CheckedFile:
    """The size and the checksum with which a file on disk was checked.

    Args:
        size: bytes.
        checksum: algorithm and hex value, None where the hub gave none.
    """

    size: int
    checksum: Checksum | None


def answered(call: Callable[[], _T], wait: Callable[[Exception], float | None]) -> _T:
    """Calls a hub's API, and again where the hub is busy and says when it wants to be asked.

    Args:
        call: sends the request.
        wait: the seconds that an error's response asks for; None where it is not that of a busy
            server that says so.

    Returns:
        What ``call`` returns.
    """
    for _ in PAUSES:
        try:
            return call()
        except Exception as error:
            seconds = wait(error)
            if seconds is None or seconds > LONGEST_WAIT:
                raise
        time.sleep(seconds)
    return call()


def busy_wait(response: Any) -> float | None:
    """The seconds that a busy server's response asks for; None for any other response."""
    if response is None or response.status_code not in (429, 503):
        return None
    return retry_after(response.headers)


class Download:
    """The download of one file.

    ``run`` may run in one thread and ``cancel`` in another.

    Args:
        remote: the file.
        target: its path.
        meter: counts the bytes.
    """

    def __init__(self, remote: RemoteFile, target: Path, meter: ProgressMeter) -> None:
        self.remote, self.target, self.meter = remote, target, meter
        self.partial = target.with_name(target.name + PARTIAL)
        self._note = PartialNote.read(self.partial)
        self.size, self.checksum = remote.size, remote.checksum
        #: bytes of the file that are on disk
        self.offset = 0
        if self._note and self._note.matches(self.size, self.checksum) and self.partial.is_file():
            self.offset = self.partial.stat().st_size
        if self._note and self.offset:
            self.checksum = self.checksum or self._note.checksum
        #: of the bytes up to ``offset``; None where an earlier call wrote some of them
        self._hasher: Any = None
        #: whether bytes of an earlier call are in use
        self._is_resumed = self.offset > 0
        self._cancelled = threading.Event()
        self._disk_lock = threading.Lock()
        meter.skip(self.offset)

    def run(self) -> CheckedFile:
        """Downloads the file, checks it and moves it to its path.

        Returns:
            The size and the checksum of the file.

        Raises:
            DownloadError: the download failed; the next call uses what is good of it.
        """
        self.target.parent.mkdir(parents=True, exist_ok=True)
        retries = 0
        while True:
            offset, is_resumed = self.offset, self._is_resumed
            try:
                self._attempt()
                return self._finish()
            except DownloadError as error:
                if error.kind == "hash" and is_resumed:
                    continue  # bytes of an earlier call were bad, and are deleted: start once more
                can_retry = error.kind == "cut" or (
                    error.kind == "status" and error.values["status"] in _BUSY
                )
                retries = 0 if self.offset > offset else retries
                wait = error.values.get("wait") or 0
                if not can_retry or retries >= len(PAUSES) or wait > LONGEST_WAIT:
                    raise
                self._cancelled.wait(max(PAUSES[retries], wait))
                retries += 1

    def cancel(self) -> None:
        """Stops ``run`` at its next step; once this returns, ``run`` changes the disk no more."""
        self._cancelled.set()
        with self._disk_lock:  # ``run`` holds it while it changes the disk
            pass

    @contextmanager
    def _changing_disk(self) -> Iterator[None]:
        """Every change of the disk stands in such a block.

        Raises:
            DownloadError: the download was cancelled.
        """
        with self._disk_lock:
            if self._cancelled.is_set():
                raise DownloadError("cancelled")
            yield

    def _attempt(self) -> None:
        """Sends one request, for the bytes from ``offset`` on, and writes what arrives.

        Raises:
            DownloadError: the response is not the file, or ended early, or cannot be written.
        """
        if self._cancelled.is_set():
            raise DownloadError("cancelled")
        if self.offset and self.offset == self.size:
            return  # every byte is on disk: only the check is missing
        if self.size is not None and self.offset > self.size:
            self._restart()
        headers = {"Range": f"bytes={self.offset}-"} if self.offset else {}
        if self.offset and self._note and self._note.etag:
            headers["If-Range"] = self._note.etag
        try:
            response = self.remote.open(headers)
        except DownloadError:
            raise
        except OSError as error:
            # requests' network errors are OSErrors
            if is_certificate_error(error):
                raise DownloadError("certificate") from None
            raise DownloadError("cut", why=_error_name(error), offset=self.offset) from None
        with response:
            with self._changing_disk():
                self._check_response(response)
            try:
                self._write(response)
            except DownloadError as error:
                if error.kind == "size":
                    with self._changing_disk():
                        self._discard()
                raise
        if self.size is not None and self.offset != self.size:
            raise DownloadError("cut", why="", offset=self.offset)

    def _check_response(self, response: Any) -> None:
        """Checks that a response is the file, and from which byte on."""
        status = response.status_code
        if status == 416:
            self._restart()
            raise DownloadError("cut", why="416", offset=0)
        if status not in (200, 206):
            raise DownloadError("status", status=status, wait=retry_after(response.headers))
        headers = response.headers
        content_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if content_type == "text/html":
            raise DownloadError("page")
        info = parse_headers(headers, is_whole=status == 200)
        start = range_start(headers) if status == 206 else 0
        is_other_size = info.size is not None and self.size is not None and info.size != self.size
        is_other_file = is_other_size or bool(self._note and self._note.contradicts(info))
        if self.offset and (status == 200 or start != self.offset or is_other_file):
            # the server ignored Range, or the file changed: from the beginning
            self._restart()
            if status == 206:
                raise DownloadError("cut", why="Range", offset=0)
        elif status == 206 and not self.offset:
            raise DownloadError("cut", why="Range", offset=0)
        if is_other_size:
            raise DownloadError("size", got=info.size, size=self.size)
        self.size = info.size if self.size is None else self.size
        self.checksum = self.checksum or info.checksum
        if not self.offset:
            self._note = PartialNote(self.size, info.etag, self.checksum)
            self._note.write(self.partial)

    def _write(self, response: Any) -> None:
        if not self.offset:
            self._hasher = new_hasher(self.checksum[0], self.size) if self.checksum else None
        # unbuffered: the bytes that ``offset`` counts are in the file, whatever interrupts
        with self._changing_disk():
            file = self.partial.open("ab" if self.offset else "wb", buffering=0)
        with file:
            try:
                for chunk in response.iter_content(CHUNK):
                    with self._changing_disk():
                        self._write_chunk(file, chunk)
            except OSError as error:
                # requests' errors are OSErrors too, without a number
                if error.errno in _FULL:
                    raise DownloadError("full", why=_error_name(error)) from None
                if error.errno is not None and not isinstance(
                    error, ConnectionError | TimeoutError
                ):
                    raise DownloadError("write", why=_error_name(error)) from None
                raise DownloadError("cut", why=_error_name(error), offset=self.offset) from None

    def _write_chunk(self, file: FileIO, chunk: bytes) -> None:
        rest = memoryview(chunk)
        got = self.offset + len(rest)
        most = MAX_UNSTATED if self.size is None else self.size
        if got > most:  # a body may go on for ever
            raise DownloadError("size", got=got, size=most)
        while rest:
            count = file.write(rest)
            if self._hasher:
                self._hasher.update(rest[:count])
            rest = rest[count:]
            self.offset += count
            self.meter.add(count)

    def _finish(self) -> CheckedFile:
        """Checks the checksum and the format of the file, then moves it to its path.

        Raises:
            DownloadError: the file is damaged; the partial file is deleted.
        """
        if error := self._find_damage():
            with self._changing_disk():
                self._discard()
            raise error
        with self.partial.open("rb") as file:
            os.fsync(file.fileno())
        with self._changing_disk():
            self.partial.replace(self.target)
            note_path(self.partial).unlink(missing_ok=True)
        return CheckedFile(self.offset, self.checksum)

    def _find_damage(self) -> DownloadError | None:
        if self.checksum:
            algorithm, expected = self.checksum
            actual = (
                self._hasher.hexdigest() if self._hasher else file_checksum(self.partial, algorithm)
            )
            if actual != expected:
                return DownloadError("hash", expected=expected, actual=actual)
        if why := checkpoint_files.check_file(self.partial, self.remote.name):
            return DownloadError("file", why=why)
        return None

    def _restart(self) -> None:
        self.meter.add(-self.offset)
        self.offset = 0
        self._is_resumed = False
        self._hasher = None

    def _discard(self) -> None:
        self._restart()
        self.partial.unlink(missing_ok=True)
        note_path(self.partial).unlink(missing_ok=True)


def _error_name(error: BaseException) -> str:
    """The kind of an error; the text of a network error may contain an address with a signature."""
    return (
        os.strerror(error.errno)
        if isinstance(error, OSError) and error.errno
        else type(error).__name__
    )
