"""Keras's int4 kernels times one row, on a GPU: reads four bytes at once, applies scales to sums.

With blocks (keras 3.15.1, ``Int4QuantizationConfig``) a number is ``(n - zero) × scale``, and the
numbers of a block (32 or 128, read from the layer) share zero and scale. Four or eight numbers are
added up before the scale is applied, and nothing is rounded on the way. Gemma 3 12B makes 1.12 times
as many tokens a second as in bfloat16 (an H200, jax 0.11.2, 2026-11-30; 0.91 before the row was in
memory order).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
    """Sums over the kernel's first axes: a byte holds two columns, blocks run along the rows.

    Both columns of a byte are summed in one reduction, which reads each word once.
    """
    import jax
    import jax.numpy as jnp

    scale, zero = _transposed(layer.kernel_scale), _transposed(layer.kernel_zero)
    pairs, blocks = scale.shape[0] // 2, scale.shape[1]
    words = _words(_transposed(kernel_of(layer))).reshape(pairs, blocks, -1, 1)
    factors = _in_memory_order(row.reshape(1, blocks, -1, 1, len(_COLUMN_SHIFTS)))
    scale, zero = (x.reshape(pairs, 2, blocks)[..., None] for x in (scale, zero))
    columns = tuple(
        _terms(words, [s + 4 * i for s in _COLUMN_SHIFTS], factors, scale[:, i], zero[:, i])
        for i in range(2)
    )
    zeros = (jnp.float32(0),) * 2
    sums = jax.lax.reduce(columns, zeros, lambda a, b: (a[0] + b[0], a[1] + b[1]), (1, 2))
    return jnp.stack(sums, axis=1).reshape(-1)


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
    factors = _in_memory_order(factors.reshape(heads, 1, 1, terms_per_head, 2, len(_COLUMN_SHIFTS)))

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
    factors = _in_memory_order(row.reshape(*shape, len(shifts)))
    words = words.reshape(-1, *shape)
    terms = _terms(words, shifts, factors, scale[:, :, None], zero[:, :, None])
    return jnp.sum(terms, axis=(1, 2))


def _in_memory_order(factors: Any) -> Any:
    """The factors of a word's numbers, (words of a term, numbers of a word, …).

    The threads of a GPU then read neighbours. Where they read every eighth number, the row took
    longer than the kernel: 68 instead of 22 µs for 15,360 × 3,840 (an H200). The barrier keeps XLA
    from computing the order where it reads it.

    Args:
        factors: float32 (…, words of a term, numbers of a word).
    """
    import jax
    import jax.numpy as jnp

    return jax.lax.optimization_barrier(jnp.moveaxis(factors, (-2, -1), (0, 1)))


def _terms(words: Any, shifts: Sequence[int], factors: Any, scale: Any, zero: Any) -> Any:
    """Sums of a term's products; the scale is applied to the term, not to each number.

    Args:
        words: uint32 (…, words of a term).
        shifts: bit offsets of a word's numbers.
        factors: as from ``_in_memory_order``.
        scale: (…).
        zero: (…).

    Returns:
        float32 (…).
    """
    import jax
    import jax.numpy as jnp

    # a number in the last bits of 2^23 is that float plus the number: no conversion is needed
    magic = 0x4B000000
    offset = zero.astype(jnp.float32) + (2**23 + 8)
    total: Any = 0.0
    # written as additions: XLA then fuses them into the outer sum
    for i in range(words.shape[-1]):
        for j, shift in enumerate(shifts):
            bits = ((words[..., i] >> shift) & jnp.uint32(15)) | jnp.uint32(magic)
            total += (jax.lax.bitcast_convert_type(bits, jnp.float32) - offset) * factors[i, j]
    return total * scale.astype(jnp.float32)
