"""What stands in the picker's lists: every value, with whether it fits, or why it cannot be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gemma_nb.hardware import runtimes
from gemma_nb.strings import text
from gemma_nb.units import size
from gemma_nb.widgets.picker.picker_view import ICONS

if TYPE_CHECKING:
    from gemma_nb.advice.options import Option
    from gemma_nb.hardware import Runtime


def labelled(options: Iterable[Option]) -> list[tuple[str, Any]]:
    """Options as a list's (label, value) pairs; the value is the option's own."""
    return [(_label(option), option.value) for option in options]


def _label(option: Option) -> str:
    name = _name(option.part, option.value)
    if option.choice is None:
        return text("picker_option_beyond", label=name)
    if option.note and option.note.key == "option_not_together":
        other = option.note.values["tuning" if option.part == "size" else "size"]
        name = text("picker_option_not_with", label=name, other=other)
    status = text(f"picker_mark_{option.status}")
    return text("picker_option", icon=ICONS[option.status], label=name, status=status)


def _name(part: str, value: Any) -> str:
    if part == "family":
        return " ".join(value)
    if part == "tuning":
        return text(f"picker_tuning_{value}")
    return f"{value:,}" if isinstance(value, int) else str(value)


def places(here: Runtime, other: Runtime | None = None) -> list[tuple[str, Any]]:
    """The runtimes to choose from: this machine ("this"), the known ones, and one of the user's.

    Args:
        here: this machine.
        other: a runtime that is none of them.
    """
    found: list[tuple[str, Any]] = [(this(here), "this")]
    for known in runtimes():
        host = text("picker_own") if known.host == "own" else known.host
        values = {"host": host, "name": known.name, "memory": size(known.memory_bytes)}
        found.append((text("picker_what_if", **values), known.name))
    if other is not None and other is not here and other not in runtimes():
        found.append((f"{other.name}, {size(other.memory_bytes)}", other.name))
    return found


def this(here: Runtime) -> str:
    """This machine, as the list names it."""
    return text("picker_this", name=here.name, memory=size(here.memory_bytes))


def put(control: Any, options: list[tuple[str, Any]] | None, value: Any) -> None:
    """Puts options and a value into a list, in one message, and only what changed.

    Args:
        control: a ``Dropdown``.
        options: its (label, value) pairs; None keeps what it has.
        value: which of the values is chosen.
    """
    with control.hold_sync():
        if options is not None and list(control.options) != options:
            control.options = options
        if control.value != value:
            control.value = value
