"""Counts what XLA's allocator gives away too much while a model is loaded; needs no GPU.

    python benchmarks/holes.py        writes holes.md

Replays what ``loading`` allocates for each layer, real shapes, in XLA's allocator ("BFC", as in
xla/tsl/framework/bfc_allocator.cc: sizes in steps of 256 bytes, the smallest hole that fits, cut
where it is twice as large as what is asked for or 128 MiB larger, holes side by side joined,
regions that double from 2 MiB where memory is not taken beforehand). What is given away too much
counts as in use, and so is part of ``peak_bytes_in_use``.
"""

from __future__ import annotations

import bisect
import json
import math
import sys
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from gemma_nb.loading.relayout import LARGE, REGION, SPARE, region_bytes  # noqa: E402

STEP = 256
GIB = 2**30


class Allocator:
    """XLA's, without the memory.

    Attributes:
        used: bytes that are in use, with what was given away too much.
    """

    def __init__(self) -> None:
        self.used = 0
        self._holes: list[tuple[int, int]] = []  # size, address
        self._size: dict[int, int] = {}
        self._free: set[int] = set()
        self._next: dict[int, int | None] = {}
        self._before: dict[int, int | None] = {}
        self._end, self._region = 0, REGION

    def take(self, size: int) -> int:
        """Allocates; the address."""
        size = max(STEP, math.ceil(size / STEP) * STEP)
        at = bisect.bisect_left(self._holes, (size, -1))
        if at == len(self._holes):
            self._extend(size)
            at = bisect.bisect_left(self._holes, (size, -1))
        there, place = self._holes.pop(at)
        self._free.discard(place)
        if there >= 2 * size or there - size >= SPARE:
            rest, follows = place + size, self._next[place]
            self._link(place, rest)
            self._link(rest, follows)
            self._size[place] = size
            self._hole(rest, there - size)
        self.used += self._size[place]
        return place

    def give(self, place: int) -> None:
        """Frees what is at an address."""
        size = self._size[place]
        self.used -= size
        if (follows := self._next[place]) in self._free:
            size += self._unhole(follows)
            self._link(place, self._next[follows])
        if (before := self._before[place]) in self._free:
            size += self._unhole(before)
            self._link(before, self._next[place])
            place = before
        self._hole(place, size)

    def _extend(self, size: int) -> None:
        grown = size > self._region
        while size > self._region:
            self._region *= 2
        place, self._end = self._end, self._end + self._region + STEP
        self._next[place] = self._before[place] = None
        self._hole(place, self._region)
        if not grown:
            self._region *= 2

    def _hole(self, place: int, size: int) -> None:
        self._size[place] = size
        self._free.add(place)
        bisect.insort(self._holes, (size, place))

    def _unhole(self, place: int) -> int:
        size = self._size[place]
        self._holes.remove((size, place))
        self._free.discard(place)
        return size

    def _link(self, place: int, follows: int | None) -> None:
        self._next[place] = follows
        if follows is not None:
            self._before[follows] = place


@cache
def layers(name: str, precision: str) -> list[tuple[tuple[int, ...], frozenset[int]]]:
    """For each layer, the bytes of its variables, and which of them are laid out anew."""
    import memory
    import numpy as np

    from gemma_nb.loading import relayout

    def size(variable) -> int:
        import ml_dtypes

        dtype = np.dtype(getattr(ml_dtypes, variable.dtype, variable.dtype))
        return math.prod(variable.shape) * dtype.itemsize

    found = []
    for layer in memory.unfilled(name, precision)._flatten_layers():  # noqa: SLF001 - as loading walks them
        variables = layer._trainable_variables + layer._non_trainable_variables  # noqa: SLF001
        anew = {id(v) for v, _ in relayout._orders([layer])}  # noqa: SLF001
        sizes = tuple(size(v) for v in variables)
        found.append((sizes, frozenset(i for i, v in enumerate(variables) if id(v) in anew)))
    return found


@cache
def holes(name: str, precision: str, *, cared: bool) -> int:
    """Bytes given away too much once a model is loaded.

    Args:
        name: a shape.
        precision: what it is loaded in.
        cared: whether ``layout`` cares: makes room for the table beforehand and puts large kernels
            that are laid out anew back where they came from. Without, where their copy came to lie.
    """
    allocator, wanted = Allocator(), 0
    if cared and (
        enough := region_bytes([size for sizes, _ in layers(name, precision) for size in sizes])
    ):
        allocator.give(allocator.take(enough))
    for sizes, anew in layers(name, precision):
        wanted += sum(sizes)
        places = [allocator.take(size) for size in sizes]
        for i in anew:
            for _ in range(2 if cared and sizes[i] >= LARGE else 1):
                copy = allocator.take(sizes[i])
                allocator.give(places[i])
                places[i] = copy
    return allocator.used - wanted


def main() -> None:
    rows = json.loads((HERE / "memory.json").read_text())
    kinds = list(dict.fromkeys((r["name"], r["precision"]) for r in rows))
    lines = [
        "# Memory that the allocator gives away too much",
        "",
        "`python benchmarks/holes.py`: XLA's allocator replayed with what loading allocates, GiB; no",
        "GPU is needed. *Left alone*: kernels stay where their new order was first written. *Cared for*:",
        "as `layout` does, by which memory.md's peaks were measured.",
        "",
        "| shape | precision | left alone | cared for |",
        "|---|---|---|---|",
    ]
    for kind in kinds:
        alone, cared = (holes(*kind, cared=cared) for cared in (False, True))
        lines.append(f"| {kind[0]} | {kind[1]} | {alone / GIB:.3f} | {cared / GIB:.3f} |")
    text = "\n".join(lines) + "\n"
    (HERE / "holes.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
