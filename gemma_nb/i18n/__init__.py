"""Every sentence a person reads, in English and Japanese.

One module a room: each holds ``TEXT``, a dict from a key to an ``(English, Japanese)`` pair, so
that both languages have the same keys by construction. Placeholders are ``str.format`` fields.
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
    "common",
    "catalog",
    "prompts",
    "replies",
    "running",
    "embedding",
    "media",
    "tour",
    "hardware",
    "memory",
    "advice",
    "cli_fit",
    "loading",
    "frameworks",
    "compare",
    "compare_panel",
    "plots",
    "options",
    "picker",
    "inspector",
    "chat_panel",
    "credentials_panel",
    "widgets",
)

#: Environment variable that sets the language ("en" or "ja").
LANGUAGE_VARIABLE = "GEMMA_NB_LANG"

_chosen: str | None = None
_spoken: ContextVar[str | None] = ContextVar("gemma_nb_language", default=None)


@cache
def table() -> dict[str, tuple[str, str]]:
    """All sentences: a dict from key to ``(English, Japanese)``.

    Raises:
        RuntimeError: two rooms use the same key.
    """
    merged: dict[str, tuple[str, str]] = {}
    for room in ROOMS:
        texts = import_module(f"{__name__}.{room}").TEXT
        if twice := merged.keys() & texts.keys():
            raise RuntimeError(f"string keys defined twice: {sorted(twice)}")
        merged.update(texts)
    return merged


def language() -> str:
    """The language in force: the chosen one, else GEMMA_NB_LANG's, else the locale's."""
    if spoken := _spoken.get():
        return spoken
    if _chosen:
        return _chosen
    asked = os.environ.get(LANGUAGE_VARIABLE, "").strip().lower()
    if asked in LANGUAGES:
        return asked
    locale = next((v for n in ("LC_ALL", "LC_MESSAGES", "LANG") if (v := os.environ.get(n))), "")
    return "ja" if locale.lower().startswith("ja") else "en"


def choose_language(lang: str | None) -> None:
    """Sets the language of every sentence from now on; None goes back to the environment's.

    Args:
        lang: one of ``LANGUAGES``; ``gemma_nb.language.set_language`` checks what a person typed.
    """
    global _chosen
    _chosen = lang


@contextmanager
def using_language(lang: str) -> Iterator[None]:
    """For the length of a block, makes sentences in a language, in this thread only.

    Args:
        lang: "en" or "ja".
    """
    before = _spoken.set(lang)
    try:
        yield
    finally:
        _spoken.reset(before)


def text(key: str, /, *, lang: str | None = None, **values: Any) -> str:
    """The sentence of ``key``, filled in.

    Args:
        key: a key of ``table()``.
        lang: "en" or "ja"; the language in force when None.
        **values: what the placeholders take; a ``Message`` among them is filled in too.

    Raises:
        KeyError: no such key, or a placeholder's value is missing.
    """
    lang = lang or language()
    filled = {k: v.text(lang) if isinstance(v, Message) else v for k, v in values.items()}
    return table()[key][LANGUAGES.index(lang)].format(**filled)


@dataclass(frozen=True)
class Message:
    """A sentence that has not been put into words yet.

    Args:
        key: a key of ``table()``.
        values: what its placeholders take.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, lang: str | None = None) -> str:
        """The sentence in ``lang`` ("en", "ja"), or in the language in force."""
        return text(self.key, lang=lang, **self.values)

    def __str__(self) -> str:
        return self.text()
