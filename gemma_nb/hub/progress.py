"""The progress of loading: as steps for a callback, and as bars for a person."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TextIO

from gemma_nb.i18n import text
from gemma_nb.text_utils import format_bytes

#: The stages of loading, in order.
STAGES = ("import", "download", "build", "weights", "compile")

#: Least seconds between two steps of one stage.
_STEP_INTERVAL = 0.2
#: Least seconds between two lines where a line cannot be overwritten (a file, a pipe).
_LINE_INTERVAL = 10.0
#: A stage other than a download shows no bar before this many seconds.
_BAR_DELAY = 5.0


@dataclass(frozen=True)
class ProgressStep:
    """The state of one stage at one moment.

    Args:
        stage: one of ``STAGES``.
        label: the variant or file it is about.
        done: bytes done; 0 where a stage has no measure.
        total: bytes in all, None where unknown.
        rate: bytes a second since the stage began, without those that were on disk before.
        seconds: since the stage began.
        finished: whether the stage is over.
        stopped: whether an error ended it.
        note: a sentence in place of figures (another process is downloading).
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

    @property
    def summary(self) -> str:
        """The line of a stage that is over: what was done, its seconds, and its size if it has one."""
        values = {"label": self.label, "seconds": f"{self.seconds:.1f}"}
        line = text(f"progress_{self.stage}_done", **values)
        return text("show_noted", value=line, note=format_amount(self.done)) if self.done else line

    def __str__(self) -> str:
        if self.note:
            return self.note
        rate = _format_rate(self.rate)
        values = {"label": self.label, "seconds": f"{self.seconds:.1f}", "rate": rate}
        if not self.total:
            key = f"progress_{self.stage}_done" if self.finished else f"progress_{self.stage}"
            return text(key, **values)
        amounts = f"{format_amount(self.done)} / {format_amount(self.total)} ({self.fraction:.0%})"
        stage = text(f"progress_{self.stage}", **values)
        return text("progress_bytes", what=stage, shown=amounts, **values)


#: Receives each step of each stage.
ProgressCallback = Callable[[ProgressStep], None]


def format_amount(count: int) -> str:
    """Formats a number of bytes; below 1 MiB in KiB: "310 KiB"."""
    return format_bytes(count) if count >= 2**20 else f"{count / 1024:.0f} KiB"


def _format_rate(rate: float) -> str:
    return f"{rate / 2**20:.1f} MiB/s" if rate else "…"


def progress_callback(progress: ProgressCallback | bool | None) -> ProgressCallback:
    """The callback for a ``progress`` argument.

    Args:
        progress: a callback; None for bars on stderr; True for bars and a line for each stage that
            ended; False for none.
    """
    if progress is False:
        return lambda _: None
    if progress is None or progress is True:
        return ProgressBars(lines=progress is True)
    return progress


class ProgressBars:
    """Shows each stage as a tqdm bar: a widget in a notebook, a line of text in a terminal.

    The bar's description is the step's sentence, in the language in force. Where a line cannot be
    overwritten, a line appears every ten seconds. A stage other than a download that ends within
    five seconds shows nothing, unless each stage gets a line.

    Args:
        stream: where text goes; stderr when None.
        lines: whether each stage that ended leaves a line, on stdout where no stream is given.
    """

    def __init__(self, stream: TextIO | None = None, *, lines: bool = False) -> None:
        self._stream = stream
        self._lines = lines
        self._bar: Any = None
        self._last_line = 0.0

    def __call__(self, step: ProgressStep) -> None:
        """Shows a step; nothing where stderr is closed or its reader is gone, which ends no load."""
        if (self._stream or sys.stderr) is None:
            return
        with suppress(OSError, ValueError):
            self._show(step)

    def _show(self, step: ProgressStep) -> None:
        if step.note:
            self._write(step.note)
            return
        if self._lines and step.finished:
            self._close()
            print(step.summary, file=self._stream or sys.stdout, flush=True)
            return
        if step.stage != "download" and step.seconds < _BAR_DELAY:
            return
        if self._bar is None:
            self._bar = self._new_bar(step)
            self._last_line = time.monotonic()
            if not self._is_last(step):
                return
        now = time.monotonic()
        if self._is_last(step) or self._is_live() or now - self._last_line >= _LINE_INTERVAL:
            self._last_line = now
            self._bar.n = step.done
            self._bar.set_description_str(str(step), refresh=not self._is_last(step))
        if self._is_last(step):
            self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _new_bar(self, step: ProgressStep) -> Any:
        from tqdm.auto import tqdm

        stream = self._stream or sys.stderr
        # a log gets the sentence alone; tqdm draws its bar to the right of it elsewhere
        has_bar = step.total and (stream.isatty() or _is_notebook_class(tqdm))
        return tqdm(
            desc=str(step),
            total=step.total,
            file=stream,
            dynamic_ncols=stream.isatty(),
            bar_format="{desc} |{bar}|" if has_bar else "{desc}",
        )

    def _is_live(self) -> bool:
        """Whether the bar can be redrawn in place."""
        return _is_notebook_class(type(self._bar)) or (self._stream or sys.stderr).isatty()

    @staticmethod
    def _is_last(step: ProgressStep) -> bool:
        return step.finished or step.stopped

    def _write(self, line: str) -> None:
        """Writes a line above the bar, if there is one."""
        from tqdm.auto import tqdm

        tqdm.write(line, file=self._stream or sys.stderr)


def _is_notebook_class(bar_class: type) -> bool:
    return any(base.__name__ == "tqdm_notebook" for base in bar_class.__mro__)


class ProgressMeter:
    """Counts one stage and reports it, at most a few times a second; a context manager.

    Other threads may count; steps are reported in the thread that made the meter alone, when it
    counts or calls ``report``. If an error leaves the block, the last step says ``stopped``.

    Args:
        callback: receives the steps.
        stage: one of ``STAGES``.
        label: the variant or file it is about.
        total: bytes in all, None where unknown.
        done: bytes that are done already; they do not count in the rate.
    """

    def __init__(
        self,
        callback: ProgressCallback,
        stage: str,
        label: str,
        total: int | None = None,
        done: int = 0,
    ) -> None:
        self._callback = callback
        self._stage, self._label, self._total = stage, label, total
        self._done = self._start_done = done
        self._start = time.monotonic()
        self._last_step = -_STEP_INTERVAL
        self._lock = threading.Lock()
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        self._report_step()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._report_step(finished=kind is None, stopped=kind is not None)

    def add(self, count: int) -> None:
        """Counts ``count`` more bytes as done; a negative count takes bytes back."""
        with self._lock:
            self._done += count
            if count < 0:
                self._start_done = min(self._start_done, self._done)
        self.report()

    def skip(self, count: int) -> None:
        """Counts ``count`` bytes that were done before; they are not part of the rate."""
        with self._lock:
            self._start_done += count
            self._done += count
        self.report()

    def report(self) -> None:
        """Reports a step, if this is the meter's thread and the last step is not too recent."""
        if threading.get_ident() != self._thread:
            return
        if time.monotonic() - self._last_step >= _STEP_INTERVAL:
            self._report_step()

    def note(self, key: str, **values: Any) -> None:
        """Reports a sentence of ``gemma_nb.i18n`` in place of figures."""
        self._callback(ProgressStep(self._stage, self._label, note=text(key, **values)))

    def _report_step(self, *, finished: bool = False, stopped: bool = False) -> None:
        self._last_step = time.monotonic()
        seconds = self._last_step - self._start
        with self._lock:
            done, start_done = self._done, self._start_done
        rate = (done - start_done) / seconds if seconds > 0 else 0.0
        self._callback(
            ProgressStep(
                self._stage, self._label, done, self._total, rate, seconds, finished, stopped
            )
        )
