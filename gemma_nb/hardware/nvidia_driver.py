"""Asks NVIDIA's driver for its GPUs, and does not wait for one that hangs."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from shutil import which
from typing import Any

from gemma_nb.hardware.nvidia_gpu import DriverAnswer
from gemma_nb.hardware.nvidia_smi import ask_nvidia_smi
from gemma_nb.hardware.nvml import ask_nvml
from gemma_nb.i18n import Message

#: Seconds that a GPU's driver may take to answer. Where a driver is loaded it may take seconds to
#: wake a GPU that nothing keeps awake (persistence mode off).
TIMEOUT, TIMEOUT_WITH_DRIVER = 0.8, 10.0

#: Files that exist where a driver is loaded. Under WSL the driver is Windows's and only /dev/dxg
#: tells (NVIDIA, "CUDA on WSL User Guide"); a Jetson has its own driver, nvgpu.
_DRIVER_FILES = (
    "proc/driver/nvidia/version",
    "dev/nvidiactl",
    "dev/nvidia0",
    "dev/dxg",
    "dev/nvhost-gpu",
)

#: Where WSL keeps nvidia-smi; a service's PATH does not name it.
_WSL_FOLDER = "usr/lib/wsl/lib"


class _DriverThread:
    """The thread for calls into the driver, which cannot be interrupted.

    One for all calls, because each new thread keeps memory of its own; a daemon, so that a call that
    hangs does not keep the interpreter from exiting.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Any], SimpleQueue[Any]]] = SimpleQueue()
        threading.Thread(target=self._work, name="gemma_nb-driver", daemon=True).start()

    def _work(self) -> None:
        while True:
            call, answer = self._calls.get()
            answer.put(call())

    def run(self, call: Callable[[], Any], timeout: float) -> Any:
        """What ``call``, which raises nothing, returns.

        Raises:
            queue.Empty: it did not return within ``timeout`` seconds.
        """
        answer: SimpleQueue[Any] = SimpleQueue()
        self._calls.put((call, answer))
        return answer.get(timeout=timeout)


@cache
def _driver_thread() -> _DriverThread:
    return _DriverThread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_driver_thread.cache_clear)  # threads are not copied


def ask_driver(env: Mapping[str, str], root: Path = Path("/")) -> DriverAnswer:
    """Asks NVML through nvidia-ml-py; where package or library is missing, ``nvidia-smi``.

    Args:
        env: environment variables; PATH and CUDA_VISIBLE_DEVICES are read.
        root: the directory that contains ``proc`` and ``dev``.

    Returns:
        The GPUs, or why they are unknown. It comes within ``TIMEOUT_WITH_DRIVER`` seconds where a
        driver is loaded, else within ``TIMEOUT``.
    """
    has_driver = any((root / file).exists() for file in _DRIVER_FILES)
    windows = sys.platform == "win32" and root == Path("/")
    timeout = TIMEOUT_WITH_DRIVER if has_driver or windows else TIMEOUT
    answer = _within(timeout, ask_nvml, "NVML")
    if answer is None:
        program = which("nvidia-smi", path=env.get("PATH"))
        program = program or which("nvidia-smi", path=str(root / _WSL_FOLDER))
        if program is None:
            return DriverAnswer(source="NVML, nvidia-smi")
        # a little longer, so that the program's own time limit ends it first
        answer = _within(timeout + 0.5, lambda: ask_nvidia_smi(program, env, timeout), "nvidia-smi")
    return answer or DriverAnswer()


def _within(
    timeout: float, call: Callable[[], DriverAnswer | None], source: str
) -> DriverAnswer | None:
    """What a call answers, or that it did not in time.

    ``nvidia-smi`` is started in the thread too: a process that hangs in the kernel ends only when
    its call does, even if it is killed.
    """
    try:
        answer: DriverAnswer | None = _driver_thread().run(call, timeout)
    except Empty:
        _driver_thread.cache_clear()  # the thread stays in its call
        problem = Message("accelerator_no_answer", {"source": source, "seconds": f"{timeout:g}"})
        return DriverAnswer(problem=problem, source=source)
    return answer
