"""A comparison in text: for a terminal, and as Markdown."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.comparison.report_table import NO_VALUE, TableColumn, row_remarks, table_columns
from gemma_nb.comparison.rows import DONE
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns as aligned
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.comparison.result import Comparison
    from gemma_nb.comparison.rows import ComparisonRow

#: Characters of an output that a terminal shows.
_SHOWN = 200
_ABOUT = ("speed", "memory", "quality")


def report_text(comparison: Comparison) -> str:
    """Tables of speed, memory and quality, then what each said to each prompt."""
    rows = comparison.rows
    shown = table_columns(rows)
    names = [c for c in shown if not c.about]
    blocks = [measured_on(comparison)]
    for about in _ABOUT:
        if found := [c for c in shown if c.about == about]:
            lines = _table([*names, *found], [r for r in rows if r.status == DONE])
            blocks.append(f"{text(f'compare_about_{about}')}\n{lines}")
    blocks += ["\n".join(told)] if (told := row_remarks(rows)) else []
    blocks += [_answers(comparison, i) for i in range(len(comparison.prompts))]
    return "\n\n".join(_harmless(block) for block in blocks)


def measured_on(comparison: Comparison) -> str:
    """Where and how it was measured, in a line."""
    machine = comparison.machine
    packages = ", ".join(f"{name} {version}" for name, version in machine.packages.items())
    return text(
        "compare_measured_on",
        device=machine.device,
        memory=format_bytes(machine.usable_bytes),
        packages=packages,
        python=machine.python,
        date=machine.date,
    )


def method_sentences(comparison: Comparison) -> list[str]:
    """How the figures came about, a sentence each; only those of columns that are shown."""
    shown = {c.head for c in table_columns(comparison.rows)}
    told = [text("compare_how_speed", repeats=comparison.repeats)] if "speed" in shown else []
    told += [text("compare_how_cold")] if "cold" in shown else []
    told += [text("compare_how_memory")] if shown & {"device", "host"} else []
    told += [text("compare_how_sampled")] if _sampled(comparison.rows) else []
    told += [text("compare_how_answers", tokens=comparison.max_new_tokens)]
    told += [text("compare_how_scores")] if "exact" in shown else []
    if "bits" in shown and comparison.text_bytes:
        told.append(text("compare_how_bits", count=f"{comparison.text_bytes:,}"))
    return told + ([text("compare_how_agreement")] if "same" in shown else [])


def _sampled(rows: Sequence[ComparisonRow]) -> bool:
    return any(r.device_peak_sampled and r.device_peak is not None for r in rows)


def _table(shown: Sequence[TableColumn], rows: Sequence[ComparisonRow]) -> str:
    cells = [[c.heading for c in shown], *([c.cell(r) for c in shown] for r in rows)]
    return aligned(cells, right=[i for i, c in enumerate(shown) if c.about])


def _answers(comparison: Comparison, number: int) -> str:
    lines = [text("compare_prompt", number=number + 1, prompt=_line(comparison.prompts[number]))]
    if reference := comparison.references[number]:
        lines.append(f"  {text('compare_reference', reference=_line(reference))}")
    for row in comparison.rows:
        if number < len(row.outputs):
            output = row.outputs[number]
            mark = "" if output.exact is None else f"{score_sign(output.exact, output.contains)} "
            lines.append(f"  {row.label}: {mark}{_line(output.text) or text('compare_empty')}")
    return "\n".join(lines)


def score_sign(exact: bool | None, contains: bool | None) -> str:
    """How a reply did against its reference: equal, containing it, or neither."""
    return "=" if exact else "⊃" if contains else "≠"


def _line(said: str) -> str:
    said = " ⏎ ".join(line.strip() for line in said.strip().splitlines())
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


def _harmless(said: str) -> str:
    """Without what would steer a terminal; a model may say anything."""
    return "".join(c if c == "\n" or unicodedata.category(c) != "Cc" else "�" for c in said)


def report_markdown(comparison: Comparison) -> str:
    """The table, the remarks and the outputs as Markdown; what models say is escaped."""
    shown = table_columns(comparison.rows)
    lines = [
        _row(c.heading for c in shown),
        _row("---:" if c.about else "---" for c in shown),
        *(_row(_cells(r, shown)) for r in comparison.rows),
        "",
        *(f"- {_escaped(line)}" for line in row_remarks(comparison.rows)),
    ]
    for number, prompt in enumerate(comparison.prompts):
        lines += [
            "",
            f"**{_escaped(text('compare_prompt', number=number + 1, prompt=prompt))}**",
            "",
        ]
        if reference := comparison.references[number]:
            lines += [_escaped(text("compare_reference", reference=reference)), ""]
        heads = [text("compare_head_variant"), text("compare_head_precision")]
        lines += [_row([*heads, text("compare_head_output")]), _row(["---"] * 3)]
        for row in comparison.rows:
            said = row.outputs[number].text if number < len(row.outputs) else NO_VALUE
            lines.append(_row([_escaped(row.variant), row.precision, _escaped(said)]))
    lines += [
        "",
        _escaped(measured_on(comparison)),
        "",
        *(f"- {_escaped(s)}" for s in method_sentences(comparison)),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: ComparisonRow, shown: Sequence[TableColumn]) -> list[str]:
    if row.status == DONE:
        return [_escaped(c.cell(row)) for c in shown]
    names = [_escaped(c.cell(row)) for c in shown if not c.about]
    state = [text(f"compare_status_{row.status}"), *[NO_VALUE] * len(shown)]
    return [*names, *state][: len(shown)]


def _row(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]


def _escaped(said: str) -> str:
    """One cell of Markdown, whatever is said."""
    said = html.escape(_harmless(said.strip()), quote=False)
    said = re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", said)
    return said.replace("\n", "<br>") or " "
