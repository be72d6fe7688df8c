"""Whether a choice fits: on the device, in host memory while loading, and on the disk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.display import BarPart, Displayed, Summary, bar_parts
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.fixes import Fix, find_fixes
from gemma_nb.fit.memory import INTERPRETER_BYTES, MemoryEstimate, estimate_memory
from gemma_nb.fit.precision import Precision, auto_precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.tasks import find_task
from gemma_nb.fit.warnings import FitWarning, warnings_for
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import format_gib

#: Above this share of the available bytes a choice is tight, because other programs and
#: fragmentation take some.
TIGHT_SHARE = 0.9
#: How many fixes a verdict shows of itself.
_SHOWN_FIXES = 3
#: From best to worst.
STATUSES = ("fits", "tight", "no")


@dataclass(frozen=True)
class ResourceCheck:
    """The check of one resource.

    Args:
        resource: "device", "host" or "disk".
        needed: bytes that the choice needs.
        available: bytes that the runtime has.
    """

    resource: str
    needed: int
    available: int

    @property
    def status(self) -> str:
        """One of ``STATUSES``."""
        if self.needed > self.available:
            return "no"
        return "tight" if self.needed > TIGHT_SHARE * self.available else "fits"


@dataclass(frozen=True, repr=False)
class Verdict(Displayed):
    """Whether a choice fits, and why.

    Args:
        choice: the choice.
        status: "fits", "tight" (it fits with less than a tenth to spare) or "no".
        reason: the sentence that explains the status.
        bytes_needed: bytes needed of the resource that decides.
        bytes_available: bytes available of that resource.
        memory: the memory estimate.
        checks: the check of every resource; the device comes first.
        warnings: the warnings about the choice, those that rule it out first.
        task: what the model is for, one of ``TASKS``; the fixes are for it too.
    """

    choice: Choice
    status: str
    reason: Message
    bytes_needed: int
    bytes_available: int
    memory: MemoryEstimate
    checks: tuple[ResourceCheck, ...]
    warnings: tuple[FitWarning, ...]
    task: str = "chat"

    @property
    def guards(self) -> tuple[FitWarning, ...]:
        """The former name of ``warnings``."""
        return self.warnings

    @property
    def fits(self) -> bool:
        """Whether the choice runs, tight or not."""
        return self.status != "no"

    @cached_property
    def fixes(self) -> tuple[Fix, ...]:
        """The changes that make the choice fit, cheapest first; none if it fits already."""
        if self.status == "fits":
            return ()
        return find_fixes(self.choice, lambda choice: _assess(choice, self.task).status)

    @property
    def memory_bar(self) -> tuple[BarPart, ...]:
        """The parts of ``memory_breakdown``, to be drawn."""
        return memory_breakdown(self)

    def __str__(self) -> str:
        return str(self.reason)

    def _summary(self) -> Summary:
        choice, blocked = self.choice, any(w.blocks for w in self.warnings)
        title = text(
            "show_verdict",
            variant=choice.variant.name,
            precision=choice.precision,
            runtime=choice.runtime.name,
            status=text("show_blocked" if blocked else f"show_{self.status}"),
        )
        rows = [
            (
                text(f"resource_{check.resource}"),
                text(
                    "show_of",
                    needed=format_gib(check.needed),
                    available=format_gib(check.available),
                ),
            )
            for check in self.checks
        ]
        notes = [str(self.reason)]
        notes += [text("show_fix", fix=fix.label) for fix in self.fixes[:_SHOWN_FIXES]]
        if self.status == "no" and not self.fixes:
            notes.append(text("show_no_fix"))
        warnings = tuple((str(w),) for w in self.warnings if not w.blocks)
        return Summary(
            title,
            tuple(rows),
            bar=self.memory_bar,
            notes=tuple(notes),
            details=warnings,
            details_title=text("show_warnings", count=len(warnings)),
        )


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
    """Determines whether a variant fits into a runtime, and why.

    Args:
        variant: a variant, its name, or a whole ``Choice``. A ``Choice`` replaces all arguments up
            to ``devices``.
        precision: a precision or its Keras dtype name; None or "auto" for ``auto_precision``.
        runtime: a runtime or its name; None for the present one.
        max_length: tokens of prompt and reply together.
        batch_size: number of conversations at once.
        devices: number of the runtime's devices over which the model is spread.
        task: what the model is for, one of ``TASKS``; some warnings depend on it.

    Returns:
        The verdict: status, reason, bytes, warnings and fixes.

    Raises:
        InvalidInput: a name is unknown, or a number is not allowed (see ``check_numbers``).
    """
    choice = variant
    if not isinstance(choice, Choice):
        known_variant, known_runtime = find_variant(choice), find_runtime(runtime)
        auto = isinstance(precision, str) and precision.strip().lower() == "auto"
        if precision is None or auto:
            precision = auto_precision(known_variant, known_runtime)
        name = find_precision(precision).name
        choice = Choice(known_variant, name, max_length, batch_size, known_runtime, devices)
    assessment = _assess(choice, find_task(task).key)
    checks, warnings = assessment.checks, assessment.warnings
    decisive = max(checks, key=lambda c: STATUSES.index(c.status))
    blocking = next((w for w in warnings if w.blocks), None)
    return Verdict(
        choice=choice,
        status=assessment.status,
        reason=blocking.message if blocking else _reason(choice, assessment, decisive),
        bytes_needed=decisive.needed,
        bytes_available=decisive.available,
        memory=assessment.memory,
        checks=checks,
        warnings=warnings,
        task=find_task(task).key,
    )


@dataclass(frozen=True)
class _Assessment:
    """What ``advise`` computes for a choice before it forms a sentence."""

    status: str
    memory: MemoryEstimate
    checks: tuple[ResourceCheck, ...]
    warnings: tuple[FitWarning, ...]


def _assess(choice: Choice, task: str = "chat") -> _Assessment:
    memory = estimate_memory(
        choice.variant,
        choice.precision,
        choice.max_length,
        choice.batch_size,
        runtime=choice.runtime,
        devices=choice.runtime.separate_memories(choice.devices),
    )
    checks = resource_checks(choice, memory)
    warnings = warnings_for(choice, task, rough=memory.rough)
    worst = max((c.status for c in checks), key=STATUSES.index)
    status = "no" if any(w.blocks for w in warnings) else worst
    return _Assessment(status, memory, checks, warnings)


def _reason(choice: Choice, assessment: _Assessment, check: ResourceCheck) -> Message:
    key = f"verdict_{assessment.status}"
    runtime: str | Message = choice.runtime.name
    if choice.devices > 1:
        runtime = Message("devices_of_runtime", {"runtime": runtime, "devices": choice.devices})
    values = {
        "variant": choice.variant.name,
        "precision": choice.precision,
        "needed": format_gib(check.needed),
        "available": format_gib(check.available),
        "resource": Message(f"resource_{check.resource}"),
        "runtime": runtime,
    }
    copies = assessment.memory.float32_copies
    if copies and check.resource == "host":
        return Message(f"{key}_copies", {**values, "copies": format_gib(copies)})
    return Message(key, values)


def resource_checks(choice: Choice, memory: MemoryEstimate) -> tuple[ResourceCheck, ...]:
    """Compares the needs of a choice with every resource of its runtime whose size is known.

    The estimate is that of one device.

    Returns:
        The checks; that of the device (of a processor: the host) comes first.
    """
    runtime = choice.runtime
    if runtime.shares_host_memory:
        # a phone runs no Python and does not load through KerasHub
        phone = runtime.kind == "phone"
        needed = memory.total if phone else memory.peak_device + INTERPRETER_BYTES
        checks = [ResourceCheck("host", needed, runtime.usable_bytes)]
    else:
        checks = [ResourceCheck("device", memory.peak_device, runtime.usable_bytes)]
        if runtime.host_ram_bytes:
            checks.append(ResourceCheck("host", memory.load_peak_host, runtime.host_ram_bytes))
    download = download_bytes(choice.variant)
    if runtime.disk_free_bytes is not None and download:
        checks.append(ResourceCheck("disk", download, runtime.disk_free_bytes))
    return tuple(checks)


def download_bytes(variant: Variant) -> int:
    """Returns the bytes of a download: 16-bit weights, or 0 for files that are on this disk.

    KerasHub's presets and the publishers' safetensors of Gemma hold 16-bit weights.
    """
    handle = variant.handle or ""
    return 2 * variant.parameters if handle.startswith(("kaggle://", "hf://")) else 0


def memory_breakdown(verdict: Verdict) -> tuple[BarPart, ...]:
    """Splits the memory of one device (of a processor: the host) into parts.

    Generating takes "weights", "encoders", "kv_cache" and "workspace" (with the overhead). "host" is
    Python with its packages, if they are in the same memory. "loading" is what loading takes beyond
    generating. The last part is "free", or "missing" if the choice does not fit. Parts of no bytes
    are left out.

    Args:
        verdict: the result of ``advise``.

    Returns:
        The parts. Without "missing" and "free" they add up to the need of the first of the
        verdict's ``checks``.
    """
    memory, check = verdict.memory, verdict.checks[0]
    sizes = {
        "weights": memory.weights,
        "encoders": memory.encoders,
        "kv_cache": memory.kv_cache,
        "workspace": memory.workspace + memory.overhead,
    }
    beyond = check.needed - sum(sizes.values())
    loading = max(0, memory.peak_device - memory.total)
    sizes["host"] = beyond - loading
    sizes["loading"] = loading
    sizes["free"] = check.available - check.needed
    sizes["missing"] = check.needed - check.available
    return bar_parts(sizes)
