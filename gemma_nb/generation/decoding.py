"""The compiled programs of one model: take a stretch of tokens in, pick the next one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.generation.attention import KeyValue, Step
from gemma_nb.generation.families import family_of
from gemma_nb.generation.sampling import Sampling, next_token
from gemma_nb.memory.plan import STRETCH

#: Prompts are computed in stretches of one of these lengths; the last is padded to the next one.
BUCKETS = (32, 64, 128, 256, STRETCH)


def stretches(count: int) -> list[tuple[int, int]]:
    """How a prompt of ``count`` tokens is cut: (real tokens, padded length) of each stretch."""
    longest = BUCKETS[-1]
    cut = [(longest, longest)] * (count // longest)
    if rest := count % longest:
        cut.append((rest, next(size for size in BUCKETS if size >= rest)))
    return cut


@dataclass
class Context:
    """A KV cache and the tokens that are in it.

    Attributes:
        caches: layer -> keys and values.
        ids: the tokens whose keys and values the caches hold.
    """

    caches: Any
    ids: list[int] = field(default_factory=list)


class Decoder:
    """Runs a KerasHub task token by token, on its own weights and layers.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens that the KV cache holds, prompt and reply together.

    Attributes:
        compilations: how many programs were compiled.
        compile_seconds: how long that took.
    """

    def __init__(self, lm: Any, max_length: int) -> None:
        self.lm = lm
        self.max_length = max_length
        self.family = family_of(lm)
        self.compilations = 0
        self.compile_seconds = 0.0
        self._programs: dict[tuple[Any, ...], Any] = {}

    def tokens(
        self,
        ids: Sequence[int],
        sampling: Sampling,
        seed: int,
        count: int,
        context: Context | None = None,
    ) -> Iterator[int]:
        """Yields ``count`` token ids of the reply; -1 where the logits were not numbers.

        The next step is sent to the device before the last token is read, so that the device does
        not wait for Python.

        Args:
            ids: the prompt's token ids, fewer than ``max_length``.
            sampling: how to pick.
            seed: of the random numbers, 0 to 2³² - 1.
            count: how many; prompt and reply fit ``max_length`` together.
            context: a KV cache that holds the prompt's beginning, at least its last token
                excepted; it is used up and holds prompt and reply afterwards. None begins anew.
        """
        import numpy as np

        weights = self._weights()
        context = context or self.empty()
        how = (np.uint32(seed), *_scalars(sampling))
        token = self._prompt(weights, ids, context, how)
        for position in range(len(ids), len(ids) + count - 1):
            at = np.array([position], np.int32)
            following = self._step(weights, token, at, np.ones(1, np.int32), context, how)
            picked = int(np.asarray(token)[0])
            context.ids.append(picked)
            yield picked
            token = following
        yield int(np.asarray(token)[0])

    def logits(self, ids: Sequence[int]) -> Any:
        """What the model makes of the token that would follow ``ids``.

        Args:
            ids: token ids, fewer than ``max_length``.

        Returns:
            A NumPy float32 array, shape (vocabulary,).
        """
        import numpy as np

        context = self.empty()
        return np.asarray(self._prompt(self._weights(), ids, context, ()))[0]

    def empty(self) -> Context:
        """An empty KV cache for one conversation."""
        return Context(self._program(("empty",), self._empty, ())())

    def _prompt(
        self, weights: Any, ids: Sequence[int], context: Context, how: tuple[Any, ...]
    ) -> Any:
        import numpy as np

        token = None
        for real, size in stretches(len(ids) - len(context.ids)):
            start = len(context.ids)
            tokens = np.zeros((1, size), np.int32)
            tokens[0, :real] = ids[start : start + real]
            at, length = np.array([start], np.int32), np.array([real], np.int32)
            token = self._step(weights, tokens, at, length, context, how)
            context.ids.extend(ids[start : start + real])
        return token

    def _step(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        context: Context,
        how: tuple[Any, ...],
    ) -> Any:
        arguments = (weights, tokens, start, length, context.caches, *how)
        # the caches are donated: the step writes into them instead of copying them
        run = self._pick if how else self._look
        step = self._program((run.__name__, tokens.shape), run, arguments, donate=(4,))
        token, context.caches = step(*arguments)
        return token

    def _weights(self) -> list[Any]:
        return [v.value for v in self._variables()]

    def _variables(self) -> list[Any]:
        return [*self.lm.trainable_variables, *self.lm.non_trainable_variables]

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

    def _empty(self) -> dict[int, KeyValue]:
        import jax.numpy as jnp

        def zeros(layer: Any) -> Any:
            shape = (1, layer.slots(self.max_length), layer.heads, layer.head_dim)
            return jnp.zeros(shape, self.lm.compute_dtype)

        return {i: KeyValue(zeros(c), zeros(c)) for i, c in self.family.layers.items()}

    def _look(
        self, weights: Any, tokens: Any, start: Any, length: Any, caches: dict[int, KeyValue]
    ) -> tuple[Any, dict[int, KeyValue]]:
        """One pass: takes tokens into the caches; the logits of the token that follows."""
        import jax.numpy as jnp
        import keras

        tokens = tokens.reshape(1, -1)
        windows = {i: c.window for i, c in self.family.layers.items()}
        step = Step(start, length, tokens.shape[1], dict(caches), windows)
        mapping = zip(self._variables(), weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            logits = self.family.forward(tokens, step)
        return logits[:, 0].astype(jnp.float32), step.caches

    def _pick(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        caches: dict[int, KeyValue],
        seed: Any,
        *how: Any,
    ) -> tuple[Any, dict[int, KeyValue]]:
        """One pass, and the token that is picked to follow."""
        import jax
        import jax.numpy as jnp

        logits, caches = self._look(weights, tokens, start, length, caches)
        # the key of the token that will stand there, whatever the prompt was cut into
        key = jax.random.fold_in(jax.random.key(seed), jnp.sum(start + length))
        return next_token(logits, key, *how), caches


def _scalars(sampling: Sampling) -> tuple[Any, Any, Any]:
    import numpy as np

    return (
        np.float32(sampling.temperature),
        np.int32(sampling.top_k),
        np.float32(sampling.top_p),
    )
