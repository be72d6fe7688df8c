"""Reads files of Hugging Face's Xet storage through hf_xet, as responses that ``Download`` takes.

hf_xet 1.8 has streams of bytes that begin at any offset, so that resuming, hashing, cancelling and a
full disk are the same as with plain HTTP. hf_xet 1.3 only writes whole files to a path, and cuts what
is there; with it, and after the first failure of the Xet storage, files come over plain HTTP, which
Hugging Face offers for each of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

#: hf_xet 1.8 retries for six minutes, and its time-outs are up to five: ``Download`` retries, over
#: HTTP. It buffers 1.6 to 6.3 GB in memory, which a notebook does not have.
_SETTINGS: dict[str, Any] = {
    "client.retry_max_attempts": 1,
    "client.retry_base_delay": "500ms",
    "client.connect_timeout": "10s",
    "client.read_timeout": "30s",
    "reconstruction.download_buffer_size": 256 * 2**20,
    "reconstruction.download_buffer_perfile_size": 64 * 2**20,
    "reconstruction.download_buffer_limit": 512 * 2**20,
    "reconstruction.min_prefetch_buffer": 64 * 2**20,
    "telemetry.enabled": False,
}


class XetStorage:
    """The Xet storage of one repository.

    Args:
        headers: those of a request to Hugging Face for the storage's token; they hold the login.
    """

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)
        self._lock = threading.Lock()
        self._group: Any = None
        #: whether files are read from it; False after the first failure
        self.is_usable = _has_streams()

    def open(self, file_hash: str, size: int, refresh_url: str, offset: int) -> XetResponse:
        """Opens a file from an offset on.

        Args:
            file_hash: the file's hash in the Xet storage.
            size: bytes of the whole file.
            refresh_url: the address that gives the storage's address and a token for it.
            offset: the first byte that is wanted.

        Raises:
            OSError: the storage cannot be reached.
        """
        from hf_xet import XetFileInfo

        try:
            with self._lock:
                self._group = self._group or self._new_group(refresh_url)
            stream = self._group.download_stream(XetFileInfo(file_hash, size), start=offset)
        except Exception as error:  # noqa: BLE001 - hf_xet raises several kinds
            raise self._failure(type(error).__name__) from None
        return XetResponse(self, stream, size, offset)

    def _new_group(self, refresh_url: str) -> Any:
        from hf_xet import XetConfig, XetSession

        config = XetConfig()
        known = set(config.keys())
        settings = {key: value for key, value in _SETTINGS.items() if key in known}
        session = XetSession(config.with_config(settings))
        return session.new_download_stream_group(
            token_refresh_url=refresh_url, token_refresh_headers=self._headers
        )

    def _failure(self, why: str) -> ConnectionError:
        self.is_usable = False
        return ConnectionError(f"Xet storage: {why}")


class XetResponse:
    """A stream of bytes that looks like a ``requests.Response`` to ``Download``.

    Args:
        storage: the storage.
        stream: hf_xet's stream.
        size: bytes of the whole file.
        offset: the first byte of the stream.
    """

    def __init__(self, storage: XetStorage, stream: Any, size: int, offset: int) -> None:
        self._storage, self._stream = storage, stream
        self._missing = size - offset
        self.status_code = 206 if offset else 200
        self.headers = {"Content-Length": str(size - offset)}
        if offset:
            self.headers["Content-Range"] = f"bytes {offset}-{size - 1}/{size}"

    def iter_content(self, chunk_size: int) -> Iterator[memoryview]:
        """The bytes, at most ``chunk_size`` at a time.

        Raises:
            ConnectionError: the storage failed, or ended early, which hf_xet does not report.
        """
        try:
            for part in self._stream:
                whole = memoryview(part)
                self._missing -= len(whole)
                for start in range(0, len(whole), chunk_size):
                    yield whole[start : start + chunk_size]
        except Exception as error:  # noqa: BLE001 - hf_xet raises several kinds
            raise self._storage._failure(type(error).__name__) from None  # noqa: SLF001
        if self._missing > 0:
            raise self._storage._failure("ended early")  # noqa: SLF001

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.cancel()


def _has_streams() -> bool:
    """Whether the installed hf_xet has streams, and its user did not switch Xet off."""
    from huggingface_hub import constants

    try:
        import hf_xet
    except ImportError:
        return False
    return hasattr(hf_xet, "XetDownloadStreamGroup") and not constants.HF_HUB_DISABLE_XET
