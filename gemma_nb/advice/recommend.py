"""What to take: Google's rule, on the hardware that is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.advice.verdict import Verdict, advise
from gemma_nb.catalog import Variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.hardware import Runtime
from gemma_nb.hardware import runtime as find_runtime
from gemma_nb.memory.estimate import check_length
from gemma_nb.strings import Message
from gemma_nb.units import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

#: "If unsure, start with the newest core IT model with the fewest parameters."
GUIDE = "https://ai.google.dev/gemma/docs/run"
TASKS = ("chat",)
DEMO = "demo_gemma3_instruct_4m"
_CORE = ("4", "3", "2", "1.1", "1")


@dataclass(frozen=True)
class Recommendation:
    """What to take: a variant, a precision's name, why, and the source of the rule.

    ``alternative`` is the largest of the same kind that fits comfortably, None where it is the
    same.
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

    Args:
        runtime: a runtime or its name; this one when None.
        task: what it is for, one of ``TASKS``.
        max_length: tokens of prompt and reply together.

    Raises:
        InvalidInput: an unknown runtime or task.
    """
    runtime = find_runtime(runtime)
    if not isinstance(task, str) or task.strip().lower() not in TASKS:
        raise InvalidInput("unknown_task", task=task, near=nearest(str(task), TASKS))
    core = [v for v in variants() if v.family == "Gemma" and v.tuning == "IT" and v.loadable
            and v.role == "generate"]  # fmt: skip
    for generation in _CORE:
        sizes = sorted((v for v in core if v.generation == generation), key=lambda v: v.parameters)
        verdicts = [_verdict(v, runtime, max_length) for v in sizes]
        first = next((v for v in verdicts if v.fits), None)
        if first is None:
            continue
        newest = generation == _CORE[0]
        return Recommendation(
            first.choice.variant,
            first.choice.precision,
            Message(
                "recommend_newest" if newest else "recommend_older",
                {"variant": first.choice.variant.name, "fit": first.reason},
            ),
            GUIDE,
            _largest(verdicts, first),
        )
    demo = _verdict(next(v for v in variants() if v.name == DEMO), runtime, max_length, "float32")
    return Recommendation(
        demo.choice.variant, "float32", Message("recommend_demo", {"fit": demo.reason}), "gemma_nb"
    )


def suited(task: str = "chat") -> list[Variant]:
    """The variants made for a task, newest first."""
    return [v for v in variants() if v.tuning == "IT" and v.loadable and v.role == "generate"]


def _verdict(
    variant: Variant, runtime: Runtime, max_length: int, precision: str = "bfloat16"
) -> Verdict:
    length = check_length(variant, max_length)
    return advise(variant, precision, runtime, length)


def _largest(verdicts: Iterable[Verdict], first: Verdict) -> Recommendation | None:
    comfortable = [v for v in verdicts if v.status == "fits" and v.choice != first.choice]
    if not comfortable:
        return None
    best = comfortable[-1]
    return Recommendation(
        best.choice.variant,
        best.choice.precision,
        Message("recommend_largest", {"fit": best.reason}),
        "gemma_nb",
    )
