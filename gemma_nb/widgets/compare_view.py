"""What the comparing panel shows, as markup; sentences come in the language in force."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.comparison.report_text import (
    NO_VALUE,
    measured_on,
    method_sentences,
    row_reason,
    row_remarks,
    score_sign,
    table_columns,
)
from gemma_nb.comparison.rows import DONE, WAITING, ComparisonRow, ScoredReply
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import text
from gemma_nb.widgets.markup import Html, esc, join, table, tag

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gemma_nb.comparison.comparison import Comparison

#: Dots an inch of the plots: sharp enough, and small enough to be saved with the notebook.
_DPI = 100

STYLE = Html(
    "<style>"
    ".gnb.gnb-compare .gnb-chosen{gap:4px}.gnb.gnb-compare .gnb-chosen>.gnb-row{flex-wrap:nowrap;align-items:flex-start;"
    "border-top:1px solid var(--g-faint);padding-top:4px}"
    ".gnb.gnb-compare .gnb-item{flex:1 1 auto}.gnb.gnb-compare .gnb-item strong{font-weight:600;overflow-wrap:anywhere}"
    ".gnb.gnb-compare .gnb-item .gnb-why{display:block}.gnb.gnb-compare .gnb-chosen .gnb-button{flex:0 0 auto;min-height:28px;padding:2px 10px}"
    ".gnb.gnb-compare .gnb-lines{flex:1 1 320px}"
    # no line is folded: a prompt and its right answer stand on the same one
    ".gnb.gnb-compare .gnb-lines>textarea{white-space:pre;overflow-x:auto;resize:vertical;width:100%;line-height:1.5}"
    ".gnb.gnb-compare .gnb-whole{flex:1 1 100%}.gnb.gnb-compare .gnb-whole>textarea{resize:vertical;width:100%}"
    ".gnb.gnb-compare .gnb-stop:enabled{border-color:var(--g-no);color:var(--g-no);font-weight:600}"
    ".gnb.gnb-compare .gnb-compared td{font-variant-numeric:tabular-nums}"
    ".gnb.gnb-compare .gnb-compared td+td{text-align:right;white-space:nowrap}"
    ".gnb.gnb-compare .gnb-compared thead th{word-break:keep-all}.gnb.gnb-compare .gnb-compared thead th+th+th{text-align:right}"
    ".gnb.gnb-compare .gnb-compared th[scope=row]{min-width:8em}"
    ".gnb.gnb-compare .gnb-said{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr));gap:8px;margin:4px 0 14px;align-items:start}"
    ".gnb.gnb-compare .gnb-reply{border:1px solid var(--g-faint);border-radius:8px;padding:8px 10px;min-width:0;background:var(--g-soft)}"
    ".gnb.gnb-compare .gnb-reply h5{margin:0 0 4px;font-size:12.5px;font-weight:600;overflow-wrap:anywhere;color:var(--g-fg)}"
    ".gnb.gnb-compare .gnb-reply.gnb-right{border-left:5px solid var(--g-fits)}"
    ".gnb.gnb-compare .gnb-reply.gnb-wrong{border-left:5px dashed var(--g-no)}"
    ".gnb.gnb-compare .gnb-reply>div{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".gnb.gnb-compare .gnb-reply small{display:block;margin-top:4px}"
    ".gnb.gnb-compare .gnb-asked{white-space:pre-wrap;overflow-wrap:anywhere}"
    ".gnb.gnb-compare .gnb-plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:10px;margin:4px 0}"
    ".gnb.gnb-compare .gnb-plots img{display:block;max-width:100%;height:auto;margin:0;border:1px solid var(--g-faint);"
    "border-radius:8px;background:#fff;box-sizing:border-box}"
    "</style>"
)

#: A plot's title -> the columns whose values its text alternative tells.
_TOLD = {
    "plot_speed_quality_title": ("speed", "exact", "contains", "bits", "same"),
    "plot_memory_title": ("device", "device_predicted", "host", "host_predicted"),
    "plot_speed_title": ("speed",),
    "plot_latency_title": ("cold", "warm"),
}


@dataclass(frozen=True)
class Seen:
    """What is there to see of a run: its rows so far, and what is being done to each.

    Args:
        rows: one a choice, in the order in which they were chosen.
        states: what is done to each now, in words; "" for a row that ended.
        prompts: what each was asked.
        references: the right answers, None where there is none.
    """

    rows: tuple[ComparisonRow, ...]
    states: tuple[str, ...]
    prompts: tuple[str, ...]
    references: tuple[str | None, ...]

    @classmethod
    def of(cls, comparison: Comparison) -> Seen:
        """What there is to see of a run that has ended."""
        ended = tuple("" for _ in comparison.rows)
        return cls(comparison.rows, ended, comparison.prompts, comparison.references)


def state_of(row: ComparisonRow, state: str = "") -> str:
    """How a row stands, in a word or two."""
    if state:
        return state
    return text("compare_done" if row.status == DONE else f"compare_status_{row.status}")


def table_html(seen: Seen) -> Html:
    """The rows as a table, with reasons and notes below; the state is told while it tells something."""
    shown = table_columns(seen.rows)
    names = [c for c in shown if not c.group]
    figures = [c for c in shown if c.group]
    telling = any(row.status != DONE for row in seen.rows)
    heads = [c.heading for c in names]
    heads += [text("panel_compare_status")] if telling else []
    heads += [c.heading for c in figures]
    body = []
    for row, state in zip(seen.rows, seen.states, strict=True):
        cells: list[object] = [breakable(c.cell(row)) for c in names]
        cells += [state_of(row, state)] if telling else []
        cells += [c.cell(row) if row.status == DONE else NO_VALUE for c in figures]
        body.append(cells)
    label = text("panel_compare_results")
    rows = tag("div", table(body, heads, label=label, first_is_head=True), class_="gnb-compared")
    # a row that waits has no reason yet
    told = row_remarks([r for r, s in zip(seen.rows, seen.states, strict=True) if not s])
    return join([rows, tag("ul", *(tag("li", line) for line in told)) if told else ""])


def breakable(name: str) -> Html:
    """A variant's name, which may go on in the next line behind its underscores."""
    return join(name.split("_"), join(["_", tag("wbr")]))


def replies_html(seen: Seen) -> Html:
    """What each said to each prompt, side by side."""
    return join(_replies(seen, number) for number in range(len(seen.prompts)))


def _replies(seen: Seen, number: int) -> Html:
    asked = text("compare_prompt", number=number + 1, prompt=seen.prompts[number])
    parts = [tag("h4", asked, class_="gnb-asked")]
    if reference := seen.references[number]:
        parts.append(tag("p", tag("small", text("compare_reference", reference=reference))))
    cards = (_card(row, state, number) for row, state in zip(seen.rows, seen.states, strict=True))
    return join([*parts, tag("div", *cards, class_="gnb-said")])


def _card(row: ComparisonRow, state: str, number: int) -> Html:
    head = tag("h5", breakable(row.label))
    if number >= len(row.outputs):
        why = state or (row_reason(row) if row.reason else state_of(row))
        said = tag("small", text("panel_compare_no_reply", why=why) if not state else why)
        return tag("div", head, said, class_="gnb-reply")
    output = row.outputs[number]
    reply = output.text.strip("\n") or tag("em", text("compare_empty"))
    kind = ""
    if output.exact is not None:
        kind = " gnb-right" if output.exact or output.contains else " gnb-wrong"
    return tag("div", head, tag("div", reply), _mark(output), class_=f"gnb-reply{kind}")


def _mark(output: ScoredReply) -> Html:
    """How a reply did against its reference, in a sign and words."""
    if output.exact is None:
        return Html()
    name = "exact" if output.exact else "contains" if output.contains else "wrong"
    mark = score_sign(output)
    return tag("small", f"{mark} {text(f'compare_mark_{name}')}")


def plots_html(comparison: Comparison) -> Html:
    """The plots as pictures in the page itself, each with its values in words."""
    from gemma_nb import plots

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
        except InvalidInput:  # nothing was measured that it could show
            continue
        data = base64.b64encode(plots.png(figure, _DPI)).decode("ascii")
        alt = esc(_alternative(key, comparison.rows))
        # not by tag(): of what anybody wrote nothing may be a data: address
        pictures.append(Html(f'<img alt="{alt}" src="data:image/png;base64,{data}">'))
    return tag("div", *pictures, class_="gnb-plots") if pictures else Html()


def _alternative(key: str, rows: Sequence[ComparisonRow]) -> str:
    shown = [c for c in table_columns(rows) if c.name in _TOLD[key]]
    told = [
        f"{row.label}: " + ", ".join(f"{c.heading} {c.cell(row)}" for c in shown)
        for row in rows
        if row.status == DONE
    ]
    return text("panel_compare_plot_alt", title=text(key), values="; ".join(told))


def how_html(comparison: Comparison) -> Html:
    """How the figures came about."""
    lines = [measured_on(comparison), *method_sentences(comparison)]
    return tag("ul", *(tag("li", line) for line in lines))


def waiting_row(variant: str, precision: str, max_length: int) -> ComparisonRow:
    """A row before anything is known of it."""
    return ComparisonRow(variant, precision, max_length, status=WAITING)
