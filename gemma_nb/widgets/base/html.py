"""HTML in which nobody's text can become markup: every string is escaped unless it is ``Html``."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

#: Elements without an end tag.
_VOID = {"br", "hr", "img", "input", "wbr"}

#: What a link may begin with; any other address (``javascript:``, ``data:``) is dropped.
_SCHEMES = ("https://", "http://", "#")


class Html(str):
    """Markup that was made by this module; it is not escaped again."""

    __slots__ = ()


def esc(value: object) -> Html:
    """A text as markup: ``<``, ``>``, ``&`` and both quotes escaped.

    Args:
        value: any object, shown as ``str`` shows it; ``Html`` comes back as it is.
    """
    return value if isinstance(value, Html) else Html(escape(str(value), quote=True))


def join(parts: Iterable[object], separator: str = "") -> Html:
    """Parts in a row, each escaped unless it is ``Html``; the separator too."""
    return Html(esc(separator).join(esc(p) for p in parts))


def tag(name: str, *content: object, **attributes: Any) -> Html:
    """One element.

    Args:
        name: its name, "p".
        *content: what stands in it: strings are escaped, ``Html`` is taken as it is.
        **attributes: ``class_`` is class, ``aria_label`` aria-label; True is an attribute without
            a value, None and False none at all. An ``href`` or ``src`` that begins with neither
            http:// nor https:// is left out.
    """
    shown = []
    for key, value in attributes.items():
        written = key.rstrip("_").replace("_", "-")
        if value is None or value is False:
            continue
        if written in ("href", "src") and not str(value).startswith(_SCHEMES):
            continue
        shown.append(f" {written}" if value is True else f' {written}="{esc(value)}"')
    start = f"<{name}{''.join(shown)}>"
    return Html(start if name in _VOID else f"{start}{join(content)}</{name}>")


def link(address: str | None, label: object) -> Html:
    """A link that opens a page of its own; the label alone where there is no address."""
    if not address:
        return esc(label)
    return tag("a", label, href=address, target="_blank", rel="noopener noreferrer")


def pre(code: object, label: str) -> Html:
    """A block of code that the keyboard reaches, so that it can be scrolled and copied.

    Args:
        code: the text.
        label: what it is, for a screen reader.
    """
    return tag(
        "pre", tag("code", code), class_="gnb-code", tabindex="0", role="region", aria_label=label
    )


def table(
    rows: Iterable[Iterable[object]],
    heads: Iterable[object] = (),
    *,
    label: str,
    first_is_head: bool = False,
) -> Html:
    """A table; wide ones scroll in a region of their own that the keyboard reaches.

    Args:
        rows: cells, row by row.
        heads: the head of each column.
        label: the caption for a screen reader.
        first_is_head: whether each row's first cell names the row.
    """
    head = tag("tr", *(tag("th", h, scope="col") for h in heads))
    body = []
    for row in rows:
        cells = [tag("td", c) for c in row] if not first_is_head else []
        if first_is_head:
            first, *rest = row
            cells = [tag("th", first, scope="row"), *(tag("td", c) for c in rest)]
        body.append(tag("tr", *cells))
    parts = (tag("thead", head) if heads else Html(), tag("tbody", *body))
    inner = tag("table", *parts, aria_label=label)
    return tag("div", inner, class_="gnb-scroll", tabindex="0", role="region", aria_label=label)
