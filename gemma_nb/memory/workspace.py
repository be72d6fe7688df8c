"""What the prompt pass and the decode step need beside weights and cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.units import GIB

if TYPE_CHECKING:
    from gemma_nb.catalog import Architecture
    from gemma_nb.hardware import Runtime
    from gemma_nb.memory.kernels import Kernel
    from gemma_nb.memory.plan import CachePlan
    from gemma_nb.precision import Precision


@dataclass(frozen=True)
class Constants:
    """The numbers that no formula gives; ``benchmarks/memory.py`` fits those of a GPU.

    ``projections`` times the bytes of all layers' output projections in the compute dtype
    (``int8_projections``, ``int4_projections`` where those are quantised) are what XLA needs once
    more while it compiles and runs the prompt pass, which multiplies them in another order than
    they lie; ``int4_fixed`` bytes come with int4, ``batch_fixed`` with several conversations;
    ``fixed`` bytes are the allocator's and the compiled programs' own. On a processor:
    ``processor_scores`` copies of the attention scores in float32, ``processor_activation`` bytes a
    token over ``bytes × (4 × hidden + 2 × feed-forward)``, and the layers' matrices
    ``processor_layers`` times over, rearranged.
    """

    projections: float
    int8_projections: float
    int4_projections: float
    int4_fixed: int
    batch_fixed: int
    fixed: int
    processor_scores: float
    processor_activation: float
    processor_layers: float


#: A GPU: an H200, jax 0.11.2, this package's own generation, 2026-11-22: fitted to the seven
#: calibration rows of ``benchmarks/memory.md`` by ``benchmarks/memory.py fit``, and judged there on
#: twenty others; what the constants stand for is what fits, not what a profile showed. Processor:
#: two cores of an AMD EPYC, jax 0.10.2, this package's programs on Gemma 3 270M's shape (XLA's
#: memory analysis, 2026-11-22).
CONSTANTS = Constants(
    projections=1.85,
    int8_projections=1.12,
    int4_projections=0.31,
    int4_fixed=round(0.19 * GIB),
    batch_fixed=round(0.17 * GIB),
    fixed=round(0.076 * GIB),
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
    that goes in at once, hidden states and both feed-forward projections; the scores, ``heads ×
    tokens × max_length`` float32 numbers; in a mixture every expert's projections, since KerasHub
    runs all of them (keras-hub 0.32, ``Gemma4MoEBlock``); and, on a GPU, what ``Constants`` says.

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
    scores = activation = 1.0
    if processor:
        wide, scores, activation = 4, constants.processor_scores, constants.processor_activation
    tokens = min(plan.chunk or max_length, max_length) * batch_size
    prompt = activation * tokens * (4 * a.hidden_dim + 2 * a.intermediate_dim) * wide
    if a.experts:
        prompt += tokens * a.experts * (2 * a.expert_dim + a.hidden_dim) * wide
    prompt += scores * a.num_query_heads * tokens * max_length * 4
    if processor:
        layers = sum(m.parameters for m in matrices if m.use in ("layer", "expert"))
        if precision.dtype_bytes == 4:
            return round(prompt + constants.processor_layers * 4 * layers)
        return round(prompt + 4 * sum(m.parameters for m in matrices if m.use != "lookup"))
    prompt += rearranged_bytes(a, precision, constants)
    prompt += constants.int4_fixed if precision.name == "int4" else 0
    return round(prompt + (constants.batch_fixed if batch_size > 1 else 0))


def rearranged_bytes(
    architecture: Architecture, precision: Precision, constants: Constants = CONSTANTS
) -> int:
    """Of a GPU's workspace, what grows with the weights and is spread over devices with them.

    Args:
        architecture: the decoder's numbers.
        precision: what it computes in.
        constants: the measured numbers.
    """
    a = architecture
    times = {"int8": constants.int8_projections, "int4": constants.int4_projections}
    projections = a.num_layers * a.num_query_heads * a.head_dim * a.hidden_dim
    return round(
        times.get(precision.name, constants.projections) * precision.dtype_bytes * projections
    )
