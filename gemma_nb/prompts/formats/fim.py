"""Fill-in-the-middle (FIM): CodeGemma writes the code between the text before and after a cursor.

Sources: https://ai.google.dev/gemma/docs/codegemma/prompt-structure (no white space round the
tokens; ``<|file_separator|>`` between files) and https://huggingface.co/google/codegemma-7b.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
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
        before: the code before the cursor.
        after: the code after the cursor.
        files: other files for context. Each is its text, or a pair of path and text.

    Returns:
        A message for ``format_prompt``.

    Raises:
        InvalidInput: one of the texts is not a string, or ``files`` is no list of texts and pairs.
    """
    for text in (before, after):
        check_text(text)
    files = list(_listed(files))
    part = {"type": "fim", "before": before, "after": after, "files": files}
    return {"role": "user", "content": [part]}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies; the code ends at the next token of the format."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>", *TOKENS), kind="code")


def is_infill(request: PromptRequest) -> bool:
    """Whether the conversation is one message that ``fim`` made.

    Raises:
        InvalidInput: such a message stands together with something else.
    """
    items = list(request.items)
    if all(item.kind != "fim" for item in items):
        return False
    if len(items) > 1 or len(request.turns) > 1:
        raise InvalidInput("prompt_fim_alone")
    return True


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt.

    Each token occurs once, they are in order, and no text follows the last.
    """
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
    """The parts of a prompt: the other files, then the code before and after the gap.

    A bare string is rendered as ``plain`` renders it.

    Raises:
        InvalidInput: the request consists of chat messages, or contains what the variant does not
            accept.
    """
    if not is_infill(request):
        yield from plain.render(request)
        return
    refuse_extras(request, fim=False)
    (item,) = request.items
    for text in _files(item):
        yield Part(text)
        yield Part(SEPARATOR, by_format=True)
    yield Part(PREFIX, by_format=True)
    yield Part(check_text(item.fields.get("before", "")))
    yield Part(SUFFIX, by_format=True)
    yield Part(check_text(item.fields.get("after", "")))
    yield Part(MIDDLE, by_format=True)


def _files(item: ContentPart) -> Iterator[str]:
    """The text of each other file, after a line with its path if that is known."""
    for file in _listed(item.fields.get("files", ())):
        yield file if isinstance(file, str) else "\n".join(file)


def _listed(files: Any) -> Iterator[Any]:
    """The files, each a text or a pair of texts.

    Raises:
        InvalidInput: ``files`` is no list of these.
    """
    if isinstance(files, str | bytes | Mapping) or not isinstance(files, Iterable):
        raise InvalidInput("prompt_fim_files", value=shown(files))
    for file in files:
        is_pair = isinstance(file, tuple | list) and len(file) == 2
        if not is_pair and not isinstance(file, str):
            raise InvalidInput("prompt_fim_files", value=shown(file))
        for text in file if is_pair else (file,):
            check_text(text)
        yield file
