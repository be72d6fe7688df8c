"""Recommends a variant and a precision for a runtime and a task, by the rule of Google's guide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from gemma_nb.catalog.registry import DEMO
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.choice import clip_to_context
from gemma_nb.fit.memory import tuning_bytes
from gemma_nb.fit.precision import auto_precision
from gemma_nb.fit.tasks import ModelTask, find_task, variants_for_task
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_bytes


@dataclass(frozen=True)
class Recommendation:
    """A recommended variant and precision.

    Args:
        variant: the variant, which fits into the runtime.
        precision: the Keras dtype name.
        reason: why this variant is recommended.
        source: the address of the rule, or "gemma_nb" if the rule is this package's own.
        alternative: the largest variant of the same kind that fits comfortably; None if it is this
            one.
    """

    variant: Variant
    precision: str
    reason: Message
    source: str
    alternative: Recommendation | None = None

    def __str__(self) -> str:
        return f"{self.variant.name} ({self.precision}): {self.reason}"


def recommend(
    runtime: str | Runtime | None = None, task: str = "chat", max_length: int = 2048
) -> Recommendation:
    """Recommends a variant and a precision that fit.

    For chat the rule is Google's: the newest core instruction-tuned variant with the fewest
    parameters, in 16 bit (float32 on a processor, see ``auto_precision``). If no newer variant fits,
    an older one is recommended, and at last the demo model. For another task the rule is applied to
    the variants made for that task; if none fits, the recommendation for chat is given. For tuning
    the precision is float32 instead of 16 bit: tune in full precision, quantise afterwards.

    Args:
        runtime: a runtime or its name; None for the present one.
        task: what the model is for, one of ``TASKS``.
        max_length: tokens of prompt and reply together; cut to the context of each variant.

    Returns:
        The recommendation, with its reason, source and alternative.

    Raises:
        InvalidInput: the runtime or task is unknown, the length is not allowed, or not even the
            demo model fits.
    """
    runtime, model_task = find_runtime(runtime), find_task(task)
    best = _best(model_task, runtime, max_length)
    if best is None and model_task.key != "chat":
        for_chat = _best(find_task("chat"), runtime, max_length)
        if for_chat:
            because = Message(f"none_{model_task.key}", {"runtime": runtime.name})
            values = {"because": because, "instead": for_chat.reason}
            reason = Message("recommend_instead", values)
            return Recommendation(for_chat.variant, for_chat.precision, reason, for_chat.source)
    return best or _demo(runtime, max_length)


def _best(task: ModelTask, runtime: Runtime, max_length: int) -> Recommendation | None:
    """The smallest variant of the newest generation that fits; the largest as its alternative."""
    newest = True
    for _, generation in groupby(variants_for_task(task), key=lambda v: (v.family, v.generation)):
        verdicts = [_verdict(v, task, runtime, max_length) for v in generation]
        fitting = [v for v in verdicts if _fits_comfortably(v, task)]
        if fitting:
            smallest, largest = fitting[0], fitting[-1]
            has_larger = largest.choice.variant.parameters > smallest.choice.variant.parameters
            return Recommendation(
                smallest.choice.variant,
                smallest.choice.precision,
                _reason(smallest, task, newest=newest),
                task.source,
                _largest(largest, task) if has_larger else None,
            )
        newest = False
    return None


def _reason(verdict: Verdict, task: ModelTask, *, newest: bool) -> Message:
    reason = Message(
        f"why_{task.key}" if newest else "why_older",
        {
            "variant": verdict.choice.variant.name,
            "fit": _fit_sentence(verdict, task),
            "why": Message(f"why_{task.key}_older"),
        },
    )
    if task.precision is None and verdict.choice.precision == "float32":
        return Message("why_processor", {"reason": reason})
    return reason


def _largest(verdict: Verdict, task: ModelTask) -> Recommendation:
    return Recommendation(
        verdict.choice.variant,
        verdict.choice.precision,
        Message("why_largest", {"fit": _fit_sentence(verdict, task)}),
        "gemma_nb",
    )


def _verdict(variant: Variant, task: ModelTask, runtime: Runtime, max_length: int) -> Verdict:
    precision = task.precision or auto_precision(variant, runtime)
    length = clip_to_context(variant, max_length)
    return advise(variant, precision, runtime, length, task=task.key)


def _fits_comfortably(verdict: Verdict, task: ModelTask) -> bool:
    """Whether the status is "fits"; a tight choice may fail as soon as anything else runs."""
    if task.key != "tuning" or verdict.status != "fits":
        return verdict.status == "fits"
    return _lora_bytes(verdict) <= verdict.choice.runtime.usable_bytes


def _lora_bytes(verdict: Verdict) -> int:
    return tuning_bytes(verdict.choice.variant, verdict.choice.max_length, whole=False)


def _fit_sentence(verdict: Verdict, task: ModelTask) -> Message:
    """The sentence of the verdict; for tuning, a sentence with the memory that tuning takes."""
    if task.key != "tuning":
        return verdict.reason
    choice = verdict.choice
    return Message(
        "tuning_fits",
        {
            "variant": choice.variant.name,
            "needed": format_bytes(_lora_bytes(verdict)),
            "whole": format_bytes(tuning_bytes(choice.variant, choice.max_length)),
            "available": format_bytes(choice.runtime.usable_bytes),
            "runtime": choice.runtime.name,
        },
    )


def _demo(runtime: Runtime, max_length: int) -> Recommendation:
    variant = find_variant(DEMO)
    length = clip_to_context(variant, max_length)
    verdict = advise(variant, auto_precision(variant, runtime), runtime, length)
    if not verdict.fits:
        raise InvalidInput(
            "nothing_fits",
            runtime=runtime.name,
            needed=format_bytes(verdict.bytes_needed),
            available=format_bytes(verdict.bytes_available),
        )
    reason = Message("why_demo", {"variant": variant.name, "fit": verdict.reason})
    return Recommendation(variant, verdict.choice.precision, reason, "gemma_nb")
