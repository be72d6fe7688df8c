"""Estimates of the memory that running a variant takes, part by part.

``benchmarks/memory.md`` compares the estimate with measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.display import Displayed, Summary, bar_parts
from gemma_nb.fit.cache_layout import (
    LOAD_BLOCK_BYTES,
    PROCESSOR_ROWS,
    CachePlan,
    cache_bytes,
    cache_plan,
)
from gemma_nb.fit.choice import check_numbers
from gemma_nb.fit.device_split import device_architecture, device_weight_bytes
from gemma_nb.fit.precision import PRECISIONS, Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.weight_shapes import WeightShape, text_weight_shapes, weight_bytes
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import text
from gemma_nb.text_utils import GIB, format_gib

#: Host memory of Python with keras, keras-hub and jax imported (measured: about 0.9 GB).
INTERPRETER_BYTES = round(0.9e9)

#: Bits of one parameter in LiteRT-LM's 4-bit files, with their scales, as ``frameworks.json`` has them.
LITERT_BITS = 4.5

#: Cache and workspace together, as a share of the weights, if the architecture is unknown.
_ROUGH_SHARE = 0.25


@dataclass(frozen=True)
class WorkspaceConstants:
    """The measured numbers of the estimate, which no formula gives.

    Args:
        activation: on a GPU, a layer's states that are held at once, as a multiple of
            ``tokens × (4 × hidden + 2 × feed-forward)`` numbers.
        fixed: bytes of the allocator and of the compiled programs; ``benchmarks/memory.py`` fits
            it.
        processor_scores: on a processor, the number of copies of the attention scores in float32.
        processor_activation: the same as ``activation``, on a processor.
        processor_fixed: on a processor, bytes that no size explains: in float32, and in fewer bits.
    """

    activation: float
    fixed: int
    processor_scores: float
    processor_activation: float
    processor_fixed: tuple[int, int]


#: GPU: ``activation`` comes from XLA's memory analysis of Gemma 3 1B, 4B and 12B for an H100 (jax
#: 0.11.2, 2026-11-25), ``fixed`` from the calibration rows of ``benchmarks/memory.md``; that page
#: judges it on other rows. Processor: XLA's memory analysis of this package's programs with the
#: schedule of ``compilation.py`` in the shapes of Gemma 3 270M and 1B and Gemma 4 E2B (two cores of
#: an AMD EPYC, jax 0.10.2, 2026-11-29; the table in benchmarks/memory_processor.md).
WORKSPACE_CONSTANTS = WorkspaceConstants(
    activation=0.37,
    fixed=round(0.039 * GIB),
    processor_scores=3.0,
    processor_activation=0.47,
    processor_fixed=(16 * 2**20, 5 * 2**20),
)


@dataclass(frozen=True, repr=False)
class MemoryEstimate(Displayed):
    """The memory that a variant takes, in bytes.

    Loading sends the weights in blocks and quantises them on the way, so the device never holds the
    16-bit model.

    Args:
        weights: the decoder with its embeddings.
        encoders: the image and audio encoders.
        kv_cache: the keys and values of ``max_length`` tokens.
        workspace: the temporary memory of the prefill pass or the decode step, whichever is larger.
        overhead: the allocator and the compiled programs.
        load_peak_device: peak on the device while loading.
        load_peak_host: peak in host memory while loading, with Python and the packages.
        float32_copies: the part of ``workspace`` in a float32 copy of 16-bit matrices, which a
            processor makes.
        rough: whether the architecture is unknown. Cache and workspace are then a share of the
            weights, all in ``workspace``.
        precision: the name of the precision.
    """

    weights: int
    encoders: int
    kv_cache: int
    workspace: int
    overhead: int
    load_peak_device: int
    load_peak_host: int
    rough: bool = False
    float32_copies: int = 0
    precision: str = "bfloat16"

    @property
    def towers(self) -> int:
        """The former name of ``encoders``."""
        return self.encoders

    @property
    def total(self) -> int:
        """Peak on the device while generating text, in bytes: the sum of the parts."""
        return self.weights + self.encoders + self.kv_cache + self.workspace + self.overhead

    @property
    def peak_device(self) -> int:
        """The larger of the peaks while loading and while generating, in bytes."""
        return max(self.total, self.load_peak_device)

    def _summary(self) -> Summary:
        keys = ("weights", "encoders", "kv_cache", "workspace", "overhead")
        rows = (
            (text("show_load_device"), format_gib(self.load_peak_device)),
            (text("show_load_host"), format_gib(self.load_peak_host)),
        )
        return Summary(
            text("show_estimate", total=format_gib(self.total), precision=self.precision),
            rows,
            bar=bar_parts({key: getattr(self, key) for key in keys}),
            notes=(text("show_rough"),) if self.rough else (),
        )


def packed_bytes(variant: Variant, bits: float) -> int:
    """Computes what a variant takes in another framework's quantised format, in bytes.

    Args:
        variant: the variant.
        bits: bits of one parameter in this format, with its scales. A tenth is added for the cache and
            the workspace.
    """
    return round(1.1 * variant.parameters * bits / 8)


def _on_a_phone(variant: Variant) -> MemoryEstimate:
    """The estimate in LiteRT-LM's 4-bit format, which a phone runs instead of KerasHub's int4."""
    total, weights = packed_bytes(variant, LITERT_BITS), round(variant.parameters * LITERT_BITS / 8)
    return MemoryEstimate(
        weights=weights,
        encoders=0,
        kv_cache=0,
        workspace=total - weights,
        overhead=0,
        load_peak_device=total,
        load_peak_host=total,
        precision="int4",
    )


def estimate_memory(
    variant: str | Path | Variant,
    precision: str | Precision = "bfloat16",
    max_length: int = 2048,
    batch_size: int = 1,
    *,
    runtime: str | Runtime | None = None,
    plan: CachePlan | None = None,
    devices: int = 1,
) -> MemoryEstimate:
    """Estimates the memory that a variant takes on each device, part by part.

    The formulas and their sources are in ``weight_bytes``, ``cache_bytes`` and ``workspace_bytes``;
    the measurements are in ``benchmarks/memory.md``.

    Args:
        variant: a variant or its name.
        precision: a precision or its Keras dtype name.
        max_length: tokens of prompt and reply together.
        batch_size: number of conversations at once.
        runtime: the runtime or its name, because the workspace of a processor differs, and because
            int4 on a phone is LiteRT-LM's format; None for a GPU.
        plan: the layout of the cache; None for the layout of this package.
        devices: the number of devices over which the model is laid out.

    Returns:
        The parts on one device, in bytes.

    Raises:
        InvalidInput: a name is unknown, or a number is not allowed (see ``check_numbers``).
    """
    variant = find_variant(variant)
    precision = find_precision(precision)
    max_length, batch_size = check_numbers(variant, max_length, batch_size, devices)
    runtime = None if runtime is None else find_runtime(runtime)
    if runtime and not runtime.runs_keras and precision.name == "int4":
        return _on_a_phone(variant)
    plan = plan or cache_plan()
    weights = device_weight_bytes(variant, precision, devices)
    unquantised = weight_bytes(variant, PRECISIONS[precision.dtype]).total
    block = min(LOAD_BLOCK_BYTES, unquantised)
    architecture = variant.architecture
    if architecture is None:
        cache, workspace = 0, round(_ROUGH_SHARE * unquantised)
        copies = 0
    else:
        architecture = device_architecture(architecture, devices)
        shapes, _ = text_weight_shapes(variant)
        cache = cache_bytes(architecture, max_length, batch_size, precision.dtype_bytes, plan)
        workspace, copies = _workspace(
            architecture, shapes, precision, max_length, batch_size, plan=plan, runtime=runtime
        )
    return MemoryEstimate(
        weights=weights.text,
        encoders=weights.encoders,
        kv_cache=cache,
        workspace=workspace,
        overhead=WORKSPACE_CONSTANTS.fixed,
        load_peak_device=weights.total + block,
        load_peak_host=INTERPRETER_BYTES + 2 * block,
        rough=architecture is None,
        float32_copies=copies,
        precision=precision.name,
    )


def workspace_bytes(
    architecture: Architecture,
    shapes: list[WeightShape],
    precision: Precision,
    max_length: int,
    batch_size: int,
    *,
    plan: CachePlan,
    runtime: Runtime | None = None,
    constants: WorkspaceConstants = WORKSPACE_CONSTANTS,
) -> int:
    """Computes the bytes of temporary memory: the larger of the prefill pass and a decode step.

    One follows the other, so only the larger counts, which is the prefill pass. For each token of
    the pass it holds hidden states and both feed-forward projections; the scores and their softmax,
    each ``heads × tokens × max_length`` numbers; and in a mixture the projections of every expert,
    because KerasHub computes all of them (keras-hub 0.32, ``Gemma4MoEBlock``).

    With several conversations at once, a GPU computes the logits as a matrix product. XLA tries
    several GPU kernels for this product on a copy of the embedding table, before the cache is
    allocated. If table and copy take more than cache and prefill pass, they are the peak (two rows
    of ``benchmarks/memory.md`` agree). Of a table in int8 there is a copy in 16 bit besides (one row
    of ``benchmarks/generation.md``: 16 conversations of Gemma 3 4B).

    On a processor XLA has no products of 8 or 16 bits. A matrix is converted to float32, or copied to
    another layout, where a prompt is multiplied by it: the largest of a layer counts, in 16 bit and
    int4 half of it. A decode step converts the numbers while it reads them, and so do the logits. But
    the embedding table is held in float32 where it is in float16, or in bfloat16 for more
    conversations than ``PROCESSOR_ROWS``. The experts of a mixture were not measured.

    Args:
        architecture: the decoder's dimensions.
        shapes: the decoder's matrices.
        precision: the precision of the computation.
        max_length: tokens of prompt and reply together.
        batch_size: number of conversations at once.
        plan: the layout of the cache, with the number of tokens of one pass.
        runtime: the runtime; None for a GPU.
        constants: the measured numbers.
    """
    return _workspace(
        architecture,
        shapes,
        precision,
        max_length,
        batch_size,
        plan=plan,
        runtime=runtime,
        constants=constants,
    )[0]


def _workspace(
    architecture: Architecture,
    shapes: list[WeightShape],
    precision: Precision,
    max_length: int,
    batch_size: int,
    *,
    plan: CachePlan,
    runtime: Runtime | None,
    constants: WorkspaceConstants = WORKSPACE_CONSTANTS,
) -> tuple[int, int]:
    """``workspace_bytes``, and the part of it that is float32 copies of 16-bit matrices."""
    a, dtype_bytes = architecture, precision.dtype_bytes
    processor = runtime is not None and runtime.is_processor
    score_bytes, activation = 2.0 * dtype_bytes, constants.activation
    if processor:
        dtype_bytes, activation = 4, constants.processor_activation
        score_bytes = constants.processor_scores * dtype_bytes
    tokens = min(plan.chunk or max_length, max_length) * batch_size
    prefill = activation * tokens * (4 * a.hidden_dim + 2 * a.intermediate_dim) * dtype_bytes
    if a.experts:
        prefill += tokens * a.experts * (2 * a.expert_dim + a.hidden_dim) * dtype_bytes
    prefill += score_bytes * a.num_query_heads * tokens * max_length
    if processor:
        fixed, fixed_converted = constants.processor_fixed
        layer = 4 * max(s.rows * s.columns for s in shapes if s.use == "layer")
        # the experts of a layer are one matrix, which Keras never quantises
        experts = 4 * max((s.parameters for s in shapes if s.use == "expert"), default=0)
        if precision.dtype == "float32":
            return round(prefill + fixed + layer), 0
        held = layer if precision.quantize == "int8" else layer // 2
        prefill = round(prefill + fixed_converted + held + experts)
        in_rows = precision.name == "bfloat16" and batch_size <= PROCESSOR_ROWS
        if precision.quantize or in_rows:
            return prefill, experts
        table = 4 * max(s.parameters for s in shapes if s.use == "embedding")
        return max((prefill, experts), (table, table))
    if batch_size > 1:
        numbers = max(s.parameters for s in shapes if s.use == "embedding")
        table = numbers * (dtype_bytes + (1 if precision.quantize else 0))
        prefill = max(prefill, table - cache_bytes(a, max_length, batch_size, dtype_bytes, plan))
    return round(prefill), 0
