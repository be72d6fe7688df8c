"""The comparison as a table: which columns, and how their values are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison.rows import DONE, MISFIT, Row
from gemma_nb.i18n import text
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.comparison.result import Comparison

#: What stands where nothing was measured.
NONE = "–"


@dataclass(frozen=True)
class Column:
    """One column: its heading's key and its cell."""

    head: str
    cell: Callable[[Row], str]
    #: what it is about: "speed", "memory" or "quality"; "" for what names the row
    about: str

    @property
    def heading(self) -> str:
        """What stands over it, with its unit, in the language in force."""
        return text(f"compare_head_{self.head}")


def _number(value: float | None, digits: int) -> str:
    return NONE if value is None else f"{value:,.{digits}f}"


def _seconds(field: str, scale: float, digits: int) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = getattr(row, field)
        return _number(None if value is None else value * scale, digits)

    return cell


def _speed(row: Row) -> str:
    if row.tokens_per_second is None:
        return NONE
    if row.tokens_per_second_range is None:
        return f"{row.tokens_per_second:,.1f}"
    digits = 0 if row.tokens_per_second >= 100 else 1
    low, high = row.tokens_per_second_range
    return f"{row.tokens_per_second:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def _device(row: Row) -> str:
    if row.device_peak is None:
        return NONE
    return ("≥ " if row.device_peak_sampled else "") + format_bytes(row.device_peak)


def _bytes(field: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        value = getattr(row, field)
        return NONE if value is None else format_bytes(value)

    return cell


def _share(score: str) -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        found = [getattr(o, score) for o in row.outputs if getattr(o, score) is not None]
        return f"{sum(found)}/{len(found)}" if found else NONE

    return cell


def _same(row: Row) -> str:
    if row.agreement is None:
        return NONE
    return f"{row.agreement.same:.1%} ({row.agreement.precision})"


def _divergence(row: Row) -> str:
    return NONE if row.agreement is None else f"{row.agreement.divergence:.4f}"


COLUMNS = (
    Column("variant", lambda r: r.variant, ""),
    Column("precision", lambda r: r.precision, ""),
    Column("load", _seconds("load_seconds", 1, 2), "speed"),
    Column("cold", _seconds("cold_seconds", 1, 2), "speed"),
    Column("warm", _seconds("warm_seconds", 1000, 1), "speed"),
    Column("speed", _speed, "speed"),
    Column("device", _device, "memory"),
    Column("device_predicted", _bytes("predicted_device"), "memory"),
    Column("host", _bytes("host_peak"), "memory"),
    Column("host_predicted", _bytes("predicted_host"), "memory"),
    Column("exact", _share("exact"), "quality"),
    Column("contains", _share("contains"), "quality"),
    Column("bits", lambda r: _number(r.bits_per_byte, 3), "quality"),
    Column("same", _same, "quality"),
    Column("divergence", _divergence, "quality"),
)


def columns(rows: Sequence[Row]) -> list[Column]:
    """The columns that have something to say of some measured row."""
    done = [r for r in rows if r.status == DONE]
    return [c for c in COLUMNS if not c.about or any(c.cell(r) != NONE for r in done)]


def reason(row: Row) -> str:
    """Why a row was not measured, in one line."""
    state = text(f"compare_status_{row.status}")
    if row.status == MISFIT and row.reason:  # a verdict names what it is about
        return str(row.reason)
    return f"{row.label}: {f'{state}: {row.reason}' if row.reason else state}"


def remarks(rows: Sequence[Row]) -> list[str]:
    """What stands below the table: reasons and notes, a line each."""
    told = [reason(r) for r in rows if r.status != DONE]
    return [*told, *(f"{r.label}: {note}" for r in rows for note in r.notes)]


def records(comparison: Comparison) -> list[dict[str, Any]]:
    """A flat dict a row, for CSV and pandas; the names are the same in every language.

    Times are in seconds (``_s``), memory in bytes, rates in tokens a second; None is unmeasured.
    """
    return [_record(row, comparison) for row in comparison.rows]


def _record(row: Row, comparison: Comparison) -> dict[str, Any]:
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
