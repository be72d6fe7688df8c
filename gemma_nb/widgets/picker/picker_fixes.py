"""The changes that would make a choice fit, each a button that makes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import tag

if TYPE_CHECKING:
    from gemma_nb.advice import Choice, Verdict
    from gemma_nb.advice.fixes import Fix
    from gemma_nb.widgets.base.panel import Panel

#: The most changes that are offered at once: one of a kind, and two runtimes.
MOST = 8


class Fixes:
    """The buttons; they are made once, and as many are shown as there are changes.

    Args:
        panel: the widget it belongs to.
        apply: is given the choice that a change leads to.
    """

    def __init__(self, panel: Panel, apply: Callable[[Choice], None]) -> None:
        self._panel, self._apply = panel, apply
        self.fixes: tuple[Fix, ...] = ()
        self._head = controls.html()
        self.buttons = [
            controls.button("…", partial(self._pressed, i), "gnb-fix") for i in range(MOST)
        ]
        self.widget = controls.column(self._head, *self.buttons, classes=("gnb-fixes",))

    def show(self, verdict: Verdict, barred: Callable[[Choice], str]) -> None:
        """Shows the changes that would help a choice.

        Args:
            verdict: the verdict on it.
            barred: says why a choice cannot be gone to, in a sentence; "" where it can.
        """
        self.fixes = verdict.fixes[:MOST]
        text, lang = self._panel.text, self._panel.lang
        key = "picker_fixes" if self.fixes else "picker_nothing_helps"
        self._head.value = tag("h4", text(key), lang=lang) if verdict.status != "fits" else ""
        controls.show(self.widget, verdict.status != "fits")
        for index, button in enumerate(self.buttons):
            there = index < len(self.fixes)
            controls.show(button, there)
            if there:
                fix = self.fixes[index]
                why_not = barred(fix.choice)
                button.description = f"{fix.label.text(lang)} {why_not}".strip()
                button.disabled = bool(why_not)

    def _pressed(self, index: int, _: Any) -> None:
        if index < len(self.fixes):
            self._apply(self.fixes[index].apply())
