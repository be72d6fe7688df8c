"""How this package loads and decodes, as far as memory follows from it; the lines to change."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CachePlan:
    """How the key-value cache is laid out, and how much of a prompt goes in at once.

    Args:
        windowed: sliding layers keep their window only, instead of every token.
        chunk: tokens of a prompt that one pass takes in; None for the whole prompt at once.
        snapshots: copies of the sliding layers' windows kept beside, to go back to for a new turn.
    """

    windowed: bool
    chunk: int | None = None
    snapshots: int = 0


#: KerasHub 0.32's own: every layer keeps every token, the prompt goes in at once.
FULL_LENGTH = CachePlan(windowed=False)
#: Sliding layers keep their window and a chunk of prompt, and one snapshot for the next turn.
WINDOWED = CachePlan(windowed=True, chunk=512, snapshots=1)


def cache_plan() -> CachePlan:
    """What this package allocates now; the one line to change with ``gemma_nb.generation``."""
    return FULL_LENGTH


@dataclass(frozen=True)
class LoadPlan:
    """What stands in memory at once while a model is loaded.

    Args:
        initialises: variables get random values first (``from_preset`` of keras-hub 0.32): on
            a processor the largest takes ``INITIAL_COPIES`` of itself in float32 meanwhile, and
            anywhere it is there twice while the true one is read.
        quantises_whole: the whole model stands in 16 bit before it is quantised, both copies at
            once (measured on an H200, keras 3.15.1); else one layer at a time.
    """

    initialises: bool
    quantises_whole: bool


#: Copies of the largest variable in float32 at the peak of its random initialisation; two cores
#: of an AMD EPYC, keras 3.15.1, Gemma 3 270M: 4.2 in float32, 4.7 in bfloat16.
INITIAL_COPIES = 4.7

FROM_PRESET = LoadPlan(initialises=True, quantises_whole=True)
LAZY = LoadPlan(initialises=False, quantises_whole=False)


def load_plan() -> LoadPlan:
    """How this package loads now; the one line to change with ``gemma_nb.loading``."""
    return FROM_PRESET
