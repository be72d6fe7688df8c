"""What a choice's memory is made of, as a bar shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemma_nb.fit.verdict import Verdict


@dataclass(frozen=True)
class Part:
    """One stretch of the bar: ``key`` (``part_<key>`` is its name in ``gemma_nb.i18n``), bytes."""

    key: str
    size: int


def memory_parts(verdict: Verdict) -> tuple[Part, ...]:
    """The memory of one device (of a processor: the host's), part by part.

    "weights", "towers", "kv_cache" and "workspace" (with the allocator's own) are what generating
    takes; "host" is Python with its packages where they live in the same memory; "loading" what
    loading takes beyond that; then "free", or "missing" where it does not fit. On several devices
    weights, towers and cache are divided, and what norms and uneven heads add stands under
    "loading". Parts of no bytes are left out.

    Args:
        verdict: as ``advise`` gives it.

    Returns:
        The parts; without "missing" and "free" they add up to what the first of the verdict's
        ``checks`` needs.
    """
    memory, check, devices = verdict.memory, verdict.checks[0], verdict.choice.devices
    found = {
        "weights": memory.weights // devices,
        "towers": memory.towers // devices,
        "kv_cache": memory.kv_cache // devices,
        "workspace": memory.workspace + memory.overhead,
    }
    beyond = check.needed - sum(found.values())
    loading = max(0, memory.peak_device - memory.total) if devices == 1 else beyond
    found["host"] = beyond - loading
    found["loading"] = loading
    found["free"] = check.available - check.needed
    found["missing"] = check.needed - check.available
    return tuple(Part(key, size) for key, size in found.items() if size > 0)
