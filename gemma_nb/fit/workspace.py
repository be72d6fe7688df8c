"""What the prompt pass and the decode step need beside weights and cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.fit.cache_layout import cache_bytes
from gemma_nb.text_utils import GIB

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Architecture
    from gemma_nb.fit.cache_plan import CachePlan
    from gemma_nb.fit.precision import Precision
    from gemma_nb.fit.weight_shapes import Kernel
    from gemma_nb.hardware.runtime import Runtime


@dataclass(frozen=True)
class Constants:
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
CONSTANTS = Constants(
    activation=0.37,
    fixed=round(0.039 * GIB),
    processor_scores=3.0,
    processor_activation=0.47,
    processor_layers=0.25,
)


def workspace_bytes(
    architecture: Architecture,
    matrices: list[Kernel],
    precision: Precision,
    max_length: int,
    batch_size: int,
    *,
    plan: CachePlan,
    runtime: Runtime | None = None,
    constants: Constants = CONSTANTS,
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
