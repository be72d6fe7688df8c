"""A comparison's rows as the values that plots take."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gemma_nb.comparison.rows import DONE, ComparisonRow
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def quality(rows: Sequence[ComparisonRow]) -> tuple[str, Callable[[ComparisonRow], float | None]]:
    """What is called quality here: the first score that every measured row has.

    References say most; where they tell nothing apart, the text does.

    Raises:
        InvalidInput: there is none.
    """
    scores: dict[str, Callable[[ComparisonRow], float | None]] = {
        "exact": lambda r: r.share("exact"),
        "contains": lambda r: r.share("contains"),
        "bits": lambda r: r.bits_per_byte,
        "same": lambda r: r.agreement.same if r.agreement else None,
    }
    done = [r for r in rows if r.status == DONE]
    there = [n for n, score in scores.items() if any(score(r) is not None for r in done)]
    telling = [n for n in there if len({scores[n](r) for r in done} - {None}) > 1]
    if not there:
        raise InvalidInput("plot_nothing", what=Message("plot_what_quality"))
    name = next(iter(telling), there[0])
    return name, scores[name]


def speed_quality(rows: Sequence[ComparisonRow]) -> Figure:
    """``plots.speed_quality`` of the rows that have both."""
    from gemma_nb import plots

    name, score = quality(rows)
    found = [(r, s) for r in rows if (s := score(r)) is not None]
    timed = [(r, r.tokens_per_second, s) for r, s in found if r.tokens_per_second is not None]
    if not timed:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    return plots.speed_quality(
        [r.variant for r, _, _ in timed],
        [r.precision for r, _, _ in timed],
        [speed for _, speed, _ in timed],
        [s for _, _, s in timed],
        name,
    )


def memory(rows: Sequence[ComparisonRow], available: int) -> Figure:
    """``plots.memory`` of all rows, those that do not fit as well."""
    from gemma_nb import plots

    found = [r for r in rows if r.predicted]
    if not found:
        raise InvalidInput("plot_nothing", what=Message("plot_what_rows"))
    return plots.memory(
        [_short(r, rows) for r in found],
        [r.predicted for r in found],
        [r.host_peak if r.predicted_device is None else r.device_peak for r in found],
        available,
    )


def latency(rows: Sequence[ComparisonRow]) -> Figure:
    """``plots.latency`` of the rows that have a first token."""
    from gemma_nb import plots

    found = [r for r in rows if r.warm_seconds is not None or r.cold_seconds is not None]
    if not found:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    cold, warm = [r.cold_seconds for r in found], [r.warm_seconds for r in found]
    return plots.latency([_short(r, rows) for r in found], cold, warm)


def tokens_per_second(rows: Sequence[ComparisonRow]) -> Figure:
    """``plots.tokens_per_second`` of the rows that have a speed."""
    from gemma_nb import plots

    found = [(r, r.tokens_per_second) for r in rows if r.tokens_per_second is not None]
    if not found:
        raise InvalidInput("plot_nothing", what=Message("plot_what_speed"))
    return plots.tokens_per_second(
        [_short(r, rows) for r, _ in found],
        [speed for _, speed in found],
        [r.tokens_per_second_range for r, _ in found],
    )


def _short(row: ComparisonRow, rows: Sequence[ComparisonRow]) -> str:
    """The row's name on a plot; the precision alone where all rows are one variant."""
    if len({r.variant for r in rows}) == 1 and len({r.precision for r in rows}) == len(rows):
        return row.precision
    return row.label
