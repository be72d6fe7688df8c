"""One row times a kernel, on a GPU: products that are summed, read once, from memory in order.

A decode step of one conversation is nothing but these. XLA's matrix products try several kernels
while they compile, each on a copy of its arguments (the copy of an embedding table is the peak of
memory), and a quantised kernel is unpacked into memory first. A sum reads the kernel as it lies
there (``layout``), whatever it is packed in, and has nothing to try. The numbers are those of the
Keras layers' own ``call``, but for the order of the sum, and for int4, whose numbers are not rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from gemma_nb.fit.weight_bytes import INT4_BLOCK as GROUP
from gemma_nb.generation import int4
from gemma_nb.loading.relayout import contracted_last

#: Heads out of hidden states, and hidden states out of heads.
_IN, _OUT = ("btd,ndh->btnh", "bsd,kdh->bskh", "bsd,qdh->bsqh"), "btnh,nhd->btd"


def on_gpu() -> bool:
    """Whether the default device is a GPU."""
    import jax

    return jax.default_backend() == "gpu"


class FusedMatvecLayer:
    """A Dense or EinsumDense layer that sums products where one row comes in.

    Args:
        layer: the layer; everything but calling it is left to it.
        product: its ``product_of``.
    """

    def __init__(self, layer: Any, product: Callable[[Any], Any]) -> None:
        self._layer = layer
        self._product = product
        self._summed = _summed_inputs(layer)
        # XLA would write an output projection anew, in another order of its axes
        across = _lies_across(layer, (None, "int8"), (_OUT,))
        self._several = NativeLayoutEinsum(layer) if across else layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        """The layer's own result."""
        if type(self._layer).__name__ == "Dense":
            rows = math.prod(x.shape[:-1])
        else:
            rows = math.prod(n for i, n in enumerate(x.shape) if i not in self._summed)
        return self._product(x) if rows == 1 else self._several(x)


class NativeLayoutEinsum:
    """An EinsumDense layer with a kernel of three axes, multiplied as the kernel lies.

    On a processor XLA would write the kernel anew, in an order that makes one matrix of it, in each
    call of a program: for Gemma 3 270M that took as long as the rest of a decode step.

    Args:
        layer: the layer; everything but calling it is left to it.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        """The layer's own result, but for the order of its sums."""
        import jax.numpy as jnp

        layer = self._layer
        x = jnp.asarray(x).astype(layer.compute_dtype)
        kernel = jnp.asarray(layer._kernel)  # noqa: SLF001
        if layer.quantization_mode == "int8":
            x, scale = _int8_inputs(layer, x)
            made = _heads_joined(x, kernel, jnp.int32).astype(layer.compute_dtype)
            return made / (scale * jnp.asarray(layer.kernel_scale))
        kernel = kernel.astype(layer.compute_dtype)
        if layer.equation == _OUT:
            made = _heads_joined(x, kernel)
        else:  # a product for each head
            rows = x.reshape(1, -1, x.shape[2])
            heads = jnp.matmul(jnp.broadcast_to(rows, (kernel.shape[0], *rows.shape[1:])), kernel)
            made = jnp.transpose(heads, (1, 0, 2)).reshape(*x.shape[:2], *heads.shape[::2])
        return made


def _heads_joined(x: Any, kernel: Any, dtype: Any = None) -> Any:
    """``_OUT`` as one matrix product."""
    import jax.numpy as jnp

    matrix = kernel.reshape(-1, kernel.shape[2])
    return jnp.matmul(x.reshape(*x.shape[:2], -1), matrix, preferred_element_type=dtype)


def _lies_across(
    layer: Any,
    modes: tuple[str | None, ...] = (None,),
    equations: tuple[str, ...] = (*_IN, _OUT),
) -> bool:
    """Whether a layer is multiplied ``InPlace``."""
    import keras

    plain = layer.quantization_mode in modes and not layer.lora_enabled and layer.bias is None
    linear = layer.activation in (None, keras.activations.linear)
    return plain and linear and getattr(layer, "equation", None) in equations


def optimize_layer(layer: Any) -> Any:
    """A Dense or EinsumDense layer as this device multiplies it soonest.

    Returns:
        On a GPU ``Quick``, elsewhere ``InPlace``; the layer itself where nothing is gained, with
        LoRA, and in a quantisation that ``gemma_nb.load`` does not make.
    """
    if not on_gpu():
        return NativeLayoutEinsum(layer) if _lies_across(layer) else layer
    product = build_matvec(layer)
    return FusedMatvecLayer(layer, product) if product else layer


def build_matvec(layer: Any) -> Callable[[Any], Any] | None:
    """A layer's ``call`` for one row, as a sum of products; None where there is none."""
    order = contracted_last(layer)
    if order is None or layer.lora_enabled:
        return None
    shape = _kernel_shape(layer)
    kept, summed = _split(layer, len(shape))
    if any(name in _axes(layer)[0] for name in (_axes(layer)[1][i] for i in kept)):
        return None  # a kernel for each row
    mode = layer.quantization_mode
    row: Callable[[Any, Any], Any]
    if mode is None:
        row = _float_row
    elif mode == "int8" and layer.inputs_quantizer is not None:
        row = _int8_row
    elif mode == "int4" and _grouped(layer):
        summing = int4.build_int4_matvec(shape, summed)
        if summing is None:
            return None
        row = partial(_int4_row, summing)
    else:
        return None

    def call(x: Any) -> Any:
        import jax.numpy as jnp

        x = jnp.asarray(x).astype(layer.compute_dtype)
        made = row(layer, x)
        if layer.bias is not None:
            made = made + jnp.asarray(layer.bias).astype(made.dtype)
        return made if layer.activation is None else layer.activation(made)

    return call


def build_logits_matvec(embedding: Any) -> Callable[[Any], Any] | None:
    """The logits of one hidden state from a tied embedding; None where there is no such sum.

    Args:
        embedding: a KerasHub ReversibleEmbedding.

    Returns:
        A function from (1, 1, hidden size) to (1, 1, vocabulary).
    """
    if not getattr(embedding, "tie_weights", False):  # Gemma 3n's is a function
        return None
    mode = embedding.quantization_mode
    if mode is None:
        row = _float_table
    elif mode == "int8" and embedding.inputs_quantizer is not None:
        row = _int8_table
    elif mode == "int4" and _grouped(embedding) and embedding.output_dim % GROUP == 0:
        row = int4.int4_logits
    else:
        return None

    def call(hidden: Any) -> Any:
        import jax.numpy as jnp

        logits = row(embedding, hidden)
        if cap := embedding.logit_soft_cap:
            logits = jnp.tanh(logits / cap) * cap
        return logits

    return call


def dequantized_table_logits(table: Any, hidden: Any) -> Any:
    """Logits from a quantised Embedding that its model has no ReversibleEmbedding for.

    Args:
        table: a Keras Embedding in int8 or int4.
        hidden: (…, hidden size).

    Returns:
        (…, vocabulary).
    """
    import jax.numpy as jnp
    from keras import quantizers
    from keras.src.quantizers.quantizers import dequantize_with_sz_map

    numbers, dtype = jnp.asarray(table._embeddings), table.compute_dtype  # noqa: SLF001
    scale = jnp.asarray(table.embeddings_scale)
    if table.quantization_mode == "int8":
        return hidden @ numbers.T.astype(dtype) / scale.astype(dtype)
    numbers = quantizers.unpack_int4(numbers, table.output_dim, axis=-1).astype(dtype)
    if _grouped(table):
        zero, groups = jnp.asarray(table.embeddings_zero), jnp.asarray(table.g_idx)
        return hidden @ dequantize_with_sz_map(numbers, scale, zero, groups, group_axis=-1).T
    return hidden @ (numbers / scale[:, None]).T


# --- kernels


def _float_row(layer: Any, x: Any) -> Any:
    import jax.numpy as jnp

    kernel = _matrix(layer, jnp.asarray(layer._kernel).astype(layer.compute_dtype))  # noqa: SLF001
    made = jnp.sum(kernel.astype(jnp.float32) * _vector(layer, x).astype(jnp.float32), axis=-1)
    return _shaped(layer, made.astype(layer.compute_dtype), x)


def _int8_row(layer: Any, x: Any) -> Any:
    """As ``EinsumDense._int8_call`` and ``Dense._int8_call`` of keras 3.15."""
    import jax.numpy as jnp

    x, scale = _int8_inputs(layer, x)
    kernel = _matrix(layer, jnp.asarray(layer._kernel))  # noqa: SLF001
    made = jnp.sum(kernel.astype(jnp.int32) * _vector(layer, x).astype(jnp.int32), axis=-1)
    made = _shaped(layer, made.astype(layer.compute_dtype), x)
    return made / (scale * jnp.asarray(layer.kernel_scale))


def _int8_inputs(layer: Any, x: Any) -> tuple[Any, Any]:
    """What a layer multiplies its int8 kernel with, and what the result is divided by for it."""
    einsum = type(layer).__name__ == "EinsumDense"
    x, scale = layer.inputs_quantizer(x, axis=layer.quantization_axis if einsum else -1)
    if einsum:
        scale = layer._adjust_scale_for_quant(scale, "input")  # noqa: SLF001
    return x, scale


def _int4_row(summing: Callable[[Any, Any], Any], layer: Any, x: Any) -> Any:
    """As ``_int4_call`` of Dense and EinsumDense of keras 3.15 with groups; no number is rounded."""
    import jax.numpy as jnp

    made = summing(layer, _vector(layer, x).astype(jnp.float32))
    return _shaped(layer, made.astype(layer.compute_dtype), x)


# --- embedding tables


def _float_table(embedding: Any, hidden: Any) -> Any:
    import jax.numpy as jnp

    dtype = embedding.reverse_dtype or embedding.compute_dtype
    table = jnp.asarray(embedding.embeddings).astype(dtype).astype(jnp.float32)
    row = hidden[0].astype(dtype).astype(jnp.float32)
    return jnp.sum(table * row, axis=-1).astype(dtype)[None, None]


def _int8_table(embedding: Any, hidden: Any) -> Any:
    import jax.numpy as jnp

    row, scale = embedding.inputs_quantizer(hidden.astype(embedding.compute_dtype))
    table = jnp.asarray(embedding._embeddings).astype(jnp.int32)  # noqa: SLF001
    logits = jnp.sum(table * row[0].astype(jnp.int32), axis=-1)[None, None]
    scale = scale * jnp.asarray(embedding.embeddings_scale)
    return logits.astype(embedding.compute_dtype) / scale


def _grouped(layer: Any) -> bool:
    block = getattr(layer, "_int4_block_size", None)
    return block == GROUP and layer.inputs_quantizer is None


# --- what a kernel's axes are


def _axes(layer: Any) -> tuple[str, str, str]:
    """The names of the axes of input, kernel and result."""
    if type(layer).__name__ == "Dense":
        return "a", "ab", "b"
    inputs, result = layer.equation.replace(" ", "").split("->")
    return (*inputs.split(","), result)


def _kernel_shape(layer: Any) -> tuple[int, ...]:
    if layer.quantization_mode == "int4":
        if type(layer).__name__ == "Dense":
            return (layer._kernel.shape[0], layer.units)  # noqa: SLF001
        return tuple(layer.original_kernel_shape)
    return tuple(layer._kernel.shape)  # noqa: SLF001


def _split(layer: Any, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The kernel's axes that are kept, and those that are summed."""
    _, kernel, result = _axes(layer)
    kept = tuple(i for i in range(rank) if kernel[i] in result)
    return kept, tuple(i for i in range(rank) if kernel[i] not in result)


def _summed_inputs(layer: Any) -> set[int]:
    """The axes of the input that are summed, counted from its front."""
    inputs, _, result = _axes(layer)
    return {i for i, name in enumerate(inputs) if name not in result}


def _matrix(layer: Any, kernel: Any) -> Any:
    """The kernel as (kept, summed): no move in memory where it is laid out so."""
    import jax.numpy as jnp

    kept, summed = _split(layer, kernel.ndim)
    rows = math.prod(kernel.shape[i] for i in summed)
    return jnp.transpose(kernel, (*kept, *summed)).reshape(-1, rows)


def _vector(layer: Any, x: Any) -> Any:
    """The one row as a vector, its numbers in the order of the kernel's summed axes."""
    import jax.numpy as jnp

    inputs, kernel, result = _axes(layer)
    if type(layer).__name__ == "Dense":
        return x.reshape(-1)
    summed = [inputs.index(name) for name in kernel if name not in result]
    rest = [i for i in range(x.ndim) if i not in summed]
    return jnp.transpose(x, (*rest, *summed)).reshape(-1)


def _shaped(layer: Any, flat: Any, x: Any) -> Any:
    """The result in the shape that the layer gives it; all axes that come from the input are 1."""
    import jax.numpy as jnp

    inputs, kernel, result = _axes(layer)
    shape = _kernel_shape(layer)
    if type(layer).__name__ == "Dense":
        return flat.reshape(*[1] * (x.ndim - 1), -1)
    kept = [i for i, name in enumerate(kernel) if name in result]
    made = flat.reshape([shape[i] for i in kept])
    order = [name for name in result if name not in inputs]
    made = jnp.transpose(made, [[kernel[i] for i in kept].index(name) for name in order])
    return made.reshape([1 if name in inputs else made.shape[order.index(name)] for name in result])
