"""The data of a comparison: its rows, what the models were asked, and the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from gemma_nb.comparison.rows import DONE, WAITING, ComparisonRow, row_from_json, row_to_json

#: The version of the JSON form.
_FORMAT = 1


@dataclass(frozen=True)
class Machine:
    """The machine that a comparison was measured on.

    Attributes:
        device: the name of the device.
        kind: the kind of the device, "cpu", "gpu" or "tpu".
        usable_bytes: bytes of device memory that can be used.
        host_bytes: bytes of host memory; None if unknown.
        python: the version of Python.
        packages: name -> version of the packages that matter.
        date: the date, as ISO 8601 writes it.
    """

    device: str
    kind: str
    usable_bytes: int
    host_bytes: int | None
    python: str
    packages: dict[str, str]
    date: str

    def identity(self) -> dict[str, Any]:
        """The values that have to be equal for two rows to be comparable."""
        return {"device": self.device, "kind": self.kind, "packages": self.packages}


@dataclass(frozen=True)
class ComparisonResult:
    """The data of a comparison; ``Comparison`` adds what users call.

    Attributes:
        rows: one for each choice, in the order of the choices.
        prompts: the prompts as text.
        references: the right answer to each prompt; None where there is none.
        text_bytes: UTF-8 bytes of the text whose likelihood was measured; None without a text.
        max_new_tokens: the maximum number of tokens of a reply.
        repeats: the number of speed measurements.
        machine: the machine.
        path: the folder with the rows of the run; None if the comparison was read from a file.
    """

    rows: tuple[ComparisonRow, ...]
    prompts: tuple[str, ...]
    references: tuple[str | None, ...]
    text_bytes: int | None
    max_new_tokens: int
    repeats: int
    machine: Machine
    path: Path | None = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Whether the run reached every row."""
        return all(row.status != WAITING for row in self.rows)

    @property
    def measured(self) -> tuple[ComparisonRow, ...]:
        """The rows that were measured."""
        return tuple(row for row in self.rows if row.status == DONE)

    def to_values(self) -> dict[str, Any]:
        """Everything but the path, as a dict that JSON can hold."""
        return {
            "format": _FORMAT,
            "machine": asdict(self.machine),
            "prompts": self.prompts,
            "references": self.references,
            "text_bytes": self.text_bytes,
            "max_new_tokens": self.max_new_tokens,
            "repeats": self.repeats,
            "rows": [row_to_json(row) for row in self.rows],
        }

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """The result that ``to_values`` made a dict of.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: the values are something else.
        """
        return cls(
            rows=tuple(row_from_json(row) for row in values["rows"]),
            prompts=tuple(values["prompts"]),
            references=tuple(values["references"]),
            text_bytes=values["text_bytes"],
            max_new_tokens=values["max_new_tokens"],
            repeats=values["repeats"],
            machine=Machine(**values["machine"]),
        )
