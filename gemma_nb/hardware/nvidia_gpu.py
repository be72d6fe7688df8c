"""``Gpu``: an NVIDIA GPU or a slice of one, as its driver reports it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace

from gemma_nb.i18n import Message

#: Compute capabilities of GPUs that share the host's memory: Jetson TX1, TX2, Xavier, Orin and
#: Thor, and GB10 (developer.nvidia.com/cuda-gpus). Others have memory of their own.
_UNIFIED_CAPABILITIES = ("5.3", "6.2", "7.2", "8.7", "10.1", "11.0", "12.1")
_UNIFIED_NAMES = ("GB10", "Tegra", "Xavier", "Orin", "Thor", "nvgpu")


@dataclass(frozen=True)
class Gpu:
    """One NVIDIA GPU, or one MIG slice of it; memory in bytes.

    Args:
        index: its number in the driver's order, that of the PCI bus.
        uuid: its UUID.
        name: its name.
        total: memory in all; None where it shares the host's.
        free: memory that no process holds; None where it shares the host's.
        capability: its compute capability, None where unknown.
        source: what reported it.
        bandwidth: memory bandwidth in GB/s, None where the driver does not report it.
        speed: a number that is larger for a faster GPU, None where unknown.
        partitioned: whether MIG is on, so that only slices can be used.
        slices: its MIG slices.
    """

    index: int
    uuid: str
    name: str
    total: int | None
    free: int | None
    capability: str | None
    source: str
    bandwidth: float | None = None
    speed: float | None = None
    partitioned: bool = False
    slices: tuple[Gpu, ...] = ()


@dataclass(frozen=True)
class DriverAnswer:
    """What the driver reported.

    Args:
        gpus: the GPUs that can be used, in the driver's order.
        problem: why a GPU is unknown; None where nothing is wrong.
        source: what was asked.
    """

    gpus: tuple[Gpu, ...] = ()
    problem: Message | None = None
    source: str = "NVML"


def slice_of(gpu: Gpu, uuid: str, name: str, total: int, free: int) -> Gpu:
    """A slice of a GPU, with its name, its memory in bytes and its UUID."""
    if "MIG" not in name:
        name = f"{gpu.name} MIG {name}"
    return replace(
        gpu, uuid=uuid, name=name, total=total, free=free, bandwidth=None, partitioned=False
    )


def profile_bytes(profile: str) -> int | None:
    """Bytes of a slice from the name of its profile: "1g.5gb", "1c.3g.20gb", "1g.10gb+me".

    The name rounds the memory in GB ("1g.5gb" is an eighth of an A100's 40 GB; NVIDIA MIG User
    Guide, "Supported MIG Profiles"), so a twentieth is subtracted (an assumption).
    """
    match = re.search(r"(\d+)gb", profile)
    return round(int(match[1]) * 0.95e9) if match else None


def is_unified(gpu: Gpu) -> bool:
    """Whether a GPU is one that shares the host's memory."""
    return gpu.capability in _UNIFIED_CAPABILITIES or any(n in gpu.name for n in _UNIFIED_NAMES)


def no_memory(name: str, source: str, why: object) -> Message:
    """That the driver does not tell the memory of a GPU."""
    values = {"name": name, "source": source, "why": str(why) or "?"}
    return Message("accelerator_no_memory", values)


def failure(source: str, why: object) -> Message:
    """That the driver failed, with the first line of what it wrote."""
    written = str(why)
    if isinstance(why, subprocess.CalledProcessError):
        written = f"{why.stdout or ''}{why.stderr or ''}".strip() or f"exit status {why.returncode}"
    line = written.strip().splitlines()[0][:200] if written.strip() else type(why).__name__
    return Message("accelerator_failed", {"source": source, "why": line})
