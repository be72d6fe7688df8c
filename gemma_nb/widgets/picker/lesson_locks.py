"""What a lesson fixes in the picker, so that it is about something else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gemma_nb.errors import InvalidInput, shown
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.options import SETTINGS, setting
from gemma_nb.i18n import text

#: The parts that together make a variant; a lock on "variant" locks all of them.
VARIANT_PARTS = ("family", "size", "tuning", "variant")
#: What can be locked.
LOCKABLE_PARTS = ("task", *SETTINGS)


class LessonLocks:
    """The locked parts of a picker.

    Args:
        lock: one of ``LOCKABLE_PARTS``, or several.

    Attributes:
        parts: the names of all locked parts.

    Raises:
        InvalidInput: another name.
    """

    def __init__(self, lock: str | Sequence[str]) -> None:
        is_list = isinstance(lock, Iterable) and not isinstance(lock, str | bytes)
        names = list(lock) if is_list else [lock]
        for name in names:
            if not isinstance(name, str) or name not in LOCKABLE_PARTS:
                every = ", ".join(LOCKABLE_PARTS)
                raise InvalidInput("picker_lock_unknown", name=shown(name), all=every)
        self.parts = frozenset([*names, *(VARIANT_PARTS if "variant" in names else ())])

    def changes(self, current: Choice, target: Choice) -> list[str]:
        """The locked parts that selecting another choice would change."""
        return [
            p for p in SETTINGS if p in self.parts and setting(target, p) != setting(current, p)
        ]

    def reason(self, current: Choice, target: Choice) -> str:
        """A sentence that tells which locked parts keep a choice from being selected; "" for none.

        It is in the language in force.
        """
        names = self.changes(current, target)
        if not names:
            return ""
        return text("picker_locked", parts=", ".join(text(f"picker_{name}") for name in names))
