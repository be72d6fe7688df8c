"""What a teacher has fixed, because the lesson is not about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gemma_nb.advice.options import PARTS, part
from gemma_nb.errors import InvalidInput

if TYPE_CHECKING:
    from gemma_nb.advice import Choice

#: The parts that make a variant; to lock "variant" is to lock all of them.
VARIANT = ("family", "size", "tuning", "variant")
#: What can be locked.
LOCKS = ("task", *PARTS)


def locked(lock: str | Sequence[str]) -> frozenset[str]:
    """The names of what is locked.

    Args:
        lock: one of ``LOCKS``, or several.

    Raises:
        InvalidInput: a name that is none of them.
    """
    names = [lock] if isinstance(lock, str) else list(lock)
    for name in names:
        if name not in LOCKS:
            raise InvalidInput("picker_lock_unknown", name=name, all=", ".join(LOCKS))
    return frozenset([*names, *(VARIANT if "variant" in names else ())])


def barred(locked: frozenset[str], now: Choice, target: Choice) -> list[str]:
    """The locked parts that going from one choice to another would change."""
    return [p for p in PARTS if p in locked and part(target, p) != part(now, p)]
