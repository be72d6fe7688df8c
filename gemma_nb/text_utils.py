"""Plain text for people: byte sizes, the nearest names, columns and wrapped lines."""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from difflib import get_close_matches
from io import StringIO
from itertools import pairwise

GIB = 2**30
MIB = 2**20

#: Japanese punctuation at which a line must not begin, and at which it must not end (JIS X 4051).
_NOT_AT_LINE_START = "、。，．」）),.:;!?"
_NOT_AT_LINE_END = "「（("


def format_bytes(count: int) -> str:
    """A number of bytes in the unit that a person reads: "14.7 GiB", "512 MiB".

    Args:
        count: bytes.
    """
    if abs(count) >= GIB:
        return f"{count / GIB:.1f} GiB"
    return f"{count / MIB:.0f} MiB"


def remove_invisible(text: str) -> str:
    """Removes the characters that a token or a key never has and that nobody sees.

    Editors and web pages add them: a byte order mark, zero-width and direction marks (Unicode's
    categories Cf and Cc, line breaks included), and whitespace round the text.

    Args:
        text: a text in one line.
    """
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc")).strip()


def decode_text(data: bytes) -> str:
    """Decodes a text file that an editor may have saved with a byte order mark.

    Args:
        data: UTF-8, or UTF-16 with its mark, which PowerShell's ``>`` writes.

    Raises:
        ValueError: it is neither.
    """
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return data.decode("utf-16" if is_utf16 else "utf-8-sig")


def closest_matches(name: str, names: Iterable[str], count: int = 3) -> str:
    """The names that are spelled most like a wrong one, joined with commas.

    Args:
        name: the name that does not exist.
        names: the names that exist.
        count: the largest number of names to return.

    Returns:
        The nearest names; the first ``count`` of ``names`` where none is near.
    """
    by_lower = {n.lower(): n for n in names}
    close = get_close_matches(name.lower(), by_lower, n=count, cutoff=0.4)
    return ", ".join(by_lower[n] for n in close or list(by_lower)[:count])


def cell_width(text: str) -> int:
    """The number of terminal cells that ``text`` takes; East Asian wide characters take two."""
    from rich.cells import cell_len

    return cell_len(text)


def align_columns(
    rows: Iterable[Sequence[str]], right: Container[int] = (), indent: int = 2
) -> str:
    """Rows of cells as lines of plain text, two spaces between the columns.

    Args:
        rows: rows with the same number of cells, at least one.
        right: indices of the columns that are aligned to the right.
        indent: spaces before each line.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = list(rows)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for index in range(len(rows[0])):
        grid.add_column(justify="right" if index in right else "left", no_wrap=True)
    for row in rows:
        grid.add_row(*(Text(cell.expandtabs()) for cell in row))
    # no colours and no terminal: the text also goes into pipes and into a notebook's text/plain
    lines = StringIO()
    width = sum(max(map(cell_width, column)) + 8 for column in zip(*rows, strict=True))
    Console(
        file=lines, width=width, color_system=None, force_terminal=False, force_jupyter=False
    ).print(grid)
    return "\n".join((" " * indent + line).rstrip() for line in lines.getvalue().splitlines())


def wrap_text(text: str, cells: int = 80, indent: int = 2) -> str:
    """``text`` in lines of at most ``cells`` terminal cells.

    Lines break at spaces, and in Japanese between any two characters that punctuation does not
    hold together (``rich`` breaks Japanese only where a line is full, before a full stop too).

    Args:
        text: one paragraph.
        cells: the largest width of a line, its indent included.
        indent: spaces before each line.
    """
    lines, line = [], ""
    for piece in _unbreakable_pieces(text):
        if line and cell_width(line + piece.rstrip()) > cells - indent:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return "\n".join(" " * indent + line for line in [*lines, line.rstrip()] if line)


def _unbreakable_pieces(text: str) -> Iterator[str]:
    """The parts of ``text`` between which a line may break.

    A part is a word with the space behind it, or one wide character with its punctuation.
    """
    piece = text[:1]
    for before, after in pairwise(text):
        widths = cell_width(before), cell_width(after)
        between_wide = 2 in widths and 0 not in widths and after != " "
        held = before in _NOT_AT_LINE_END or after in _NOT_AT_LINE_START
        if after != " " and (before == " " or (between_wide and not held)):
            yield piece
            piece = ""
        piece += after
    if piece:
        yield piece
