"""Fill-in-the-middle: CodeGemma writes the code between what stands before and after the cursor.

Sources: https://ai.google.dev/gemma/docs/codegemma/prompt-structure (no white space round the
tokens; ``<|file_separator|>`` between files) and https://huggingface.co/google/codegemma-7b.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formats import plain
from gemma_nb.prompts.lint import Finding, check_tags, error, warning
from gemma_nb.prompts.messages import ContentPart, PromptRequest, check_text, refuse_extras
from gemma_nb.prompts.prompt import Part, ReplyMarkup

PREFIX, SUFFIX, MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
SEPARATOR = "<|file_separator|>"
TOKENS = (PREFIX, SUFFIX, MIDDLE, SEPARATOR)


def fim(before: str, after: str, files: Sequence[str | tuple[str, str]] = ()) -> dict[str, Any]:
    """A CodeGemma message that asks for the code between ``before`` and ``after``.

    Args:
        before: the code in front of the cursor.
        after: the code behind it.
        files: other files that the model may look at: each its text, or a pair of its path and
            its text.

    Raises:
        InvalidInput: one of them is not a string.
    """
    for text in (before, after, *(t for f in files for t in ((f,) if isinstance(f, str) else f))):
        check_text(text)
    part = {"type": "fim", "before": before, "after": after, "files": list(files)}
    return {"role": "user", "content": [part]}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """How its replies are marked up: code up to the next of its tokens."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>", *TOKENS), kind="code")


def is_infill(request: PromptRequest) -> bool:
    """Whether the conversation is one message made by ``fim``.

    Raises:
        InvalidInput: code to fill in stands beside something else.
    """
    items = list(request.items)
    if all(item.kind != "fim" for item in items):
        return False
    if len(items) > 1 or len(request.turns) > 1:
        raise InvalidInput("prompt_fim_alone")
    return True


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt: each token once, in order, nothing behind the last."""
    del variant
    yield from check_tags(text, TOKENS)
    places = [text.find(token) for token in (PREFIX, SUFFIX, MIDDLE)]
    if max(places) < 0:
        return
    for token, place in zip((PREFIX, SUFFIX, MIDDLE), places, strict=True):
        if place < 0:
            yield error(len(text), "lint_fim_missing", tag=token)
        elif text.count(token) > 1:
            yield error(text.rindex(token), "lint_fim_twice", tag=token)
        if token != MIDDLE and text[place + len(token) :].startswith(" ") and place >= 0:
            yield warning(place + len(token), "lint_space", tag=token)
    if min(places) >= 0 and places != sorted(places):
        yield error(min(places), "lint_fim_order", tags=f"{PREFIX} {SUFFIX} {MIDDLE}")
    elif places[2] >= 0 and text[places[2] + len(MIDDLE) :]:
        yield error(places[2] + len(MIDDLE), "lint_fim_behind", tag=MIDDLE)


def render(request: PromptRequest) -> Iterator[Part]:
    """The other files and the two ends of the gap; a bare string is continued as it stands.

    Raises:
        InvalidInput: chat messages, or what the variant does not take.
    """
    if not is_infill(request):
        yield from plain.render(request)
        return
    refuse_extras(request, fim=False)
    (item,) = request.items
    for text in _files(item):
        yield Part(text)
        yield Part(SEPARATOR, control=True)
    yield Part(PREFIX, control=True)
    yield Part(check_text(item.fields.get("before", "")))
    yield Part(SUFFIX, control=True)
    yield Part(check_text(item.fields.get("after", "")))
    yield Part(MIDDLE, control=True)


def _files(item: ContentPart) -> Iterator[str]:
    """Each other file's text, its path on a line of its own in front where it is known."""
    for file in item.fields.get("files") or ():
        if isinstance(file, str):
            yield check_text(file)
        else:
            path, text = file
            yield f"{check_text(path)}\n{check_text(text)}"
