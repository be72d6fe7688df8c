"""Whether a choice fits: on the device, in the host's memory while loading, and on the disk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gemma_nb.advice.choice import Choice
from gemma_nb.catalog import Variant
from gemma_nb.catalog import variant as find_variant
from gemma_nb.hardware import Runtime
from gemma_nb.hardware import runtime as find_runtime
from gemma_nb.memory import MemoryEstimate, estimate_memory
from gemma_nb.memory.estimate import INTERPRETER_BYTES
from gemma_nb.precision import Precision
from gemma_nb.precision import precision as find_precision
from gemma_nb.strings import Message
from gemma_nb.units import size

if TYPE_CHECKING:
    from pathlib import Path

#: Above this share of what is there, a choice is tight: other programs and fragments want some.
TIGHT_SHARE = 0.9
STATUSES = ("fits", "tight", "no")


@dataclass(frozen=True)
class Check:
    """One resource: "device", "host" or "disk"; bytes needed and available."""

    resource: str
    needed: int
    available: int

    @property
    def status(self) -> str:
        """One of ``STATUSES``."""
        if self.needed > self.available:
            return "no"
        return "tight" if self.needed > TIGHT_SHARE * self.available else "fits"

    @property
    def share(self) -> float:
        """What is needed over what there is."""
        return self.needed / max(1, self.available)


@dataclass(frozen=True)
class Verdict:
    """Whether a choice fits.

    ``status`` is "fits", "tight" (it fits with less than a tenth to spare) or "no"; ``reason``
    the sentence; ``bytes_needed`` and ``bytes_available`` those of the scarcest resource;
    ``checks`` every resource.
    """

    choice: Choice
    status: str
    reason: Message
    bytes_needed: int
    bytes_available: int
    memory: MemoryEstimate
    checks: tuple[Check, ...] = field(default=())

    @property
    def fits(self) -> bool:
        """Whether it runs, tight or not."""
        return self.status != "no"

    def __str__(self) -> str:
        return str(self.reason)


def advise(
    variant: str | Path | Variant | Choice,
    precision: str | Precision | None = None,
    runtime: str | Runtime | None = None,
    max_length: int = 2048,
    batch_size: int = 1,
) -> Verdict:
    """Says whether a variant runs somewhere, and why.

    Args:
        variant: a variant, its name, or a whole ``Choice`` (the other arguments then count for
            nothing).
        precision: a precision or its Keras dtype name; "bfloat16" when None.
        runtime: a runtime or its name; this one when None.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.

    Raises:
        InvalidInput: an unknown name, or a number that cannot be.
    """
    if isinstance(variant, Choice):
        choice = variant
    else:
        choice = Choice(
            find_variant(variant),
            find_precision(precision or "bfloat16").name,
            max_length,
            batch_size,
            find_runtime(runtime),
        )
    memory = estimate_memory(choice.variant, choice.precision, choice.max_length, choice.batch_size)
    checks = resource_checks(choice, memory)
    worst = max(checks, key=lambda c: c.share)
    return Verdict(
        choice=choice,
        status=worst.status,
        reason=Message(
            f"verdict_{worst.status}",
            {
                "variant": choice.variant.name,
                "precision": choice.precision,
                "needed": size(worst.needed),
                "available": size(worst.available),
                "resource": Message(f"resource_{worst.resource}"),
                "runtime": choice.runtime.name,
            },
        ),
        bytes_needed=worst.needed,
        bytes_available=worst.available,
        memory=memory,
        checks=checks,
    )


def resource_checks(choice: Choice, memory: MemoryEstimate) -> tuple[Check, ...]:
    """What a choice needs of each resource that is known of its runtime."""
    runtime = choice.runtime
    if runtime.shares_host_memory:
        needed = memory.peak_device + INTERPRETER_BYTES
        checks = [Check("host", needed, runtime.usable_bytes)]
    else:
        checks = [Check("device", memory.peak_device, runtime.usable_bytes)]
        if runtime.host_ram_bytes:
            checks.append(Check("host", memory.load_peak_host, runtime.host_ram_bytes))
    download = download_bytes(choice.variant)
    if runtime.disk_free_bytes is not None and download:
        checks.append(Check("disk", download, runtime.disk_free_bytes))
    return tuple(checks)


def download_bytes(variant: Variant) -> int:
    """Bytes a download takes: 16-bit weights; nothing for what lies on this disk already.

    KerasHub's presets and the publishers' safetensors of Gemma hold 16-bit weights.
    """
    handle = variant.handle or ""
    return 2 * variant.parameters if handle.startswith(("kaggle://", "hf://")) else 0
