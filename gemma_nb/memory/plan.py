"""How this package loads and decodes, as far as memory follows from it; the lines to change."""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes of weights that are on their way at once (``gemma_nb.loading.tensors.BLOCK``): the host
#: holds one block that is read and one that is sent, the device the finished tensors and one.
LOAD_BLOCK = 256 * 2**20


@dataclass(frozen=True)
class CachePlan:
    """How the key-value cache is laid out, and how much of a prompt goes in at once.

    Args:
        windowed: sliding layers keep their window only, instead of every token.
        chunk: tokens of a prompt that one pass takes in; None for the whole prompt at once.
        snapshots: copies of the sliding layers' windows kept beside, to go back to for a new turn.
        ahead: tokens that every layer has room for besides, computed ahead.
    """

    windowed: bool
    chunk: int | None = None
    snapshots: int = 0
    ahead: int = 0


#: KerasHub 0.32's own: every layer keeps every token, the prompt goes in at once.
FULL_LENGTH = CachePlan(windowed=False)
#: Tokens of a prompt that go in at once, at most.
STRETCH = 512
#: Calls whose tokens may have been computed behind a stop token when it is read; each makes
#: ``CHUNK`` tokens on an accelerator, one on a processor.
AHEAD = 2
CHUNK = 8

#: ``gemma_nb.generation``'s: sliding layers keep their window, and as it was when a turn began;
#: prompts go in by stretches.
WINDOWED = CachePlan(windowed=True, chunk=STRETCH, snapshots=1, ahead=AHEAD * CHUNK)


def cache_plan() -> CachePlan:
    """What this package allocates; the one line to change with ``gemma_nb.generation``."""
    return WINDOWED
