"""What the comparison panel shows of a run, as HTML and as text.

The sentences are in the language in force.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb import plots
from gemma_nb.comparison.report_table import NONE, columns, reason, remarks
from gemma_nb.comparison.report_text import head, how, mark_of
from gemma_nb.comparison.result import Comparison
from gemma_nb.comparison.rows import DONE, Output, Row
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns as text_columns
from gemma_nb.text_utils import wrap_text
from gemma_nb.widgets.base.html import Html, breakable_name, esc, join, table, tag
from gemma_nb.widgets.compare.candidate_list import CandidateList

if TYPE_CHECKING:
    from matplotlib.figure import Figure


#: The resolution of the plots in dots per inch. They are saved with the notebook.
_DPI = 100

#: The key of a plot's title -> the columns whose values are in its text alternative.
_ALTERNATIVE_COLUMNS = {
    "plot_speed_quality_title": ("speed", "exact", "contains", "bits", "same"),
    "plot_memory_title": ("device", "device_predicted", "host", "host_predicted"),
    "plot_speed_title": ("speed",),
    "plot_latency_title": ("cold", "warm"),
}


@dataclass(frozen=True)
class RunState:
    """The rows of a comparison that runs or has ended.

    Attributes:
        rows: one for each choice, in the order of the choices.
        steps: what is being done for each row, in words; "" for a row that has ended.
        prompts: the prompts.
        references: the right answer to each prompt; None where there is none.
    """

    rows: tuple[Row, ...]
    steps: tuple[str, ...]
    prompts: tuple[str, ...]
    references: tuple[str | None, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> RunState:
        """The state of a run that has ended."""
        steps = ("",) * len(comparison.rows)
        return cls(comparison.rows, steps, comparison.prompts, comparison.references)


def row_status(row: Row, step: str = "") -> str:
    """The status of a row in a few words.

    Args:
        row: the row.
        step: what is being done for it, in words; "" when it has ended.
    """
    if step:
        return step
    return text("compare_done" if row.status == DONE else f"compare_status_{row.status}")


def table_html(run: RunState) -> Html:
    """The rows as a table, with reasons and notes below.

    There is a column for the status as long as a row is not finished.
    """
    shown = columns(run.rows)
    names = [column for column in shown if not column.about]
    figures = [column for column in shown if column.about]
    has_status = any(row.status != DONE for row in run.rows)
    heads = [column.heading for column in names]
    heads += [text("panel_compare_status")] if has_status else []
    heads += [column.heading for column in figures]
    body = []
    for row, step in zip(run.rows, run.steps, strict=True):
        cells: list[object] = [breakable_name(column.cell(row)) for column in names]
        cells += [row_status(row, step)] if has_status else []
        cells += [column.cell(row) if row.status == DONE else NONE for column in figures]
        body.append(cells)
    label = text("panel_compare_results")
    rows = tag("div", table(body, heads, label=label, first_is_head=True), class_="gnb-compared")
    # a row that waits has no reason yet
    notes = remarks([row for row, step in zip(run.rows, run.steps, strict=True) if not step])
    return join([rows, tag("ul", *(tag("li", note) for note in notes)) if notes else ""])


def replies_html(run: RunState) -> Html:
    """The replies to each prompt, side by side."""
    return join(_prompt_replies_html(run, number) for number in range(len(run.prompts)))


def _prompt_replies_html(run: RunState, number: int) -> Html:
    prompt = text("compare_prompt", number=number + 1, prompt=run.prompts[number])
    parts = [tag("h4", prompt, class_="gnb-asked")]
    if reference := run.references[number]:
        parts.append(tag("p", tag("small", text("compare_reference", reference=reference))))
    replies = (_reply_html(r, step, number) for r, step in zip(run.rows, run.steps, strict=True))
    return join([*parts, tag("div", *replies, class_="gnb-said")])


def _reply_html(row: Row, step: str, number: int) -> Html:
    """The reply of one row to one prompt, or why there is none."""
    heading = tag("h5", breakable_name(row.label))
    if number >= len(row.outputs):
        why = step
        if not step:
            why = reason(row) if row.reason else row_status(row)
            why = text("panel_compare_no_reply", why=why)
        return tag("div", heading, tag("small", why), class_="gnb-reply")
    output = row.outputs[number]
    reply = output.text.strip("\n") or tag("em", text("compare_empty"))
    kind = ""
    if output.exact is not None:
        kind = " gnb-right" if output.exact or output.contains else " gnb-wrong"
    return tag("div", heading, tag("div", reply), _mark_html(output), class_=f"gnb-reply{kind}")


def _mark_html(output: Output) -> Html:
    """Whether a reply agrees with its reference, as a sign and in words."""
    if output.exact is None:
        return Html()
    name = "exact" if output.exact else "contains" if output.contains else "wrong"
    sign = mark_of(output.exact, output.contains)
    return tag("small", f"{sign} {text(f'compare_mark_{name}')}")


def plots_html(comparison: Comparison) -> Html:
    """The plots as images within the page, each with its values as a text alternative."""
    makers: dict[str, Callable[[], Figure]] = {
        "plot_speed_quality_title": comparison.plot_speed_quality,
        "plot_memory_title": comparison.plot_memory,
        "plot_speed_title": comparison.plot_tokens_per_second,
        "plot_latency_title": comparison.plot_latency,
    }
    pictures = []
    for key, make in makers.items():
        try:
            figure = make()
        except InvalidInput:  # its values were not measured
            continue
        data = base64.b64encode(plots.png(figure, _DPI)).decode("ascii")
        alt = esc(_alternative(key, comparison.rows))
        # tag() leaves out data: addresses, because a user's or model's text could hold one
        pictures.append(Html(f'<img alt="{alt}" src="data:image/png;base64,{data}">'))
    return tag("div", *pictures, class_="gnb-plots") if pictures else Html()


def _alternative(key: str, rows: Sequence[Row]) -> str:
    shown = [c for c in columns(rows) if c.head in _ALTERNATIVE_COLUMNS[key]]
    values = [
        f"{row.label}: " + ", ".join(f"{c.heading} {c.cell(row)}" for c in shown)
        for row in rows
        if row.status == DONE
    ]
    return text("panel_compare_plot_alt", title=text(key), values="; ".join(values))


def method_html(comparison: Comparison) -> Html:
    """How the figures were measured."""
    lines = [head(comparison), *how(comparison)]
    return tag("ul", *(tag("li", line) for line in lines))


# static copies


def static_html(
    candidates: CandidateList,
    prompts: Sequence[str],
    run: RunState | None,
    comparison: Comparison | None,
    plots_block: Html,
) -> Html:
    """The candidates before a run, else its results.

    Args:
        candidates: the candidates.
        prompts: the prompts.
        run: the rows of the run so far; None before one.
        comparison: the comparison that the run made; None before its end.
        plots_block: the plots as HTML.
    """
    title = tag("h3", text("panel_compare_title"))
    if run is None:
        label = text("panel_compare_choices")
        heads = [text(f"panel_compare_{name}") for name in ("variant", "precision", "status")]
        rows = table(_candidate_rows(candidates), heads, label=label, first_is_head=True)
        return join([title, rows, tag("ul", *(tag("li", prompt) for prompt in prompts))])
    parts = [title, table_html(run), replies_html(run), plots_block]
    if comparison is not None:
        summary = tag("summary", text("panel_compare_tab_how"))
        parts.append(tag("details", summary, method_html(comparison)))
    return join(parts)


def static_text(
    candidates: CandidateList,
    prompts: Sequence[str],
    run: RunState | None,
    comparison: Comparison | None,
) -> str:
    """The same as plain text; the arguments are those of ``static_html``."""
    title = text("panel_compare_title")
    if comparison is not None:
        return f"{title}\n\n{comparison}"
    if run is not None:
        lines = [
            (row.variant, row.precision, row_status(row, step))
            for row, step in zip(run.rows, run.steps, strict=True)
        ]
        return f"{title}\n\n{text_columns(lines)}"
    rows = _candidate_rows(candidates)
    body = text_columns(rows) if rows else wrap_text(text("panel_compare_none"))
    return "\n\n".join([title, body, "\n".join(f"  - {prompt}" for prompt in prompts)])


def _candidate_rows(candidates: CandidateList) -> list[tuple[str, str, str]]:
    """The variant, precision and status of each candidate."""
    return [
        (one.entry.variant.name, one.entry.precision, candidates.status_text(one))
        for one in candidates.candidates
    ]
