"""What all plots have in common: fonts, colours, hatches, and how a figure is finished."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import text
from gemma_nb.plots.fonts import Fonts, choose_fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, _GRID = "#222222", "#dddddd"


class Canvas:
    """A figure with one pair of axes, its fonts, and what all plots have in common."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib import rc_context

        self.fonts: Fonts = choose_fonts()
        self._below: list[str] = []
        settings: Any = {"font.family": list(self.fonts.families), "hatch.linewidth": 0.6}
        with rc_context(settings):
            self._figure: Any = _figure()(figsize=(width, height), layout="constrained", dpi=100)
            self.axes = self._figure.add_subplot()
            for side in ("top", "right"):
                self.axes.spines[side].set_visible(False)
            self.axes.tick_params(labelfontfamily=self.fonts.families, colors=INK)

    def text(self, key: str) -> str:
        """The words of ``key``, in a language that the fonts have."""
        return text(key, lang=self.fonts.lang)

    def below(self, line: str) -> None:
        """Writes a line below the axes."""
        self._below.append(line)

    def rows(self, names: Sequence[str]) -> None:
        """Names the rows, the first on top."""
        self.axes.set_yticks(range(len(names)), [self.fonts.safe(n) for n in names])
        self.axes.set_ylim(len(names) - 0.5, -0.5)
        self.axes.tick_params(axis="y", length=0)

    def named(self, names: Sequence[str], xs: Sequence[float], ys: Sequence[float]) -> None:
        """Writes each point's name above it; of points close to each other, by turns below."""
        wide, high = max(xs) or 1.0, (max(ys) - min(ys)) or 1.0
        placed: list[tuple[float, float]] = []
        for name, x, y in sorted(zip(names, xs, ys, strict=True), key=lambda p: (p[1], p[2])):
            near = sum(abs(x - a) < 0.09 * wide and abs(y - b) < 0.1 * high for a, b in placed)
            placed.append((x, y))
            up = (1 if near % 2 == 0 else -1) * (12 + 10 * (near // 2))
            self.axes.annotate(
                self.fonts.safe(name), (x, y), (0, up), fontsize=8.5, color=INK,
                textcoords="offset points", ha="center", va="center", zorder=5,
            )  # fmt: skip

    def grid(self, axis: str) -> None:
        """Draws lines behind the values; ``axis`` is "x", "y" or "both"."""
        self.axes.grid(axis=axis, color=_GRID, linewidth=0.8)
        self.axes.set_axisbelow(True)

    def done(self, key: str, *, title: str | None = None, legend: int = 0) -> Figure:
        """The finished figure.

        Args:
            key: its title's key.
            title: a title instead.
            legend: columns of the legend; 0 for none.
        """
        from matplotlib.text import Text

        self.axes.set_title(self.fonts.safe(title) if title else self.text(key), loc="left")
        if legend:
            self._figure.legend(
                loc="outside lower center", ncols=legend, fontsize=8.5, frameon=False
            )
        lines = [*self._below, *([self.fonts.note] if self.fonts.note else [])]
        if lines:
            self.axes.annotate("\n".join(lines), (0, 0), (0, -42), xycoords="axes fraction",
                               textcoords="offset points", va="top", fontsize=8, color="#555555")  # fmt: skip
        for found in self._figure.findobj(Text):
            found.set_fontfamily(list(self.fonts.families))
        return self._figure


def _figure() -> Any:
    """Figure, with a picture of its own: IPython draws one only where pyplot is in use."""
    from matplotlib.figure import Figure

    class Shown(Figure):
        def _repr_png_(self) -> bytes:
            return png(self)

    return Shown


def png(figure: Figure, dpi: int = 100) -> bytes:
    """A figure as a PNG file.

    Args:
        figure: any figure.
        dpi: dots an inch.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    # no date and no version: the same values give the same file
    FigureCanvasAgg(figure).print_figure(
        file, dpi=dpi, facecolor="white", metadata={"Software": None}
    )
    return file.getvalue()


def bar_style(number: int) -> dict[str, Any]:
    """How the bars of the n-th series look: a colour and a hatch of its own."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "hatch": _HATCHES[number % len(_HATCHES)],
        "edgecolor": "white" if number == 0 else INK,
        "linewidth": 0.6,
    }


def check_same_length(first: Sequence[Any], *others: Sequence[Any]) -> None:
    """Refuses lists that are empty or of different lengths.

    Raises:
        InvalidInput: they are.
    """
    if not first or any(len(other) != len(first) for other in others):
        raise InvalidInput("plot_lengths", lengths=", ".join(str(len(s)) for s in (first, *others)))
