"""Work on the kernel's main thread, and clicks that arrive while that thread is busy.

JupyterLab 4.4 and later sends the messages of widgets to a subshell, which is another thread (its
setting ``commsOverSubshells``), and may do so while a cell runs. Notebook 6 and Colab handle them
on the main thread between cells.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Any


def kernel() -> Any:
    """The IPython kernel of this process; None in a terminal or a test."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return getattr(get_ipython(), "kernel", None)


def on_main_thread(work: Callable[[], None]) -> None:
    """Runs ``work`` on the main thread: at once if called there, else when that thread is free.

    On the main thread, the kernel's interrupt raises ``KeyboardInterrupt`` in ``work``.

    Args:
        work: a function without arguments that handles its own errors, ``KeyboardInterrupt`` too.
    """
    running = kernel()
    if threading.current_thread() is threading.main_thread() or running is None:
        work()
        return
    context = copy_context()  # knows the cell to which output belongs
    running.io_loop.add_callback(lambda: context.run(_run_interruptible, work))


def _run_interruptible(work: Callable[[], None]) -> None:
    """Runs ``work`` so that the interrupt reaches it: the kernel ignores it outside its handlers."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        work()
    except KeyboardInterrupt:  # would end the kernel's event loop, and so the kernel
        pass
    finally:
        signal.signal(signal.SIGINT, previous)


def handle_in_order(widget: Any) -> None:
    """Has the messages to a widget handled where the page sent them, so that none overtakes another.

    ipykernel 7.4.0 moves each widget's messages to the shell from which the kernel last wrote to
    that widget (``_reply_subshell_for`` in its ``comm/comm.py``). A text and the click after it then
    arrive on two threads, and a panel may read the text as it was before. Other versions do not look
    at what is set here.

    Args:
        widget: an ipywidget that is open.
    """
    if widget.comm is not None:
        widget.comm._reply_subshell_for = lambda _, sent_to: sent_to  # noqa: SLF001


def run_later(work: Callable[[], None], seconds: float = 0.5) -> None:
    """Runs ``work`` on this thread's event loop after the messages that are queued now.

    Args:
        work: a function without arguments.
        seconds: the delay in seconds; without a running loop there is none.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        work()
        return
    loop.call_later(seconds, work)


def waiting_press(button: Any) -> Callable[[], bool]:
    """Makes a function that tells whether a click on a button waits to be handled.

    It lets work on the main thread see a click on Stop. With a subshell the button's handler runs
    at once, on another thread. With ipykernel 6 (Notebook 6, Colab) the click waits in the queue of
    the shell channel until the work ends. That queue is only read here: each message is handled in
    its turn. Where neither holds, the kernel's interrupt stops the work.

    Args:
        button: an ipywidgets button.

    Returns:
        A function without arguments; it returns False where the queue cannot be read.
    """
    running = kernel()
    stream: Any = getattr(running, "shell_stream", None)
    queue: Any = getattr(getattr(running, "msg_queue", None), "_queue", None)
    session: Any = getattr(running, "session", None)
    # ipykernel 7 reads the channel on another thread, so that its queue must not be used here
    if stream is None or queue is None or getattr(running, "shell_channel_thread", None):
        return lambda: False
    checked: set[int] = set()

    def is_waiting() -> bool:
        from zmq import POLLIN

        stream.flush(POLLIN)
        for entry in list(queue):
            if id(entry) in checked:
                continue
            checked.add(id(entry))
            if _is_click(session, entry, button.model_id):
                return True
        return False

    return is_waiting


def _is_click(session: Any, entry: Any, model_id: str) -> bool:
    """Whether an entry of ipykernel 6's queue is a click on the widget with this id."""
    try:
        _, _, args = entry
        _, parts = session.feed_identities(args[0], copy=False)
        # after the signature: header, parent header, metadata, content
        header, content = (session.unpack(parts[i].bytes) for i in (1, 4))
        data = content.get("data", {})
        return (
            header.get("msg_type") == "comm_msg"
            and content.get("comm_id") == model_id
            and data.get("content", {}).get("event") == "click"
        )
    except Exception:  # noqa: BLE001 - not the layout of ipykernel 6; the interrupt still works
        return False
