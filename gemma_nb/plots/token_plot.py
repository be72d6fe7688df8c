"""The distribution of the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.errors import InvalidInput
from gemma_nb.plots.canvas import Canvas, bar_style, check_same_length
from gemma_nb.text_utils import visible_piece

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def next_token_distribution(
    tokens: Sequence[str],
    probabilities: Sequence[float],
    kept: Sequence[float] | None = None,
    *,
    title: str | None = None,
    kept_label: str | None = None,
) -> Figure:
    """The most probable next tokens with their probabilities.

    Args:
        tokens: the pieces of the tokens, the most probable first. Spaces and line breaks are made
            visible.
        probabilities: the probability of each token, 0 to 1.
        kept: the probability of each token after temperature, top-k and top-p, 0 for tokens that
            these exclude. It is drawn beside the other; None for one probability only.
        title: the title; a default one when None.
        kept_label: the name of ``kept`` in the legend; a default one when None.

    Raises:
        InvalidInput: no values, lists of different lengths, or a value that is no probability.
    """
    check_same_length(tokens, probabilities, kept if kept is not None else tokens)
    for value in (*probabilities, *(kept or ())):
        if not 0 <= value <= 1 + 1e-6:
            raise InvalidInput("plot_no_probability", value=value)
    canvas = Canvas(7.5, 1.3 + 0.36 * len(tokens) + (0.4 if kept is not None else 0))
    axes, rows = canvas.axes, range(len(tokens))
    if kept is None:
        bars = [axes.barh(rows, probabilities, height=0.7, **bar_style(0))]
    else:
        low, high = [n - 0.2 for n in rows], [n + 0.2 for n in rows]
        before, after = canvas.text("plot_before"), kept_label or canvas.text("plot_after")
        bars = [
            axes.barh(low, probabilities, height=0.38, label=before, **bar_style(0)),
            axes.barh(high, kept, height=0.38, label=canvas.fonts.printable(after), **bar_style(1)),
        ]
    for group, values in zip(bars, (probabilities, kept or ()), strict=False):
        axes.bar_label(group, [f" {v:.1%}" if v >= 0.0005 else " 0%" for v in values], fontsize=8)
    canvas.label_rows([visible_piece(token) for token in tokens])
    axes.set_xlim(0, min(1.12, max([*probabilities, *(kept or ()), 1e-6]) * 1.15))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}" if value <= 1.001 else "")
    axes.set_xlabel(canvas.text("plot_probability"))
    canvas.grid("x")
    chances = [f"{value:.1%}" for value in probabilities]
    if kept is not None:
        chances = [f"{old} → {new:.1%}" for old, new in zip(chances, kept, strict=True)]
    named = zip(map(visible_piece, tokens), chances, strict=True)
    legend = 2 if kept is not None else 0
    return canvas.finish("plot_next_token_title", named, title=title, legend=legend)
