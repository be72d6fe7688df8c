"""Whether a choice fits: on the device, in the host's memory while loading, and on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.auto_precision import auto_precision
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.fixes import Fix
from gemma_nb.fit.fixes import fixes as find_fixes
from gemma_nb.fit.memory import INTERPRETER_BYTES, MemoryEstimate, estimate_memory
from gemma_nb.fit.precision import Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.tasks import find_task
from gemma_nb.fit.warnings import Guard, guards
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from pathlib import Path

#: Above this share of what is there, a choice is tight: other programs and fragments want some.
TIGHT_SHARE = 0.9
#: From best to worst.
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


@dataclass(frozen=True)
class Verdict:
    """Whether a choice fits.

    ``status`` is "fits", "tight" (it fits with less than a tenth to spare) or "no"; ``reason``
    the sentence; ``bytes_needed`` and ``bytes_available`` those of the resource that decides;
    ``checks`` every resource; ``guards`` what else to know, those that rule it out first.
    """

    choice: Choice
    status: str
    reason: Message
    bytes_needed: int
    bytes_available: int
    memory: MemoryEstimate
    checks: tuple[Check, ...]
    guards: tuple[Guard, ...]

    @property
    def fits(self) -> bool:
        """Whether it runs, tight or not."""
        return self.status != "no"

    @cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """The changes that would make it fit, cheapest first; none where it fits."""
        if self.status == "fits":
            return ()
        return find_fixes(self.choice, lambda choice: _judge(choice)[0])

    def __str__(self) -> str:
        return str(self.reason)


def advise(
    variant: str | Path | Variant | Choice,
    precision: str | Precision | None = None,
    runtime: str | Runtime | None = None,
    max_length: int = 2048,
    batch_size: int = 1,
    *,
    devices: int = 1,
    task: str = "chat",
) -> Verdict:
    """Says whether a variant runs somewhere, and why.

    Args:
        variant: a variant, its name, or a whole ``Choice`` (whose parts then count instead of the
            arguments up to ``devices``).
        precision: a precision or its Keras dtype name; 16 bit when None or "auto".
        runtime: a runtime or its name; this one when None.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        devices: over how many of the runtime's devices it is spread.
        task: what it is for, one of ``TASKS``; some guards depend on it.

    Returns:
        The verdict: status, reason, bytes, guards and fixes.

    Raises:
        InvalidInput: an unknown name, or a number that cannot be.
    """
    choice = variant
    if not isinstance(choice, Choice):
        found, place = find_variant(choice), find_runtime(runtime)
        if precision is None or str(precision).strip().lower() == "auto":
            precision = auto_precision(found, place)
        name = find_precision(precision).name
        choice = Choice(found, name, max_length, batch_size, place, devices)
    task = find_task(task).key
    status, memory, checks, found_guards = _judge(choice, task)
    decides = max(checks, key=lambda c: STATUSES.index(c.status))
    blocking = next((g for g in found_guards if g.blocks), None)
    reason = blocking.message if blocking else _reason(choice, status, decides)
    return Verdict(
        choice, status, reason, decides.needed, decides.available, memory, checks, found_guards
    )


def _judge(
    choice: Choice, task: str = "chat"
) -> tuple[str, MemoryEstimate, tuple[Check, ...], tuple[Guard, ...]]:
    memory = estimate_memory(
        choice.variant,
        choice.precision,
        choice.max_length,
        choice.batch_size,
        runtime=choice.runtime,
    )
    checks = resource_checks(choice, memory)
    found = guards(choice, task, rough=memory.rough)
    worst = max((c.status for c in checks), key=STATUSES.index)
    return ("no" if any(g.blocks for g in found) else worst), memory, checks, found


def _reason(choice: Choice, status: str, check: Check) -> Message:
    return Message(
        f"verdict_{status}",
        {
            "variant": choice.variant.name,
            "precision": choice.precision,
            "needed": format_bytes(check.needed),
            "available": format_bytes(check.available),
            "resource": Message(f"resource_{check.resource}"),
            "runtime": choice.runtime.name,
        },
    )


def resource_checks(choice: Choice, memory: MemoryEstimate) -> tuple[Check, ...]:
    """What a choice needs of each resource that is known of its runtime; the device first.

    Spread over several devices, weights and cache are divided, the workspace is not; norms and
    uneven heads stay on each, for which 5 % are added (unmeasured).
    """
    runtime = choice.runtime
    if runtime.shares_host_memory:
        # a phone has no Python to make room for, and does not load through KerasHub
        phone = runtime.kind == "phone"
        needed = memory.total if phone else memory.peak_device + INTERPRETER_BYTES
        checks = [Check("host", needed, runtime.usable_bytes)]
    else:
        spread = memory.weights + memory.towers + memory.kv_cache
        running, loading = memory.total, memory.load_peak_device
        if choice.devices > 1:
            running += round(1.05 * spread / choice.devices) - spread
            loading = round(1.05 * loading / choice.devices)
        checks = [Check("device", max(running, loading), runtime.usable_bytes)]
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
