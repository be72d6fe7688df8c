"""An estimate of how fast a variant generates text on a runtime."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.fit.cache_layout import cache_bytes
from gemma_nb.fit.choice import check_numbers
from gemma_nb.fit.precision import Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.weight_shapes import quantization, text_weight_shapes, weight_shape_bytes
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

#: Seconds of one layer's many small GPU kernels besides reading its bytes: (fast, slow).
#: (seconds per token - bytes / 4.3 TB/s) / layers on an H200 with this package's generation:
#: Gemma 3 1B 33 to 35 µs, 4B 29 to 32 µs, Gemma 4 E2B 41 to 44 µs (bfloat16, batch 1, max_length
#: 512 to 8192; benchmarks/generation.md, 2026-11-29).
LAYER_SECONDS = (29e-6, 50e-6)
#: The same for quantised weights, with the time to unpack them. int8: 1B 46 µs, 4B 51 µs, E2B
#: 62 µs; int4, which scales every number: 1B 56 µs, E2B 75 µs, 4B 81 µs.
_QUANTISED_LAYER_SECONDS = {"int8": (40e-6, 65e-6), "int4": (50e-6, 115e-6)}
#: The same for a mixture, each of whose routed experts is computed by itself: Gemma 4 26B-A4B in
#: bfloat16 78 µs (2026-11-30).
_MIXTURE_LAYER_SECONDS = (65e-6, 115e-6)

#: Share of the datasheet's bandwidth that is reached: (fast, slow). GPU: a copy on the H200 reaches
#: 4.3 of 4.8 TB/s; gpt-fast reaches 0.69 with a 7B model on an A100. TPU and processor: not
#: measured.
_BANDWIDTH_SHARE = {"gpu": (0.9, 0.69), "tpu": (0.8, 0.3)}
_PROCESSOR_BANDWIDTH_SHARE = (0.6, 0.1)
#: The same for GPUs without bfloat16, from llama.cpp on Colab's T4 with Gemma 3 1B: F16 52 tokens a
#: second, Q8_0 75, Q4_K_M 134 of 320 GB/s, which are 0.33, 0.25 and 0.34 (llcuda.github.io/
#: performance/benchmarks, read 2026-11-29); Gemma 4 E2B in 4 bit on a GTX 1650 Ti reached 0.42 of
#: 192 GB/s (git.sal.giize.com/mozempk/llama-cpp, 2026-05-06). Not measured here.
_OLD_GPU_SHARE = (0.42, 0.25)
#: The fast end for slow memory (300 GB/s) beside bfloat16: Transformers on an L4 reached 0.81.
_L4_SHARE = (0.81, 0.5)
_L4_BANDWIDTH = 400


@dataclass(frozen=True)
class SpeedEstimate:
    """The speed of one conversation, as a range.

    Args:
        low: tokens per second at the slow end.
        high: tokens per second at the fast end.
        bytes_per_token: bytes that are read for one token.
        limit: tokens per second that the datasheet's bandwidth alone allows.
        basis: what the shares of the bandwidth rest on: "h200" (this package's own measurements),
            "t4", "t4_float16" and "l4" (published ones of other programs), "tpu" and "processor"
            (nothing yet).
    """

    low: float
    high: float
    bytes_per_token: int
    limit: float
    basis: str

    @property
    def range_text(self) -> str:
        """The range in a few characters: "44 to 63" as "44–63"."""
        return f"{_format_rate(self.low)}–{_format_rate(self.high)}"

    @property
    def basis_message(self) -> Message:
        """What it rests on, in a few words."""
        return Message(f"speed_basis_{self.basis}")

    @property
    def message(self) -> Message:
        """The range as a sentence, with what it rests on."""
        rates = {"low": _format_rate(self.low), "high": _format_rate(self.high)}
        return Message("speed", {**rates, "basis": self.basis_message})

    def __str__(self) -> str:
        return str(self.message)


def _format_rate(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.1f}"


def estimate_speed(
    variant: str | Path | Variant,
    precision: str | Precision = "bfloat16",
    runtime: str | Runtime | None = None,
    max_length: int = 2048,
) -> SpeedEstimate | None:
    """Estimates how fast a variant generates text in one conversation.

    Each token reads every matrix once and the whole cache. The embedding table is read for the
    logits; of per-layer embeddings only one row is read; of a mixture the experts that the router
    chooses. A token therefore takes at least ``bytes / bandwidth``. A GPU adds
    ``LAYER_SECONDS`` for each layer's small GPU kernels. With slow memory these overlap with the
    reads (fast end: the larger of the two), with fast memory they add up (slow end: their sum).

    Args:
        variant: a variant or its name.
        precision: a precision or its Keras dtype name.
        runtime: a runtime or its name; None for the present one.
        max_length: tokens that the cache holds.

    Returns:
        The range; None if the runtime's bandwidth or the variant's architecture is unknown.

    Raises:
        InvalidInput: a name is unknown, or the length is not allowed (see ``check_numbers``).
    """
    variant, precision = find_variant(variant), find_precision(precision)
    runtime = find_runtime(runtime)
    max_length, _ = check_numbers(variant, max_length, 1)
    architecture = variant.architecture
    if architecture is None or runtime.bandwidth_gb_s is None:
        return None
    bytes_read = _bytes_per_token(variant, architecture, precision, max_length)

    bandwidth = runtime.bandwidth_gb_s * 1e9
    (fast_share, slow_share), basis = _bandwidth_shares(runtime)
    if basis == "t4" and precision.name == "float16":
        basis = "t4_float16"
    fast_layers = slow_layers = 0.0
    if runtime.kind == "gpu":
        seconds = _QUANTISED_LAYER_SECONDS.get(precision.name, LAYER_SECONDS)
        if architecture.experts:
            seconds = _MIXTURE_LAYER_SECONDS
        fast_layers, slow_layers = (s * architecture.num_layers for s in seconds)
    fast = max(bytes_read / (fast_share * bandwidth), fast_layers)
    slow = bytes_read / (slow_share * bandwidth) + slow_layers
    return SpeedEstimate(1 / slow, 1 / fast, bytes_read, bandwidth / bytes_read, basis)


def _bytes_per_token(
    variant: Variant, architecture: Architecture, precision: Precision, max_length: int
) -> int:
    """The bytes that one token reads: every matrix, of a mixture the chosen experts, the cache."""
    modes = quantization(variant, precision)
    routed = architecture.active_experts / max(1, architecture.experts)
    weights = sum(
        weight_shape_bytes(shape, precision, modes) * (routed if shape.use == "expert" else 1)
        for shape in text_weight_shapes(variant)[0]
        if shape.use != "lookup"
    )
    cache = cache_bytes(architecture, max_length, dtype_bytes=precision.dtype_bytes)
    return round(weights) + cache


def _bandwidth_shares(runtime: Runtime) -> tuple[tuple[float, float], str]:
    """The shares of the bandwidth that a runtime reaches (fast, slow), and what they rest on."""
    if runtime.kind == "gpu" and "bfloat16" not in runtime.native_dtypes:
        return _OLD_GPU_SHARE, "t4"
    if runtime.kind == "gpu" and (runtime.bandwidth_gb_s or 0) < _L4_BANDWIDTH:
        return _L4_SHARE, "l4"
    basis = {"gpu": "h200", "tpu": "tpu"}.get(runtime.kind, "processor")
    return _BANDWIDTH_SHARE.get(runtime.kind, _PROCESSOR_BANDWIDTH_SHARE), basis
