"""The language of every sentence, checked before it is set."""

from __future__ import annotations

from gemma_nb import i18n
from gemma_nb.errors import InvalidInput


def set_language(lang: str) -> None:
    """Sets the language of every sentence from now on.

    Args:
        lang: "en" or "ja", any case.

    Raises:
        InvalidInput: any other language.
    """
    i18n.choose_language(checked_language(lang))


def checked_language(lang: str | None) -> str:
    """The language that was asked for; the one in force when None.

    Args:
        lang: "en" or "ja", any case.

    Raises:
        InvalidInput: any other language.
    """
    if lang is None:
        return i18n.language()
    wanted = lang.strip().lower() if isinstance(lang, str) else lang
    if wanted not in i18n.LANGUAGES:
        raise InvalidInput("unknown_language", asked=lang)
    return wanted
