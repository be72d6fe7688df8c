"""Plots: values in, a matplotlib ``Figure`` out; nothing is drawn on pyplot's global state.

Series differ in hatch or marker as well as in colour, so that they can be told apart in grey; the
colours are Okabe and Ito's, which people with any colour vision tell apart
(https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.plot_fonts import Fonts, fonts
from gemma_nb.strings import text
from gemma_nb.units import GIB, size

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
_HATCHES = ("", "///", "...", "xxx", "\\\\\\", "+++", "ooo", "---")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_INK, _GRID = "#222222", "#dddddd"

#: The parts of a memory prediction, in the order in which they are stacked.
PARTS = ("weights", "towers", "kv_cache", "workspace", "overhead", "python")


def speed_quality(
    variants: Sequence[str],
    precisions: Sequence[str],
    speeds: Sequence[float],
    qualities: Sequence[float],
    quality: str,
) -> Figure:
    """Speed against quality, a point a choice: a marker a variant, the precision beside it.

    Args:
        variants: what each point is, told by the legend.
        precisions: what is written beside each point.
        speeds: tokens a second.
        qualities: a score each.
        quality: what the score is: "exact", "contains" or "same" (0 to 1), or "bits" (bits a
            byte: less is better, so its axis is turned over).

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    _same_length(variants, precisions, speeds, qualities)
    kinds = list(dict.fromkeys(variants))
    canvas = _Canvas(7.5, 4.4 + 0.22 * ((len(kinds) + 1) // 2))
    axes = canvas.axes
    for i, kind in enumerate(kinds):
        at = [n for n, v in enumerate(variants) if v == kind]
        axes.scatter(
            [speeds[n] for n in at],
            [qualities[n] for n in at],
            s=90,
            marker=_MARKERS[i % len(_MARKERS)],
            color=_COLOURS[i % len(_COLOURS)],
            edgecolor=_INK,
            zorder=3,
            label=canvas.fonts.safe(kind),
        )
    low, high = min(qualities), max(qualities)
    if quality != "bits":
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= 1.001 else "")
        low, high = min(low, 0.9), 1.0
    room = max((high - low) * 0.15, 0.02 * max(abs(high), 0.01))
    axes.set_ylim(low - room, high + room)
    axes.set_xlim(0, max([*speeds, 1e-9]) * 1.15)
    if quality == "bits":
        axes.invert_yaxis()
    canvas.named(precisions, speeds, qualities)
    axes.set_xlabel(canvas.text("plot_tokens_per_second"))
    axes.set_ylabel(canvas.text(f"plot_quality_{quality}"))
    canvas.grid("both")
    return canvas.done("plot_speed_quality_title", legend=2)


def memory(
    names: Sequence[str],
    parts: Sequence[Mapping[str, int]],
    measured: Sequence[int | None],
    available: int | None = None,
) -> Figure:
    """Predicted memory, its parts stacked, with the measured peak and what the device offers.

    Args:
        names: what each bar is.
        parts: a dict each from a name of ``PARTS`` to bytes.
        measured: the peak that was measured in bytes, None where it was not.
        available: what the device offers in bytes; None draws no line.

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    _same_length(names, parts, measured)
    totals = [sum(p.values()) for p in parts]
    unit, unit_name = (GIB, "GiB") if max(totals) >= GIB else (2**20, "MiB")
    canvas = _Canvas(8, 1.6 + 0.42 * len(names) + 0.5)
    axes, rows = canvas.axes, range(len(names))
    left = [0.0] * len(names)
    for i, part in enumerate(PARTS):
        values = [p.get(part, 0) / unit for p in parts]
        if not any(values):
            continue
        label = canvas.text(f"plot_part_{part}")
        axes.barh(rows, values, left=left, height=0.62, label=label, **_filled(i))
        left = [a + b for a, b in zip(left, values, strict=True)]
    at = [n for n in rows if measured[n] is not None]
    if at:
        peaks = [(measured[n] or 0) / unit for n in at]
        axes.scatter(peaks, at, marker="D", s=46, color="white", edgecolor=_INK, linewidth=1.6,
                     zorder=4, label=canvas.text("plot_measured"))  # fmt: skip
    reached = max([*left, *((m or 0) / unit for m in measured)])
    if available is not None:
        # a line far away would leave nothing to see of the bars
        if available / unit <= 3 * reached:
            label = canvas.text("plot_available")
            axes.axvline(available / unit, color=_INK, linestyle="--", linewidth=1.5, label=label)
        else:
            canvas.below(text("plot_available_far", lang=canvas.fonts.lang, value=size(available)))
    canvas.rows(names)
    axes.set_xlim(0, None)
    axes.set_xlabel(f"{canvas.text('plot_memory')} ({unit_name})")
    canvas.grid("x")
    return canvas.done("plot_memory_title", legend=4)


def latency(
    names: Sequence[str], cold: Sequence[float | None], warm: Sequence[float | None]
) -> Figure:
    """Time to the first token, cold and warm.

    Args:
        names: what each pair of bars is.
        cold: seconds of the first call, compiling included; None where unmeasured.
        warm: seconds of later calls.

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    _same_length(names, cold, warm)
    canvas = _Canvas(8, 1.5 + 0.55 * len(names) + 0.4)
    axes = canvas.axes
    axes.set_xscale("log")
    # zero has no place on a logarithmic axis
    known = [v * 1000 for v in (*cold, *warm) if v]
    floor = 10.0 ** _below(min(known, default=1.0))
    for i, (key, values) in enumerate((("plot_cold", cold), ("plot_warm", warm))):
        at = [n for n, v in enumerate(values) if v]
        lengths = [(values[n] or 0) * 1000 for n in at]
        places = [n + (i - 0.5) * 0.38 for n in at]
        bars = axes.barh(places, [v - floor for v in lengths], left=floor, height=0.36,
                         label=canvas.text(key), **_filled(i))  # fmt: skip
        axes.bar_label(bars, [f" {_milliseconds(v)}" for v in lengths], fontsize=8, color=_INK)
    canvas.rows(names)
    axes.set_xlim(floor, max(known, default=1.0) * 4)
    axes.set_xlabel(canvas.text("plot_milliseconds"))
    canvas.grid("x")
    return canvas.done("plot_latency_title", legend=4)


def tokens_per_second(
    names: Sequence[str],
    medians: Sequence[float],
    spreads: Sequence[tuple[float, float] | None] | None = None,
) -> Figure:
    """Tokens a second behind the first token, with the lowest and the highest repeat.

    Args:
        names: what each bar is.
        medians: tokens a second.
        spreads: lowest and highest each, None where there is none.

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    spreads = spreads or [None] * len(names)
    _same_length(names, medians, spreads)
    canvas = _Canvas(8, 1.3 + 0.42 * len(names) + 0.3)
    axes, rows = canvas.axes, range(len(names))
    axes.barh(rows, medians, height=0.62, **_filled(0))
    ends = [s or (m, m) for s, m in zip(spreads, medians, strict=True)]
    below = [max(0.0, m - low) for (low, _), m in zip(ends, medians, strict=True)]
    above = [max(0.0, high - m) for (_, high), m in zip(ends, medians, strict=True)]
    axes.errorbar(medians, rows, xerr=[below, above], fmt="none", ecolor=_INK, capsize=4)
    for n, (median, (_, high)) in enumerate(zip(medians, ends, strict=True)):
        axes.annotate(f"{median:,.4g}" if median < 1000 else f"{median:,.0f}", (max(high, median), n),
                      (6, 0), textcoords="offset points", va="center", fontsize=9, color=_INK)  # fmt: skip
    canvas.rows(names)
    axes.set_xlim(0, max([*(h for _, h in ends), 1e-9]) * 1.15)
    axes.set_xlabel(canvas.text("plot_tokens_per_second"))
    canvas.grid("x")
    return canvas.done("plot_speed_title")


def next_token_distribution(
    tokens: Sequence[str],
    probabilities: Sequence[float],
    kept: Sequence[float] | None = None,
    *,
    title: str | None = None,
    kept_label: str | None = None,
) -> Figure:
    """The likeliest next tokens and how likely each is.

    Args:
        tokens: the tokens' pieces, likeliest first; spaces and line breaks are made visible.
        probabilities: of each, 0 to 1.
        kept: the same after temperature, top-k and top-p, 0 where left out; drawn beside.
        title: what stands above; a plain one when None.
        kept_label: what ``kept`` is called in the legend.

    Raises:
        InvalidInput: no values, lists of different lengths, or no probabilities.
    """
    _same_length(tokens, probabilities, kept if kept is not None else tokens)
    for value in (*probabilities, *(kept or ())):
        if not 0 <= value <= 1 + 1e-6:
            raise InvalidInput("plot_no_probability", value=value)
    canvas = _Canvas(7.5, 1.3 + 0.36 * len(tokens) + (0.4 if kept is not None else 0))
    axes, rows = canvas.axes, range(len(tokens))
    if kept is None:
        bars = [axes.barh(rows, probabilities, height=0.7, **_filled(0))]
    else:
        low, high = [n - 0.2 for n in rows], [n + 0.2 for n in rows]
        before, after = canvas.text("plot_before"), kept_label or canvas.text("plot_after")
        bars = [
            axes.barh(low, probabilities, height=0.38, label=before, **_filled(0)),
            axes.barh(high, kept, height=0.38, label=canvas.fonts.safe(after), **_filled(1)),
        ]
    for group, values in zip(bars, (probabilities, kept or ()), strict=False):
        axes.bar_label(group, [f" {v:.1%}" if v >= 0.0005 else " 0%" for v in values], fontsize=8)
    canvas.rows([visible(t) for t in tokens])
    axes.set_xlim(0, min(1.12, max([*probabilities, *(kept or ()), 1e-6]) * 1.15))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= 1.001 else "")
    axes.set_xlabel(canvas.text("plot_probability"))
    canvas.grid("x")
    return canvas.done("plot_next_token_title", title=title, legend=2 if kept is not None else 0)


def visible(piece: str) -> str:
    """A token's piece as it can be read: a space as ␣, a line break as ⏎, nothing as ∅."""
    shown = piece.replace("▁", "␣").replace(" ", "␣").replace("\n", "⏎").replace("\t", "⇥")
    return shown or "∅"


class _Canvas:
    """A figure with one pair of axes, its fonts, and what all plots have in common."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib import rc_context

        self.fonts: Fonts = fonts()
        self._below: list[str] = []
        settings: Any = {"font.family": list(self.fonts.families), "hatch.linewidth": 0.6}
        with rc_context(settings):
            self._figure: Any = _figure()(figsize=(width, height), layout="constrained", dpi=100)
            self.axes = self._figure.add_subplot()
            for side in ("top", "right"):
                self.axes.spines[side].set_visible(False)
            self.axes.tick_params(labelfontfamily=self.fonts.families, colors=_INK)

    def text(self, key: str) -> str:
        return text(key, lang=self.fonts.lang)

    def below(self, line: str) -> None:
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
                self.fonts.safe(name), (x, y), (0, up), fontsize=8.5, color=_INK,
                textcoords="offset points", ha="center", va="center", zorder=5,
            )  # fmt: skip

    def grid(self, axis: str) -> None:
        self.axes.grid(axis=axis, color=_GRID, linewidth=0.8)
        self.axes.set_axisbelow(True)

    def done(self, key: str, *, title: str | None = None, legend: int = 0) -> Figure:
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


def _filled(number: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[number % len(_COLOURS)],
        "hatch": _HATCHES[number % len(_HATCHES)],
        "edgecolor": "white" if number == 0 else _INK,
        "linewidth": 0.6,
    }


def _below(value: float) -> int:
    """The power of ten below a positive number."""
    import math

    return math.floor(math.log10(value))


def _milliseconds(value: float) -> str:
    return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.3g} ms"


def _same_length(first: Sequence[Any], *others: Sequence[Any]) -> None:
    if not first or any(len(other) != len(first) for other in others):
        raise InvalidInput("plot_lengths", lengths=", ".join(str(len(s)) for s in (first, *others)))
