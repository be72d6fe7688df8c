"""The results of a comparison: a table, and tabs with replies, plots, method, files and code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from pprint import pformat
from typing import Any

from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.report_html import method_list
from gemma_nb.errors import GemmaError
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import code_block
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.compare import compare_view
from gemma_nb.widgets.compare.compare_view import RunState

RESULT_TABS = ("replies", "plots", "how", "save")

#: The kinds of files, which are also the suffixes of their names.
FILE_KINDS = ("html", "csv", "json", "md")


class ComparisonResults:
    """The table, the tabs and their content.

    Args:
        panel: the panel that shows the results.
        code: gives the Python code that makes the same comparison.
    """

    def __init__(self, panel: Panel, code: Callable[[], str]) -> None:
        self._panel, self._code = panel, code
        self._run: RunState | None = None
        self._comparison: Comparison | None = None
        self._plots = Html()
        self.table, self.body, self.save_note = (controls.html() for _ in range(3))
        names = [(text(f"panel_compare_tab_{name}"), name) for name in RESULT_TABS]
        self.selector = controls.toggle_buttons(text("panel_compare_tabs"), names, "replies")
        self.save_buttons = {
            kind: controls.button(text(f"panel_compare_save_{kind}"), partial(self._save, kind))
            for kind in FILE_KINDS
        }
        self._save_row = controls.row(*self.save_buttons.values())
        self.widget = controls.column(
            self.table, self.selector, self._save_row, self.save_note, self.body
        )
        self.selector.observe(self._on_tab, "value")

    def show(self, run: RunState | None, comparison: Comparison | None, plots: Html) -> None:
        """Shows a run or its results.

        Args:
            run: the rows of the run so far; None before one.
            comparison: the comparison that the run made; None before its end.
            plots: the plots as HTML; empty where there are none.
        """
        if comparison is not self._comparison:  # else the note on its file still holds
            self.save_note.value = ""
        self._run, self._comparison, self._plots = run, comparison, plots
        if run is None:
            body = tag("p", text("panel_compare_no_results"), class_="gnb-muted")
        else:
            heading = tag("h4", text("panel_compare_results"))
            body = join([heading, compare_view.table_html(run)])
        self.table.value = self._panel.with_lang(body)
        self._update_tab()

    def _on_tab(self, _: Any) -> None:
        self.save_note.value = ""
        self._update_tab()

    def _update_tab(self) -> None:
        name, has_run = self.selector.value, self._run is not None
        controls.set_visible(self.selector, has_run)
        controls.set_visible(self.body, has_run)
        controls.set_visible(self._save_row, has_run and name == "save")
        controls.set_visible(self.save_note, has_run and name == "save")
        for button in self.save_buttons.values():
            button.disabled = self._comparison is None
        with self._panel.using_language():
            self.body.value = self._panel.with_lang(self._tab_html(name))

    def _tab_html(self, name: str) -> Html:
        if self._run is None:
            return Html()
        if name == "replies":
            return compare_view.replies_html(self._run)
        if name == "plots":
            return self._plots or tag("p", text("panel_compare_no_plots"))
        if name == "how":
            if self._comparison is None:
                return tag("p", text("panel_compare_no_how"))
            return method_list(self._comparison)
        label = text("panel_compare_code")
        return join([tag("h4", label), code_block(self._code(), label)])

    def _save(self, kind: str, _: Any) -> None:
        if self._comparison is None:
            return
        with self._panel.using_language():
            try:
                path = save_comparison(self._comparison, kind, Path.cwd())
                saved = text("panel_compare_saved", path=str(path))
                note = self._panel.note_html(saved)
                self._panel.announce(saved)
            except GemmaError as error:
                note = self._panel.note_html(str(error), is_error=True)
            self.save_note.value = note


def save_comparison(comparison: Comparison, kind: str, folder: Path) -> Path:
    """Writes a comparison to a new file, "comparison.csv" or "comparison-2.csv" and so on.

    Args:
        comparison: the comparison.
        kind: one of ``FILE_KINDS``.
        folder: the folder of the file.

    Raises:
        InvalidInput: the file cannot be written.
    """
    number, path = 1, folder / f"comparison.{kind}"
    while path.exists():
        number += 1
        path = folder / f"comparison-{number}.{kind}"
    write = {
        "html": comparison.to_html,
        "csv": comparison.to_csv,
        "json": comparison.to_json,
        "md": comparison.to_markdown,
    }[kind]
    write(path)
    return path


def comparison_as_code(
    choices: Sequence[str], prompts: Sequence[str], options: Mapping[str, Any]
) -> str:
    """Python code that makes a comparison.

    Args:
        choices: the choices by name and precision, "gemma3_1b:int8".
        prompts: the prompts.
        options: the other arguments of ``compare``.
    """
    lines = [_argument_code("", list(choices)), _argument_code("", list(prompts))]
    lines += [_argument_code(f"{name}=", value) for name, value in options.items()]
    return "\n".join(
        ["import gemma_nb as gnb", "", "comparison = gnb.compare(", *lines, ")", "comparison", ""]
    )


def _argument_code(name: str, value: Any) -> str:
    code = f"{name}{pformat(value, width=84, sort_dicts=False)},"
    return "\n".join(f"    {line}" for line in code.splitlines())
