"""The estimate: every part in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.catalog import Variant
from gemma_nb.catalog import variant as find_variant
from gemma_nb.errors import InvalidInput
from gemma_nb.memory.cache import CachePlan, cache_bytes
from gemma_nb.memory.weights import weight_bytes
from gemma_nb.precision import Precision
from gemma_nb.precision import precision as find_precision
from gemma_nb.units import GIB

if TYPE_CHECKING:
    from pathlib import Path

#: Host memory of Python with keras, keras-hub and jax imported (measured: about 0.9 GB).
INTERPRETER_BYTES = round(0.9e9)
OVERHEAD_BYTES = round(0.1 * GIB)


@dataclass(frozen=True)
class MemoryEstimate:
    """What a variant takes, in bytes.

    ``weights`` is the decoder with its embeddings, ``towers`` vision and audio, ``kv_cache`` the
    keys and values of ``max_length`` tokens, ``workspace`` what the prompt pass and the decode
    step need at most, ``overhead`` the runtime's own; ``total`` their sum: the peak on the
    device while generating. ``load_peak_device`` and ``load_peak_host`` are the peaks while
    loading. ``rough`` says that the variant's numbers are not all known.
    """

    weights: int
    towers: int
    kv_cache: int
    workspace: int
    overhead: int
    load_peak_device: int
    load_peak_host: int
    rough: bool = False

    @property
    def total(self) -> int:
        """Peak on the device while generating, in bytes."""
        return self.weights + self.towers + self.kv_cache + self.workspace + self.overhead

    @property
    def peak_device(self) -> int:
        """The larger of the peaks at load and while generating, in bytes."""
        return max(self.total, self.load_peak_device)


def check_numbers(variant: Variant, max_length: int, batch_size: int) -> None:
    """Refuses a max_length or batch_size that cannot be.

    Raises:
        InvalidInput: not a whole number, not positive, or beyond the variant's context.
    """
    for name, value in (("max_length", max_length), ("batch_size", batch_size)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidInput("number_not_whole", name=name, value=value)
        if value <= 0:
            raise InvalidInput("number_not_positive", name=name, value=value)
    if variant.context_length and max_length > variant.context_length:
        raise InvalidInput(
            "beyond_context",
            max_length=max_length,
            variant=variant.name,
            context=variant.context_length,
        )


def estimate_memory(
    variant: str | Path | Variant,
    precision: str | Precision = "bfloat16",
    max_length: int = 2048,
    batch_size: int = 1,
    plan: CachePlan | None = None,
) -> MemoryEstimate:
    """Estimates what a variant takes in memory.

    Args:
        variant: a variant or its name.
        precision: a precision or its Keras dtype name.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        plan: the cache's layout; the package's own when None.

    Raises:
        InvalidInput: an unknown name, or a number that cannot be.
    """
    variant = find_variant(variant)
    precision = find_precision(precision)
    check_numbers(variant, max_length, batch_size)
    weights = weight_bytes(variant, precision)
    a = variant.architecture
    if a is None:
        cache = round(0.1 * weights.total)
        workspace = round(0.1 * weights.total)
        largest = weights.total // 4
    else:
        cache = cache_bytes(a, max_length, batch_size, precision.dtype_bytes, plan)
        largest = a.vocabulary_size * a.hidden_dim * precision.dtype_bytes
        tokens = max_length * batch_size
        prefill = tokens * (4 * a.hidden_dim + 3 * a.intermediate_dim) * precision.dtype_bytes
        workspace = largest + prefill
    unquantised = weight_bytes(variant, find_precision(precision.dtype)).total
    load = unquantised + (weights.total if precision.quantize else 0)
    return MemoryEstimate(
        weights=weights.text,
        towers=weights.towers,
        kv_cache=cache,
        workspace=workspace,
        overhead=OVERHEAD_BYTES,
        load_peak_device=load,
        load_peak_host=INTERPRETER_BYTES + 2 * largest,
        rough=a is None,
    )
