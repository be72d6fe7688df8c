"""The picker's tabs: code to paste, other ways to run it, and every variant with its verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gemma_nb.advice.options import judged
from gemma_nb.advice.verdict import STATUSES
from gemma_nb.catalog import variants
from gemma_nb.errors import InvalidInput
from gemma_nb.frameworks import frameworks_for
from gemma_nb.snippets import gemma_nb_code, keras_hub_code
from gemma_nb.strings import text
from gemma_nb.units import size
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import Html, join, link, pre, table, tag
from gemma_nb.widgets.picker.picker_view import ICONS

if TYPE_CHECKING:
    from gemma_nb.advice import Choice, Verdict
    from gemma_nb.widgets.base.panel import Panel

#: How the table of all variants can be sorted.
SORTS = ("released", "variant", "parameters", "needed", "status")


def code_html(choice: Choice) -> Html:
    """What to paste to load a choice."""
    if not choice.variant.loadable:
        return tag("p", text("picker_code_not", variant=choice.variant.name))
    own, keras = text("picker_code_own"), text("picker_code_keras")
    return join(
        [
            tag("p", text("picker_code_hint")),
            tag("h4", own),
            pre(gemma_nb_code(choice), own),
            tag("h4", keras),
            pre(keras_hub_code(choice), keras),
        ]
    )


def elsewhere_html(choice: Choice) -> Html:
    """The other frameworks, their formats and commands."""
    rows = []
    for option in frameworks_for(choice.variant, choice.runtime):
        if option.exists == "yes":
            how = tag("code", option.command) if option.command else option.message
        else:
            how = option.message
        cell = join([how, " ", tag("small", option.note)]) if option.note else how
        source = option.source
        name = link(source if source.startswith("https://") else None, option.framework)
        here = text("picker_yes" if option.runs_here else "picker_not")
        rows.append((name, option.format, here, cell))
    heads = [text(f"picker_{h}") for h in ("framework", "format", "here", "how")]
    return table(rows, heads, label=text("picker_tab_elsewhere"), first_is_head=True)


def sort_key(verdict: Verdict, by: str) -> Any:
    """What a row is sorted by; within one value by name."""
    variant = verdict.choice.variant
    keys = {
        "released": variant.released or "",
        "variant": variant.name,
        "parameters": variant.parameters,
        "needed": verdict.bytes_needed,
        "status": STATUSES.index(verdict.status),
    }
    return keys[by], variant.name


class Tabs:
    """The row of tabs and what stands below.

    Args:
        panel: the widget it belongs to.
        take: is given the name of a variant that was taken from the table.
    """

    def __init__(self, panel: Panel, take: Callable[[str], object]) -> None:
        self._panel, self._take = panel, take
        self._choice: Choice | None = None
        self._verdicts: dict[tuple[str, int, int], list[Verdict]] = {}
        self._filling = False
        names = ("code", "elsewhere", "all")
        tabs = [(panel.text(f"picker_tab_{n}"), n) for n in names]
        self.tabs = controls.choices(panel.text("picker_tabs"), tabs, "code")
        self.body = controls.html()
        sorts = [(panel.text(f"picker_sort_{s}"), s) for s in SORTS]
        self.sort = controls.dropdown(panel.text("picker_sort"), sorts, "released")
        orders = [(panel.text("picker_down"), True), (panel.text("picker_up"), False)]
        self.order = controls.dropdown(panel.text("picker_order"), orders, value=True)
        self.pick = controls.dropdown(panel.text("picker_pick"))
        self._row = controls.row(self.sort, self.order, self.pick)
        self.widget = controls.column(self.tabs, self._row, self.body)
        controls.show(self._row, visible=False)
        for control in (self.tabs, self.sort, self.order):
            control.observe(self._changed, "value")
        self.pick.observe(self._picked, "value")

    def show(self, choice: Choice) -> None:
        """Shows a choice in the tab that is open."""
        self._choice = choice
        self._changed()

    def _changed(self, _: Any = None) -> None:
        if self._choice is None or self._filling:
            return
        name = self.tabs.value
        controls.show(self._row, name == "all")
        with self._panel.speaking():
            if name == "all":
                self.body.value = self._all()
            else:
                made = {"code": code_html, "elsewhere": elsewhere_html}[name]
                self.body.value = made(self._choice)

    def _all(self) -> Html:
        choice = self._choice
        assert choice is not None
        place = (choice.runtime.name, choice.runtime.memory_bytes, choice.max_length)
        if place not in self._verdicts:
            self._verdicts[place] = all_verdicts(choice)
        rows = sorted(
            self._verdicts[place],
            key=lambda v: sort_key(v, self.sort.value),
            reverse=self.order.value,
        )
        names = [
            (f"{ICONS[v.status]} {v.choice.variant.name}", v.choice.variant.name) for v in rows
        ]
        first = (text("picker_pick_none"), "")
        self._filling = True
        try:
            self.pick.options = [first, *names]
            self.pick.value = ""
        finally:
            self._filling = False
        head = text("picker_all_head", runtime=choice.runtime.name, length=f"{choice.max_length:,}")
        return join([tag("p", head), all_html(rows, choice.variant.name)])

    def _picked(self, change: Any) -> None:
        if change["new"] and not self._filling:
            self._take(change["new"])


def all_verdicts(choice: Choice) -> list[Verdict]:
    """Every variant's verdict on a choice's runtime and length."""
    found = []
    for variant in variants():
        try:
            found.append(judged(variant, choice.runtime, choice.max_length))
        except InvalidInput:  # nothing can be said of it at this length
            continue
    return found


def all_html(verdicts: list[Verdict], current: str) -> Html:
    """The table of all variants; the current one is marked, in words too."""
    rows = []
    for verdict in verdicts:
        variant = verdict.choice.variant
        mark = [" ", tag("small", "← ", text("picker_current"))] if variant.name == current else []
        status = tag(
            "span",
            f"{ICONS[verdict.status]} {text(f'picker_status_{verdict.status}')}",
            class_=f"gnb-{verdict.status}",
        )
        rows.append(
            (
                join([variant.name, *mark]),
                status,
                verdict.choice.precision,
                size(verdict.bytes_needed),
                f"{variant.family} {variant.generation}",
                variant.size,
                variant.tuning,
                variant.released or "?",
            )
        )
    names = "variant sort_status precision sort_needed family size tuning sort_released"
    heads = [text(f"picker_{n}") for n in names.split()]
    return table(rows, heads, label=text("picker_tab_all"), first_is_head=True)
