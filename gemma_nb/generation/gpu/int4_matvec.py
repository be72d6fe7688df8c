"""Keras's int4 kernels times one row, on a GPU: reads four bytes at once, applies scales to sums.

With blocks (keras 3.15.1, ``Int4QuantizationConfig``) a number is ``(n - zero) × scale``, and the
numbers of a block (32 or 128, read from the layer) share zero and scale. Eight numbers are added up before the scale is applied, and
nothing is rounded on the way: 8 instructions per number, where unpacking, rounding and multiplying
each number took 19 (XLA's code for an H100, jax 0.11.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gemma_nb.generation.keras_internals import kernel_of, table_of
from gemma_nb.loading.quantize import block_size

#: Numbers that are added up before their scale is applied.
_NUMBERS_PER_TERM = 8
#: Bit offsets of the numbers in a 32-bit word: of one column's four numbers, where a byte holds two
#: columns; and of eight neighbours in a row, where a byte holds two neighbours.
_COLUMN_SHIFTS, _ROW_SHIFTS = (0, 8, 16, 24), tuple(range(0, 32, 4))


def has_int4_blocks(layer: Any) -> bool:
    """Whether a layer is quantized to int4 in blocks that hold whole terms."""
    size = block_size(layer)
    return layer.quantization_mode == "int4" and size > 0 and not size % _NUMBERS_PER_TERM


def build_int4_matvec(
    layer: Any, shape: tuple[int, ...], summed: tuple[int, ...]
) -> Callable[[Any, Any], Any] | None:
    """Returns a function that multiplies one row with a kernel that Keras stores as (rows, columns).

    Args:
        layer: the layer.
        shape: the kernel's own shape.
        summed: the kernel's axes that are summed over.

    Returns:
        A function from the layer and the row, float32 (rows,), to float32 (columns,), in the order
        of the kernel's axes; None if the shape is not supported.
    """
    rows = math.prod(shape[axis] for axis in summed)
    if not has_int4_blocks(layer) or layer.inputs_quantizer is not None:
        return None
    if rows % block_size(layer) or shape[-1] % 2:
        return None
    if summed == tuple(range(len(summed))):
        return _leading_axes_matvec
    if len(shape) == 3 and summed == (1,) and not rows % (_NUMBERS_PER_TERM * shape[0]):
        return _middle_axis_matvec
    return None


def _leading_axes_matvec(layer: Any, row: Any) -> Any:
    """Sums over the kernel's first axes: a byte holds two columns, blocks run along the rows."""
    words = _column_words(layer)
    scale, zero = _transposed(layer.kernel_scale), _transposed(layer.kernel_zero)
    words = words.reshape(scale.shape[0], -1)
    return _block_sums(words, _COLUMN_SHIFTS, row, scale, zero, block_size(layer))


def _middle_axis_matvec(layer: Any, row: Any) -> Any:
    """Sums over the middle axis of (heads, hidden size, head size).

    Keras reshapes such a kernel to (rows, columns) without a transpose: with 4 heads, row 0 holds
    the first head's numbers for the hidden states 0 to 3, and row 1 those for 4 to 7.
    """
    import jax.numpy as jnp

    heads, hidden, width = layer.original_kernel_shape
    terms_per_head = hidden // heads // _NUMBERS_PER_TERM  # in the rows of one head
    terms_per_block = block_size(layer) // _NUMBERS_PER_TERM
    words = _column_words(layer).reshape(heads, width, heads, terms_per_head, 2)
    factors = jnp.transpose(row.reshape(terms_per_head, _NUMBERS_PER_TERM, heads), (2, 0, 1))
    factors = factors.reshape(heads, 1, 1, terms_per_head, 2, len(_COLUMN_SHIFTS))

    def per_term(values: Any) -> Any:  # (blocks, columns) -> a value for each term
        repeated = jnp.repeat(_transposed(values), terms_per_block, axis=1)
        return repeated.reshape(heads, width, heads, terms_per_head)

    scale, zero = per_term(layer.kernel_scale), per_term(layer.kernel_zero)
    terms = _terms(words, _COLUMN_SHIFTS, factors, scale, zero)
    return jnp.sum(terms, axis=(0, 3)).T.reshape(-1)


def int4_logits(embedding: Any, hidden: Any) -> Any:
    """Logits of one hidden state: a byte holds two neighbours of a row, blocks run along the row.

    A preset that KerasHub opens rounds the hidden state to int8 first (keras 3.15.1,
    ``ReversibleEmbedding._int4_call``).

    Args:
        embedding: a ReversibleEmbedding.
        hidden: (1, 1, hidden size).

    Returns:
        (1, 1, vocabulary), in the layer's compute dtype.
    """
    import jax.numpy as jnp

    words = _words(jnp.asarray(table_of(embedding)))
    row, row_scale = hidden.astype(embedding.compute_dtype), None
    if embedding.inputs_quantizer is not None:
        row, row_scale = embedding.inputs_quantizer(row)
    row = row.astype(jnp.float32).reshape(-1)
    scale, zero = jnp.asarray(embedding.embeddings_scale), jnp.asarray(embedding.embeddings_zero)
    sums = _block_sums(words, _ROW_SHIFTS, row, scale, zero, block_size(embedding))
    logits = sums.astype(embedding.compute_dtype)[None, None]
    return logits if row_scale is None else logits / row_scale


def _transposed(values: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(values).T


def _words(packed: Any) -> Any:
    """Four bytes of a row in one uint32. Each int4 in it is stored plus 8, so it is not negative."""
    import jax
    import jax.numpy as jnp

    fours = packed.reshape(*packed.shape[:-1], -1, 4)
    return jax.lax.bitcast_convert_type(fours, jnp.uint32) ^ jnp.uint32(0x88888888)


def _column_words(layer: Any) -> Any:
    """A kernel's words, (columns / 2, 2, rows / 4): one for each column of a byte, shifted down."""
    import jax.numpy as jnp

    words = _words(_transposed(kernel_of(layer)))
    return words[:, None] >> jnp.array([0, 4], jnp.uint32)[:, None]


def _block_sums(
    words: Any, shifts: tuple[int, ...], row: Any, scale: Any, zero: Any, block: int
) -> Any:
    """Sums of int4 numbers times a row.

    Args:
        words: uint32 (sums, words).
        shifts: bit offsets of a word's numbers, in the order of the row.
        row: float32 (numbers of a sum,).
        scale: (sums, blocks).
        zero: (sums, blocks).
        block: the numbers of a block.

    Returns:
        float32 (sums,).
    """
    import jax.numpy as jnp

    terms_per_block = block // _NUMBERS_PER_TERM
    shape = row.shape[0] // block, terms_per_block, _NUMBERS_PER_TERM // len(shifts)
    factors = row.reshape(*shape, len(shifts))
    words = words.reshape(-1, *shape)
    terms = _terms(words, shifts, factors, scale[:, :, None], zero[:, :, None])
    return jnp.sum(terms, axis=(1, 2))


def _terms(words: Any, shifts: tuple[int, ...], factors: Any, scale: Any, zero: Any) -> Any:
    """Terms of eight products each; the scale is applied to the term, not to each number.

    Args:
        words: uint32 (…, words of a term).
        shifts: bit offsets of a word's numbers.
        factors: float32 (…, words of a term, numbers of a word).
        scale: (…).
        zero: (…).

    Returns:
        float32 (…).
    """
    import jax.numpy as jnp

    numbers = (words[..., None] >> jnp.array(shifts, jnp.uint32)) & jnp.uint32(15)
    scale, zero = scale.astype(jnp.float32), zero.astype(jnp.float32)
    products = (numbers.astype(jnp.float32) - (zero + 8)[..., None, None]) * factors
    products = products.reshape(*products.shape[:-2], _NUMBERS_PER_TERM)
    # written as eight additions: XLA then fuses them into the outer sum
    return sum(products[..., i] for i in range(_NUMBERS_PER_TERM)) * scale
