"""The comparison panel: several models answer the same prompts, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.report_text import status_text
from gemma_nb.comparison.rows import DONE, WAITING, ComparisonRow
from gemma_nb.comparison.run import ComparisonProgress, compare
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.plots.canvas import plot_style
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import progress_bar
from gemma_nb.widgets.base.main_thread import on_main_thread, run_later, waiting_press
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.compare import compare_view
from gemma_nb.widgets.compare.candidate_list import CandidateList
from gemma_nb.widgets.compare.compare_view import RunState
from gemma_nb.widgets.compare.comparison_form import ComparisonForm, FormValues
from gemma_nb.widgets.compare.comparison_results import ComparisonResults, comparison_as_code

#: The default choices: they differ in size, tuning and precision.
DEMO_CHOICES = ("demo_gemma3_1m", "demo_gemma3_instruct_1m", "demo_gemma3_instruct_4m:int8")


class ComparePanel(Panel):
    """Compares variants and precisions on this machine: replies, figures and plots side by side.

    Each choice is loaded, measured and unloaded in turn on the main thread, and its row appears
    when it is finished. Stop ends a run between two rows, and the kernel's interrupt ends it at
    once. Rows that are finished are kept, and the next run of the same comparison continues with
    the others.

    Args:
        choices: the first choices, as for ``compare``; three demo models when None.
        prompts: the first prompts, each a string; two examples when None.
        references: the right answers; None where there is none.
        text: a text whose likelihood is measured.
        lang: "en" or "ja"; the language in force when None.

    Attributes:
        comparison: the ``Comparison`` of the last run; None before the first and during a run.
        busy: whether a comparison is running.

    Raises:
        InvalidInput: an unknown variant, precision or language, the same choice twice, or a prompt
            that is not a string.
        LoadError: a hub could not be asked for a handle.
    """

    style_files = ("compare/compare.css",)

    def __init__(
        self,
        choices: Any = None,
        prompts: str | Sequence[str] | None = None,
        *,
        references: str | Sequence[str | None] | None = None,
        text: str | None = None,
        lang: str | None = None,
    ) -> None:
        super().__init__(lang)
        self.comparison: Comparison | None = None
        self.busy = False
        self._is_stopped = False
        self._run: RunState | None = None
        self._plots = Html()
        with self.using_language():
            self._candidates = CandidateList(self, self._on_change, self._show_error)
            self._form = ComparisonForm(prompts, references, text)
            self._candidates.add(DEMO_CHOICES if choices is None else choices)
            self._build()
            self._update()

    def run(self) -> None:
        """Starts a comparison, as its button does; in a cell, returns when it has ended."""
        if self.busy:
            return
        with self.using_language():
            try:
                values = self._checked_values()
            except InvalidInput as error:
                self._show_error(error)
                return
            self.busy, self._is_stopped, self.comparison = True, False, None
            self._plots = Html()
            entries = [candidate.entry for candidate in self._candidates.candidates]
            length = values.numbers["max_length"]
            self._run = RunState(
                tuple(
                    ComparisonRow(e.variant.name, e.precision, length, status=WAITING)
                    for e in entries
                ),
                (text("panel_compare_waiting"),) * len(entries),
                values.prompts,
                values.references,
            )
            self._note.value = self.note_html(text("panel_compare_waits"))
            self._update_controls()
            self._show_results()
        on_main_thread(partial(self._compare, self._candidates.choices(), values))

    def stop(self) -> None:
        """Ends the run when the row that is being measured is finished."""
        self._is_stopped = True
        if self.busy:
            self.announce(self.text("panel_compare_stopping"))

    def _build(self) -> None:
        self._start_button = controls.button(
            text("panel_compare_start"), lambda _: self.run(), "gnb-primary"
        )
        self._stop_button = controls.button(
            text("panel_compare_stop"), lambda _: self.stop(), "gnb-stop"
        )
        self._note = controls.html()
        self._results = ComparisonResults(self, self._code)
        for control in self._form.numbers.values():
            control.observe(lambda _: self._on_change(""), "value")
        title, intro = text("panel_compare_title"), text("panel_compare_intro")
        self.assemble(
            controls.html(self.with_lang(tag("h3", title), tag("p", intro))),
            self._candidates.widget,
            self._form.widget,
            controls.row(self._start_button, self._stop_button),
            self._note,
            self._results.widget,
            css_classes=("gnb-compare",),
        )

    # the run

    def _checked_values(self) -> FormValues:
        """The values of the form.

        Raises:
            InvalidInput: the values are not valid, or there is no candidate or no prompt.
        """
        values = self._form.values()
        if not self._candidates.candidates:
            raise InvalidInput("compare_no_choices")
        if not values.prompts:
            raise InvalidInput("compare_no_prompts")
        return values

    def _compare(self, choices: Sequence[Any], values: FormValues) -> None:
        """Runs a comparison; runs on the main thread."""
        is_stop_waiting = waiting_press(self._stop_button)
        indices: dict[int, int] = {}  # the number of a measured row -> its index in the run

        def on_progress(progress: ComparisonProgress) -> None:
            self._is_stopped = self._is_stopped or is_stop_waiting()
            if progress.label:
                self._show_progress(progress, indices)
            if progress.row and self._is_stopped and progress.number < progress.count:
                raise KeyboardInterrupt

        error: Exception | None = None
        try:
            with self.using_language():
                self.comparison = compare(
                    choices, list(values.prompts), **values.options, progress=on_progress
                )
        except KeyboardInterrupt:
            self._is_stopped = True
        except Exception as raised:  # noqa: BLE001 - every error is shown
            error = raised
        try:
            with self.using_language():
                self._show_end(error)
        except KeyboardInterrupt:  # a second interrupt after the run has ended
            pass
        finally:
            # clicks that arrived meanwhile are handled first, and do nothing
            run_later(self._finish, 0.2)

    def _show_progress(self, progress: ComparisonProgress, indices: dict[int, int]) -> None:
        """Shows the step of a row, or the row when it is finished.

        Args:
            progress: what ``compare`` is doing.
            indices: the number of a measured row -> its index in the run; a new number is added.
        """
        assert self._run is not None
        rows, steps = list(self._run.rows), list(self._run.steps)
        if progress.number not in indices:
            indices[progress.number] = next(
                index
                for index, row in enumerate(rows)
                if row.label == progress.label and index not in indices.values()
            )
        index = indices[progress.number]
        previous_step = steps[index]
        if progress.row is not None:
            rows[index], steps[index] = progress.row, ""
            sentence = text(
                "panel_compare_row_done",
                label=progress.label,
                state=status_text(progress.row),
                number=progress.number,
                count=progress.count,
            )
            self.announce(sentence)
        else:
            steps[index] = text(f"compare_doing_{progress.step}")
        self._run = replace(self._run, rows=tuple(rows), steps=tuple(steps))
        if steps[index] != previous_step:
            self._show_results()
        if progress.row is None:
            self._show_progress_note(progress)

    def _show_progress_note(self, progress: ComparisonProgress) -> None:
        sentence = text(
            "panel_compare_busy",
            number=progress.number,
            count=progress.count,
            label=progress.label,
            doing=text(f"compare_doing_{progress.step}"),
        )
        fraction = (progress.number - 1) / progress.count
        bar = progress_bar(fraction, text("panel_compare_progress"))
        how_to_stop = text(
            "panel_compare_stopping" if self._is_stopped else "panel_compare_how_to_stop"
        )
        details = [tag("br"), progress.note] if progress.note else []
        content = [sentence, *details, bar, tag("small", how_to_stop)]
        self._note.value = tag("div", *content, class_="gnb-note", lang=self.lang)

    def _show_end(self, error: Exception | None) -> None:
        """Shows the results of a run, or what remains of one that made no comparison."""
        comparison = self.comparison
        if comparison is not None:
            self._run = RunState.of(comparison)
            count, measured = len(comparison.rows), len(comparison.measured)
            key = "panel_compare_ready" if comparison.complete else "panel_compare_stopped"
            name = self.variable_name("panel")
            self._note_and_announce(text(key, done=measured, count=count, name=name))
            self._show_results()
            self._plots = self._plots_html(comparison)
        else:
            self._keep_finished_rows()
            if error is not None:
                self._show_error(error)
            else:
                self._note_and_announce(text("panel_compare_stopped_early"))
        self._candidates.detect_again()
        self._update()

    def _plots_html(self, comparison: Comparison) -> Html:
        """The plots; an error in them does not affect the other results."""
        try:
            return compare_view.plots_html(comparison)
        except Exception as error:  # noqa: BLE001 - every error is shown
            return self.error_html(error, text("panel_compare_failed"), "panel_compare_unexpected")

    def _keep_finished_rows(self) -> None:
        """Removes the steps of a run that was ended, or the run if no row is finished."""
        if self._run is None or not any(row.status == DONE for row in self._run.rows):
            self._run = None
        else:
            self._run = replace(self._run, steps=("",) * len(self._run.rows))

    def _finish(self) -> None:
        self.busy = False
        with self.using_language():
            self._update_controls()

    # view

    def _on_change(self, sentence: str) -> None:
        """Shows a change of the candidates or numbers, and announces it unless it is empty."""
        if self.busy:
            return
        with self.using_language():
            self._update()
            self._note.value = ""
        if sentence:  # only announced, because the list shows it
            self.announce(sentence)

    def _update(self) -> None:
        self._update_controls()
        self._show_results()
        self.refresh()

    def _update_controls(self) -> None:
        self._start_button.disabled = self.busy
        self._stop_button.disabled = not self.busy
        self._form.enable(not self.busy)
        self._candidates.show(self._form.numbers["max_length"].value, is_busy=self.busy)

    def _show_results(self) -> None:
        self._results.show(self._run, self.comparison, self._plots)

    def _note_and_announce(self, sentence: str) -> None:
        self.announce(sentence)
        self._note.value = self.note_html(sentence)

    def _show_error(self, error: Exception) -> None:
        heading = self.text("panel_compare_failed")
        self._note.value = self.error_html(error, heading, "panel_compare_unexpected")

    def _code(self) -> str:
        """Python code for the same comparison; empty where the form is not valid."""
        try:
            values = self._form.values()
        except GemmaError:  # reported when the comparison is started
            return ""
        entries = [candidate.entry for candidate in self._candidates.candidates]
        choices = [f"{entry.variant.name}:{entry.precision}" for entry in entries]
        return comparison_as_code(choices, values.prompts, values.options)

    def _prompts(self) -> tuple[str, ...]:
        """The prompts; none where the form is not valid."""
        try:
            return self._form.values().prompts
        except GemmaError:
            return ()

    def _style_html(self) -> Html:
        return join([super()._style_html(), plot_style()])

    # static copies

    def static_html(self) -> Html:
        """The candidates before a run, else its results: table, replies and plots."""
        with self.using_language():
            return compare_view.static_html(
                self._candidates, self._prompts(), self._run, self.comparison, self._plots
            )

    def static_text(self) -> str:
        """The same as plain text."""
        with self.using_language():
            return compare_view.static_text(
                self._candidates, self._prompts(), self._run, self.comparison
            )
