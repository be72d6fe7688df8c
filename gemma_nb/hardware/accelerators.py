"""What is known of accelerators: rates, number formats, TPUs on the bus, memory as JAX sees it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

#: part of a GPU's name -> (bandwidth in GB/s, dense 16-bit peak in TFLOPS or None), from
#: NVIDIA's datasheets. The longest part that occurs in the name counts. Ada and Blackwell compute
#: 1,024 dense 16-bit operations a clock and multiprocessor (RTX PRO 6000: 188 at 2.6 GHz, RTX 4060:
#: 24 at 2.46 GHz); the datasheets' doubled figures are those of sparse matrices.
GPU_RATES: dict[str, tuple[float, float | None]] = {
    "T4": (320.0, 65.0),
    "L4": (300.0, 121.0),
    "L40S": (864.0, 362.0),
    "A10": (600.0, 125.0),
    "A100-SXM4-40GB": (1555.0, 312.0),
    "A100-PCIE-40GB": (1555.0, 312.0),
    "A100-SXM4-80GB": (2039.0, 312.0),
    "A100 80GB PCIe": (1935.0, 312.0),
    "H100 80GB HBM3": (3350.0, 990.0),
    "H100 PCIe": (2000.0, 756.0),
    "H200": (4800.0, 990.0),
    "RTX PRO 6000": (1600.0, 504.0),
    "P100": (732.0, 18.7),
    "V100": (900.0, 125.0),
    "RTX 3060": (360.0, 51.0),
    "RTX 3090": (936.0, 142.0),
    "RTX 4060": (272.0, 60.0),
    "RTX 4090": (1008.0, 330.0),
    "RTX 5090": (1792.0, None),
    "GB10": (273.0, None),
}

#: PCI device id -> (name, usable bytes of a chip, bandwidth in GB/s, peak in TFLOPS). Ids: jax
#: 0.10.2, ``jax/_src/hardware_utils.py``; rates: Cloud TPU documentation.
TPU_CHIPS = {
    "0x005e": ("v4", 32 * 2**30, 1228.0, 275.0),
    "0x0062": ("v5p", 95 * 2**30, 2765.0, 459.0),
    "0x0063": ("v5e", 16 * 2**30, 819.0, 197.0),
    "0x006f": ("v6e", 32 * 2**30, 1638.0, 918.0),
}
#: Words behind a model's number that make it another model.
_OTHER_MODELS = {"ti", "super", "laptop", "mobile", "max", "d", "nvl", "mig"}
_GOOGLE_VENDOR = "0x1ae0"

#: Number formats that the hardware computes in without emulation. NVIDIA GPUs below compute
#: capability 8.0 have no bfloat16; Volta and Turing compute in float16 and int8.
GPU_DTYPES = ("float32", "bfloat16", "float16", "int8")
OLD_GPU_DTYPES = ("float32", "float16", "int8")
TPU_DTYPES = ("bfloat16", "int8")


@dataclass(frozen=True)
class Accelerator:
    """One model of device, and how many of it this process may use.

    Args:
        kind: "gpu" or "tpu".
        name: the model's name.
        count: how many devices.
        total: memory of one device, in bytes; None where it shares the host's.
        free: memory of one device that no process holds, in bytes; None where it shares the host's.
        bandwidth: memory bandwidth of one device in GB/s, None where unknown.
        tflops: dense 16-bit peak of one device in TFLOPS, None where unknown.
        capability: compute capability of an NVIDIA GPU, such as "7.5".
        source: what reported the device.
        bandwidth_source: where the bandwidth comes from.
        others: other GPUs beside it that JAX does not take first, None without any.
    """

    kind: str
    name: str
    count: int
    total: int | None
    free: int | None
    bandwidth: float | None
    tflops: float | None
    capability: str | None
    source: str
    bandwidth_source: str = "datasheet"
    others: str | None = None


def look_up_rates(name: str) -> tuple[float | None, float | None]:
    """Memory bandwidth in GB/s and dense 16-bit peak in TFLOPS of a GPU.

    Args:
        name: the GPU's name as its driver reports it.

    Returns:
        The two numbers; None twice for a GPU that ``GPU_RATES`` does not contain. "RTX 4060 Ti" and
        "RTX 4060 Laptop GPU" are other GPUs than "RTX 4060".
    """
    words = f" {name.replace('-', ' ').replace('NVIDIA', ' ').replace('Tesla', ' ')} "
    parts = []
    for part in GPU_RATES:
        _, found, rest = words.partition(f" {part.replace('-', ' ')} ")
        if found and not _OTHER_MODELS & set(rest.lower().split()):
            parts.append(part)
    return GPU_RATES[max(parts, key=len)] if parts else (None, None)


def look_up_dtypes(accelerator: Accelerator) -> tuple[str, ...]:
    """The number formats that an accelerator computes in without emulation, as Keras dtypes."""
    from packaging.version import Version

    if accelerator.kind == "tpu":
        return TPU_DTYPES
    if accelerator.capability is None:
        return ("float32", "float16")
    return GPU_DTYPES if Version(accelerator.capability) >= Version("8.0") else OLD_GPU_DTYPES


def detect_tpu(root: Path = Path("/")) -> Accelerator | None:
    """The TPU chips on this machine's PCI bus, None without one.

    Args:
        root: the directory that contains ``sys``.
    """
    devices: list[str] = []
    for vendor in sorted((root / "sys/bus/pci/devices").glob("*/vendor")):
        try:
            if vendor.read_text().strip() == _GOOGLE_VENDOR:
                devices.append((vendor.parent / "device").read_text().strip())
        except (OSError, ValueError):
            continue
    chips = [device for device in devices if device in TPU_CHIPS]
    if not chips:
        return None
    name, memory, bandwidth, tflops = TPU_CHIPS[chips[0]]
    return Accelerator(
        kind="tpu",
        name=f"TPU {name}",
        count=len(chips),
        total=memory,
        free=memory,
        bandwidth=bandwidth,
        tflops=tflops,
        capability=None,
        source="/sys/bus/pci/devices",
    )


def read_jax_memory(free: int) -> tuple[int, int] | None:
    """GPU memory as JAX sees it, where this process already runs JAX; JAX is never started here.

    Args:
        free: free bytes of the device, as its driver reports them. JAX can allocate these, and
            what its own pool holds idle.

    Returns:
        Bytes that JAX can still allocate, and JAX's own limit in bytes; None where JAX has not
        started a backend or its devices report no memory.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    try:
        if bridge is None or not bridge.backends_are_initialized():
            return None
        stats = [device.memory_stats() for device in sys.modules["jax"].local_devices()]
        if not stats or not all(stats):
            return None
        left = []
        for device in stats:
            used = int(device["bytes_in_use"])
            idle = max(0, int(device.get("pool_bytes", used)) - used)
            left.append(min(int(device["bytes_limit"]) - used, free + idle))
        return max(0, min(left)), min(int(device["bytes_limit"]) for device in stats)
    except Exception:  # noqa: BLE001 - a private module of JAX, which any version may change
        return None
