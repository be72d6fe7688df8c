"""The groups of controls in the picker: the recommendation, the fixes, and the tabs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gemma_nb.catalog.registry import variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.best_verdict import best_verdict_on_devices
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.fixes import Fix
from gemma_nb.fit.recommend import recommend
from gemma_nb.fit.recommendation import Recommendation
from gemma_nb.fit.verdict import Verdict
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.hub.availability import find_obstacle, is_on_disk
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.verdict_labels import STATUS_ICONS, on_devices
from gemma_nb.widgets.picker import picker_view

#: The names of the tabs, in their order.
TABS = ("closed", "facts", "code", "elsewhere", "all")
#: The most fixes that are offered at once: one of each kind, and two runtimes.
MAX_FIXES = 8


class RecommendationCard:
    """What is recommended for a runtime and a task, with buttons that select it.

    Args:
        panel: the panel that shows the card.
        on_take: receives the choice of the button that was pressed.
        on_demo: called when the demo model is to be loaded.

    Attributes:
        best: the recommendation; None where nothing fits.
        demo_is_first: whether the demo model is the next step, as a login or a network is missing.
    """

    def __init__(
        self, panel: Panel, on_take: Callable[[Choice], None], on_demo: Callable[[], None]
    ) -> None:
        self._panel = panel
        self.best: Recommendation | None = None
        self.demo_is_first = False
        self._fault = ""
        self.body = controls.html()
        self.demo_reason = controls.html()
        self.take_button = controls.button("…", lambda _: on_take(self.choice()))
        self.larger_button = controls.button("…", lambda _: on_take(self.choice(larger=True)))
        self.demo_button = controls.button(panel.text("picker_demo"), lambda _: on_demo())
        self.widget = controls.column(
            self.body,
            self.demo_reason,
            controls.row(self.demo_button, self.take_button, self.larger_button),
            css_classes=("gnb-card", "gnb-soft"),
        )

    def recommend(self, runtime: Runtime, task: str) -> None:
        """Finds the recommendation for a runtime and a task; ``show`` then shows it."""
        try:
            self.best, self._fault = recommend(runtime, task), ""
        except InvalidInput as error:  # not even the demo model fits
            self.best, self._fault = None, error.message.text(self._panel.lang)

    def choice(self, *, larger: bool = False) -> Choice:
        """The recommended choice, or its larger alternative where there is one."""
        assert self.best is not None
        best = self.best.alternative if larger and self.best.alternative else self.best
        return best.verdict.choice

    def show(self, current: Choice, locked_parts: Callable[[Choice], list[str]]) -> None:
        """Shows the recommendation.

        Args:
            current: the current choice; it has no button.
            locked_parts: gives the locked parts that selecting a choice would change.
        """
        text, best = self._panel.text, self.best
        self.body.value = self._panel.with_lang(picker_view.recommendation_html(best, self._fault))
        for button, key, larger in (
            (self.take_button, "picker_take", False),
            (self.larger_button, "picker_larger", True),
        ):
            offered = best.alternative if best and larger else best
            is_new = offered is not None and (
                offered.variant,
                offered.precision,
                offered.verdict.choice.devices,
            ) != (current.variant, current.precision, current.devices)
            controls.set_visible(button, is_new)
            if offered:
                with self._panel.using_language():
                    devices = offered.verdict.choice.devices
                    label = on_devices(text(key, variant=offered.variant.name), devices)
                button.description = controls.label_text(label)
                button.disabled = bool(locked_parts(self.choice(larger=larger)))
        missing = find_obstacle(best.variant) if best else ""
        self.demo_is_first = bool(missing)
        self.demo_reason.value = ""
        if best and missing:
            reason = text(f"picker_demo_first_{missing}", variant=best.variant.name)
            self.demo_reason.value = tag("p", reason, lang=self._panel.lang)


class FixButtons:
    """Changes that would make a choice fit, each a button that applies it.

    The buttons are made once, and as many of them are visible as there are fixes.

    Args:
        panel: the panel that shows the buttons.
        on_apply: receives the choice to which a fix leads.

    Attributes:
        fixes: the fixes that are shown.
    """

    def __init__(self, panel: Panel, on_apply: Callable[[Choice], None]) -> None:
        self._panel, self._on_apply = panel, on_apply
        self.fixes: tuple[Fix, ...] = ()
        self._heading = controls.html()
        self.buttons = [
            controls.button("…", partial(self._on_press, i), "gnb-fix") for i in range(MAX_FIXES)
        ]
        self.widget = controls.column(self._heading, *self.buttons, css_classes=("gnb-fixes",))

    def show(self, verdict: Verdict, lock_reason: Callable[[Choice], str]) -> None:
        """Shows the fixes of a choice.

        Args:
            verdict: the verdict on the choice.
            lock_reason: tells in a sentence why a choice cannot be selected; "" where it can.
        """
        self.fixes = verdict.fixes[:MAX_FIXES]
        fits = verdict.status == "fits"
        heading = self._panel.text("picker_fixes" if self.fixes else "picker_nothing_helps")
        self._heading.value = "" if fits else tag("h4", heading, lang=self._panel.lang)
        controls.set_visible(self.widget, not fits)
        for index, button in enumerate(self.buttons):
            controls.set_visible(button, index < len(self.fixes))
            if index < len(self.fixes):
                fix = self.fixes[index]
                reason = lock_reason(fix.choice)
                label = f"{fix.label.text(self._panel.lang)} {reason}".strip()
                button.description = controls.label_text(label)
                button.disabled = bool(reason)

    def _on_press(self, index: int, _: Any) -> None:
        if index < len(self.fixes):
            self._on_apply(self.fixes[index].apply())


class PickerTabs:
    """Tabs: closed, facts, the code of a choice, other ways to run it, and the table of all variants.

    Args:
        panel: the panel that shows the tabs.
        on_take: receives the choice of the row that was selected below the table.
    """

    def __init__(self, panel: Panel, on_take: Callable[[Choice], object]) -> None:
        self._panel, self._on_take = panel, on_take
        self._verdict: Verdict | None = None
        self._only_fitting = False
        #: verdicts on all variants, by name and memory of the runtime and by length in tokens
        self._verdicts: dict[tuple[str, int, int], list[Verdict]] = {}
        self._is_filling = False
        tabs = [(panel.text(f"picker_tab_{name}"), name) for name in TABS]
        self.selector = controls.toggle_buttons(panel.text("picker_tabs"), tabs, "closed")
        self.body = controls.html()
        keys = [(panel.text(f"picker_sort_{key}"), key) for key in picker_view.SORT_KEYS]
        self.sort_key = controls.dropdown(panel.text("picker_sort"), keys, "released")
        orders = [(panel.text("picker_down"), True), (panel.text("picker_up"), False)]
        self.descending = controls.dropdown(panel.text("picker_order"), orders, value=True)
        self.variant = controls.dropdown(panel.text("picker_pick"))
        self._table_controls = controls.row(self.sort_key, self.descending, self.variant)
        self.widget = controls.column(self.selector, self._table_controls, self.body)
        controls.set_visible(self._table_controls, visible=False)
        for control in (self.selector, self.sort_key, self.descending):
            control.observe(lambda _: self._update(), "value")
        self.variant.observe(self._on_variant, "value")

    def show(self, verdict: Verdict, *, only_fitting: bool) -> None:
        """Shows a choice in the open tab.

        Args:
            verdict: the verdict on the choice.
            only_fitting: whether the table leaves out what does not fit.
        """
        self._verdict, self._only_fitting = verdict, only_fitting
        self._update()

    def _update(self) -> None:
        if self._verdict is None or self._is_filling:
            return
        name, choice = self.selector.value, self._verdict.choice
        controls.set_visible(self._table_controls, name == "all")
        with self._panel.using_language():
            if name == "closed":
                self.body.value = ""
            elif name == "facts":
                on_disk = is_on_disk(choice.variant)
                self.body.value = picker_view.facts_html(self._verdict, on_disk=on_disk)
            elif name == "code":
                self.body.value = picker_view.code_html(choice)
            elif name == "elsewhere":
                self.body.value = picker_view.frameworks_html(choice)
            else:
                self.body.value = self._update_table(choice)

    def _update_table(self, choice: Choice) -> Html:
        """Fills the list of variants; returns the table."""
        key = _table_key(choice)
        if key not in self._verdicts:
            self._verdicts[key] = _all_verdicts(choice)
        verdicts = sorted(
            (v for v in self._verdicts[key] if v.fits or not self._only_fitting),
            key=lambda verdict: picker_view.sort_value(verdict, self.sort_key.value),
            reverse=self.descending.value,
        )
        names = [
            (f"{STATUS_ICONS[v.status]} {v.choice.variant.name}", v.choice.variant.name)
            for v in verdicts
        ]
        self._is_filling = True
        try:
            self.variant.options = [(text("picker_pick_none"), ""), *names]
            self.variant.value = ""
        finally:
            self._is_filling = False
        head = text("picker_all_head", runtime=choice.runtime.name, length=f"{choice.max_length:,}")
        rows = picker_view.all_variants_html(verdicts, choice.variant.name)
        return join([tag("p", head), rows])

    def _on_variant(self, change: Any) -> None:
        if not change["new"] or self._is_filling or self._verdict is None:
            return
        verdicts = self._verdicts[_table_key(self._verdict.choice)]
        row = next(v.choice for v in verdicts if v.choice.variant.name == change["new"])
        self._on_take(row)


def _table_key(choice: Choice) -> tuple[str, int, int]:
    """What the table of all variants depends on."""
    return choice.runtime.name, choice.runtime.memory_bytes, choice.max_length


def _all_verdicts(choice: Choice) -> list[Verdict]:
    """The verdicts on all variants, on as few devices as hold each, for a runtime and a length."""
    verdicts = []
    for variant in variants():
        try:
            verdicts.append(best_verdict_on_devices(variant, choice.runtime, choice.max_length))
        except InvalidInput:  # the variant does not take this length
            continue
    return verdicts
