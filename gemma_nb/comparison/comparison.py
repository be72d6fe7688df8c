"""``Comparison``: the result of ``compare`` with its table, plots and files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison import result_plots
from gemma_nb.comparison.report_html import report_fragment, report_html
from gemma_nb.comparison.report_text import report_markdown, report_text, row_records
from gemma_nb.comparison.result import ComparisonResult
from gemma_nb.errors import GemmaError, InvalidInput, shown_path
from gemma_nb.files import atomic_write, expand_home, output_path, parse_json

#: With these characters, and their full-width forms, a formula begins.
_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class MissingPackage(GemmaError, ImportError):
    """An optional package is not installed."""


@dataclass(frozen=True, repr=False)
class Comparison(ComparisonResult):
    """Choices side by side; it is shown as a table in a notebook and in a terminal.

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

    def __str__(self) -> str:
        return report_text(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return report_fragment(self)

    def records(self) -> list[dict[str, Any]]:
        """A flat dict for each row: times in seconds, memory in bytes, one key for each output."""
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
            path: a file to write the Markdown to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _write(path, lambda: report_markdown(self))

    def to_csv(self, path: str | Path | None = None) -> str:
        """``records()`` as CSV in UTF-8, quoted as RFC 4180 says.

        A text that a spreadsheet would compute as a formula, such as "=1+1", begins with an
        apostrophe here (https://owasp.org/www-community/attacks/CSV_Injection).

        Args:
            path: a file to write the CSV to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _write(path, lambda: _csv_text(self.records()))

    def to_json(self, path: str | Path | None = None) -> str:
        """Everything as JSON, which ``Comparison.from_json`` reads.

        Args:
            path: a file to write the JSON to as well.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _write(path, lambda: _json_text(self.to_values()))

    @classmethod
    def from_json(cls, path: str | Path) -> Comparison:
        """Reads a file that ``to_json`` wrote.

        Args:
            path: the file.

        Raises:
            InvalidInput: the file cannot be read or holds something else.
        """
        try:
            text = expand_home(path).read_bytes()
            return cls.from_values(parse_json(text))
        except OSError as error:
            why = error.strerror or type(error).__name__
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            why = f"{type(error).__name__}: {error}"
        raise InvalidInput("compare_unreadable", path=shown_path(path), why=why)

    def to_html(self, path: str | Path | None = None, *, command: str | None = None) -> str:
        """One page with the table, the plots and the outputs side by side; it needs no other file.

        Args:
            path: a file to write the page to as well.
            command: the command that made the comparison, which the page then shows.

        Raises:
            InvalidInput: the file cannot be written.
        """
        return _write(path, lambda: report_html(self, command))

    def plot_speed_quality(self) -> Figure:
        """Tokens per second against the best score that was measured.

        The score is that of the references, the likelihood of the text or the agreement.

        Raises:
            InvalidInput: there is nothing to draw; the same holds for the other plots.
        """
        return result_plots.speed_quality(self)

    def plot_memory(self) -> Figure:
        """The parts of the predicted memory, the measured peaks and the memory of the device."""
        return result_plots.memory(self)

    def plot_latency(self) -> Figure:
        """Time to the first token, cold and warm."""
        return result_plots.latency(self)

    def plot_tokens_per_second(self) -> Figure:
        """Tokens per second, with the range of the repeats."""
        return result_plots.tokens_per_second(self)


def _inert(value: Any) -> Any:
    """The value of a cell; a text that begins like a formula is marked as text."""
    is_formula = isinstance(value, str) and value.lstrip().startswith(_FORMULA_STARTS)
    return f"'{value}" if is_formula else value


def _csv_text(records: list[dict[str, Any]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, records[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: _inert(v) for k, v in record.items()} for record in records)
    return file.getvalue()


def _json_text(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, indent=1, default=str) + "\n"


def _write(path: str | Path | None, render: Callable[[], str]) -> str:
    """Renders a text and writes it to a path, if one is given; a wrong path is refused before."""
    if path is None:
        return render()
    target = output_path(path)
    content = render()
    try:
        atomic_write(target, content)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidInput("compare_unwritable", path=shown_path(path), why=why) from None
    return content
