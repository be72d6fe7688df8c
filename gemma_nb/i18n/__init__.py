"""Every sentence that a person reads, in English and Japanese.

Each module of this package is the table of one room: ``TEXT``, a dict from a key to an
``(English, Japanese)`` pair, so that both languages have the same keys. Placeholders are
``str.format`` fields.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

LANGUAGES = ("en", "ja")

#: The modules that hold sentences.
ROOMS = (
    "catalog",
    "hardware",
    "fit",
    "choosing",
    "summaries",
    "prompts",
    "hub",
    "loading",
    "gguf",
    "generation",
    "compare",
    "widgets",
    "panels",
    "trace",
    "probabilities",
    "cli",
)

#: Environment variable that sets the language ("en" or "ja").
LANGUAGE_VARIABLE = "GEMMA_NB_LANG"

#: The language of the process, and the one of the running thread or task.
_process_language: str | None = None
_context_language: ContextVar[str | None] = ContextVar("gemma_nb_language", default=None)


@cache
def table() -> dict[str, tuple[str, ...]]:
    """All sentences: a dict from key to one text for each of ``LANGUAGES``.

    Raises:
        RuntimeError: two rooms define the same key.
    """
    merged: dict[str, tuple[str, ...]] = {}
    for room in ROOMS:
        sentences = import_module(f"{__name__}.{room}").TEXT
        if duplicates := merged.keys() & sentences.keys():
            raise RuntimeError(f"string keys defined twice: {sorted(duplicates)}")
        merged.update(sentences)
    return merged


def language() -> str:
    """The language in force.

    The first of these that is set: the language of the enclosing ``using_language`` block, that of
    ``choose_language``, GEMMA_NB_LANG, the locale (LC_ALL, LC_MESSAGES, LANG).

    Returns:
        "en" or "ja".
    """
    if explicit := _context_language.get() or _process_language:
        return explicit
    variable = os.environ.get(LANGUAGE_VARIABLE, "").strip().lower()
    if variable in LANGUAGES:
        return variable
    locale = next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(n))), "")
    return next((code for code in LANGUAGES if locale.lower().startswith(code)), LANGUAGES[0])


def choose_language(lang: str | None) -> None:
    """Sets the language of every sentence from now on, in all threads.

    Args:
        lang: one of ``LANGUAGES``; None goes back to the environment's language. The public
            function ``gemma_nb.set_language`` checks its argument, this one does not.
    """
    global _process_language
    _process_language = lang


@contextmanager
def using_language(lang: str) -> Iterator[None]:
    """Sets the language of sentences inside a ``with`` block, in this thread or task only.

    Args:
        lang: "en" or "ja".
    """
    token = _context_language.set(lang)
    try:
        yield
    finally:
        _context_language.reset(token)


def text(key: str, /, *, lang: str | None = None, **values: Any) -> str:
    """The sentence of a key, with its placeholders filled in.

    Args:
        key: a key of ``table()``.
        lang: "en" or "ja"; the language in force when None.
        **values: the placeholders' values; a ``Message`` among them becomes its own sentence.

    Raises:
        KeyError: an unknown key, or a placeholder without a value.
    """
    lang = lang or language()
    words = {k: v.text(lang) if isinstance(v, Message) else v for k, v in values.items()}
    sentence = table()[key][LANGUAGES.index(lang)]
    try:
        return sentence.format(**words)
    except KeyError:
        raise
    except Exception:  # noqa: BLE001 - a stranger's __repr__, a list that holds itself, 5,000 digits
        return sentence.format(**{k: _representable(v) for k, v in words.items()})


def _representable(value: Any) -> Any:
    """A value, or the name of its type where Python cannot write it."""
    try:
        repr(value), str(value)
    except Exception:  # noqa: BLE001 - as above
        return type(value).__name__
    return value


@dataclass(frozen=True)
class Message:
    """A sentence as key and values; it becomes text in the language in force when it is shown.

    Args:
        key: a key of ``table()``.
        values: the placeholders' values.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """The sentence in ``lang`` ("en" or "ja"), or in the language in force."""
        return text(self.key, lang=lang, **self.values)

    def __str__(self) -> str:
        return self.text()
