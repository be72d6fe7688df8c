"""Keras's int4 times one row, on a GPU: four bytes are read at once, scales are applied to sums.

With groups (keras 3.15.1, ``Int4QuantizationConfig``) a number is ``(n - zero) × scale``, and 128
numbers of a sum share zero and scale. Eight of them are added up before the scale is applied, and
nothing is rounded on the way: 8 instructions a number where unpacking, rounding and multiplying each
took 19 (XLA's code for an H100, jax 0.11.2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.fit.weight_bytes import INT4_BLOCK as GROUP

#: Numbers that one term of a sum takes in.
EIGHT = 8
#: Where a word holds one column's numbers, and where two neighbours of a row.
_COLUMN, _ROW = (0, 8, 16, 24), tuple(range(0, 32, 4))


def build_int4_matvec(
    shape: tuple[int, ...], summed: tuple[int, ...]
) -> Callable[[Any, Any], Any] | None:
    """What multiplies a row with a kernel that Keras keeps as (rows, columns).

    Args:
        shape: the kernel's own.
        summed: its axes that are summed.

    Returns:
        From the layer and the row, float32 (numbers of a sum,), to float32 (columns,), in the order
        of the kernel's axes; None where there is no such sum.
    """
    rows = 1
    for axis in summed:
        rows *= shape[axis]
    if rows % GROUP or shape[-1] % 2:
        return None
    if summed == tuple(range(len(summed))):
        return _leading
    if len(shape) == 3 and summed == (1,) and not rows % (EIGHT * shape[0]):
        return _across
    return None


def _leading(layer: Any, row: Any) -> Any:
    """Two columns in a byte, groups along the rows."""
    words = _columns(layer)
    scale, zero = _turned(layer.kernel_scale), _turned(layer.kernel_zero)
    return _sums(words.reshape(scale.shape[0], -1), _COLUMN, row, scale, zero)


def _across(layer: Any, row: Any) -> Any:
    """The same for heads out of hidden states, (heads, hidden size, head size).

    Keras reshapes that to (rows, columns) as it stands: with 4 heads the row 0 holds the numbers of
    the first head for the hidden states 0 to 3, the row 1 those for 4 to 7.
    """
    import jax.numpy as jnp

    heads, hidden, width = layer.original_kernel_shape
    eights = hidden // heads // EIGHT  # of one head's rows
    words = _columns(layer).reshape(heads, width, heads, eights, 2)
    parts = jnp.transpose(row.reshape(eights, EIGHT, heads), (2, 0, 1))
    parts = parts.reshape(heads, 1, 1, eights, 2, len(_COLUMN))

    def spread(values: Any) -> Any:  # (groups, columns) -> of each eight rows
        each = jnp.repeat(_turned(values), GROUP // EIGHT, axis=1)
        return each.reshape(heads, width, heads, eights)

    terms = _terms(words, _COLUMN, parts, spread(layer.kernel_scale), spread(layer.kernel_zero))
    return jnp.sum(terms, axis=(0, 3)).T.reshape(-1)


def int4_logits(embedding: Any, hidden: Any) -> Any:
    """The logits of one hidden state: two neighbours of a row in a byte, groups along the row.

    Args:
        embedding: a ReversibleEmbedding.
        hidden: (1, 1, hidden size).

    Returns:
        (1, 1, vocabulary), in the layer's compute dtype.
    """
    import jax.numpy as jnp

    words = _words(jnp.asarray(embedding._embeddings))  # noqa: SLF001
    row = hidden.astype(embedding.compute_dtype).astype(jnp.float32).reshape(-1)
    scale, zero = jnp.asarray(embedding.embeddings_scale), jnp.asarray(embedding.embeddings_zero)
    return _sums(words, _ROW, row, scale, zero).astype(embedding.compute_dtype)[None, None]


def _turned(values: Any) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(values).T


def _words(packed: Any) -> Any:
    """Four bytes of a row in one number; each int4 in it is 8 more than it stands for."""
    import jax
    import jax.numpy as jnp

    fours = packed.reshape(*packed.shape[:-1], -1, 4)
    return jax.lax.bitcast_convert_type(fours, jnp.uint32) ^ jnp.uint32(0x88888888)


def _columns(layer: Any) -> Any:
    """A kernel's words, (columns / 2, 2, rows / 4): of both columns of a byte, each shifted down."""
    import jax.numpy as jnp

    words = _words(_turned(layer._kernel))  # noqa: SLF001
    return words[:, None] >> jnp.array([0, 4], jnp.uint32)[:, None]


def _sums(words: Any, shifts: tuple[int, ...], row: Any, scale: Any, zero: Any) -> Any:
    """Sums of int4 times a row.

    Args:
        words: uint32 (sums, words).
        shifts: where in a word its numbers stand, in the order of the row.
        row: float32 (numbers of a sum,).
        scale: (sums, groups).
        zero: (sums, groups).

    Returns:
        float32 (sums,).
    """
    import jax.numpy as jnp

    shape = row.shape[0] // GROUP, GROUP // EIGHT, EIGHT // len(shifts)
    parts = row.reshape(*shape, len(shifts))
    terms = _terms(words.reshape(-1, *shape), shifts, parts, scale[:, :, None], zero[:, :, None])
    return jnp.sum(terms, axis=(1, 2))


def _terms(words: Any, shifts: tuple[int, ...], parts: Any, scale: Any, zero: Any) -> Any:
    """Eight products each, their scale applied to the sum and not to each number.

    Args:
        words: uint32 (…, words of eight numbers).
        shifts: where in a word its numbers stand.
        parts: float32 (…, words, numbers of a word): what they are multiplied by.
        scale: (…).
        zero: (…).

    Returns:
        float32 (…).
    """
    import jax.numpy as jnp

    numbers = (words[..., None] >> jnp.array(shifts, jnp.uint32)) & jnp.uint32(15)
    scale, zero = scale.astype(jnp.float32), zero.astype(jnp.float32)
    each = (numbers.astype(jnp.float32) - (zero + 8)[..., None, None]) * parts
    each = each.reshape(*each.shape[:-2], EIGHT)
    # a sum that XLA takes for eight terms of the whole one, not for a sum of its own
    return sum(each[..., i] for i in range(EIGHT)) * scale
