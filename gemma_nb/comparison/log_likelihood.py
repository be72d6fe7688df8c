"""Log-probabilities at every position of a text, where generation gives the last one only.

``_states`` and ``_logits`` are the only lines that touch the KerasHub task.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemma_nb.model import Model

#: Tokens of a text that are read at once, ``<bos>`` included; a shorter ``max_length`` counts.
WINDOW = 1024
#: Positions whose logits exist at once: 128 of Gemma 3's 262,144 tokens are 128 MiB in float32.
LOGITS_CHUNK = 128
#: Windows are padded to one of these, so that few programs are compiled.
_LENGTHS = (128, 256, 512, WINDOW)


def text_windows(count: int, max_length: int) -> Iterator[range]:
    """How a text of ``count`` tokens is cut; each piece is read behind a ``<bos>`` of its own."""
    size = min(WINDOW, max_length) - 1
    return (range(at, min(at + size, count)) for at in range(0, count, size))


class LogProbabilityReader:
    """Reads token sequences with a loaded model.

    Args:
        model: a loaded model; it is read, never changed.
    """

    def __init__(self, model: Model) -> None:
        import jax

        self._lm = model.lm
        self._variables = [*self._lm.trainable_variables, *self._lm.non_trainable_variables]
        self._run = jax.jit(self._read)
        self._pick = jax.jit(self._chosen)
        self._all = jax.jit(self._distribution)

    def of_tokens(self, ids: Sequence[int]) -> Any:
        """How likely each token was behind those before it.

        Args:
            ids: token ids, ``<bos>`` first; ``WINDOW`` at most.

        Returns:
            Natural logarithms, a NumPy float32 array, shape (len(ids) - 1,).
        """
        import numpy as np

        states, weights = self._padded(ids)
        found = []
        for at in range(0, len(ids) - 1, LOGITS_CHUNK):
            targets = np.zeros(LOGITS_CHUNK, np.int32)
            following = ids[at + 1 : at + 1 + LOGITS_CHUNK]
            targets[: len(following)] = following
            picked = self._pick(weights, states, np.int32(at), targets)
            found.append(np.asarray(picked)[: len(following)])
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def distributions(self, ids: Sequence[int], start: int) -> Any:
        """What may follow ``ids[: start + 1]``, ``ids[: start + 2]`` … all of ``ids``.

        Args:
            ids: token ids, ``<bos>`` first; ``WINDOW`` at most.
            start: the first position that counts.

        Returns:
            Natural logarithms, a NumPy float32 array, shape (len(ids) - start, vocabulary).
        """
        import numpy as np

        states, weights = self._padded(ids)
        found = [
            np.asarray(self._all(weights, states, np.int32(at)))[: len(ids) - at]
            for at in range(start, len(ids), LOGITS_CHUNK)
        ]
        return np.concatenate(found)

    def _padded(self, ids: Sequence[int]) -> tuple[Any, list[Any]]:
        """The states of every position, and the weights as the compiled programs take them."""
        import numpy as np

        size = next((n for n in _LENGTHS if n >= len(ids)), len(ids))
        # CHUNK more, so that a chunk that begins near the end stays inside
        tokens = np.zeros((1, size + LOGITS_CHUNK), np.int32)
        tokens[0, : len(ids)] = ids
        weights = [v.value for v in self._variables]
        return self._run(weights, tokens), weights

    def _read(self, weights: list[Any], tokens: Any) -> Any:
        with self._with(weights):
            return _states(self._lm, tokens)[0]

    def _distribution(self, weights: list[Any], states: Any, at: Any) -> Any:
        import jax

        part = jax.lax.dynamic_slice_in_dim(states, at, LOGITS_CHUNK)
        with self._with(weights):
            return jax.nn.log_softmax(_logits(self._lm, part[None])[0], axis=-1)

    def _chosen(self, weights: list[Any], states: Any, at: Any, targets: Any) -> Any:
        import jax.numpy as jnp

        logs = self._distribution(weights, states, at)
        return jnp.take_along_axis(logs, targets[:, None], axis=-1)[:, 0]

    def _with(self, weights: list[Any]) -> Any:
        import keras

        return keras.StatelessScope(state_mapping=zip(self._variables, weights, strict=True))


def _states(lm: Any, tokens: Any) -> Any:
    """What the backbone makes of (1, size) tokens before the logits: (1, size, width).

    KerasHub's own prompt pass, text alone; the logits and the cache that it makes too are dropped
    by the compiler. Padding at the end changes nothing before it.
    """
    others = list(inspect.signature(lm._build_cache).parameters)[1:]  # noqa: SLF001
    states, _ = lm._build_cache(tokens, **dict.fromkeys(others))  # noqa: SLF001
    return states


def _logits(lm: Any, states: Any) -> Any:
    """KerasHub's own logits of states, float32: (1, count, vocabulary)."""
    import jax.numpy as jnp

    backbone = getattr(lm.backbone, "language_model", lm.backbone)  # Gemma 3n's has its own
    logits = backbone.token_embedding(states, reverse=True).astype(jnp.float32)
    if cap := getattr(lm, "final_logit_cap", None):  # Gemma 4's stands in the task
        logits = jnp.tanh(logits / cap) * cap
    return logits
