"""The compiled programs of one model: prefill a prompt, decode one token."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from gemma_nb.generation.adapters import cache_of
from gemma_nb.generation.sampling import Sampling, next_token

#: The shortest prompt length that is compiled; longer ones double.
SHORTEST_BUCKET = 32


def bucket(length: int, longest: int) -> int:
    """The padded prompt length: the power of two at or above ``length``, at most ``longest``."""
    size = SHORTEST_BUCKET
    while size < length:
        size *= 2
    return min(size, longest)


class Decoder:
    """Runs a KerasHub task token by token, on its own weights and ``call_with_cache``.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens that the KV cache holds, prompt and reply together.
    """

    def __init__(self, lm: Any, max_length: int) -> None:
        self.lm = lm
        self.max_length = max_length
        self.cache = cache_of(lm)
        self.compilations = 0
        self.compile_seconds = 0.0
        self._programs: dict[tuple[Any, ...], Any] = {}

    def prefill(self, ids: Sequence[int], sampling: Sampling, key: Any) -> tuple[Any, Any]:
        """Computes the prompt and picks the first token of the reply.

        Args:
            ids: the prompt's token ids, fewer than ``max_length``.
            sampling: how to pick.
            key: the reply's JAX random key.

        Returns:
            The token, int32 of shape (1,), and the KV cache.
        """
        import numpy as np

        size = bucket(len(ids), self.max_length)
        tokens = np.zeros((1, size), np.int32)
        tokens[0, : len(ids)] = ids
        arguments = (self._weights(), tokens, np.int32(len(ids)), key, *_scalars(sampling))
        return self._program(("prefill", size), self._prefill, arguments)(*arguments)

    def decode(self, token: Any, position: int, cache: Any, sampling: Sampling, key: Any) -> Any:
        """Runs one token through the model and picks the next.

        Args:
            token: int32 of shape (1,).
            position: where ``token`` stands in the sequence.
            cache: the KV cache; it is used up.
            sampling: how to pick.
            key: the reply's JAX random key.

        Returns:
            The next token and the KV cache.
        """
        import numpy as np

        arguments = (self._weights(), token, np.int32(position), cache, key, *_scalars(sampling))
        # the cache is donated: the step writes into it instead of copying it
        return self._program(("decode",), self._decode, arguments, donate=(3,))(*arguments)

    def tokens(
        self, ids: Sequence[int], sampling: Sampling, seed: int, count: int
    ) -> Iterator[int]:
        """Yields ``count`` token ids of the reply; -1 where the logits were not numbers.

        The next step is sent to the device before the last token is read, so that the device does
        not wait for Python.

        Args:
            ids: the prompt's token ids, fewer than ``max_length``.
            sampling: how to pick.
            seed: of the random keys.
            count: how many; prompt and reply fit ``max_length`` together.
        """
        import jax

        key = jax.random.key(seed)
        token, cache = self.prefill(ids, sampling, key)
        for position in range(len(ids), len(ids) + count - 1):
            following, cache = self.decode(token, position, cache, sampling, key)
            yield int(token[0])
            token = following
        yield int(token[0])

    def _weights(self) -> tuple[list[Any], list[Any]]:
        return (
            [v.value for v in self.lm.trainable_variables],
            [v.value for v in self.lm.non_trainable_variables],
        )

    def _program(
        self, name: tuple[Any, ...], function: Callable[..., Any], arguments: Any, donate: Any = ()
    ) -> Any:
        if name not in self._programs:
            import jax

            started = time.perf_counter()
            traced = jax.jit(function, donate_argnums=donate).lower(*arguments)
            self._programs[name] = traced.compile()
            self.compilations += 1
            self.compile_seconds += time.perf_counter() - started
        return self._programs[name]

    def _call(self, weights: Any, tokens: Any, cache: Any, index: Any) -> tuple[Any, Any]:
        """``call_with_cache`` with ``weights`` in place of the task's own."""
        import keras

        variables = (*self.lm.trainable_variables, *self.lm.non_trainable_variables)
        values = (*weights[0], *weights[1])
        with keras.StatelessScope(state_mapping=zip(variables, values, strict=True)):
            logits, _, cache = self.lm.call_with_cache(tokens, cache, index)
        return logits, cache

    def _prefill(self, weights: Any, tokens: Any, length: Any, key: Any, *how: Any) -> Any:
        # no padding mask: what stands behind the prompt is never attended to before it is
        # overwritten by the reply
        cache = self.cache.empty(tokens.shape[1])
        logits, cache = self._call(weights, tokens, cache, 0)
        last = logits[:, length - 1]
        token = next_token(last, _key_at(key, length), *how)
        return token, self.cache.grown(cache, self.max_length)

    def _decode(
        self, weights: Any, token: Any, position: Any, cache: Any, key: Any, *how: Any
    ) -> Any:
        logits, cache = self._call(weights, token[:, None], cache, position)
        return next_token(logits[:, 0], _key_at(key, position + 1), *how), cache


def _key_at(key: Any, position: Any) -> Any:
    """The random key of the token that will stand at ``position``."""
    import jax

    return jax.random.fold_in(key, position)


def _scalars(sampling: Sampling) -> tuple[Any, Any, Any]:
    import numpy as np

    return (
        np.float32(sampling.temperature),
        np.int32(sampling.top_k),
        np.float32(sampling.top_p),
    )
