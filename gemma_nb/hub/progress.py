"""How far loading has come: for a callback, and in plain text."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TextIO

from gemma_nb.i18n import text
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from types import TracebackType

#: What loading goes through, in order.
STAGES = ("download", "build", "weights", "compile")

#: Least seconds between two reports of one stage.
_EVERY = 0.2
#: Least seconds between two lines where text cannot be written over.
_LINE_EVERY = 10.0
#: Seconds that a stage other than a download takes before it is worth a word.
_SHORT = 5.0


@dataclass(frozen=True)
class ProgressStep:
    """How far one stage is.

    Args:
        stage: one of ``STAGES``.
        label: what it is about: a variant, a file.
        done: how much is done, in bytes; 0 where a stage has no measure.
        total: of how much, None where unknown.
        rate: bytes a second since the stage began, without what was there before.
        seconds: since the stage began.
        finished: whether the stage is over.
        stopped: whether it ended before it was done.
        note: a sentence instead of figures (another process is downloading).
    """

    stage: str
    label: str
    done: int = 0
    total: int | None = None
    rate: float = 0.0
    seconds: float = 0.0
    finished: bool = False
    stopped: bool = False
    note: str = ""

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where the total is unknown."""
        return min(1.0, self.done / self.total) if self.total else None

    def __str__(self) -> str:
        if self.note:
            return self.note
        values = {"label": self.label, "seconds": f"{self.seconds:.1f}", "rate": _rate(self.rate)}
        if not self.total:
            key = f"progress_{self.stage}_done" if self.finished else f"progress_{self.stage}"
            return text(key, **values)
        shown = f"{format_amount(self.done)} / {format_amount(self.total)} ({self.fraction:.0%})"
        return text(
            "progress_bytes", what=text(f"progress_{self.stage}", **values), shown=shown, **values
        )


#: What reports go to.
ProgressCallback = Callable[[ProgressStep], None]


def format_amount(count: int) -> str:
    """A number of bytes as a person reads it, small ones too: "310 KiB"."""
    return format_bytes(count) if count >= 2**20 else f"{count / 1024:.0f} KiB"


def _rate(rate: float) -> str:
    return f"{rate / 2**20:.1f} MiB/s" if rate else "…"


def progress_callback(progress: ProgressCallback | bool | None) -> ProgressCallback:
    """The callback for what a caller gave.

    Args:
        progress: a callback; None or True for plain text on stderr; False for silence.
    """
    if progress is False:
        return lambda _: None
    if progress is None or progress is True:
        return TextProgress()
    return progress


class TextProgress:
    """Progress as plain text: one line that is written over in a terminal, a line each 10 s else.

    What is over within five seconds and is no download is not worth a word.

    Args:
        stream: where to; stderr when None.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._wide = 0
        self._said = 0.0

    def __call__(self, step: ProgressStep) -> None:
        """Shows a step."""
        if step.stage != "download" and step.seconds < _SHORT and not step.note:
            return
        stream = self._stream or sys.stderr
        line = str(step)
        if stream.isatty():
            end = "\n" if step.finished or step.stopped or step.note else ""
            stream.write("\r" + line.ljust(self._wide) + end)
            self._wide = 0 if end else len(line)
        else:
            now = time.monotonic()
            if not (step.finished or step.stopped or step.note) and now - self._said < _LINE_EVERY:
                return
            self._said = now
            stream.write(line + "\n")
        stream.flush()


class ProgressMeter:
    """Counts one stage and reports it, a few times a second at most; a context manager.

    Leaving it by an error reports a stage that stopped.

    Args:
        report: what to tell.
        stage: one of ``STAGES``.
        label: what it is about.
        total: bytes there are to do, None where unknown.
        done: bytes that are done already; they do not count in the rate.
    """

    def __init__(
        self,
        report: ProgressCallback,
        stage: str,
        label: str,
        total: int | None = None,
        done: int = 0,
    ) -> None:
        self._report = report
        self._stage, self._label, self._total = stage, label, total
        self._done = self._start_done = done
        self._started = time.monotonic()
        self._told = -_EVERY

    def __enter__(self) -> Self:
        self._tell()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tell(finished=kind is None, stopped=kind is not None)

    def add(self, count: int) -> None:
        """Counts: ``count`` more bytes are done; a negative count takes some back."""
        self._done += count
        if count < 0:
            self._start_done = min(self._start_done, self._done)
        if time.monotonic() - self._told >= _EVERY:
            self._tell()

    def skip(self, count: int) -> None:
        """``count`` bytes were there before: done, but not part of the rate."""
        self._start_done += count
        self.add(count)

    def note(self, key: str, **values: Any) -> None:
        """Says a sentence of ``gemma_nb.i18n``."""
        self._report(ProgressStep(self._stage, self._label, note=text(key, **values)))

    def _tell(self, *, finished: bool = False, stopped: bool = False) -> None:
        self._told = time.monotonic()
        seconds = self._told - self._started
        rate = (self._done - self._start_done) / seconds if seconds > 0 else 0.0
        self._report(
            ProgressStep(
                self._stage, self._label, self._done, self._total, rate, seconds, finished, stopped
            )
        )
