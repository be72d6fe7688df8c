"""The host: memory under the limits of its containers, processor, disk."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: cgroup v1 writes "no limit" as the largest page-aligned 64-bit number.
_UNLIMITED = 2**60


@dataclass(frozen=True)
class HostMemory:
    """Host memory.

    Args:
        total: bytes in all.
        available: bytes that a program can still get.
        source: the file or package that gave the numbers.
    """

    total: int
    available: int
    source: str


@dataclass(frozen=True)
class _Cgroup:
    """This process's group in one cgroup hierarchy.

    Args:
        version: 1 or 2.
        directory: the group's directory.
        top: the directory where the hierarchy is mounted.
    """

    version: int
    directory: Path
    top: Path

    def ancestors(self) -> list[Path]:
        """The group's directory and those above it, ``top`` included."""
        above = [self.directory, *self.directory.parents]
        return above[: above.index(self.top) + 1] if self.top in above else [self.directory]


def read_memory(root: Path = Path("/")) -> HostMemory | None:
    """Memory that this process can use: the system's, under the narrowest cgroup limit.

    Args:
        root: the directory that contains ``proc`` and ``sys``; tests pass another one.

    Returns:
        None where the system's memory cannot be read.
    """
    memory = _system_memory(root)
    if memory is None:
        return None
    for limit, used, source in _memory_limits(root):
        left = max(0, limit - used)
        if limit < memory.total or left < memory.available:
            memory = HostMemory(min(limit, memory.total), min(left, memory.available), source)
    return memory


def _system_memory(root: Path) -> HostMemory | None:
    """The memory of the whole system, without cgroup limits."""
    try:
        import psutil

        with warnings.catch_warnings():
            # some containers leave fields out that psutil reports and nothing here needs
            warnings.simplefilter("ignore", RuntimeWarning)
            if root == Path("/"):
                memory = psutil.virtual_memory()
            else:
                usual, psutil.PROCFS_PATH = psutil.PROCFS_PATH, str(root / "proc")
                try:
                    memory = psutil.virtual_memory()
                finally:
                    psutil.PROCFS_PATH = usual
    except Exception:  # noqa: BLE001 - a detection that fails must not stop the program
        return None
    source = "/proc/meminfo" if platform.system() == "Linux" else "psutil"
    return HostMemory(memory.total, memory.available, source)


def _memory_limits(root: Path) -> Iterator[tuple[int, int, str]]:
    """Every memory limit of this process: (limit in bytes, used bytes, file).

    A group's limit binds everything below it, so each parent counts too. The kernel takes file
    pages back under pressure, so they do not count as used (kernel documentation of cgroups,
    ``memory.stat``: inactive_file).
    """
    for group in _memory_cgroups(root):
        limit_file, used_file, cache_field = (
            ("memory.max", "memory.current", "inactive_file")
            if group.version == 2
            else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        )
        for directory in group.ancestors():
            limit = _read(directory / limit_file).strip()
            if limit.isdigit() and int(limit) < _UNLIMITED:
                used = _read(directory / used_file).strip()
                cache = _field(_read(directory / "memory.stat"), cache_field)
                in_use = max(0, (int(used) if used.isdigit() else 0) - cache)
                yield int(limit), in_use, f"/{(directory / limit_file).relative_to(root)}"


def _memory_cgroups(root: Path) -> list[_Cgroup]:
    """This process's group in each hierarchy that limits memory (cgroups(7))."""
    own: dict[int, str] = {}  # version -> the group's path inside its hierarchy
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            own[2] = path
        elif "memory" in controllers.split(","):
            own[1] = path
    groups = []
    for line in _read(root / "proc/self/mountinfo").splitlines():
        mount, dash, filesystem = line.partition(" - ")
        if not dash:
            continue
        fields, kind, options = mount.split(), filesystem.split()[0], filesystem.split()[-1]
        version = 2 if kind == "cgroup2" else 1
        if kind == "cgroup" and "memory" not in options.split(","):
            continue
        if kind not in ("cgroup", "cgroup2") or version not in own:
            continue
        mounted, top = fields[3].rstrip("/"), root / fields[4].lstrip("/")
        path = own[version]
        # inside a container the mount may show only the container's part of the tree
        if mounted and (path + "/").startswith(mounted + "/"):
            path = path[len(mounted) :]
        directory = top / path.lstrip("/")
        groups.append(_Cgroup(version, directory if directory.is_dir() else top, top))
    return groups


def read_system(root: Path = Path("/")) -> tuple[str, str]:
    """The operating system's name and release, and their source; WSL is named."""
    version = _read(root / "proc/version")
    if root != Path("/") or platform.system() == "Linux":
        release = version.split()[2] if len(version.split()) > 2 else ""
        wsl = "microsoft" in version.lower()
        return f"Linux {release}{' (WSL)' if wsl else ''}".replace(
            "  ", " "
        ).strip(), "/proc/version"
    if platform.system() == "Darwin":
        return f"macOS {platform.mac_ver()[0]}".strip(), "platform"
    return f"{platform.system()} {platform.release()}".strip() or "?", "platform"


def read_cpu_model(root: Path = Path("/")) -> tuple[str, str]:
    """The processor's name and its source; an empty name where the system does not report it."""
    if name := _cpuinfo(root, "model name"):
        return name, "/proc/cpuinfo"
    if root == Path("/") and platform.system() == "Darwin":
        return _sysctl("machdep.cpu.brand_string"), "sysctl"
    if root == Path("/") and platform.system() == "Windows":
        return _registry_processor(), "HKEY_LOCAL_MACHINE"
    # Linux on Arm names the processor in the device tree only
    if name := _read(root / "proc/device-tree/model").strip("\0 \n"):
        return name, "/proc/device-tree/model"
    return platform.processor(), "platform"


def is_apple_silicon() -> bool:
    """Whether this is a Mac with Apple's processor, also where Python runs under Rosetta."""
    if platform.system() != "Darwin":
        return False
    return platform.machine() == "arm64" or _sysctl("machdep.cpu.brand_string").startswith("Apple")


def _sysctl(name: str) -> str:
    """A value of macOS's kernel, empty where it cannot be read."""
    try:
        command = ["/usr/sbin/sysctl", "-n", name]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=1, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _registry_processor() -> str:
    """The processor's name in Windows's registry, else what the system calls its family."""
    try:
        import winreg

        key = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as entry:  # type: ignore[attr-defined, unused-ignore]
            return str(winreg.QueryValueEx(entry, "ProcessorNameString")[0]).strip()  # type: ignore[attr-defined, unused-ignore]
    except (ImportError, OSError):
        return platform.processor()


def read_cpu_flags(root: Path = Path("/")) -> tuple[set[str], str]:
    """The instruction sets that /proc/cpuinfo lists for the first processor, and the source.

    macOS and Windows do not list them; float32 is what every processor computes in.
    """
    flags = set((_cpuinfo(root, "flags") or _cpuinfo(root, "Features")).split())
    return flags, "/proc/cpuinfo" if flags else "platform"


def count_cpus(root: Path = Path("/")) -> tuple[int, str]:
    """The number of processors that this process may use, and the source of the number.

    On Linux an affinity and a cgroup v2 quota count.
    """
    if hasattr(os, "sched_getaffinity"):
        count, source = len(os.sched_getaffinity(0)), "sched_getaffinity"
    else:  # macOS, Windows
        count, source = os.cpu_count() or 1, "os.cpu_count"
    for group in _memory_cgroups(root):
        for directory in group.ancestors() if group.version == 2 else ():
            quota, _, period = _read(directory / "cpu.max").strip().partition(" ")
            if quota.isdigit() and period.isdigit():
                limit = max(1, round(int(quota) / int(period)))
                if limit < count:
                    count, source = limit, f"/{(directory / 'cpu.max').relative_to(root)}"
    return count, source


def read_free_disk(path: Path) -> int | None:
    """Free bytes on the disk of ``path``, which need not exist yet; None where unreadable."""
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return shutil.disk_usage(path).free
    except OSError:
        return None


def _read(path: Path) -> str:
    """A file's text, empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _cpuinfo(root: Path, name: str) -> str:
    """The first value of a field of /proc/cpuinfo, empty where there is none."""
    for line in _read(root / "proc/cpuinfo").splitlines():
        field, _, value = line.partition(":")
        if field.strip() == name:
            return value.strip()
    return ""


def _field(text: str, name: str) -> int:
    """The number behind a name in lines of "name number", 0 where there is none."""
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.strip().isdigit():
            return int(value)
    return 0
