"""Products of a few rows with kernels and tables on a processor, each read once as it is stored.

A decode step multiplies one row by each kernel. XLA's CPU compiler fuses such a product with what
makes its matrix: numbers of 8 or 16 bits become float32 while they are read, on all cores, and no
float32 copy is written. It does so under three conditions (jax 0.10.2, XLA's
``CpuInstructionFusion``): the row is a vector, it takes less than 16 KiB, and the matrix is a
computed value. It is fast where the summed axes are contiguous; ``relayout`` lays kernels out so.
Two cores of an AMD EPYC, numbers of a 32768 × 640 kernel a second, float32 / bfloat16 / int8: 8, 13
and 21 G in this form, 0.6, 0.13 and 0.13 G with Keras's layout (2026-11-29).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gemma_nb.fit.cache_layout import PROCESSOR_ROWS
from gemma_nb.generation.gpu.fused_matvec import einsum_axes
from gemma_nb.generation.keras_internals import (
    finish_product,
    int4_halves,
    int4_shape,
    kernel_of,
    soft_capped,
    table_of,
)
from gemma_nb.loading.quantize import block_size
from gemma_nb.loading.relayout import contracted_last, is_laid_out

#: Most numbers of a row that XLA fuses a product of: its bound is below 16 KiB of float32.
MAX_SUMMED = 4095
#: Most parts of an int4 projection to several heads: each is a product of its own to compile.
MAX_INT4_PARTS = 8


def on_processor() -> bool:
    """Whether JAX's default device is a processor."""
    import jax

    return jax.default_backend() == "cpu"


def build_product(layer: Any) -> Callable[[Any], Any] | None:
    """Returns a function that computes a Dense or EinsumDense layer's output on a processor.

    The product is computed in float32 and rounded to the layer's dtype after its scale.

    Args:
        layer: a Keras layer.

    Returns:
        A function from the layer's input to its output, equal to the layer's own apart from the
        order of its sums and from rounding; None if the kernel is not laid out for it, the layer
        uses LoRA, rounds its inputs, or is quantized in another way than int8 or int4 in blocks.
    """
    order = contracted_last(layer)
    if order is None or layer.lora_enabled or not is_laid_out(layer):
        return None
    inputs, kernel, output = einsum_axes(layer)
    if set(inputs) & set(kernel) & set(output):
        return None  # a batched product, with a kernel for each row
    mode = layer.quantization_mode
    if mode and getattr(layer, "inputs_quantizer", None) is not None:
        return None
    if mode not in (None, "int8") and not _has_int4_form(layer):
        return None

    def call(x: Any) -> Any:
        import jax.numpy as jnp

        x = jnp.asarray(x).astype(layer.compute_dtype)
        multiply = _multiply_int4 if mode == "int4" else _multiply
        result = _as_output(layer, multiply(layer, _as_rows(layer, x)), x)
        if mode == "int8":
            result = result / jnp.asarray(layer.kernel_scale)
        return finish_product(layer, result.astype(layer.compute_dtype))

    return call


def build_logits(embedding: Any) -> Callable[[Any], Any] | None:
    """Returns a function that computes logits on a processor from a tied embedding.

    Args:
        embedding: a KerasHub ReversibleEmbedding.

    Returns:
        A function from (batch, size, hidden size) to float32 (batch, size, vocabulary), which are
        not rounded to the embedding's dtype; None on another device, or if the table is in int4,
        its inputs are rounded, or it uses LoRA.
    """
    tied = getattr(embedding, "tie_weights", False)  # Gemma 3n's embedding is a function
    mode = getattr(embedding, "quantization_mode", None)
    if not tied or mode not in (None, "int8") or not on_processor():
        return None
    if getattr(embedding, "inputs_quantizer", None) is not None or embedding.lora_enabled:
        return None

    def call(hidden: Any) -> Any:
        import jax.numpy as jnp

        dtype = embedding.compute_dtype
        if mode is None:
            dtype = embedding.reverse_dtype or dtype
        logits = table_logits(table_of(embedding), hidden.astype(dtype))
        if mode == "int8":
            logits = logits / jnp.asarray(embedding.embeddings_scale)
        return soft_capped(logits, embedding.logit_soft_cap)

    return call


def table_logits(table: Any, hidden: Any) -> Any:
    """The product of hidden states with the rows of a table.

    Args:
        table: (vocabulary, hidden size), in any dtype.
        hidden: (…, hidden size).

    Returns:
        float32 (…, vocabulary).
    """
    import jax.numpy as jnp

    rows = jnp.asarray(hidden).astype(jnp.float32).reshape(-1, hidden.shape[-1])
    return multiply_rows(rows, jnp.asarray(table)).reshape(*hidden.shape[:-1], -1)


def multiply_rows(rows: Any, matrix: Any) -> Any:
    """Multiplies rows by a matrix whose summed axis comes last.

    Args:
        rows: float32 (rows, summed).
        matrix: (columns, summed), in any dtype.

    Returns:
        float32 (rows, columns).
    """
    import jax.numpy as jnp

    if rows.shape[0] > PROCESSOR_ROWS:
        return rows @ matrix.astype(jnp.float32).T
    return jnp.stack([_multiply_row(row, matrix) for row in rows])


def _multiply_row(row: Any, matrix: Any) -> Any:
    """One row of ``multiply_rows``, in parts that XLA fuses with the conversion of the matrix."""
    import jax.numpy as jnp

    row, size = _materialized(row), row.shape[0]
    step = -(-size // -(-size // MAX_SUMMED))
    spans = [slice(start, start + step) for start in range(0, size, step)]
    # materialized: XLA would compute a product within what adds it to another value, and then write a
    # float32 copy of its matrix
    parts = (_materialized(row[span] @ matrix[:, span].astype(jnp.float32).T) for span in spans)
    return sum(parts, start=next(parts))


def _materialized(value: Any) -> Any:
    """The value, written to memory: else XLA computes it anew inside the loop of a product."""
    # private: an experimental module of jax 0.10.2 to 0.11.2
    from jax.experimental.layout import Layout, with_layout_constraint

    return with_layout_constraint(value, Layout(major_to_minor=tuple(range(value.ndim))))


def has_column_pairs(layer: Any) -> bool:
    """Whether a layer is in int4 blocks, and its bytes hold neighbours of the output's last axis."""
    if layer.quantization_mode != "int4" or not block_size(layer) or int4_shape(layer)[-1] % 2:
        return False
    _, kernel, output = einsum_axes(layer)
    return kernel[-1] == output[-1]


def _multiply(layer: Any, rows: Any) -> Any:
    """Rows times a float or int8 kernel: (rows, other axes of the kernel)."""
    import jax.numpy as jnp

    kernel = jnp.asarray(kernel_of(layer))
    others, summed = _axes(layer)
    matrix = jnp.transpose(kernel, (*others, *summed)).reshape(-1, rows.shape[1])
    if len(summed) > 1:  # else the loop over a row would divide to find each number
        matrix = _materialized(matrix)
    return multiply_rows(rows, matrix).reshape(-1, *(kernel.shape[i] for i in others))


def _multiply_int4(layer: Any, rows: Any) -> Any:
    """Rows times an int4 kernel: its even and odd columns, each of which is half of every byte."""
    import jax.numpy as jnp

    shape, parts = int4_shape(layer), _int4_parts(layer)
    others, summed = _axes(layer)
    order = (0, *(i + 1 for i in (*others[:-1], *summed)))
    halves = []
    for half in int4_halves(layer, jnp.asarray(kernel_of(layer))):
        products = []
        matrix = half if parts == 1 else _materialized(half)  # for the reason in ``_multiply``
        for j, part in enumerate(jnp.split(matrix, parts)):
            # half of the last axis, then all others
            kernel = part.reshape(-1, *shape[:-2], shape[-2] // parts)
            x = rows[:, j::parts]
            products.append(multiply_rows(x, jnp.transpose(kernel, order).reshape(-1, x.shape[1])))
        halves.append(sum(products[1:], start=products[0]))
    result = jnp.stack(halves, axis=-1)
    result = result.reshape(-1, shape[-1] // 2, *(shape[i] for i in others[:-1]), 2)
    result = jnp.moveaxis(result, 1, -2)
    return result.reshape(*result.shape[:-2], -1)


def _int4_parts(layer: Any) -> int:
    """How many neighbours along the kernel's last axis but one Keras puts in a row of its matrix.

    A projection to several heads, (heads, inputs, size), is stored as (inputs, heads × size)
    without a transpose (keras 3.15.1, ``EinsumDense._int4_build``).
    """
    return int(2 * kernel_of(layer).shape[1] // int4_shape(layer)[-1])


def _has_int4_form(layer: Any) -> bool:
    """Whether ``_multiply_int4`` computes a layer's product."""
    if not has_column_pairs(layer):
        return False
    shape, parts = int4_shape(layer), _int4_parts(layer)
    divides = len(shape) - 2 in _axes(layer)[1] and shape[-2] % parts == 0
    return parts == 1 or (divides and parts <= MAX_INT4_PARTS)


def _axes(layer: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The kernel's axes that appear in the output, and those that are summed over."""
    _, kernel, output = einsum_axes(layer)
    others = tuple(i for i, name in enumerate(kernel) if name in output)
    return others, tuple(i for i, name in enumerate(kernel) if name not in output)


def _as_rows(layer: Any, x: Any) -> Any:
    """The layer's input as float32 (rows, summed), the summed axes in the kernel's order."""
    import jax.numpy as jnp

    x = x.astype(jnp.float32)
    if type(layer).__name__ == "Dense":
        return x.reshape(-1, x.shape[-1])
    inputs, kernel, output = einsum_axes(layer)
    summed = [inputs.index(name) for name in kernel if name not in output]
    kept = [i for i in range(x.ndim) if i not in summed]
    return jnp.transpose(x, (*kept, *summed)).reshape(-1, math.prod(x.shape[i] for i in summed))


def _as_output(layer: Any, result: Any, x: Any) -> Any:
    """A result (rows, other axes of the kernel) in the layer's output shape."""
    import jax.numpy as jnp

    if type(layer).__name__ == "Dense":
        return result.reshape(*x.shape[:-1], -1)
    inputs, kernel, output = einsum_axes(layer)
    kept = [name for name in inputs if name in output]
    names = [*kept, *(name for name in kernel if name in output)]
    sizes = [x.shape[inputs.index(name)] for name in kept]
    result = result.reshape(*sizes, *result.shape[1:])
    return jnp.transpose(result, [names.index(name) for name in output])
