"""NVIDIA GPUs through NVML, which nvidia-ml-py calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from gemma_nb.hardware.nvidia_gpu import (
    DriverAnswer,
    Gpu,
    failure,
    is_unified,
    no_memory,
    profile_bytes,
    slice_of,
)
from gemma_nb.i18n import Message


def ask_nvml() -> DriverAnswer | None:
    """The GPUs that NVML reports; None where NVML cannot be used."""
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
    problems = [gpu for gpu in gpus if isinstance(gpu, Message)]
    usable = tuple(gpu for gpu in gpus if isinstance(gpu, Gpu))
    return DriverAnswer(usable, problems[0] if problems else None, "NVML")


def _nvml_gpu(pynvml: Any, index: int) -> Gpu | Message:
    """One GPU, or why it cannot be used (lost, or memory that NVML does not tell)."""
    try:
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        # nvidia-ml-py before 11.515 returned bytes
        name = _to_text(pynvml.nvmlDeviceGetName(handle))
        uuid = _to_text(pynvml.nvmlDeviceGetUUID(handle))
    except Exception as error:  # noqa: BLE001 - NVMLError has a subclass for each code
        return failure("NVML", error)
    version = _optional(lambda: tuple(pynvml.nvmlDeviceGetCudaComputeCapability(handle)))
    capability = f"{version[0]}.{version[1]}" if version else None
    gpu = Gpu(index, uuid, name, None, None, capability, "NVML")
    if _optional(lambda: pynvml.nvmlDeviceGetMigMode(handle)[0] == 1):
        gpu = replace(gpu, partitioned=True)
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        gpu = replace(gpu, total=int(memory.total), free=int(memory.free))
    except Exception as error:  # noqa: BLE001
        # the memory of a partitioned GPU may be hidden from a user who sees only a slice
        if not gpu.partitioned and not (is_unified(gpu) and "not supported" in str(error).lower()):
            return no_memory(name, "NVML", error)
    clock, width = (
        _optional(lambda: pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_MEM)),
        _optional(lambda: pynvml.nvmlDeviceGetMemoryBusWidth(handle)),
    )
    cores = _optional(lambda: pynvml.nvmlDeviceGetNumGpuCores(handle))
    core_clock = _optional(lambda: pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM))
    gpu = replace(
        gpu,
        # two transfers a clock (deviceQuery of NVIDIA's cuda-samples); of an H200 this gives
        # 4814 GB/s, and its datasheet 4800 (measured 2026-11-29)
        bandwidth=2 * clock * width / 8 / 1000 if clock and width else None,
        speed=float(cores * core_clock) if cores and core_clock else None,
    )
    return replace(gpu, slices=tuple(_nvml_slices(pynvml, handle, gpu)))


def _nvml_slices(pynvml: Any, handle: Any, gpu: Gpu) -> list[Gpu]:
    """The MIG slices of a GPU that this process can see."""
    count = _optional(lambda: pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)) or 0
    slices = []
    for position in range(count if gpu.partitioned else 0):
        try:
            device = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, position)
            uuid = _to_text(pynvml.nvmlDeviceGetUUID(device))
            name = _to_text(pynvml.nvmlDeviceGetName(device))
        except Exception:  # noqa: BLE001, S112 - a position without a slice
            continue
        memory = _optional(partial(pynvml.nvmlDeviceGetMemoryInfo, device))
        total = int(memory.total) if memory else profile_bytes(name)
        if total is None:
            continue
        free = int(memory.free) if memory else total
        slices.append(slice_of(gpu, uuid, name, total, free))
    return slices


def _optional(call: Callable[[], Any]) -> Any:
    """What a call returns; None where this driver or this package does not know it."""
    try:
        return call()
    except Exception:  # noqa: BLE001 - not known to old drivers
        return None


def _to_text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
