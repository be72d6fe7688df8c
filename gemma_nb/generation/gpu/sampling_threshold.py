"""Top-k and top-p on a GPU without sorting the vocabulary.

Both keep the tokens from some logit on. That logit is found digit by digit in the integers that are
ordered as the logits are: each pass over the vocabulary counts the tokens above several candidates,
and sums their probabilities. One row of 262,144 logits in bfloat16 takes 69 µs in a loop, with a sort
90; 64 rows 650 µs and 2,230 (an H200, jax 0.11.2, 2026-11-30). A histogram of the 65,536 values took
53 µs for one row, but 0.3 ms where all logits were the same: its atomic additions wait for each
other.
"""

from __future__ import annotations

import math
from typing import Any

#: Tokens that one block adds up.
_BLOCK = 256
#: Candidates of one pass, all rows together, and of one row at least.
_CANDIDATES, _FEWEST = 64, 4


def filter_logits_by_search(logits: Any, temperature: Any, top_k: Any, top_p: Any) -> Any:
    """As ``sampling.filter_logits`` of the logits divided by the temperature.

    Args:
        logits: float array, shape (batch, vocabulary). A 16-bit dtype halves the passes.
        temperature: scalar float32 above 0.
        top_k: scalar int32; 0 keeps all.
        top_p: scalar float32 in (0, 1].

    Returns:
        float32 array of the same shape: the divided logits, minus infinity for what is left out.
    """
    import jax.numpy as jnp

    batch, size = logits.shape
    keys, bits = _ordered_integers(logits)
    scaled = logits.astype(jnp.float32) / temperature
    mass = jnp.exp(scaled - jnp.max(scaled, axis=-1, keepdims=True))
    lacking = -size % _BLOCK
    blocks = tuple(
        jnp.pad(x, ((0, 0), (0, lacking))).reshape(batch, -1, _BLOCK) for x in (keys, mass)
    )
    digits = _digits(bits, batch)
    count = jnp.where(top_k > 0, jnp.minimum(top_k, size), size)[None]
    shift = bits - digits[0]
    # the first digit of both in one pass
    tops = _candidates(jnp.zeros((batch, 1), jnp.int32), digits[0], shift)
    first_counts, first_sums = _above(blocks, tops)
    kth = _find(blocks, digits, (first_counts >= count).sum(-1), lambda c, _: c >= count)
    kept = jnp.sum(jnp.where(keys >= kth, mass, 0.0), axis=-1, keepdims=True)
    wanted = top_p * kept
    lowest = _find(blocks, digits, (first_sums >= wanted).sum(-1), lambda _, s: s >= wanted)
    lowest = jnp.where(top_p < 1, jnp.maximum(lowest, kth), kth)
    return jnp.where(keys < lowest, -jnp.inf, scaled)


def _ordered_integers(logits: Any) -> tuple[Any, int]:
    """Integers from 0 that are ordered as the logits are, and their number of bits."""
    import jax
    import jax.numpy as jnp

    bits = 16 if logits.dtype == jnp.bfloat16 else 31
    signed = jax.lax.bitcast_convert_type(logits.astype(jnp.float32) + 0.0, jnp.int32)
    ordered = signed ^ ((signed >> 31) & 0x7FFFFFFF)
    if bits == 16:
        return (ordered >> 16) + (1 << 15), bits
    # 31 bits, so that sums of digits stay positive: the last bit of float32 is dropped
    return (ordered >> 1) + (1 << 30), bits


def _digits(bits: int, batch: int) -> list[int]:
    """The bits of each digit, from the highest: fewer of them for more rows."""
    candidates = max(_FEWEST, _CANDIDATES // batch)
    passes = math.ceil(bits / math.log2(candidates))
    return [bits // passes + (i < bits % passes) for i in range(passes)]


def _candidates(prefix: Any, bits: int, shift: int) -> Any:
    """The largest integer with each digit but the last, (batch, digits - 1)."""
    import jax.numpy as jnp

    return prefix + ((jnp.arange(2**bits - 1, dtype=jnp.int32) + 1) << shift)[None] - 1


def _above(blocks: tuple[Any, ...], candidates: Any) -> tuple[Any, Any]:
    """How many keys lie above each candidate, and the sum of their masses, (batch, candidates)."""
    import jax.numpy as jnp

    keys, mass = (x[:, None] for x in blocks)
    above = keys > candidates[:, :, None, None]
    counts = jnp.sum(above.astype(jnp.int32), axis=3)
    sums = jnp.sum(jnp.where(above, mass, 0.0), axis=3)
    return counts.sum(axis=2), sums.sum(axis=2)


def _find(blocks: tuple[Any, ...], digits: list[int], first: Any, reaches: Any) -> Any:
    """The smallest integer above which too few tokens lie, (batch, 1).

    Args:
        blocks: keys and masses, (batch, blocks, tokens).
        digits: as from ``_digits``.
        first: the first digit, (batch,).
        reaches: whether counts and sums are large enough.
    """
    import jax.numpy as jnp

    shift = sum(digits[1:])
    value = first.astype(jnp.int32)[:, None] << shift
    for bits in digits[1:]:
        shift -= bits
        enough = reaches(*_above(blocks, _candidates(value, bits, shift)))
        value += enough.sum(-1, dtype=jnp.int32)[:, None] << shift
    return value
