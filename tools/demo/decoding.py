"""Batched greedy decoding over KerasHub's own ``call_with_cache``, for the evaluation."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .vocabulary import END_OF_TURN

MOST_NEW = 160
_EOS = 1


def _run(
    causal_lm: Any, values: list[jax.Array], tokens: jax.Array, lengths: jax.Array
) -> jax.Array:
    """Fills ``tokens`` (batch, total) greedily behind each row's ``lengths`` prompt tokens."""
    import keras

    backbone = causal_lm.backbone
    with keras.StatelessScope(list(zip(causal_lm.variables, values, strict=True))):
        shape = (*tokens.shape, backbone.num_key_value_heads, backbone.head_dim)
        cache = tuple((jnp.zeros(shape), jnp.zeros(shape)) for _ in range(backbone.num_layers))
        # All prompts at once: what lies behind a shorter one is overwritten before it is looked at.
        _, _, cache = causal_lm.call_with_cache(tokens[:, :-MOST_NEW], cache, 0)

        def going(carry):
            _, _, index, done = carry
            return (index < tokens.shape[1]) & ~done.all()

        def step(carry):
            tokens, cache, index, done = carry
            last = jax.lax.dynamic_slice_in_dim(tokens, index - 1, 1, axis=1)
            logits, _, cache = causal_lm.call_with_cache(last, cache, index - 1)
            chosen = logits[:, 0].argmax(-1).astype(tokens.dtype)
            kept = jax.lax.dynamic_slice_in_dim(tokens, index, 1, axis=1)[:, 0]
            inside = index < lengths
            chosen = jnp.where(inside, kept, chosen)
            done |= ~inside & ((chosen == END_OF_TURN) | (chosen == _EOS))
            done |= index >= lengths + MOST_NEW
            tokens = jax.lax.dynamic_update_slice_in_dim(tokens, chosen[:, None], index, axis=1)
            return tokens, cache, index + 1, done

        done = jnp.zeros(tokens.shape[0], bool)
        return jax.lax.while_loop(going, step, (tokens, cache, lengths.min(), done))[0]


class Greedy:
    """Greedy continuations of many prompts.

    Args:
        causal_lm: a loaded KerasHub Gemma 3 task, float32.
        batch: rows decoded together.
    """

    def __init__(self, causal_lm: Any, batch: int = 256) -> None:
        self._run = jax.jit(partial(_run, causal_lm))
        self._values = [v.value for v in causal_lm.variables]
        self._batch = batch

    def __call__(self, prompts: list[list[int]]) -> list[list[int]]:
        """The new ids behind each prompt (``<bos>`` in front of it), the stop token included."""
        out: list[list[int]] = [[] for _ in prompts]
        by_length = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        for at in range(0, len(by_length), self._batch):
            chosen = by_length[at : at + self._batch]
            longest = len(prompts[chosen[-1]])
            total = -(-longest // 64) * 64 + MOST_NEW
            tokens = np.zeros((self._batch, total), np.int32)
            lengths = np.full(self._batch, longest, np.int32)
            for row, i in enumerate(chosen):
                tokens[row, : len(prompts[i])] = prompts[i]
                lengths[row] = len(prompts[i])
            for row in range(len(chosen), self._batch):  # fill up with the first prompt
                tokens[row], lengths[row] = tokens[0], lengths[0]
            filled = np.asarray(self._run(self._values, jnp.asarray(tokens), jnp.asarray(lengths)))
            for row, i in enumerate(chosen):
                new = filled[row, lengths[row] : lengths[row] + MOST_NEW].tolist()
                stops = [k for k, token in enumerate(new) if token in (END_OF_TURN, _EOS)]
                out[i] = new[: stops[0] + 1] if stops else new
        return out
