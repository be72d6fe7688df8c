"""Attention weights as lines between two columns of tokens, and the same as a table.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import Trace, percent
from gemma_nb.text_utils import cell_width, visible_piece
from gemma_nb.widgets.base.html import table
from gemma_nb.widgets.trace.trace_view import layer_kind

#: The number of tokens that are drawn; the text is divided into parts of this length.
ROWS = 32
#: Weights below this are not drawn, and weights below the other are not in the table.
_LEAST_DRAWN, _LEAST_LISTED = 0.03, 0.01
#: Sizes of the drawing in its own units: its width, the height of a row, and where lines begin.
_WIDTH, _ROW, _LEFT, _RIGHT = 316, 20, 114, 202
#: The cells of the longest label.
_LABEL = 14


def attention_parts(trace: Trace) -> list[range]:
    """The parts into which the text is divided for the drawing."""
    count = len(trace.tokens)
    return [range(at, min(at + ROWS, count)) for at in range(0, count, ROWS)]


def head_name(trace: Trace, head: int | None) -> str:
    """The name of a head; that of the mean of all for None."""
    if head is None:
        return text("trace_head_mean", count=trace.heads)
    return text("trace_head_option", number=head)


def attention_html(
    trace: Trace, layer: int, head: int | None, part: range, query: int | None
) -> Html:
    """The attention of the tokens of a part.

    Args:
        trace: the trace.
        layer: the layer's index.
        head: the head's index; None for the mean of all heads.
        part: the tokens that are drawn.
        query: the token from which lines are drawn; None for all tokens of the part.
    """
    weights = trace.attention(layer)
    chosen = weights.mean(axis=0) if head is None else weights[head]
    name, kind = head_name(trace, head), layer_kind(trace, layer)
    label = text("trace_attention_of", head=name, layer=layer, kind=kind)
    queries = part if query is None else range(query, query + 1)
    drawing = _drawing(trace, layer, chosen, part, queries, label)
    rows = ((_token_name(trace, i), _looks_at(trace, chosen[i])) for i in queries)
    heads = (text("trace_from"), text("trace_to"))
    listed = table(rows, heads, label=label, first_is_head=True)
    beside = tag("div", tag("h4", text("trace_attention_table")), listed)
    intro = tag("p", text("trace_attention_intro"))
    kinds = tag("p", tag("small", text("trace_kinds")))
    head_line = tag("h4", label, class_="gnb-global" if trace.windows[layer] is None else None)
    both = tag("div", tag("div", drawing), beside, class_="gnb-beside")
    return join([intro, head_line, both, kinds])


def _token_name(trace: Trace, number: int) -> str:
    piece = visible_piece(trace.tokens[number].piece)
    return text("trace_token_option", number=number, piece=piece)


def _looks_at(trace: Trace, weights: Any) -> str:
    """The tokens that one token attends to, the most first, in words."""
    order = sorted(range(len(weights)), key=lambda i: -weights[i])[:5]
    seen = [i for i in order if weights[i] >= _LEAST_LISTED]
    listed = (f"{_token_name(trace, i)} {percent(float(weights[i]))}" for i in seen)
    return text("show_and").join(listed) or text("trace_attention_none")


def _drawing(
    trace: Trace, layer: int, weights: Any, part: range, queries: range, label: str
) -> Html:
    # what lies before the part is drawn as one row at the top
    before = part.start
    top = _ROW if before else 0
    height = top + len(part) * _ROW + 8
    shapes: list[object] = [tag("title", label)]
    y_of = {i: 4 + top + (i - part.start) * _ROW + _ROW / 2 for i in part}
    for i in queries:
        row = weights[i]
        if before:
            shapes += _line(float(row[:before].sum()), 4 + _ROW / 2, y_of[i])
        for j in part:
            if j <= i:
                shapes += _line(float(row[j]), y_of[j], y_of[i])
    reach = _reach(trace, layer, queries)
    if before:
        shapes.append(_label(text("trace_earlier", count=before), _LEFT - 6, 4 + _ROW / 2, "end"))
    for i in part:
        piece = trace.tokens[i].piece
        shapes.append(_label(_short(piece), _LEFT - 6, y_of[i], "end", is_faint=i not in reach))
        shapes.append(
            _label(_short(piece), _RIGHT + 6, y_of[i], "start", is_faint=i not in queries)
        )
    return tag(
        "svg",
        *shapes,
        viewBox=f"0 0 {_WIDTH} {height}",
        role="img",
        aria_label=label,
        class_="gnb-lines",
    )


def _reach(trace: Trace, layer: int, queries: range) -> range:
    """The tokens that at least one of the queries can attend to."""
    window = trace.windows[layer]
    first = 0 if window is None else max(0, queries.start - window + 1)
    return range(first, queries.stop)


def _line(weight: float, y_key: float, y_query: float) -> Iterator[Html]:
    if weight >= _LEAST_DRAWN:
        yield tag(
            "line",
            x1=_LEFT,
            y1=f"{y_key:g}",
            x2=_RIGHT,
            y2=f"{y_query:g}",
            stroke_width=f"{0.5 + 7 * weight:.2f}",
            stroke_opacity=f"{0.25 + 0.75 * weight:.2f}",
        )


def _label(content: str, x: int, y: float, anchor: str, *, is_faint: bool = False) -> Html:
    return tag(
        "text",
        content,
        x=x,
        y=f"{y + 4:g}",
        text_anchor=anchor,
        class_="gnb-faint" if is_faint else None,
    )


def _short(piece: str) -> str:
    """A piece that fits beside the lines."""
    shown = visible_piece(piece)
    if cell_width(shown) <= _LABEL:
        return shown
    while cell_width(shown) > _LABEL - 1:
        shown = shown[:-1]
    return f"{shown}…"
