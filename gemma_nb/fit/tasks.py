"""What a model can be wanted for, and which variants are made for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.text_utils import closest_matches

#: "If unsure, start with the newest core IT model with the fewest parameters" (2026-09).
GUIDE_URL = "https://ai.google.dev/gemma/docs/run"

#: Generations of core Gemma. 3n is made for phones and stands beside them.
CORE_GENERATIONS = ("4", "3", "2", "1.1", "1")


@dataclass(frozen=True)
class ModelTask:
    """One purpose: ``suits`` says which variants are made for it, ``source`` where that stands.

    ``why_<key>`` is its reason in ``gemma_nb.i18n``; ``precision`` is what the guide's rule
    gives, or None for 16 bit.
    """

    key: str
    names: tuple[str, ...]
    suits: Callable[[Variant], bool]
    source: str
    precision: str | None = None


def is_core(variant: Variant) -> bool:
    """Whether a variant is core Gemma: the general family, made to be answered with."""
    return (
        variant.family == "Gemma"
        and variant.generation in CORE_GENERATIONS
        and variant.role == "generate"
        and "jpn" not in variant.name  # Gemma 2 JPN is tuned for one language
    )


def _of(family: str) -> Callable[[Variant], bool]:
    return lambda v: v.family.lower().startswith(family)


def _sees(modality: str) -> Callable[[Variant], bool]:
    return lambda v: v.family == "Gemma" and v.tuning == "IT" and modality in v.modalities


_TASKS = (
    ModelTask("chat", ("text",), lambda v: is_core(v) and v.tuning == "IT", GUIDE_URL),
    ModelTask(
        "code",
        ("code completion", "completion", "fill in the middle", "fim"),
        # those trained to fill in the middle are the pretrained ones (model card of CodeGemma)
        lambda v: v.family.lower().startswith("codegemma") and v.tuning == "PT",
        "https://ai.google.dev/gemma/docs/codegemma/model_card",
    ),
    ModelTask(
        "image",
        ("image understanding", "images", "vision"),
        _sees("image"),
        "https://ai.google.dev/gemma/docs",
    ),
    ModelTask("audio", ("speech",), _sees("audio"), "https://ai.google.dev/gemma/docs"),
    ModelTask(
        "translation",
        ("translate",),
        _of("translategemma"),
        "https://huggingface.co/collections/google/translategemma",
    ),
    ModelTask(
        "functions",
        ("function calling", "function", "tools", "tool use"),
        _of("functiongemma"),
        "https://huggingface.co/google/functiongemma-270m-it",
    ),
    ModelTask(
        "safety",
        ("safety classification", "moderation", "classification"),
        _of("shieldgemma"),
        "https://ai.google.dev/gemma/docs/shieldgemma",
    ),
    ModelTask(
        "embedding",
        ("embeddings", "embed", "search"),
        lambda v: v.family == "EmbeddingGemma" and v.role == "embed",
        "https://ai.google.dev/gemma/docs/embeddinggemma",
    ),
    ModelTask(
        "medical",
        ("medicine", "health"),
        lambda v: v.family.lower().startswith("medgemma") and v.tuning != "PT",
        "https://developers.google.com/health-ai-developer-foundations/medgemma",
    ),
    ModelTask(
        "statistics",
        ("statistics questions", "statistical questions", "data"),
        _of("datagemma"),
        "https://ai.google.dev/gemma/docs/datagemma",
    ),
    ModelTask(
        "tuning",
        ("fine-tuning", "fine tuning", "finetuning", "training"),
        lambda v: is_core(v) and v.tuning == "PT",
        GUIDE_URL,
        "float32",
    ),
)

#: The tasks that ``recommend`` knows.
TASKS = tuple(task.key for task in _TASKS)


def find_task(name: str) -> ModelTask:
    """The task of a name.

    Args:
        name: a key of ``TASKS`` or one of its other names, any case.

    Raises:
        InvalidInput: no such task.
    """
    wanted = str(name).strip().lower().replace("_", " ")
    for task in _TASKS:
        if isinstance(name, str) and wanted in (task.key, *task.names):
            return task
    names = [n for t in _TASKS for n in (t.key, *t.names)]
    raise InvalidInput("unknown_task", task=name, near=closest_matches(str(name), names))


def variants_for_task(task: str | ModelTask = "chat") -> list[Variant]:
    """The variants made for a task that KerasHub can load, newest first, then smallest.

    Args:
        task: a key of ``TASKS``, another name of one, or a ``Task``.

    Raises:
        InvalidInput: no such task.
    """
    task = task if isinstance(task, ModelTask) else find_task(task)
    found = [v for v in variants(loadable=True) if task.suits(v)]
    # a family's generation counts as a whole by its newest member, so that sizes stay together
    newest: dict[tuple[str, str], str] = {}
    for v in found:
        key = (v.family, v.generation)
        newest[key] = max(newest.get(key, ""), v.released or "")
    found.sort(key=lambda v: v.parameters)
    return sorted(found, key=lambda v: newest[v.family, v.generation], reverse=True)
