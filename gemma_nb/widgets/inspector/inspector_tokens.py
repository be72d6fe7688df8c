"""A prompt's tokens in the prompt inspector: the count, whose they are, what was typed."""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant
from gemma_nb.loading.vocabularies import Tokenizer, pieces, tokenizer_at_hand
from gemma_nb.prompts import Prompt
from gemma_nb.strings import text
from gemma_nb.widgets.base import prompt_view
from gemma_nb.widgets.base.html import Html, join, tag


def tokens_html(prompt: Prompt, variant: Variant, max_length: int) -> Html:
    """What was typed and stays text, the count, and every token with its id.

    Args:
        prompt: the rendered conversation.
        variant: whose vocabulary is wanted.
        max_length: tokens of prompt and answer together.
    """
    found = pieces(prompt, tokenizer_at_hand(variant))
    listed = prompt_view.tokens_html(found, text("inspector_tokens_list"))
    return join([count_html(prompt, variant, max_length), listed])


def count_html(prompt: Prompt, variant: Variant, max_length: int) -> Html:
    """The same without the tokens themselves."""
    tokenizer = tokenizer_at_hand(variant)
    count = len(pieces(prompt, tokenizer))
    return join(
        [
            _typed_html(prompt, tokenizer),
            tag("h4", text("inspector_tokens")),
            _room_html(count, max_length),
            tag("p", tag("small", _whose(tokenizer, variant))),
            tag("p", tag("small", text("inspector_media_count"))) if prompt.media else "",
        ]
    )


def count_words(prompt: Prompt, variant: Variant, max_length: int) -> list[str]:
    """The count and whose tokens they are, as lines of text."""
    tokenizer = tokenizer_at_hand(variant)
    count = len(pieces(prompt, tokenizer))
    return [_count(count, max_length), _whose(tokenizer, variant)]


def _count(count: int, room: int) -> str:
    if count >= room:
        over = count + 1 - room
        return text("prompt_too_long", length=count, max_length=room, new_tokens=1, over=over)
    values = {"count": f"{count:,}", "max_length": f"{room:,}", "left": f"{room - count:,}"}
    return text("inspector_count", **values)


def _room_html(count: int, room: int) -> Html:
    """The count against max_length, in words and as a bar."""
    words = _count(count, room)
    if count >= room:
        return tag("div", f"✗ {words}", class_="gnb-error")
    share = f"{count / room:.3f}"
    bar = tag("progress", value=share, max="1", aria_label=words, style="width:100%")
    return tag("p", words, bar)


def _whose(tokenizer: Tokenizer, variant: Variant) -> str:
    own = tokenizer.of.name == variant.name
    key = "inspector_own_vocabulary" if own else "inspector_demo_vocabulary"
    return text(key, variant=variant.name, size=f"{tokenizer.vocabulary.size:,}")


def _typed_html(prompt: Prompt, tokenizer: Tokenizer) -> Html:
    """That what was typed stays text, where it looks like control."""
    found = prompt_view.typed_tokens(prompt, tokenizer.vocabulary)
    if not found:
        return Html()
    items = []
    for spelling, cut, token in found:
        ordinary = " · ".join(cut)
        said = [text("inspector_typed", spelling=spelling, count=len(cut), pieces=ordinary)]
        if token is not None:
            said.append(text("inspector_typed_id", id=token))
        items.append(tag("li", " ".join(said)))
    head = tag("strong", f"✓ {text('inspector_typed_head')}")
    return tag("div", head, tag("ul", *items), class_="gnb-note")
