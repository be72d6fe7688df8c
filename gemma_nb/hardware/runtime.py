"""What a place to run a model offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import format_bytes

KINDS = ("cpu", "gpu", "tpu", "apple", "phone")

#: Share of a GPU's memory that this package lets JAX use, set as XLA_CLIENT_MEM_FRACTION together
#: with XLA_PYTHON_CLIENT_PREALLOCATE=false before keras is imported. JAX's own default is 0.75,
#: reserved at once (docs.jax.dev, "GPU memory allocation"); the rest is for CUDA's context and
#: libraries, which live outside JAX's allocator.
MEMORY_FRACTION = 0.92
MEMORY_SETTINGS = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "XLA_CLIENT_MEM_FRACTION": str(MEMORY_FRACTION),
}


@dataclass(frozen=True)
class Fact:
    """One thing known of a runtime, and where it was read.

    Args:
        name: what it is; ``fact_<name>`` is its key in ``gemma_nb.i18n``.
        value: an int of bytes, a ``Message``, a number or a string.
        source: the program, file, variable or package it came from.
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
        """The fact's value as a person reads it, in the language in force."""
        if self.value is None:
            return text("fact_unknown")
        if isinstance(self.value, bool):
            return text("fact_yes" if self.value else "fact_no")
        if isinstance(self.value, int) and self.name.endswith(("memory", "ram", "disk")):
            return format_bytes(self.value)
        return str(self.value)

    def __str__(self) -> str:
        return f"{self.label}: {self.shown} ({self.source})"


@dataclass(frozen=True)
class Runtime:
    """A place to run a model: this one, a known one, or one that you describe.

    Args:
        name: what to call it.
        kind: "cpu", "gpu", "tpu", "apple" (unified memory) or "phone".
        memory_bytes: memory that a program can use on one device now, in bytes; on a CPU that of
            the host.
        host: where it stands ("Colab", "Kaggle", "Binder", "own").
        devices: how many such devices; memory and rates are of one.
        memory_total_bytes: all memory of one device, what others hold included; ``memory_bytes``
            when None.
        bandwidth_gb_s: memory bandwidth of one device in 10⁹ bytes a second, None where unknown.
        peak_tflops: dense 16-bit peak of one device in 10¹² operations a second.
        native_dtypes: what the hardware computes in itself, Keras dtype names.
        compute_capability: of an NVIDIA GPU, "7.5".
        host_ram_bytes: host memory that a program can use, in bytes.
        disk_free_bytes: free space where downloads are kept, in bytes.
        memory_fraction: share of a GPU that JAX may use.
        price: what it costs, None where there is nothing to say.
        price_date: ISO date of the price.
        keras_hub: version of keras-hub there, "none" where it has none, None where unknown.
        jax_support: whether JAX can use the accelerator there, None where unknown.
        place: the kind of session: "colab", "kaggle", "binder", "jupyterlab", "terminal".
        notes: what else to know.
        facts: each thing read, with its source.

    Raises:
        InvalidInput: a kind that does not exist, or a number that cannot be.
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
    facts: tuple[Fact, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InvalidInput("runtime_kind", kind=self.kind, all=", ".join(KINDS))
        for name in ("memory_bytes", "devices"):
            _positive(name, getattr(self, name))
        for name in ("memory_total_bytes", "host_ram_bytes"):
            if getattr(self, name) is not None:
                _positive(name, getattr(self, name))
        if not 0 < self.memory_fraction <= 1:
            raise InvalidInput("runtime_number", name="memory_fraction", value=self.memory_fraction)

    @property
    def usable_bytes(self) -> int:
        """What a model can take on one device, in bytes.

        On a GPU the share that JAX may not use is taken off: of all its memory, since that is what
        the share is of, whoever holds the rest.
        """
        if self.kind != "gpu":
            return self.memory_bytes
        total = max(self.memory_total_bytes or 0, self.memory_bytes)
        return max(0, self.memory_bytes - round((1 - self.memory_fraction) * total))

    @property
    def shares_host_memory(self) -> bool:
        """Whether the model lives in the host's own memory."""
        return self.kind in ("cpu", "apple", "phone")

    @property
    def is_processor(self) -> bool:
        """Whether JAX runs on the processor here."""
        return self.kind in ("cpu", "apple")

    @property
    def runs_keras(self) -> bool:
        """Whether KerasHub runs here at all."""
        return self.kind != "phone"

    def __str__(self) -> str:
        return self.name


def _positive(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise InvalidInput("runtime_number", name=name, value=value)
