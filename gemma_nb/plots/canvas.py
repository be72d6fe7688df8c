"""What all plots share: fonts, colours, hatches, and the finishing of a figure."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.html_markup import Html, esc
from gemma_nb.i18n import text
from gemma_nb.plots.fonts import Fonts, choose_fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
INK, _GRID = "#222222", "#dddddd"


class Canvas:
    """A figure with one pair of axes and with its fonts.

    Args:
        width: the width in inches.
        height: the height in inches.

    Attributes:
        fonts: the fonts of the figure.
        axes: the matplotlib axes.
    """

    def __init__(self, width: float, height: float) -> None:
        from matplotlib import rc_context

        self.fonts: Fonts = choose_fonts()
        self._notes: list[str] = []
        settings: Any = {"font.family": list(self.fonts.families), "hatch.linewidth": 0.6}
        with rc_context(settings):
            self._figure: Any = _figure_class()(
                figsize=(width, height), layout="constrained", dpi=100
            )
            self.axes = self._figure.add_subplot(facecolor="none")
            for side in ("top", "right"):
                self.axes.spines[side].set_visible(False)
            self.axes.tick_params(labelfontfamily=self.fonts.families, colors=INK)

    def text(self, key: str, **values: object) -> str:
        """The words of a key of ``i18n``, in a language whose characters the fonts have."""
        return text(key, lang=self.fonts.lang, **values)

    def add_note(self, line: str) -> None:
        """Adds a line below the axes."""
        self._notes.append(line)

    def label_rows(self, names: Sequence[str]) -> None:
        """Writes the names of horizontal bars on the y axis, the first on top."""
        self.axes.set_yticks(range(len(names)), [self.fonts.printable(name) for name in names])
        self.axes.set_ylim(len(names) - 0.5, -0.5)
        self.axes.tick_params(axis="y", length=0)

    def label_points(self, names: Sequence[str], xs: Sequence[float], ys: Sequence[float]) -> None:
        """Writes the name of each point above it, or alternately below it if points are close.

        Args:
            names: the name of each point.
            xs: the x values.
            ys: the y values.
        """
        x_span, y_span = max(xs) or 1.0, (max(ys) - min(ys)) or 1.0
        labelled: list[tuple[float, float]] = []
        for name, x, y in sorted(zip(names, xs, ys, strict=True), key=lambda p: (p[1], p[2])):
            neighbours = sum(
                abs(x - a) < 0.09 * x_span and abs(y - b) < 0.1 * y_span for a, b in labelled
            )
            labelled.append((x, y))
            offset = (1 if neighbours % 2 == 0 else -1) * (12 + 10 * (neighbours // 2))
            self.axes.annotate(
                self.fonts.printable(name), (x, y), (0, offset), fontsize=8.5, color=INK,
                textcoords="offset points", ha="center", va="center", zorder=5,
            )  # fmt: skip

    def grid(self, axis: str) -> None:
        """Draws grid lines behind the values.

        Args:
            axis: "x", "y" or "both".
        """
        self.axes.grid(axis=axis, color=_GRID, linewidth=0.8)
        self.axes.set_axisbelow(True)

    def finish(
        self,
        key: str,
        values: Iterable[tuple[str, str]],
        *,
        title: str | None = None,
        legend: int = 0,
    ) -> Figure:
        """Adds the title, the legend, the notes and the alternative text, and returns the figure.

        Args:
            key: the key of the title.
            values: the names and the values that are drawn, in words, for the alternative text.
            title: a title that replaces that of the key.
            legend: the number of columns of the legend; 0 for no legend.
        """
        from matplotlib.text import Text

        heading = title or self.text(key)
        self.axes.set_title(self.fonts.printable(heading), loc="left")
        listed = "; ".join(f"{name}: {value}" for name, value in values)
        self._figure.alternative = f"{heading}. {listed}"
        if legend:
            self._figure.legend(
                loc="outside lower center", ncols=legend, fontsize=8.5, frameon=False
            )
        lines = [*self._notes, *([self.fonts.note] if self.fonts.note else [])]
        if lines:
            self.axes.annotate("\n".join(lines), (0, 0), (0, -42), xycoords="axes fraction",
                               textcoords="offset points", va="top", fontsize=8, color="#555555")  # fmt: skip
        for element in self._figure.findobj(Text):
            element.set_fontfamily(list(self.fonts.families))
        return self._figure


def _figure_class() -> Any:
    """``Figure`` with a picture for notebooks; IPython itself draws figures of pyplot only."""
    from matplotlib.figure import Figure

    class NotebookFigure(Figure):
        #: what a screen reader says
        alternative = ""

        def _repr_html_(self) -> str:
            return plot_style() + image_html(self, self.alternative)

        def _repr_png_(self) -> bytes:
            return png(self)

    return NotebookFigure


@cache
def plot_style() -> Html:
    """The style sheet of ``image_html``, as an element."""
    sheet = files("gemma_nb.plots").joinpath("plot.css").read_text(encoding="utf-8")
    return Html(f"<style>{sheet}</style>")


def image_html(figure: Figure, alternative: str, dpi: int = 100) -> Html:
    """A figure as an image with a transparent ground, which is readable on dark pages.

    Args:
        figure: any figure.
        alternative: what a screen reader says.
        dpi: the resolution in dots per inch.
    """
    data = base64.b64encode(_picture(figure, dpi, "none")).decode("ascii")
    # tag() leaves out data: addresses, because text of a user or a model could hold one
    source = f"data:image/png;base64,{data}"
    kind = 'class="gnb-plot" style="background:#fff"'
    return Html(f'<img {kind} alt="{esc(alternative)}" src="{source}">')


def png(figure: Figure, dpi: int = 100) -> bytes:
    """A figure as a PNG file, on white.

    Args:
        figure: any figure.
        dpi: the resolution in dots per inch.
    """
    return _picture(figure, dpi, "white")


def _picture(figure: Figure, dpi: int, ground: str) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    file = io.BytesIO()
    # without date and version, so that equal values give equal files
    FigureCanvasAgg(figure).print_figure(
        file, dpi=dpi, facecolor=ground, metadata={"Software": None}
    )
    return file.getvalue()


def bar_style(number: int) -> dict[str, Any]:
    """The colour and the hatch of the bars of a series, as arguments of matplotlib.

    Args:
        number: the number of the series, from 0.
    """
    return {
        "color": COLOURS[number % len(COLOURS)],
        "hatch": _HATCHES[number % len(_HATCHES)],
        "edgecolor": "white" if number == 0 else INK,
        "linewidth": 0.6,
    }


def check_same_length(first: Sequence[Any], *others: Sequence[Any]) -> None:
    """Checks that sequences are not empty and have equal lengths.

    Raises:
        InvalidInput: they are empty or have different lengths.
    """
    if not first or any(len(other) != len(first) for other in others):
        raise InvalidInput("plot_lengths", lengths=", ".join(str(len(s)) for s in (first, *others)))
