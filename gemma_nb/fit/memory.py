"""The estimate: every part in bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.cache_layout import cache_bytes
from gemma_nb.fit.cache_plan import LOAD_BLOCK, CachePlan, cache_plan
from gemma_nb.fit.precision import PRECISIONS, Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.weight_bytes import weight_bytes
from gemma_nb.fit.weight_shapes import text_kernels
from gemma_nb.fit.workspace import CONSTANTS, workspace_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from gemma_nb.hardware.runtime import Runtime

#: Host memory of Python with keras, keras-hub and jax imported (measured: about 0.9 GB).
INTERPRETER_BYTES = round(0.9e9)

#: Share of the weights that cache and workspace take together where no architecture is known.
_ROUGH_SHARE = 0.25


@dataclass(frozen=True)
class MemoryEstimate:
    """What a variant takes, in bytes.

    ``weights`` is the decoder with its embeddings, ``towers`` vision and audio, ``kv_cache`` the
    keys and values of ``max_length`` tokens, ``workspace`` what the prompt pass or the decode
    step needs at most, ``overhead`` the allocator's and the compiled programs' own; ``total`` is
    their sum: the peak on the device while generating text. ``load_peak_device`` and
    ``load_peak_host`` are the peaks while loading, the host's with Python and the packages.
    Loading sends the weights by blocks, quantised on the way, so that the device never holds the
    16-bit model. ``rough`` says that the architecture is not known and cache and workspace are a share of the
    weights.
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
        if not _whole(value):
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


def check_length(variant: Variant, max_length: int) -> int:
    """``max_length``, cut to what a variant was trained for; for lists of several variants.

    Raises:
        InvalidInput: not a whole number, or not positive.
    """
    check_numbers(variant, min(max_length, 1) if _whole(max_length) else max_length, 1)
    return min(max_length, variant.context_length or max_length)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def estimate_memory(
    variant: str | Path | Variant,
    precision: str | Precision = "bfloat16",
    max_length: int = 2048,
    batch_size: int = 1,
    *,
    runtime: Runtime | None = None,
    plan: CachePlan | None = None,
) -> MemoryEstimate:
    """Estimates what a variant takes in memory, part by part.

    Sources and formulas stand with the parts: ``weight_bytes``, ``cache_bytes``,
    ``workspace_bytes``; ``benchmarks/memory.md`` holds what was measured against them.

    Args:
        variant: a variant or its name.
        precision: a precision or its Keras dtype name.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        runtime: where; a processor takes other workspace than a GPU, which None stands for.
        plan: how the cache is laid out; the package's own when None.

    Returns:
        The parts, in bytes.

    Raises:
        InvalidInput: an unknown name, or a number that cannot be.
    """
    variant = find_variant(variant)
    precision = find_precision(precision)
    check_numbers(variant, max_length, batch_size)
    plan = plan or cache_plan()
    weights = weight_bytes(variant, precision)
    whole = weight_bytes(variant, PRECISIONS[precision.dtype])
    block = min(LOAD_BLOCK, whole.total)
    a = variant.architecture
    if a is None:
        cache, workspace = 0, round(_ROUGH_SHARE * whole.total)
    else:
        matrices, _ = text_kernels(variant)
        cache = cache_bytes(a, max_length, batch_size, precision.dtype_bytes, plan)
        workspace = workspace_bytes(
            a, matrices, precision, max_length, batch_size, plan=plan, runtime=runtime
        )
    return MemoryEstimate(
        weights=weights.text,
        towers=weights.towers,
        kv_cache=cache,
        workspace=workspace,
        overhead=CONSTANTS.fixed,
        load_peak_device=weights.total + block,
        load_peak_host=INTERPRETER_BYTES + 2 * block,
        rough=a is None,
    )
