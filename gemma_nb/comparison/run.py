"""The run: every choice in turn, each finished row on disk before the next begins."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison.agreement import ReplyDistributions
from gemma_nb.comparison.measure import Measurement, predicted_row
from gemma_nb.comparison.request import (
    Comparable,
    ComparisonTask,
    ResolvedChoice,
    build_task,
    resolve_choices,
)
from gemma_nb.comparison.result import Comparison, Machine
from gemma_nb.comparison.rows import DOES_NOT_FIT, DONE, FAILED, Agreement, ComparisonRow
from gemma_nb.comparison.run_progress import (
    ComparisonProgress,
    ProgressCallback,
    load_progress,
    progress_reporter,
)
from gemma_nb.comparison.store import MAX_ATTEMPTS, RowStore, StoredRow, default_folder
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.environment import package_version
from gemma_nb.i18n import Message, text

if TYPE_CHECKING:
    from gemma_nb.hardware.runtime import Runtime
    from gemma_nb.model import Messages


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
    """Loads, measures and unloads each choice in turn, so that what fits alone can be compared.

    Replies are greedy, so that precisions can be compared. What does not fit, or fails, is a row
    with its reason. Rows are measured from the smallest to the largest, since JAX keeps one peak of
    device memory for the whole process. Each finished row is written to ``path`` at once: the same
    call after a killed run goes on where that stopped. An interrupt (Ctrl-C, the kernel's stop)
    ends the run and returns the rows that are finished, if there are any.

    Args:
        choices: one or several of: a name of ``variants()``, a handle or a directory, with
            ``:precision`` behind it or without ("gemma3_instruct_1b:int8"); a ``Variant``; a
            ``Choice``; a loaded ``Model``, which is measured first and stays loaded.
        prompts: strings (one user turn each) or conversations; the first is also the one that
            speed is measured on.
        references: the right answer to each prompt, None where there is none; scored are the exact
            match and whether the reply contains it.
        text: plain text (sent without a template) whose likelihood is measured, in bits a byte,
            in pieces of at most 1,024 tokens, each behind its own ``<bos>``.
        max_new_tokens: the most tokens of each reply.
        max_length: tokens of prompt and reply together, for choices that do not say it.
        repeats: how often speed is measured; the median counts.
        path: a folder for the rows; one in the user's cache when None. A finished comparison
            there is kept, and read instead of measured again; one in the cache is not.
        fresh: measure everything again, whatever is at ``path``.
        force: try also what ``advise`` says does not fit.
        credentials: a login, as ``load`` takes it.
        progress: a callback that is given each step; lines on stderr when None, nothing when False.

    Returns:
        The comparison, rows in the order of ``choices``.

    Raises:
        InvalidInput: no choices or prompts, an unknown name or precision, the same choice twice, a
            prompt that a variant cannot take, references that do not match the prompts, a number
            that cannot be, a ``path`` with something else in it; before anything is loaded.
        LoadError: a hub could not be asked what a handle is.
        BackendError: keras was imported before, with another backend.
        KeyboardInterrupt: interrupted before the first row was finished.
    """
    from gemma_nb.hub.credentials import take

    credentials = take(credentials)
    runtime = detect_runtime()
    entries = resolve_choices(choices, max_length, runtime, credentials)
    wanted = build_task(entries, prompts, references, text, max_new_tokens, repeats)
    machine = _machine(runtime)
    digest = wanted.digest(entries)
    folder = default_folder(digest) if path is None else Path(path).expanduser()
    run = {"digest": digest, "machine": machine.identity()}
    store = RowStore(folder, run, asdict(machine), own=path is None, fresh=fresh)
    try:
        session = _Session(entries, wanted, store, runtime, force=force, credentials=credentials)
        rows = session.run(progress)
    finally:
        store.close()
    return Comparison(
        rows=rows,
        prompts=tuple(_shown(p) for p in wanted.prompts),
        references=wanted.references,
        text_bytes=None if text is None else len(text.encode()),
        max_new_tokens=max_new_tokens,
        repeats=repeats,
        machine=Machine(**{k: store.facts.get(k, v) for k, v in asdict(machine).items()}),
        path=folder,
    )


class _Session:
    """One run over all choices."""

    def __init__(
        self,
        entries: Sequence[ResolvedChoice],
        wanted: ComparisonTask,
        store: RowStore,
        runtime: Runtime,
        **options: Any,
    ) -> None:
        self._entries, self._task, self._store = entries, wanted, store
        self._options = options
        self._plans = {e.key: predicted_row(e, runtime) for e in entries}
        self._kept: dict[str, StoredRow] = {}

    def run(self, progress: ProgressCallback | bool | None) -> tuple[ComparisonRow, ...]:
        """Every row, finished or waiting, in the user's order."""
        tell = progress_reporter(progress)
        order = sorted(
            self._entries,
            key=lambda e: (e.model is None, sum(self._plans[e.key].predicted.values())),
        )
        try:
            tell(
                ComparisonProgress(
                    0, len(order), note=text("compare_kept_at", folder=self._store.folder)
                )
            )
            for number, entry in enumerate(order, 1):
                doing = ComparisonProgress(number, len(order), entry.label)
                found = self._store.row(entry.key)
                if found is None or found.row.status != DONE:
                    found = self._measured(entry, tell, doing, load_progress(progress, doing))
                self._kept[entry.key] = found
                tell(replace(doing, step="done", row=found.row))
            if all(k.row.status in (DONE, DOES_NOT_FIT) for k in self._kept.values()):
                self._store.complete()
        except KeyboardInterrupt:
            if not self._kept:
                raise
            with suppress(KeyboardInterrupt):  # a callback may interrupt at each call
                tell(ComparisonProgress(0, len(order), note=text("compare_interrupted")))
        rows = self._agreed()
        reason = Message("compare_waiting")
        return tuple(
            rows.get(e.key) or replace(self._plans[e.key], reason=reason) for e in self._entries
        )

    def _measured(
        self, entry: ResolvedChoice, tell: ProgressCallback, doing: ComparisonProgress, loading: Any
    ) -> StoredRow:
        key, plan, store = entry.key, self._plans[entry.key], self._store
        before = store.mark(key)
        if before >= MAX_ATTEMPTS:
            reason = Message("compare_killed", {"count": before})
            return StoredRow(replace(plan, status=FAILED, reason=reason), {})
        try:
            prepare_backend()
            measurement = Measurement(
                entry,
                self._task,
                plan,
                lambda step: tell(replace(doing, step=step)),
                {**self._options, "progress": loading},
            )
            row = measurement.run(self._others(entry))
            if measurement.trace and row.status == DONE:
                measurement.trace.save(store.trace(key))
            kept = StoredRow(row, measurement.pairs)
            store.keep(key, kept)
        finally:
            store.unmark(key)  # whatever Python sees did not end the process
        return kept

    def _others(self, entry: ResolvedChoice) -> dict[str, tuple[str, ReplyDistributions]] | None:
        """What was measured of the same variant; None where it is in one precision only."""
        alike = {e.key: e for e in self._entries if e.variant.name == entry.variant.name}
        if len(alike) < 2:
            return None
        traces = {
            key: ReplyDistributions.load(self._store.trace(key))
            for key in alike
            if key in self._kept
        }
        return {key: (alike[key].precision, found) for key, found in traces.items() if found}

    def _agreed(self) -> dict[str, ComparisonRow]:
        """The finished rows, each with its agreement with the highest precision of its variant."""
        rows = {key: found.row for key, found in self._kept.items()}
        rank = list(PRECISIONS).index
        for name in {e.variant.name for e in self._entries}:
            done = {k: r for k, r in rows.items() if r.variant == name and r.status == DONE}
            best = min(done, key=lambda k: rank(done[k].precision), default="")
            for key, row in done.items():
                pair = self._kept[key].pairs.get(best) or self._kept[best].pairs.get(key)
                if key != best and pair:
                    rows[key] = replace(row, agreement=Agreement(done[best].precision, *pair))
        return rows


def prepare_backend() -> None:
    """Imports keras and wakes the device, which are no part of a model's load time."""
    from gemma_nb import backend

    backend.prepare()
    backend.import_keras_hub()
    import jax

    jax.local_devices()


def _machine(runtime: Runtime) -> Machine:
    names = ("jax", "keras", "keras-hub")
    return Machine(
        device=runtime.name,
        kind=runtime.kind,
        usable_bytes=runtime.usable_bytes,
        host_bytes=runtime.host_ram_bytes,
        python=platform.python_version(),
        packages={n: package_version(n) or "–" for n in names},
        date=dt.datetime.now(tz=dt.UTC).date().isoformat(),
    )


def _shown(prompt: Messages) -> str:
    """A prompt as a person reads it: a string as it stands, a conversation a line a turn."""
    if isinstance(prompt, str):
        return prompt
    turns = (dict(m) for m in prompt)
    return "\n".join(f"{m.get('role', '?')}: {_content(m.get('content'))}" for m in turns)


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return " ".join(str(p.get("text", f"[{p.get('type')}]")) for p in parts if isinstance(p, dict))
