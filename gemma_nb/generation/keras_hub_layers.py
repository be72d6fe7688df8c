"""KerasHub's own layers, with the cache handling of their attention replaced.

KerasHub's blocks, norms, projections and embeddings are called as they are, through proxies that
stand in for the objects whose attention is replaced. The user's model itself is never changed.
There is one attention function for each attention class of KerasHub.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any

from gemma_nb.generation.attention import ForwardContext
from gemma_nb.generation.gpu.paired_products import GATES, optimize_gate
from gemma_nb.generation.keras_internals import apply_rope
from gemma_nb.generation.optimized_layers import optimize_embedding, optimize_layer
from gemma_nb.generation.routed_experts import route_experts


class PatchedProxy:
    """A proxy of an object with some attributes replaced.

    A call runs the object's own ``call`` on the proxy. Dense and EinsumDense layers come as
    ``optimize_layer`` returns them, embeddings as ``optimize_embedding`` does.

    Args:
        target: the object.
        **replaced: the attributes that differ from the object's.
    """

    def __init__(self, target: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self.__dict__["_target"] = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        kind = type(value).__name__
        if kind in {"Embedding", "ReversibleEmbedding"}:
            return optimize_embedding(value)
        if kind not in {"Dense", "EinsumDense"}:
            return value
        return (
            optimize_gate(self.__dict__, self._target, name)
            if name in GATES
            else optimize_layer(value)
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the object's own ``call`` on the proxy."""
        return type(self._target).call(self, *args, **kwargs)


_FEED_FORWARD = {"gating_ffw", "gating_ffw_2", "ffw_linear"}


class Gemma4BlockProxy(PatchedProxy):
    """A proxy of a Gemma 4 block that calls its feed-forward layers, and reads routed experts only.

    KerasHub multiplies with their kernels directly (keras-hub 0.32,
    ``Gemma4TextDecoderBlock.call``). The kernels of a quantized layer are integers without their
    scale, so the model would generate nonsense.
    """

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        if name == "moe_expert_bank":
            return route_experts(value, self._target.num_experts_per_token)
        return SimpleNamespace(kernel=value) if name in _FEED_FORWARD else value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs KerasHub's ``call`` with a ``matmul`` that calls the layer."""
        # private: keras-hub 0.32 calls ops.matmul(x, self.<layer>.kernel) in this function
        call = type(self._target).call
        names = call.__globals__
        names = {**names, "ops": PatchedProxy(names["ops"], matmul=lambda x, layer: layer(x))}
        patched = FunctionType(call.__code__, names, None, call.__defaults__, call.__closure__)
        return patched(self, *args, **kwargs)


def as_block_attention(
    attend: Callable[[Any], Any], extra_outputs: tuple[Any, ...]
) -> Callable[..., Any]:
    """Wraps an attention function so that a KerasHub block can call it.

    Args:
        attend: a function from hidden states to attention output.
        extra_outputs: what the block expects between the output and the cache.

    Returns:
        A function that ignores masks and cache of the block, and returns the cache unchanged.
    """

    def call(x: Any, *_: Any, cache: Any = None, **__: Any) -> Any:
        return attend(x), *extra_outputs, cache

    return call


def unused_cache(layers: int) -> Any:
    """An array for the cache argument of KerasHub, which slices it and stacks the blocks' caches.

    The real caches are in the ``ForwardContext``.
    """
    import jax.numpy as jnp

    return jnp.zeros((1, layers, 1), jnp.int8)


def gemma_attention(attention: Any, x: Any, context: ForwardContext, layer: int) -> Any:
    """Attention of Gemma 1 and 2, and of PaliGemma's decoder.

    Args:
        attention: KerasHub's attention layer, or a proxy of it.
        x: hidden states, (batch, size, hidden size).
        context: the forward pass; its cache of this layer is updated.
        layer: the layer's index.

    Returns:
        (batch, size, hidden size).
    """
    query = apply_rope(attention, attention.query_dense(x), context.positions)
    key = apply_rope(attention, attention.key_dense(x), context.positions)
    visible, mask = context.update_cache(layer, key, attention.value_dense(x))
    cap = attention.logit_soft_cap
    output = context.compute_attention(layer, query, visible, mask, _query_scale(attention), cap)
    return attention.output_dense(output)


def gemma3_attention(attention: Any, x: Any, context: ForwardContext, layer: int) -> Any:
    """Attention of Gemma 3: queries and keys are normalized.

    Arguments and result are as in ``gemma_attention``.
    """

    def normalize_and_rotate(y: Any, norm: str) -> Any:
        if attention.use_query_key_norm:
            y = getattr(attention, norm)(y)
        return attention.rope_layer(y, positions=context.positions)

    query = normalize_and_rotate(attention.query_dense(x), "query_norm")
    key = normalize_and_rotate(attention.key_dense(x), "key_norm")
    visible, mask = context.update_cache(layer, key, attention.value_dense(x))
    cap = attention.logit_soft_cap
    output = context.compute_attention(layer, query, visible, mask, _query_scale(attention), cap)
    return attention.output_dense(output)


def gemma4_attention(
    attention: Any, x: Any, context: ForwardContext, layer: int, source: int | None
) -> Any:
    """Attention of Gemma 4: queries, keys and values are normalized, queries are not scaled.

    Args:
        attention: as in ``gemma_attention``.
        x: as in ``gemma_attention``.
        context: as in ``gemma_attention``.
        layer: as in ``gemma_attention``.
        source: the layer whose cache this layer shares; None if it has its own.

    Returns:
        As ``gemma_attention``.
    """
    query = attention.query_norm(attention.query_dense(x))
    query = apply_rope(attention, query, context.positions)
    if source is not None:
        visible, mask = context.shared_cache(layer, source)
    else:
        raw = attention.key_dense(x)
        value = raw if attention.attention_k_eq_v else attention.value_dense(x)
        key = apply_rope(attention, attention.key_norm(raw), context.positions)
        visible, mask = context.update_cache(layer, key, attention.value_norm(value))
    cap = attention.logit_soft_cap
    output = context.compute_attention(layer, query, visible, mask, 1.0, cap)
    return attention.output_dense(output)


def gemma3n_attention(
    attention: Any, x: Any, context: ForwardContext, layer: int, source: int | None
) -> Any:
    """Attention of Gemma 3n: as Gemma 4, with other attribute names.

    Arguments and result are as in ``gemma4_attention``.
    """
    shape = tuple(x.shape[:-1])

    def project_and_normalize(projection: Any, norm: Any) -> Any:
        return norm(projection(x).reshape(*shape, -1, attention.head_dim))

    def rotate(y: Any) -> Any:
        return attention.rotary_embedding(y, positions=context.positions)

    query = rotate(project_and_normalize(attention.q_proj, attention.q_norm))
    if source is not None:
        visible, mask = context.shared_cache(layer, source)
    else:
        key = rotate(project_and_normalize(attention.k_proj, attention.k_norm))
        value = project_and_normalize(attention.v_proj, attention.v_norm)
        visible, mask = context.update_cache(layer, key, value)
    output = context.compute_attention(layer, query, visible, mask, 1.0, None)
    return attention.o_proj(output.reshape(*shape, -1))


def _query_scale(attention: Any) -> float:
    if attention.query_head_dim_normalize:
        return float(attention.head_dim**-0.5)
    return float((attention.hidden_dim // attention.num_query_heads) ** -0.5)
