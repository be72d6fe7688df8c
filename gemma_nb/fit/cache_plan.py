"""How this package loads and decodes, as far as memory follows from it; the lines to change."""

from __future__ import annotations

from dataclasses import dataclass

#: Bytes of weights that are on their way at once (``gemma_nb.loading.tensor_files.BLOCK``): the host
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
        padded: whether its room is rounded up as ``padded_slots`` says.
    """

    windowed: bool
    chunk: int | None = None
    snapshots: int = 0
    ahead: int = 0
    padded: bool = False

    def slots(self, tokens: int) -> int:
        """Tokens that a layer's cache has room for.

        Args:
            tokens: those that it keeps.
        """
        room = tokens + self.ahead
        return padded_slots(room) if self.padded else room


def padded_slots(room: int) -> int:
    """Room for tokens, rounded up to what XLA's products on an accelerator divide evenly.

    They cut a long sum into up to 32 parts of whole 16 bytes, and would copy the keys and values
    into a longer array in every step (XLA's programs for an H100, jax 0.11.2).

    Args:
        room: tokens.
    """
    step = 256 if room > 2048 else 64
    return -(-room // step) * step


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
WINDOWED = CachePlan(windowed=True, chunk=STRETCH, snapshots=1, ahead=AHEAD * CHUNK, padded=True)


def cache_plan() -> CachePlan:
    """What this package allocates; the one line to change with ``gemma_nb.generation``."""
    return WINDOWED
