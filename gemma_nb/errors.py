"""The package's exceptions, each with its sentence as a key plus values, and how values are shown.

The sentence is made when the error is shown, in the language in force at that moment.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from gemma_nb.i18n import Message

#: The most characters of a value in a message.
_LONGEST = 80
#: The most characters of a path in a message.
_LONGEST_PATH = 300


class GemmaError(Exception):
    """Base of every error that gemma_nb raises itself.

    An error can be pickled and copied, for example to cross a process boundary; a value that
    cannot be pickled is replaced by its text.

    Args:
        key: a key of ``gemma_nb.i18n``.
        **values: the values of the sentence's placeholders.

    Attributes:
        message: the ``Message`` of key and values.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key, values)
        self.message = Message(key, values)

    def __str__(self) -> str:
        return str(self.message)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own __reduce__ calls the class with ``args``, but values are keyword arguments
        message = _picklable(self.message)
        state = {**self.__dict__, "message": message}
        return _rebuild, (type(self), message.key, message.values), state


class InvalidInput(GemmaError, ValueError):
    """An argument cannot be used; raised before any expensive work starts."""


class BackendError(GemmaError, RuntimeError):
    """Keras was imported before gemma_nb could choose its backend."""


class LoadError(GemmaError, RuntimeError):
    """A model could not be loaded; no part of it stays in memory."""


class GenerationError(GemmaError, RuntimeError):
    """Generation had to stop; the model stays usable."""


@dataclass(frozen=True)
class _Rendered:
    """The text of a value that cannot be pickled."""

    plain: str
    representation: str

    def __str__(self) -> str:
        return self.plain

    def __repr__(self) -> str:
        return self.representation


def _rebuild(kind: type[GemmaError], key: str, values: dict[str, Any]) -> GemmaError:
    return kind(key, **values)


def _picklable(value: Any) -> Any:
    """``value`` if it survives pickling, else its text; a ``Message`` value by value."""
    if isinstance(value, Message):
        return Message(value.key, {name: _picklable(v) for name, v in value.values.items()})
    try:
        pickle.loads(pickle.dumps(value))  # noqa: S301 - bytes made here
    except Exception:  # noqa: BLE001 - __reduce__ and constructors may raise anything
        return _Rendered(str(value), repr(value))
    return value


def shown(value: Any) -> Any:
    """A value for a message; the beginning of its text where that is long.

    Args:
        value: any value; its ``repr`` may raise an error or be without an end, as of a list that
            holds itself.
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a stranger's __repr__, and integers of 5,000 digits
        return type(value).__name__
    return value if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def shown_path(path: Any) -> Any:
    """A path for a message; the end of one that is long, as that holds the file's name.

    Args:
        path: what a caller gave as a path; ``shown`` shows what is none.
    """
    if not isinstance(path, str | PurePath):
        return shown(path)
    text = str(path)
    return text if len(text) <= _LONGEST_PATH else f"…{text[-_LONGEST_PATH:]}"
