"""The part of the prompt inspector that checks a prompt written by hand."""

from __future__ import annotations

from collections.abc import Callable

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.prompts import check_prompt
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import Html, join, tag
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.inspector.inspector_rows import area


class Own:
    """The field for one's own prompt, and what is wrong with it.

    Args:
        panel: the widget it belongs to.
        prompt: gives the prompt of the conversation, to start from.
    """

    def __init__(self, panel: Panel, prompt: Callable[[], str]) -> None:
        self._panel, self._prompt = panel, prompt
        self._variant: Variant | None = None
        self.field = area(" ", rows=4)
        self.take = controls.button(text("inspector_lint_take"), lambda _: self._take())
        self.findings = controls.html()
        head = tag("h4", text("inspector_lint_head")) + tag("p", text("inspector_lint_intro"))
        self.widget = controls.column(
            controls.html(tag("div", Html(head), lang=panel.lang)),
            self.field,
            controls.row(self.take),
            self.findings,
            classes=("gnb-card",),
        )
        self.field.observe(lambda _: self._typed(), "value")

    def show(self, variant: Variant) -> None:
        """Checks by the format of a variant from now on."""
        self._variant = variant
        self.field.description = text("inspector_lint_field", variant=variant.name)
        self.findings.value = tag("div", self.findings_html(), lang=self._panel.lang)

    def findings_html(self) -> Html:
        """The faults, each where it stands; empty where nothing was pasted."""
        written, variant = self.field.value, self._variant
        if not written or variant is None:
            return Html()
        found = check_prompt(written, variant)
        if not found:
            return tag("div", text("inspector_lint_none", variant=variant.name), class_="gnb-note")
        items = []
        for finding in found:
            mark = text(f"inspector_lint_{finding.severity}")
            place = text("inspector_lint_at", mark=mark, position=f"{finding.position + 1:,}")
            items.append(tag("li", tag("strong", place), ": ", str(finding.message)))
        label = text("inspector_lint_marked")
        return join(
            [
                tag("p", text("inspector_lint_found", count=len(found))),
                tag("ol", *items),
                prompt_view.checked_html(written, found, label),
            ]
        )

    def _typed(self) -> None:
        if self._variant is not None:
            with self._panel.speaking():
                self.show(self._variant)
            self._panel.refresh()

    def _take(self) -> None:
        try:
            self.field.value = self._prompt()
        except GemmaError:  # what is wrong with it stands above already
            return
