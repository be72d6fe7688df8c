"""Bytes in words, and the nearest of some names: what several rooms need and none owns."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GIB = 2**30


def size(count: int) -> str:
    """A number of bytes as a person reads it: "14.7 GiB", "512 MiB".

    Args:
        count: bytes.
    """
    if abs(count) >= GIB:
        return f"{count / GIB:.1f} GiB"
    return f"{count / 2**20:.0f} MiB"


def nearest(name: str, names: Iterable[str], count: int = 3) -> str:
    """The names nearest to a wrong one, joined with commas.

    Args:
        name: what was asked for.
        names: what there is.
        count: how many names at most.

    Returns:
        The nearest names; the first ``count`` in order where nothing is near.
    """
    known = {n.lower(): n for n in names}
    close = get_close_matches(name.lower(), known, n=count, cutoff=0.4)
    return ", ".join(known[n] for n in close or list(known)[:count])
