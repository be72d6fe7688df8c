"""The chart of the next token, as HTML and as lines of text.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gemma_nb.generation.sampling import Sampling
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import percent
from gemma_nb.next_token import NextToken
from gemma_nb.text_utils import align_columns, visible_piece

#: The probability at which a bar is full: few values, so that bars do not change their meaning with
#: each step of a slider.
_SCALES = (0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class NextTokenChart:
    """What the chart shows.

    Args:
        before: the text before the token.
        tokens: the likeliest tokens, the likeliest first.
        words: for each of them the rest of its word.
        sampling: temperature, top-k and top-p.
        vocabulary_size: the number of tokens that the model knows.
        drawable: the number of tokens that can be drawn.
    """

    before: str
    tokens: Sequence[NextToken]
    words: Sequence[str]
    sampling: Sampling
    vocabulary_size: int
    drawable: int

    @property
    def others(self) -> tuple[str, float, float]:
        """The tokens that the chart leaves out: their number in words, and both probabilities."""
        count = self.vocabulary_size - len(self.tokens)
        probability = max(0.0, 1 - sum(token.probability for token in self.tokens))
        is_kept = self.drawable > sum(token.kept > 0 for token in self.tokens)
        kept = max(0.0, 1 - sum(token.kept for token in self.tokens)) if is_kept else 0.0
        return text("next_others", count=f"{count:,}"), probability, kept

    @property
    def summary(self) -> str:
        """How many tokens can be drawn, in a sentence."""
        if self.sampling.temperature == 0:
            return text("next_greedy")
        return text("next_count", count=f"{self.drawable:,}", size=f"{self.vocabulary_size:,}")

    @property
    def settings(self) -> str:
        """Temperature, top-k and top-p, in a sentence."""
        sampling = self.sampling
        return text(
            "next_settings",
            temperature=sampling.temperature,
            top_k=sampling.top_k,
            top_p=sampling.top_p,
        )


def chart_html(chart: NextTokenChart) -> Html:
    """The chart: a table whose cells hold bars, so that it is its own text alternative."""
    heads = [text(f"next_{key}") for key in ("token", "model", "sampling")]
    others, probability, kept = chart.others
    named = [
        (_word(token, rest), token.probability, token.kept)
        for token, rest in zip(chart.tokens, chart.words, strict=True)
    ]
    named.append((tag("span", others, class_="gnb-muted"), probability, kept))
    largest = max(max(row[1:]) for row in named)
    scale = next(end for end in _SCALES if largest <= end + 1e-6)
    rows = [_row(*row, scale) for row in named]
    head = tag("thead", tag("tr", *(tag("th", one, scope="col") for one in heads)))
    body = tag("tbody", *rows)
    parts: list[object] = [
        tag("p", tag("strong", chart.summary)),
        tag("table", head, body, class_="gnb-next-table", aria_label=text("next_title")),
    ]
    if any(chart.words):
        parts.append(tag("p", tag("small", text("next_words_note"))))
    return join(parts)


def chart_lines(chart: NextTokenChart) -> str:
    """The chart as plain text."""
    rows = [tuple(text(f"next_{key}") for key in ("token", "model", "sampling"))]
    for token, rest in zip(chart.tokens, chart.words, strict=True):
        name = visible_piece(token.piece)
        if rest:
            name = text("show_noted", value=name, note=(token.piece + rest).strip("▁"))
        rows.append((name, percent(token.probability), _kept(token.kept)))
    name, probability, kept = chart.others
    rows.append((name, percent(probability), _kept(kept)))
    table = align_columns(rows, indent=0)
    return "\n".join([f"{chart.before} …", "", table, "", chart.settings, chart.summary])


def _word(token: NextToken, rest: str) -> Html:
    piece = tag("b", visible_piece(token.piece))
    return tag("code", piece, tag("span", visible_piece(rest), class_="gnb-rest") if rest else "")


def _row(name: Html, probability: float, kept: float, scale: float) -> Html:
    cells = (
        tag("td", _bar(probability / scale, "gnb-model"), " ", percent(probability)),
        tag("td", _bar(kept / scale, "gnb-kept"), " ", _kept(kept)),
    )
    css_class = None if kept else "gnb-out"
    return tag("tr", tag("th", name, scope="row"), *cells, class_=css_class)


def _kept(kept: float) -> str:
    return percent(kept) if kept else text("next_left_out")


def _bar(fraction: float, kind: str) -> Html:
    style = f"width:{100 * fraction:.2f}%"
    return tag("i", tag("i", style=style, class_=kind), class_="gnb-share", aria_hidden="true")
