"""What else could be chosen: every value of each part of a choice, and what it would lead to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.choice import Choice, check_numbers, clip_to_context
from gemma_nb.fit.precision import PRECISIONS, auto_precision
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

#: The parts of a choice, as a person changes them one at a time.
SETTINGS = (
    "runtime",
    "family",
    "size",
    "tuning",
    "variant",
    "precision",
    "max_length",
    "batch_size",
    "devices",
)
LENGTHS = (512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144)
BATCHES = (1, 2, 4, 8, 16, 32, 64)
#: From what only continues a text to what answers.
TUNINGS = ("PT", "IT", "FT", "mix")


@dataclass(frozen=True)
class Option:
    """One value of one part.

    ``choice`` is where it leads, None where it cannot be; ``status`` says whether that fits
    ("fits", "tight", "no"; "none" where it cannot be); ``note`` what does not exist together with
    the rest of the choice: why it cannot be, or what else changes with it. ``part`` and ``value``
    say what was changed.
    """

    setting: str
    value: Any
    choice: Choice | None
    status: str
    note: Message | None = None


def family_line(variant: Variant) -> tuple[str, str]:
    """A variant's family and generation, which people choose together: ("Gemma", "3n")."""
    return variant.family, variant.generation


def setting(choice: Choice, name: str) -> Any:
    """The value of one of ``PARTS``: ("Gemma", "3") for the family, a variant's name for it."""
    found = choice.variant
    own = {
        "family": family_line(found),
        "size": found.size,
        "tuning": found.tuning,
        "variant": found.name,
    }
    return own[name] if name in own else getattr(choice, name)


def options(choice: Choice, name: str, task: str = "chat") -> tuple[Option, ...]:
    """Every value of one part, in the order in which people look for it.

    Args:
        choice: the choice as it is.
        name: one of ``PARTS`` but "runtime", whose values are ``gemma_nb.runtimes()``.
        task: what it is for, one of ``TASKS``.
    """
    return tuple(
        _judged(change_setting(choice, name, value), task) for value in _values(choice, name)
    )


def change_setting(choice: Choice, name: str, value: Any) -> Option:
    """The choice with one part changed; what does not exist with it changes too, and is told.

    Args:
        choice: the choice as it is.
        name: one of ``PARTS``.
        value: its new value: a line for the family, a ``Variant`` or its name for the variant.

    Returns:
        Where it leads; its ``status`` is not judged yet ("" or "none").

    Raises:
        InvalidInput: an unknown name, or a number that cannot be whatever the variant.
    """
    if name == "runtime":
        return _moved(choice, Choice(choice.variant, "float32", runtime=value).runtime)
    if name in ("family", "size", "tuning"):
        return _other(choice, name, value)
    if name == "variant":
        if value == choice.variant.name:  # one from outside the catalog is not looked up again
            value = choice.variant
        return _with(choice, Choice(value, choice.precision, runtime=choice.runtime).variant, name)
    try:
        found = replace(choice, **{name: value})
        check_numbers(found.variant, found.max_length, found.batch_size)
    except InvalidInput as error:
        if error.message.key != "beyond_context":
            raise
        return Option(name, value, None, "none", error.message)
    return Option(name, value, found, "")


def best_verdict(
    variant: Variant, runtime: Runtime, max_length: int = 2048, precision: str | None = None
) -> Verdict:
    """The verdict in the precision asked for, else in the highest that fits, else as loaded.

    Args:
        variant: what.
        runtime: where.
        max_length: tokens of prompt and reply; what the variant was trained for where that is less.
        precision: a Keras dtype name; None tries 16 bit (float32 on a processor), int8 and int4.

    Raises:
        InvalidInput: an unknown precision, or a length that cannot be.
    """
    length = clip_to_context(variant, max_length)
    if precision:
        return advise(variant, precision, runtime, length)
    ladder = (auto_precision(variant, runtime).name, "int8", "int4")
    verdicts = (advise(variant, p, runtime, length) for p in ladder)
    first = next(verdicts)
    return first if first.fits else next((v for v in verdicts if v.fits), first)


def _judged(option: Option, task: str) -> Option:
    if option.choice is None:
        return option
    return replace(option, status=advise(option.choice, task=task).status)


def _values(choice: Choice, name: str) -> Iterable[Any]:
    found, current = choice.variant, setting(choice, name)
    if name == "family":
        return _with_current([family_line(v) for v in variants()], current)
    mine = [v for v in variants() if family_line(v) == family_line(found)]
    if name == "size":
        by_size = sorted(mine, key=lambda v: v.parameters)
        # the drafter of a size is no size of its own
        return _with_current([v.size for v in by_size if v.role != "draft"], current)
    if name == "tuning":
        return _with_current([t for t in TUNINGS if any(v.tuning == t for v in mine)], current)
    if name == "variant":
        same = [v.name for v in mine if (v.size, v.tuning) == (found.size, found.tuning)]
        return _with_current(same, current)
    if name == "precision":
        return list(PRECISIONS)
    if name == "max_length":
        return sorted({*LENGTHS, current})
    if name == "batch_size":
        return sorted({*BATCHES, current})
    return range(1, choice.runtime.devices + 1)


def _with_current(values: Sequence[Any], current: Any) -> list[Any]:
    """The values, each once; first the current one where the catalog does not have it."""
    unique = list(dict.fromkeys(values))
    return unique if current in unique else [current, *unique]


def _other(choice: Choice, name: str, value: Any) -> Option:
    """Another family, size or tuning: the variant nearest to the one there is."""
    mine = choice.variant
    family = value if name == "family" else family_line(mine)
    here = [v for v in variants() if family_line(v) == family]
    fields = {"size": mine.size, "tuning": mine.tuning}
    if name != "family":
        fields[name] = value
        here = [v for v in here if getattr(v, name) == value]
    if not here:  # a variant from outside the catalog stands alone in its line
        return Option(name, value, choice, "")
    best = max(
        here,
        key=lambda v: (
            v.role == mine.role,
            v.tuning == fields["tuning"],
            v.size == fields["size"],
            v.loadable,
            # of the rest the likest: in its own line by what goes in, in another by size
            name != "family" and v.modalities == mine.modalities,
            -abs(log(v.parameters / mine.parameters)),
            v.modalities == mine.modalities,
        ),
    )
    option = _with(choice, best, name)
    if name != "family" and (best.size, best.tuning) != (fields["size"], fields["tuning"]):
        option = replace(option, note=_lacks(best, fields, name))
    return option


def _lacks(best: Variant, fields: dict[str, str], name: str) -> Message:
    """What does not exist: this size in this tuning."""
    same = [v for v in variants() if family_line(v) == family_line(best)]
    other = "tuning" if name == "size" else "size"
    there = dict.fromkeys(
        getattr(v, other)
        for v in sorted(same, key=lambda v: v.parameters)
        if getattr(v, name) == fields[name] and v.role != "draft"
    )
    return Message(
        "option_not_together",
        {
            "family": " ".join(family_line(best)),
            "size": fields["size"],
            "tuning": fields["tuning"],
            "wanted": fields[name],
            "there": ", ".join(there) or getattr(best, other),
            "now": getattr(best, other),
        },
    )


def _with(choice: Choice, variant: Variant, name: str) -> Option:
    length, note = choice.max_length, None
    if variant.context_length and length > variant.context_length:
        length = variant.context_length
        values = {"variant": variant.name, "context": length}
        note = Message("option_shorter_context", values)
    found = replace(choice, variant=variant, max_length=length)
    return Option(name, setting(found, name), found, "", note)


def _moved(choice: Choice, runtime: Runtime) -> Option:
    """On another runtime, in its own default precision where the choice is in this one's."""
    precision = choice.precision
    if precision == auto_precision(choice.variant, choice.runtime).name:
        precision = auto_precision(choice.variant, runtime).name
    devices = min(choice.devices, runtime.devices)
    found = replace(choice, runtime=runtime, precision=precision, devices=devices)
    return Option("runtime", runtime, found, "")
