"""The result: a table, plots, and ways to take it along."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison import report_html, report_text, result_plots
from gemma_nb.comparison.report_table import row_records
from gemma_nb.comparison.rows import DONE, WAITING, ComparisonRow, row_from_json, row_to_json
from gemma_nb.comparison.store import write
from gemma_nb.errors import GemmaError, InvalidInput

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMAT = 1


class MissingPackage(GemmaError, ImportError):
    """A package that is no dependency is needed for this one thing."""


@dataclass(frozen=True)
class Machine:
    """Where it was measured; memory in bytes."""

    device: str
    kind: str
    usable_bytes: int
    host_bytes: int | None
    python: str
    packages: dict[str, str]
    date: str

    def identity(self) -> dict[str, Any]:
        """What has to be the same for two rows to stand beside each other."""
        return {"device": self.device, "kind": self.kind, "packages": self.packages}


@dataclass(frozen=True)
class Comparison:
    """Choices side by side; shows itself as a table in a notebook and in a terminal.

    Args:
        rows: one a choice, in the order asked for.
        prompts: what each was asked, as a person reads it.
        references: the right answers, None where there is none.
        text_bytes: UTF-8 bytes of the text whose likelihood was measured; None without one.
        max_new_tokens: the most tokens of a reply.
        repeats: how often speed was measured.
        machine: where.
        path: the folder that the run kept its rows in; None where it was read from a file.
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

    def __str__(self) -> str:
        return report_text.report_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return report_html.report_fragment(self)

    def records(self) -> list[dict[str, Any]]:
        """A flat dict a row: times in seconds, memory in bytes, one key an output."""
        return row_records(self)

    def to_pandas(self) -> Any:
        """A ``pandas.DataFrame`` of ``records()``.

        Raises:
            MissingPackage: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingPackage("compare_no_pandas") from None
        return pd.DataFrame(self.records())

    def to_markdown(self, path: str | Path | None = None) -> str:
        """The table and the outputs as Markdown.

        Args:
            path: a file that it is written to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _written(path, report_text.report_markdown(self))

    def to_csv(self, path: str | Path | None = None) -> str:
        """``records()`` as CSV, quoted as RFC 4180 says, in UTF-8.

        Args:
            path: a file that it is written to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        rows = self.records()
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return _written(path, file.getvalue())

    def to_json(self, path: str | Path | None = None) -> str:
        """Everything as JSON; ``Comparison.from_json`` reads it back.

        Args:
            path: a file that it is written to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        values = {
            "format": _FORMAT,
            "machine": asdict(self.machine),
            "prompts": self.prompts,
            "references": self.references,
            "text_bytes": self.text_bytes,
            "max_new_tokens": self.max_new_tokens,
            "repeats": self.repeats,
            "rows": [row_to_json(row) for row in self.rows],
        }
        return _written(path, json.dumps(values, ensure_ascii=False, indent=1, default=str) + "\n")

    @classmethod
    def from_json(cls, path: str | Path) -> Comparison:
        """Reads what ``to_json`` wrote.

        Args:
            path: the file.

        Raises:
            InvalidInput: it cannot be read, or is something else.
        """
        try:
            values = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
            return cls(
                rows=tuple(row_from_json(row) for row in values["rows"]),
                prompts=tuple(values["prompts"]),
                references=tuple(values["references"]),
                text_bytes=values["text_bytes"],
                max_new_tokens=values["max_new_tokens"],
                repeats=values["repeats"],
                machine=Machine(**values["machine"]),
            )
        except OSError as error:
            why = error.strerror or type(error).__name__
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            why = f"{type(error).__name__}: {error}"
        raise InvalidInput("compare_unreadable", path=path, why=why)

    def to_html(self, path: str | Path | None = None, *, command: str | None = None) -> str:
        """One page with table, plots and outputs side by side; it needs nothing but itself.

        Args:
            path: a file that it is written to as well.
            command: what made it, to be shown on the page.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _written(path, report_html.report_html(self, command))

    def plot_speed_quality(self) -> Figure:
        """Tokens a second against the best score there is: references, likelihood or agreement."""
        return result_plots.speed_quality(self.rows)

    def plot_memory(self) -> Figure:
        """The prediction, part by part, with the measured peaks and what the device offers."""
        return result_plots.memory(self.rows, self.machine.usable_bytes)

    def plot_latency(self) -> Figure:
        """Time to the first token, cold and warm."""
        return result_plots.latency(self.rows)

    def plot_tokens_per_second(self) -> Figure:
        """Tokens a second, with the spread over the repeats."""
        return result_plots.tokens_per_second(self.rows)


def _written(path: str | Path | None, content: str) -> str:
    if path is None:
        return content
    try:
        write(Path(path).expanduser(), content)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidInput("compare_unwritable", path=path, why=why) from None
    return content
