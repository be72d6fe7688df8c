"""A comparison to take away: as files, and as the call that makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemma_nb.comparison.comparison import Comparison

#: The kinds of files, by how their names end.
KINDS = ("html", "csv", "json", "md")


def save(comparison: Comparison, kind: str, folder: Path) -> Path:
    """Writes a comparison to a new file of a folder.

    Args:
        comparison: what was measured.
        kind: one of ``KINDS``.
        folder: where.

    Raises:
        InvalidInput: it cannot be written.
    """
    number = 1
    while (path := folder / _name(number, kind)).exists():
        number += 1
    write = {
        "html": comparison.to_html,
        "csv": comparison.to_csv,
        "json": comparison.to_json,
        "md": comparison.to_markdown,
    }[kind]
    write(path)
    return path


def _name(number: int, kind: str) -> str:
    return f"comparison-{number}.{kind}" if number > 1 else f"comparison.{kind}"


def as_code(choices: Sequence[str], prompts: Sequence[str], options: Mapping[str, Any]) -> str:
    """The call that compares the same.

    Args:
        choices: names with their precision.
        prompts: what each is asked.
        options: the other arguments of ``compare``.
    """
    lines = [_argument("", list(choices)), _argument("", list(prompts))]
    lines += [_argument(f"{name}=", value) for name, value in options.items()]
    return "\n".join(
        ["import gemma_nb as gnb", "", "comparison = gnb.compare(", *lines, ")", "comparison", ""]
    )


def _argument(head: str, value: Any) -> str:
    written = pformat(value, width=84, sort_dicts=False)
    return "\n".join(f"    {line}" for line in f"{head}{written},".splitlines())
