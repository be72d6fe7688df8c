"""What came of a comparison: the table, and tabs with replies, plots, method, files and code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import GemmaError
from gemma_nb.i18n import text
from gemma_nb.widgets import compare_export, compare_view, controls
from gemma_nb.widgets.markup import Html, join, pre, tag

if TYPE_CHECKING:
    from gemma_nb.comparison.comparison import Comparison
    from gemma_nb.widgets.compare_view import Seen
    from gemma_nb.widgets.panel import Panel

TABS = ("replies", "plots", "how", "save")


class Results:
    """The table, the row of tabs and what stands below.

    Args:
        panel: the widget it belongs to.
        code: gives the call that compares the same.
    """

    def __init__(self, panel: Panel, code: Callable[[], str]) -> None:
        self._panel, self._made_code = panel, code
        self._seen: Seen | None = None
        self._comparison: Comparison | None = None
        self._plots = Html()
        self._table, self._body, self._saved = (controls.html() for _ in range(3))
        names = [(text(f"panel_compare_tab_{name}"), name) for name in TABS]
        self.tabs = controls.choices(text("panel_compare_tabs"), names, "replies")
        self.saves = {
            kind: controls.button(text(f"panel_compare_save_{kind}"), partial(self._save, kind))
            for kind in compare_export.KINDS
        }
        self._row = controls.row(*self.saves.values())
        self.widget = controls.column(self._table, self.tabs, self._row, self._saved, self._body)
        self.tabs.observe(lambda _: self._show_tab(), "value")

    def show(self, seen: Seen | None, comparison: Comparison | None, plots: Html) -> None:
        """Shows how far a run is, or what came of it.

        Args:
            seen: the rows so far; None before a run.
            comparison: what came of it; None before its end.
            plots: the plots as markup; "" where there are none.
        """
        self._seen, self._comparison, self._plots = seen, comparison, plots
        shown = tag("p", text("panel_compare_no_results"), class_="gnb-muted")
        if seen is not None:
            title = tag("h4", text("panel_compare_results"))
            shown = join([title, compare_view.table_html(seen)])
        self._table.value = tag("div", shown, lang=self._panel.lang)
        self._show_tab()

    def _show_tab(self) -> None:
        name, there = self.tabs.value, self._seen is not None
        controls.show(self.tabs, there)
        controls.show(self._body, there)
        controls.show(self._row, there and name == "save")
        controls.show(self._saved, there and name == "save")
        self._saved.value = ""
        for button in self.saves.values():
            button.disabled = self._comparison is None
        makers = {"replies": self._replies, "plots": self._drawn, "how": self._how}
        with self._panel.speaking():
            made = makers.get(name, self._code)() if there else Html()
            self._body.value = tag("div", made, lang=self._panel.lang)

    def _replies(self) -> Html:
        return compare_view.replies_html(self._seen) if self._seen else Html()

    def _drawn(self) -> Html:
        return self._plots or tag("p", text("panel_compare_no_plots"))

    def _how(self) -> Html:
        if self._comparison is None:
            return tag("p", text("panel_compare_no_how"))
        return compare_view.how_html(self._comparison)

    def _code(self) -> Html:
        label = text("panel_compare_code")
        return join([tag("h4", label), pre(self._made_code(), label)])

    def _save(self, kind: str, _: Any) -> None:
        if self._comparison is None:
            return
        with self._panel.speaking():
            try:
                path = str(compare_export.save(self._comparison, kind, Path.cwd()))
                said = tag("div", text("panel_compare_saved", path=path), class_="gnb-note")
                self._panel.announce(text("panel_compare_saved", path=path))
            except GemmaError as error:
                said = tag("div", str(error), class_="gnb-error", role="alert")
            self._saved.value = tag("div", said, lang=self._panel.lang)
