"""Peak memory of a stretch of work: on the device as JAX counts it, on the host as the system does."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

#: Seconds between two looks at what is in use.
_EVERY = 0.01


class PeakMemory:
    """Watches memory while a block runs; a context manager.

    JAX counts one peak for the whole process and has no way to begin anew: where this block raises
    it, it is this block's own; else what was seen in use now and then is the best there is.
    Linux forgets a process's peak on demand (proc(5), ``clear_refs``).

    Args:
        own: bytes in use on the device that are this block's already.

    Attributes:
        device: bytes, what was in use before the block taken off; None on a processor.
        sampled: whether ``device`` was read now and then.
        host: bytes of the whole process; None where the system does not tell.
    """

    def __init__(self, own: int = 0) -> None:
        self.device: int | None = None
        self.sampled = False
        self.host: int | None = None
        self._own = own

    def __enter__(self) -> Self:
        self._peak, used = _device()
        self._base = max(0, (used or 0) - self._own)
        self._most, self._most_host = used or 0, 0
        self._forgot = _forget_host_peak()
        self._stop = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._watch.join()
        peak, used = _device()
        if peak is not None:
            # before the backend was started there was no peak
            self.sampled = self._peak is not None and peak <= self._peak
            most = max(self._most, used or 0) if self.sampled else peak
            self.device = max(0, most - self._base)
        self.host = _host_peak() if self._forgot else self._most_host or None

    def _look(self) -> None:
        while not self._stop.wait(_EVERY):
            _, used = _device()
            self._most = max(self._most, used or 0)
            if not self._forgot:
                self._most_host = max(self._most_host, _host_now() or 0)


def _device() -> tuple[int | None, int | None]:
    """(peak so far, in use now) of the fullest device, if JAX runs on one that counts."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None or not bridge.backends_are_initialized():
        return None, None
    jax = sys.modules["jax"]
    try:
        told: list[Any] = [d.memory_stats() for d in jax.local_devices()]
    except jax.errors.JaxRuntimeError:  # a backend that does not count
        return None, None
    found = [(int(t["peak_bytes_in_use"]), int(t["bytes_in_use"])) for t in told if t]
    return max(found) if found else (None, None)


def _forget_host_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return _host_peak() is not None


def _host_peak() -> int | None:
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = [line.split() for line in lines.splitlines() if line.startswith("VmHWM:")]
    return int(found[0][1]) * 1024 if found else None


def _host_now() -> int | None:
    """Resident bytes of this process; None where only its all-time peak can be had."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
