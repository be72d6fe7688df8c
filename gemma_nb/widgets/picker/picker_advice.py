"""The picker's first card: what is recommended, why, and the demo model beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gemma_nb.advice import Choice, Recommendation, recommend
from gemma_nb.errors import InvalidInput
from gemma_nb.loading.at_hand import lacks
from gemma_nb.memory.estimate import check_length
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import tag
from gemma_nb.widgets.picker.picker_view import recommendation_html

if TYPE_CHECKING:
    from gemma_nb.hardware import Runtime
    from gemma_nb.widgets.base.panel import Panel


class Advice:
    """The recommendation for a runtime and a task, with a button for each thing to take.

    Args:
        panel: the widget it belongs to.
        take: is given the choice that was taken.
        demo: is called when the demo model is wanted.
    """

    def __init__(
        self, panel: Panel, take: Callable[[Choice], None], demo: Callable[[], None]
    ) -> None:
        self._panel = panel
        self.best: Recommendation | None = None
        self._runtime: Runtime | None = None
        self._fault = ""
        self._said = controls.html()
        self._why = controls.html()
        self.take = controls.button("…", lambda _: take(self.choice()))
        self.larger = controls.button("…", lambda _: take(self.choice(larger=True)))
        self.demo = controls.button(panel.text("picker_demo"), lambda _: demo())
        self.widget = controls.column(
            self._said,
            self._why,
            controls.row(self.demo, self.take, self.larger),
            classes=("gnb-card", "gnb-soft"),
        )

    def look(self, runtime: Runtime, task: str) -> None:
        """Asks what is recommended on a runtime for a task."""
        self._runtime = runtime
        try:
            self.best, self._fault = recommend(runtime, task), ""
        except InvalidInput as error:  # not even the demo model fits
            self.best, self._fault = None, error.message.text(self._panel.lang)

    def choice(self, *, larger: bool = False) -> Choice:
        """The recommended choice, or the largest of its kind."""
        assert self.best is not None
        best = self.best.alternative if larger and self.best.alternative else self.best
        length = check_length(best.variant, 2048)
        assert self._runtime is not None
        return Choice(best.variant, best.precision, length, 1, self._runtime)

    def show(self, current: Choice, barred: Callable[[Choice], list[str]]) -> None:
        """Shows it beside a choice.

        Args:
            current: the current choice; what is chosen already has no button.
            barred: gives the locked parts that a choice would change.
        """
        text, best = self._panel.text, self.best
        said = recommendation_html(best, self._fault)
        self._said.value = tag("div", said, lang=self._panel.lang)
        larger = best.alternative if best else None
        for button, found in ((self.take, best), (self.larger, larger)):
            new = found is not None and (found.variant, found.precision) != (
                current.variant,
                current.precision,
            )
            controls.show(button, new)
            if found:
                key = "picker_take" if button is self.take else "picker_larger"
                button.description = text(key, variant=found.variant.name)
                button.disabled = bool(barred(self.choice(larger=button is self.larger)))
        wants = lacks(best.variant) if best else "network"
        first = bool(wants and best)
        if first:
            assert best is not None
            why = text(f"picker_demo_first_{wants}", variant=best.variant.name)
            self._why.value = tag("p", why, lang=self._panel.lang)
        else:
            self._why.value = ""
        (self.demo.add_class if first else self.demo.remove_class)("gnb-primary")
