"""Work that has to run on the main thread, from wherever a click arrives.

JupyterLab 4.4 and later sends what a person does in a widget to a subshell, a thread of its own
(its setting ``commsOverSubshells``), while a cell may be running; Notebook 6 and Colab handle it on
the main thread, between cells.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any


def kernel() -> Any:
    """The IPython kernel of this process, None outside one (a terminal, a test)."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return getattr(get_ipython(), "kernel", None)


def on_main_thread(work: Callable[[], None]) -> None:
    """Runs ``work`` on the main thread: at once if this is it, else when it is free.

    There the kernel's interrupt raises ``KeyboardInterrupt`` in ``work``, as in a cell.

    Args:
        work: takes nothing and catches its own errors, ``KeyboardInterrupt`` too.
    """
    if threading.current_thread() is threading.main_thread():
        work()
        return
    running = kernel()
    if running is None:
        work()
        return
    context = copy_context()  # holds the cell that output belongs to
    running.io_loop.add_callback(lambda: context.run(_interruptible, work))


def _interruptible(work: Callable[[], None]) -> None:
    """Outside its handlers the kernel ignores the interrupt: here it counts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        work()
    except KeyboardInterrupt:  # it would end the kernel's loop, and so the kernel
        pass
    finally:
        signal.signal(signal.SIGINT, before)


def soon(work: Callable[[], None], seconds: float = 0.5) -> None:
    """Runs ``work`` a little later on this thread's loop, once what is queued now has been handled.

    Args:
        work: takes nothing.
        seconds: how much later; at once where no loop runs.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work()
        return
    loop.call_later(seconds, work)
