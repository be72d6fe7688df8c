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

from gemma_nb.generation.keras_internals import is_divided

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
        where several devices divide the experts: a routed one would be sent between them.
    """
    if is_divided([block.gate_proj]):
        return block

    def call(x: Any, weights: Any) -> Any:
        import jax
        import jax.numpy as jnp

        pairs = x.shape[0] * experts_per_token
        if pairs > _MOST_PAIRS or pairs > block.num_experts:
            return block(x, weights)
        chosen = [
            jnp.asarray(w).astype(x.dtype)
            for w in (block.gate_proj, block.up_proj, block.down_proj)
        ]
        scales = jnp.asarray(block.per_expert_scale).astype(x.dtype)
        # an expert whose probability was rounded to 0 may be another one with 0: it adds nothing
        probabilities, experts = jax.lax.top_k(weights.astype(x.dtype), experts_per_token)
        rows = []
        for row in range(x.shape[0]):
            total: Any = 0.0
            for rank in range(experts_per_token):
                expert = experts[row, rank]
                gate, up, down = (_kernel(kernels, expert) for kernels in chosen)
                hidden = _gelu(_matvec(x[row], gate)) * _matvec(x[row], up)
                output = _matvec(hidden, down) * scales[expert]
                total += (output * probabilities[row, rank]).astype(jnp.float32)
            rows.append(total.astype(x.dtype))
        return jnp.stack(rows)

    return call


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
