"""What a value shows of itself: a few lines of text, and the same as HTML with a memory bar.

``Summary`` is the content in the language in force; ``Displayed`` gives a class both forms of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import language, text
from gemma_nb.text_utils import align_columns, format_gib, remove_invisible, wrap_text

#: Cells of a bar of text.
_BAR_CELLS = 40
#: A part of memory -> its colour. The legend names the parts in the order of the bar.
_COLOURS = {
    "weights": "#3b6fd4",
    "encoders": "#8a5cd6",
    "kv_cache": "#1f9e89",
    "workspace": "#d98c1f",
    "overhead": "#a8651a",
    "host": "#7a7f87",
    "loading": "#aab2bf",
    "others": "#7a7f87",
    "reserved": "#aab2bf",
    "missing": "#c8372d",
}
_CELL = "padding:2px 12px 2px 0;text-align:left;vertical-align:baseline"
_ONE_LINE, _MANY_LINES = "white-space:nowrap", "min-width:14em;overflow-wrap:anywhere"
#: Characters of the longest cell of a column whose cells stay on one line each.
_SHORT_CELL = 24
_BAR = "display:flex;height:14px;border:1px solid #8888;border-radius:4px;overflow:hidden"


@dataclass(frozen=True)
class BarPart:
    """One part of a memory bar.

    Args:
        key: its name; ``part_<key>`` is its label in ``gemma_nb.i18n``. "free" is left empty, and
            "missing" lies at the end of what is needed.
        size: bytes.
    """

    key: str
    size: int

    @property
    def label(self) -> str:
        """Its name and size in the language in force."""
        return f"{text(f'part_{self.key}')} {format_gib(self.size)}"


def bar_parts(sizes: Mapping[str, int]) -> tuple[BarPart, ...]:
    """The parts of a memory bar, without those of no bytes.

    Args:
        sizes: key of a part -> bytes, in the order of the bar.
    """
    return tuple(BarPart(key, size) for key, size in sizes.items() if size > 0)


def drawn_lengths(parts: Sequence[BarPart]) -> list[tuple[BarPart, int]]:
    """The parts in order, each with the bytes of the bar that it takes.

    What is missing lies at the end of what is needed, so it covers that end.
    """
    covered = sum(part.size for part in parts if part.key == "missing")
    drawn = []
    for part in reversed(parts):
        length = part.size
        if part.key != "missing":
            hidden = min(covered, length)
            covered, length = covered - hidden, length - hidden
        drawn.append((part, length))
    return drawn[::-1]


@dataclass(frozen=True)
class Summary:
    """The content of a value's text and HTML.

    Args:
        title: one line.
        rows: rows of cells; without ``heads`` the first cell of a row is its heading.
        heads: the headings of the columns.
        bar: the parts of a memory bar.
        notes: sentences below.
        details: rows that the text leaves out, and the HTML folds.
        details_title: the title of the details.
        text_columns: how many columns the text has; None for all of them.
    """

    title: str
    rows: tuple[tuple[str, ...], ...] = ()
    heads: tuple[str, ...] = ()
    bar: tuple[BarPart, ...] = ()
    notes: tuple[str, ...] = ()
    details: tuple[tuple[str, ...], ...] = ()
    details_title: str = ""
    text_columns: int | None = None

    def __post_init__(self) -> None:
        # names come from users and from hubs: no control characters, no changes of direction
        for name in ("title", "details_title"):
            object.__setattr__(self, name, remove_invisible(getattr(self, name)))
        for name in ("heads", "notes"):
            object.__setattr__(self, name, _visible(getattr(self, name)))
        for name in ("rows", "details"):
            object.__setattr__(self, name, tuple(map(_visible, getattr(self, name))))

    def text(self) -> str:
        """The title, the bar, the rows and the notes in lines of text."""
        lines = [self.title]
        if any(part.size for part in self.bar):
            lines.append(f"  {_text_bar(self.bar)}")
            # a name and its size stay on one line
            legend = text("show_and").join(part.label.replace(" ", "\xa0") for part in self.bar)
            lines.append(wrap_text(legend).replace("\xa0", " "))
        if self.rows:
            rows = [self.heads, *self.rows] if self.heads else list(self.rows)
            lines.append(align_columns([row[: self.text_columns] for row in rows]))
        lines += [wrap_text(note) for note in self.notes]
        return "\n".join(lines)

    def html(self) -> Html:
        """The same as HTML without scripts and style sheets; every text is escaped."""
        parts = [tag("strong", self.title)]
        if any(part.size for part in self.bar):
            parts.append(_html_bar(self.bar))
        if self.rows:
            parts.append(_table(self.rows, self.heads, self.title))
        parts += [tag("div", note, style="margin:2px 0") for note in self.notes]
        if self.details:
            folded = (
                tag("summary", self.details_title),
                _table(self.details, (), self.details_title),
            )
            parts.append(tag("details", *folded))
        return tag("div", *parts, style="max-width:60em;line-height:1.5", lang=language())


def _visible(cells: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(remove_invisible, cells))


class Displayed:
    """A value that is shown as its ``Summary``, in a terminal and in a notebook."""

    def _summary(self) -> Summary:
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._summary().text()

    def _repr_html_(self) -> str:
        return self._summary().html()


def _text_bar(parts: tuple[BarPart, ...]) -> str:
    """Full blocks for what is taken, light ones for what is free, crosses for what is missing."""
    drawn = drawn_lengths(parts)
    whole = sum(length for _, length in drawn)
    free, missing = (
        round(_BAR_CELLS * sum(n for part, n in drawn if part.key == key) / whole)
        for key in ("free", "missing")
    )
    return "█" * (_BAR_CELLS - free - missing) + "░" * free + "×" * missing


def _html_bar(parts: tuple[BarPart, ...]) -> Html:
    drawn = drawn_lengths(parts)
    whole = sum(length for _, length in drawn)
    spoken = "; ".join(part.label for part in parts)
    sections = (
        tag(
            "span",
            style=f"width:{100 * length / whole:.2f}%;background:{_colour(part)}",
            title=part.label,
        )
        for part, length in drawn
    )
    legend = (
        tag("span", _swatch(part), part.label, style="margin-right:14px;white-space:nowrap")
        for part in parts
    )
    bar = tag("div", *sections, style=_BAR, role="img", aria_label=spoken)
    return join([bar, tag("div", join(legend, " "), style="margin:2px 0 6px")])


def _colour(part: BarPart) -> str:
    return _COLOURS.get(part.key, "transparent")


def _swatch(part: BarPart) -> Html:
    style = "display:inline-block;width:.8em;height:.8em;margin-right:5px;border:1px solid #8888"
    return tag("span", style=f"{style};background:{_colour(part)}", aria_hidden="true")


def _table(rows: tuple[tuple[str, ...], ...], heads: tuple[str, ...], label: str) -> Html:
    """A table that scrolls where it is too wide; ``label`` is its name for a screen reader."""
    styles = [_column_style(column) for column in zip(*rows, strict=True)]
    head: Html | str = ""
    if heads:
        cells = zip(heads, styles, strict=True)
        # the name of a column is short, and Japanese would break after each character
        head = tag(
            "tr", *(tag("th", h, scope="col", style=f"{style};{_ONE_LINE}") for h, style in cells)
        )
    body = (
        tag(
            "tr",
            tag("th", row[0], scope="row", style=f"{styles[0]};font-weight:500;min-width:5em"),
            *(
                tag("td", cell, style=style)
                for cell, style in zip(row[1:], styles[1:], strict=True)
            ),
        )
        for row in rows
    )
    table = tag("table", head, *body, style="border-collapse:collapse;margin:4px 0")
    return tag("div", table, style="overflow-x:auto", tabindex="0", role="region", aria_label=label)


def _column_style(cells: Sequence[str]) -> str:
    """Names and numbers stay on one line ("9.76 GiB"); sentences and commands fill what is left."""
    return f"{_CELL};{_ONE_LINE if max(map(len, cells)) <= _SHORT_CELL else _MANY_LINES}"
