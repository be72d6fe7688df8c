"""The GPUs that this process may use, in CUDA's order, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gemma_nb.hardware.accelerators import Accelerator, look_up_rates
from gemma_nb.hardware.nvidia_driver import ask_driver
from gemma_nb.hardware.nvidia_gpu import DriverAnswer, Gpu
from gemma_nb.i18n import Message

_VISIBLE = "CUDA_VISIBLE_DEVICES"
#: PCI vendor id -> name, and the beginning of the class of a display controller.
_VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD", "0x8086": "Intel"}
_DISPLAY_CLASS = "0x03"
_BUS = "sys/bus/pci/devices"


@dataclass(frozen=True)
class GpuSearch:
    """The result of looking for GPUs.

    Args:
        gpu: the GPUs to use, None without any.
        reason: why there is none; None where there is one.
        source: what was asked.
        certain: whether the reason says that there is none, and not that one is unknown.
    """

    gpu: Accelerator | None
    reason: Message | None = None
    source: str = ""
    certain: bool = True


def detect_gpus(env: Mapping[str, str], root: Path = Path("/")) -> GpuSearch:
    """Looks for the NVIDIA GPUs that this process may use.

    Memory is that of the fullest GPU, so what other processes hold is already subtracted. Of GPUs
    of several models those of the first one count, in CUDA's order, because JAX takes the first.

    Args:
        env: environment variables; PATH, CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER are read.
        root: the directory that contains ``proc``, ``sys`` and ``dev``.
    """
    answer = ask_driver(env, root)
    if not answer.gpus and answer.problem is None and (jetson := _jetson(root)):
        answer = DriverAnswer((jetson,), source=jetson.source)
    gpus = visible_gpus(answer.gpus, env)
    if not gpus:
        return _no_gpu(answer, env, root)
    first = gpus[0]
    alike = [gpu for gpu in gpus if gpu.name == first.name]
    bandwidth, tflops = look_up_rates(first.name)
    source = "datasheet"
    if bandwidth is None and first.bandwidth:
        bandwidth, source = first.bandwidth, first.source
    others = Counter(gpu.name for gpu in gpus if gpu.name != first.name)
    totals = [gpu.total for gpu in alike if gpu.total is not None]
    frees = [gpu.free for gpu in alike if gpu.free is not None]
    return GpuSearch(
        Accelerator(
            kind="gpu",
            name=first.name,
            count=len(alike),
            total=min(totals, default=None),
            free=min(frees, default=None),
            bandwidth=bandwidth,
            tflops=tflops,
            capability=first.capability,
            source=first.source,
            bandwidth_source=source,
            others=", ".join(f"{name} x{count}" for name, count in others.items()) or None,
        )
    )


def visible_gpus(gpus: tuple[Gpu, ...], env: Mapping[str, str]) -> list[Gpu]:
    """The GPUs, or the one MIG slice, that CUDA enumerates, in its order.

    CUDA_VISIBLE_DEVICES selects by number or by the beginning of a UUID, and what follows its first
    invalid entry is ignored (CUDA C++ Programming Guide, "CUDA Environment Variables"). An entry that
    is repeated hides every device (PyTorch, ``torch.cuda._parse_visible_devices``). Where a slice is
    enumerated, CUDA enumerates this one alone (NVIDIA MIG User Guide, "CUDA Device Enumeration").

    Args:
        gpus: the GPUs in the order of the PCI bus.
        env: environment variables; CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER are read.
    """
    ordered = _in_cuda_order(gpus, env)
    devices = [_first_slice(g) for g in ordered if g.slices or not g.partitioned]
    setting = env.get(_VISIBLE)
    visible = devices
    if setting is not None:
        visible = []
        for entry in (e.strip() for e in setting.split(",")):
            device = _find_device(entry, ordered, devices)
            if device is None:
                break
            if device in visible:
                return []
            visible.append(device)
    slices = [gpu for gpu in visible if gpu.uuid.startswith("MIG-")]
    return slices[:1] or visible


def _first_slice(gpu: Gpu) -> Gpu:
    return gpu.slices[0] if gpu.slices else gpu


def _find_device(entry: str, gpus: list[Gpu], devices: list[Gpu]) -> Gpu | None:
    """The device of one entry of CUDA_VISIBLE_DEVICES, None for an invalid entry."""
    if entry.isdigit():
        return devices[int(entry)] if int(entry) < len(devices) else None
    named = [device for gpu in gpus for device in (*gpu.slices, gpu)]
    gpu = next((g for g in named if entry and g.uuid.startswith(entry)), None)
    if gpu is None or (gpu.partitioned and not gpu.slices):
        return None
    return _first_slice(gpu)


def _in_cuda_order(gpus: tuple[Gpu, ...], env: Mapping[str, str]) -> list[Gpu]:
    """The fastest GPU first, CUDA's default; in the order of the PCI bus where that is set.

    CUDA does not publish its measure of speed ("a simple heuristic"). Here it is processors times
    clock, else the datasheet's peak, else compute capability and memory.
    """
    if env.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID" or len({gpu.name for gpu in gpus}) < 2:
        return list(gpus)
    speeds = {gpu.uuid: gpu.speed for gpu in gpus}
    if None in speeds.values():
        speeds = {gpu.uuid: look_up_rates(gpu.name)[1] for gpu in gpus}

    def rank(gpu: Gpu) -> tuple[float, ...]:
        speed = speeds[gpu.uuid]
        if speed is not None and None not in speeds.values():
            return (speed,)
        capability = tuple(float(part) for part in (gpu.capability or "0").split("."))
        return (*capability, gpu.total or 0)

    return sorted(gpus, key=rank, reverse=True)


def _jetson(root: Path) -> Gpu | None:
    """The GPU of a Jetson whose driver has neither NVML nor nvidia-smi (JetPack before 6)."""
    file = root / "proc/device-tree/model"
    try:
        model = file.read_text(encoding="utf-8", errors="replace").strip("\0 \n")
    except OSError:
        return None
    if not any(word in model for word in ("Jetson", "NVIDIA Orin", "NVIDIA Thor")):
        return None
    return Gpu(0, "", model, None, None, None, "/proc/device-tree/model")


def _no_gpu(answer: DriverAnswer, env: Mapping[str, str], root: Path) -> GpuSearch:
    """Why there is no GPU to use."""
    search = GpuSearch(None, Message("accelerator_none"), f"{answer.source}, /{_BUS}")
    if answer.gpus:
        names = ", ".join(dict.fromkeys(gpu.name for gpu in answer.gpus))
        if env.get(_VISIBLE) is None:
            reason = Message("accelerator_no_slice", {"name": names})
            return GpuSearch(None, reason, answer.source, certain=False)
        values = {"name": names, "setting": f"{_VISIBLE}={env[_VISIBLE]}"}
        return GpuSearch(None, Message("accelerator_hidden", values), answer.source)
    vendors = _graphics_on_bus(root)
    if answer.problem:
        return replace(search, reason=answer.problem, source=answer.source, certain=False)
    if "NVIDIA" in vendors:
        reason = Message("accelerator_no_driver")
        return GpuSearch(None, reason, f"/{_BUS}", certain=False)
    if vendors:
        reason = Message("accelerator_other_vendor", {"vendor": ", ".join(vendors)})
        return GpuSearch(None, reason, f"/{_BUS}")
    return search


def _graphics_on_bus(root: Path) -> list[str]:
    """The vendors of the graphics cards and units on the PCI bus."""
    vendors = []
    for file in sorted((root / _BUS).glob("*/vendor")):
        try:
            vendor = _VENDORS.get(file.read_text().strip())
            if vendor and (file.parent / "class").read_text().strip().startswith(_DISPLAY_CLASS):
                vendors.append(vendor)
        except (OSError, ValueError):
            continue
    return list(dict.fromkeys(vendors))
