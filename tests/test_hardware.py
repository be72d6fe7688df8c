"""Runtimes: the known ones, and detection on trees and programs laid out for the purpose."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from gemma_nb import advise, detect_runtime, runtimes, set_language
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.memory import INTERPRETER_BYTES
from gemma_nb.hardware import accelerators, environment, host
from gemma_nb.hardware import nvidia_smi as nvidia_smi_module
from gemma_nb.hardware.known_runtimes import runtime
from gemma_nb.hardware.runtime import KINDS, MEMORY_FRACTION, MEMORY_SETTINGS, Runtime
from gemma_nb.i18n import table
from gemma_nb.text_utils import GIB

MIB = 2**20
ROOT = Path(__file__).resolve().parents[1]


def tree(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def machine(root, total_gib=16.0, available_gib=12.0, **files):
    meminfo = (
        f"MemTotal: {int(total_gib * 2**20)} kB\nMemFree: 5 kB\n"
        f"MemAvailable: {int(available_gib * 2**20)} kB\n"
    )
    return tree(root, {"proc/meminfo": meminfo, **files})


def nvidia_smi(folder, rows, delay=0.0, listing=""):
    """A program of that name on a PATH of its own, which prints ``rows``, or ``listing`` for -L.

    Rows of six cells end in the mode of MIG, off.
    """
    folder.mkdir(exist_ok=True)
    program = folder / "nvidia-smi"
    rows = [(*row, "[N/A]") if len(row) == 6 else row for row in rows]
    text = "\n".join(", ".join(map(str, row)) for row in rows)
    program.write_text(
        f"#!{sys.executable}\nimport sys, time; time.sleep({delay})\n"
        f"print({listing!r} if '-L' in sys.argv else {text!r})\n"
    )
    program.chmod(0o755)
    return {"PATH": str(folder)}


@pytest.fixture(autouse=True)
def _no_nvml(monkeypatch):
    """NVML is missing here; the tests of NVML lay out a module of that name."""
    monkeypatch.setitem(sys.modules, "pynvml", None)


def fake_nvml(*rows, init=lambda: None):
    """The part of the module ``pynvml`` that is called, over the same rows as ``nvidia_smi``."""

    def memory(row):
        if row[3] is None:
            raise RuntimeError("Not Supported")
        return SimpleNamespace(total=row[3] * MIB, free=row[4] * MIB)

    def capability(row):
        if row[5] is None:
            raise RuntimeError("Function Not Found")
        return map(int, row[5].split("."))

    calls = []
    module = {
        "nvmlInit": lambda: (calls.append("init"), init()),
        "nvmlShutdown": lambda: calls.append("shutdown"),
        "nvmlDeviceGetCount": lambda: len(rows),
        "nvmlDeviceGetHandleByIndex": lambda index: rows[index],
        "nvmlDeviceGetName": lambda row: row[2],
        "nvmlDeviceGetUUID": lambda row: row[1],
        "nvmlDeviceGetMemoryInfo": memory,
        "nvmlDeviceGetCudaComputeCapability": capability,
    }
    return SimpleNamespace(**module, calls=calls)


T4 = (0, "GPU-a1", "Tesla T4", 15360, 14900, "7.5")


def detect(tmp_path, env=None):
    return detect_runtime(env={"PATH": "/nowhere", **(env or {})}, root=tmp_path, home=tmp_path)


def fact(found, name):
    return next(f for f in found.facts if f.name == name)


# --- the known ones


def test_every_known_runtime_has_a_date_and_grows_old():
    from datetime import date, timedelta

    from gemma_nb.hardware.known_runtimes import is_outdated

    for r in runtimes():
        read = date.fromisoformat(r.as_of)
        assert not is_outdated(r, read + timedelta(days=180))
        assert is_outdated(r, read + timedelta(days=190))
    assert not is_outdated(Runtime("mine", "cpu", 10**9))


def test_known_runtimes_hold_what_the_guide_asks_about():
    names = {r.name for r in runtimes()}
    assert {
        "T4",
        "L4",
        "A100-40GB",
        "v5e-1",
        "binder",
        "T4 x2",
        "Apple 16 GB",
        "phone 8 GB",
    } <= names
    hosts = {"Colab", "Kaggle", "Binder", "Hugging Face", "GitHub", "own"}
    assert {r.host for r in runtimes()} == hosts
    assert {r.kind for r in runtimes()} == set(KINDS)


def test_every_price_has_its_date_and_two_languages():
    for r in runtimes():
        assert (r.price is None) == (r.price_date is None)
        for message in (r.price, r.notes):
            if message:
                assert message.text("en") != message.text("ja") or message.key == "note_example"


@pytest.mark.parametrize(
    "name", ["t4", "T4", " T4 ", "a100-40gb", "T4 X2", "laptop 8gb", "g4", "H100"]
)
def test_names_in_any_case(name):
    assert runtime(name).name.lower().replace(" ", "").startswith(name.lower().replace(" ", ""))


@pytest.mark.parametrize(
    ("wrong", "near"), [("T5", "T4"), ("a100", "A100-40GB"), ("labtop 16 GB", "laptop 16 GB")]
)
def test_a_wrong_name_gets_the_nearest(wrong, near):
    with pytest.raises(ValueError, match=near):
        runtime(wrong)


@pytest.mark.parametrize("wrong", [17, ["T4"], "", "   "])
def test_no_name_at_all_is_refused(wrong):
    with pytest.raises(InvalidInput):
        runtime(wrong)


def test_hosts():
    assert {r.name for r in runtimes("kaggle")} == {"T4 x2", "v5e-8", "kaggle-cpu"}
    with pytest.raises(ValueError, match="Colab"):
        runtimes("kagle")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "GPU?"},
        {"memory_bytes": 0},
        {"memory_bytes": -5},
        {"memory_bytes": 1.5},
        {"memory_bytes": True},
        {"devices": 0},
        {"host_ram_bytes": -1},
        {"memory_fraction": 0},
        {"memory_fraction": 1.1},
    ],
)
def test_a_runtime_of_ones_own_is_checked(changes):
    with pytest.raises(InvalidInput):
        Runtime(**{"name": "mine", "kind": "gpu", "memory_bytes": 8 * GIB, **changes})


def test_jax_gets_its_share_of_a_gpu_and_no_more():
    whole = Runtime("mine", "gpu", 10 * GIB)
    assert whole.usable_bytes == pytest.approx(MEMORY_FRACTION * 10 * GIB, abs=1)
    shared = Runtime("mine", "gpu", 6 * GIB, memory_total_bytes=10 * GIB)
    # the share is of all the memory, whoever holds the rest
    assert shared.usable_bytes == pytest.approx(6 * GIB - (1 - MEMORY_FRACTION) * 10 * GIB, abs=1)
    default = Runtime("mine", "gpu", 10 * GIB, memory_fraction=0.75)
    assert default.usable_bytes == pytest.approx(7.5 * GIB, abs=1)
    assert Runtime("mine", "cpu", 10 * GIB).usable_bytes == 10 * GIB


def test_the_packages_setting_is_the_one_that_is_counted_with():
    assert float(MEMORY_SETTINGS["XLA_CLIENT_MEM_FRACTION"]) == MEMORY_FRACTION
    assert MEMORY_SETTINGS["XLA_PYTHON_CLIENT_PREALLOCATE"] == "false"


# --- host memory


def test_without_limits_meminfo_counts(tmp_path):
    found = host.read_memory(machine(tmp_path))
    assert (found.total, found.available, found.source) == (16 * GIB, 12 * GIB, "/proc/meminfo")


def test_meminfo_of_an_old_kernel(tmp_path):
    tree(
        tmp_path,
        {"proc/meminfo": "MemTotal: 1000 kB\nMemFree: 100 kB\nBuffers: 20 kB\nCached: 300 kB\n"},
    )
    # free and cached, as psutil computes it
    assert host.read_memory(tmp_path).available == 400 * 1024


@pytest.mark.parametrize("meminfo", ["", "MemTotal: 1000 kB\n", "MemTotal: many\n", "\0\0\n"])
def test_a_meminfo_that_cannot_be_read_is_nothing_known(tmp_path, meminfo):
    assert host.read_memory(tree(tmp_path, {"proc/meminfo": meminfo})) is None


def test_without_psutil_the_hosts_memory_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    found = detect(machine(tmp_path))
    assert found.host_ram_bytes is None
    assert found.usable_bytes == 1


def test_cgroup_2_limits_and_its_file_cache_is_free(tmp_path):
    machine(tmp_path)
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/me\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/pod/me/memory.max": str(2 * GIB),
            "sys/fs/cgroup/pod/me/memory.current": str(1 * GIB),
            "sys/fs/cgroup/pod/me/memory.stat": f"anon 5\ninactive_file {GIB // 4}\n",
            "sys/fs/cgroup/pod/memory.max": "max",
        },
    )
    found = host.read_memory(tmp_path)
    assert found.total == 2 * GIB
    assert found.available == 2 * GIB - (GIB - GIB // 4)
    assert found.source == "/sys/fs/cgroup/pod/me/memory.max"


def test_a_parents_limit_binds_too(tmp_path):
    machine(tmp_path)
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/pod/me\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/pod/me/memory.max": str(8 * GIB),
            "sys/fs/cgroup/pod/me/memory.current": str(1 * GIB),
            "sys/fs/cgroup/pod/memory.max": str(4 * GIB),
            "sys/fs/cgroup/pod/memory.current": str(3 * GIB),
        },
    )
    found = host.read_memory(tmp_path)
    assert (found.total, found.available) == (4 * GIB, 1 * GIB)
    assert found.source == "/sys/fs/cgroup/pod/memory.max"


def test_cgroup_1_inside_a_container_that_shows_its_own_part_only(tmp_path):
    machine(tmp_path)
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n",
            "proc/self/mountinfo": (
                "40 39 0:30 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                "41 39 0:31 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
            ),
            "sys/fs/cgroup/memory/memory.limit_in_bytes": str(3 * GIB),
            "sys/fs/cgroup/memory/memory.usage_in_bytes": str(2 * GIB),
            "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {GIB}\n",
        },
    )
    found = host.read_memory(tmp_path)
    assert (found.total, found.available) == (3 * GIB, 2 * GIB)
    assert found.source.endswith("memory.limit_in_bytes")


def test_cgroup_1_without_a_limit_is_a_huge_number(tmp_path):
    machine(tmp_path)
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/\n",
            "proc/self/mountinfo": "40 39 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "5",
        },
    )
    assert host.read_memory(tmp_path).source == "/proc/meminfo"


def test_a_cgroup_path_that_the_mount_does_not_show_falls_back_to_its_top(tmp_path):
    machine(tmp_path)
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/../../elsewhere\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/memory.max": str(GIB),
            "sys/fs/cgroup/memory.current": "0",
        },
    )
    assert host.read_memory(tmp_path).total == GIB


def test_processors_under_a_quota(tmp_path):
    tree(
        tmp_path,
        {
            "proc/self/cgroup": "0::/me\n",
            "proc/self/mountinfo": "30 20 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
            "sys/fs/cgroup/me/cpu.max": "100000 100000",
        },
    )
    assert host.count_cpus(tmp_path) == (1, "/sys/fs/cgroup/me/cpu.max")


def test_the_systems_own_memory():
    found = host.read_memory()
    assert 0 < found.available <= found.total


def test_nothing_to_read_is_nothing_known(tmp_path):
    assert host.read_memory(tmp_path) is None
    found = detect(tmp_path)
    assert found.host_ram_bytes is None
    assert "unknown" in str(fact(found, "host_ram"))


# --- GPUs and TPUs


def test_a_gpu_as_nvidia_smi_tells_it(tmp_path):
    machine(tmp_path)
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [T4]))
    assert (found.name, found.kind, found.devices) == ("Tesla T4", "gpu", 1)
    assert found.memory_bytes == 14900 * MIB
    assert found.memory_total_bytes == 15360 * MIB
    assert (found.bandwidth_gb_s, found.compute_capability) == (320, "7.5")
    assert "bfloat16" not in found.native_dtypes
    assert "float16" in found.native_dtypes
    assert fact(found, "device_memory").source == "nvidia-smi"
    assert found.host_ram_bytes == 12 * GIB


def test_what_other_processes_hold_counts(tmp_path):
    machine(tmp_path)
    busy = (0, "GPU-a1", "Tesla T4", 15360, 5000, "7.5")
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [busy]))
    assert found.memory_bytes == 5000 * MIB
    assert found.usable_bytes < 5000 * MIB


def test_the_fullest_of_several_decides(tmp_path):
    machine(tmp_path)
    rows = [T4, (1, "GPU-b2", "Tesla T4", 15360, 9000, "7.5")]
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", rows))
    assert (found.devices, found.memory_bytes) == (2, 9000 * MIB)


@pytest.mark.parametrize(
    ("setting", "devices"),
    [("0", 1), ("1,0", 2), ("GPU-b2", 1), ("", None), ("-1", None), ("0,7,1", 1), ("0,0", None)],
)
def test_cuda_visible_devices(tmp_path, setting, devices):
    machine(tmp_path)
    rows = [T4, (1, "GPU-b2", "Tesla T4", 15360, 9000, "7.5")]
    env = {**nvidia_smi(tmp_path / "bin", rows), "CUDA_VISIBLE_DEVICES": setting}
    found = detect(tmp_path, env)
    assert (found.devices if found.kind == "gpu" else None) == devices


def test_new_gpus_have_bfloat16(tmp_path):
    machine(tmp_path)
    row = (0, "GPU-h", "NVIDIA H200", 143771, 143000, "9.0")
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [row]))
    assert "bfloat16" in found.native_dtypes
    assert found.bandwidth_gb_s == 4800


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("NVIDIA-SMI has failed because it couldn't communicate with the driver",)],
        [(0, "x", "y", "[N/A]", 1, "z")],
    ],
)
def test_a_driver_that_does_not_answer_leaves_the_processor(tmp_path, rows):
    machine(tmp_path)
    assert detect(tmp_path, nvidia_smi(tmp_path / "bin", rows)).kind == "cpu"


def test_a_driver_that_hangs_is_not_waited_for(tmp_path):
    machine(tmp_path)
    env = nvidia_smi(tmp_path / "bin", [T4], delay=30)
    started = time.perf_counter()
    assert detect(tmp_path, env).kind == "cpu"
    assert time.perf_counter() - started < 1.5


def test_a_driver_that_wakes_slowly_is_waited_for(tmp_path):
    machine(tmp_path)
    tree(tmp_path, {"proc/driver/nvidia/version": "NVRM version: 580"})
    env = nvidia_smi(tmp_path / "bin", [T4], delay=1.5)
    assert detect(tmp_path, env).kind == "gpu"


def test_nvidia_smi_that_fails(tmp_path):
    machine(tmp_path)
    env = nvidia_smi(tmp_path / "bin", [T4])
    (tmp_path / "bin" / "nvidia-smi").write_text(f"#!{sys.executable}\nraise SystemExit(9)\n")
    assert detect(tmp_path, env).kind == "cpu"


def test_a_gpu_as_nvml_reports_it(tmp_path, monkeypatch):
    machine(tmp_path)
    nvml = fake_nvml(T4, (1, "GPU-b2", "Tesla T4", 15360, 9000, "7.5"))
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    # a program that says something else is not asked
    env = nvidia_smi(tmp_path / "bin", [(0, "GPU-h", "NVIDIA H200", 143771, 143000, "9.0")])
    found = detect(tmp_path, env)
    assert (found.name, found.kind, found.devices) == ("Tesla T4", "gpu", 2)
    assert (found.memory_bytes, found.memory_total_bytes) == (9000 * MIB, 15360 * MIB)
    assert found.compute_capability == "7.5"
    assert fact(found, "device_memory").source == "NVML"
    assert nvml.calls == ["init", "shutdown"]
    assert detect(tmp_path, {**env, "CUDA_VISIBLE_DEVICES": "GPU-a1"}).memory_bytes == 14900 * MIB
    assert detect(tmp_path, {**env, "CUDA_VISIBLE_DEVICES": ""}).kind == "cpu"


def test_nvml_of_an_old_version_and_an_unknown_capability(tmp_path, monkeypatch):
    row = (0, b"GPU-a1", b"NVIDIA L4", 23034, 22000, None)
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(row))
    found = detect(machine(tmp_path), {"CUDA_VISIBLE_DEVICES": "GPU-a"})
    assert (found.name, found.bandwidth_gb_s) == ("NVIDIA L4", 300)
    assert (found.compute_capability, found.native_dtypes) == (None, ("float32", "float16"))


def test_a_gpu_whose_memory_nvml_does_not_report_is_left_out(tmp_path, monkeypatch):
    lost = (1, "GPU-b2", "Tesla T4", None, None, "7.5")
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(T4, lost))
    assert detect(machine(tmp_path)).devices == 1
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(lost))
    assert detect(tmp_path).kind == "cpu"


def _library_not_found():
    raise OSError("libnvidia-ml.so.1")


@pytest.mark.parametrize("nvml", [None, object(), fake_nvml(init=_library_not_found)])
def test_without_nvml_nvidia_smi_is_asked(tmp_path, monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    found = detect(machine(tmp_path), nvidia_smi(tmp_path / "bin", [T4]))
    assert found.name == "Tesla T4"
    assert fact(found, "device_memory").source == "nvidia-smi"


def test_nvml_that_hangs_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(T4, init=lambda: time.sleep(5)))
    started = time.perf_counter()
    assert detect(machine(tmp_path), nvidia_smi(tmp_path / "bin", [T4])).kind == "cpu"
    assert time.perf_counter() - started < 1.5


@pytest.mark.parametrize(
    ("name", "bandwidth"),
    [
        ("Tesla T4", 320),
        ("NVIDIA L4", 300),
        ("NVIDIA L40S", 864),
        ("NVIDIA A100-SXM4-40GB", 1555),
        ("NVIDIA A100-SXM4-80GB", 2039),
        ("NVIDIA H100 80GB HBM3", 3350),
        ("NVIDIA GeForce RTX 4090", 1008),
        ("NVIDIA GeForce RTX 5090", 1792),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 1600),
        ("NVIDIA GeForce GTX 1080", None),
        ("NVIDIA L400", None),
        ("NVIDIA GeForce RTX 4060", 272),
        ("NVIDIA GeForce RTX 4060 Ti", None),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", None),
        ("NVIDIA GeForce RTX 4090 D", None),
        ("NVIDIA GeForce RTX 3060 with Max-Q Design", None),
        ("NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", None),
        ("NVIDIA H100 NVL", None),
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", None),
    ],
)
def test_rates_by_name(name, bandwidth):
    assert accelerators.look_up_rates(name)[0] == bandwidth


@pytest.mark.parametrize("variable", ["XLA_CLIENT_MEM_FRACTION", "XLA_PYTHON_CLIENT_MEM_FRACTION"])
def test_a_share_set_by_the_user_is_the_one_that_holds(tmp_path, variable):
    machine(tmp_path)
    env = {**nvidia_smi(tmp_path / "bin", [T4]), variable: "0.5"}
    found = detect(tmp_path, env)
    assert found.memory_fraction == 0.5
    assert fact(found, "jax_share").source == f"${variable}"


def test_jax_imported_before_keeps_its_75_percent(tmp_path, monkeypatch):
    machine(tmp_path)
    env = nvidia_smi(tmp_path / "bin", [T4])
    monkeypatch.setitem(sys.modules, "jax", object())
    monkeypatch.delitem(sys.modules, "jax._src.xla_bridge", raising=False)
    assert detect(tmp_path, env).memory_fraction == 0.75
    monkeypatch.delitem(sys.modules, "jax")
    assert detect(tmp_path, env).memory_fraction == MEMORY_FRACTION


def test_a_jax_whose_private_parts_have_changed_is_not_asked(tmp_path, monkeypatch):
    machine(tmp_path)
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", object())
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [T4]))
    assert fact(found, "device_memory").source == "nvidia-smi"


class FakeDevice:
    def memory_stats(self):
        return {"bytes_limit": 10 * GIB, "bytes_in_use": 3 * GIB, "pool_bytes": 4 * GIB}


def test_a_jax_that_runs_already_is_asked(tmp_path, monkeypatch):
    machine(tmp_path)
    # JAX itself is not started here, so its two answers are laid out
    bridge = type("Bridge", (), {"backends_are_initialized": staticmethod(lambda: True)})
    jax = type("Jax", (), {"local_devices": staticmethod(lambda: [FakeDevice()])})
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", bridge)
    monkeypatch.setitem(sys.modules, "jax", jax)
    row = (0, "GPU-a1", "Tesla T4", 15360, 2 * 1024, "7.5")
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [row]))
    # 2 GiB free on the device and 1 GiB idle in JAX's own pool
    assert found.memory_bytes == 3 * GIB
    assert found.usable_bytes == 3 * GIB
    assert fact(found, "device_memory").source == "jax"


SLICE, SLICE_2 = "MIG-c6d4f1ef-42e4", "MIG-77aa0b1c-1111"
CARD = (0, "GPU-5d5b", "NVIDIA A100-SXM4-40GB", 40960, 40000, "8.0", "Enabled")
LISTING = (
    f"GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5d5b)\n"
    f"  MIG 1g.5gb      Device  0: (UUID: {SLICE})\n"
    f"  MIG 1c.3g.20gb  Device  1: (UUID: {SLICE_2})"
)


@pytest.mark.parametrize(
    ("setting", "name", "limit"),
    [
        (None, "MIG 1g.5gb", 5e9),
        ("0", "MIG 1g.5gb", 5e9),
        ("GPU-5d5b", "MIG 1g.5gb", 5e9),
        (SLICE, "MIG 1g.5gb", 5e9),
        (SLICE_2, "MIG 1c.3g.20gb", 20e9),
        (f"{SLICE_2},{SLICE}", "MIG 1c.3g.20gb", 20e9),  # CUDA enumerates one slice only
        ("MIG-unknown", None, None),
    ],
)
@pytest.mark.parametrize("memory", [40960, "[Insufficient Permissions]"])
def test_a_mig_slice_as_nvidia_smi_lists_it(tmp_path, setting, name, limit, memory):
    card = (*CARD[:3], memory, *CARD[4:])
    env = nvidia_smi(tmp_path / "bin", [card], listing=LISTING)
    if setting is not None:
        env["CUDA_VISIBLE_DEVICES"] = setting
    found = detect(machine(tmp_path), env)
    if name is None:
        assert found.kind == "cpu"
        assert "hidden by CUDA_VISIBLE_DEVICES=MIG-unknown" in fact(found, "accelerator").shown
        return
    assert (found.name, found.devices) == (f"NVIDIA A100-SXM4-40GB {name}", 1)
    assert 0.9 * limit < found.memory_bytes < limit
    assert found.compute_capability == "8.0"
    assert found.bandwidth_gb_s is None  # a slice has a part of the card's


def test_a_partitioned_gpu_without_slices_is_unknown(tmp_path):
    found = detect(machine(tmp_path), nvidia_smi(tmp_path / "bin", [CARD], listing="GPU 0: x"))
    assert found.kind == "cpu"
    assert found.notes.key == "accelerator_no_slice"


def test_mig_slices_as_nvml_reports_them(tmp_path, monkeypatch):
    nvml = fake_nvml(CARD)
    slices = [(SLICE, "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 4864), None]

    def slice_at(_, position):
        if slices[position] is None:
            raise RuntimeError("Not Found")
        uuid, name, mib = slices[position]
        return (position, uuid, name, mib, mib - 100, "8.0")

    nvml.nvmlDeviceGetMigMode = lambda _: [1, 1]
    nvml.nvmlDeviceGetMaxMigDeviceCount = lambda _: 2
    nvml.nvmlDeviceGetMigDeviceHandleByIndex = slice_at
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    for setting in ({}, {"CUDA_VISIBLE_DEVICES": SLICE}, {"CUDA_VISIBLE_DEVICES": "0"}):
        found = detect(machine(tmp_path), setting)
        assert found.name == "NVIDIA A100-SXM4-40GB MIG 1g.5gb"
        assert (found.memory_bytes, found.memory_total_bytes) == (4764 * MIB, 4864 * MIB)


GB10 = (0, "GPU-x", "NVIDIA GB10", "[N/A]", "[N/A]", "12.1")


@pytest.mark.parametrize(
    "row",
    [
        GB10,
        (0, "GPU-o", "Orin (nvgpu)", "[N/A]", "[N/A]", "8.7"),
        (*GB10[:3], *2 * ["Not Supported"], "12.1"),
    ],
)
def test_a_gpu_that_shares_the_hosts_memory(tmp_path, row):
    found = detect(machine(tmp_path, 120, 100), nvidia_smi(tmp_path / "bin", [row]))
    assert (found.kind, found.name) == ("gpu", row[2])
    assert found.shares_host_memory
    assert (found.memory_bytes, found.memory_total_bytes) == (100 * GIB, 120 * GIB)
    assert found.usable_bytes < 100 * GIB
    assert fact(found, "device_memory").source == "/proc/meminfo"
    assert fact(found, "unified_memory").shown == "yes"
    verdict = advise("gemma3_instruct_4b", "bfloat16", found)
    # Python and its packages are in the same memory, so they count
    assert verdict.bytes_needed == verdict.memory.peak_device + INTERPRETER_BYTES
    assert verdict.checks[0].resource == "host"


def test_gb10_as_nvml_reports_it(tmp_path, monkeypatch):
    row = (0, "GPU-x", "NVIDIA GB10", None, None, "12.1")
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml(row))
    found = detect(machine(tmp_path))
    assert (found.kind, found.unified_memory, found.bandwidth_gb_s) == ("gpu", True, 273)


def test_a_jetson_without_nvidia_smi(tmp_path):
    machine(tmp_path, **{"proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0"})
    found = detect(tmp_path)
    assert (found.kind, found.name) == ("gpu", "NVIDIA Jetson Orin Nano Developer Kit")
    assert found.memory_bytes == 12 * GIB


def test_wsl_is_named_and_its_driver_waited_for(tmp_path):
    machine(
        tmp_path,
        **{"proc/version": "Linux version 5.15.167-microsoft-standard-WSL2\n", "dev/dxg": ""},
    )
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [T4], delay=1.5))
    assert found.kind == "gpu"
    assert fact(found, "system").shown == "Linux 5.15.167-microsoft-standard-WSL2 (WSL)"


def test_wsls_own_nvidia_smi_is_found_without_a_path(tmp_path):
    (tmp_path / "usr/lib/wsl").mkdir(parents=True)
    nvidia_smi(tmp_path / "usr/lib/wsl/lib", [T4])
    assert detect(machine(tmp_path)).name == "Tesla T4"


def test_every_processor_says_why_there_is_no_gpu(tmp_path, monkeypatch):
    machine(tmp_path)

    def reason(found):
        assert found.kind == "cpu"
        return fact(found, "accelerator").value.key, found.notes is not None

    assert reason(detect(tmp_path)) == ("accelerator_none", False)
    assert reason(detect(tmp_path, {"JAX_PLATFORMS": "cpu"})) == ("accelerator_not_used", False)
    slow = nvidia_smi(tmp_path / "slow", [T4], delay=30)
    assert reason(detect(tmp_path, slow)) == ("accelerator_no_answer", True)
    lost = nvidia_smi(tmp_path / "lost", [(0, "GPU-a", "Tesla T4", "[GPU is lost]", "", "7.5")])
    assert reason(detect(tmp_path, lost)) == ("accelerator_no_memory", True)
    odd = nvidia_smi(tmp_path / "odd", [("No devices were found",)])
    assert reason(detect(tmp_path, odd)) == ("accelerator_failed", True)
    failing = nvidia_smi(tmp_path / "bad", [])
    (tmp_path / "bad/nvidia-smi").write_text(
        f"#!{sys.executable}\nprint('Failed to initialize NVML: Driver/library version mismatch')\n"
        "raise SystemExit(18)\n"
    )
    found = detect(tmp_path, failing)
    assert reason(found) == ("accelerator_failed", True)
    assert "version mismatch" in found.notes.text("en")
    assert "version mismatch" in found.notes.text("ja")
    hidden = {**nvidia_smi(tmp_path / "bin", [T4]), "CUDA_VISIBLE_DEVICES": "-1"}
    assert reason(detect(tmp_path, hidden)) == ("accelerator_hidden", False)
    hanging = fake_nvml(T4, init=lambda: time.sleep(5))
    monkeypatch.setitem(sys.modules, "pynvml", hanging)
    assert reason(detect(tmp_path)) == ("accelerator_no_answer", True)
    monkeypatch.setitem(sys.modules, "pynvml", None)
    bus = {
        "sys/bus/pci/devices/0000:01:00.0/vendor": "0x1002\n",
        "sys/bus/pci/devices/0000:01:00.0/class": "0x030000\n",
    }
    assert reason(detect(tree(tmp_path, bus))) == ("accelerator_other_vendor", False)
    tree(tmp_path, {"sys/bus/pci/devices/0000:01:00.0/vendor": "0x10de\n"})
    assert reason(detect(tmp_path)) == ("accelerator_no_driver", True)


def test_a_call_that_hangs_in_the_kernel_is_not_waited_for(tmp_path, monkeypatch):
    env = nvidia_smi(tmp_path / "bin", [T4])
    monkeypatch.setattr(
        nvidia_smi_module.subprocess, "run", lambda *_, **__: time.sleep(4) or ANSWER
    )
    started = time.perf_counter()
    assert detect(machine(tmp_path), env).notes.key == "accelerator_no_answer"
    assert time.perf_counter() - started < 2


def test_a_driver_that_does_not_know_every_field_is_asked_for_less(tmp_path):
    env = nvidia_smi(tmp_path / "bin", [])
    (tmp_path / "bin/nvidia-smi").write_text(
        f"#!{sys.executable}\nimport sys\n"
        "if any('mig' in a for a in sys.argv):\n"
        "    print('Field \"mig.mode.current\" is not a valid field to query.'); sys.exit(2)\n"
        "print('0, GPU-v, Tesla V100-SXM2-16GB, 16160, 16000')\n"
    )
    found = detect(machine(tmp_path), env)
    assert (found.name, found.memory_bytes) == ("Tesla V100-SXM2-16GB", 16000 * MIB)
    assert found.compute_capability is None


ANSWER = SimpleNamespace(stdout="", stderr="")
OLD = (0, "GPU-old", "NVIDIA GeForce GTX 1030", 2048, 2000, "6.1")
NEW = (1, "GPU-new", "NVIDIA GeForce RTX 3090", 24576, 24000, "8.6")


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, NEW[2]),  # the fastest first
        ({"CUDA_VISIBLE_DEVICES": "0"}, NEW[2]),
        ({"CUDA_VISIBLE_DEVICES": "1"}, OLD[2]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-old"}, OLD[2]),
        ({"CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, OLD[2]),
        ({"CUDA_DEVICE_ORDER": "PCI_BUS_ID", "CUDA_VISIBLE_DEVICES": "1,0"}, NEW[2]),
    ],
)
def test_mixed_cards_in_cudas_order(tmp_path, env, name):
    found = detect(machine(tmp_path), {**nvidia_smi(tmp_path / "bin", [OLD, NEW]), **env})
    assert (found.name, found.devices) == (name, 1)
    others = {f.name: f.shown for f in found.facts}.get("other_gpus")
    both = len(env.get("CUDA_VISIBLE_DEVICES", "0,1").split(",")) == 2
    assert others == (f"{({OLD[2], NEW[2]} - {name}).pop()} x1" if both else None)


def test_mixed_cards_by_processors_and_clock(tmp_path, monkeypatch):
    # compute capability alone would take the laptop's newer but slower card first
    small = (0, "GPU-s", "NVIDIA GeForce RTX 5050", 8192, 8000, "12.0")
    nvml = fake_nvml(small, (1, "GPU-b", "NVIDIA GeForce RTX 3080 Ti", 12288, 12000, "8.6"))
    nvml.NVML_CLOCK_SM, nvml.NVML_CLOCK_MEM = 1, 2
    nvml.nvmlDeviceGetNumGpuCores = lambda row: 2560 if row is small else 10240
    nvml.nvmlDeviceGetMaxClockInfo = lambda _, kind: 2000 if kind == 1 else 9501
    nvml.nvmlDeviceGetMemoryBusWidth = lambda row: 128 if row is small else 384
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    found = detect(machine(tmp_path))
    assert found.name == "NVIDIA GeForce RTX 3080 Ti"
    # not in the table of datasheets, so from the driver's clock and bus width
    assert round(found.bandwidth_gb_s) == 912
    assert fact(found, "bandwidth").source == "NVML"


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ({"JAX_PLATFORMS": "cpu"}, "cpu"),
        ({"JAX_PLATFORMS": "cpu,cuda"}, "cpu"),
        ({"JAX_PLATFORM_NAME": "CPU"}, "cpu"),
        ({"JAX_PLATFORMS": "cuda,cpu"}, "gpu"),
        ({"JAX_PLATFORMS": "gpu"}, "gpu"),
        ({"JAX_PLATFORMS": ""}, "gpu"),
        ({"JAX_PLATFORMS": "rocm"}, "cpu"),
        ({"JAX_PLATFORMS": "tpu"}, "cpu"),
    ],
)
def test_the_platform_that_jax_is_told_to_use(tmp_path, setting, kind):
    found = detect(machine(tmp_path), {**nvidia_smi(tmp_path / "bin", [T4]), **setting})
    assert found.kind == kind
    if kind == "cpu":
        assert next(iter(setting.values())) in fact(found, "accelerator").shown


def test_a_platform_that_the_program_has_set(monkeypatch):
    config = SimpleNamespace(config=SimpleNamespace(jax_platforms="cpu"))
    monkeypatch.setitem(sys.modules, "jax", config)
    setting = ("cpu", "jax.config.jax_platforms=cpu")
    assert environment.jax_platform({"JAX_PLATFORMS": "cuda"}, ask_jax=True) == setting
    assert environment.jax_platform({"JAX_PLATFORMS": "cuda"})[0] == "gpu"


def test_macos_and_windows_are_named_rightly(monkeypatch):
    monkeypatch.setattr(host.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(host.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(host.platform, "mac_ver", lambda: ("15.1", "", ""))
    monkeypatch.setattr(host, "_cpuinfo", lambda *_: "")
    answers = SimpleNamespace(stdout="Apple M3 Pro\n")
    monkeypatch.setattr(host.subprocess, "run", lambda *_, **__: answers)
    assert host.read_system() == ("macOS 15.1", "platform")
    assert host.read_cpu_model() == ("Apple M3 Pro", "sysctl")
    assert host.read_cpu_flags() == (set(), "platform")
    assert host.is_apple_silicon()  # Python under Rosetta calls itself x86_64
    assert host.read_memory().source == "psutil"
    monkeypatch.delattr(host.os, "sched_getaffinity")
    monkeypatch.setattr(host, "_memory_cgroups", lambda _: [])
    assert host.count_cpus()[1] == "os.cpu_count"
    monkeypatch.setattr(host.platform, "system", lambda: "Windows")
    monkeypatch.setattr(host.platform, "release", lambda: "11")
    monkeypatch.setattr(host.platform, "processor", lambda: "Intel64 Family 6")
    assert host.read_system() == ("Windows 11", "platform")
    assert host.read_cpu_model() == ("Intel64 Family 6", "HKEY_LOCAL_MACHINE")
    assert not host.is_apple_silicon()


def test_linux_on_arm_names_its_board(tmp_path):
    cpuinfo = "processor : 0\nFeatures : fp asimd bf16\n"
    files = {"proc/cpuinfo": cpuinfo, "proc/device-tree/model": "Raspberry Pi 5 Model B\0"}
    found = detect(machine(tmp_path, **files))
    assert found.name == "Raspberry Pi 5 Model B"
    assert fact(found, "processor").source == "/proc/device-tree/model"
    assert "bfloat16" in found.native_dtypes


def test_without_a_home_directory_the_rest_is_detected(tmp_path, monkeypatch):
    def unknown():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(environment.Path, "home", unknown)
    found = detect_runtime(env={"PATH": ""}, root=machine(tmp_path))
    assert found.disk_free_bytes is None
    assert fact(found, "disk").shown == "unknown"
    with pytest.raises(InvalidInput, match="Set HOME, or KAGGLEHUB_CACHE"):
        environment.cache_directory({})
    assert environment.cache_directory({"KAGGLEHUB_CACHE": "/x"}) == Path("/x")


def test_a_tpu_on_the_bus(tmp_path):
    machine(tmp_path)
    for i in range(8):
        tree(
            tmp_path,
            {
                f"sys/bus/pci/devices/0000:00:0{i}.0/vendor": "0x1ae0\n",
                f"sys/bus/pci/devices/0000:00:0{i}.0/device": "0x0063\n",
            },
        )
    tree(
        tmp_path,
        {
            "sys/bus/pci/devices/0000:00:0f.0/vendor": "0x8086\n",
            "sys/bus/pci/devices/0000:00:0f.0/device": "0x0063\n",
        },
    )
    found = detect(tmp_path)
    assert (found.kind, found.name, found.devices, found.memory_bytes) == (
        "tpu",
        "TPU v5e",
        8,
        16 * GIB,
    )


# --- place, versions, disk, speed


@pytest.mark.parametrize(
    ("variable", "place", "at"),
    [
        ("COLAB_RELEASE_TAG", "colab", "Colab"),
        ("KAGGLE_KERNEL_RUN_TYPE", "kaggle", "Kaggle"),
        ("BINDER_REPO_URL", "binder", "Binder"),
        ("JPY_PARENT_PID", "jupyterlab", "own"),
        ("SOMETHING_ELSE", "terminal", "own"),
    ],
)
def test_the_place(tmp_path, variable, place, at):
    found = detect(machine(tmp_path), {variable: "1"})
    assert (found.place, found.host) == (place, at)
    if place != "terminal":
        assert fact(found, "place").source == f"${variable}"


def test_colab_comes_before_the_jupyter_that_it_runs(tmp_path):
    assert detect(machine(tmp_path), {"JPY_PARENT_PID": "1", "COLAB_GPU": "1"}).place == "colab"


def test_the_disk_where_downloads_go(tmp_path):
    found = detect(machine(tmp_path), {"KAGGLEHUB_CACHE": str(tmp_path / "not" / "there" / "yet")})
    assert found.disk_free_bytes > 0
    assert fact(found, "disk").source == "$KAGGLEHUB_CACHE"


def test_packages_are_read_without_being_imported(tmp_path):
    found = detect(machine(tmp_path))
    assert found.keras_hub == "0.32.0"
    assert fact(found, "package_jax").source == "importlib.metadata"


def test_a_gpu_without_jaxs_plugin_is_known_to_be_of_no_use_yet(tmp_path):
    machine(tmp_path)
    found = detect(tmp_path, nvidia_smi(tmp_path / "bin", [T4]))
    assert found.jax_support is False  # the test environment has JAX for processors only


@pytest.mark.parametrize("flags", ["fma avx2", "fma avx512_bf16", "amx_bf16"])
def test_processors_with_bfloat16(tmp_path, flags):
    machine(tmp_path)
    tree(tmp_path, {"proc/cpuinfo": f"model name : Chip 9000\nflags : {flags}\n"})
    found = detect(tmp_path)
    assert found.name == "Chip 9000"
    assert ("bfloat16" in found.native_dtypes) == ("bf16" in flags)


def test_every_fact_has_a_source_and_both_languages(tmp_path):
    machine(tmp_path)
    for found in (detect(tmp_path), detect(tmp_path, nvidia_smi(tmp_path / "bin", [T4]))):
        assert all(f.source for f in found.facts)
        assert {f"fact_{f.name}" for f in found.facts} <= table().keys()
        english = [str(f) for f in found.facts]
        set_language("ja")
        assert [str(f) for f in found.facts] != english
        set_language("en")


def test_this_machine_in_a_second_without_keras_or_jax():
    code = (
        "import sys, time, json; t = time.process_time(); import gemma_nb; "
        "r = gemma_nb.detect_runtime(); "
        "print(json.dumps([time.process_time() - t, r.memory_bytes, "
        "[m for m in ('jax', 'keras', 'numpy', 'keras_hub') if m in sys.modules]]))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    ).stdout
    seconds, memory, imported = json.loads(answer)
    assert seconds < 1
    assert memory > 100 * MIB
    assert imported == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("0.26.0", (0, 26, 0)), ("0.32.0.dev1", (0, 32, 0)), ("", ()), ("1", (1,))],
)
def test_versions(text, numbers):
    assert environment.release(text) == numbers


@pytest.mark.slow
def test_the_demo_model_needs_no_home_directory(tmp_path):
    """As in a container: neither HOME nor an entry of the user in the user database."""
    code = (
        "import os, pwd\n"
        "def unknown(*_): raise KeyError('uid not found')\n"
        "pwd.getpwuid = pwd.getpwnam = unknown\n"
        "os.environ.pop('HOME', None)\n"
        "import gemma_nb\n"
        "from gemma_nb import backend\n"
        "print(gemma_nb.recommend('binder').variant.name)\n"
        "backend.import_keras_hub()\n"
        "assert 'HOME' not in os.environ\n"
        "for call in (gemma_nb.cached, lambda: gemma_nb.load('gemma3_instruct_1b')):\n"
        "    try: call()\n"
        "    except gemma_nb.errors.InvalidInput as error: print(str(error)[-60:])\n"
    )
    drop = ("XDG_", "HF_", "KAGGLE")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, check=True, cwd=tmp_path,  # Keras writes to "~" there
        env={**env, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)},
    ).stdout.splitlines()  # fmt: skip
    assert answer[0] == "demo_gemma3_instruct_4m"
    assert answer[1:] == ["HOME, or KAGGLEHUB_CACHE, to a folder that you can write to."] * 2
