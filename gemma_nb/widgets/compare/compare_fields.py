"""What every choice is asked: prompts and right answers line by line, a text, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets

from gemma_nb.advice.options import LENGTHS
from gemma_nb.errors import InvalidInput
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls

#: How a line break inside a prompt is written, where a line is a prompt.
BREAK = "⏎"

#: What the numbers can be, and what they open on: ``compare``'s own defaults.
_NUMBERS = {
    "max_new_tokens": ((16, 32, 64, 128, 256, 512), 64),
    "max_length": (LENGTHS[:6], 2048),
    "repeats": ((1, 3, 5, 10), 5),
}


@dataclass(frozen=True)
class Asked:
    """What the fields say, as ``compare`` takes it."""

    prompts: tuple[str, ...]
    references: tuple[str | None, ...]
    text: str | None
    numbers: dict[str, int]

    @property
    def options(self) -> dict[str, Any]:
        """The arguments of ``compare`` beside choices and prompts; what says nothing is left out."""
        found: dict[str, Any] = {}
        if any(self.references):
            found["references"] = list(self.references)
        if self.text:
            found["text"] = self.text
        return {**found, **self.numbers}


class Fields:
    """The fields, made in the language in force.

    Args:
        prompts: what stands in them at first; two examples with their answers when None.
        references: the right answers, None where there is none.
        likelihood: the text whose likelihood is measured.

    Raises:
        InvalidInput: a prompt, an answer or the text is no string.
    """

    def __init__(
        self,
        prompts: str | Sequence[str] | None,
        references: str | Sequence[str | None] | None,
        likelihood: str | None,
    ) -> None:
        if prompts is None and references is None:
            first, answers = (
                text("panel_compare_first_prompts"),
                text("panel_compare_first_answers"),
            )
        else:
            first, answers = _lines(prompts or ()), _lines(references or ())
        if likelihood is not None and not isinstance(likelihood, str):
            raise InvalidInput("compare_bad_text", kind=type(likelihood).__name__)
        rows = min(max(first.count("\n") + 2, 3), 12)
        self.prompts = _area("panel_compare_prompts", first, rows, "gnb-lines")
        self.references = _area("panel_compare_references", answers, rows, "gnb-lines")
        self.text = _area("panel_compare_text", likelihood or "", 2, "gnb-whole")
        self.numbers = {
            name: controls.dropdown(
                text(f"panel_compare_{name}"), [(f"{v:,}", v) for v in values], first_value
            )
            for name, (values, first_value) in _NUMBERS.items()
        }
        self.widget = controls.column(
            controls.row(self.prompts, self.references),
            controls.row(self.text),
            controls.row(*self.numbers.values()),
            classes=("gnb-card",),
        )

    def asked(self) -> Asked:
        """What the fields say.

        Raises:
            InvalidInput: a right answer stands on a line without a prompt.
        """
        lines, answers = self.prompts.value.split("\n"), self.references.value.split("\n")
        prompts: list[str] = []
        references: list[str | None] = []
        for number in range(max(len(lines), len(answers))):
            prompt, answer = (
                side[number].strip() if number < len(side) else "" for side in (lines, answers)
            )
            if prompt:
                prompts.append(_unfolded(prompt))
                references.append(_unfolded(answer) or None)
            elif answer:
                raise InvalidInput("panel_compare_lone_reference", number=number + 1)
        numbers = {name: control.value for name, control in self.numbers.items()}
        likelihood = self.text.value if self.text.value.strip() else None
        return Asked(tuple(prompts), tuple(references), likelihood, numbers)

    def enable(self, enabled: bool) -> None:
        """Lets everything be changed, or not while a run goes on."""
        for control in (self.prompts, self.references, self.text, *self.numbers.values()):
            control.disabled = not enabled


def _area(key: str, value: str, rows: int, kind: str) -> Any:
    made = ipywidgets.Textarea(
        description=text(key), value=value, rows=rows, continuous_update=False
    )
    return controls.styled(made, "gnb-field", kind)


def _lines(given: str | Sequence[str | None]) -> str:
    if not isinstance(given, Iterable):
        raise InvalidInput("panel_compare_conversation", number=1, kind=type(given).__name__)
    listed = [given] if isinstance(given, str) else list(given)
    for number, one in enumerate(listed, 1):
        if not isinstance(one, (str, type(None))):
            kind = type(one).__name__
            raise InvalidInput("panel_compare_conversation", number=number, kind=kind)
    return "\n".join((one or "").strip().replace("\n", BREAK) for one in listed)


def _unfolded(line: str) -> str:
    return "\n".join(piece.strip() for piece in line.split(BREAK))
