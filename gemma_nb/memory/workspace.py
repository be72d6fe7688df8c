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

    ``table`` copies of the embedding table in the compute dtype stand beside it while XLA, compiling
    the first program, tries kernels for the logits (``int4_table`` where it is int4; ``int8_table`` copies of one byte a number where it
    is int8); ``activation`` is bytes a token over
    ``bytes × (4 × hidden + 2 × feed-forward)``; ``scores`` copies of the attention scores in
    float32; ``fixed`` bytes are the allocator's and the compiled programs' own. On a processor:
    ``processor_scores`` such copies, and the layers' matrices ``processor_layers`` times over,
    rearranged.
    """

    table: float
    int8_table: float
    int4_table: float
    activation: float
    scores: float
    fixed: int
    processor_scores: float
    processor_layers: float


#: A GPU: an H200, jax 0.11.2, this package's own generation, 2026-11-22: fitted to the seven
#: calibration rows of ``benchmarks/memory.md`` (Gemma 3 270M, 1B, 4B and Gemma 4 E2B) by
#: ``benchmarks/memory.py fit``, and judged there on eight others. Processor: two cores of an AMD
#: EPYC, jax 0.10.2, this package's programs on Gemma 3 270M's shape (XLA's memory analysis,
#: 2026-11-22).
CONSTANTS = Constants(
    table=1.08,
    int8_table=1.05,
    int4_table=0.61,
    activation=0.47,
    scores=1.59,
    fixed=round(0.01 * GIB),
    processor_scores=3.0,
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

    They follow each other, so the larger counts. The prompt pass holds, for each token that goes in
    at once, hidden states and both feed-forward projections; the scores, ``heads × tokens ×
    max_length`` float32 numbers; in a mixture every expert's
    projections, since KerasHub runs all of them (keras-hub 0.32, ``Gemma4MoEBlock``). Compiling
    the first program, XLA tries kernels for the logits on a copy of the embedding table (measured on
    an H200: with that switched off the peak is 0.5 GiB lower at 1B, and decoding 25 % slower).

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
    a, wide, processor = architecture, precision.dtype_bytes, False
    scores = constants.scores
    if runtime is not None and runtime.is_processor:
        processor, wide, scores = True, 4, constants.processor_scores
    tokens = min(plan.chunk or max_length, max_length) * batch_size
    prompt = constants.activation * tokens * (4 * a.hidden_dim + 2 * a.intermediate_dim) * wide
    if a.experts:
        prompt += tokens * a.experts * (2 * a.expert_dim + a.hidden_dim) * wide
    prompt += scores * a.num_query_heads * tokens * max_length * 4
    if processor:
        layers = sum(m.parameters for m in matrices if m.use in ("layer", "expert"))
        if precision.dtype_bytes == 4:
            return round(prompt + constants.processor_layers * 4 * layers)
        return round(prompt + 4 * sum(m.parameters for m in matrices if m.use != "lookup"))
    if precision.name == "int8":  # multiplied as it is: the copy is in int8 too
        table = constants.int8_table
    else:
        table = wide * (constants.int4_table if precision.quantize else constants.table)
    return round(max(prompt, table * a.vocabulary_size * a.hidden_dim))
