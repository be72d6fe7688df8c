"""EmbeddingGemma: a task or a title before the text, without turns or replies.

Source: https://ai.google.dev/gemma/docs/embeddinggemma/model_card ("Prompt Instructions").
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.lint import Finding, check_tags, warning
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media, refuse_system
from gemma_nb.prompts.prompt import Part, ReplyMarkup

#: The tasks that a query may be for.
TASKS = (
    "search result",
    "question answering",
    "fact checking",
    "classification",
    "clustering",
    "sentence similarity",
    "code retrieval",
    "summarization",
)


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens of plain text; EmbeddingGemma writes no replies."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",))


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    yield from check_tags(text, ())
    if not text.startswith(("task: ", "title: ")):
        yield warning(0, "lint_no_task", variant=variant.name)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt: one text to embed, which is a query or a document.

    A content part with the key "title" is a document; a document without a title has
    ``"title": None``. All others are queries, for the task under the key "task". A bare string is a
    query for the task "search result".

    Raises:
        InvalidInput: there is more than one text, or the task is unknown.
    """
    refuse_extras(request)
    refuse_system(request)
    refuse_media(request, {})
    items = tuple(request.items)
    if len(items) != 1 or request.turns[0].role != "user":
        raise InvalidInput("prompt_embed_one", variant=request.variant.name)
    (item,) = items
    if "title" in item.fields:
        yield Part("title: ", by_format=True)
        yield Part(str(item.fields["title"] or "none"))
        yield Part(" | text: ", by_format=True)
    else:
        task = item.fields.get("task", TASKS[0])
        if task not in TASKS:
            raise InvalidInput("prompt_embed_task", task=task, tasks=", ".join(TASKS))
        yield Part(f"task: {task} | query: ", by_format=True)
    yield Part(item.text)
