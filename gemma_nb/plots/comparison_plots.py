"""Choices side by side: speed against quality, memory, latency, tokens a second."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gemma_nb.i18n import text
from gemma_nb.plots.canvas import COLOURS, INK, MARKERS, Canvas, bar_style, check_same_length
from gemma_nb.text_utils import GIB, format_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    check_same_length(variants, precisions, speeds, qualities)
    kinds = list(dict.fromkeys(variants))
    canvas = Canvas(7.5, 4.4 + 0.22 * ((len(kinds) + 1) // 2))
    axes = canvas.axes
    for i, kind in enumerate(kinds):
        at = [n for n, v in enumerate(variants) if v == kind]
        axes.scatter(
            [speeds[n] for n in at],
            [qualities[n] for n in at],
            s=90,
            marker=MARKERS[i % len(MARKERS)],
            color=COLOURS[i % len(COLOURS)],
            edgecolor=INK,
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
    check_same_length(names, parts, measured)
    totals = [sum(p.values()) for p in parts]
    unit, unit_name = (GIB, "GiB") if max(totals) >= GIB else (2**20, "MiB")
    canvas = Canvas(8, 1.6 + 0.42 * len(names) + 0.5)
    axes, rows = canvas.axes, range(len(names))
    left = [0.0] * len(names)
    for i, part in enumerate(PARTS):
        values = [p.get(part, 0) / unit for p in parts]
        if not any(values):
            continue
        label = canvas.text(f"plot_part_{part}")
        axes.barh(rows, values, left=left, height=0.62, label=label, **bar_style(i))
        left = [a + b for a, b in zip(left, values, strict=True)]
    at = [n for n in rows if measured[n] is not None]
    if at:
        peaks = [(measured[n] or 0) / unit for n in at]
        axes.scatter(peaks, at, marker="D", s=46, color="white", edgecolor=INK, linewidth=1.6,
                     zorder=4, label=canvas.text("plot_measured"))  # fmt: skip
    reached = max([*left, *((m or 0) / unit for m in measured)])
    if available is not None:
        # a line far away would leave nothing to see of the bars
        if available / unit <= 3 * reached:
            label = canvas.text("plot_available")
            axes.axvline(available / unit, color=INK, linestyle="--", linewidth=1.5, label=label)
        else:
            canvas.below(
                text("plot_available_far", lang=canvas.fonts.lang, value=format_bytes(available))
            )
    canvas.rows(names)
    axes.set_xlim(0, None)
    axes.set_xlabel(f"{canvas.text('plot_memory')} ({unit_name})")
    canvas.grid("x")
    return canvas.done("plot_memory_title" if at else "plot_memory_predicted_title", legend=4)


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
    check_same_length(names, cold, warm)
    canvas = Canvas(8, 1.5 + 0.55 * len(names) + 0.4)
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
                         label=canvas.text(key), **bar_style(i))  # fmt: skip
        axes.bar_label(bars, [f" {_milliseconds(v)}" for v in lengths], fontsize=8, color=INK)
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
    check_same_length(names, medians, spreads)
    canvas = Canvas(8, 1.3 + 0.42 * len(names) + 0.3)
    axes, rows = canvas.axes, range(len(names))
    axes.barh(rows, medians, height=0.62, **bar_style(0))
    ends = [s or (m, m) for s, m in zip(spreads, medians, strict=True)]
    below = [max(0.0, m - low) for (low, _), m in zip(ends, medians, strict=True)]
    above = [max(0.0, high - m) for (_, high), m in zip(ends, medians, strict=True)]
    axes.errorbar(medians, rows, xerr=[below, above], fmt="none", ecolor=INK, capsize=4)
    for n, (median, (_, high)) in enumerate(zip(medians, ends, strict=True)):
        axes.annotate(f"{median:,.4g}" if median < 1000 else f"{median:,.0f}", (max(high, median), n),
                      (6, 0), textcoords="offset points", va="center", fontsize=9, color=INK)  # fmt: skip
    canvas.rows(names)
    axes.set_xlim(0, max([*(h for _, h in ends), 1e-9]) * 1.15)
    axes.set_xlabel(canvas.text("plot_tokens_per_second"))
    canvas.grid("x")
    return canvas.done("plot_speed_title")


def _below(value: float) -> int:
    """The power of ten below a positive number."""
    return math.floor(math.log10(value))


def _milliseconds(value: float) -> str:
    return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.3g} ms"
