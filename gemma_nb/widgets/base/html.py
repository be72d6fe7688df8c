"""HTML in which text of a user or a model cannot become markup.

Every function here escapes the strings that it is given, unless they are ``Html`` already.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

#: Elements without an end tag.
_VOID_ELEMENTS = {"br", "hr", "img", "input", "wbr"}

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


def tag(name: str, *content: object, **attributes: Any) -> Html:
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


def link(address: str | None, label: object) -> Html:
    """A link that opens a new page; the label alone where there is no address."""
    if not address:
        return esc(label)
    return tag("a", label, href=address, target="_blank", rel="noopener noreferrer")


def code_block(code: object, label: str) -> Html:
    """A block of code that the keyboard can reach, and so scroll and copy.

    Args:
        code: the text.
        label: its name for a screen reader.
    """
    return tag(
        "pre", tag("code", code), class_="gnb-code", tabindex="0", role="region", aria_label=label
    )


def progress_bar(fraction: float, label: str) -> Html:
    """A bar that is filled up to a fraction.

    Args:
        fraction: from 0 to 1.
        label: its name for a screen reader.
    """
    return tag("progress", value=f"{fraction:.3f}", max="1", aria_label=label, style="width:100%")


def scroll_region(content: object, label: str) -> Html:
    """Wide content in a region that scrolls by itself and that the keyboard can reach.

    Args:
        content: what scrolls.
        label: its name for a screen reader.
    """
    return tag("div", content, class_="gnb-scroll", tabindex="0", role="region", aria_label=label)


def table(
    rows: Iterable[Iterable[object]],
    heads: Iterable[object] = (),
    *,
    label: str,
    first_is_head: bool = False,
) -> Html:
    """A table in a scroll region.

    Args:
        rows: the cells, row by row.
        heads: the heading of each column; none when empty.
        label: its name for a screen reader.
        first_is_head: whether the first cell of each row is the heading of that row.
    """
    body = []
    for row in rows:
        cells = list(row)
        first = [tag("th", cells.pop(0), scope="row")] if first_is_head else []
        body.append(tag("tr", *first, *(tag("td", cell) for cell in cells)))
    head = tag("thead", tag("tr", *(tag("th", h, scope="col") for h in heads))) if heads else ""
    return scroll_region(tag("table", head, tag("tbody", *body), aria_label=label), label)


def breakable_name(name: str) -> Html:
    """The name of a variant, in which lines may break after an underscore."""
    return join(name.split("_"), join(["_", tag("wbr")]))
