"""A mixture of experts for few tokens: only the experts that the router chose are read.

KerasHub multiplies with all experts and drops what was not routed (keras-hub 0.32,
``Gemma4MoEBlock.call``). A decode step of Gemma 4 26B-A4B then reads 128 experts a layer for the 8
that it needs: 375 of 470 µs a layer on an H200, where the 8 alone take 45 (2026-11-30). Each routed
expert is a matrix-vector product of its own, on the kernel where it lies: a gather would copy the
experts first (107 µs).

Prompts stay with KerasHub's products. From some tens of tokens on nearly all experts are needed;
``jax.lax.ragged_dot`` took 2 to 10 ms a layer for 64 and 512 tokens, KerasHub's product 0.4 and 1.3
(jax 0.11.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.generation.keras_internals import divided_sharding, is_distributed
from gemma_nb.generation.partitioning import own_rows, shard_map
from gemma_nb.loading.tensor_files import sharding_of

#: The most pairs of a token and an expert that are computed one by one. Each takes about 6 µs in
#: Gemma 4 26B-A4B, all its experts together 375.
_MOST_PAIRS = 16


def route_experts(block: Any, experts_per_token: int) -> Callable[[Any, Any], Any]:
    """Returns a replacement of a ``Gemma4MoEBlock`` that reads only what it needs.

    Args:
        block: KerasHub's layer.
        experts_per_token: experts that the router chooses for each token.

    Returns:
        A function of hidden states (tokens, hidden size) and routing weights (tokens, experts), as
        the layer's own ``call``; it differs from that in the order of its sums. The layer itself
        where a distribution of Keras's divides the experts.
    """
    kernels = (block.gate_proj, block.up_proj, block.down_proj)
    sharding = divided_sharding(kernels[0])
    if is_distributed(kernels):
        return block

    def call(x: Any, weights: Any) -> Any:
        import jax
        import jax.numpy as jnp
        from jax.sharding import PartitionSpec

        pairs = x.shape[0] * experts_per_token
        if pairs > _MOST_PAIRS or pairs > block.num_experts:
            return block(x, weights)
        # an expert whose probability was rounded to 0 may be another one with 0: it adds nothing
        probabilities, experts = jax.lax.top_k(weights.astype(x.dtype), experts_per_token)
        probabilities *= jnp.asarray(block.per_expert_scale).astype(x.dtype)[experts]
        arguments = x, probabilities, experts, *map(jnp.asarray, kernels)
        if sharding is None:
            return _sum_of_experts(*arguments).astype(x.dtype)
        axis = sharding.spec[0]

        def own_experts(x: Any, probabilities: Any, experts: Any, *kernels: Any) -> Any:
            # the experts of other devices are the first of this one, times 0: read once, then cached
            local, is_here = own_rows(experts, kernels[0].shape[0], axis)
            probabilities = jnp.where(is_here, probabilities, 0)
            return jax.lax.psum(_sum_of_experts(x, probabilities, local, *kernels), axis)

        whole = PartitionSpec()
        specs = (whole, whole, whole, *(sharding_of(k).spec for k in kernels))
        return shard_map(own_experts, sharding.mesh, specs, whole)(*arguments).astype(x.dtype)

    return call


def _sum_of_experts(
    x: Any, probabilities: Any, experts: Any, gates: Any, ups: Any, downs: Any
) -> Any:
    """The outputs of each token's experts, times their probabilities: float32 (tokens, hidden size).

    Args:
        x: (tokens, hidden size).
        probabilities: (tokens, experts per token).
        experts: int32, the same shape.
        gates: (experts, hidden size, width).
        ups: (experts, hidden size, width).
        downs: (experts, width, hidden size).
    """
    import jax.numpy as jnp

    banks = [kernels.astype(x.dtype) for kernels in (gates, ups, downs)]
    rows = []
    for row in range(x.shape[0]):
        total: Any = 0.0
        for rank in range(experts.shape[1]):
            gate, up, down = (_kernel(bank, experts[row, rank]) for bank in banks)
            output = _matvec(_gelu(_matvec(x[row], gate)) * _matvec(x[row], up), down)
            total += output.astype(jnp.float32) * probabilities[row, rank].astype(jnp.float32)
        rows.append(total)
    return jnp.stack(rows)


def _kernel(kernels: Any, expert: Any) -> Any:
    """The kernel of one expert; XLA reads it within the product."""
    import jax

    return jax.lax.dynamic_index_in_dim(kernels, expert, 0, keepdims=False)


def _matvec(x: Any, kernel: Any) -> Any:
    """One row times a kernel (inputs, outputs), summed in float32."""
    import jax.numpy as jnp

    total = jnp.sum(kernel.astype(jnp.float32) * x.astype(jnp.float32)[:, None], axis=0)
    return total.astype(x.dtype)


def _gelu(x: Any) -> Any:
    import jax
    import jax.numpy as jnp

    return jax.nn.gelu(x.astype(jnp.float32), approximate=True).astype(x.dtype)
