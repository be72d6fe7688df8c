"""The comparing panel: several choices, the same prompts, side by side."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from gemma_nb.comparison.rows import DONE
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.i18n import text
from gemma_nb.widgets import compare_export, compare_static, compare_view, controls
from gemma_nb.widgets.compare_choices import Choices
from gemma_nb.widgets.compare_fields import Asked, Fields
from gemma_nb.widgets.compare_results import Results
from gemma_nb.widgets.compare_view import Seen
from gemma_nb.widgets.main_thread import on_main_thread, soon
from gemma_nb.widgets.markup import Html, pre, tag
from gemma_nb.widgets.panel import Panel
from gemma_nb.widgets.stop_button import waiting_press

if TYPE_CHECKING:
    from gemma_nb.comparison.comparison import Comparison
    from gemma_nb.comparison.run import ComparisonProgress

#: What is compared where nothing is named: another size, another tuning, another precision.
DEMOS = ("demo_gemma3_1m", "demo_gemma3_instruct_1m", "demo_gemma3_instruct_4m:int8")


class ComparePanel(Panel):
    """Compares variants and precisions on this machine: replies, figures and plots side by side.

    Each choice is loaded, measured and unloaded in turn, on the main thread, and its row appears as
    soon as it is finished. Stop ends a run between two rows, the kernel's interrupt at once; what is
    finished stays, and the same comparison goes on with the rest.

    Args:
        choices: what to open on, as ``compare`` takes it; three demo models when None.
        prompts: what each is asked, a string a prompt; two examples when None.
        references: the right answers, None where there is none.
        text: a text whose likelihood is measured.
        lang: "en" or "ja"; the language in force when None.

    Attributes:
        comparison: the ``Comparison`` of the last run; None before, and while one goes on.
        busy: whether a run goes on.

    Raises:
        InvalidInput: an unknown variant, precision or language, the same choice twice, a prompt
            that is no string.
        LoadError: a hub could not be asked what a handle is.
    """

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
        self._stopped = False
        self._seen: Seen | None = None
        self._plots = Html()
        with self.speaking():
            self._choices = Choices(self, self._changed, self._tell_error)
            self._fields = Fields(prompts, references, text)
            self._choices.take(DEMOS if choices is None else choices)
            self._build()
            self._show()

    def run(self) -> None:
        """Compares, as its button does; in a cell it returns once the run has ended."""
        if self.busy:
            return
        with self.speaking():
            try:
                asked = self._checked()
            except InvalidInput as error:
                self._tell_error(error)
                return
            self.busy, self._stopped, self.comparison = True, False, None
            self._plots = Html()
            waits = text("panel_compare_waiting")
            items = self._choices.items
            length = asked.numbers["max_length"]
            rows = (compare_view.waiting_row(i.entry.variant.name, i.entry.precision, length)
                    for i in items)  # fmt: skip
            states = (waits,) * len(items)
            self._seen = Seen(tuple(rows), states, asked.prompts, asked.references)
            self._tell(text("panel_compare_waits"))
            self._enable()
            self._results.show(self._seen, self.comparison, self._plots)
        on_main_thread(partial(self._compare, self._choices.asked(), asked))

    def stop(self) -> None:
        """Ends the run once the row that is being measured is finished."""
        self._stopped = True
        if self.busy:
            self.announce(self.text("panel_compare_stopping"))

    def _build(self) -> None:
        self._start = controls.button(
            text("panel_compare_start"), lambda _: self.run(), "gnb-primary"
        )
        self._stop = controls.button(text("panel_compare_stop"), lambda _: self.stop(), "gnb-stop")
        self._note = controls.html()
        self._results = Results(self, self._code)
        for control in self._fields.numbers.values():
            control.observe(lambda _: self._changed(""), "value")
        head = tag("h3", text("panel_compare_title")) + tag("p", text("panel_compare_intro"))
        self.assemble(
            controls.html(compare_view.STYLE, "gnb-look"),
            controls.html(tag("div", Html(head), lang=self.lang)),
            self._choices.widget,
            self._fields.widget,
            controls.row(self._start, self._stop),
            self._note,
            self._results.widget,
            looks=("gnb-compare",),
        )

    # what follows

    def _checked(self) -> Asked:
        """What the fields say, where there is something to ask and something to be asked."""
        asked = self._fields.asked()
        if not self._choices.items:
            raise InvalidInput("compare_no_choices")
        if not asked.prompts:
            raise InvalidInput("compare_no_prompts")
        return asked

    def _compare(self, choices: Sequence[Any], asked: Asked) -> None:
        """On the main thread."""
        from gemma_nb.comparison.run import compare

        pressed = waiting_press(self._stop)
        order: dict[int, int] = {}  # which row is the n-th to be measured

        def follow(doing: ComparisonProgress) -> None:
            self._stopped = self._stopped or pressed()
            if doing.label:
                self._follow(doing, order)
            if doing.row and self._stopped and doing.number < doing.count:
                raise KeyboardInterrupt

        fault: Exception | None = None
        try:
            with self.speaking():
                prompts = list(asked.prompts)
                self.comparison = compare(choices, prompts, **asked.options, progress=follow)
        except KeyboardInterrupt:
            self._stopped = True
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown whole
            fault = error
        try:
            with self.speaking():
                self._finish(fault)
        except KeyboardInterrupt:  # pressed once too often
            pass
        finally:
            # presses that came meanwhile are handled first, and ignored
            soon(self._free, 0.2)

    def _follow(self, doing: ComparisonProgress, order: dict[int, int]) -> None:
        """Shows how far the run is."""
        assert self._seen is not None
        rows, states = list(self._seen.rows), list(self._seen.states)
        if doing.number not in order:
            labels = [row.label for row in rows]
            order[doing.number] = next(
                i
                for i, label in enumerate(labels)
                if label == doing.label and i not in order.values()
            )
        at = order[doing.number]
        before = states[at]
        if doing.row is not None:
            rows[at], states[at] = doing.row, ""
            said = text(
                "panel_compare_row_done",
                label=doing.label,
                state=compare_view.state_of(doing.row),
                number=doing.number,
                count=doing.count,
            )
            self.announce(said)
        else:
            states[at] = text(f"compare_doing_{doing.step}")
        self._seen = replace(self._seen, rows=tuple(rows), states=tuple(states))
        if states[at] != before:
            self._results.show(self._seen, self.comparison, self._plots)
        self._tell_progress(doing)

    def _tell_progress(self, doing: ComparisonProgress) -> None:
        if doing.row is not None:
            return
        line = text(
            "panel_compare_busy",
            number=doing.number,
            count=doing.count,
            label=doing.label,
            doing=text(f"compare_doing_{doing.step}"),
        )
        share = f"{(doing.number - 1) / doing.count:.3f}"
        label = text("panel_compare_progress")
        key = "panel_compare_stopping" if self._stopped else "panel_compare_how_to_stop"
        bar = tag("progress", value=share, max="1", aria_label=label, style="width:100%")
        loading = [tag("br"), doing.note] if doing.note else []
        parts = [line, *loading, bar, tag("small", text(key))]
        self._note.value = tag("div", *parts, class_="gnb-note", lang=self.lang)

    def _finish(self, fault: Exception | None) -> None:
        """Shows what came of a run."""
        found = self.comparison
        if found is not None:
            self._seen = Seen.of(found)
            count, done = len(found.rows), len(found.measured)
            key = "panel_compare_ready" if found.complete else "panel_compare_stopped"
            said = text(key, done=done, count=count, name=self.variable("panel"))
            self._tell(said, aloud=True)
            self._results.show(self._seen, self.comparison, self._plots)
            self._plots = self._drawn(found)
        else:
            self._keep_finished()
            if fault is not None:
                self._tell_error(fault)
            else:
                self._tell(text("panel_compare_stopped_early"), aloud=True)
        self._choices.look()
        self._show()

    def _drawn(self, found: Comparison) -> Html:
        """The plots; what is wrong with them takes nothing away from the rest."""
        try:
            return compare_view.plots_html(found)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown whole
            return self._error_html(error)

    def _keep_finished(self) -> None:
        """Of a run that ended without a comparison, the rows that were finished; else none."""
        seen = self._seen
        if seen is None or not any(row.status == DONE for row in seen.rows):
            self._seen = None
        else:
            self._seen = replace(seen, states=tuple("" for _ in seen.rows))

    def _free(self) -> None:
        self.busy = False
        with self.speaking():
            self._enable()

    def _changed(self, said: str) -> None:
        """Something else is to be compared."""
        if self.busy:
            return
        with self.speaking():
            self._show()
            self._tell("")
        if said:  # seen in the list
            self.announce(said)

    def _enable(self) -> None:
        self._start.disabled = self.busy
        self._stop.disabled = not self.busy
        self._fields.enable(not self.busy)
        self._choices.show(self._fields.numbers["max_length"].value, busy=self.busy)

    def _show(self) -> None:
        self._enable()
        self._results.show(self._seen, self.comparison, self._plots)
        self.refresh()

    def _tell(self, sentence: str, *, aloud: bool = False) -> None:
        if aloud:
            self.announce(sentence)
        block = tag("div", sentence, class_="gnb-note", lang=self.lang)
        self._note.value = block if sentence else ""

    def _tell_error(self, error: Exception) -> None:
        self._note.value = self._error_html(error)

    def _error_html(self, error: Exception) -> Html:
        body: list[object]
        if isinstance(error, GemmaError):
            body = ["\n", error.message.text(self.lang)]
        else:
            whole = "".join(traceback.format_exception(error))
            why = text("panel_compare_unexpected", kind=type(error).__name__, why=error)
            body = ["\n", why, pre(whole, type(error).__name__)]
        head = tag("strong", text("panel_compare_failed"))
        return tag("div", head, *body, class_="gnb-error", role="alert", lang=self.lang)

    # where no widget can live

    def static_html(self) -> Html:
        """What was chosen, or how it compares: table, replies and plots."""
        with self.speaking():
            return compare_static.static_html(
                self._choices, self._asked(), self._seen, self.comparison, self._plots
            )

    def static_text(self) -> str:
        """The same as plain text."""
        with self.speaking():
            return compare_static.static_text(
                self._choices, self._asked(), self._seen, self.comparison
            )

    def _code(self) -> str:
        """The call that compares the same; nothing where the fields make none."""
        try:
            asked = self._fields.asked()
        except GemmaError:  # told when it is used
            return ""
        choices = [f"{i.entry.variant.name}:{i.entry.precision}" for i in self._choices.items]
        return compare_export.as_code(choices, asked.prompts, asked.options)

    def _asked(self) -> tuple[str, ...]:
        try:
            return self._fields.asked().prompts
        except GemmaError:
            return ()
