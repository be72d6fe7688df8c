"""A prompt as markup: control tokens in boxes, what the format writes in italics, text as it is.

What is what shows without colour too, and without a style sheet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gemma_nb.prompts.faults import Finding
from gemma_nb.prompts.prompt import Media, Part, Piece, Prompt
from gemma_nb.prompts.tokens import CONTROL, Vocabulary
from gemma_nb.strings import text
from gemma_nb.units import size
from gemma_nb.widgets.base.html import Html, join, tag

#: The look of what is made here; beside ``gemma_nb.widgets.base.style``.
STYLE = Html(
    "<style>"
    ".gnb.gnb-prompts .gnb-prompt{font-family:ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono',monospace;"
    "font-size:13px;line-height:1.9;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--g-soft);"
    "color:var(--g-fg);border:1px solid var(--g-faint);border-radius:8px;padding:8px 12px;margin:4px 0;"
    "max-height:420px;overflow:auto}"
    ".gnb.gnb-prompts .gnb-ctl{font-weight:650;border:1.5px solid var(--g-accent);border-radius:6px;padding:1px 5px;"
    "background:var(--g-tint);color:var(--g-fg);box-decoration-break:clone;-webkit-box-decoration-break:clone}"
    ".gnb.gnb-prompts .gnb-fmt{font-style:italic;color:var(--g-muted)}"
    ".gnb.gnb-prompts .gnb-nl{font-style:normal;color:var(--g-muted);user-select:none}"
    ".gnb.gnb-prompts .gnb-fake{text-decoration:underline dashed 1.5px;text-underline-offset:4px}"
    ".gnb.gnb-prompts .gnb-spot{font-weight:700;color:var(--g-no);user-select:none}"
    ".gnb.gnb-prompts .gnb-legend{display:flex;flex-flow:row wrap;gap:4px 18px;font-size:12.5px;color:var(--g-muted);margin:2px 0 6px}"
    ".gnb ol.gnb-tokens{display:flex;flex-flow:row wrap;gap:4px;list-style:none;margin:4px 0;padding:0}"
    ".gnb ol.gnb-tokens li{border:1px solid var(--g-faint);border-radius:6px;padding:1px 6px;text-align:center;"
    "background:var(--g-soft);line-height:1.35;margin:0;max-width:100%}"
    ".gnb ol.gnb-tokens li.gnb-is-ctl{border:1.5px solid var(--g-accent);background:var(--g-tint);font-weight:650}"
    ".gnb ol.gnb-tokens code{display:block;white-space:pre-wrap;font-size:12.5px;overflow-wrap:anywhere}"
    ".gnb ol.gnb-tokens small{display:block;font-size:11.5px;font-weight:400}"
    ".gnb.gnb-prompts .gnb-area{flex:0 0 auto}.gnb.gnb-prompts .gnb-row>.gnb-area{flex:1 1 260px}"
    ".gnb.gnb-prompts .gnb-check label{color:var(--g-fg);font-size:14px}"
    ".gnb.gnb-prompts .gnb-check,.gnb.gnb-prompts .gnb-check label{width:auto;height:auto;max-width:100%;min-width:0;white-space:normal}"
    ".gnb.gnb-prompts .gnb-check{align-self:center}.gnb.gnb-prompts .gnb-check input{margin:0 6px 0 0}"
    ".gnb.gnb-prompts .gnb-side{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(320px,100%),1fr));gap:8px 14px}"
    ".gnb.gnb-prompts .gnb-side>*{min-width:0}"
    "</style>"
)

#: How many tokens are shown before the rest is only counted.
SHOWN_TOKENS = 400


def prompt_html(prompt: Prompt, label: str) -> Html:
    """A prompt with its control tokens set apart.

    Args:
        prompt: the rendered conversation.
        label: what it is, for a screen reader.
    """
    shown = [span for part in prompt.parts for span in _part(part)]
    return _block(shown, label)


def legend_html() -> Html:
    """What the marks of ``prompt_html`` mean."""
    return tag(
        "div",
        tag("span", tag("b", text("inspector_legend_token"), class_="gnb-ctl")),
        tag("span", tag("i", text("inspector_legend_format"), class_="gnb-fmt")),
        tag("span", text("inspector_legend_text")),
        class_="gnb-legend",
    )


def _block(shown: Iterable[object], label: str) -> Html:
    return tag("div", *shown, class_="gnb-prompt", tabindex="0", role="region", aria_label=label)


def _part(part: Part) -> Iterator[Html]:
    if part.medium and not part.text:
        # formats that place images outside the text
        yield tag("b", f"🖼 {medium_name(part.medium)}", class_="gnb-ctl")
    elif part.control:
        yield from _format_text(part.text)
        if part.medium and part.medium.data is not None:
            yield tag("i", f" {medium_name(part.medium)} ", class_="gnb-fmt")
    else:
        yield from _said(part.text)


def _format_text(written: str) -> Iterator[Html]:
    """What the format writes: tokens in boxes, the rest in italics, newlines to be seen."""
    for stretch, is_token in _cut(written):
        if is_token:
            yield tag("b", stretch, class_="gnb-ctl")
        else:
            yield tag("i", *_newlines(stretch), class_="gnb-fmt")


def _said(said: str) -> Iterator[Html]:
    """What somebody said: as it is, what only looks like a control token with dashes below."""
    for stretch, looks_like in _cut(said):
        yield tag("span", stretch, class_="gnb-fake") if looks_like else tag("span", stretch)


def _cut(written: str) -> Iterator[tuple[str, bool]]:
    at = 0
    for found in CONTROL.finditer(written):
        if found.start() > at:
            yield written[at : found.start()], False
        yield found[0], True
        at = found.end()
    if at < len(written):
        yield written[at:], False


def _newlines(written: str) -> Iterator[object]:
    for i, line in enumerate(written.split("\n")):
        if i:
            yield tag("span", "↵", class_="gnb-nl", aria_hidden="true")
            yield "\n"
        yield line


def medium_name(medium: Media) -> str:
    """A medium in words: its file's name, or its kind and size."""
    kind = text(f"inspector_{medium.kind}")
    data = medium.data
    if isinstance(data, bytes):
        return f"{kind} ({size(len(data))})"
    if isinstance(data, str) and not data.startswith("data:"):
        return f"{kind} {data.replace(chr(92), '/').rpartition('/')[2][:60]}"
    return kind


def tokens_html(pieces: Sequence[Piece], label: str) -> Html:
    """Tokens in a row: each piece above its id; control tokens boxed and bold.

    Args:
        pieces: the prompt's tokens.
        label: what it is, for a screen reader.
    """
    items = []
    for token in pieces[:SHOWN_TOKENS]:
        shown = token.piece.replace("\n", "↵")
        kind = tag("span", f" {text('inspector_control')} ", class_="gnb-unseen")
        number = token.id if token.id >= 0 else "–"
        mark = "gnb-is-ctl" if token.control else None
        parts = (tag("code", shown), kind if token.control else "", tag("small", number))
        items.append(tag("li", *parts, class_=mark))
    more = len(pieces) - len(items)
    rest = tag("p", text("inspector_more_tokens", count=f"{more:,}")) if more else ""
    listed = tag("ol", *items, class_="gnb-tokens", aria_label=label)
    return join([listed, rest])


def typed_tokens(prompt: Prompt, vocab: Vocabulary) -> list[tuple[str, list[str], int | None]]:
    """What somebody typed that looks like a control token.

    Args:
        prompt: the rendered conversation.
        vocab: the vocabulary it is shown with.

    Returns:
        For each, once: how it is spelled, the ordinary pieces that it becomes, and the id of the
        control token of that name, None where the vocabulary has none.
    """
    spelled = {m[0]: None for p in prompt.parts if not p.control for m in CONTROL.finditer(p.text)}
    start = len(vocab.encode([]))
    return [
        (
            spelling,
            [vocab.piece(i) for i, _ in vocab.encode([(spelling, False)])[start:]],
            vocab.control.get(spelling),
        )
        for spelling in spelled
    ]


def checked_html(written: str, findings: Sequence[Finding], label: str) -> Html:
    """A prompt that was written by hand, with the number of each fault where it stands.

    Args:
        written: the prompt.
        findings: what ``check_prompt`` found in it.
        label: what it is, for a screen reader.
    """
    shown: list[object] = []
    at = 0
    for number, finding in enumerate(findings, 1):
        shown += [*_format_or_text(written[at : finding.position])]
        at = max(at, finding.position)
        shown.append(tag("b", f"⟦{number}⟧", class_="gnb-spot"))
    shown += [*_format_or_text(written[at:])]
    return _block(shown, label)


def _format_or_text(written: str) -> Iterator[Html]:
    """Where nobody says who wrote what, a token is a token."""
    for stretch, is_token in _cut(written):
        yield tag("b", stretch, class_="gnb-ctl") if is_token else tag("span", stretch)
