"""Plots of a comparison: speed against quality, memory, latency, tokens per second."""

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
PARTS = ("weights", "encoders", "kv_cache", "workspace", "overhead", "python")
#: A name of ``PARTS`` -> its name in comparisons that an older version stored.
FORMER_PARTS = {"encoders": "towers"}


def speed_quality(
    variants: Sequence[str],
    precisions: Sequence[str],
    speeds: Sequence[float],
    qualities: Sequence[float],
    quality: str,
) -> Figure:
    """Speed against quality, one point for each choice.

    Each variant has a marker of its own, and the precision stands beside the point.

    Args:
        variants: the variant of each point, for the legend.
        precisions: the precision of each point.
        speeds: tokens per second.
        qualities: the score of each point.
        quality: the kind of the score: "exact", "contains" or "same" (0 to 1), or "bits" (bits per
            byte; less is better, so the axis is inverted).

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    check_same_length(variants, precisions, speeds, qualities)
    names = list(dict.fromkeys(variants))
    canvas = Canvas(7.5, 4.4 + 0.22 * ((len(names) + 1) // 2))
    axes = canvas.axes
    for i, name in enumerate(names):
        points = [n for n, variant in enumerate(variants) if variant == name]
        axes.scatter(
            [speeds[n] for n in points],
            [qualities[n] for n in points],
            s=90,
            marker=MARKERS[i % len(MARKERS)],
            color=COLOURS[i % len(COLOURS)],
            edgecolor=INK,
            zorder=3,
            label=canvas.fonts.printable(name),
        )
    low, high = min(qualities), max(qualities)
    if quality != "bits":
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= 1.001 else "")
        low, high = min(low, 0.9), 1.0
    margin = max((high - low) * 0.15, 0.02 * max(abs(high), 0.01))
    axes.set_ylim(low - margin, high + margin)
    axes.set_xlim(0, max([*speeds, 1e-9]) * 1.15)
    if quality == "bits":
        axes.invert_yaxis()
    canvas.label_points(precisions, speeds, qualities)
    axes.set_xlabel(canvas.text("plot_tokens_per_second"))
    axes.set_ylabel(canvas.text(f"plot_quality_{quality}"))
    canvas.grid("both")
    rate, scale = canvas.text("plot_tokens_per_second"), canvas.text(f"plot_quality_{quality}")
    values = [
        (f"{variant} {precision}", f"{speed:.4g} {rate}, {scale} {score:.3g}")
        for variant, precision, speed, score in zip(
            variants, precisions, speeds, qualities, strict=True
        )
    ]
    return canvas.finish("plot_speed_quality_title", values, legend=2)


def memory(
    names: Sequence[str],
    parts: Sequence[Mapping[str, int]],
    measured: Sequence[int | None],
    available: int | None = None,
) -> Figure:
    """Predicted memory in stacked parts, with the measured peak and the memory of the device.

    Args:
        names: the name of each bar.
        parts: for each bar, a dict from a name of ``PARTS`` to bytes.
        measured: the measured peak of each bar in bytes; None where it was not measured.
        available: the memory of the device in bytes, drawn as a line; None for no line.

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
        values = [p.get(part, p.get(FORMER_PARTS.get(part, ""), 0)) / unit for p in parts]
        if not any(values):
            continue
        label = canvas.text(f"plot_part_{part}")
        axes.barh(rows, values, left=left, height=0.62, label=label, **bar_style(i))
        left = [a + b for a, b in zip(left, values, strict=True)]
    measured_rows = [n for n in rows if measured[n] is not None]
    if measured_rows:
        peaks = [(measured[n] or 0) / unit for n in measured_rows]
        axes.scatter(peaks, measured_rows, marker="D", s=46, color="white", edgecolor=INK, linewidth=1.6,
                     zorder=4, label=canvas.text("plot_measured"))  # fmt: skip
    highest = max([*left, *((m or 0) / unit for m in measured)])
    if available is not None:
        # a line far away would make the bars too short to read
        if available / unit <= 3 * highest:
            label = canvas.text("plot_available")
            axes.axvline(available / unit, color=INK, linestyle="--", linewidth=1.5, label=label)
        else:
            canvas.add_note(
                text("plot_available_far", lang=canvas.fonts.lang, value=format_bytes(available))
            )
    canvas.label_rows(names)
    axes.set_xlim(0, None)
    axes.set_xlabel(f"{canvas.text('plot_memory')} ({unit_name})")
    canvas.grid("x")
    sizes = [format_bytes(total) for total in totals]
    for n in measured_rows:
        sizes[n] += f", {canvas.text('plot_measured')} {format_bytes(measured[n] or 0)}"
    key = "plot_memory_title" if measured_rows else "plot_memory_predicted_title"
    return canvas.finish(key, zip(names, sizes, strict=True), legend=4)


def latency(
    names: Sequence[str], cold: Sequence[float | None], warm: Sequence[float | None]
) -> Figure:
    """Time to the first token, cold and warm.

    Args:
        names: the name of each pair of bars.
        cold: seconds of the first call, compiling included; None where it was not measured.
        warm: seconds of later calls; None where they were not measured.

    Raises:
        InvalidInput: no values, or lists of different lengths.
    """
    check_same_length(names, cold, warm)
    canvas = Canvas(8, 1.5 + 0.55 * len(names) + 0.4)
    axes = canvas.axes
    axes.set_xscale("log")
    # a logarithmic axis has no zero, so bars begin at the power of ten below the smallest value
    milliseconds = [v * 1000 for v in (*cold, *warm) if v]
    floor = 10.0 ** math.floor(math.log10(min(milliseconds, default=1.0)))
    for i, (key, values) in enumerate((("plot_cold", cold), ("plot_warm", warm))):
        measured = [n for n, v in enumerate(values) if v]
        ends = [(values[n] or 0) * 1000 for n in measured]
        positions = [n + (i - 0.5) * 0.38 for n in measured]
        bars = axes.barh(positions, [end - floor for end in ends], left=floor, height=0.36,
                         label=canvas.text(key), **bar_style(i))  # fmt: skip
        axes.bar_label(bars, [f" {_format_time(end)}" for end in ends], fontsize=8, color=INK)
    canvas.label_rows(names)
    axes.set_xlim(floor, max(milliseconds, default=1.0) * 4)
    axes.set_xlabel(canvas.text("plot_milliseconds"))
    canvas.grid("x")
    times = [
        ", ".join(
            f"{canvas.text(key)} {_format_time(seconds * 1000)}"
            for key, seconds in (("plot_cold", first), ("plot_warm", later))
            if seconds
        )
        for first, later in zip(cold, warm, strict=True)
    ]
    return canvas.finish("plot_latency_title", zip(names, times, strict=True), legend=4)


def tokens_per_second(
    names: Sequence[str],
    medians: Sequence[float],
    spreads: Sequence[tuple[float, float] | None] | None = None,
) -> Figure:
    """Tokens per second after the first token, with the lowest and the highest repeat.

    Args:
        names: the name of each bar.
        medians: tokens per second, the median of the repeats.
        spreads: the lowest and the highest repeat of each bar; None where there is none.

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
    canvas.label_rows(names)
    axes.set_xlim(0, max([*(h for _, h in ends), 1e-9]) * 1.15)
    axes.set_xlabel(canvas.text("plot_tokens_per_second"))
    canvas.grid("x")
    rates = [f"{median:,.4g}" for median in medians]
    return canvas.finish("plot_speed_title", zip(names, rates, strict=True))


def _format_time(milliseconds: float) -> str:
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:,.1f} s"
    return f"{milliseconds:.3g} ms"
