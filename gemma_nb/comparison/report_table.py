"""The comparison as a table: which columns, and how their values are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, ComparisonRow
from gemma_nb.i18n import text
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.comparison.result import Comparison

#: What stands where nothing was measured.
NO_VALUE = "–"


@dataclass(frozen=True)
class TableColumn:
    """One column: its heading's key and its cell."""

    head: str
    cell: Callable[[ComparisonRow], str]
    #: what it is about: "speed", "memory" or "quality"; "" for what names the row
    about: str

    @property
    def heading(self) -> str:
        """What stands over it, with its unit, in the language in force."""
        return text(f"compare_head_{self.head}")


def _number(value: float | None, digits: int) -> str:
    return NO_VALUE if value is None else f"{value:,.{digits}f}"


def _seconds(field: str, scale: float, digits: int) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        value = getattr(row, field)
        return _number(None if value is None else value * scale, digits)

    return cell


def _speed(row: ComparisonRow) -> str:
    if row.tokens_per_second is None:
        return NO_VALUE
    if row.tokens_per_second_range is None:
        return f"{row.tokens_per_second:,.1f}"
    digits = 0 if row.tokens_per_second >= 100 else 1
    low, high = row.tokens_per_second_range
    return f"{row.tokens_per_second:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def _device(row: ComparisonRow) -> str:
    if row.device_peak is None:
        return NO_VALUE
    return ("≥ " if row.device_peak_sampled else "") + format_bytes(row.device_peak)


def _bytes(field: str) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        value = getattr(row, field)
        return NO_VALUE if value is None else format_bytes(value)

    return cell


def _share(score: str) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        found = [getattr(o, score) for o in row.outputs if getattr(o, score) is not None]
        return f"{sum(found)}/{len(found)}" if found else NO_VALUE

    return cell


def _same(row: ComparisonRow) -> str:
    if row.agreement is None:
        return NO_VALUE
    return f"{row.agreement.same:.1%} ({row.agreement.precision})"


def _divergence(row: ComparisonRow) -> str:
    return NO_VALUE if row.agreement is None else f"{row.agreement.divergence:.4f}"


TABLE_COLUMNS = (
    TableColumn("variant", lambda r: r.variant, ""),
    TableColumn("precision", lambda r: r.precision, ""),
    TableColumn("load", _seconds("load_seconds", 1, 2), "speed"),
    TableColumn("cold", _seconds("cold_seconds", 1, 2), "speed"),
    TableColumn("warm", _seconds("warm_seconds", 1000, 1), "speed"),
    TableColumn("speed", _speed, "speed"),
    TableColumn("device", _device, "memory"),
    TableColumn("device_predicted", _bytes("predicted_device"), "memory"),
    TableColumn("host", _bytes("host_peak"), "memory"),
    TableColumn("host_predicted", _bytes("predicted_host"), "memory"),
    TableColumn("exact", _share("exact"), "quality"),
    TableColumn("contains", _share("contains"), "quality"),
    TableColumn("bits", lambda r: _number(r.bits_per_byte, 3), "quality"),
    TableColumn("same", _same, "quality"),
    TableColumn("divergence", _divergence, "quality"),
)


def table_columns(rows: Sequence[ComparisonRow]) -> list[TableColumn]:
    """The columns that have something to say of some measured row."""
    done = [r for r in rows if r.status == DONE]
    return [c for c in TABLE_COLUMNS if not c.about or any(c.cell(r) != NO_VALUE for r in done)]


def row_reason(row: ComparisonRow) -> str:
    """Why a row was not measured, in one line."""
    state = text(f"compare_status_{row.status}")
    if row.status == DOES_NOT_FIT and row.reason:  # a verdict names what it is about
        return str(row.reason)
    return f"{row.label}: {f'{state}: {row.reason}' if row.reason else state}"


def row_remarks(rows: Sequence[ComparisonRow]) -> list[str]:
    """What stands below the table: reasons and notes, a line each."""
    told = [row_reason(r) for r in rows if r.status != DONE]
    return [*told, *(f"{r.label}: {note}" for r in rows for note in r.notes)]


def row_records(comparison: Comparison) -> list[dict[str, Any]]:
    """A flat dict a row, for CSV and pandas; the names are the same in every language.

    Times are in seconds (``_s``), memory in bytes, rates in tokens a second; None is unmeasured.
    """
    return [_record(row, comparison) for row in comparison.rows]


def _record(row: ComparisonRow, comparison: Comparison) -> dict[str, Any]:
    low, high = row.tokens_per_second_range or (None, None)
    found: dict[str, Any] = {
        "variant": row.variant,
        "precision": row.precision,
        "max_length": row.max_length,
        "status": row.status,
        "reason": str(row.reason) if row.reason else "",
        "load_s": row.load_seconds,
        "first_token_cold_s": row.cold_seconds,
        "first_token_warm_s": row.warm_seconds,
        "tokens_per_s": row.tokens_per_second,
        "tokens_per_s_lowest": low,
        "tokens_per_s_highest": high,
        "device_peak_bytes": row.device_peak,
        "device_peak_sampled": row.device_peak_sampled,
        "device_predicted_bytes": row.predicted_device,
        "host_peak_bytes": row.host_peak,
        "host_predicted_bytes": row.predicted_host,
        "exact": row.share("exact"),
        "contains": row.share("contains"),
        "bits_per_byte": row.bits_per_byte,
        "text_tokens": row.text_tokens,
        "agrees_with": row.agreement.precision if row.agreement else None,
        "same_greedy_token": row.agreement.same if row.agreement else None,
        "kl_bits": row.agreement.divergence if row.agreement else None,
        "notes": " ".join(map(str, row.notes)),
    }
    for i in range(len(comparison.prompts)):
        found[f"output_{i + 1}"] = row.outputs[i].text if i < len(row.outputs) else None
    return found
