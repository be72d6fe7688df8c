"""What this machine offers, each fact with where it was read."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.hardware import accelerators, environment, host
from gemma_nb.hardware.runtime import MEMORY_FRACTION, Fact, Runtime
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

#: JAX's own share, in force where jax was imported before this package could set another.
_JAX_DEFAULT_FRACTION = 0.75
_FRACTION_VARIABLES = ("XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION")


def detect_runtime(
    env: Mapping[str, str] | None = None, root: Path | str = "/", home: Path | None = None
) -> Runtime:
    """Looks at the machine this program runs on, without starting any of its devices.

    Reads files and environment variables, asks ``nvidia-smi`` where there is one, and asks jax
    only if this process has started it already. Takes well under a second.

    Args:
        env: environment variables; this process's own when None.
        root: the directory that ``proc``, ``sys`` and ``dev`` lie in.
        home: the home directory; this user's own when None.

    Returns:
        The runtime; ``facts`` holds every fact with its source.
    """
    env = os.environ if env is None else env
    root = Path(root)
    where, where_source = environment.place(env)
    memory = host.host_memory(root)
    cache, cache_source = environment.cache_directory(env, home)
    disk = host.free_disk(cache)

    accelerator = accelerators.nvidia(env, root) or accelerators.tpu(root)
    facts = [Fact("place", Message(f"place_{where}"), where_source)]
    if accelerator:
        found = _accelerated(accelerator, env, facts)
    else:
        found = _processor(memory, root, facts)
    if memory:
        facts.append(Fact("host_ram", memory.available, memory.source))
        facts.append(Fact("host_total_ram", memory.total, memory.source))
    else:
        facts.append(Fact("host_ram", None, platform.system() or "?"))
    facts.append(Fact("disk", disk, cache_source))
    facts.append(Fact("python", environment.python_version(), "platform"))
    for name in environment.PACKAGES:
        found_version = environment.package_version(name)
        shown = found_version or Message("fact_missing")
        facts.append(Fact(f"package_{name.replace('-', '_')}", shown, "importlib.metadata"))

    hosts = {"colab": "Colab", "kaggle": "Kaggle", "binder": "Binder"}
    return Runtime(
        **found,
        host=hosts.get(where, "own"),
        host_ram_bytes=max(1, memory.available) if memory else None,
        disk_free_bytes=disk,
        keras_hub=environment.package_version("keras-hub") or "none",
        place=where,
        facts=tuple(facts),
    )


def _accelerated(
    accelerator: accelerators.Accelerator, env: Mapping[str, str], facts: list[Fact]
) -> dict[str, Any]:
    source = accelerator.source
    facts.append(Fact("accelerator", f"{accelerator.name} x{accelerator.count}", source))
    fraction, fraction_source = _fraction(env)
    free, total = accelerator.free, accelerator.total
    if accelerator.kind == "gpu" and (left := accelerators.jax_memory(free)):
        # what this process holds is JAX's to hand out again, up to JAX's own limit
        (free, total), fraction, fraction_source, source = left, 1.0, "jax", "jax"
    plugin = environment.jax_plugin(accelerator.kind)
    facts.append(Fact("jax_support", plugin or Message("fact_missing"), "importlib.metadata"))
    facts.append(Fact("device_memory", free, source))
    facts.append(Fact("device_total_memory", total, source))
    if accelerator.kind == "gpu":
        facts.append(Fact("jax_share", f"{fraction:.0%}", fraction_source))
    rates = "datasheet"
    facts.append(Fact("bandwidth", _rate(accelerator.bandwidth), rates))
    if accelerator.kind == "tpu":
        native: tuple[str, ...] = ("bfloat16", "int8")
    elif accelerator.capability is None:
        native = ("float32", "float16")
    else:
        facts.append(Fact("compute_capability", accelerator.capability, source))
        new = float(accelerator.capability) >= 8
        native = ("float32", *(("bfloat16",) if new else ()), "float16", "int8")
    facts.append(Fact("native_dtypes", ", ".join(native), rates))
    return {
        "name": accelerator.name,
        "kind": accelerator.kind,
        "memory_bytes": max(1, free),
        "memory_total_bytes": total,
        "memory_fraction": fraction,
        "devices": accelerator.count,
        "bandwidth_gb_s": accelerator.bandwidth,
        "peak_tflops": accelerator.tflops,
        "native_dtypes": native,
        "compute_capability": accelerator.capability,
        "jax_support": plugin is not None,
    }


def _rate(bandwidth: float | None) -> str | None:
    return None if bandwidth is None else f"{bandwidth:.0f} GB/s"


def _fraction(env: Mapping[str, str]) -> tuple[float, str]:
    """The share of a GPU that JAX may use, and what told it."""
    for variable in _FRACTION_VARIABLES:
        try:
            value = float(env.get(variable, ""))
        except ValueError:
            continue
        if 0 < value <= 1:
            return value, f"${variable}"
    if "jax" in sys.modules:
        return _JAX_DEFAULT_FRACTION, "jax"  # too late for this package's own setting
    return MEMORY_FRACTION, "gemma_nb"


def _processor(memory: host.HostMemory | None, root: Path, facts: list[Fact]) -> dict[str, Any]:
    apple = root == Path("/") and platform.system() == "Darwin" and platform.machine() == "arm64"
    name = host.cpu_model(root) or "CPU"
    count = host.cpu_count(root)
    facts.append(Fact("processor", name, "/proc/cpuinfo" if root / "proc" else "platform"))
    facts.append(Fact("processors", count, "sched_getaffinity"))
    flags = host.cpu_flags(root)
    native = ("float32", *(("bfloat16",) if flags & {"amx_bf16", "avx512_bf16"} else ()))
    facts.append(Fact("native_dtypes", ", ".join(native), "/proc/cpuinfo"))
    return {
        "name": name,
        "kind": "apple" if apple else "cpu",
        # nothing is known: one byte, so that nothing is said to fit
        "memory_bytes": max(1, memory.available) if memory else 1,
        "memory_total_bytes": memory.total if memory else None,
        "native_dtypes": native,
    }
