"""How far one precision says what another one of the same variant says."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.comparison.log_likelihood import WINDOW, LogProbabilityReader

#: Positions of the replies that are kept of a row, over all prompts: 64 of Gemma 3's 262,144 tokens
#: are 64 MiB in float32.
MAX_POSITIONS = 64


@dataclass(frozen=True)
class ReplyDistributions:
    """What a model found likely along its own replies.

    Args:
        contexts: token ids of each prompt with its reply, ``<bos>`` first.
        starts: the last position of each prompt, whose next token is the reply's first.
        logs: natural logarithms of the next token's probabilities, float32, the positions of all
            contexts behind each other: (positions, vocabulary).
    """

    contexts: tuple[tuple[int, ...], ...]
    starts: tuple[int, ...]
    logs: Any

    def save(self, path: Path) -> None:
        """Writes it, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        import numpy as np

        part = path.with_name(f"{path.name}.part")
        ids = np.array([t for c in self.contexts for t in c], np.int32)
        lengths = np.array([len(c) for c in self.contexts], np.int32)
        with part.open("wb") as file:
            np.savez(file, ids=ids, lengths=lengths, starts=np.array(self.starts), logs=self.logs)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> ReplyDistributions | None:
        """Reads it; None where it is not there or not whole."""
        import zipfile

        import numpy as np

        try:
            with np.load(path, allow_pickle=False) as found:
                cuts = np.cumsum(found["lengths"])[:-1]
                contexts = tuple(tuple(map(int, c)) for c in np.split(found["ids"], cuts))
                return cls(contexts, tuple(map(int, found["starts"])), found["logs"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def reply_distributions(
    positions: LogProbabilityReader,
    prompts: Sequence[Sequence[int]],
    replies: Sequence[Sequence[int]],
) -> ReplyDistributions | None:
    """What a model finds likely along its own replies; None where none is short enough to read."""
    each = max(1, MAX_POSITIONS // max(1, len(prompts)))
    contexts, starts = [], []
    for prompt, reply in list(zip(prompts, replies, strict=True))[:MAX_POSITIONS]:
        # the position behind the last token counts too: whether the reply ends there
        context = (*prompt, *reply[: each - 1])
        if len(context) <= WINDOW:
            contexts.append(context)
            starts.append(len(prompt) - 1)
    if not contexts:
        return None
    return ReplyDistributions(tuple(contexts), tuple(starts), _logs(positions, contexts, starts))


def compare_distributions(
    positions: LogProbabilityReader, other: ReplyDistributions, *, higher: bool
) -> tuple[float, float, int]:
    """Holds a model against what another one found likely along that one's replies.

    Args:
        positions: reads with the model.
        other: the other's.
        higher: whether the model is the more precise of the two.

    Returns:
        The share of positions with the same likeliest token, the mean Kullback-Leibler divergence
        from the more precise to the other in bits, and how many positions that were.
    """
    import numpy as np

    logs = _logs(positions, other.contexts, other.starts)
    first, second = (logs, other.logs) if higher else (other.logs, logs)
    same = float(np.mean(first.argmax(-1) == second.argmax(-1)))
    # a row at a time: the vocabulary is large
    nats = [
        float(np.sum(np.exp(p.astype(np.float64)) * (p - q)))
        for p, q in zip(first, second, strict=True)
    ]
    return same, max(0.0, float(np.mean(nats))) / math.log(2), len(nats)


def _logs(positions: LogProbabilityReader, contexts: Any, starts: Any) -> Any:
    import numpy as np

    pairs = zip(contexts, starts, strict=True)
    return np.concatenate([positions.distributions(c, start) for c, start in pairs])
