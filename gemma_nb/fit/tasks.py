"""The tasks that a model can be chosen for, and the variants made for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.text_utils import closest_matches

#: "If unsure, start with the newest core IT model with the fewest parameters" (2026-09).
GUIDE_URL = "https://ai.google.dev/gemma/docs/run"

#: Generations of core Gemma. Gemma 3n is made for phones and is not one of them.
CORE_GENERATIONS = ("4", "3", "2", "1.1", "1")


@dataclass(frozen=True)
class ModelTask:
    """One task.

    Args:
        key: its name; ``why_<key>`` is its reason in ``gemma_nb.i18n``.
        names: other names that ``find_task`` accepts.
        suits: returns whether a variant is made for the task.
        source: the address that says which variants are made for the task.
        precision: the Keras dtype name that Google's guide recommends; None for 16 bit.
    """

    key: str
    names: tuple[str, ...]
    suits: Callable[[Variant], bool]
    source: str
    precision: str | None = None


def is_core(variant: Variant) -> bool:
    """Returns whether a variant is core Gemma: of the general family, and made to generate text."""
    return (
        variant.family == "Gemma"
        and variant.generation in CORE_GENERATIONS
        and variant.role == "generate"
        and "jpn" not in variant.name  # Gemma 2 JPN is tuned for one language
    )


def _family_starts_with(family: str) -> Callable[[Variant], bool]:
    return lambda v: v.family.lower().startswith(family)


def _instruction_tuned_with(modality: str) -> Callable[[Variant], bool]:
    # not of "4 QAT" and "3 QAT", which are tuned for one 4-bit format
    generations = (*CORE_GENERATIONS, "3n")
    return lambda v: (
        v.family == "Gemma"
        and v.generation in generations
        and v.tuning == "IT"
        and modality in v.modalities
    )


_TASKS = (
    ModelTask("chat", ("text",), lambda v: is_core(v) and v.tuning == "IT", GUIDE_URL),
    ModelTask(
        "code",
        ("code completion", "completion", "fill in the middle", "fim"),
        # the pretrained ones are trained to fill in the middle (model card of CodeGemma)
        lambda v: v.family.lower().startswith("codegemma") and v.tuning == "PT",
        "https://ai.google.dev/gemma/docs/codegemma/model_card",
    ),
    ModelTask(
        "image",
        ("image understanding", "images", "vision"),
        _instruction_tuned_with("image"),
        "https://ai.google.dev/gemma/docs",
    ),
    ModelTask(
        "audio", ("speech",), _instruction_tuned_with("audio"), "https://ai.google.dev/gemma/docs"
    ),
    ModelTask(
        "translation",
        ("translate",),
        _family_starts_with("translategemma"),
        "https://huggingface.co/collections/google/translategemma",
    ),
    ModelTask(
        "functions",
        ("function calling", "function", "tools", "tool use"),
        _family_starts_with("functiongemma"),
        "https://huggingface.co/google/functiongemma-270m-it",
    ),
    ModelTask(
        "safety",
        ("safety classification", "moderation", "classification"),
        _family_starts_with("shieldgemma"),
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
        _family_starts_with("datagemma"),
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

#: The keys of the tasks, as ``recommend`` and ``advise`` accept them.
TASKS = tuple(task.key for task in _TASKS)


def find_task(name: str) -> ModelTask:
    """Looks up a task.

    Args:
        name: a key of ``TASKS`` or another name of a task, in any case.

    Raises:
        InvalidInput: there is no such task.
    """
    key = name.strip().lower().replace("_", " ") if isinstance(name, str) else None
    for task in _TASKS:
        if key in (task.key, *task.names):
            return task
    names = [n for t in _TASKS for n in (t.key, *t.names)]
    near = closest_matches(str(shown(name)), names)
    raise InvalidInput("unknown_task", task=shown(name), near=near, all=", ".join(TASKS))


def variants_for_task(task: str | ModelTask = "chat") -> list[Variant]:
    """Lists the variants that are made for a task and that KerasHub loads.

    Args:
        task: a key of ``TASKS``, another name of a task, or a ``ModelTask``.

    Returns:
        The variants, newest generation first, and within a generation the smallest first.

    Raises:
        InvalidInput: there is no such task.
    """
    task = task if isinstance(task, ModelTask) else find_task(task)
    matches = [v for v in variants(loadable=True) if task.suits(v)]
    # the newest member dates the whole generation of a family, so that its sizes stay together
    newest: dict[tuple[str, str], str] = {}
    for v in matches:
        key = (v.family, v.generation)
        newest[key] = max(newest.get(key, ""), v.released or "")
    matches.sort(key=lambda v: v.parameters)
    return sorted(matches, key=lambda v: newest[v.family, v.generation], reverse=True)
