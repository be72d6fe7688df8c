"""A comparison as HTML: the parts that a report and the comparison panel share, and the report.

Every function builds its markup with ``html_markup``, so that text of a user or a model is escaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from gemma_nb.comparison.report_text import (
    NO_VALUE,
    TableColumn,
    measured_on,
    method_sentences,
    row_reason,
    row_remarks,
    score_sign,
    status_text,
    table_columns,
)
from gemma_nb.comparison.result import ComparisonResult
from gemma_nb.comparison.result_plots import RESULT_PLOTS
from gemma_nb.comparison.rows import DONE, ComparisonRow, ScoredReply
from gemma_nb.errors import InvalidInput
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import language, text
from gemma_nb.plots.canvas import image_html, plot_style

#: The resolution of the plots on a page in dots per inch: sharp on common screens, and four plots
#: are smaller than 300 kB.
_PAGE_DPI = 110

#: The policy of a page: no scripts and no requests, whatever a reply holds.
_CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

#: The key of a plot's title -> the columns whose values are in its text alternative.
_ALTERNATIVE_COLUMNS = {
    "plot_speed_quality_title": ("speed", "exact", "contains", "bits", "same"),
    "plot_memory_title": ("device", "device_predicted", "host", "host_predicted"),
    "plot_speed_title": ("speed",),
    "plot_latency_title": ("cold", "warm"),
}


# the parts


def results_table(
    rows: Sequence[ComparisonRow],
    steps: Sequence[str] = (),
    *,
    label: str | None = None,
    group_headings: bool = True,
) -> Html:
    """The rows as a table; it has a column for the status unless every row is measured.

    Args:
        rows: the rows.
        steps: what is being done for each row, in words; "" for a row that has ended. Empty if no
            row is being measured.
        label: the name of the table for a screen reader; None for none.
        group_headings: whether "Speed", "Memory" and "Quality" stand above their columns.
    """
    columns = table_columns(rows)
    names = [column for column in columns if not column.group]
    figures = [column for column in columns if column.group]
    has_status = any(row.status != DONE for row in rows)
    # a line separates the groups of columns; reversed, so that the first column of a group remains
    first_of_group = {column.group: column.name for column in reversed(figures)}
    classes = dict.fromkeys(first_of_group.values(), "gnb-group")

    heads = [tag("th", column.heading, scope="col") for column in names]
    if has_status:
        heads.append(tag("th", text("panel_compare_status"), scope="col", class_="gnb-status"))
    heads += [tag("th", c.heading, scope="col", class_=classes.get(c.name)) for c in figures]
    head_rows = [tag("tr", *heads)]
    if group_headings:
        head_rows.insert(0, _group_headings(len(names) + has_status, figures))

    body = []
    for row, step in zip(rows, steps or [""] * len(rows), strict=True):
        first, *others = (breakable_name(column.cell(row)) for column in names)
        cells = [tag("th", first, scope="row"), *(tag("td", name) for name in others)]
        if has_status:
            cells.append(tag("td", step or status_text(row), class_="gnb-status"))
        for column in figures:
            value = column.cell(row) if row.status == DONE else NO_VALUE
            cells.append(tag("td", value, class_=classes.get(column.name)))
        body.append(tag("tr", *cells))
    return tag("table", tag("thead", *head_rows), tag("tbody", *body), aria_label=label)


def _group_headings(name_count: int, figures: Sequence[TableColumn]) -> Html:
    """The row above the headings: an empty cell above the names, then the groups."""
    cells = [tag("th", colspan=name_count)]
    for group, count in Counter(column.group for column in figures).items():
        title = text(f"compare_about_{group}")
        cells.append(tag("th", title, colspan=count, class_="gnb-group"))
    return tag("tr", *cells, class_="gnb-groups")


def remarks_list(rows: Sequence[ComparisonRow]) -> Html:
    """Why rows were not measured, and their notes, as a list; "" if there is nothing to say."""
    return _bullet_list(row_remarks(rows))


def method_list(result: ComparisonResult) -> Html:
    """How the values were measured, as a list."""
    return _bullet_list([measured_on(result), *method_sentences(result)])


def _bullet_list(lines: Sequence[str]) -> Html:
    return tag("ul", *(tag("li", line) for line in lines)) if lines else Html()


def breakable_name(name: str) -> Html:
    """The name of a variant, in which lines may break after an underscore."""
    return join(name.split("_"), join(["_", tag("wbr")]))


def replies_html(
    rows: Sequence[ComparisonRow],
    prompts: Sequence[str],
    references: Sequence[str | None],
    steps: Sequence[str] = (),
    *,
    heading_level: int = 4,
) -> Html:
    """The replies to each prompt, side by side, with their scores.

    Args:
        rows: the rows.
        prompts: the prompts.
        references: the right answer to each prompt; None where there is none.
        steps: as in ``results_table``.
        heading_level: the level of a prompt's heading, 3 for ``<h3>``; that of a reply is one more.
    """
    blocks = []
    for number, (prompt, reference) in enumerate(zip(prompts, references, strict=True)):
        cards = []
        for row, step in zip(rows, steps or [""] * len(rows), strict=True):
            heading = tag(f"h{heading_level + 1}", breakable_name(row.label))
            cards.append(_reply_card(row, number, heading, step))
        blocks.append(_prompt_heading(number, prompt, reference, heading_level))
        blocks.append(tag("div", *cards, class_="gnb-said"))
    return join(blocks)


def _prompt_heading(number: int, prompt: str, reference: str | None, level: int) -> Html:
    title = text("compare_prompt", number=number + 1, prompt=prompt)
    heading = tag(f"h{level}", title, class_="gnb-asked")
    if not reference:
        return heading
    answer = tag("small", text("compare_reference", reference=reference))
    return join([heading, tag("p", answer)])


def _reply_card(row: ComparisonRow, number: int, heading: Html, step: str) -> Html:
    """The reply of a row to a prompt, or why there is none."""
    if number >= len(row.outputs):
        why = step
        if not step:
            reason = row_reason(row) if row.reason else status_text(row)
            why = text("panel_compare_no_reply", why=reason)
        return tag("div", heading, tag("small", why), class_="gnb-reply")
    reply = row.outputs[number]
    words = reply.text.strip("\n") or tag("em", text("compare_empty"))
    classes = "gnb-reply"
    if reply.exact is not None:
        classes += " gnb-right" if reply.exact or reply.contains else " gnb-wrong"
    return tag("div", heading, tag("div", words), _score_html(reply), class_=classes)


def _score_html(reply: ScoredReply) -> Html:
    """Whether a reply agrees with its reference, as a sign and in words."""
    if reply.exact is None:
        return Html()
    name = "exact" if reply.exact else "contains" if reply.contains else "wrong"
    return tag("small", f"{score_sign(reply)} {text(f'compare_mark_{name}')}")


def plots_html(result: ComparisonResult, dpi: int = 100) -> Html:
    """The plots as images within the page, each with its values as a text alternative.

    Args:
        result: the comparison.
        dpi: the resolution in dots per inch.

    Returns:
        A block of the plots whose values were measured, for a page with ``plot_style``; "" if there
        is none.
    """
    images = []
    for title, draw in RESULT_PLOTS.items():
        try:
            figure = draw(result)
        except InvalidInput:  # its values were not measured
            continue
        images.append(image_html(figure, _plot_alternative(title, result.rows), dpi))
    return tag("div", *images, class_="gnb-plots") if images else Html()


def _plot_alternative(title: str, rows: Sequence[ComparisonRow]) -> str:
    columns = [c for c in table_columns(rows) if c.name in _ALTERNATIVE_COLUMNS[title]]
    values = [
        f"{row.label}: " + ", ".join(f"{c.heading} {c.cell(row)}" for c in columns)
        for row in rows
        if row.status == DONE
    ]
    return text("panel_compare_plot_alt", title=text(title), values="; ".join(values))


# the reports


def report_fragment(result: ComparisonResult) -> str:
    """The table and its remarks, with the replies and the method folded, for a notebook."""
    parts = [
        _style_html("report_table.css"),
        _table_block(results_table(result.rows)),
        remarks_list(result.rows),
        tag("details", tag("summary", text("compare_page_replies")), _replies_tables(result)),
        tag("details", tag("summary", text("compare_page_how")), method_list(result)),
    ]
    return _without_controls(join(parts))


def report_html(result: ComparisonResult, command: str | None = None) -> str:
    """A page with the table, the plots and the replies; it needs no script and no other file.

    Args:
        result: the comparison.
        command: the command that made it, to show on the page; None for none.
    """
    title = text("compare_page_title", count=len(result.rows))
    plots_block = plots_html(result, _PAGE_DPI)
    head = [
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_CONTENT_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        _style_html("report_page.css", "report_table.css"),
        plot_style(),
    ]
    body = [
        tag("h1", title),
        tag("p", measured_on(result), class_="gnb-small"),
        tag("h2", text("compare_page_table")),
        _table_block(results_table(result.rows)),
        remarks_list(result.rows),
        tag("h2", text("compare_page_plots")) if plots_block else Html(),
        plots_block,
        tag("h2", text("compare_page_replies")),
        replies_html(result.rows, result.prompts, result.references, heading_level=3),
        tag("h2", text("compare_page_how")),
        tag("div", method_list(result), class_="gnb-how"),
    ]
    if command:
        body += [tag("h2", text("compare_page_made")), tag("pre", command)]
    page = tag(
        "html", tag("head", join(head, "\n")), tag("body", join(body, "\n")), lang=language()
    )
    return _without_controls(f"<!doctype html>\n{page}\n")


def _table_block(table: Html) -> Html:
    return tag("div", table, class_="gnb-cmp", lang=language())


def _replies_tables(result: ComparisonResult) -> Html:
    """The replies as a table for each prompt, which every notebook shows alike."""
    blocks = []
    for number, prompt in enumerate(result.prompts):
        blocks.append(_prompt_heading(number, prompt, result.references[number], 3))
        lines = []
        for row in result.rows:
            has_reply = number < len(row.outputs)
            words = row.outputs[number].text.strip("\n") if has_reply else NO_VALUE
            name = tag("th", row.label, scope="row")
            lines.append(tag("tr", name, tag("td", words, class_="gnb-reply")))
        table = tag("table", tag("tbody", *lines))
        blocks.append(tag("div", table, class_="gnb-cmp"))
    return join(blocks)


@cache
def _style_html(*names: str) -> Html:
    """Style sheets of this folder as one element."""
    folder = files("gemma_nb.comparison")
    return Html(f"<style>\n{''.join(folder.joinpath(n).read_text('utf-8') for n in names)}</style>")


def _without_controls(markup: str) -> str:
    """Replaces control characters, which HTML does not allow."""
    return re.sub(r"[\x00-\x08\x0b-\x1f]", "�", markup)
