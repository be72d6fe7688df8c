"""The comparing panel where no widget can live: the same content as tables and as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns, wrap_text
from gemma_nb.widgets import compare_view
from gemma_nb.widgets.markup import Html, join, table, tag
from gemma_nb.widgets.picker_view import ICONS, status_words

if TYPE_CHECKING:
    from gemma_nb.comparison.comparison import Comparison
    from gemma_nb.widgets.compare_choices import Choices
    from gemma_nb.widgets.compare_view import Seen


def static_html(
    choices: Choices,
    prompts: Sequence[str],
    seen: Seen | None,
    comparison: Comparison | None,
    plots: Html,
) -> Html:
    """What was chosen, or how it compares.

    Args:
        choices: what was chosen.
        prompts: what each is asked.
        seen: the rows so far; None before a run.
        comparison: what came of the run; None before its end.
        plots: the plots as markup.
    """
    title = tag("h3", text("panel_compare_title"))
    if seen is None:
        label = text("panel_compare_choices")
        heads = [text("panel_compare_variant"), text("panel_compare_precision"), text("panel_compare_status")]  # fmt: skip
        chosen = table(_chosen(choices), heads, label=label, first_is_head=True)
        return join([title, chosen, tag("ul", *(tag("li", p) for p in prompts))])
    parts = [title, compare_view.table_html(seen), compare_view.replies_html(seen), plots]
    if comparison is not None:
        how = compare_view.how_html(comparison)
        parts.append(tag("details", tag("summary", text("panel_compare_tab_how")), how))
    return join(parts)


def static_text(
    choices: Choices, prompts: Sequence[str], seen: Seen | None, comparison: Comparison | None
) -> str:
    """The same as plain text."""
    title = text("panel_compare_title")
    if comparison is not None:
        return f"{title}\n\n{comparison}"
    if seen is not None:
        lines = [
            (row.variant, row.precision, compare_view.state_of(row, state))
            for row, state in zip(seen.rows, seen.states, strict=True)
        ]
        return f"{title}\n\n{align_columns(lines)}"
    chosen = (
        align_columns(_chosen(choices)) if choices.items else wrap_text(text("panel_compare_none"))
    )
    return "\n\n".join([title, chosen, "\n".join(f"  - {p}" for p in prompts)])


def _chosen(choices: Choices) -> list[tuple[str, str, str]]:
    rows = []
    for item in choices.items:
        words = f"{ICONS['fits']} {text('panel_compare_is_loaded')}"
        if item.entry.model is None:
            verdict = choices.verdict(item)
            words = f"{ICONS[verdict.status]} {status_words(verdict)}"
        rows.append((item.entry.variant.name, item.entry.precision, words))
    return rows
