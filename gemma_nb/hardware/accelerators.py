"""NVIDIA GPUs as nvidia-smi tells them, and TPUs as the system's files do; nothing is opened."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MIB = 2**20

#: name part -> (bandwidth in GB/s, dense 16-bit peak in TFLOPS). NVIDIA's datasheets; the longest
#: part that a GPU's name holds counts.
GPU_RATES = {
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
    "RTX PRO 6000": (1600.0, 960.0),
    "P100": (732.0, 18.7),
    "V100": (900.0, 125.0),
    "RTX 3060": (360.0, 51.0),
    "RTX 3090": (936.0, 142.0),
    "RTX 4060": (272.0, 121.0),
    "RTX 4090": (1008.0, 330.0),
}

#: PCI device id -> (name, usable bytes a chip, GB/s, TFLOPS). Ids: jax 0.10.2,
#: ``jax/_src/hardware_utils.py``; rates: Cloud TPU documentation.
TPU_CHIPS = {
    "0x005e": ("v4", 32 * 2**30, 1228.0, 275.0),
    "0x0062": ("v5p", 95 * 2**30, 2765.0, 459.0),
    "0x0063": ("v5e", 16 * 2**30, 819.0, 197.0),
    "0x006f": ("v6e", 32 * 2**30, 1638.0, 918.0),
}
_GOOGLE_VENDOR = "0x1ae0"


@dataclass(frozen=True)
class Accelerator:
    """One kind of device, how many of it, and what each offers, in bytes, GB/s and TFLOPS."""

    kind: str
    name: str
    count: int
    total: int
    free: int
    bandwidth: float | None
    tflops: float | None
    capability: str | None
    source: str


#: Seconds to wait for nvidia-smi; longer where a driver is loaded, which takes seconds to wake a
#: GPU that nothing keeps awake (persistence mode off).
PATIENCE, PATIENCE_WITH_DRIVER = 0.8, 10.0


def nvidia(env: Mapping[str, str], root: Path = Path("/")) -> Accelerator | None:
    """The NVIDIA GPUs that this process may use; None without a GPU, a driver or nvidia-smi.

    Memory is what is free on the fullest of them, so what other processes hold is off already.
    Several models in one machine count as one kind: the one that most of them are, or the first.

    Args:
        env: the environment variables (PATH, CUDA_VISIBLE_DEVICES).
        root: the directory that ``proc`` lies in.
    """
    program = which("nvidia-smi", path=env.get("PATH"))
    if program is None:
        return None
    driver = (root / "proc/driver/nvidia/version").exists()
    query = "index,uuid,name,memory.total,memory.free,compute_cap"
    try:
        output = subprocess.run(
            [program, f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=PATIENCE_WITH_DRIVER if driver else PATIENCE,
            check=True,
            env=dict(env),
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    rows = [[cell.strip() for cell in line.split(",")] for line in output.splitlines()]
    rows = _visible([row for row in rows if len(row) == 6 and row[3].isdigit()], env)
    if not rows:
        return None
    names = [row[2] for row in rows]
    name = max(names, key=names.count)
    rows = [row for row in rows if row[2] == name]
    total = min(int(row[3]) for row in rows) * MIB
    free = min(int(row[4]) if row[4].isdigit() else int(row[3]) for row in rows) * MIB
    capability = rows[0][5] if rows[0][5].replace(".", "").isdigit() else None
    bandwidth, tflops = gpu_rates(name)
    return Accelerator(
        "gpu", name, len(rows), total, free, bandwidth, tflops, capability, "nvidia-smi"
    )


def gpu_rates(name: str) -> tuple[float | None, float | None]:
    """Bandwidth in GB/s and 16-bit peak in TFLOPS of a GPU's name; None twice where unknown."""
    words = f" {name.replace('-', ' ').replace('NVIDIA', ' ').replace('Tesla', ' ')} "
    found = [p for p in GPU_RATES if f" {p.replace('-', ' ')} " in words]
    return GPU_RATES[max(found, key=len)] if found else (None, None)


def _visible(rows: list[list[str]], env: Mapping[str, str]) -> list[list[str]]:
    """Those that CUDA_VISIBLE_DEVICES leaves, in its order (CUDA C programming guide)."""
    setting = env.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return rows
    kept = []
    for entry in (e.strip() for e in setting.split(",")):
        match = next((r for r in rows if entry and (r[0] == entry or r[1].startswith(entry))), None)
        if match is None:
            break  # CUDA ignores everything behind the first that does not exist
        kept.append(match)
    return kept


def tpu(root: Path = Path("/")) -> Accelerator | None:
    """The TPU chips on this machine's PCI bus, None where there is none."""
    found: list[str] = []
    for vendor in sorted((root / "sys/bus/pci/devices").glob("*/vendor")):
        try:
            if vendor.read_text().strip() == _GOOGLE_VENDOR:
                found.append((vendor.parent / "device").read_text().strip())
        except OSError:
            continue
    chips = [device for device in found if device in TPU_CHIPS]
    if not chips:
        return None
    name, memory, bandwidth, tflops = TPU_CHIPS[chips[0]]
    return Accelerator(
        "tpu", f"TPU {name}", len(chips), memory, memory, bandwidth, tflops, None,
        "/sys/bus/pci/devices",
    )  # fmt: skip


def jax_memory(free: int) -> tuple[int, int] | None:
    """(bytes that JAX can still hand out, its limit), if this process already runs JAX on a GPU.

    Never starts it: a backend that is not there yet is left alone.

    Args:
        free: bytes that nvidia-smi calls free; JAX can have them, and what its own pool holds idle.
    """
    bridge = sys.modules.get("jax._src.xla_bridge")
    if bridge is None or not bridge.backends_are_initialized():
        return None
    stats = [device.memory_stats() for device in sys.modules["jax"].local_devices()]
    if not stats or not all(stats):
        return None
    left = []
    for told in stats:
        used = int(told["bytes_in_use"])
        idle = max(0, int(told.get("pool_bytes", used)) - used)
        left.append(min(int(told["bytes_limit"]) - used, free + idle))
    return max(0, min(left)), min(int(told["bytes_limit"]) for told in stats)
