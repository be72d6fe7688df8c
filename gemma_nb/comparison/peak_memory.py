"""Peak memory while a block of code runs.

JAX counts the memory of the device, the operating system that of the host.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: Seconds between two readings of the memory in use.
_SAMPLE_SECONDS = 0.01


class PeakMemory:
    """Measures the peak memory of a block; a context manager.

    JAX counts one peak for the whole process and cannot reset it. If the block raises that peak,
    the peak is the block's own. If it does not, the highest of the readings taken every
    ``_SAMPLE_SECONDS`` is used, and the true peak may be higher. Linux resets the peak of a process
    on request (proc(5), ``clear_refs``). Where no reading is needed, no thread takes any.

    Args:
        own: bytes on the device that belong to the block although they were allocated before it.

    Attributes:
        device: bytes, without what was in use before the block; None on a CPU.
        sampled: whether ``device`` comes from the readings.
        host: bytes of the whole process; None where the system does not report them.
    """

    def __init__(self, own: int = 0) -> None:
        self.device: int | None = None
        self.sampled = False
        self.host: int | None = None
        self._own = own
        self._stop = threading.Event()
        self._sampler: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._peak_before, used = _device_memory()
        self._base = max(0, (used or 0) - self._own)
        self._highest_device, self._highest_host = used or 0, 0
        self._host_peak_reset = _reset_host_peak()
        self._start_sampling()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop_sampling()
        peak, used = _device_memory()
        if peak is not None:
            # None before the block: the backend was not initialized, so there was no peak
            self.sampled = self._peak_before is not None and peak <= self._peak_before
            highest = max(self._highest_device, used or 0) if self.sampled else peak
            self.device = max(0, highest - self._base)
        self.host = _host_peak() if self._host_peak_reset else self._highest_host or None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A block whose time is measured: the memory is read before and after it, not meanwhile."""
        self._stop_sampling()
        self._read()
        try:
            yield
        finally:
            self._read()
            self._start_sampling()

    def _start_sampling(self) -> None:
        self._stop, self._sampler = threading.Event(), None
        if self._needs_readings:
            arguments = (self._stop,)
            self._sampler = threading.Thread(target=self._sample, args=arguments, daemon=True)
            self._sampler.start()

    def _stop_sampling(self) -> None:
        self._stop.set()
        if self._sampler is not None:
            self._sampler.join()

    @property
    def _needs_readings(self) -> bool:
        return self._peak_before is not None or not self._host_peak_reset

    def _sample(self, stop: threading.Event) -> None:
        while not stop.wait(_SAMPLE_SECONDS):
            self._read()

    def _read(self) -> None:
        if self._needs_readings:
            _, used = _device_memory()
            self._highest_device = max(self._highest_device, used or 0)
        if not self._host_peak_reset:
            self._highest_host = max(self._highest_host, _host_memory() or 0)


def _device_memory() -> tuple[int | None, int | None]:
    """(peak so far, in use now) in bytes on the device with the highest peak.

    Both are None where JAX is not initialized or its backend does not count.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None or not bridge.backends_are_initialized():
        return None, None
    jax = sys.modules["jax"]
    try:
        stats: list[Any] = [device.memory_stats() for device in jax.local_devices()]
    except jax.errors.JaxRuntimeError:  # the backend does not count
        return None, None
    counts = [(int(s["peak_bytes_in_use"]), int(s["bytes_in_use"])) for s in stats if s]
    return max(counts) if counts else (None, None)


def _reset_host_peak() -> bool:
    """Resets the peak of this process; whether the system can do that and reports the peak."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return _host_peak() is not None


def _host_peak() -> int | None:
    """Peak resident bytes of this process since the reset."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    peaks = [line.split() for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0][1]) * 1024 if peaks else None


def _host_memory() -> int | None:
    """Resident bytes of this process now; None where the system does not report them."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
