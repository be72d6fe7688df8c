"""The HTML of the trace panel: the text with its probabilities, and the table of its layers.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import TokenGuess, Trace, TracedToken, percent
from gemma_nb.text_utils import visible_piece
from gemma_nb.widgets.base.html import scroll_region, table

#: The style sheet of tokens and tables; its rules begin with the class ``gnb-trace`` of the panel.
STYLE_FILE = "trace/trace.css"
#: The lowest probabilities of the levels 1 to 4; below the first it is level 0.
_LEVELS = (0.01, 0.1, 0.5, 0.9)
#: The number of tokens in one table of layers.
COLUMNS = 12


def level_class(probability: float | None) -> str | None:
    """The CSS class of a probability: five levels, "gnb-q0" to "gnb-q4"."""
    if probability is None:
        return None
    return f"gnb-q{sum(probability >= least for least in _LEVELS)}"


def legend_html(key: str, css_class: str) -> Html:
    """What the colours mean.

    Args:
        key: the key of the sentence before the marks.
        css_class: the class of a mark.
    """
    marks = (
        tag("span", text(f"trace_level_{level}"), class_=f"{css_class} gnb-q{level}")
        for level in range(4, -1, -1)
    )
    return tag("p", tag("small", text(key), " ", join(marks, " ")))


def words_html(trace: Trace) -> Html:
    """Prompt and reply, coloured; a token that is pointed at, or has the focus, shows its details."""
    at = trace.prompt_length
    blocks: list[object] = []
    for key, start, tokens in (
        ("trace_prompt", 0, trace.tokens[:at]),
        ("trace_reply_head", at, trace.tokens[at:]),
    ):
        items = [_word(start + i, token) for i, token in enumerate(tokens)]
        if start:
            if not items:
                blocks.append(tag("p", text("trace_no_reply"), class_="gnb-muted"))
            items.append(_next_word(trace.next))
        blocks.append(tag("h4", text(key)))
        words = tag("ol", *items, class_="gnb-words", aria_label=text(key))
        side = " gnb-reply" if start else ""
        blocks.append(tag("div", words, class_=f"gnb-words-scroll{side}"))
    hint = tag("p", text("trace_words_hint"), class_="gnb-hint")
    legend = legend_html("trace_legend", "gnb-w")
    return join([legend, tag("div", *blocks, hint, class_="gnb-words-box")])


def _word(number: int, token: TracedToken) -> Html:
    classes = ["gnb-w", level_class(token.probability), token.is_control and "gnb-ctl"]
    if "\n" in token.piece:
        classes.append("gnb-nl")
    unseen = tag("span", f" {percent(token.probability)} ", class_="gnb-unseen")
    key = "trace_detail_first" if token.probability is None else "trace_detail"
    piece, chance = visible_piece(token.piece), percent(token.probability)
    head = tag("strong", text(key, number=number, piece=piece, chance=chance))
    return tag(
        "li",
        flowing(token.piece),
        unseen,
        tag("span", head, guess_list(token.alternatives, token.id), class_="gnb-detail"),
        class_=" ".join(c for c in classes if c),
        tabindex="0",
    )


def _next_word(guesses: Sequence[TokenGuess]) -> Html:
    head = tag("strong", text("trace_detail_next"))
    detail = tag("span", head, guess_list(guesses, None), class_="gnb-detail")
    return tag("li", text("trace_next"), detail, class_="gnb-w gnb-next", tabindex="0")


def guess_list(guesses: Sequence[TokenGuess], chosen: int | None) -> Html:
    """Likeliest tokens with bars, in one line where there is room.

    Args:
        guesses: the tokens, the likeliest first.
        chosen: the id of the one that stands in the text; None for none.
    """

    def one(guess: TokenGuess) -> Html:
        bar = tag(
            "i",
            style=f"width:{100 * guess.probability:.1f}%",
            class_="gnb-level",
            aria_hidden="true",
        )
        name = tag("code", visible_piece(guess.piece))
        label = tag("span", name, " ", percent(guess.probability))
        is_chosen = " gnb-chosen" if guess.id == chosen else ""
        return tag("span", label, bar, class_=f"gnb-guess{is_chosen}")

    return tag("span", join(map(one, guesses), " "), class_="gnb-guesses")


def flowing(piece: str) -> str:
    """A piece as part of a text: spaces are spaces, unless the piece has nothing else.

    Args:
        piece: the piece.
    """
    flowing = piece.replace("▁", " ").replace("\n", "↵")
    return flowing if flowing.strip() else visible_piece(piece)


def layer_kind(trace: Trace, layer: int) -> str:
    """Whether a layer is global, or how far it reaches, in words."""
    window = trace.windows[layer]
    if window is None:
        return f"◆ {text('trace_global')}"
    return text("trace_sliding", window=f"{window:,}")


def column_starts(trace: Trace) -> list[int]:
    """The first tokens of the parts into which the table of layers is divided.

    A part begins where the model begins to say the reply, which is at the prompt's last token.
    """
    last = trace.prompt_length - 1
    return [*range(0, last, COLUMNS), *range(last, len(trace.tokens), COLUMNS)]


def part_of(trace: Trace, start: int) -> range:
    """The tokens of the part of the table of layers that begins with a token."""
    following = (at for at in column_starts(trace) if at > start)
    return range(start, next(following, len(trace.tokens)))


def part_label(trace: Trace, part: range) -> str:
    """The name of a part of the text: prompt or reply, numbers, and its beginning."""
    key = "trace_part_prompt" if part.start < trace.prompt_length - 1 else "trace_part_reply"
    begin = "".join(trace.tokens[i].piece for i in part[:5])
    return text(key, first=part.start, last=part[-1], begin=visible_piece(begin)[:24])


def layers_html(trace: Trace, part: range) -> Html:
    """What the model would say after each layer, one row a layer and one column a token."""
    heads: list[object] = [text("trace_layer_head")]
    for i in part:
        piece = tag("code", visible_piece(trace.tokens[i].piece))
        heads.append(tag("span", tag("small", i), " ", piece, " →", class_="gnb-token-head"))
    rows = (_layer_row(trace, layer, part) for layer in range(trace.layers))
    label = text("trace_view_layers")
    head = tag("thead", tag("tr", *(tag("th", h, scope="col") for h in heads)))
    body = tag("table", head, tag("tbody", *rows), aria_label=label, class_="gnb-lens")
    kinds = tag("p", tag("small", text("trace_kinds")))
    intro = tag("p", text("trace_layers_intro"))
    legend = legend_html("trace_legend_cells", "gnb-key")
    return join([intro, legend, scroll_region(body, label), kinds])


def _layer_row(trace: Trace, layer: int, part: range) -> Html:
    lens = trace.lens(layer)
    kind = tag("small", layer_kind(trace, layer))
    name: list[object] = [tag("b", layer), " ", kind]
    if layer == trace.layers - 1:
        name += [tag("br"), tag("small", text("trace_says"))]
    row = "gnb-global" if trace.windows[layer] is None else None
    cells = (
        tag("td", *_cell(trace, i, lens[i]), class_=level_class(lens[i][0].probability))
        for i in part
    )
    return tag("tr", tag("th", *name, scope="row"), *cells, class_=row)


def _cell(trace: Trace, at: int, guesses: Sequence[TokenGuess]) -> Iterator[object]:
    best = guesses[0]
    yield tag("code", visible_piece(best.piece))
    if at + 1 < len(trace.tokens) and trace.tokens[at + 1].id == best.id:
        yield tag("span", " ✓", title=text("trace_right"))
        yield tag("span", f" {text('trace_right')} ", class_="gnb-unseen")
    yield tag("br")
    yield tag("small", percent(best.probability))


def tokens_table(tokens: Sequence[TracedToken]) -> Html:
    """Tokens with their probabilities and the likeliest ones, as a table.

    Args:
        tokens: the tokens, in order.
    """
    rows = (
        (
            i,
            tag("code", visible_piece(token.piece)),
            percent(token.probability),
            text("show_and").join(
                f"{visible_piece(g.piece)} {percent(g.probability)}" for g in token.alternatives[:3]
            ),
        )
        for i, token in enumerate(tokens)
    )
    heads = [text(f"trace_{key}") for key in ("number", "token", "chance", "expected")]
    return table(rows, heads, label=text("trace_view_words"))
