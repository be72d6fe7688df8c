"""Plain text for people: byte sizes, the nearest names, columns and wrapped lines."""

from __future__ import annotations

import codecs
import shutil
import unicodedata
from collections.abc import Container, Iterable, Iterator, Sequence
from difflib import get_close_matches
from io import StringIO
from itertools import pairwise

from gemma_nb.i18n import text

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


def format_gib(count: int) -> str:
    """A number of bytes in GiB with three digits, below 0.1 GiB in MiB: "14.7 GiB", "59.1 MiB".

    Args:
        count: bytes.
    """
    if abs(count) >= 0.1 * GIB:
        number, unit = count / GIB, "GiB"
    else:
        number, unit = count / MIB, "MiB"
    if abs(number) >= 999.5 or 0 < abs(number) < 0.1:
        return f"{number:.0f} {unit}"
    return f"{number:#.3g}".rstrip(".") + f" {unit}" if number else "0 GiB"


def format_each(count: int, devices: int) -> str:
    """The bytes on each of several devices: "2 x 11.5 GiB"; of one device as ``format_gib``.

    Args:
        count: bytes on one device.
        devices: the number of devices.
    """
    size = format_gib(count)
    return size if devices == 1 else f"{devices} x {size}"


def remove_invisible(text: str) -> str:
    """Removes the characters that a token or a key never has and that nobody sees.

    Editors and web pages add them: a byte order mark, zero-width and direction marks (Unicode's
    categories Cf and Cc, line breaks included), and whitespace round the text.

    Args:
        text: a text in one line.
    """
    return "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cc")).strip()


def visible_piece(piece: str) -> str:
    """The piece of a token with visible spaces.

    A space becomes ␣, a line break ⏎, a tab ⇥ and the empty piece ∅.

    Args:
        piece: the piece.
    """
    replaced = piece.replace("▁", "␣").replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")
    return replaced or "∅"


def begins_word(before: str, piece: str) -> bool:
    """Whether the piece of a token begins a new word after another piece.

    Words end at a space, at punctuation, and where the script changes. Kanji and katakana form
    words; each piece of hiragana is one of its own.

    Args:
        before: the piece before it.
        piece: the piece.
    """
    last, first = before[-1:], piece[:1]
    if not before.strip("▁ "):
        return not before or first in ("", "▁", " ", "\n")
    if unicodedata.category(first or " ").startswith("M"):  # an accent or a vowel sign
        return False
    if not first.isalnum():
        return True
    if unicodedata.category(last).startswith("M"):
        return False
    return not last.isalnum() or _script(last) != _script(first) or _script(first) == "HIRAGANA"


def word_ranges(pieces: Sequence[str]) -> list[range]:
    """The words of a text, as ranges of its pieces.

    Args:
        pieces: the pieces of its tokens, in order.
    """
    starts = [i for i, one in enumerate(pieces) if not i or begins_word(pieces[i - 1], one)]
    return [range(*ends) for ends in pairwise([*starts, len(pieces)])]


def _script(letter: str) -> str:
    """The script of a letter: the first word of its name in Unicode."""
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0]


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


def terminal_width() -> int:
    """The columns of the terminal, at least 40; 80 where the output goes elsewhere."""
    return max(40, shutil.get_terminal_size((80, 24)).columns)


def fit_columns(rows: Sequence[Sequence[str]], width: int, right: Container[int] = ()) -> str:
    """A table within a width: in columns, or, where they are too wide, in a few lines for each row.

    Args:
        rows: the headings, and rows with the same number of cells.
        width: the largest number of terminal cells in a line.
        right: indices of the columns that are aligned to the right.
    """
    columns = align_columns(rows, right, indent=0)
    if max(map(cell_width, columns.splitlines())) <= width:
        return columns
    heads, *body = rows
    lines = []
    for name, *cells in body:
        lines.append(wrap_text(name, width, indent=0))
        pairs = zip(heads[1:], cells, strict=True)
        # a heading and its value stay on one line
        values = (f"{head} {cell}".replace(" ", "\xa0") for head, cell in pairs if cell)
        lines.append(wrap_text(text("show_and").join(values), width).replace("\xa0", " "))
    return "\n".join(lines)


def wrap_text(text: str, cells: int = 80, indent: int = 2) -> str:
    """``text`` in lines of at most ``cells`` terminal cells; a word that is longer is cut.

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
        while cell_width(line.rstrip()) > cells - indent:
            end = _longest_beginning(line, cells - indent)
            lines.append(line[:end])
            line = line[end:]
    return "\n".join(" " * indent + line for line in [*lines, line.rstrip()] if line)


def _longest_beginning(text: str, cells: int) -> int:
    """The number of characters at the beginning of ``text`` that ``cells`` hold, at least one."""
    longest = min(len(text), cells)
    while longest > 1 and cell_width(text[:longest]) > cells:
        longest -= 1
    end = longest
    while end > 1 and (text[end] in _NOT_AT_LINE_START or text[end - 1] in _NOT_AT_LINE_END):
        end -= 1
    return end if end > 1 else longest


def _unbreakable_pieces(text: str) -> Iterator[str]:
    """The parts of ``text`` between which a line may break.

    A part is a word with the space after it, or one wide character with its punctuation.
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
