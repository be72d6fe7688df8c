"""One row times a kernel, on a GPU: products that are summed, read once, from memory in order.

A decode step of one conversation is nothing but these. XLA's matrix products try several kernels
while they compile, each on a copy of its arguments (the copy of an embedding table is the peak of
memory), and a quantised kernel is unpacked into memory first. A sum reads the kernel as it lies
there (``layout``), whatever it is packed in, and has nothing to try. The numbers are those of the
Keras layers' own ``call``, but for the order of the sum.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gemma_nb.generation.layout import contracted_last
from gemma_nb.memory.weights import INT4_BLOCK as GROUP


def on_gpu() -> bool:
    """Whether the default device is a GPU."""
    import jax

    return jax.default_backend() == "gpu"


class Quick:
    """A Dense or EinsumDense layer that sums products where one row comes in.

    Args:
        layer: the layer; everything but calling it is left to it.
        product: its ``product_of``.
    """

    def __init__(self, layer: Any, product: Callable[[Any], Any]) -> None:
        self._layer = layer
        self._product = product
        self._summed = _summed_inputs(layer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        """The layer's own result."""
        if type(self._layer).__name__ == "Dense":
            rows = math.prod(x.shape[:-1])
        else:
            rows = math.prod(n for i, n in enumerate(x.shape) if i not in self._summed)
        return self._product(x) if rows == 1 else self._layer(x)


class InPlace:
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
        kernel = jnp.asarray(layer._kernel).astype(layer.compute_dtype)  # noqa: SLF001
        if layer.equation == _OUT:
            made = x.reshape(*x.shape[:2], -1) @ kernel.reshape(-1, kernel.shape[2])
        else:  # a product for each head
            rows = x.reshape(1, -1, x.shape[2])
            heads = jnp.matmul(jnp.broadcast_to(rows, (kernel.shape[0], *rows.shape[1:])), kernel)
            made = jnp.transpose(heads, (1, 0, 2)).reshape(*x.shape[:2], *heads.shape[::2])
        return made


#: Heads out of hidden states, and hidden states out of heads.
_IN, _OUT = ("btd,ndh->btnh", "bsd,kdh->bskh", "bsd,qdh->bsqh"), "btnh,nhd->btd"


def _lies_across(layer: Any) -> bool:
    """Whether a layer is multiplied ``InPlace``."""
    import keras

    plain = layer.quantization_mode is None and not layer.lora_enabled and layer.bias is None
    linear = layer.activation in (None, keras.activations.linear)
    return plain and linear and getattr(layer, "equation", None) in (*_IN, _OUT)


def quick(layer: Any) -> Any:
    """A Dense or EinsumDense layer as this device multiplies it soonest.

    Returns:
        On a GPU ``Quick``, elsewhere ``InPlace``; the layer itself where nothing is gained, with
        LoRA, and in a quantisation that ``gemma_nb.load`` does not make.
    """
    if not on_gpu():
        return InPlace(layer) if _lies_across(layer) else layer
    product = product_of(layer)
    return Quick(layer, product) if product else layer


def product_of(layer: Any) -> Callable[[Any], Any] | None:
    """A layer's ``call`` for one row, as a sum of products; None where there is none."""
    order = contracted_last(layer)
    if order is None or layer.lora_enabled:
        return None
    shape = _kernel_shape(layer)
    kept, summed = _split(layer, len(shape))
    if any(name in _terms(layer)[0] for name in (_terms(layer)[1][i] for i in kept)):
        return None  # a kernel for each row
    mode = layer.quantization_mode
    rows = math.prod(shape[i] for i in summed)
    if mode is None:
        row = _float_row
    elif mode == "int8" and layer.inputs_quantizer is not None:
        row = _int8_row
    elif mode == "int4" and _grouped(layer):
        if rows % GROUP or shape[-1] % 2:
            return None
        row = _int4_row if order != tuple(range(len(order))) else _int4_across
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


def logits_of(embedding: Any) -> Callable[[Any], Any] | None:
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
        row = _int4_table
    else:
        return None

    def call(hidden: Any) -> Any:
        import jax.numpy as jnp

        logits = row(embedding, hidden)
        if cap := embedding.logit_soft_cap:
            logits = jnp.tanh(logits / cap) * cap
        return logits

    return call


# --- kernels


def _float_row(layer: Any, x: Any) -> Any:
    import jax.numpy as jnp

    kernel = _matrix(layer, jnp.asarray(layer._kernel).astype(layer.compute_dtype))  # noqa: SLF001
    made = jnp.sum(kernel.astype(jnp.float32) * _vector(layer, x).astype(jnp.float32), axis=-1)
    return _shaped(layer, made.astype(layer.compute_dtype), x)


def _int8_row(layer: Any, x: Any) -> Any:
    """As ``EinsumDense._int8_call`` and ``Dense._int8_call`` of keras 3.15."""
    import jax.numpy as jnp

    einsum = type(layer).__name__ == "EinsumDense"
    axes = layer.quantization_axis if einsum else -1
    x, scale = layer.inputs_quantizer(x, axis=axes)
    if einsum:
        scale = layer._adjust_scale_for_quant(scale, "input")  # noqa: SLF001
    kernel = _matrix(layer, jnp.asarray(layer._kernel))  # noqa: SLF001
    made = jnp.sum(kernel.astype(jnp.int32) * _vector(layer, x).astype(jnp.int32), axis=-1)
    made = _shaped(layer, made.astype(layer.compute_dtype), x)
    return made / (scale * jnp.asarray(layer.kernel_scale))


def _int4_row(layer: Any, x: Any) -> Any:
    """As ``_int4_call`` of keras 3.15 with groups: two columns in a byte, groups along the rows."""
    import jax.numpy as jnp

    packed = jnp.asarray(layer._kernel).T  # (columns / 2, rows)  # noqa: SLF001
    pairs, rows = packed.shape
    row = _vector(layer, x).astype(jnp.float32).reshape(rows // GROUP, GROUP)
    numbers = _both(packed, 1, layer).reshape(2 * pairs, -1, GROUP)

    def of_columns(values: Any) -> Any:  # (groups, columns) -> (columns, groups, 1)
        return jnp.asarray(values).astype(layer.compute_dtype).T[:, :, None]

    kernel = (numbers - of_columns(layer.kernel_zero)) * of_columns(layer.kernel_scale)
    made = jnp.sum(kernel.astype(jnp.float32) * row, axis=(1, 2))
    return _shaped(layer, made.astype(layer.compute_dtype), x)


def _int4_across(layer: Any, x: Any) -> Any:
    """The same where the summed axis is not the first: Keras's groups then run across heads.

    Keras reshapes (heads, hidden size, head size) to (rows, columns) as it stands.
    """
    import jax.numpy as jnp

    shape = layer.original_kernel_shape
    packed = jnp.asarray(layer._kernel)  # (rows, columns / 2)  # noqa: SLF001
    numbers = _both(packed, packed.ndim, layer).reshape(shape)
    _, kernel, result = _terms(layer)
    summed = tuple(i for i, name in enumerate(kernel) if name not in result)
    row = _vector(layer, x).astype(jnp.float32)
    row = row.reshape([n if i in summed else 1 for i, n in enumerate(shape)])

    def spread(values: Any) -> Any:  # (groups, columns) -> of each number
        each = jnp.repeat(jnp.asarray(values).astype(layer.compute_dtype), GROUP, axis=0)
        return each.reshape(shape)

    unpacked = (numbers - spread(layer.kernel_zero)) * spread(layer.kernel_scale)
    made = jnp.sum(unpacked.astype(jnp.float32) * row, axis=summed)
    return _shaped(layer, made.reshape(-1).astype(layer.compute_dtype), x)


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


def _int4_table(embedding: Any, hidden: Any) -> Any:
    """Two neighbouring numbers of a row in a byte, groups along the row."""
    import jax.numpy as jnp

    dtype = embedding.compute_dtype
    packed = jnp.asarray(embedding._embeddings)  # (vocabulary, hidden / 2)  # noqa: SLF001
    packed = packed.reshape(packed.shape[0], -1, GROUP // 2)
    row = hidden.astype(dtype).astype(jnp.float32).reshape(-1, GROUP // 2, 2)
    scale = jnp.asarray(embedding.embeddings_scale).astype(dtype)[:, :, None]
    zero = jnp.asarray(embedding.embeddings_zero).astype(dtype)[:, :, None]
    products = sum(
        ((_nibbles(packed, high, embedding) - zero) * scale).astype(jnp.float32)
        * row[None, :, :, int(high)]
        for high in (False, True)
    )
    return jnp.sum(products, axis=(1, 2)).astype(dtype)[None, None]


def _both(packed: Any, axis: int, layer: Any) -> Any:
    """Both numbers of each byte, along a new axis: one sum takes them in, not two."""
    import jax.numpy as jnp

    lifts = jnp.array([4, 0], packed.dtype).reshape(2, *[1] * (packed.ndim - axis))
    lifted = jnp.left_shift(jnp.expand_dims(packed, axis), lifts)
    return jnp.right_shift(lifted, 4).astype(layer.compute_dtype)


def _nibbles(packed: Any, high: bool, layer: Any) -> Any:
    import jax.numpy as jnp

    values = packed if high else jnp.left_shift(packed, 4)
    return jnp.right_shift(values, 4).astype(layer.compute_dtype)


def _grouped(layer: Any) -> bool:
    block = getattr(layer, "_int4_block_size", None)
    return block == GROUP and layer.inputs_quantizer is None


# --- what a kernel's axes are


def _terms(layer: Any) -> tuple[str, str, str]:
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
    _, kernel, result = _terms(layer)
    kept = tuple(i for i in range(rank) if kernel[i] in result)
    return kept, tuple(i for i in range(rank) if kernel[i] not in result)


def _summed_inputs(layer: Any) -> set[int]:
    """The axes of the input that are summed, counted from its front."""
    inputs, _, result = _terms(layer)
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

    inputs, kernel, result = _terms(layer)
    if type(layer).__name__ == "Dense":
        return x.reshape(-1)
    summed = [inputs.index(name) for name in kernel if name not in result]
    rest = [i for i in range(x.ndim) if i not in summed]
    return jnp.transpose(x, (*rest, *summed)).reshape(-1)


def _shaped(layer: Any, flat: Any, x: Any) -> Any:
    """The result in the shape that the layer gives it; all axes that come from the input are 1."""
    import jax.numpy as jnp

    inputs, kernel, result = _terms(layer)
    shape = _kernel_shape(layer)
    if type(layer).__name__ == "Dense":
        return flat.reshape(*[1] * (x.ndim - 1), -1)
    kept = [i for i, name in enumerate(kernel) if name in result]
    made = flat.reshape([shape[i] for i in kept])
    order = [name for name in result if name not in inputs]
    made = jnp.transpose(made, [[kernel[i] for i in kept].index(name) for name in order])
    return made.reshape([1 if name in inputs else made.shape[order.index(name)] for name in result])
