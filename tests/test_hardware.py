"""Runtimes: the known ones, and detection on trees and programs laid out for the purpose."""

import json
import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from gemma_nb import detect_runtime, runtimes, set_language
from gemma_nb.errors import InvalidInput
from gemma_nb.hardware import accelerators, environment, host
from gemma_nb.hardware.known_runtimes import runtime
from gemma_nb.hardware.runtime import KINDS, MEMORY_FRACTION, MEMORY_SETTINGS, Runtime
from gemma_nb.i18n import table
from gemma_nb.text_utils import GIB

MIB = 2**20


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


def nvidia_smi(folder, rows, delay=0.0):
    """A program of that name on a PATH of its own, which prints ``rows``."""
    folder.mkdir(exist_ok=True)
    program = folder / "nvidia-smi"
    lines = "\\n".join(", ".join(map(str, row)) for row in rows)
    program.write_text(
        f"#!{sys.executable}\nimport time; time.sleep({delay}); print({lines!r}.replace('\\\\n', chr(10)))\n"
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
    assert host.count_cpus(tmp_path) == 1


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
    [("0", 1), ("1,0", 2), ("GPU-b2", 1), ("", None), ("-1", None), ("0,7,1", 1)],
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
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 1600),
        ("NVIDIA GeForce GTX 1080", None),
        ("NVIDIA L400", None),
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
        "import sys, time, json; t = time.perf_counter(); import gemma_nb; "
        "r = gemma_nb.detect_runtime(); "
        "print(json.dumps([time.perf_counter() - t, r.memory_bytes, "
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
