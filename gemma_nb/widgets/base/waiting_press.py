"""A press on Stop that arrives while the main thread is busy making text.

JupyterLab 4.4 and later handles presses on a thread of its own (a subshell): the button's handler
runs at once. With ipykernel 6 (Notebook 6, Colab) the press waits in the shell channel's queue
until the work is done; there it can be seen without being taken out. Where neither holds, the
kernel's own interrupt stops the work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.widgets.base.main_thread import kernel


def waiting_press(button: Any) -> Callable[[], bool]:
    """A question that can be asked between two tokens: does a press on ``button`` wait?

    The queue is looked at and left as it is: each message is handled in its turn afterwards.

    Args:
        button: an ipywidgets button.

    Returns:
        A function that tells whether a press waits; always False where it cannot be known.
    """
    running = kernel()
    stream: Any = getattr(running, "shell_stream", None)
    queue: Any = getattr(getattr(running, "msg_queue", None), "_queue", None)
    session: Any = getattr(running, "session", None)
    # ipykernel 7 reads the channel on another thread, which is not to be touched from here
    if stream is None or queue is None or getattr(running, "shell_channel_thread", None):
        return lambda: False
    seen: set[int] = set()

    def asked() -> bool:
        from zmq import POLLIN

        stream.flush(POLLIN)
        for entry in list(queue):
            if id(entry) in seen:
                continue
            seen.add(id(entry))
            if _is_press(session, entry, button.model_id):
                return True
        return False

    return asked


def _is_press(session: Any, entry: Any, model_id: str) -> bool:
    """Whether a queued message is a click on the widget of that id."""
    try:
        _, _, args = entry
        parts = args[0]
        _, parts = session.feed_identities(parts, copy=False)
        # the header, what it answers, metadata and content, behind the signature
        header, content = (session.unpack(parts[i].bytes) for i in (1, 4))
        data = content.get("data", {})
        return (
            header.get("msg_type") == "comm_msg"
            and content.get("comm_id") == model_id
            and data.get("content", {}).get("event") == "click"
        )
    except Exception:  # noqa: BLE001 - another layout than ipykernel 6's: the interrupt stays
        return False
