"""HTML in which text of a user or a model cannot become markup.

Every function here escapes the strings that it is given, unless they are ``Html`` already.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

#: Elements without an end tag.
_VOID_ELEMENTS = {"br", "hr", "img", "input", "meta", "wbr"}

#: How an address may begin; others (``javascript:``, ``data:``) are left out.
_ALLOWED_ADDRESSES = ("https://", "http://", "#")


class Html(str):
    """Markup that is complete and is not escaped again."""

    __slots__ = ()


def esc(value: object) -> Html:
    """Escapes ``<``, ``>``, ``&`` and both quotes.

    Args:
        value: any object, converted by ``str``; ``Html`` is returned unchanged.
    """
    return value if isinstance(value, Html) else Html(escape(str(value), quote=True))


def join(parts: Iterable[object], separator: str = "") -> Html:
    """Joins parts; parts and separator are escaped unless they are ``Html``."""
    return Html(esc(separator).join(esc(p) for p in parts))


def tag(name: str, /, *content: object, **attributes: Any) -> Html:
    """One element.

    Args:
        name: its name, "p".
        *content: its content; strings are escaped, ``Html`` is not.
        **attributes: ``class_`` stands for class, ``aria_label`` for aria-label. True gives an
            attribute without a value; None and False leave it out. ``href`` and ``src`` are left
            out too, unless they begin with http://, https:// or #.
    """
    written = []
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if attribute in ("href", "src") and not str(value).startswith(_ALLOWED_ADDRESSES):
            continue
        written.append(f" {attribute}" if value is True else f' {attribute}="{esc(value)}"')
    start = f"<{name}{''.join(written)}>"
    return Html(start if name in _VOID_ELEMENTS else f"{start}{join(content)}</{name}>")
