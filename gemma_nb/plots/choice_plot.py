"""What a better choice costs: memory and speed of everything that fits a runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.fit.recommendation import Recommendation
from gemma_nb.plots.canvas import COLOURS, INK, MARKERS, Canvas, check_same_length
from gemma_nb.text_utils import GIB, format_gib

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def better_costs(choices: Sequence[Recommendation]) -> Figure:
    """Quality class against memory, with the estimated speed beside each point.

    Each choice has a row of its own, the better ones further up: a larger model is better, then a
    more exact precision. How much better is not measured. The memory is that of one device; a choice
    that takes several has their number instead of a speed.

    Args:
        choices: the choices by quality class, the best last (``gemma_nb.fit.recommend.what_fits``).

    Raises:
        InvalidInput: no choices.
    """
    check_same_length(choices)
    sizes = [c.memory_bytes / GIB for c in choices]
    names = list(dict.fromkeys(c.variant.name for c in choices))
    canvas = Canvas(8, 1.6 + 0.42 * len(choices))
    axes, per_second = canvas.axes, canvas.text("plot_tokens_per_second")
    values = []
    for row, (choice, size) in enumerate(zip(choices, sizes, strict=True)):
        place = len(choices) - 1 - row  # the axis of rows begins at the top
        i = names.index(choice.variant.name)
        marker, colour = MARKERS[i % len(MARKERS)], COLOURS[i % len(COLOURS)]
        axes.scatter([size], [place], s=90, marker=marker, color=colour, edgecolor=INK, zorder=3)
        label = f"{choice.speed.range_text if choice.speed else '?'} {per_second}"
        if (devices := choice.verdict.choice.devices) > 1:  # their speed is not estimated
            label = canvas.text("plot_each_of_devices", devices=devices)
        name = f"{choice.variant.name} {choice.precision}"
        values.append((name, f"{format_gib(choice.memory_bytes)}, {label}"))
        axes.annotate(label, (size, place), (9, 0), textcoords="offset points", va="center",
                      fontsize=9, color=INK)  # fmt: skip
    canvas.label_rows([f"{c.variant.name} {c.precision}" for c in reversed(choices)])
    axes.set_xlim(0, max(sizes) * 1.6)
    axes.set_xlabel(f"{canvas.text('plot_memory')} (GiB)")
    canvas.grid("x")
    return canvas.finish("plot_better_costs_title", values)
