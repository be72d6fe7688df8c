"""Log-probabilities of tokens, and how closely two precisions of one variant agree.

Generation computes the logits of the last position only; this module computes them at every
position of a text, with the forward pass that generates (``DecodePrograms.forward``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.files import atomic_open
from gemma_nb.generation.decode_programs import DecodePrograms
from gemma_nb.generation.keras_internals import variable_arrays
from gemma_nb.model import Model

#: The maximum number of tokens of one window of a text, ``<bos>`` included. A smaller
#: ``max_length`` makes windows shorter.
WINDOW = 1024
#: The number of positions whose logits are in memory at once. With the 262,144 tokens of Gemma 3,
#: 128 positions take 128 MiB in float32.
LOGITS_CHUNK = 128
#: Windows are padded to one of these lengths, so that few programs are compiled.
_PADDED_LENGTHS = (128, 256, 512, WINDOW)
#: The number of positions that are stored for a row, over all prompts. With the 262,144 tokens of
#: Gemma 3, 64 positions take 64 MiB in float32.
MAX_POSITIONS = 64


def text_windows(count: int, max_length: int) -> Iterator[range]:
    """The windows of a text of ``count`` tokens, as ranges of token indices.

    One token fewer than ``WINDOW`` (or ``max_length``) is in a window, because each window is read
    after a ``<bos>`` of its own.
    """
    size = min(WINDOW, max_length) - 1
    return (range(at, min(at + size, count)) for at in range(0, count, size))


class LogProbabilityReader:
    """Computes log-probabilities with a loaded model.

    Args:
        model: a loaded model; it is not changed.
    """

    def __init__(self, model: Model) -> None:
        import jax

        self._lm = model.lm
        self._programs = DecodePrograms(self._lm, WINDOW, steps_per_call=1)
        self._jit_states = jax.jit(self._states)
        self._jit_target_log_probs = jax.jit(self._target_log_probs)
        self._jit_log_probs = jax.jit(self._log_probs)

    def token_log_probs(self, ids: Sequence[int]) -> Any:
        """The log-probability of each token after the tokens before it.

        Args:
            ids: token ids, ``<bos>`` first; at most ``WINDOW``.

        Returns:
            Natural logarithms, a NumPy float32 array, shape (len(ids) - 1,).
        """
        import numpy as np

        states, weights = self._padded_states(ids)
        chunks = []
        for at in range(0, len(ids) - 1, LOGITS_CHUNK):
            targets = np.zeros(LOGITS_CHUNK, np.int32)
            following = ids[at + 1 : at + 1 + LOGITS_CHUNK]
            targets[: len(following)] = following
            chunk = self._jit_target_log_probs(weights, states, np.int32(at), targets)
            chunks.append(np.asarray(chunk)[: len(following)])
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    def next_token_log_probs(self, ids: Sequence[int], start: int) -> Any:
        """The log-probabilities of every next token at each position from ``start`` on.

        Args:
            ids: token ids, ``<bos>`` first; at most ``WINDOW``.
            start: the first position; its next token comes after ``ids[: start + 1]``.

        Returns:
            Natural logarithms, a NumPy float32 array, shape (len(ids) - start, vocabulary).
        """
        import numpy as np

        states, weights = self._padded_states(ids)
        chunks = [
            np.asarray(self._jit_log_probs(weights, states, np.int32(at)))[: len(ids) - at]
            for at in range(start, len(ids), LOGITS_CHUNK)
        ]
        return np.concatenate(chunks)

    def _padded_states(self, ids: Sequence[int]) -> tuple[Any, list[Any]]:
        """The hidden states of every position, and the weights as compiled programs take them."""
        import numpy as np

        size = next((length for length in _PADDED_LENGTHS if length >= len(ids)), len(ids))
        # longer by a chunk, so that a chunk that begins near the end stays inside
        tokens = np.zeros((1, size + LOGITS_CHUNK), np.int32)
        tokens[0, : len(ids)] = ids
        weights = variable_arrays(self._programs.variables)
        return self._jit_states(weights, tokens, np.array([len(ids)], np.int32)), weights

    def _states(self, weights: list[Any], tokens: Any, length: Any) -> Any:
        import jax.numpy as jnp

        # the caches are as long as the tokens, and exist within this call
        programs = DecodePrograms(self._lm, tokens.shape[1], steps_per_call=1)
        caches, start = programs.cache_layout.zeros(1), jnp.zeros(1, jnp.int32)
        return programs.forward(weights, tokens, start, length, None, None, None, caches)[1][0]

    def _log_probs(self, weights: list[Any], states: Any, at: Any) -> Any:
        import jax
        import jax.numpy as jnp

        chunk = jax.lax.dynamic_slice_in_dim(states, at, LOGITS_CHUNK)
        with self._programs.stateless_scope(weights):
            logits = self._programs.adapter.logits(chunk[None])[0]
        return jax.nn.log_softmax(logits.astype(jnp.float32), axis=-1)

    def _target_log_probs(self, weights: list[Any], states: Any, at: Any, targets: Any) -> Any:
        import jax.numpy as jnp

        log_probs = self._log_probs(weights, states, at)
        return jnp.take_along_axis(log_probs, targets[:, None], axis=-1)[:, 0]


@dataclass(frozen=True)
class ReplyDistributions:
    """The next-token distributions of a model along its own replies.

    Attributes:
        contexts: the token ids of each prompt with its reply, ``<bos>`` first.
        starts: the last position of each prompt; its next token is the first of the reply.
        log_probs: natural logarithms of the probabilities of the next token, float32, shape
            (positions, vocabulary); the positions of the contexts follow one another.
    """

    contexts: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    log_probs: Any

    def save(self, path: Path) -> None:
        """Writes the distributions to a file, completely or not at all.

        Raises:
            OSError: the file cannot be written.
        """
        import numpy as np

        ids = np.array([token for context in self.contexts for token in context], np.int32)
        lengths = np.array([len(context) for context in self.contexts], np.int32)
        starts = np.array(self.starts)
        with atomic_open(path) as file:
            np.savez(file, ids=ids, lengths=lengths, starts=starts, logs=self.log_probs)

    @classmethod
    def load(cls, path: Path) -> ReplyDistributions | None:
        """Reads what ``save`` wrote; None if the file is missing or damaged."""
        import zipfile

        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as arrays:
                ends = np.cumsum(arrays["lengths"])[:-1]
                contexts = tuple(tuple(map(int, ids)) for ids in np.split(arrays["ids"], ends))
                return cls(contexts, tuple(map(int, arrays["starts"])), arrays["logs"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def reply_distributions(
    reader: LogProbabilityReader,
    prompts: Sequence[Sequence[int]],
    replies: Sequence[Sequence[int]],
) -> ReplyDistributions | None:
    """The next-token distributions of a model along its own replies.

    Args:
        reader: computes log-probabilities with the model.
        prompts: the token ids of each prompt.
        replies: the token ids of each reply.

    Returns:
        The distributions; None if every prompt with its reply is longer than ``WINDOW``.
    """
    positions_each = max(1, MAX_POSITIONS // max(1, len(prompts)))
    contexts, starts = [], []
    for prompt, reply in list(zip(prompts, replies, strict=True))[:MAX_POSITIONS]:
        # the position after the last token counts too: whether the reply ends there
        context = (*prompt, *reply[: positions_each - 1])
        if len(context) <= WINDOW:
            contexts.append(context)
            starts.append(len(prompt) - 1)
    if not contexts:
        return None
    log_probs = _context_log_probs(reader, contexts, starts)
    return ReplyDistributions(tuple(contexts), tuple(starts), log_probs)


def compare_distributions(
    reader: LogProbabilityReader, other: ReplyDistributions, *, higher: bool
) -> tuple[float, float, int]:
    """Compares a model with another one along the replies of the other one.

    Args:
        reader: computes log-probabilities with the model.
        other: the distributions of the other model.
        higher: whether the model has the higher precision of the two.

    Returns:
        The share of positions where both give the same token the highest probability, the mean
        Kullback-Leibler divergence from the higher precision to the lower one in bits, and the
        number of positions.
    """
    import numpy as np

    log_probs = _context_log_probs(reader, other.contexts, other.starts)
    first, second = (log_probs, other.log_probs) if higher else (other.log_probs, log_probs)
    same = float(np.mean(first.argmax(-1) == second.argmax(-1)))
    # one position at a time, because the vocabulary is large
    nats = [
        float(np.sum(np.exp(p.astype(np.float64)) * (p - q)))
        for p, q in zip(first, second, strict=True)
    ]
    return same, max(0.0, float(np.mean(nats))) / math.log(2), len(nats)


def _context_log_probs(
    reader: LogProbabilityReader, contexts: Sequence[Sequence[int]], starts: Sequence[int]
) -> Any:
    import numpy as np

    pairs = zip(contexts, starts, strict=True)
    return np.concatenate([reader.next_token_log_probs(ids, start) for ids, start in pairs])
