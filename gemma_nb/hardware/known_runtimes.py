"""Machines on which notebooks run, with the date of their numbers.

Sources: the vendors' datasheets (bandwidth, peak rates), googlecolab/backend-info (2026-08-19),
the Cloud TPU documentation, Kaggle's and Colab's issue trackers. Memory is what a program can use.
Prices change, so each has its date. Laptops, desktops and phones are examples of their class, and so
are machines with four L4 or several H200 (143,771 MiB each, as nvidia-smi reports, 2026-10-29).

Read 2026-11-29: Kaggle's CPU sessions have 31.4 GiB and 4 virtual CPUs (as its sessions report);
Hugging Face Spaces: huggingface/hub-docs, docs/hub/spaces-overview.md (2 vCPU, 16 GB, free);
Codespaces: github.com/orgs/community/discussions/211751 and 211576 (120 core hours a month; 2 cores
with 8 GB, 4 cores with 16 GB); DGX Spark: 128 GB shared by GPU and processor, 273 GB/s, compute
capability 12.1 (huggingface.co/hardware/gb10, huggingface.co/blog/exolabs/the-dgx-spark-handbook).
JAX's wheels for CUDA 13 take compute capability 7.5 or newer, those for CUDA 12 5.2 or newer (jax,
docs/installation.md, 2026-08-08).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from gemma_nb.errors import InvalidInput, shown
from gemma_nb.hardware.accelerators import GPU_DTYPES, OLD_GPU_DTYPES, TPU_DTYPES
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import GIB, closest_matches

PRICE_DATE = "2026-11"
#: The date of the numbers of all known runtimes.
AS_OF = "2026-11-29"
#: After so many days the numbers of a runtime may have changed: half a year.
OUTDATED_DAYS = 183

CPU_DTYPES = ("float32",)


def _bytes(gib: float) -> int:
    return round(gib * GIB)


def _units(units: float) -> Message:
    return Message("price_units", {"units": units})


_FREE = Message("price_free")
_COLAB_KERAS_HUB = "0.26.0"
#: Kaggle's image of 2026-08-12.
_KAGGLE_KERAS_HUB = "0.26"

_RUNTIMES = (
    Runtime("colab-cpu", "cpu", _bytes(12.7), host="Colab", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(12.7), price=_FREE, price_date=PRICE_DATE,
            keras_hub=_COLAB_KERAS_HUB),
    Runtime("T4", "gpu", _bytes(14.7), host="Colab", bandwidth_gb_s=320, peak_tflops=65,
            native_dtypes=OLD_GPU_DTYPES, compute_capability="7.5", host_ram_bytes=_bytes(12.7),
            price=Message("price_free_or_units", {"units": 1.19}), price_date=PRICE_DATE,
            keras_hub=_COLAB_KERAS_HUB),
    Runtime("L4", "gpu", _bytes(22.5), host="Colab", bandwidth_gb_s=300, peak_tflops=121,
            native_dtypes=GPU_DTYPES, compute_capability="8.9", host_ram_bytes=_bytes(53),
            price=_units(1.71), price_date=PRICE_DATE, keras_hub=_COLAB_KERAS_HUB),
    Runtime("A100-40GB", "gpu", _bytes(39.6), host="Colab", bandwidth_gb_s=1555, peak_tflops=312,
            native_dtypes=GPU_DTYPES, compute_capability="8.0", host_ram_bytes=_bytes(83.5),
            price=_units(5.40), price_date=PRICE_DATE, keras_hub=_COLAB_KERAS_HUB),
    Runtime("A100-80GB", "gpu", _bytes(79.3), host="Colab", bandwidth_gb_s=2039, peak_tflops=312,
            native_dtypes=GPU_DTYPES, compute_capability="8.0", host_ram_bytes=_bytes(167),
            price=_units(7.52), price_date=PRICE_DATE, keras_hub=_COLAB_KERAS_HUB,
            notes=Message("note_high_ram")),
    Runtime("G4 (RTX PRO 6000)", "gpu", _bytes(95.6), host="Colab", bandwidth_gb_s=1600,
            peak_tflops=504, native_dtypes=GPU_DTYPES, compute_capability="12.0",
            price=_units(8.71), price_date=PRICE_DATE, keras_hub=_COLAB_KERAS_HUB,
            notes=Message("note_g4_bandwidth")),
    Runtime("H100", "gpu", _bytes(79.6), host="Colab", bandwidth_gb_s=3350, peak_tflops=990,
            native_dtypes=GPU_DTYPES, compute_capability="9.0", keras_hub=_COLAB_KERAS_HUB,
            price=Message("price_unknown"), price_date=PRICE_DATE, notes=Message("note_scarce")),
    Runtime("v5e-1", "tpu", _bytes(16), host="Colab", bandwidth_gb_s=819, peak_tflops=197,
            native_dtypes=TPU_DTYPES, host_ram_bytes=_bytes(47), price=_FREE, price_date=PRICE_DATE,
            keras_hub="none"),
    Runtime("v6e-1", "tpu", _bytes(32), host="Colab", bandwidth_gb_s=1638, peak_tflops=918,
            native_dtypes=TPU_DTYPES, host_ram_bytes=_bytes(173), price=Message("price_paid"),
            price_date=PRICE_DATE, keras_hub="none"),
    Runtime("T4 x2", "gpu", _bytes(14.7), host="Kaggle", devices=2, bandwidth_gb_s=320,
            peak_tflops=65, native_dtypes=OLD_GPU_DTYPES, compute_capability="7.5",
            host_ram_bytes=_bytes(29), price=Message("price_free_hours", {"hours": 30}),
            price_date=PRICE_DATE, keras_hub=_KAGGLE_KERAS_HUB),
    Runtime("v5e-8", "tpu", _bytes(16), host="Kaggle", devices=8, bandwidth_gb_s=819,
            peak_tflops=197, native_dtypes=TPU_DTYPES, price=Message("price_free_hours", {"hours": 20}),
            price_date=PRICE_DATE),
    Runtime("L4 x4", "gpu", _bytes(22.5), devices=4, bandwidth_gb_s=300, peak_tflops=121,
            native_dtypes=GPU_DTYPES, compute_capability="8.9"),
    *(Runtime(f"H200 x{count}", "gpu", _bytes(140.4), devices=count, bandwidth_gb_s=4800,
              peak_tflops=990, native_dtypes=GPU_DTYPES, compute_capability="9.0")
      for count in (2, 4, 8)),
    Runtime("binder", "cpu", _bytes(2), host="Binder", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(2), price=_FREE, price_date=PRICE_DATE,
            notes=Message("note_binder")),
    Runtime("kaggle-cpu", "cpu", _bytes(30), host="Kaggle", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(30), price=_FREE, price_date=PRICE_DATE,
            keras_hub=_KAGGLE_KERAS_HUB),
    Runtime("spaces-cpu", "cpu", _bytes(15), host="Hugging Face", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(15), price=_FREE, price_date=PRICE_DATE),
    Runtime("codespaces 2-core", "cpu", _bytes(7), host="GitHub", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(7), price=Message("price_free_month", {"hours": 60}),
            price_date=PRICE_DATE),
    Runtime("codespaces 4-core", "cpu", _bytes(15), host="GitHub", native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(15), price=Message("price_free_month", {"hours": 30}),
            price_date=PRICE_DATE),
    Runtime("laptop 4 GB", "cpu", _bytes(2.2), bandwidth_gb_s=30, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(2.2)),
    Runtime("laptop 8 GB", "cpu", _bytes(6), bandwidth_gb_s=50, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(6)),
    Runtime("laptop 16 GB", "cpu", _bytes(13), bandwidth_gb_s=60, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(13)),
    Runtime("desktop 32 GB", "cpu", _bytes(28), bandwidth_gb_s=80, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(28)),
    Runtime("RTX 8 GB", "gpu", _bytes(7.5), bandwidth_gb_s=270, native_dtypes=GPU_DTYPES,
            host_ram_bytes=_bytes(16), notes=Message("note_example", {"device": "RTX 4060"})),
    Runtime("RTX 12 GB", "gpu", _bytes(11.5), bandwidth_gb_s=360, native_dtypes=GPU_DTYPES,
            host_ram_bytes=_bytes(32), notes=Message("note_example", {"device": "RTX 3060"})),
    Runtime("RTX 16 GB", "gpu", _bytes(15.5), bandwidth_gb_s=288, native_dtypes=GPU_DTYPES,
            compute_capability="8.9", host_ram_bytes=_bytes(32),
            notes=Message("note_example", {"device": "RTX 4060 Ti"})),
    Runtime("RTX 24 GB", "gpu", _bytes(23.5), bandwidth_gb_s=1000, native_dtypes=GPU_DTYPES,
            host_ram_bytes=_bytes(64), notes=Message("note_example", {"device": "RTX 4090"})),
    Runtime("RTX 32 GB", "gpu", _bytes(31.5), bandwidth_gb_s=1792, native_dtypes=GPU_DTYPES,
            compute_capability="12.0", host_ram_bytes=_bytes(64),
            notes=Message("note_example", {"device": "RTX 5090"})),
    Runtime("DGX Spark", "gpu", _bytes(112), bandwidth_gb_s=273, native_dtypes=GPU_DTYPES,
            compute_capability="12.1", host_ram_bytes=_bytes(112), unified_memory=True),
    Runtime("AMD or Intel GPU", "cpu", _bytes(28), bandwidth_gb_s=80, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(28), notes=Message("note_other_gpu")),
    Runtime("Apple 16 GB", "apple", _bytes(11), bandwidth_gb_s=100, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(11), notes=Message("note_apple")),
    Runtime("Apple 32 GB", "apple", _bytes(24), bandwidth_gb_s=200, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(24), notes=Message("note_apple")),
    Runtime("Apple 64 GB", "apple", _bytes(48), bandwidth_gb_s=400, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(48), notes=Message("note_apple")),
    Runtime("phone 8 GB", "phone", _bytes(4), bandwidth_gb_s=50, native_dtypes=CPU_DTYPES,
            host_ram_bytes=_bytes(4), notes=Message("note_phone")),
)  # fmt: skip

RUNTIMES = tuple(replace(known, as_of=AS_OF) for known in _RUNTIMES)


def is_outdated(runtime: Runtime, today: date | None = None) -> bool:
    """Whether the numbers of a known runtime are older than half a year.

    Args:
        runtime: the runtime; one without a date, such as this machine, is never outdated.
        today: the day on which it is asked; None for the present day.
    """
    if runtime.as_of is None:
        return False
    age = (today or datetime.now(UTC).date()) - date.fromisoformat(runtime.as_of)
    return age.days > OUTDATED_DAYS


def runtimes(host: str | None = None) -> list[Runtime]:
    """The known runtimes: those of notebook hosts, and typical own machines.

    Args:
        host: "Colab", "Kaggle", "Binder", "Hugging Face", "GitHub" or "own", in any case; None for
            all of them.

    Raises:
        InvalidInput: an unknown host.
    """
    if host is None:
        return list(RUNTIMES)
    matches = [r for r in RUNTIMES if r.host.lower() == str(host).strip().lower()]
    if not matches:
        hosts = sorted({r.host for r in RUNTIMES})
        raise InvalidInput("unknown_host", host=host, all=", ".join(hosts))
    return matches


def runtime(name: str | Runtime | None) -> Runtime:
    """The runtime with a name.

    Args:
        name: the name of a known runtime in any case, or an unambiguous beginning of one; a
            ``Runtime``, which is returned; None or "this" for the machine this program runs on.

    Raises:
        InvalidInput: an unknown name; the message names the nearest ones.
    """
    if isinstance(name, Runtime):
        return name
    if name is None or (isinstance(name, str) and name.strip().lower() == "this"):
        return detect_runtime()
    prefix = _normalize(name) if isinstance(name, str) else None
    for candidate in RUNTIMES:
        if _normalize(candidate.name) == prefix:
            return candidate
    # "G4" names "G4 (RTX PRO 6000)"; "A100" is ambiguous
    matches = [r for r in RUNTIMES if prefix and _normalize(r.name).startswith(prefix)]
    if len(matches) == 1:
        return matches[0]
    names = [r.name for r in RUNTIMES]
    near = closest_matches(str(shown(name)), names)
    raise InvalidInput("unknown_runtime", name=shown(name), near=near)


def _normalize(name: str) -> str:
    """A name in lower case, without spaces and punctuation."""
    return "".join(c for c in name.lower() if c.isalnum())
