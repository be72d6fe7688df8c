"""NVIDIA GPUs through NVML or nvidia-smi, TPUs through the system's files; no device is opened."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from shutil import which
from typing import Any

from gemma_nb.text_utils import MIB

#: part of a GPU's name -> (bandwidth in GB/s, dense 16-bit peak in TFLOPS), from NVIDIA's
#: datasheets. The longest part that occurs in the name counts.
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

#: PCI device id -> (name, usable bytes of a chip, bandwidth in GB/s, peak in TFLOPS). Ids: jax
#: 0.10.2, ``jax/_src/hardware_utils.py``; rates: Cloud TPU documentation.
TPU_CHIPS = {
    "0x005e": ("v4", 32 * 2**30, 1228.0, 275.0),
    "0x0062": ("v5p", 95 * 2**30, 2765.0, 459.0),
    "0x0063": ("v5e", 16 * 2**30, 819.0, 197.0),
    "0x006f": ("v6e", 32 * 2**30, 1638.0, 918.0),
}
_GOOGLE_VENDOR = "0x1ae0"

#: Number formats that the hardware computes in without emulation. NVIDIA GPUs below compute
#: capability 8.0 have no bfloat16; Volta and Turing compute in float16 and int8.
GPU_DTYPES = ("float32", "bfloat16", "float16", "int8")
OLD_GPU_DTYPES = ("float32", "float16", "int8")
TPU_DTYPES = ("bfloat16", "int8")

#: Seconds that a GPU's driver may take to answer. Where a driver is loaded it may take seconds to
#: wake a GPU that nothing keeps awake (persistence mode off).
TIMEOUT, TIMEOUT_WITH_DRIVER = 0.8, 10.0


@dataclass(frozen=True)
class Accelerator:
    """One model of device, and how many of it this process may use.

    Args:
        kind: "gpu" or "tpu".
        name: the model's name.
        count: how many devices.
        total: memory of one device, in bytes.
        free: memory of one device that no process holds, in bytes.
        bandwidth: memory bandwidth of one device in GB/s, None where unknown.
        tflops: dense 16-bit peak of one device in TFLOPS, None where unknown.
        capability: compute capability of an NVIDIA GPU, such as "7.5".
        source: what reported the device.
    """

    kind: str
    name: str
    count: int
    total: int
    free: int
    bandwidth: float | None
    tflops: float | None
    capability: str | None
    source: str


@dataclass(frozen=True)
class _Gpu:
    """One NVIDIA GPU as its driver reports it; memory in bytes."""

    index: int
    uuid: str
    name: str
    total: int
    free: int
    capability: str | None
    source: str


def detect_gpus(env: Mapping[str, str], root: Path = Path("/")) -> Accelerator | None:
    """The NVIDIA GPUs that this process may use.

    NVML is asked through nvidia-ml-py; where the package or the library is missing, the program
    ``nvidia-smi`` is. Memory is that of the fullest GPU, so what other processes hold is already
    subtracted. GPUs of several models count as one model: the most frequent one, or the first.

    Args:
        env: environment variables; PATH and CUDA_VISIBLE_DEVICES are read.
        root: the directory that contains ``proc``.

    Returns:
        None without a GPU, without a driver, or where the driver does not answer in time.
    """
    driver = (root / "proc/driver/nvidia/version").exists()
    timeout = TIMEOUT_WITH_DRIVER if driver else TIMEOUT
    gpus = _ask_nvml(timeout)
    if gpus is None:
        gpus = _ask_nvidia_smi(env, timeout)
    gpus = _visible(gpus, env)
    if not gpus:
        return None
    names = [gpu.name for gpu in gpus]
    name = max(names, key=names.count)
    gpus = [gpu for gpu in gpus if gpu.name == name]
    bandwidth, tflops = look_up_rates(name)
    return Accelerator(
        kind="gpu",
        name=name,
        count=len(gpus),
        total=min(gpu.total for gpu in gpus),
        free=min(gpu.free for gpu in gpus),
        bandwidth=bandwidth,
        tflops=tflops,
        capability=gpus[0].capability,
        source=gpus[0].source,
    )


class _DriverThread:
    """The thread for calls into the driver, which cannot be interrupted.

    One for all calls, because each new thread keeps memory of its own; a daemon, so that a call that
    hangs does not keep the interpreter from exiting.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Any], SimpleQueue[Any]]] = SimpleQueue()
        threading.Thread(target=self._work, name="gemma_nb-driver", daemon=True).start()

    def _work(self) -> None:
        while True:
            call, answer = self._calls.get()
            answer.put(call())

    def run(self, call: Callable[[], Any], timeout: float) -> Any:
        """What ``call``, which raises nothing, returns.

        Raises:
            queue.Empty: it did not return within ``timeout`` seconds.
        """
        answer: SimpleQueue[Any] = SimpleQueue()
        self._calls.put((call, answer))
        return answer.get(timeout=timeout)


@cache
def _driver_thread() -> _DriverThread:
    return _DriverThread()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_driver_thread.cache_clear)  # threads are not copied


def _ask_nvml(timeout: float) -> list[_Gpu] | None:
    """The GPUs that NVML reports; None where NVML cannot be used, empty where it hangs."""
    try:
        gpus: list[_Gpu] | None = _driver_thread().run(_nvml_gpus, timeout)
    except Empty:
        _driver_thread.cache_clear()  # the thread stays in its call
        return []
    return gpus


def _nvml_gpus() -> list[_Gpu] | None:
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # noqa: BLE001 - no package, no library or no driver, in any version
        return None
    try:
        gpus = [_nvml_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
        pynvml.nvmlShutdown()
    except Exception:  # noqa: BLE001 - a driver that stops answering
        return None
    return [gpu for gpu in gpus if gpu]


def _nvml_gpu(pynvml: Any, index: int) -> _Gpu | None:
    """One GPU; None where NVML does not tell its memory (lost devices, memory of the host)."""
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        name, uuid = pynvml.nvmlDeviceGetName(handle), pynvml.nvmlDeviceGetUUID(handle)
    except Exception:  # noqa: BLE001 - NVMLError has a subclass for each code
        return None
    try:
        major, minor = pynvml.nvmlDeviceGetCudaComputeCapability(handle)
    except Exception:  # noqa: BLE001 - not known to old drivers
        capability = None
    else:
        capability = f"{major}.{minor}"
    # nvidia-ml-py before 11.515 returned bytes
    name, uuid = (v.decode() if isinstance(v, bytes) else v for v in (name, uuid))
    return _Gpu(index, uuid, name, int(memory.total), int(memory.free), capability, "NVML")


def _ask_nvidia_smi(env: Mapping[str, str], timeout: float) -> list[_Gpu]:
    """The GPUs that the program ``nvidia-smi`` reports; none where it fails."""
    program = which("nvidia-smi", path=env.get("PATH"))
    if program is None:
        return []
    query = "index,uuid,name,memory.total,memory.free,compute_cap"
    try:
        output = subprocess.run(
            [program, f"--query-gpu={query}", "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
            env=dict(env),
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return []
    gpus = []
    for line in output.splitlines():
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != 6 or not cells[0].isdigit() or not cells[3].isdigit():
            continue
        index, uuid, name, total, free, capability = cells
        gpus.append(
            _Gpu(
                int(index),
                uuid,
                name,
                int(total) * MIB,
                int(free if free.isdigit() else total) * MIB,
                capability if capability.replace(".", "").isdigit() else None,
                "nvidia-smi",
            )
        )
    return gpus


def _visible(gpus: list[_Gpu], env: Mapping[str, str]) -> list[_Gpu]:
    """Those that CUDA_VISIBLE_DEVICES leaves, in its order (CUDA C++ Programming Guide)."""
    setting = env.get("CUDA_VISIBLE_DEVICES")
    if setting is None:
        return gpus
    visible = []
    for entry in (e.strip() for e in setting.split(",")):
        matches = (g for g in gpus if entry and (str(g.index) == entry or g.uuid.startswith(entry)))
        gpu = next(matches, None)
        if gpu is None:
            break  # CUDA ignores every entry behind the first invalid one
        visible.append(gpu)
    return visible


def look_up_rates(name: str) -> tuple[float | None, float | None]:
    """Memory bandwidth in GB/s and dense 16-bit peak in TFLOPS of a GPU.

    Args:
        name: the GPU's name as its driver reports it.

    Returns:
        The two numbers; None twice for a GPU that ``GPU_RATES`` does not contain.
    """
    words = f" {name.replace('-', ' ').replace('NVIDIA', ' ').replace('Tesla', ' ')} "
    parts = [p for p in GPU_RATES if f" {p.replace('-', ' ')} " in words]
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
