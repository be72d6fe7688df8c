"""What to take: Google's rule, on the hardware that is there."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import DEMO
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.auto_precision import auto_precision
from gemma_nb.fit.memory import check_length
from gemma_nb.fit.tasks import Task, find_task, suited
from gemma_nb.fit.tuning_memory import tuning_bytes
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.hardware.runtime import Runtime


@dataclass(frozen=True)
class Recommendation:
    """What to take.

    ``variant`` and ``precision`` (a Keras dtype name) fit the runtime it was made for; ``reason``
    says why it is this one, ``source`` whose rule that is (an address, or "gemma_nb" where no
    released variant fits); ``alternative`` is the largest of the same kind that fits comfortably,
    None where that is the same one.
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

    For chat, Google's rule: the newest core instruction-tuned variant with the fewest parameters,
    in 16 bit (float32 on a processor, see ``auto_precision``); older ones where no newer fits, and
    the demo model last. For another task the variants made for it by the same rule, then what chat
    gets. For tuning, where 16 bit does not hold, float32: tune in full precision, quantise
    afterwards.

    Args:
        runtime: a runtime or its name; this one when None.
        task: what it is for, one of ``TASKS``.
        max_length: tokens of prompt and reply together; what a variant was trained for where that
            is less.

    Returns:
        The recommendation, with its reason, source and alternative.

    Raises:
        InvalidInput: an unknown runtime or task, a length that cannot be, or a runtime on which
            not even the demo model fits.
    """
    runtime, wanted = find_runtime(runtime), find_task(task)
    found = _best(wanted, runtime, max_length)
    if found is None and wanted.key != "chat":
        instead = _best(find_task("chat"), runtime, max_length)
        if instead:
            because = Message(f"none_{wanted.key}", {"runtime": runtime.name})
            values = {"because": because, "instead": instead.reason}
            reason = Message("recommend_instead", values)
            return Recommendation(instead.variant, instead.precision, reason, instead.source)
    return found or _demo(runtime, max_length)


def _best(task: Task, runtime: Runtime, max_length: int) -> Recommendation | None:
    """The first of the newest generation that fits, with the largest of it beside."""
    newest = True
    for _, generation in groupby(suited(task), key=lambda v: (v.family, v.generation)):
        verdicts = [_verdict(v, task, runtime, max_length) for v in generation]
        fitting = [v for v in verdicts if _fits(v, task)]
        if fitting:
            first, largest = fitting[0], fitting[-1]
            reason = Message(
                f"why_{task.key}" if newest else "why_older",
                {
                    "variant": first.choice.variant.name,
                    "fit": _told(first, task),
                    "why": Message(f"why_{task.key}_older"),
                },
            )
            if task.precision is None and first.choice.precision == "float32":
                reason = Message("why_processor", {"reason": reason})
            return Recommendation(
                first.choice.variant,
                first.choice.precision,
                reason,
                task.source,
                _largest(largest, task) if _parameters(largest) > _parameters(first) else None,
            )
        newest = False
    return None


def _largest(verdict: Verdict, task: Task) -> Recommendation:
    return Recommendation(
        verdict.choice.variant,
        verdict.choice.precision,
        Message("why_largest", {"fit": _told(verdict, task)}),
        "gemma_nb",
    )


def _parameters(verdict: Verdict) -> int:
    return verdict.choice.variant.parameters


def _verdict(variant: Variant, task: Task, runtime: Runtime, max_length: int) -> Verdict:
    precision = task.precision or auto_precision(variant, runtime)
    return advise(variant, precision, runtime, check_length(variant, max_length), task=task.key)


def _fits(verdict: Verdict, task: Task) -> bool:
    """Comfortably: what is tight may not fit once anything else runs."""
    if task.key != "tuning" or verdict.status != "fits":
        return verdict.status == "fits"
    return _tuning(verdict) <= verdict.choice.runtime.usable_bytes


def _told(verdict: Verdict, task: Task) -> Message:
    """The verdict's sentence; for tuning, with what tuning takes."""
    if task.key != "tuning":
        return verdict.reason
    choice = verdict.choice
    return Message(
        "tuning_fits",
        {
            "variant": choice.variant.name,
            "needed": format_bytes(_tuning(verdict)),
            "whole": format_bytes(tuning_bytes(choice.variant, choice.max_length)),
            "available": format_bytes(choice.runtime.usable_bytes),
            "runtime": choice.runtime.name,
        },
    )


def _tuning(verdict: Verdict) -> int:
    return tuning_bytes(verdict.choice.variant, verdict.choice.max_length, whole=False)


def _demo(runtime: Runtime, max_length: int) -> Recommendation:
    variant = find_variant(DEMO)
    length = check_length(variant, max_length)
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
