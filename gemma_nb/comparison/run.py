"""``compare``: measures one choice after another and writes each row to disk before the next."""

from __future__ import annotations

import datetime as dt
import platform
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gemma_nb import backend
from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.log_likelihood import ReplyDistributions
from gemma_nb.comparison.measure import Measurement, predicted_row
from gemma_nb.comparison.request import (
    Comparable,
    ComparisonTask,
    ResolvedChoice,
    build_task,
    resolve_choices,
)
from gemma_nb.comparison.result import Machine
from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, FAILED, Agreement, ComparisonRow
from gemma_nb.comparison.store import MAX_ATTEMPTS, RowStore, StoredRow, default_folder
from gemma_nb.files import expand_home
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.environment import package_version
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.credentials import parse_credentials
from gemma_nb.i18n import Message, text
from gemma_nb.reply_request import Messages

#: The packages whose versions are part of a result.
_PACKAGES = ("jax", "keras", "keras-hub")


@dataclass(frozen=True)
class ComparisonProgress:
    """How far a comparison is; the argument of a progress callback.

    Attributes:
        number: the number of the row, from 1, in the order in which rows are measured.
        count: the number of rows.
        label: the variant and its precision.
        step: "load", "first", "speed", "answer", "text", "agreement", "unload" or "done".
        row: the measured row, if ``step`` is "done".
        note: a sentence about the whole run.
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


def compare(
    choices: Comparable | Sequence[Comparable],
    prompts: Messages | Sequence[Messages],
    references: str | Sequence[str | None] | None = None,
    text: str | None = None,
    *,
    max_new_tokens: int = 64,
    max_length: int = 2048,
    repeats: int = 5,
    path: str | Path | None = None,
    fresh: bool = False,
    force: bool = False,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
) -> Comparison:
    """Loads, measures and unloads each choice in turn, so that each has the memory for itself.

    Replies are greedy, so that precisions can be compared. A choice that does not fit or that
    fails becomes a row with a reason. Rows are measured from the smallest to the largest, because
    JAX counts one peak of device memory for the whole process. Each finished row is written to
    ``path`` at once: after a killed run, the same call continues where that run stopped. An
    interrupt (Ctrl-C, the kernel's stop) ends the run and returns the finished rows, if there are
    any.

    Args:
        choices: one or several of: a name of ``variants()``, a handle or a directory, each with or
            without ``:precision`` at its end ("gemma3_instruct_1b:int8"); a ``Variant``; a
            ``Choice``, which is loaded on its devices; a loaded ``Model``, which is measured first and
            stays loaded.
        prompts: strings (one user turn each) or conversations. Speed is measured with the first.
        references: the right answer to each prompt, None where there is none. The scores are the
            exact match and whether the reply contains the reference.
        text: plain text whose likelihood is measured, in bits per byte. It is read without a
            template, in windows of at most 1,024 tokens, each after its own ``<bos>``.
        max_new_tokens: the maximum number of tokens of each reply.
        max_length: tokens of prompt and reply together, for choices that do not state it.
        repeats: the number of speed measurements; their median is reported.
        path: a folder for the rows; one in the user's cache when None. A complete comparison in
            ``path`` is read instead of measured again; one in the cache is measured again.
        fresh: whether to measure everything again, whatever ``path`` holds.
        force: whether to try choices that do not fit according to ``advise``.
        credentials: a login, as for ``load``.
        progress: a callback that receives a ``ComparisonProgress`` at each step; lines on stderr
            when None, nothing when False.

    Returns:
        The comparison, its rows in the order of ``choices``.

    Raises:
        InvalidInput: no choices or prompts, an unknown name or precision, the same choice twice, a
            prompt that a variant cannot take, references that do not match the prompts, a number
            that is too small, or a ``path`` that holds something else. Raised before anything is
            loaded.
        LoadError: a hub could not be asked for a handle.
        BackendError: keras was imported before, with another backend.
        KeyboardInterrupt: interrupted before the first row was finished.
    """
    credentials = parse_credentials(credentials)
    runtime = detect_runtime()
    resolved = resolve_choices(choices, max_length, runtime, credentials)
    task = build_task(resolved, prompts, references, text, max_new_tokens, repeats)
    machine = _describe_machine(runtime)
    digest = task.digest(resolved)
    folder = default_folder(digest) if path is None else expand_home(path)
    settings = {"digest": digest, "machine": machine.identity()}
    store = RowStore(folder, settings, asdict(machine), own=path is None, fresh=fresh)
    try:
        run = _ComparisonRun(resolved, task, store, runtime, force=force, credentials=credentials)
        rows = run.measure(progress)
    finally:
        store.close()
    return Comparison(
        rows=rows,
        prompts=tuple(_prompt_text(prompt) for prompt in task.prompts),
        references=task.references,
        text_bytes=None if text is None else len(text.encode()),
        max_new_tokens=max_new_tokens,
        repeats=repeats,
        machine=Machine(**{k: store.facts.get(k, v) for k, v in asdict(machine).items()}),
        path=folder,
    )


class _ComparisonRun:
    """One run over all choices."""

    def __init__(
        self,
        choices: Sequence[ResolvedChoice],
        task: ComparisonTask,
        store: RowStore,
        runtime: Runtime,
        **options: Any,
    ) -> None:
        self._choices, self._task, self._store = choices, task, store
        self._options = options
        self._predicted = {choice.key: predicted_row(choice, runtime) for choice in choices}
        self._measured: dict[str, StoredRow] = {}

    def measure(self, progress: ProgressCallback | bool | None) -> tuple[ComparisonRow, ...]:
        """Every row, measured or waiting, in the order of the choices."""
        report = _progress_reporter(progress)
        order = sorted(self._choices, key=self._measuring_order)
        count = len(order)
        try:
            note = text("compare_kept_at", folder=self._store.folder)
            report(ComparisonProgress(0, count, note=note))
            for number, choice in enumerate(order, 1):
                state = ComparisonProgress(number, count, choice.label)
                stored = self._store.read(choice.key)
                if stored is None or stored.row.status != DONE:
                    stored = self._measure_choice(choice, report, state, progress)
                self._measured[choice.key] = stored
                report(replace(state, step="done", row=stored.row))
            if all(s.row.status in (DONE, DOES_NOT_FIT) for s in self._measured.values()):
                self._store.mark_complete()
        except KeyboardInterrupt:
            if not self._measured:
                raise
            with suppress(KeyboardInterrupt):  # a callback may interrupt at each call
                report(ComparisonProgress(0, count, note=text("compare_interrupted")))
        rows = self._rows_with_agreement()
        reason = Message("compare_waiting")
        return tuple(
            rows.get(choice.key) or replace(self._predicted[choice.key], reason=reason)
            for choice in self._choices
        )

    def _measuring_order(self, choice: ResolvedChoice) -> tuple[bool, int]:
        """Loaded models first, then from the smallest to the largest."""
        return choice.model is None, sum(self._predicted[choice.key].predicted.values())

    def _measure_choice(
        self,
        choice: ResolvedChoice,
        report: ProgressCallback,
        state: ComparisonProgress,
        progress: ProgressCallback | bool | None,
    ) -> StoredRow:
        key, predicted, store = choice.key, self._predicted[choice.key], self._store
        attempts = store.mark_started(key)
        if attempts >= MAX_ATTEMPTS:
            reason = Message("compare_killed", {"count": attempts})
            return StoredRow(replace(predicted, status=FAILED, reason=reason), {})
        try:
            prepare_backend()
            measurement = Measurement(
                choice,
                self._task,
                predicted,
                lambda step: report(replace(state, step=step)),
                {**self._options, "progress": _load_progress(progress, state)},
            )
            row = measurement.run(self._other_precisions(choice))
            if measurement.distributions and row.status == DONE:
                measurement.distributions.save(store.distributions_path(key))
            stored = StoredRow(row, measurement.pairs)
            store.write(key, stored)
        finally:
            store.clear_started(key)  # an exception did not end the process
        return stored

    def _other_precisions(
        self, choice: ResolvedChoice
    ) -> dict[str, tuple[str, ReplyDistributions]] | None:
        """The measured distributions of the same variant; None if it has one precision only."""
        alike = {c.key: c for c in self._choices if c.variant.name == choice.variant.name}
        if len(alike) < 2:
            return None
        loaded = {
            key: ReplyDistributions.load(self._store.distributions_path(key))
            for key in alike
            if key in self._measured
        }
        return {key: (alike[key].precision, one) for key, one in loaded.items() if one}

    def _rows_with_agreement(self) -> dict[str, ComparisonRow]:
        """The measured rows, each with its agreement with the highest precision of its variant."""
        rows = {key: stored.row for key, stored in self._measured.items()}
        rank = list(PRECISIONS).index
        for name in {choice.variant.name for choice in self._choices}:
            done = {k: r for k, r in rows.items() if r.variant == name and r.status == DONE}
            highest = min(done, key=lambda k: rank(done[k].precision), default="")
            for key, row in done.items():
                pair = self._measured[key].pairs.get(highest)
                pair = pair or self._measured[highest].pairs.get(key)
                if key != highest and pair:
                    agreement = Agreement(done[highest].precision, *pair)
                    rows[key] = replace(row, agreement=agreement)
        return rows


def prepare_backend() -> None:
    """Imports keras and initializes the device, which are not part of a model's load time."""
    backend.prepare()
    backend.import_keras_hub()
    import jax

    jax.local_devices()


def _describe_machine(runtime: Runtime) -> Machine:
    return Machine(
        device=runtime.name,
        kind=runtime.kind,
        usable_bytes=runtime.usable_bytes,
        host_bytes=runtime.host_ram_bytes,
        python=platform.python_version(),
        packages={name: package_version(name) or "–" for name in _PACKAGES},
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
    )


def _prompt_text(prompt: Messages) -> str:
    """A prompt as text: a string is unchanged, a conversation has one line for each turn."""
    if isinstance(prompt, str):
        return prompt
    turns = (dict(message) for message in prompt)
    return "\n".join(f"{t.get('role', '?')}: {_content_text(t.get('content'))}" for t in turns)


def _content_text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(p.get("text", f"[{p.get('type')}]")) for p in parts if isinstance(p, dict))


def _progress_reporter(progress: ProgressCallback | bool | None) -> ProgressCallback:
    """The callback for the argument ``progress`` of ``compare``."""
    if progress is False:
        return lambda _: None
    if progress is None or progress is True:
        return _ProgressLines()
    return progress


def _load_progress(progress: ProgressCallback | bool | None, state: ComparisonProgress) -> Any:
    """The argument ``progress`` of ``load``."""
    if progress is None or isinstance(progress, bool):
        return progress
    return lambda step: progress(replace(state, step="load", note=f"{state.label}: {step}"))


class _ProgressLines:
    """Progress as lines on stderr; in a terminal, a step overwrites the step before it."""

    def __init__(self) -> None:
        self._stream = sys.stderr
        self._width = 0
        self._line = ""

    def __call__(self, state: ComparisonProgress) -> None:
        """Writes a step; nothing where stderr is closed or its reader is gone, which ends no run."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._write(state)

    def _write(self, state: ComparisonProgress) -> None:
        line, stream = str(state), self._stream
        if line == self._line:
            return
        self._line = line
        is_final = bool(state.note) or state.row is not None
        if stream.isatty():
            stream.write("\r" + line.ljust(self._width) + ("\n" if is_final else ""))
            self._width = 0 if is_final else len(line)
        elif is_final:
            stream.write(line + "\n")
        stream.flush()
