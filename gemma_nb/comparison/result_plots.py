"""The plots of a comparison: its rows as the arguments of ``gemma_nb.plots``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gemma_nb import plots
from gemma_nb.comparison.result import ComparisonResult
from gemma_nb.comparison.rows import ComparisonRow
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The score of a row; None where it was not measured.
Score = Callable[[ComparisonRow], float | None]

_SCORES: dict[str, Score] = {
    "exact": lambda row: row.share("exact"),
    "contains": lambda row: row.share("contains"),
    "bits": lambda row: row.bits_per_byte,
    "same": lambda row: row.agreement.same if row.agreement else None,
}


def choose_score(result: ComparisonResult) -> tuple[str, Score]:
    """The score that a plot shows as quality, with its name.

    It is the first of exact match, containing the reference, bits per byte and agreement that
    differs between the rows, or else the first that was measured.

    Raises:
        InvalidInput: no score was measured.
    """
    rows = result.measured
    measured = [
        name for name, score in _SCORES.items() if any(score(row) is not None for row in rows)
    ]
    if not measured:
        raise InvalidInput("plot_nothing", what=Message("plot_what_quality"))
    different = [n for n in measured if len({_SCORES[n](row) for row in rows} - {None}) > 1]
    name = next(iter(different), measured[0])
    return name, _SCORES[name]


def speed_quality(result: ComparisonResult) -> Figure:
    """``plots.speed_quality`` of the rows with a speed and a score.

    Raises:
        InvalidInput: there is no such row.
    """
    name, score = choose_score(result)
    points = [
        (row, row.tokens_per_second, value)
        for row in result.rows
        if (value := score(row)) is not None and row.tokens_per_second is not None
    ]
    if not points:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    rows, speeds, values = zip(*points, strict=True)
    variants, precisions = [row.variant for row in rows], [row.precision for row in rows]
    return plots.speed_quality(variants, precisions, speeds, values, name)


def memory(result: ComparisonResult) -> Figure:
    """``plots.memory`` of all rows with a prediction, also of those that do not fit.

    Raises:
        InvalidInput: there is no such row.
    """
    rows = [row for row in result.rows if row.predicted]
    if not rows:
        raise InvalidInput("plot_nothing", what=Message("plot_what_rows"))
    return plots.memory(
        _short_labels(rows, result.rows),
        [row.predicted for row in rows],
        [row.host_peak if row.predicted_device is None else row.device_peak for row in rows],
        result.machine.usable_bytes,
    )


def latency(result: ComparisonResult) -> Figure:
    """``plots.latency`` of the rows with a first token.

    Raises:
        InvalidInput: there is no such row.
    """
    rows = [r for r in result.rows if r.warm_seconds is not None or r.cold_seconds is not None]
    if not rows:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    cold, warm = [row.cold_seconds for row in rows], [row.warm_seconds for row in rows]
    return plots.latency(_short_labels(rows, result.rows), cold, warm)


def tokens_per_second(result: ComparisonResult) -> Figure:
    """``plots.tokens_per_second`` of the rows with a speed.

    Raises:
        InvalidInput: there is no such row.
    """
    timed = [(r, r.tokens_per_second) for r in result.rows if r.tokens_per_second is not None]
    if not timed:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    rows = [row for row, _ in timed]
    return plots.tokens_per_second(
        _short_labels(rows, result.rows),
        [speed for _, speed in timed],
        [row.tokens_per_second_range for row in rows],
    )


#: The key of a plot's title -> the function that draws it, in the order of a report.
RESULT_PLOTS: dict[str, Callable[[ComparisonResult], Figure]] = {
    "plot_speed_quality_title": speed_quality,
    "plot_memory_title": memory,
    "plot_speed_title": tokens_per_second,
    "plot_latency_title": latency,
}


def _short_labels(rows: Sequence[ComparisonRow], every: Sequence[ComparisonRow]) -> list[str]:
    """The labels of rows on a plot: the precision alone if all rows are of one variant."""
    is_one_variant = len({row.variant for row in every}) == 1
    if is_one_variant and len({row.precision for row in every}) == len(every):
        return [row.precision for row in rows]
    return [row.label for row in rows]
