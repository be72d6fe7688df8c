"""A KV cache, the tokens in it, and how far it can be taken back.

A ring that has wrapped round has lost what stood there before. So the sliding layers' rings are
copied where a turn begins: editing or regenerating the turn, or dropping its thoughts, goes on
from there. Layers that see everything never wrap: what stands behind the place that is gone back to
is masked.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RingBuffer:
    """A sliding layer's cache: how many tokens a query sees, and how many the cache holds."""

    window: int
    slots: int


@dataclass(frozen=True)
class CacheSnapshot:
    """The sliding layers' caches as they were.

    Args:
        caches: layer -> keys and values.
        length: how many tokens they held.
        reach: as ``Context.reach``.
    """

    caches: Any
    length: int
    reach: int


@dataclass
class KVCache:
    """What one conversation has in the caches.

    Attributes:
        caches: layer -> keys and values.
        ids: the tokens whose keys and values the caches hold, first to last.
        reach: how far the rings were ever written; behind the last of ``ids`` stands what was
            computed ahead and not wanted.
        snapshot: where a turn began.
    """

    caches: Any
    ids: list[int] = field(default_factory=list)
    reach: int = 0
    snapshot: CacheSnapshot | None = None
    _weights: list[Any] = field(default_factory=list)

    def forget(self) -> None:
        """Begins anew. The caches stay as they are: what stands in them is masked."""
        self.ids, self.reach, self.snapshot = [], 0, None

    def note(self, weights: Sequence[Any]) -> None:
        """Remembers which weights the caches are computed with."""
        self._weights = [weakref.ref(w) for w in weights]

    def made_with(self, weights: Sequence[Any]) -> bool:
        """Whether they were computed with these; a model that was trained since has others."""
        return all(kept() is w for kept, w in zip(self._weights, weights, strict=True))

    def shared(self, ids: Sequence[int]) -> int:
        """How many tokens ``ids`` begins with that are here; its last is always computed anew."""
        ends = min(len(self.ids), len(ids) - 1)
        if self.ids[:ends] == list(ids[:ends]):  # at once: a long chat delays no first token
            return ends
        return next(i for i in range(ends) if self.ids[i] != ids[i])

    def can_go_back(self, length: int, rings: Iterable[RingBuffer]) -> bool:
        """Whether the rings still hold what a query behind ``length`` tokens sees."""
        return all(
            self.reach <= ring.slots or self.reach - length <= ring.slots - ring.window
            for ring in rings
        )

    def wrote(self, length: int) -> None:
        """Notes that the rings were written up to ``length``."""
        self.reach = max(self.reach, length)
