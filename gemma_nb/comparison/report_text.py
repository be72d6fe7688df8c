"""A comparison as columns, as text for a terminal, as Markdown and as flat records."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.comparison.result import ComparisonResult
from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, ComparisonRow, ScoredReply
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns, format_bytes

#: The content of a cell whose value was not measured.
NO_VALUE = "–"

#: The number of characters of a reply in a terminal.
_REPLY_CHARACTERS = 200

#: The groups of columns with figures.
_GROUPS = ("speed", "memory", "quality")


@dataclass(frozen=True)
class TableColumn:
    """One column of a table.

    Attributes:
        name: the end of the key of its heading, ``compare_head_…``.
        cell: makes the content of a cell from a row.
        group: "speed", "memory" or "quality"; "" for a column that names the row.
    """

    name: str
    cell: Callable[[ComparisonRow], str]
    group: str

    @property
    def heading(self) -> str:
        """The heading with its unit, in the language in force."""
        return text(f"compare_head_{self.name}")


def _format_number(value: float | None, digits: int) -> str:
    return NO_VALUE if value is None else f"{value:,.{digits}f}"


def _seconds_cell(field: str, scale: float, digits: int) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        value = getattr(row, field)
        return _format_number(None if value is None else value * scale, digits)

    return cell


def _speed_cell(row: ComparisonRow) -> str:
    if row.tokens_per_second is None:
        return NO_VALUE
    if row.tokens_per_second_range is None:
        return f"{row.tokens_per_second:,.1f}"
    digits = 0 if row.tokens_per_second >= 100 else 1
    low, high = row.tokens_per_second_range
    return f"{row.tokens_per_second:,.{digits}f} ({low:,.{digits}f}–{high:,.{digits}f})"


def _device_cell(row: ComparisonRow) -> str:
    if row.device_peak is None:
        return NO_VALUE
    return ("≥ " if row.device_peak_sampled else "") + format_bytes(row.device_peak)


def _bytes_cell(field: str) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        value = getattr(row, field)
        return NO_VALUE if value is None else format_bytes(value)

    return cell


def _score_cell(score: str) -> Callable[[ComparisonRow], str]:
    def cell(row: ComparisonRow) -> str:
        values = row.scores(score)
        return f"{sum(values)}/{len(values)}" if values else NO_VALUE

    return cell


def _same_cell(row: ComparisonRow) -> str:
    if row.agreement is None:
        return NO_VALUE
    return f"{row.agreement.same:.1%} ({row.agreement.precision})"


def _divergence_cell(row: ComparisonRow) -> str:
    return NO_VALUE if row.agreement is None else f"{row.agreement.divergence:.4f}"


TABLE_COLUMNS = (
    TableColumn("variant", lambda row: row.variant, ""),
    TableColumn("precision", lambda row: row.precision, ""),
    TableColumn("load", _seconds_cell("load_seconds", 1, 2), "speed"),
    TableColumn("cold", _seconds_cell("cold_seconds", 1, 2), "speed"),
    TableColumn("warm", _seconds_cell("warm_seconds", 1000, 1), "speed"),
    TableColumn("speed", _speed_cell, "speed"),
    TableColumn("device", _device_cell, "memory"),
    TableColumn("device_predicted", _bytes_cell("predicted_device"), "memory"),
    TableColumn("host", _bytes_cell("host_peak"), "memory"),
    TableColumn("host_predicted", _bytes_cell("predicted_host"), "memory"),
    TableColumn("exact", _score_cell("exact"), "quality"),
    TableColumn("contains", _score_cell("contains"), "quality"),
    TableColumn("bits", lambda row: _format_number(row.bits_per_byte, 3), "quality"),
    TableColumn("same", _same_cell, "quality"),
    TableColumn("divergence", _divergence_cell, "quality"),
)


def table_columns(rows: Sequence[ComparisonRow]) -> list[TableColumn]:
    """The columns with a value for at least one measured row, and those that name the rows."""
    done = [row for row in rows if row.status == DONE]
    return [c for c in TABLE_COLUMNS if not c.group or any(c.cell(r) != NO_VALUE for r in done)]


def status_text(row: ComparisonRow) -> str:
    """The status of a row in a few words."""
    return text("compare_done" if row.status == DONE else f"compare_status_{row.status}")


def row_reason(row: ComparisonRow) -> str:
    """Why a row was not measured, in one line."""
    if row.status == DOES_NOT_FIT and row.reason:  # this sentence names the variant itself
        return str(row.reason)
    status = status_text(row)
    return f"{row.label}: {f'{status}: {row.reason}' if row.reason else status}"


def row_remarks(rows: Sequence[ComparisonRow]) -> list[str]:
    """The lines below a table: why rows were not measured, and notes."""
    reasons = [row_reason(row) for row in rows if row.status != DONE]
    return [*reasons, *(f"{row.label}: {note}" for row in rows for note in row.notes)]


def score_sign(reply: ScoredReply) -> str:
    """The score of a reply as a sign: equal to its reference, containing it, or neither.

    It is "" for a prompt without a reference.
    """
    if reply.exact is None:
        return ""
    return "=" if reply.exact else "⊃" if reply.contains else "≠"


def measured_on(result: ComparisonResult) -> str:
    """The machine, the packages and the date in one line."""
    machine = result.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    return text(
        "compare_measured_on",
        device=machine.device,
        memory=format_bytes(machine.usable_bytes),
        packages=packages,
        python=machine.python,
        date=machine.date,
    )


def method_sentences(result: ComparisonResult) -> list[str]:
    """How the values of the visible columns were measured, one sentence each."""
    names = {column.name for column in table_columns(result.rows)}
    sentences = []
    if "speed" in names:
        sentences.append(text("compare_how_speed", repeats=result.repeats))
    if "cold" in names:
        sentences.append(text("compare_how_cold"))
    if names & {"device", "host"}:
        sentences.append(text("compare_how_memory"))
    if any(row.device_peak_sampled and row.device_peak is not None for row in result.rows):
        sentences.append(text("compare_how_sampled"))
    sentences.append(text("compare_how_answers", tokens=result.max_new_tokens))
    if "exact" in names:
        sentences.append(text("compare_how_scores"))
    if "bits" in names and result.text_bytes:
        sentences.append(text("compare_how_bits", count=f"{result.text_bytes:,}"))
    if "same" in names:
        sentences.append(text("compare_how_agreement"))
    return sentences


# text for a terminal


def report_text(result: ComparisonResult) -> str:
    """Tables of speed, memory and quality, then the replies to each prompt."""
    rows = result.rows
    columns = table_columns(rows)
    names = [column for column in columns if not column.group]
    done = [row for row in rows if row.status == DONE]
    blocks = [measured_on(result)]
    for group in _GROUPS:
        if figures := [column for column in columns if column.group == group]:
            table = _text_table([*names, *figures], done)
            blocks.append(f"{text(f'compare_about_{group}')}\n{table}")
    if remarks := row_remarks(rows):
        blocks.append("\n".join(remarks))
    blocks += [_text_replies(result, number) for number in range(len(result.prompts))]
    return "\n\n".join(_without_controls(block) for block in blocks)


def _text_table(columns: Sequence[TableColumn], rows: Sequence[ComparisonRow]) -> str:
    cells = [[c.heading for c in columns], *([c.cell(row) for c in columns] for row in rows)]
    return align_columns(cells, right=[i for i, c in enumerate(columns) if c.group])


def _text_replies(result: ComparisonResult, number: int) -> str:
    prompt = _one_line(result.prompts[number])
    lines = [text("compare_prompt", number=number + 1, prompt=prompt)]
    if reference := result.references[number]:
        lines.append(f"  {text('compare_reference', reference=_one_line(reference))}")
    for row in result.rows:
        if number < len(row.outputs):
            reply = row.outputs[number]
            words = _one_line(reply.text) or text("compare_empty")
            lines.append(f"  {row.label}: {f'{score_sign(reply)} {words}'.lstrip()}")
    return "\n".join(lines)


def _one_line(block: str) -> str:
    line = " ⏎ ".join(line.strip() for line in block.strip().splitlines())
    return line if len(line) <= _REPLY_CHARACTERS else line[: _REPLY_CHARACTERS - 1] + "…"


def _without_controls(block: str) -> str:
    """Replaces control characters, which could steer a terminal; a reply may hold any text."""
    return "".join(c if c == "\n" or unicodedata.category(c) != "Cc" else "�" for c in block)


# Markdown


def report_markdown(result: ComparisonResult) -> str:
    """The table, the remarks and the replies as Markdown; text of models is escaped."""
    columns = table_columns(result.rows)
    lines = [
        _markdown_row(column.heading for column in columns),
        _markdown_row("---:" if column.group else "---" for column in columns),
        *(_markdown_row(_markdown_cells(row, columns)) for row in result.rows),
        "",
        *(f"- {_escape_markdown(line)}" for line in row_remarks(result.rows)),
    ]
    headings = [text(f"compare_head_{name}") for name in ("variant", "precision", "output")]
    for number, prompt in enumerate(result.prompts):
        title = text("compare_prompt", number=number + 1, prompt=prompt)
        lines += ["", f"**{_escape_markdown(title)}**", ""]
        if reference := result.references[number]:
            lines += [_escape_markdown(text("compare_reference", reference=reference)), ""]
        lines += [_markdown_row(headings), _markdown_row(["---"] * len(headings))]
        for row in result.rows:
            reply = row.outputs[number].text if number < len(row.outputs) else NO_VALUE
            cells = [_escape_markdown(row.variant), row.precision, _escape_markdown(reply)]
            lines.append(_markdown_row(cells))
    method = (f"- {_escape_markdown(sentence)}" for sentence in method_sentences(result))
    lines += ["", _escape_markdown(measured_on(result)), "", *method]
    return "\n".join(lines) + "\n"


def _markdown_cells(row: ComparisonRow, columns: Sequence[TableColumn]) -> list[str]:
    if row.status == DONE:
        return [_escape_markdown(column.cell(row)) for column in columns]
    names = [_escape_markdown(column.cell(row)) for column in columns if not column.group]
    return [*names, status_text(row), *[NO_VALUE] * len(columns)][: len(columns)]


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape_markdown(block: str) -> str:
    """Any text as the content of one cell."""
    block = html.escape(_without_controls(block.strip()), quote=False)
    block = re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", block)
    return block.replace("\n", "<br>") or " "


# records


def row_records(result: ComparisonResult) -> list[dict[str, Any]]:
    """A flat dict for each row, for CSV and pandas; its keys are the same in every language.

    Times are in seconds (``_s``), memory is in bytes, speeds are in tokens per second, and None
    stands for values that were not measured.
    """
    return [_record(row, len(result.prompts)) for row in result.rows]


def _record(row: ComparisonRow, prompts: int) -> dict[str, Any]:
    low, high = row.tokens_per_second_range or (None, None)
    record: dict[str, Any] = {
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
    for i in range(prompts):
        record[f"output_{i + 1}"] = row.outputs[i].text if i < len(row.outputs) else None
    return record
