"""EmbeddingGemma: a task or a title in front of the text, no turns and no reply.

Source: https://ai.google.dev/gemma/docs/embeddinggemma/model_card ("Prompt Instructions").
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.lint import Finding, check_tags, warning
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media, refuse_system
from gemma_nb.prompts.prompt import Part, ReplyMarkup

#: What a query can be for.
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
    """It writes no replies; a reply of its would be plain text."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",))


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    yield from check_tags(text, ())
    if not text.startswith(("task: ", "title: ")):
        yield warning(0, "lint_no_task", variant=variant.name)


def render(request: PromptRequest) -> Iterator[Part]:
    """One text to embed: a query of its part's "task", or a document where it has a "title".

    A bare string is a query of the task "search result"; a document without a title has
    ``"title": None``.

    Raises:
        InvalidInput: more than one text, or an unknown task.
    """
    refuse_extras(request)
    refuse_system(request)
    refuse_media(request, {})
    items = tuple(request.items)
    if len(items) != 1 or request.turns[0].role != "user":
        raise InvalidInput("prompt_embed_one", variant=request.variant.name)
    (item,) = items
    if "title" in item.fields:
        yield Part("title: ", control=True)
        yield Part(str(item.fields["title"] or "none"))
        yield Part(" | text: ", control=True)
    else:
        task = item.fields.get("task", TASKS[0])
        if task not in TASKS:
            raise InvalidInput("prompt_embed_task", task=task, tasks=", ".join(TASKS))
        yield Part(f"task: {task} | query: ", control=True)
    yield Part(item.text)
