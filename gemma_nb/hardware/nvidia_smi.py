"""NVIDIA GPUs through the program ``nvidia-smi``, where NVML cannot be used."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace

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
from gemma_nb.text_utils import MIB

_QUERY = "index,uuid,name,memory.total,memory.free,compute_cap,mig.mode.current"
#: What drivers before 470 know.
_OLD_QUERY = "index,uuid,name,memory.total,memory.free"
#: A line of ``nvidia-smi -L``: "  MIG 1g.5gb      Device  0: (UUID: MIG-...)".
_SLICE_LINE = re.compile(r"\s+MIG\s+(\S+)\s+Device\s+\d+:\s+\(UUID:\s+(MIG-[^)]+)\)")
_GPU_LINE = re.compile(r"GPU \d+:.*\(UUID:\s+([^)]+)\)")


def ask_nvidia_smi(program: str, env: Mapping[str, str], timeout: float) -> DriverAnswer:
    """The GPUs that the program ``nvidia-smi`` reports."""
    source = "nvidia-smi"

    def ask(*arguments: str) -> str:
        command = [program, *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=True, env=dict(env)
        ).stdout

    try:
        rows, output = _query_rows(ask)
        partitioned = any(row[6] == "Enabled" for row in rows)
        named = "MIG-" in env.get("CUDA_VISIBLE_DEVICES", "")
        listing = ask("-L") if rows and (partitioned or named) else ""
    except subprocess.TimeoutExpired:
        values = {"source": source, "seconds": f"{timeout:g}"}
        return DriverAnswer(problem=Message("accelerator_no_answer", values), source=source)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return DriverAnswer(problem=failure(source, error), source=source)
    gpus = [_smi_gpu(row, listing) for row in rows if row[0].isdigit()]
    problems = [gpu for gpu in gpus if isinstance(gpu, Message)]
    if not gpus and output.strip():
        problems = [failure(source, output)]
    usable = tuple(gpu for gpu in gpus if isinstance(gpu, Gpu))
    return DriverAnswer(usable, problems[0] if problems else None, source)


def _query_rows(ask: Callable[..., str]) -> tuple[list[tuple[str, ...]], str]:
    """The cells of every GPU, and all that the program wrote.

    Args:
        ask: runs the program with arguments and returns what it writes.
    """
    query = _QUERY
    try:
        output = ask(f"--query-gpu={query}", "--format=csv,noheader,nounits")
    except subprocess.CalledProcessError as error:
        if "not a valid field" not in f"{error.stdout}{error.stderr}":
            raise
        query = _OLD_QUERY
        output = ask(f"--query-gpu={query}", "--format=csv,noheader,nounits")
    lines = [[cell.strip() for cell in line.split(",")] for line in output.splitlines()]
    return [(*line, "", "")[:7] for line in lines if len(line) == query.count(",") + 1], output


def _smi_gpu(row: tuple[str, ...], listing: str) -> Gpu | Message:
    index, uuid, name, total, free, capability, mig = row
    known = re.fullmatch(r"\d+\.\d+", capability)
    gpu = Gpu(int(index), uuid, name, None, None, capability if known else None, "nvidia-smi")
    slices, current = [], ""
    for line in listing.splitlines():
        if match := _GPU_LINE.match(line):
            current = match[1]
        elif (match := _SLICE_LINE.match(line)) and current == uuid:
            size = profile_bytes(match[1])
            if size:
                slices.append(slice_of(gpu, match[2], match[1], size, size))
    gpu = replace(gpu, partitioned=mig == "Enabled" or bool(slices), slices=tuple(slices))
    if total.isdigit():
        return replace(
            gpu,
            total=int(total) * MIB,
            free=int(free if free.isdigit() else total) * MIB,
        )
    unsupported = total.strip("[]").lower() in ("n/a", "not supported")
    if gpu.partitioned or (is_unified(gpu) and unsupported):
        return gpu
    return no_memory(name, "nvidia-smi", total)
