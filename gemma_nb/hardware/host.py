"""The host's memory under its limits, its processor, and the disk; read from files."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: cgroup v1's "no limit" is the largest page-aligned 64-bit number
_UNLIMITED = 2**60


@dataclass(frozen=True)
class HostMemory:
    """Host memory in bytes, and the file or call it was read from."""

    total: int
    available: int
    source: str


def host_memory(root: Path = Path("/")) -> HostMemory | None:
    """Memory that this process can use, under the narrowest of its cgroups' limits.

    Args:
        root: where ``proc`` and ``sys`` lie; tests give another one.

    Returns:
        None where the system tells nothing.
    """
    found = _meminfo(root)
    if found is None:
        return _system_memory() if root == Path("/") else None
    for limit, used, source in _cgroup_limits(root):
        left = max(0, limit - used)
        if limit < found.total or left < found.available:
            found = HostMemory(min(limit, found.total), min(left, found.available), source)
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _meminfo(root: Path) -> HostMemory | None:
    lines = (_read(root / "proc/meminfo") or "").splitlines()
    fields = {
        name: int(value.split()[0]) * 1024
        for name, _, value in (line.partition(":") for line in lines)
        if value.split() and value.split()[0].isdigit()
    }
    if "MemTotal" not in fields:
        return None
    free = fields.get("MemFree", 0) + fields.get("Cached", 0) + fields.get("Buffers", 0)
    available = fields.get("MemAvailable", free)
    return HostMemory(fields["MemTotal"], available, "/proc/meminfo")


def _system_memory() -> HostMemory | None:
    """Memory where there is no /proc: Windows, macOS, and other Unix by sysconf."""
    if platform.system() == "Windows":
        return _windows_memory()
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    if platform.system() != "Darwin":
        return HostMemory(total, total, "sysconf")
    try:
        pages = subprocess.run(
            ["vm_stat"], capture_output=True, text=True, timeout=0.3, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        # what macOS leaves to programs is about 70 % of what there is
        return HostMemory(total, round(0.7 * total), "sysconf")
    return HostMemory(total, _vm_stat_available(pages), "vm_stat")


def _windows_memory() -> HostMemory | None:
    """GlobalMemoryStatusEx (Windows API); written from its documentation, not run here."""
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = (
            ("length", ctypes.c_uint32),
            ("load", ctypes.c_uint32),
            *((name, ctypes.c_uint64) for name in ("total", "available", "a", "b", "c", "d", "e")),
        )

    status = Status(length=ctypes.sizeof(Status))
    windows = getattr(ctypes, "windll", None)
    if windows is None or not windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
        return None
    return HostMemory(status.total, status.available, "GlobalMemoryStatusEx")


def _vm_stat_available(output: str) -> int:
    """Bytes that macOS can hand out: free, inactive and speculative pages of ``vm_stat``."""
    page = 16384 if "16384 bytes" in output else 4096
    counts = {
        name.strip('"'): int(value.strip().rstrip("."))
        for name, _, value in (line.partition(":") for line in output.splitlines())
        if value.strip().rstrip(".").isdigit()
    }
    wanted = ("Pages free", "Pages inactive", "Pages speculative", "Pages purgeable")
    return page * sum(counts.get(name, 0) for name in wanted)


def _cgroup_limits(root: Path) -> list[tuple[int, int, str]]:
    """Every memory limit round this process: (limit, used, file), bytes; own cgroup to the top.

    A group's limit binds everything below it, so each parent counts too. The kernel gives file
    pages back under pressure, so they do not count as used (cgroup documentation of the kernel,
    ``memory.stat``: inactive_file).
    """
    found = []
    for version, own, top in _cgroup_places(root):
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        if version == 2:
            names = ("memory.max", "memory.current", "inactive_file")
        for directory in _upwards(own, top):
            limit = (_read(directory / names[0]) or "").strip()
            if limit.isdigit() and int(limit) < _UNLIMITED:
                used = (_read(directory / names[1]) or "0").strip()
                cache = _stat(_read(directory / "memory.stat") or "", names[2])
                in_use = max(0, (int(used) if used.isdigit() else 0) - cache)
                path = "/" + str((directory / names[0]).relative_to(root))
                found.append((int(limit), in_use, path))
    return found


def _upwards(directory: Path, top: Path) -> list[Path]:
    """A directory and those above it, up to and with ``top``."""
    above = [directory, *directory.parents]
    return above[: above.index(top) + 1] if top in above else [directory]


def _stat(text: str, name: str) -> int:
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0


def _cgroup_places(root: Path) -> list[tuple[int, Path, Path]]:
    """(version, this process's directory, the hierarchy's top) of each memory hierarchy."""
    own: dict[int, str] = {}
    for line in (_read(root / "proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            own[2] = path
        elif "memory" in controllers.split(","):
            own[1] = path
    places = []
    for line in (_read(root / "proc/self/mountinfo") or "").splitlines():
        left, dash, right = line.partition(" - ")
        if not dash:
            continue
        fields, kind = left.split(), right.split()
        version = 2 if kind[0] == "cgroup2" else 1
        if kind[0] == "cgroup" and "memory" not in kind[-1].split(","):
            continue
        if kind[0] not in ("cgroup", "cgroup2") or version not in own:
            continue
        mounted, top = fields[3].rstrip("/"), root / fields[4].lstrip("/")
        path = own[version]
        # inside a container the mount may show only the part of the tree that is its own
        if mounted and (path + "/").startswith(mounted + "/"):
            path = path[len(mounted) :]
        directory = top / path.lstrip("/")
        places.append((version, directory if directory.is_dir() else top, top))
    return places


def cpu_model(root: Path = Path("/")) -> str | None:
    """The processor's name, None where the system tells nothing."""
    for line in (_read(root / "proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or None


def cpu_flags(root: Path = Path("/")) -> set[str]:
    """The instruction sets that /proc/cpuinfo lists for the first processor."""
    for line in (_read(root / "proc/cpuinfo") or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):
            return set(value.split())
    return set()


def cpu_count(root: Path = Path("/")) -> int:
    """Processors that this process may use, under its cgroup's quota (version 2)."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    for version, own, top in _cgroup_places(root):
        for directory in _upwards(own, top) if version == 2 else ():
            quota, _, period = (_read(directory / "cpu.max") or "").strip().partition(" ")
            if quota.isdigit() and period.isdigit():
                count = min(count or 1, max(1, round(int(quota) / int(period))))
    return count or 1


def free_disk(path: Path) -> int | None:
    """Free bytes where ``path`` lies or will lie, None where that cannot be read."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None
