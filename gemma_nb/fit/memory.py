"""What the prompt pass and the decode step need beside weights and cache."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.fit.cache_layout import LOAD_BLOCK_BYTES, CachePlan, cache_bytes, cache_plan
from gemma_nb.fit.choice import check_numbers
from gemma_nb.fit.precision import PRECISIONS, Precision
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.fit.weight_shapes import WeightShape, text_weight_shapes, weight_bytes
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.text_utils import GIB


@dataclass(frozen=True)
class WorkspaceConstants:
    """The numbers that no formula gives; ``benchmarks/memory.py`` fits ``fixed``.

    ``activation`` times ``tokens × (4 × hidden + 2 × feed-forward)`` numbers are what a GPU holds of
    a layer's states at once, ``fixed`` bytes the allocator's and the compiled programs' own. On a
    processor: ``processor_scores`` copies of the attention scores in float32,
    ``processor_activation`` as ``activation``, and the layers' matrices ``processor_layers`` times
    over, rearranged.
    """

    activation: float
    fixed: int
    processor_scores: float
    processor_activation: float
    processor_layers: float


#: A GPU: ``activation`` from XLA's memory analysis of Gemma 3 1B, 4B and 12B for an H100 (jax 0.11.2,
#: 2026-11-25), ``fixed`` from the calibration rows of ``benchmarks/memory.md``, judged there on
#: others. Processor: two cores of an AMD EPYC, jax 0.10.2, this package's programs on Gemma 3 270M's
#: shape (XLA's memory analysis, 2026-11-22).
WORKSPACE_CONSTANTS = WorkspaceConstants(
    activation=0.37,
    fixed=round(0.039 * GIB),
    processor_scores=3.0,
    processor_activation=0.47,
    processor_layers=0.25,
)


def workspace_bytes(
    architecture: Architecture,
    matrices: list[WeightShape],
    precision: Precision,
    max_length: int,
    batch_size: int,
    *,
    plan: CachePlan,
    runtime: Runtime | None = None,
    constants: WorkspaceConstants = WORKSPACE_CONSTANTS,
) -> int:
    """Bytes of the larger of the two: the prompt pass, and a decode step.

    They follow each other, so the larger counts, which is the prompt pass. It holds, for each token
    that goes in at once, hidden states and both feed-forward projections; scores and their softmax,
    each ``heads × tokens × max_length`` numbers; and in a mixture every expert's projections, since
    KerasHub runs all of them (keras-hub 0.32, ``Gemma4MoEBlock``).

    For several conversations at once a GPU's logits are a matrix product. XLA tries several kernels
    for it on a copy of the embedding table, before there is a cache: where table and copy take more
    than cache and prompt pass, that is the peak (two rows of ``benchmarks/memory.md`` agree).

    A processor has no 16-bit products in XLA: both hold every matrix that is multiplied once more
    in float32, quantised ones too (measured: 211 MiB of bfloat16 weights took 423 MiB more,
    106 MiB of int8 weights as much).

    Args:
        architecture: the decoder's numbers.
        matrices: its matrices.
        precision: what it computes in.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        plan: how much of a prompt goes in at once.
        runtime: where; None for a GPU.
        constants: the measured numbers.
    """
    a, wide = architecture, precision.dtype_bytes
    processor = runtime is not None and runtime.is_processor
    scores, activation = 2.0 * wide, constants.activation
    if processor:
        wide, activation = 4, constants.processor_activation
        scores = constants.processor_scores * wide
    tokens = min(plan.chunk or max_length, max_length) * batch_size
    prompt = activation * tokens * (4 * a.hidden_dim + 2 * a.intermediate_dim) * wide
    if a.experts:
        prompt += tokens * a.experts * (2 * a.expert_dim + a.hidden_dim) * wide
    prompt += scores * a.num_query_heads * tokens * max_length
    if processor:
        layers = sum(m.parameters for m in matrices if m.use in ("layer", "expert"))
        if precision.dtype_bytes == 4:
            return round(prompt + constants.processor_layers * 4 * layers)
        return round(prompt + 4 * sum(m.parameters for m in matrices if m.use != "lookup"))
    if batch_size > 1:
        table = max(m.parameters for m in matrices if m.use == "embedding") * wide
        prompt = max(prompt, table - cache_bytes(a, max_length, batch_size, wide, plan))
    return round(prompt)


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
    block = min(LOAD_BLOCK_BYTES, whole.total)
    a = variant.architecture
    if a is None:
        cache, workspace = 0, round(_ROUGH_SHARE * whole.total)
    else:
        matrices, _ = text_weight_shapes(variant)
        cache = cache_bytes(a, max_length, batch_size, precision.dtype_bytes, plan)
        workspace = workspace_bytes(
            a, matrices, precision, max_length, batch_size, plan=plan, runtime=runtime
        )
    return MemoryEstimate(
        weights=weights.text,
        towers=weights.towers,
        kv_cache=cache,
        workspace=workspace,
        overhead=WORKSPACE_CONSTANTS.fixed,
        load_peak_device=weights.total + block,
        load_peak_host=INTERPRETER_BYTES + 2 * block,
        rough=a is None,
    )


#: Sequences in tuning examples are cut to this many tokens where no shorter length is asked for.
TUNING_LENGTH = 512


def tuning_bytes(variant: Variant, max_length: int = TUNING_LENGTH, *, whole: bool = True) -> int:
    """Bytes that tuning takes on the device, in float32, one example at a time.

    All parameters with Adam: weights, gradients and two moments, four times the weights (Kingma
    and Ba 2015). With LoRA (Hu et al. 2021) the weights alone, and adapters of about a hundredth.
    Both keep each layer's activations for the way back, about ``10 × hidden + 4 × feed-forward``
    numbers a token and layer, and the logits twice. Unmeasured here.

    Args:
        variant: what is tuned.
        max_length: tokens of an example, at most ``TUNING_LENGTH`` counted.
        whole: all parameters; else LoRA.
    """
    weights = weight_bytes(variant, PRECISIONS["float32"]).total
    total = 4 * weights if whole else round(1.04 * weights)
    a = variant.architecture
    if a is None:
        return total
    tokens = min(max_length, TUNING_LENGTH)
    layers = a.num_layers * (10 * a.hidden_dim + 4 * a.intermediate_dim)
    return total + 4 * tokens * (layers + 2 * a.vocabulary_size)
