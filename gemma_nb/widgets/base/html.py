"""Elements that several panels share, as HTML that escapes what it is given."""

from __future__ import annotations

from collections.abc import Iterable

from gemma_nb.html_markup import Html, esc, tag
from gemma_nb.i18n import text


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


def copyable(content: object, source: str | None) -> Html:
    """Content to which page.js adds a Copy button; without that script there is none.

    Args:
        content: what is shown.
        source: what is copied; the text of the content when None.
    """
    return tag(
        "div",
        content,
        class_="gnb-copyable",
        data_copy=text("copy"),
        data_copied=text("copied"),
        data_source=source,
    )


def progress_bar(fraction: float | None, label: str) -> Html:
    """A bar that is filled up to a fraction.

    Args:
        fraction: from 0 to 1; None where the total is unknown: then something moves in the bar.
        label: its name for a screen reader.
    """
    value = None if fraction is None else f"{fraction:.3f}"
    return tag("progress", value=value, max="1", aria_label=label, style="width:100%")


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
