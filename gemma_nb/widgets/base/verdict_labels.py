"""How verdicts and the options of the lists are named, for all panels that show them.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gemma_nb.fit.options import Option
from gemma_nb.fit.verdict import Verdict
from gemma_nb.i18n import text

#: The status of a verdict -> its sign.
STATUS_ICONS = {"fits": "✓", "tight": "!", "no": "✗", "none": "–"}


def status_label(verdict: Verdict) -> str:
    """The status in a few words, with the devices if they are several.

    A choice that cannot work is told apart from one that is too large.
    """
    if any(guard.blocks for guard in verdict.warnings):
        return text("picker_ruled_out")
    return on_devices(text(f"picker_{verdict.status}"), verdict.choice.devices)


def on_devices(what: str, devices: int) -> str:
    """Words about a model that is divided over several devices; of one device the words alone."""
    return what if devices == 1 else text("picker_on_devices", what=what, devices=devices)


def status_with_icon(verdict: Verdict) -> str:
    """The sign and the words of a status."""
    return f"{STATUS_ICONS[verdict.status]} {status_label(verdict)}"


def labelled_options(options: Iterable[Option]) -> list[tuple[str, Any]]:
    """Options as the (label, value) pairs of a dropdown."""
    return [(_option_label(option), option.value) for option in options]


def name_with_status(name: str, status: str, devices: int = 1) -> str:
    """A name with the sign and the word of its status, and with the devices if they are several."""
    word = on_devices(text(f"picker_mark_{status}"), devices)
    return text("picker_option", icon=STATUS_ICONS[status], label=name, status=word)


def _option_label(option: Option) -> str:
    name = _value_name(option.setting, option.value)
    if option.choice is None:
        return text("picker_option_beyond", label=name)
    if option.note and option.note.key == "option_not_together":
        other = option.note.values["tuning" if option.setting == "size" else "size"]
        name = text("picker_option_not_with", label=name, other=other)
    tells_devices = option.setting != "devices" and option.status != "no"
    devices = option.choice.devices if tells_devices else 1
    return name_with_status(name, option.status, devices)


def _value_name(part: str, value: Any) -> str:
    if part == "family":
        return " ".join(value)
    if part == "tuning":
        return text(f"picker_tuning_{value}")
    return f"{value:,}" if isinstance(value, int) else str(value)
