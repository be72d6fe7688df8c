"""Prompts and tokens as HTML.

Control tokens are boxed, text that the format writes is italic, and text of the messages is plain.
The difference does not rest on colour, and remains without a style sheet. A panel that uses this
module names ``STYLE_FILE`` in its ``style_files`` and has the CSS class ``gnb-prompts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.prompts.lint import Finding
from gemma_nb.prompts.prompt import Media, Part, Piece, Prompt
from gemma_nb.prompts.safe_tokenizer import CONTROL, Vocabulary, split_control_tokens
from gemma_nb.text_utils import format_bytes

STYLE_FILE = "base/prompt_view.css"

#: The number of tokens that are shown; the rest is only counted.
MAX_TOKENS_SHOWN = 400


def prompt_html(prompt: Prompt, label: str) -> Html:
    """A prompt with its control tokens boxed.

    Args:
        prompt: the rendered conversation.
        label: its name for a screen reader.
    """
    return _prompt_block((span for part in prompt.parts for span in _part_spans(part)), label)


def legend_html() -> Html:
    """The meaning of the marks of ``prompt_html``."""
    return tag(
        "div",
        tag("span", tag("b", text("inspector_legend_token"), class_="gnb-ctl")),
        tag("span", tag("i", text("inspector_legend_format"), class_="gnb-fmt")),
        tag("span", text("inspector_legend_text")),
        class_="gnb-legend",
    )


def medium_name(medium: Media) -> str:
    """The name of a medium: its kind with the name of its file, or with its size."""
    kind = text(f"inspector_{medium.kind}")
    data = medium.data
    if isinstance(data, bytes):
        return text("show_noted", value=kind, note=format_bytes(len(data)))
    if isinstance(data, str) and not data.startswith("data:"):
        return f"{kind} {data.replace(chr(92), '/').rpartition('/')[2][:60]}"
    return kind


def tokens_html(pieces: Sequence[Piece], label: str) -> Html:
    """A list of tokens, each above its id; control tokens are boxed and bold.

    Args:
        pieces: the tokens of a prompt.
        label: the name of the list for a screen reader.
    """
    items = []
    for token in pieces[:MAX_TOKENS_SHOWN]:
        spelling = tag("code", token.piece.replace("\n", "↵"))
        number = tag("small", token.id if token.id >= 0 else "–")
        if token.control:
            kind = tag("span", f" {text('inspector_control')} ", class_="gnb-unseen")
            items.append(tag("li", spelling, kind, number, class_="gnb-is-ctl"))
        else:
            items.append(tag("li", spelling, number))
    token_list = tag("ol", *items, class_="gnb-tokens", aria_label=label)
    hidden = len(pieces) - len(items)
    rest = tag("p", text("inspector_more_tokens", count=f"{hidden:,}")) if hidden else ""
    return join([token_list, rest])


def typed_control_tokens(
    prompt: Prompt, vocabulary: Vocabulary
) -> list[tuple[str, list[str], int | None]]:
    """Text of the messages that is spelled like a control token.

    Args:
        prompt: the rendered conversation.
        vocabulary: the vocabulary that encodes it.

    Returns:
        For each spelling, once: the spelling, the ordinary pieces into which it is encoded, and the
        id of the control token of that spelling, None where the vocabulary has none.
    """
    spellings = {
        match[0]: None
        for part in prompt.parts
        if not part.by_format
        for match in CONTROL.finditer(part.text)
    }
    start = len(vocabulary.encode([]))
    return [
        (
            spelling,
            [vocabulary.piece(i) for i, _ in vocabulary.encode([(spelling, False)])[start:]],
            vocabulary.control.get(spelling),
        )
        for spelling in spellings
    ]


def checked_prompt_html(prompt: str, findings: Sequence[Finding], label: str) -> Html:
    """A prompt that was written by hand, with the number of each fault at its position.

    Args:
        prompt: the prompt.
        findings: the faults that ``check_prompt`` found in it.
        label: its name for a screen reader.
    """
    spans: list[object] = []
    end = 0
    for number, finding in enumerate(findings, 1):
        spans += _written_spans(prompt[end : finding.position])
        end = max(end, finding.position)
        spans.append(tag("b", f"⟦{number}⟧", class_="gnb-spot"))
    return _prompt_block([*spans, *_written_spans(prompt[end:])], label)


def _prompt_block(spans: Iterable[object], label: str) -> Html:
    return tag("div", *spans, class_="gnb-prompt", tabindex="0", role="region", aria_label=label)


def _part_spans(part: Part) -> Iterator[Html]:
    if part.medium and not part.text:
        # formats that place images outside the text
        yield tag("b", f"🖼 {medium_name(part.medium)}", class_="gnb-ctl")
    elif part.by_format:
        yield from _format_spans(part.text)
        if part.medium and part.medium.data is not None:
            yield tag("i", f" {medium_name(part.medium)} ", class_="gnb-fmt")
    else:
        yield from _message_spans(part.text)


def _format_spans(written: str) -> Iterator[Html]:
    """Text that the format writes: boxed tokens, italic text, visible newlines."""
    for section, is_token in split_control_tokens(written):
        if is_token:
            yield tag("b", section, class_="gnb-ctl")
        else:
            yield tag("i", *_visible_newlines(section), class_="gnb-fmt")


def _message_spans(written: str) -> Iterator[Html]:
    """Text of a message: plain; what is only spelled like a control token is underlined."""
    for section, is_like_token in split_control_tokens(written):
        yield tag("span", section, class_="gnb-fake" if is_like_token else None)


def _written_spans(written: str) -> Iterator[Html]:
    """Text of a prompt that was written by hand: each token counts as one."""
    for section, is_token in split_control_tokens(written):
        yield tag("b", section, class_="gnb-ctl") if is_token else tag("span", section)


def _visible_newlines(written: str) -> Iterator[object]:
    for i, line in enumerate(written.split("\n")):
        if i:
            yield tag("span", "↵", class_="gnb-nl", aria_hidden="true")
            yield "\n"
        yield line
