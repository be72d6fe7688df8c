"""How fast a variant writes somewhere: an estimate, and called one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.cache_layout import cache_bytes
from gemma_nb.fit.memory import check_numbers
from gemma_nb.fit.precision import Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.weight_bytes import kernel_bytes
from gemma_nb.fit.weight_shapes import text_kernels
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds that one layer's many small kernels cost on a GPU beside its bytes, fast and slow.
#: (seconds a token - bytes / 4.3 TB/s) / layers on an H200 with this package's own generation:
#: Gemma 3 1B 33 to 35 µs, 4B 29 to 32 µs, Gemma 4 E2B 41 to 44 µs (bfloat16, batch 1, max_length
#: 512 to 8192; benchmarks/generation.md, 2026-11-29).
LAYER_SECONDS = (29e-6, 50e-6)
#: The same where the numbers are packed: what unpacking costs beside. int8: 1B 46 µs, 4B 51 µs, E2B
#: 62 µs; int4, whose every number is scaled: 1B 56 µs, E2B 75 µs, 4B 81 µs.
_QUANTIZED_LAYER_SECONDS = {"int8": (40e-6, 65e-6), "int4": (50e-6, 115e-6)}

#: Share of the datasheet's bandwidth that is reached, fast and slow. GPU: 4.3 of 4.8 TB/s copied on
#: the H200; 0.69 is what gpt-fast reaches with a 7B model on an A100. TPU and processor: unmeasured.
_BANDWIDTH_SHARE = {"gpu": (0.9, 0.69), "tpu": (0.8, 0.3)}
_PROCESSOR_SHARE = (0.6, 0.1)


@dataclass(frozen=True)
class SpeedEstimate:
    """Tokens a second of one conversation, as a range.

    ``low`` and ``high`` in tokens a second; ``bytes_per_token`` what is read for one; ``limit`` the
    tokens a second that the datasheet's bandwidth alone would allow.
    """

    low: float
    high: float
    bytes_per_token: int
    limit: float

    @property
    def message(self) -> Message:
        """The range as a sentence."""
        return Message("speed", {"low": _round(self.low), "high": _round(self.high)})

    def __str__(self) -> str:
        return str(self.message)


def _round(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def estimate_speed(
    variant: str | Path | Variant,
    precision: str | Precision = "bfloat16",
    runtime: str | Runtime | None = None,
    max_length: int = 2048,
) -> SpeedEstimate | None:
    """Estimates how fast a variant writes, one conversation at a time.

    Each token reads every matrix once (the embedding table for the logits; of per-layer embeddings
    a row only; of a mixture every expert, since KerasHub computes them all) and the whole cache. So
    a token takes at least ``bytes / bandwidth``, and a GPU adds ``LAYER_SECONDS`` a layer for the
    layers' small kernels: where memory is slow they hide behind the bytes (the fast end, the larger
    of the two), where it is fast they add up (the slow end, their sum).

    Args:
        variant: a variant or its name.
        precision: a precision or its Keras dtype name.
        runtime: a runtime or its name; this one when None.
        max_length: tokens that the cache holds.

    Returns:
        The range, or None where the runtime's bandwidth or the variant's architecture is unknown.

    Raises:
        InvalidInput: an unknown name, or a length that cannot be.
    """
    variant, precision = find_variant(variant), find_precision(precision)
    runtime = find_runtime(runtime)
    check_numbers(variant, max_length, 1)
    a = variant.architecture
    if a is None or runtime.bandwidth_gb_s is None:
        return None
    matrices = [m for m in text_kernels(variant)[0] if m.use != "lookup"]
    read = sum(kernel_bytes(m, precision) for m in matrices)
    read += cache_bytes(a, max_length, dtype_bytes=precision.dtype_bytes)
    moved = read
    numbers = sum(m.parameters for m in matrices)
    if runtime.is_processor and precision.dtype != "float32":
        moved += 8 * numbers  # written and read once more in float32

    bandwidth = runtime.bandwidth_gb_s * 1e9
    fast, slow = _BANDWIDTH_SHARE.get(runtime.kind, _PROCESSOR_SHARE)
    each = _QUANTIZED_LAYER_SECONDS.get(precision.name, LAYER_SECONDS)
    layers = [s * a.num_layers if runtime.kind == "gpu" else 0.0 for s in each]
    least = max(read / (fast * bandwidth), layers[0])
    most = moved / (slow * bandwidth) + layers[1]
    return SpeedEstimate(1 / most, 1 / least, read, bandwidth / read)
