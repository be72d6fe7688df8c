"""The alternatives for each setting of a choice, and what each of them leads to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.best_verdict import FITTING, on_fewest_devices
from gemma_nb.fit.choice import Choice, check_numbers
from gemma_nb.fit.precision import PRECISIONS, auto_precision
from gemma_nb.fit.verdict import STATUSES, Verdict, advise
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

#: The settings of a choice that a person changes one at a time.
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
#: From variants that only continue a text to variants that answer.
TUNINGS = ("PT", "IT", "FT", "mix")


@dataclass(frozen=True)
class Option:
    """One value of one setting.

    Args:
        setting: the name of the setting, one of ``SETTINGS``.
        value: the value.
        choice: the choice with this value; None if the value is impossible.
        status: whether that choice fits: "fits", "tight" or "no"; "none" if it is impossible, ""
            if it is not determined.
        note: why the value is impossible, or which other setting changes with it.
    """

    setting: str
    value: Any
    choice: Choice | None
    status: str
    note: Message | None = None


def family_line(variant: Variant) -> tuple[str, str]:
    """Returns a variant's family and generation, which are chosen together: ("Gemma", "3n")."""
    return variant.family, variant.generation


def setting(choice: Choice, name: str) -> Any:
    """Returns the value of a setting.

    Args:
        choice: the choice.
        name: one of ``SETTINGS``. "family" gives family and generation (``family_line``), "variant"
            the variant's name.
    """
    if name == "family":
        return family_line(choice.variant)
    if name == "variant":
        return choice.variant.name
    return getattr(choice.variant if name in ("size", "tuning") else choice, name)


def options(choice: Choice, name: str, task: str = "chat") -> tuple[Option, ...]:
    """Lists every value of one setting: families that fit first, other settings in a natural order.

    A value that fits only on more devices is listed with a choice on as few as hold it. The present
    value is judged on the present devices.

    Args:
        choice: the present choice.
        name: one of ``SETTINGS`` except "runtime", whose values are ``gemma_nb.runtimes()``.
        task: what the model is for, one of ``TASKS``.
    """
    current = setting(choice, name)
    changes = (change_setting(choice, name, value, task) for value in _values(choice, name))
    listed = tuple(with_status(o, task, spread=o.value != current) for o in changes)
    if name == "family":  # a stable sort: the newest first among those of one status
        return tuple(sorted(listed, key=lambda option: STATUSES.index(option.status)))
    return listed


def fitting_options(listed: Iterable[Option], current: Any) -> tuple[Option, ...]:
    """The options whose choice fits, and the current one.

    Args:
        listed: options of one setting.
        current: the present value of that setting.
    """
    return tuple(o for o in listed if o.status in FITTING or o.value == current)


def with_status(option: Option, task: str = "chat", *, spread: bool = True) -> Option:
    """Determines the status of an option; what does not fit is spread over more devices if that helps.

    Args:
        option: the result of ``change_setting``. One of "devices" keeps its number of devices.
        task: what the model is for, one of ``TASKS``.
        spread: False keeps the number of devices.
    """
    choice = option.choice
    if choice is None:
        return option
    verdict = advise(choice, task=task)
    if spread and not verdict.fits and option.setting != "devices":

        def judge(devices: int) -> Verdict:
            if devices == choice.devices:
                return verdict
            return advise(replace(choice, devices=devices), task=task)

        on_more = on_fewest_devices(judge, choice.runtime, task)
        verdict = on_more if on_more.fits else verdict
    return replace(option, choice=verdict.choice, status=verdict.status)


def _values(choice: Choice, name: str) -> Iterable[Any]:
    variant, current = choice.variant, setting(choice, name)
    if name == "family":
        return _with_current([family_line(v) for v in variants()], current)
    relatives = [v for v in variants() if family_line(v) == family_line(variant)]
    if name == "size":
        by_size = sorted(relatives, key=lambda v: v.parameters)
        # a drafter carries the size of its target model
        return _with_current([v.size for v in by_size if v.role != "draft"], current)
    if name == "tuning":
        tunings = {v.tuning for v in relatives}
        return _with_current([t for t in TUNINGS if t in tunings], current)
    if name == "variant":
        alike = (variant.size, variant.tuning)
        return _with_current([v.name for v in relatives if (v.size, v.tuning) == alike], current)
    if name == "precision":
        return list(PRECISIONS)
    if name == "max_length":
        return sorted({*LENGTHS, current})
    if name == "batch_size":
        return sorted({*BATCHES, current})
    return range(1, choice.runtime.devices + 1)


def _with_current(values: Sequence[Any], current: Any) -> list[Any]:
    """The values without repetition, after the current one if the catalog does not have it."""
    unique = list(dict.fromkeys(values))
    return unique if current in unique else [current, *unique]


def change_setting(choice: Choice, name: str, value: Any, task: str = "chat") -> Option:
    """Changes one setting; another setting that is incompatible changes too, with a note.

    Another family is entered by a variant that fits for the task, if it has one in the present
    precision.

    Args:
        choice: the present choice.
        name: one of ``SETTINGS``.
        value: the new value: family and generation for "family"; a ``Variant`` or its name for
            "variant".
        task: what the model is for, one of ``TASKS``.

    Returns:
        The option. Its ``status`` is not determined: "", or "none" if the value is impossible.

    Raises:
        InvalidInput: a name is unknown, or a number is not allowed for any variant.
    """
    if name == "runtime":
        return _with_runtime(choice, Choice(choice.variant, "float32", runtime=value).runtime)
    if name in ("family", "size", "tuning"):
        return _with_nearest_variant(choice, name, value, task)
    if name == "variant":
        # a name from outside the catalog is not looked up again
        variant = choice.variant if value == choice.variant.name else value
        variant = Choice(variant, choice.precision, runtime=choice.runtime).variant
        return _with_variant(choice, variant, name)
    try:
        new = replace(choice, **{name: value})
        check_numbers(new.variant, new.max_length, new.batch_size)
    except InvalidInput as error:
        if error.message.key != "beyond_context":
            raise
        return Option(name, value, None, "none", error.message)
    return Option(name, value, new, "")


def _with_runtime(choice: Choice, runtime: Runtime) -> Option:
    """On another runtime; the default precision of one becomes the default of the other."""
    precision = choice.precision
    if precision == auto_precision(choice.variant, choice.runtime).name:
        precision = auto_precision(choice.variant, runtime).name
    devices = min(choice.devices, runtime.devices)
    new = replace(choice, runtime=runtime, precision=precision, devices=devices)
    return Option("runtime", runtime, new, "")


def _with_nearest_variant(choice: Choice, name: str, value: Any, task: str) -> Option:
    """Another family, size or tuning: the variant that resembles the present one most."""
    current = choice.variant
    line = value if name == "family" else family_line(current)
    candidates = [v for v in variants() if family_line(v) == line]
    fields = {"size": current.size, "tuning": current.tuning}
    if name != "family":
        fields[name] = value
        candidates = [v for v in candidates if getattr(v, name) == value]
    if not candidates:  # a variant from outside the catalog is alone in its family
        return Option(name, value, choice, "")
    if name == "family" and line != family_line(current):
        candidates = [v for v in candidates if _fits(choice, v, task)] or candidates
    best = max(
        candidates,
        key=lambda v: (
            v.role == current.role,
            v.tuning == fields["tuning"],
            v.size == fields["size"],
            v.loadable,
            # of the others the most similar: by input in the same family, by size in another one
            name != "family" and v.modalities == current.modalities,
            -abs(log(v.parameters / current.parameters)),
            v.modalities == current.modalities,
        ),
    )
    option = _with_variant(choice, best, name)
    if name != "family" and (best.size, best.tuning) != (fields["size"], fields["tuning"]):
        option = replace(option, note=_missing_combination(best, fields, name))
    return option


def _fits(choice: Choice, variant: Variant, task: str) -> bool:
    """Whether another variant fits, with the other settings as they are."""
    option = _with_variant(choice, variant, "variant")
    assert option.choice is not None
    return advise(option.choice, task=task).fits


def _missing_combination(best: Variant, fields: dict[str, str], name: str) -> Message:
    """The note that a size does not exist in a tuning, and what exists instead."""
    other = "tuning" if name == "size" else "size"
    relatives = [v for v in variants() if family_line(v) == family_line(best)]
    existing = dict.fromkeys(
        getattr(v, other)
        for v in sorted(relatives, key=lambda v: v.parameters)
        if getattr(v, name) == fields[name] and v.role != "draft"
    )
    return Message(
        "option_not_together",
        {
            "family": " ".join(family_line(best)),
            "size": fields["size"],
            "tuning": fields["tuning"],
            "wanted": fields[name],
            "there": ", ".join(existing) or getattr(best, other),
            "now": getattr(best, other),
        },
    )


def _with_variant(choice: Choice, variant: Variant, name: str) -> Option:
    """Another variant; the length is cut to its context, with a note."""
    length, note = choice.max_length, None
    if variant.context_length and length > variant.context_length:
        length = variant.context_length
        values = {"variant": variant.name, "context": length}
        note = Message("option_shorter_context", values)
    new = replace(choice, variant=variant, max_length=length)
    return Option(name, setting(new, name), new, "", note)
