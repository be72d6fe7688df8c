"""The fonts of a plot: one with Japanese characters if one is installed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.i18n import language, text

#: Fonts with Japanese characters on Debian, Colab, macOS and Windows. The first that is installed is
#: used.
JAPANESE = (
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "Source Han Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "Hiragino Sans",
    "Hiragino Maru Gothic Pro",
    "Yu Gothic",
    "Meiryo",
    "BIZ UDGothic",
    "TakaoGothic",
    "VL Gothic",
    "MS Gothic",
    "Noto Serif CJK JP",
)
#: The font that matplotlib includes.
PLAIN = "DejaVu Sans"
#: Parts of the file names of fonts with Japanese characters, to find those that were installed after
#: matplotlib made its list.
_FILE_NAME_PARTS = (
    "NotoSansCJK-Regular",
    "NotoSansJP",
    "ipaexg",
    "ipag",
    "TakaoGothic",
    "SourceHanSans",
)


@dataclass(frozen=True)
class Fonts:
    """The fonts and the language of a plot.

    Attributes:
        families: font families; each character is drawn with the first that has it.
        lang: the language of the labels: the one in force, or English if no font has Japanese
            characters.
        note: a note on the plot if the labels are not in the language in force; "" otherwise.
        files: the files of the families.
    """

    families: tuple[str, ...]
    lang: str
    note: str
    files: tuple[str, ...]

    def printable(self, label: str) -> str:
        """A label with "[U+…]" for characters that no font has, which would be drawn as boxes.

        Dollar signs are escaped, because matplotlib takes them for the ends of a formula.
        """
        characters = _characters(self.files)
        replaced = "".join(
            c if ord(c) in characters or c == "\n" else f"[U+{ord(c):04X}]" for c in label
        )
        return replaced.replace("$", r"\$")


def choose_fonts() -> Fonts:
    """The fonts for a plot in the language in force."""
    japanese = _japanese_font()
    lang = language()
    if japanese is None:
        if lang != "ja":
            return Fonts((PLAIN,), lang, "", _files((PLAIN,)))
        note = text("plot_no_japanese_font", lang="en")
        return Fonts((PLAIN,), "en", note, _files((PLAIN,)))
    families = (japanese, PLAIN) if lang == "ja" else (PLAIN, japanese)
    return Fonts(families, lang, "", _files(families))


def _japanese_font() -> str | None:
    """The family of a font with Japanese characters; None if none is installed."""
    from matplotlib import font_manager

    def find() -> str | None:
        installed = {font.name for font in font_manager.fontManager.ttflist}
        return next((name for name in JAPANESE if name in installed), None)

    return find() or (find() if _add_new_fonts() else None)


@cache
def _add_new_fonts() -> bool:
    """Adds fonts to matplotlib's list that were installed later; whether there are any."""
    from matplotlib import font_manager

    files = font_manager.findSystemFonts()
    japanese = [file for file in files if any(part in file for part in _FILE_NAME_PARTS)]
    for file in japanese:
        try:
            font_manager.fontManager.addfont(file)
        except (OSError, RuntimeError, ValueError):  # a damaged font cannot be used
            continue
    return bool(japanese)


def _files(families: tuple[str, ...]) -> tuple[str, ...]:
    from matplotlib import font_manager

    return tuple(
        str(font_manager.findfont(font_manager.FontProperties(family=[f]))) for f in families
    )


@cache
def _characters(files: tuple[str, ...]) -> frozenset[int]:
    """The code points that at least one of the fonts has."""
    from matplotlib.ft2font import FT2Font

    characters: set[int] = set()
    for file in files:
        if Path(file).exists():
            font: Any = FT2Font(file)
            characters.update(font.get_charmap())
    return frozenset(characters)
