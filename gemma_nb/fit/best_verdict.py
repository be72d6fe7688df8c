"""The verdict on a variant in the precision, and on the devices, that suit a runtime best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.choice import clip_to_context, device_counts
from gemma_nb.fit.precision import precisions_to_try
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.runtime import Runtime

#: The statuses of what runs.
FITTING = ("fits", "tight")


def best_verdict(
    variant: Variant,
    runtime: Runtime,
    max_length: int = 2048,
    precision: str | None = None,
    *,
    devices: int = 1,
    task: str = "chat",
) -> Verdict:
    """Returns the verdict in the best precision that fits.

    Args:
        variant: the variant.
        runtime: the runtime.
        max_length: tokens of prompt and reply together; cut to the variant's context.
        precision: a Keras dtype name, the only one to try; None for ``precisions_to_try``.
        devices: the devices of the runtime over which the model is divided.
        task: what the model is for, one of ``TASKS``.

    Returns:
        The verdict in the first precision that fits; in that of "auto" if none does.

    Raises:
        InvalidInput: the precision is unknown, or the length is not allowed.
    """
    length = clip_to_context(variant, max_length)
    options: dict[str, Any] = {"devices": devices, "task": task}
    if precision:
        return advise(variant, precision, runtime, length, **options)
    precisions = precisions_to_try(variant, runtime)
    verdicts = (advise(variant, p, runtime, length, **options) for p in precisions)
    return _first_of(verdicts, FITTING)


def best_verdict_on_devices(
    variant: Variant,
    runtime: Runtime,
    max_length: int = 2048,
    precision: str | None = None,
    *,
    task: str = "chat",
) -> Verdict:
    """Returns ``best_verdict`` on as few devices of a runtime as hold a variant.

    The arguments and the errors are those of ``best_verdict``.
    """

    def judge(devices: int) -> Verdict:
        return best_verdict(variant, runtime, max_length, precision, devices=devices, task=task)

    return on_fewest_devices(judge, runtime, task)


def on_fewest_devices(
    judge: Callable[[int], Verdict],
    runtime: Runtime,
    task: str = "chat",
    *,
    statuses: Sequence[str] = FITTING,
) -> Verdict:
    """Returns the verdict on as few devices as a model takes.

    Args:
        judge: gives the verdict on a number of devices.
        runtime: the runtime; a model is divided over 2, 4 or 8 of its devices.
        task: what the model is for, one of ``TASKS``. Tuning takes one device.
        statuses: the statuses that suffice.

    Returns:
        The first verdict that suffices; that on one device if none does.
    """
    counts = (1,) if task == "tuning" else device_counts(runtime)
    return _first_of(map(judge, counts), statuses)


def _first_of(verdicts: Iterator[Verdict], statuses: Sequence[str]) -> Verdict:
    """The first verdict with one of the statuses; the very first if none has."""
    first = next(verdicts)
    if first.status in statuses:
        return first
    return next((verdict for verdict in verdicts if verdict.status in statuses), first)
