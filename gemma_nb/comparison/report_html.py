"""A comparison as HTML: a table for notebooks, and one page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from gemma_nb.comparison.report_table import NO_VALUE, row_remarks, table_columns
from gemma_nb.comparison.report_text import measured_on, method_sentences, score_sign
from gemma_nb.comparison.rows import DONE, ComparisonRow
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import language, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from gemma_nb.comparison.result import Comparison

#: Dots an inch of the page's plots: sharp on common screens, and four of them below 300 kB.
_DPI = 110

# the page brings its own colours, light and dark; a notebook's table takes the notebook's
_TABLE = """
.gnb-cmp { overflow-x: auto; max-width: 100%; }
.gnb-cmp table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
.gnb-cmp th, .gnb-cmp td { padding: 4px 9px; text-align: right; border-bottom: 1px solid #8885; }
.gnb-cmp thead th { vertical-align: bottom; font-weight: 600; min-width: 2.6em; max-width: 9em;
  text-wrap: balance; word-break: auto-phrase; }
.gnb-cmp tbody th { vertical-align: top; white-space: nowrap; font-weight: 600; }
.gnb-cmp td.gnb-reply { white-space: pre-wrap; overflow-wrap: anywhere; }
.gnb-cmp td { white-space: nowrap; }
.gnb-cmp tr > :nth-child(-n+2) { text-align: left; }
.gnb-cmp thead tr:first-child th { text-align: left; border-bottom: 0; padding-bottom: 0; opacity: .75; }
.gnb-cmp td.gnb-why { text-align: left; white-space: normal; min-width: 24em; }
.gnb-cmp .gnb-group { border-left: 1px solid #8885; }
"""
_PAGE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Noto Sans JP", "Hiragino Sans", Meiryo, sans-serif; color: #1c1c1c;
  background: #fff; margin: 2rem auto; padding: 0 1.25rem; max-width: 1280px; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .4rem; white-space: pre-wrap; overflow-wrap: anywhere; }
p.gnb-small, .gnb-how, figcaption { color: #555; font-size: 13px; }
.gnb-plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 1.2rem; }
figure { margin: 0; } img { max-width: 100%; height: auto; }
.gnb-said { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); gap: .7rem; }
.gnb-card { border: 1px solid #ccc; border-radius: 6px; padding: .5rem .7rem; min-width: 0; }
.gnb-card.gnb-good { border-left: 5px solid #0072B2; } .gnb-card.gnb-bad { border-left: 5px dashed #D55E00; }
.gnb-card h4 { margin: 0 0 .3rem; font-size: 12px; font-weight: 600; overflow-wrap: anywhere; }
.gnb-card h4 span { font-weight: 400; color: #555; }
.gnb-card div { white-space: pre-wrap; overflow-wrap: anywhere; font-size: 14px; }
pre { background: #f4f4f4; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; }
@media print { body { margin: 0; max-width: none; } .gnb-card { break-inside: avoid; } }
"""


def report_fragment(comparison: Comparison) -> str:
    """The table with its remarks and, folded, the replies, for a notebook's page."""
    return (
        f"<style>{_TABLE}</style>{_table(comparison)}{_remarks(comparison.rows)}"
        f"<details><summary>{_e(text('compare_page_replies'))}</summary>"
        f"{_plain_replies(comparison)}</details>"
        f"<details><summary>{_e(text('compare_page_how'))}</summary>{_how(comparison)}</details>"
    )


def report_html(comparison: Comparison, command: str | None = None) -> str:
    """The whole page: no script, no request, whatever a model said.

    Args:
        comparison: what is shown.
        command: what made it; None shows nothing.
    """
    title = _e(text("compare_page_title", count=len(comparison.rows)))
    made = ""
    if command:
        made = f"<h2>{_e(text('compare_page_made'))}</h2><pre>{_e(command)}</pre>"
    replies = "".join(_cards(comparison, i) for i in range(len(comparison.prompts)))
    return f"""<!doctype html>
<html lang="{language()}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{_PAGE}{_TABLE}</style>
</head>
<body>
<h1>{title}</h1>
<p class="gnb-small">{_e(measured_on(comparison))}</p>
<h2>{_e(text("compare_page_table"))}</h2>
{_table(comparison)}{_remarks(comparison.rows)}
{_plots(comparison)}
<h2>{_e(text("compare_page_replies"))}</h2>
{replies}
<h2>{_e(text("compare_page_how"))}</h2>
{_how(comparison)}{made}
</body>
</html>
"""


def _e(said: str) -> str:
    """Escaped, and without the control characters that HTML does not know."""
    return escape("".join(c if c >= " " or c in "\n\t" else "�" for c in said))


def _table(comparison: Comparison) -> str:
    shown = table_columns(comparison.rows)
    firsts = {next(c.head for c in shown if c.about == about) for about in {c.about for c in shown}}

    def style(head: str) -> str:
        return ' class="gnb-group"' if head in firsts - {"variant"} else ""

    groups = []
    for about in dict.fromkeys(c.about for c in shown):
        span = sum(c.about == about for c in shown)
        label = text(f"compare_about_{about}") if about else ""
        edge = ' class="gnb-group"' if about else ""
        groups.append(f'<th colspan="{span}"{edge}>{_e(label)}</th>')
    heads = (f'<th scope="col"{style(c.head)}>{_e(c.heading)}</th>' for c in shown)
    lines = [f"<tr>{''.join(groups)}</tr><tr>{''.join(heads)}</tr>"]
    body = []
    for row in comparison.rows:
        names = "".join(f"<td>{_e(c.cell(row))}</td>" for c in shown if not c.about)
        cells = [c for c in shown if c.about]
        if row.status == DONE:
            rest = "".join(f"<td{style(c.head)}>{_e(c.cell(row))}</td>" for c in cells)
        else:
            state = _e(text(f"compare_status_{row.status}"))
            rest = f'<td class="gnb-why gnb-group" colspan="{len(cells) or 1}">{state}</td>'
        body.append(f"<tr>{names}{rest}</tr>")
    return (
        f'<div class="gnb-cmp" lang="{language()}"><table><thead>{"".join(lines)}</thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _remarks(rows: Sequence[ComparisonRow]) -> str:
    return _list(row_remarks(rows))


def _how(comparison: Comparison) -> str:
    return f'<div class="gnb-how">{_list([measured_on(comparison), *method_sentences(comparison)])}</div>'


def _list(lines: Iterable[str]) -> str:
    found = "".join(f"<li>{_e(line)}</li>" for line in lines)
    return f"<ul>{found}</ul>" if found else ""


def _plots(comparison: Comparison) -> str:
    from gemma_nb import plots

    makers: dict[str, Callable[[], Figure]] = {
        "plot_speed_quality_title": comparison.plot_speed_quality,
        "plot_memory_title": comparison.plot_memory,
        "plot_speed_title": comparison.plot_tokens_per_second,
        "plot_latency_title": comparison.plot_latency,
    }
    found = []
    for key, make in makers.items():
        try:
            figure = make()
        except InvalidInput:  # nothing was measured that it could show
            continue
        data = base64.b64encode(plots.png(figure, _DPI)).decode("ascii")
        alt = _e(text(key))
        found.append(f'<figure><img alt="{alt}" src="data:image/png;base64,{data}"></figure>')
    if not found:
        return ""
    return f'<h2>{_e(text("compare_page_plots"))}</h2><div class="gnb-plots">{"".join(found)}</div>'


def _cards(comparison: Comparison, number: int) -> str:
    """One prompt, and what each said to it, side by side."""
    cards = []
    for row in comparison.rows:
        if number >= len(row.outputs):
            continue
        output, kind, told = row.outputs[number], "", ""
        if output.exact is not None:
            good = output.exact or output.contains
            kind = " gnb-good" if good else " gnb-bad"
            how = "exact" if output.exact else "contains" if output.contains else "wrong"
            mark = score_sign(output.exact, output.contains)
            told = f" <span>{mark} {_e(text(f'compare_mark_{how}'))}</span>"
        said = _e(output.text.strip("\n")) or f"<i>{_e(text('compare_empty'))}</i>"
        cards.append(
            f'<div class="gnb-card{kind}"><h4>{_e(row.label)}{told}</h4><div>{said}</div></div>'
        )
    return f'{_asked(comparison, number)}<div class="gnb-said">{"".join(cards)}</div>'


def _asked(comparison: Comparison, number: int) -> str:
    asked = text("compare_prompt", number=number + 1, prompt=comparison.prompts[number])
    told = f"<h3>{_e(asked)}</h3>"
    if reference := comparison.references[number]:
        told += f'<p class="gnb-small">{_e(text("compare_reference", reference=reference))}</p>'
    return told


def _plain_replies(comparison: Comparison) -> str:
    """The replies as a table, which every notebook shows alike."""
    lines = []
    for number in range(len(comparison.prompts)):
        lines.append(_asked(comparison, number))
        said = [r.outputs[number].text.strip("\n") if number < len(r.outputs) else NO_VALUE
                for r in comparison.rows]  # fmt: skip
        cells = (
            f'<tr><th scope="row">{_e(row.label)}</th><td class="gnb-reply">{_e(one)}</td></tr>'
            for row, one in zip(comparison.rows, said, strict=True)
        )
        lines.append(f'<div class="gnb-cmp"><table><tbody>{"".join(cells)}</tbody></table></div>')
    return "".join(lines)
