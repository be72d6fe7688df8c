"""``set_language``: the language of every sentence, checked before it is set."""

from __future__ import annotations

from gemma_nb import i18n
from gemma_nb.errors import InvalidInput


def set_language(lang: str) -> None:
    """Sets the language of every sentence from now on.

    Args:
        lang: "en" or "ja", any case.

    Raises:
        InvalidInput: another language.
    """
    i18n.choose_language(checked_language(lang))


def checked_language(lang: str | None) -> str:
    """A language in the spelling of ``i18n.LANGUAGES``.

    Args:
        lang: "en" or "ja", any case; the language in force when None.

    Raises:
        InvalidInput: another language.
    """
    if lang is None:
        return i18n.language()
    code = lang.strip().lower() if isinstance(lang, str) else ""
    if code not in i18n.LANGUAGES:
        asked = lang[:80] if isinstance(lang, str) else type(lang).__name__
        raise InvalidInput("unknown_language", asked=asked, known=", ".join(i18n.LANGUAGES))
    return code
