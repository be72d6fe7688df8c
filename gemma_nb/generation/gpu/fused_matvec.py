"""Fused matrix-vector products for GPUs: one row times a kernel, as a sum that reads it once.

A decode step of one conversation consists of such products. XLA's own matrix products try several
kernels at compile time, each on a copy of its arguments (the copy of an embedding table sets the
peak of memory), and unpack a quantized kernel into memory first. A sum reads the kernel in memory
order (``gemma_nb.loading.relayout`` lays it out that way), unpacks it on the fly, and needs no
autotuning. The results equal those of the Keras layers' own ``call``, apart from the order of the
sum, and apart from rounding: int4 numbers are not rounded, and a scale is applied before the result
is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from gemma_nb.generation.gpu.int4_matvec import build_int4_matvec, has_int4_blocks, int4_logits
from gemma_nb.generation.keras_internals import (
    finish_product,
    kernel_of,
    quantize_int8_inputs,
    soft_capped,
    table_of,
)
from gemma_nb.loading.quantize import block_size
from gemma_nb.loading.relayout import contracted_last


def on_gpu() -> bool:
    """Whether JAX's default device is a GPU."""
    import jax

    return jax.default_backend() == "gpu"


def build_matvec(layer: Any) -> Callable[[Any], Any] | None:
    """Returns a Dense or EinsumDense layer's ``call`` for one row, as a sum of products.

    Args:
        layer: a Keras layer.

    Returns:
        A function from the layer's input, with one row, to its output; None if the layer has no
        such form, uses LoRA, or is quantized in another way than int8 or int4 in blocks.
    """
    order = contracted_last(layer)
    if order is None or layer.lora_enabled:
        return None
    shape = _kernel_shape(layer)
    output_axes, summed = _kernel_axes(layer, len(shape))
    if any(
        name in einsum_axes(layer)[0] for name in (einsum_axes(layer)[1][i] for i in output_axes)
    ):
        return None  # a batched product, with a kernel for each row
    mode = layer.quantization_mode
    multiply: Callable[[Any, Any], Any]
    if mode is None:
        multiply = _float_matvec
    elif mode == "int8":
        multiply = _int8_matvec if layer.inputs_quantizer is None else _rounded_int8_matvec
    elif int4_matvec := build_int4_matvec(layer, shape, summed):
        multiply = partial(_int4_matvec, int4_matvec)
    else:
        return None

    def call(x: Any) -> Any:
        import jax.numpy as jnp

        x = jnp.asarray(x).astype(layer.compute_dtype)
        return finish_product(layer, multiply(layer, x))

    return call


def build_logits_matvec(embedding: Any) -> Callable[[Any], Any] | None:
    """Returns a function that computes the logits of one hidden state from a tied embedding.

    Args:
        embedding: a KerasHub ReversibleEmbedding.

    Returns:
        A function from (1, 1, hidden size) to (1, 1, vocabulary); None if there is no such form.
    """
    if not getattr(embedding, "tie_weights", False):  # Gemma 3n's is a function
        return None
    mode = embedding.quantization_mode
    if mode is None:
        compute = _float_logits
    elif mode == "int8":
        weight_only = embedding.inputs_quantizer is None
        compute = _int8_logits if weight_only else _rounded_int8_logits
    elif has_int4_blocks(embedding) and embedding.output_dim % block_size(embedding) == 0:
        compute = int4_logits
    else:
        return None

    def call(hidden: Any) -> Any:
        return soft_capped(compute(embedding, hidden), embedding.logit_soft_cap)

    return call


# --- products with kernels


def _float_matvec(layer: Any, x: Any) -> Any:
    import jax.numpy as jnp

    kernel = _as_matrix(layer, jnp.asarray(kernel_of(layer)).astype(layer.compute_dtype))
    result = jnp.sum(kernel.astype(jnp.float32) * _as_vector(layer, x).astype(jnp.float32), axis=-1)
    return _as_output(layer, result.astype(layer.compute_dtype), x)


def _int8_matvec(layer: Any, x: Any) -> Any:
    """As ``EinsumDense._int8_call`` and ``Dense._int8_call`` of keras 3.15 with float inputs."""
    import jax.numpy as jnp

    kernel = _as_matrix(layer, jnp.asarray(kernel_of(layer)))
    result = jnp.sum(kernel.astype(jnp.float32) * _as_vector(layer, x).astype(jnp.float32), axis=-1)
    result = _as_output(layer, result, x) / jnp.asarray(layer.kernel_scale)
    return result.astype(layer.compute_dtype)


def _rounded_int8_matvec(layer: Any, x: Any) -> Any:
    """The same with inputs that the layer rounds to int8."""
    import jax.numpy as jnp

    x, scale = quantize_int8_inputs(layer, x)
    kernel = _as_matrix(layer, jnp.asarray(kernel_of(layer)))
    result = jnp.sum(kernel.astype(jnp.int32) * _as_vector(layer, x).astype(jnp.int32), axis=-1)
    result = _as_output(layer, result.astype(layer.compute_dtype), x)
    return result / (scale * jnp.asarray(layer.kernel_scale))


def _int4_matvec(matvec: Callable[[Any, Any], Any], layer: Any, x: Any) -> Any:
    """As ``_int4_call`` of Dense and EinsumDense of keras 3.15 with blocks, without its rounding."""
    import jax.numpy as jnp

    result = matvec(layer, _as_vector(layer, x).astype(jnp.float32))
    return _as_output(layer, result.astype(layer.compute_dtype), x)


# --- products with embedding tables


def _float_logits(embedding: Any, hidden: Any) -> Any:
    import jax.numpy as jnp

    dtype = embedding.reverse_dtype or embedding.compute_dtype
    table = jnp.asarray(embedding.embeddings).astype(dtype).astype(jnp.float32)
    row = hidden[0].astype(dtype).astype(jnp.float32)
    return jnp.sum(table * row, axis=-1).astype(dtype)[None, None]


def _int8_logits(embedding: Any, hidden: Any) -> Any:
    import jax.numpy as jnp

    row = hidden[0].astype(embedding.compute_dtype).astype(jnp.float32)
    table = jnp.asarray(table_of(embedding)).astype(jnp.float32)
    logits = jnp.sum(table * row, axis=-1)[None, None] / jnp.asarray(embedding.embeddings_scale)
    return logits.astype(embedding.compute_dtype)


def _rounded_int8_logits(embedding: Any, hidden: Any) -> Any:
    """The same with a hidden state that the layer rounds to int8."""
    import jax.numpy as jnp

    row, scale = embedding.inputs_quantizer(hidden.astype(embedding.compute_dtype))
    table = jnp.asarray(table_of(embedding)).astype(jnp.int32)
    logits = jnp.sum(table * row[0].astype(jnp.int32), axis=-1)[None, None]
    scale = scale * jnp.asarray(embedding.embeddings_scale)
    return logits.astype(embedding.compute_dtype) / scale


# --- the axes of a kernel


def einsum_axes(layer: Any) -> tuple[str, str, str]:
    """The einsum axes of a layer's input, kernel and output."""
    if type(layer).__name__ == "Dense":
        return "a", "ab", "b"
    inputs, output = layer.equation.replace(" ", "").split("->")
    return (*inputs.split(","), output)


def _kernel_shape(layer: Any) -> tuple[int, ...]:
    if layer.quantization_mode == "int4":
        if type(layer).__name__ == "Dense":
            return (kernel_of(layer).shape[0], layer.units)
        return tuple(layer.original_kernel_shape)
    return tuple(kernel_of(layer).shape)


def _kernel_axes(layer: Any, rank: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The kernel's axes that appear in the output, and those that are summed over."""
    _, kernel, output = einsum_axes(layer)
    output_axes = tuple(i for i in range(rank) if kernel[i] in output)
    return output_axes, tuple(i for i in range(rank) if kernel[i] not in output)


def summed_input_axes(layer: Any) -> set[int]:
    """The axes of an EinsumDense layer's input that are summed over, counted from the first."""
    inputs, _, output = einsum_axes(layer)
    return {i for i, name in enumerate(inputs) if name not in output}


def _as_matrix(layer: Any, kernel: Any) -> Any:
    """The kernel as (output axes, summed axes); copies nothing if it is laid out that way."""
    import jax.numpy as jnp

    output_axes, summed = _kernel_axes(layer, kernel.ndim)
    rows = math.prod(kernel.shape[i] for i in summed)
    return jnp.transpose(kernel, (*output_axes, *summed)).reshape(-1, rows)


def _as_vector(layer: Any, x: Any) -> Any:
    """The single row as a vector, in the order of the kernel's summed axes."""
    import jax.numpy as jnp

    inputs, kernel, output = einsum_axes(layer)
    if type(layer).__name__ == "Dense":
        return x.reshape(-1)
    summed = [inputs.index(name) for name in kernel if name not in output]
    rest = [i for i in range(x.ndim) if i not in summed]
    return jnp.transpose(x, (*rest, *summed)).reshape(-1)


def _as_output(layer: Any, flat: Any, x: Any) -> Any:
    """The result in the layer's output shape; all axes that come from the input have length 1."""
    import jax.numpy as jnp

    inputs, kernel, output = einsum_axes(layer)
    shape = _kernel_shape(layer)
    if type(layer).__name__ == "Dense":
        return flat.reshape(*[1] * (x.ndim - 1), -1)
    axes = [i for i, name in enumerate(kernel) if name in output]
    result = flat.reshape([shape[i] for i in axes])
    order = [name for name in output if name not in inputs]
    result = jnp.transpose(result, [[kernel[i] for i in axes].index(name) for name in order])
    return result.reshape(
        [1 if name in inputs else result.shape[order.index(name)] for name in output]
    )
