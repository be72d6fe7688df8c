"""The words of a reply with their probabilities, and what the model expected in their place.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import TracedToken, percent, trace
from gemma_nb.model import Model
from gemma_nb.prompts.prompt import Prompt
from gemma_nb.text_utils import visible_piece, word_ranges
from gemma_nb.widgets.trace.trace_view import flowing, guess_list, level_class, tokens_table

#: The number of alternatives of a word of one token, and of each token of a longer one.
_ALTERNATIVES, _FEW = 5, 3


def trace_reply(model: Model, prompt: Prompt, answer: str) -> tuple[TracedToken, ...]:
    """The tokens of a reply with their probabilities; reads prompt and reply once more.

    Args:
        model: the model that wrote the reply.
        prompt: the prompt that it was sent.
        answer: the text of the reply.

    Raises:
        InvalidInput: as for ``trace``.
        GenerationError: the logits are not numbers.
    """
    seen = trace(model, prompt, reply=answer, count=_ALTERNATIVES)
    return seen.tokens[seen.prompt_length :]


def words_html(tokens: Sequence[TracedToken]) -> Html:
    """The words of a reply, coloured by probability, and the same as a folded table.

    Args:
        tokens: as ``trace_reply`` returns them.
    """
    ranges = word_ranges([token.piece for token in tokens])
    words = (_word([tokens[i] for i in one]) for one in ranges)
    written = tag("ol", *words, class_="gnb-words", aria_label=text("chat_words_label"))
    return join([written, words_table(tokens)])


def words_table(tokens: Sequence[TracedToken]) -> Html:
    """The tokens of a reply with their probabilities, as a folded table.

    Args:
        tokens: as ``trace_reply`` returns them.
    """
    head = tag("summary", text("chat_words_table"))
    return tag("details", head, tokens_table(tokens))


def _word(tokens: Sequence[TracedToken]) -> Html:
    chance = prod(token.probability or 0.0 for token in tokens)
    written = flowing("".join(token.piece for token in tokens))
    unseen = tag("span", f" {percent(chance)} ", class_="gnb-unseen")
    classes = ["gnb-w", level_class(chance)]
    if any("\n" in token.piece for token in tokens):
        classes.append("gnb-nl")
    return tag(
        "li",
        tag("span", written, unseen, class_="gnb-word"),
        tag("span", *_detail(tokens, chance), class_="gnb-detail"),
        class_=" ".join(c for c in classes if c),
        tabindex="0",
    )


def _detail(tokens: Sequence[TracedToken], chance: float) -> list[Html]:
    """The probability of a word and of its tokens, and the likeliest tokens in their places."""
    word = "".join(visible_piece(token.piece) for token in tokens).strip("␣") or "␣"
    head = tag("strong", text("chat_word", word=word, chance=percent(chance)))
    if len(tokens) == 1:
        return [head, guess_list(tokens[0].alternatives, tokens[0].id)]
    parts = [head, tag("span", " ", text("chat_word_tokens", count=len(tokens)))]
    for token in tokens:
        piece = tag("code", visible_piece(token.piece))
        name = tag("span", piece, " ", percent(token.probability), class_="gnb-part")
        guesses = guess_list(token.alternatives[:_FEW], token.id)
        parts.append(tag("span", name, guesses, class_="gnb-part-row"))
    return parts
