"""Which fonts a plot is written in: one with Japanese where there is one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.i18n import language, text

#: Fonts with Japanese, as Debian, Colab, macOS and Windows have them; the first one found counts.
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
#: What matplotlib brings along.
PLAIN = "DejaVu Sans"
#: Pieces of file names of such fonts, for those installed after matplotlib made its list.
_FILES = ("NotoSansCJK-Regular", "NotoSansJP", "ipaexg", "ipag", "TakaoGothic", "SourceHanSans")


@dataclass(frozen=True)
class Fonts:
    """What a plot is written in.

    Args:
        families: font families, for each character the first that has it.
        lang: the language of its labels: the one in force, or English where no font has Japanese.
        note: what is said on the plot where that is not the language in force; "" else.
        files: the families' files.
    """

    families: tuple[str, ...]
    lang: str
    note: str
    files: tuple[str, ...]

    def safe(self, written: str) -> str:
        """A text in which characters that no font has are written as U+…, instead of as a box.

        Dollar signs are told from formulas.
        """
        covered = _covered(self.files)
        shown = "".join(
            c if ord(c) in covered or c == "\n" else f"[U+{ord(c):04X}]" for c in written
        )
        return shown.replace("$", r"\$")


def choose_fonts() -> Fonts:
    """The fonts for a plot in the language in force."""
    japanese = _japanese()
    lang = language()
    if japanese is None:
        note = text("plot_no_japanese_font", lang="en") if lang == "ja" else ""
        return Fonts((PLAIN,), "en", note, _files((PLAIN,)))
    families = (japanese, PLAIN) if lang == "ja" else (PLAIN, japanese)
    return Fonts(families, lang, "", _files(families))


def _japanese() -> str | None:
    """The family of a font with Japanese, None where there is none."""
    from matplotlib import font_manager

    def known() -> str | None:
        there = {font.name for font in font_manager.fontManager.ttflist}
        return next((name for name in JAPANESE if name in there), None)

    return known() or (known() if _add_new() else None)


@cache
def _add_new() -> bool:
    """Tells matplotlib of fonts that were installed after it made its list; whether there are any."""
    from matplotlib import font_manager

    found = [f for f in font_manager.findSystemFonts() if any(part in f for part in _FILES)]
    for file in found:
        try:
            font_manager.fontManager.addfont(file)
        except (OSError, RuntimeError, ValueError):  # a broken font is no font
            continue
    return bool(found)


def _files(families: tuple[str, ...]) -> tuple[str, ...]:
    from matplotlib import font_manager

    return tuple(
        str(font_manager.findfont(font_manager.FontProperties(family=[f]))) for f in families
    )


@cache
def _covered(files: tuple[str, ...]) -> frozenset[int]:
    """The characters that some of the fonts have."""
    from matplotlib.ft2font import FT2Font

    found: set[int] = set()
    for file in files:
        if Path(file).exists():
            font: Any = FT2Font(file)
            found.update(font.get_charmap())
    return frozenset(found)
