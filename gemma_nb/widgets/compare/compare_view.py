"""What the comparison panel shows of a run, as HTML and as text.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemma_nb.comparison import report_html
from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.report_text import status_text
from gemma_nb.comparison.rows import ComparisonRow
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns as text_columns
from gemma_nb.text_utils import wrap_text
from gemma_nb.widgets.base.html import scroll_region, table
from gemma_nb.widgets.compare.candidate_list import CandidateList


@dataclass(frozen=True)
class RunState:
    """The rows of a comparison that runs or has ended.

    Attributes:
        rows: one for each choice, in the order of the choices.
        steps: what is being done for each row, in words; "" for a row that has ended.
        prompts: the prompts.
        references: the right answer to each prompt; None where there is none.
    """

    rows: tuple[ComparisonRow, ...]
    steps: tuple[str, ...]
    prompts: tuple[str, ...]
    references: tuple[str | None, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> RunState:
        """The state of a run that has ended."""
        steps = ("",) * len(comparison.rows)
        return cls(comparison.rows, steps, comparison.prompts, comparison.references)


def table_html(run: RunState) -> Html:
    """The rows as a table, with reasons and notes below."""
    label = text("panel_compare_results")
    rows = report_html.results_table(run.rows, run.steps, label=label, group_headings=False)
    block = tag("div", scroll_region(rows, label), class_="gnb-compared")
    # a row that waits has no reason yet
    ended = [row for row, step in zip(run.rows, run.steps, strict=True) if not step]
    return join([block, report_html.remarks_list(ended)])


def replies_html(run: RunState) -> Html:
    """The replies to each prompt, side by side."""
    return report_html.replies_html(run.rows, run.prompts, run.references, run.steps)


def plots_html(comparison: Comparison) -> Html:
    """The plots as images within the page, each with its values as a text alternative."""
    return report_html.plots_html(comparison)


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
        parts.append(tag("details", summary, report_html.method_list(comparison)))
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
            (row.variant, row.precision, step or status_text(row))
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
