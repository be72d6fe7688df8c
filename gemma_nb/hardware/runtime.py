"""``Runtime``: the memory, speed and packages of a machine that may run a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.arguments import MAX_FLOAT, flag_argument, real_number, text_argument, whole_number
from gemma_nb.display import Displayed, Summary, bar_parts
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import format_gib

KINDS = ("cpu", "gpu", "tpu", "apple", "phone")

#: The share of a GPU's memory that this package lets JAX use. It is set as XLA_CLIENT_MEM_FRACTION,
#: together with XLA_PYTHON_CLIENT_PREALLOCATE=false, before keras is imported. JAX's own default is
#: 0.75, reserved at once (docs.jax.dev, "GPU memory allocation"). The rest of the memory is for
#: CUDA's context and libraries, which live outside JAX's allocator.
MEMORY_FRACTION = 0.92
MEMORY_SETTINGS = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "XLA_CLIENT_MEM_FRACTION": str(MEMORY_FRACTION),
}

#: The largest number of bytes or devices: an exbibyte.
_MOST = 2**60


@dataclass(frozen=True)
class Fact:
    """One property of a runtime, and its source.

    Args:
        name: the property; ``fact_<name>`` is its key in ``gemma_nb.i18n``.
        value: an int of bytes, a ``Message``, a number or a string; None where unknown.
        source: the program, library, file, variable or package that the value was read from.
    """

    name: str
    value: Any
    source: str

    @property
    def label(self) -> str:
        """The fact's name in the language in force."""
        return text(f"fact_{self.name}")

    @property
    def shown(self) -> str:
        """The fact's value as text, in the language in force."""
        if self.value is None:
            return text("fact_unknown")
        if isinstance(self.value, bool):
            return text("fact_yes" if self.value else "fact_no")
        if isinstance(self.value, int) and self.name.endswith(("memory", "ram", "disk")):
            return format_gib(self.value)
        return str(self.value)

    def __str__(self) -> str:
        return f"{self.label}: {self.shown} ({self.source})"


@dataclass(frozen=True, repr=False)
class Runtime(Displayed):
    """A machine that may run a model: this one, a known one, or one that you describe.

    Args:
        name: its name.
        kind: "cpu", "gpu", "tpu", "apple" (unified memory) or "phone".
        memory_bytes: memory of one device that a program can use now, in bytes; on a CPU, host
            memory.
        host: where it runs: "Colab", "Kaggle", "Binder", "Hugging Face", "GitHub" or "own".
        devices: the number of devices; memory and rates are those of one.
        memory_total_bytes: memory of one device, in bytes, including what other processes hold;
            ``memory_bytes`` when None.
        bandwidth_gb_s: memory bandwidth of one device in 10⁹ bytes a second, None where unknown.
        peak_tflops: dense 16-bit peak of one device in 10¹² operations a second.
        native_dtypes: the number formats that the hardware computes in without emulation, as
            Keras dtype names.
        compute_capability: the compute capability of an NVIDIA GPU, such as "7.5".
        host_ram_bytes: host memory that a program can use, in bytes.
        disk_free_bytes: free space on the disk of the download cache, in bytes.
        memory_fraction: the share of a GPU's memory that JAX may use, above 0 and up to 1.
        price: the price, None where it has none.
        price_date: ISO date of the price.
        keras_hub: the installed version of keras-hub, "none" without it, None where unknown.
        jax_support: whether JAX can use the accelerator, None where unknown.
        place: the kind of session: "colab", "kaggle", "binder", "jupyterlab", "terminal".
        notes: a remark; of a detected processor, why a GPU beside it could not be asked.
        as_of: ISO date of a known runtime's numbers; None for any other.
        facts: every detected property with its source.
        unified_memory: whether a GPU shares the host's memory, as GB10 and Jetson do.

    Raises:
        InvalidInput: an unknown kind, a number out of range, or a field of another type.
    """

    name: str
    kind: str
    memory_bytes: int
    host: str = "own"
    devices: int = 1
    memory_total_bytes: int | None = None
    bandwidth_gb_s: float | None = None
    peak_tflops: float | None = None
    native_dtypes: tuple[str, ...] = ("float32",)
    compute_capability: str | None = None
    host_ram_bytes: int | None = None
    disk_free_bytes: int | None = None
    memory_fraction: float = MEMORY_FRACTION
    price: Message | None = None
    price_date: str | None = None
    keras_hub: str | None = None
    jax_support: bool | None = None
    place: str | None = None
    notes: Message | None = None
    as_of: str | None = None
    facts: tuple[Fact, ...] = field(default=(), compare=False)
    unified_memory: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in KINDS:
            raise InvalidInput("runtime_kind", kind=shown(self.kind), all=", ".join(KINDS))
        for name in ("name", "host", "compute_capability", "price_date", "keras_hub", "place"):
            if getattr(self, name) is not None or name in ("name", "host"):
                text_argument(getattr(self, name), name)
        for name in ("memory_bytes", "devices", "memory_total_bytes", "host_ram_bytes"):
            if getattr(self, name) is not None or name in ("memory_bytes", "devices"):
                self._convert_count(name, 1)
        if self.disk_free_bytes is not None:
            self._convert_count("disk_free_bytes", 0)
        for name in ("bandwidth_gb_s", "peak_tflops"):
            if getattr(self, name) is not None:
                self._convert_rate(name, MAX_FLOAT)
        self._convert_rate("memory_fraction", 1)
        dtypes = self.native_dtypes
        is_list = isinstance(dtypes, Sequence) and not isinstance(dtypes, str | bytes)
        if not is_list or not all(isinstance(dtype, str) for dtype in dtypes):
            raise InvalidInput("runtime_dtypes", value=shown(dtypes))
        object.__setattr__(self, "native_dtypes", tuple(dtypes))
        for name in ("price", "notes", "as_of"):
            if not isinstance(getattr(self, name), Message | None):
                text_argument(getattr(self, name), name)
        if not isinstance(self.facts, tuple) or not all(isinstance(f, Fact) for f in self.facts):
            raise InvalidInput("runtime_facts", value=shown(self.facts))
        for name in ("unified_memory", "jax_support"):
            if getattr(self, name) is not None:
                object.__setattr__(self, name, flag_argument(getattr(self, name), name))

    def _convert_count(self, name: str, least: int) -> None:
        value = whole_number(getattr(self, name), "runtime_number", least, _MOST, name=name)
        object.__setattr__(self, name, value)

    def _convert_rate(self, name: str, most: float) -> None:
        value = real_number(getattr(self, name), "runtime_number", name=name)
        if not 0 < value <= most:
            raise InvalidInput("runtime_number", name=name, value=value)
        object.__setattr__(self, name, value)

    @property
    def usable_bytes(self) -> int:
        """Memory that a model can use on one device, in bytes.

        On a GPU the share that JAX may not use is subtracted. It is a share of the GPU's whole
        memory, not of the memory that is free.
        """
        if self.kind != "gpu":
            return self.memory_bytes
        total = max(self.memory_total_bytes or 0, self.memory_bytes)
        return max(0, self.memory_bytes - round((1 - self.memory_fraction) * total))

    @property
    def shares_host_memory(self) -> bool:
        """Whether the device's memory is the host's."""
        return self.unified_memory or self.kind in ("cpu", "apple", "phone")

    def separate_memories(self, devices: int) -> int:
        """How many memories a model on so many devices is divided over: a processor's share one."""
        return 1 if self.shares_host_memory else devices

    @property
    def is_processor(self) -> bool:
        """Whether JAX runs on the CPU."""
        return self.kind in ("cpu", "apple")

    @property
    def runs_keras(self) -> bool:
        """Whether KerasHub can run on this kind of machine."""
        return self.kind != "phone"

    def __str__(self) -> str:
        return self.name

    def _summary(self) -> Summary:
        host = text("show_own") if self.host == "own" else self.host
        title = text("show_runtime", name=self.name, kind=text(f"show_kind_{self.kind}"), host=host)
        total = max(self.memory_total_bytes or 0, self.memory_bytes)
        values = {
            "show_devices": self.devices if self.devices > 1 else None,
            "show_usable": format_gib(self.usable_bytes),
            "fact_bandwidth": self.bandwidth_gb_s and f"{self.bandwidth_gb_s:.0f} GB/s",
            "fact_native_dtypes": ", ".join(self.native_dtypes),
            "fact_compute_capability": self.compute_capability,
            "fact_host_ram": self.host_ram_bytes and format_gib(self.host_ram_bytes),
            "fact_disk": self.disk_free_bytes and format_gib(self.disk_free_bytes),
        }
        sizes = {
            "others": total - self.memory_bytes,
            "reserved": self.memory_bytes - self.usable_bytes,
            "free": self.usable_bytes,
        }
        return Summary(
            title,
            tuple((text(key), str(value)) for key, value in values.items() if value),
            bar=bar_parts(sizes),
            notes=(str(self.notes),) if self.notes else (),
            details=tuple((fact.label, fact.shown, fact.source) for fact in self.facts),
            details_title=text("show_facts"),
        )
