"""The errors of the hubs' own clients, raised anew without the frames and texts that hold logins."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gemma_nb.errors import GemmaError, LoadError

_T = TypeVar("_T")
#: The most lines of code in the note of an error.
_MAX_LINES = 60
#: Packages whose errors mean that a request did not get through. huggingface_hub's client changed
#: from requests to httpx to httpx2.
_NETWORK_PACKAGES = ("httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3")


def unreachable(where: str, error: BaseException) -> LoadError:
    """The error for a hub that did not answer.

    Args:
        where: the handle.
        error: what the client raised.
    """
    key = "hub_certificate" if is_certificate_error(error) else "hub_unreachable"
    return LoadError(key, handle=where, why=error_name(error))


def error_name(error: BaseException) -> str:
    """The type of a client's error and its HTTP status, for a message.

    Its text may repeat the login, as an answer may, and its frames hold headers.
    """
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"{type(error).__name__} {status or ''}".rstrip()


def hide_frames(name: str, call: Callable[[], _T]) -> _T:
    """Runs ``call``, which asks a hub; an error that leaves it carries none of the frames below.

    The clients' frames hold headers with logins, which ``%xmode Verbose`` and error reporters print.

    Args:
        name: the model, for error messages.
        call: asks the hub.

    Raises:
        GemmaError: as ``call``.
        LoadError: ``call`` raised another error; a note tells the lines of code that it came through.
    """
    error: BaseException
    try:
        return call()
    except GemmaError as caught:
        error = caught
    except KeyboardInterrupt:
        error = KeyboardInterrupt()
    except OSError as caught:
        why = os.strerror(caught.errno) if caught.errno else type(caught).__name__
        error = LoadError("fetch_disk", name=name, why=why, file=caught.filename or "?")
    except Exception as caught:  # noqa: BLE001 - reported by type and line: its text may hold a secret
        last = traceback.extract_tb(caught.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        error = LoadError("fetch_unexpected", name=name, why=type(caught).__name__, where=where)
        error.add_note(_lines_of_code(caught))
    error.__cause__ = error.__context__ = None
    raise error.with_traceback(None)


def _lines_of_code(error: BaseException | None) -> str:
    """The traceback of an error and of its causes as places in the code, without any value or text."""
    lines: list[str] = []
    while error is not None and len(lines) < _MAX_LINES:
        frames = traceback.StackSummary.extract(
            traceback.walk_tb(error.__traceback__), lookup_lines=False
        )
        lines += [f"  {_short_path(f.filename)}:{f.lineno} in {f.name}" for f in frames]
        lines.append(type(error).__name__)
        error = error.__cause__ or error.__context__
    return "\n".join(lines[:_MAX_LINES])


def _short_path(path: str) -> str:
    """A path from its package on."""
    return "/".join(Path(path).parts[-3:])


def is_network_error(error: BaseException) -> bool:
    """Whether a request of a hub's client did not get through."""
    package = type(error).__module__.partition(".")[0]
    return package in _NETWORK_PACKAGES or isinstance(error, OSError)


def is_certificate_error(error: BaseException | None) -> bool:
    """Whether a request failed because the server's certificate is not trusted here.

    The clients wrap Python's error, each in its own way; OpenSSL's words remain in the text.
    """
    while error is not None:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
