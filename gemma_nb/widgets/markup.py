"""HTML in which nobody's text can become markup: every string is escaped unless it is ``Html``."""

from __future__ import annotations

from collections.abc import Iterable

from gemma_nb.html_markup import Html, esc, join, tag

__all__ = ["Html", "esc", "join", "link", "pre", "table", "tag"]


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
