"""``FrameworkTable``: the list of ``frameworks_for``, which is shown as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from gemma_nb.display import Displayed, Summary
from gemma_nb.i18n import Message, text

_WORDS = {"yes": "show_yes", "no": "show_not", "unknown": "show_unknown"}
_HERE = {True: "show_yes", False: "show_not", None: "show_unknown"}


class _Option(Protocol):
    """What a row of the table shows of a ``FrameworkOption``."""

    @property
    def framework(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def exists(self) -> str: ...
    @property
    def runs_here(self) -> bool | None: ...
    @property
    def command(self) -> str | None: ...


OptionT = TypeVar("OptionT", bound=_Option)

#: The formats whose names are words of a language -> their keys of ``i18n``.
_FORMAT_NAMES = {
    "Keras preset": "framework_format_keras",
    "container": "framework_format_container",
}


def format_name(option: _Option) -> Message | str:
    """The model format as a person reads it; the names of most are the same in all languages."""
    key = _FORMAT_NAMES.get(option.format)
    return Message(key) if key else option.format


class FrameworkTable(Displayed, list[OptionT]):
    """The frameworks for one variant, in the order of ``frameworks_for``.

    Args:
        options: the frameworks.
        variant: the variant's name.
    """

    def __init__(self, options: Iterable[OptionT], variant: str) -> None:
        super().__init__(options)
        self.variant = variant

    __str__ = Displayed.__repr__

    def _summary(self) -> Summary:
        names = ("framework", "format", "exists", "here", "command")
        heads = [text(f"show_{name}") for name in names]
        known = any(option.runs_here is not None for option in self)
        rows = []
        for option in self:
            here = text(_HERE[option.runs_here])
            exists = text(_WORDS[option.exists])
            row = [option.framework, str(format_name(option)), exists, here, option.command or ""]
            rows.append(row if known else [*row[:3], *row[4:]])
        if not known:
            del heads[3]
        return Summary(
            text("show_frameworks", variant=self.variant),
            tuple(map(tuple, rows)),
            tuple(heads),
            text_columns=len(heads) - 1,
        )
