"""Detection of the machine that this program runs on; every fact carries its source."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemma_nb.hardware import environment, host
from gemma_nb.hardware.accelerators import (
    Accelerator,
    detect_tpu,
    look_up_dtypes,
    read_jax_memory,
)
from gemma_nb.hardware.gpus import GpuSearch, detect_gpus
from gemma_nb.hardware.runtime import MEMORY_FRACTION, Fact, Runtime
from gemma_nb.i18n import Message

#: The share of a GPU's memory that JAX takes where it was imported before gemma_nb could set
#: another (docs.jax.dev, "GPU memory allocation").
_JAX_DEFAULT_FRACTION = 0.75
_FRACTION_VARIABLES = ("XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION")

_HOSTS = {"colab": "Colab", "kaggle": "Kaggle", "binder": "Binder"}


def detect_runtime(
    env: Mapping[str, str] | None = None, root: Path | str = "/", home: Path | None = None
) -> Runtime:
    """The machine that this program runs on, without starting any of its devices.

    Reads files and environment variables, asks the GPU driver where there is one, and asks JAX
    only where this process has already started it. Takes well under a second; where a GPU sleeps,
    until its driver wakes it, at most about ten seconds.

    Where JAX is told to use the processor (JAX_PLATFORMS=cpu), the runtime is the processor.

    Args:
        env: environment variables; those of this process when None.
        root: the directory that contains ``proc``, ``sys`` and ``dev``.
        home: the home directory; this user's when None.

    Returns:
        The runtime; ``facts`` holds every fact with its source. Without an accelerator the fact
        "accelerator" tells why, and ``notes`` does where one may be there that could not be asked.
    """
    asks_jax = env is None
    env = os.environ if env is None else env
    platform_setting = environment.jax_platform(env, ask_jax=asks_jax)
    root = Path(root)
    place, place_source = environment.detect_place(env)
    memory = host.read_memory(root)
    cache, cache_source = environment.find_cache_directory(env, home)
    disk = host.read_free_disk(cache) if cache else None

    facts = [Fact("place", Message(f"place_{place}"), place_source)]
    facts.append(Fact("system", *host.read_system(root)))
    accelerator, reason = _find_accelerator(platform_setting, env, root)
    if accelerator:
        device = _describe_accelerator(accelerator, memory, env, facts)
    else:
        facts.append(Fact("accelerator", reason.reason, reason.source))
        device = _describe_processor(memory, root, facts)
        device["notes"] = None if reason.certain else reason.reason
    if memory:
        facts.append(Fact("host_ram", memory.available, memory.source))
        facts.append(Fact("host_total_ram", memory.total, memory.source))
    else:
        facts.append(Fact("host_ram", None, "psutil"))
    facts.append(Fact("disk", disk, cache_source))
    facts.append(Fact("python", platform.python_version(), "platform"))
    for name in environment.PACKAGES:
        version = environment.package_version(name) or Message("fact_missing")
        facts.append(Fact(f"package_{name.replace('-', '_')}", version, "importlib.metadata"))

    return Runtime(
        **device,
        host=_HOSTS.get(place, "own"),
        host_ram_bytes=max(1, memory.available) if memory else None,
        disk_free_bytes=disk,
        keras_hub=environment.package_version("keras-hub") or "none",
        place=place,
        facts=tuple(facts),
    )


def _find_accelerator(
    platform_setting: tuple[str, str] | None, env: Mapping[str, str], root: Path
) -> tuple[Accelerator | None, GpuSearch]:
    """The accelerator that JAX would use, and why there is none.

    Args:
        platform_setting: the platform that JAX is told to use, and the setting that tells it; None
            where JAX chooses.
        env: environment variables.
        root: the directory that contains ``proc``, ``sys`` and ``dev``.
    """
    platform_name, setting = platform_setting or (None, "")
    if platform_name not in (None, "gpu", "tpu"):
        # a driver that hangs is not waited for where JAX does not ask it
        reason = Message("accelerator_not_used", {"setting": setting})
        return None, GpuSearch(None, reason, setting.partition("=")[0])
    search = GpuSearch(None, Message("accelerator_not_used", {"setting": setting}), setting)
    if platform_name != "tpu":
        search = detect_gpus(env, root)
    tpu = None if search.gpu or platform_name == "gpu" else detect_tpu(root)
    return search.gpu or tpu, search


def _describe_accelerator(
    accelerator: Accelerator,
    memory: host.HostMemory | None,
    env: Mapping[str, str],
    facts: list[Fact],
) -> dict[str, Any]:
    """The ``Runtime`` arguments of a GPU or TPU; appends to ``facts``."""
    source = accelerator.source
    facts.append(Fact("accelerator", f"{accelerator.name} x{accelerator.count}", source))
    if accelerator.others:
        facts.append(Fact("other_gpus", accelerator.others, source))
    plugin = environment.find_jax_plugin(accelerator.kind)
    facts.append(Fact("jax_support", plugin or Message("fact_missing"), "importlib.metadata"))
    device_memory = _describe_device_memory(accelerator, memory, env, facts)
    bandwidth = accelerator.bandwidth
    rate = None if bandwidth is None else f"{bandwidth:.0f} GB/s"
    facts.append(Fact("bandwidth", rate, accelerator.bandwidth_source))
    if accelerator.capability is not None:
        facts.append(Fact("compute_capability", accelerator.capability, source))
    dtypes = look_up_dtypes(accelerator)
    facts.append(Fact("native_dtypes", ", ".join(dtypes), "datasheet"))
    return {
        "name": accelerator.name,
        "kind": accelerator.kind,
        "devices": accelerator.count,
        "bandwidth_gb_s": bandwidth,
        "peak_tflops": accelerator.tflops,
        "native_dtypes": dtypes,
        "compute_capability": accelerator.capability,
        "jax_support": plugin is not None,
        **device_memory,
    }


def _describe_device_memory(
    accelerator: Accelerator,
    memory: host.HostMemory | None,
    env: Mapping[str, str],
    facts: list[Fact],
) -> dict[str, Any]:
    """The ``Runtime`` arguments of an accelerator's memory; appends to ``facts``."""
    fraction, fraction_source = _memory_fraction(env)
    source, unified = accelerator.source, accelerator.total is None
    if unified:
        facts.append(Fact("unified_memory", True, source))
    total = accelerator.total or (memory.total if memory else 1)
    free = total if accelerator.free is None else accelerator.free
    if unified and memory:
        free, source = memory.available, memory.source
    if accelerator.kind == "gpu" and (pool := read_jax_memory(free)):
        # JAX can allocate what its own pool holds idle, up to JAX's own limit
        (free, total), fraction, fraction_source, source = pool, 1.0, "jax", "jax"
    facts.append(Fact("device_memory", free, source))
    facts.append(Fact("device_total_memory", total, source))
    if accelerator.kind == "gpu":
        facts.append(Fact("jax_share", f"{fraction:.0%}", fraction_source))
    return {
        "memory_bytes": max(1, free),
        "memory_total_bytes": total,
        "memory_fraction": fraction,
        "unified_memory": unified,
    }


def _memory_fraction(env: Mapping[str, str]) -> tuple[float, str]:
    """The share of a GPU's memory that JAX may use, and its source."""
    for variable in _FRACTION_VARIABLES:
        try:
            value = float(env.get(variable, ""))
        except ValueError:
            continue
        if 0 < value <= 1:
            return value, f"${variable}"
    if "jax" in sys.modules:  # gemma_nb's own setting would come too late
        return _JAX_DEFAULT_FRACTION, "jax"
    return MEMORY_FRACTION, "gemma_nb"


def _describe_processor(
    memory: host.HostMemory | None, root: Path, facts: list[Fact]
) -> dict[str, Any]:
    """The ``Runtime`` arguments of a machine without an accelerator; appends to ``facts``."""
    name, name_source = host.read_cpu_model(root)
    facts.append(Fact("processor", name or None, name_source))
    facts.append(Fact("processors", *host.count_cpus(root)))
    flags, flags_source = host.read_cpu_flags(root)
    has_bfloat16 = bool(flags & {"amx_bf16", "avx512_bf16", "bf16"})
    dtypes = ("float32", "bfloat16") if has_bfloat16 else ("float32",)
    facts.append(Fact("native_dtypes", ", ".join(dtypes), flags_source))
    apple = root == Path("/") and host.is_apple_silicon()
    return {
        "name": name or "CPU",
        "kind": "apple" if apple else "cpu",
        # memory unknown: one byte, so that nothing fits
        "memory_bytes": max(1, memory.available) if memory else 1,
        "memory_total_bytes": memory.total if memory else None,
        "native_dtypes": dtypes,
    }
