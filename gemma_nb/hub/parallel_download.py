"""Downloads several files at the same time, with one meter; the first error cancels the others."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

from gemma_nb.hub.download import CheckedFile, Download, DownloadError, RemoteFile
from gemma_nb.hub.progress import ProgressMeter

#: Files downloaded at the same time.
WORKERS = 4
#: Seconds between two looks at the meter while no file is complete.
_POLL_INTERVAL = 0.1


def download_files(
    files: Mapping[Path, RemoteFile],
    meter: ProgressMeter,
    on_checked: Callable[[RemoteFile, CheckedFile], None],
) -> None:
    """Downloads files in threads; returns when each is checked and at its path.

    The callbacks run in the caller's thread. An error and Ctrl-C cancel every other download: once
    this function is left, no thread changes the disk any more, even if it still waits for the
    network. What is good of the files stays on disk for the next call.

    Args:
        files: path -> the file that goes there.
        meter: counts the bytes of all files.
        on_checked: called with each file that is at its path.

    Raises:
        DownloadError: a download failed; ``file`` is its name.
    """
    downloads = deque(Download(remote, path, meter) for path, remote in files.items())
    everything = list(downloads)
    results: queue.SimpleQueue[tuple[RemoteFile, CheckedFile | BaseException]]
    results = queue.SimpleQueue()

    def work() -> None:
        while True:
            try:
                download = downloads.popleft()
            except IndexError:
                return
            result: CheckedFile | BaseException
            try:
                result = download.run()
            except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
                result = error
            results.put((download.remote, result))
            if isinstance(result, BaseException):
                return  # the other files are cancelled

    # daemons: a thread that waits for the network must not keep the interpreter from exiting
    threads = [
        threading.Thread(target=work, name="gemma_nb-download", daemon=True)
        for _ in range(min(WORKERS, len(everything)))
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in everything:
            remote, result = _next_result(results, meter)
            if isinstance(result, DownloadError):
                result.file = remote.name
            if isinstance(result, BaseException):
                raise result
            on_checked(remote, result)
    finally:
        downloads.clear()
        for download in everything:
            download.cancel()


def _next_result(
    results: queue.SimpleQueue[tuple[RemoteFile, CheckedFile | BaseException]],
    meter: ProgressMeter,
) -> tuple[RemoteFile, CheckedFile | BaseException]:
    """Waits for a thread's result; reports the progress meanwhile."""
    while True:
        meter.report()
        try:
            return results.get(timeout=_POLL_INTERVAL)
        except queue.Empty:
            continue
