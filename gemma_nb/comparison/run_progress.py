"""How far a comparison is: for a callback, and as lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gemma_nb.comparison.rows import DONE, ComparisonRow
from gemma_nb.i18n import text


@dataclass(frozen=True)
class ComparisonProgress:
    """How far a comparison is; what a progress callback is given.

    Args:
        number: which row, from 1, in the order in which they are measured.
        count: how many rows.
        label: the variant and its precision.
        step: "load", "first", "speed", "answer", "text", "agreement", "unload" or "done".
        row: the finished row, where ``step`` is "done".
        note: a sentence that concerns the whole run.
    """

    number: int
    count: int
    label: str = ""
    step: str = ""
    row: ComparisonRow | None = None
    note: str = ""

    def __str__(self) -> str:
        if self.note:
            return self.note
        head = f"[{self.number}/{self.count}] {self.label}: "
        if self.row is None:
            return head + text(f"compare_doing_{self.step}")
        if self.row.status == DONE:
            return head + text("compare_done")
        return head + str(self.row.reason)


ProgressCallback = Callable[[ComparisonProgress], None]


def _silent(_: ComparisonProgress) -> None:
    pass


def progress_reporter(progress: ProgressCallback | bool | None) -> ProgressCallback:
    """The callback for what a caller gave: lines on stderr for None and True, silence for False."""
    if progress is False:
        return _silent
    if progress is None or progress is True:
        return _Lines()
    return progress


def load_progress(progress: ProgressCallback | bool | None, doing: ComparisonProgress) -> Any:
    """What ``load`` is given as its progress."""
    if progress is None or isinstance(progress, bool):
        return progress
    return lambda step: progress(replace(doing, step="load", note=f"{doing.label}: {step}"))


class _Lines:
    """Progress as lines on stderr: what is done now, written over in a terminal."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._wide = 0
        self._said = ""

    def __call__(self, doing: ComparisonProgress) -> None:
        """Shows a step."""
        line, stream = str(doing), self._stream
        if line == self._said:
            return
        self._said = line
        kept = doing.note or doing.row is not None
        if stream.isatty():
            stream.write("\r" + line.ljust(self._wide) + ("\n" if kept else ""))
            self._wide = 0 if kept else len(line)
        elif kept:
            stream.write(line + "\n")
        stream.flush()
