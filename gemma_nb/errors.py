"""The package's exceptions: each carries its sentence as a key plus values.

A sentence is made when the error is shown, in the language set at that moment.
"""

from __future__ import annotations

from typing import Any

from gemma_nb.i18n import Message


class GemmaError(Exception):
    """Base of every error that gemma_nb raises itself.

    Args:
        key: a key of ``gemma_nb.i18n``.
        **values: what the sentence's placeholders take.
    """

    def __init__(self, key: str, **values: Any) -> None:
        super().__init__(key, values)
        self.message = Message(key, values)

    def __str__(self) -> str:
        return str(self.message)


class InvalidInput(GemmaError, ValueError):
    """Something the caller gave cannot be used; raised before anything expensive starts."""


class BackendError(GemmaError, RuntimeError):
    """Keras was imported before gemma_nb could choose its backend."""


class LoadError(GemmaError, RuntimeError):
    """A model could not be loaded; nothing half-loaded stays in memory."""


class GenerationError(GemmaError, RuntimeError):
    """Generation had to stop; the model stays usable."""
