"""Bytes in words, the closest of some names, and text in columns."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

GIB = 2**30


def format_bytes(count: int) -> str:
    """A number of bytes as a person reads it: "14.7 GiB", "512 MiB".

    Args:
        count: bytes.
    """
    if abs(count) >= GIB:
        return f"{count / GIB:.1f} GiB"
    return f"{count / 2**20:.0f} MiB"


def closest_matches(name: str, names: Iterable[str], count: int = 3) -> str:
    """The names nearest to a wrong one, joined with commas.

    Args:
        name: what was asked for.
        names: what there is.
        count: how many names at most.

    Returns:
        The nearest names; the first ``count`` in order where nothing is near.
    """
    known = {n.lower(): n for n in names}
    close = get_close_matches(name.lower(), known, n=count, cutoff=0.4)
    return ", ".join(known[n] for n in close or list(known)[:count])


def cell_width(text: str) -> int:
    """How many terminal cells ``text`` takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def align_columns(rows: Iterable[Sequence[str]], right: Iterable[int] = (), indent: int = 2) -> str:
    """Rows of cells as lines of text.

    Args:
        rows: each as long as the others.
        right: the columns that line up on the right.
        indent: spaces before each line.
    """
    rows = [tuple(row) for row in rows]
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        cells = [
            " " * (wide - cell_width(cell)) + cell
            if i in right
            else cell + " " * (wide - cell_width(cell))
            for i, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append((" " * indent + "  ".join(cells)).rstrip())
    return "\n".join(lines)


def wrap_text(text: str, cells: int = 80, indent: int = 2) -> str:
    """``text`` in lines of at most ``cells`` cells, broken at spaces, or anywhere in Japanese."""
    lines, line = [], ""
    for word in _words(text):
        if line and cell_width(line + word.rstrip()) > cells - indent:
            lines.append(line.rstrip())
            line = ""
        line += word.lstrip() if not line else word
    return "\n".join(" " * indent + one for one in [*lines, line.rstrip()] if one)


def _words(text: str) -> Iterable[str]:
    """Pieces after which a line may break: a word with its space, or one wide character."""
    word = ""
    for c in text:
        wide = unicodedata.east_asian_width(c) in "WF"
        if wide and word and c not in "。、）」":
            yield word
            word = ""
        word += c
        if c == " " or (wide and c not in "（「"):
            yield word
            word = ""
    if word:
        yield word
