"""The fields for what every model is asked: prompts, references, a text, and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.fit.options import LENGTHS
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls

#: Stands for a line break within a prompt, because each line of the field is a prompt.
LINE_BREAK = "⏎"

#: A number of ``compare`` -> the values in its list, and its default.
_NUMBERS = {
    "max_new_tokens": ((16, 32, 64, 128, 256, 512), 64),
    "max_length": (LENGTHS[:6], 2048),
    "repeats": ((1, 3, 5, 10), 5),
}


@dataclass(frozen=True)
class FormValues:
    """The values of the fields.

    Attributes:
        prompts: the prompts.
        references: the right answer to each prompt; None where there is none.
        text: the text whose likelihood is measured; None for none.
        numbers: the values of "max_new_tokens", "max_length" and "repeats".
    """

    prompts: tuple[str, ...]
    references: tuple[str | None, ...]
    text: str | None
    numbers: dict[str, int]

    @property
    def options(self) -> dict[str, Any]:
        """The keyword arguments of ``compare``; fields that are empty are left out."""
        options: dict[str, Any] = {}
        if any(self.references):
            options["references"] = list(self.references)
        if self.text:
            options["text"] = self.text
        return {**options, **self.numbers}


class ComparisonForm:
    """The fields, with labels in the language in force.

    Args:
        prompts: the first prompts; with ``references`` None too, two examples.
        references: the right answers; None where there is none.
        likelihood: the text whose likelihood is measured.

    Raises:
        InvalidInput: a prompt, an answer or the text is not a string.
    """

    def __init__(
        self,
        prompts: str | Sequence[str] | None,
        references: str | Sequence[str | None] | None,
        likelihood: str | None,
    ) -> None:
        if prompts is None and references is None:
            prompt_lines = text("panel_compare_first_prompts")
            reference_lines = text("panel_compare_first_answers")
        else:
            prompt_lines, reference_lines = _to_lines(prompts), _to_lines(references)
        if likelihood is not None and not isinstance(likelihood, str):
            raise InvalidInput("compare_bad_text", kind=type(likelihood).__name__)
        rows = min(max(prompt_lines.count("\n") + 2, 3), 12)
        area = controls.text_area
        self.prompts = area(text("panel_compare_prompts"), prompt_lines, rows, "gnb-lines")
        self.references = area(text("panel_compare_references"), reference_lines, rows, "gnb-lines")
        self.text = area(text("panel_compare_text"), likelihood or "", 2, "gnb-whole")
        self.numbers = {
            name: controls.dropdown(
                text(f"panel_compare_{name}"), [(f"{v:,}", v) for v in values], default
            )
            for name, (values, default) in _NUMBERS.items()
        }
        self.widget = controls.column(
            controls.row(self.prompts, self.references),
            controls.row(self.text),
            controls.row(*self.numbers.values()),
            css_classes=("gnb-card",),
        )

    def values(self) -> FormValues:
        """The values of the fields.

        Raises:
            InvalidInput: an answer is on a line without a prompt.
        """
        prompt_lines = self.prompts.value.split("\n")
        reference_lines = self.references.value.split("\n")
        prompts: list[str] = []
        references: list[str | None] = []
        for number in range(max(len(prompt_lines), len(reference_lines))):
            prompt, reference = (
                lines[number].strip() if number < len(lines) else ""
                for lines in (prompt_lines, reference_lines)
            )
            if prompt:
                prompts.append(_from_line(prompt))
                references.append(_from_line(reference) or None)
            elif reference:
                raise InvalidInput("panel_compare_lone_reference", number=number + 1)
        numbers = {name: control.value for name, control in self.numbers.items()}
        likelihood = self.text.value if self.text.value.strip() else None
        return FormValues(tuple(prompts), tuple(references), likelihood, numbers)

    def enable(self, enabled: bool) -> None:
        """Enables or disables all fields."""
        for control in (self.prompts, self.references, self.text, *self.numbers.values()):
            control.disabled = not enabled


def _to_lines(strings: str | Sequence[str | None] | None) -> str:
    """Strings as lines of a field, with ``LINE_BREAK`` for the line breaks in them."""
    if strings is None:
        return ""
    if not isinstance(strings, Iterable):
        raise InvalidInput("panel_compare_conversation", number=1, kind=type(strings).__name__)
    listed = [strings] if isinstance(strings, str) else list(strings)
    for number, one in enumerate(listed, 1):
        if not isinstance(one, (str, type(None))):
            kind = type(one).__name__
            raise InvalidInput("panel_compare_conversation", number=number, kind=kind)
    return "\n".join((one or "").strip().replace("\n", LINE_BREAK) for one in listed)


def _from_line(line: str) -> str:
    """The string of a line, the reverse of ``_to_lines``."""
    return "\n".join(part.strip() for part in line.split(LINE_BREAK))
