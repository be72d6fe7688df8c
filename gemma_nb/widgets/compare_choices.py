"""What is to be compared: lists to choose from, and what was chosen, each with its verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.registry import variants
from gemma_nb.comparison.request import ResolvedChoice, check_can_reply, resolve_choices
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.memory import check_length
from gemma_nb.fit.options import judged, options
from gemma_nb.fit.verdict import advise
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.i18n import text
from gemma_nb.widgets import controls
from gemma_nb.widgets.compare_view import breakable
from gemma_nb.widgets.markup import Html, join, tag
from gemma_nb.widgets.picker_lists import labelled, put
from gemma_nb.widgets.picker_view import ICONS, status_words

if TYPE_CHECKING:
    from gemma_nb.fit.verdict import Verdict
    from gemma_nb.widgets.panel import Panel

#: The length that is understood where none was given: the panel's own counts then.
_ANY_LENGTH = 2


@dataclass(frozen=True)
class Item:
    """One thing to compare: what it is, and whether it brought its own length."""

    entry: ResolvedChoice
    own_length: bool

    @property
    def label(self) -> str:
        """The variant and its precision."""
        return self.entry.label


class Choices:
    """The lists, the button that adds, and what was added.

    Args:
        panel: the widget it belongs to.
        changed: called after each change, with a sentence that says it.
        refused: is given what is wrong with what a person did.
    """

    def __init__(
        self, panel: Panel, changed: Callable[[str], None], refused: Callable[[GemmaError], None]
    ) -> None:
        self._panel, self._changed, self._refused = panel, changed, refused
        self._length, self._filling, self._busy = 2048, False, False
        self.here = detect_runtime()
        self._listed: Any = None
        self.items: list[Item] = []
        self.variant = controls.dropdown(text("panel_compare_variant"))
        self.precision = controls.dropdown(text("panel_compare_precision"))
        self.add = controls.button(text("panel_compare_add"), lambda _: self._add_shown())
        hint = text("panel_compare_name_hint")
        self.name = controls.text_field(text("panel_compare_name"), hint)
        controls.styled(self.variant, "gnb-wide")
        self._none = controls.html()
        self._slots: list[tuple[Any, Any, Any]] = []
        self._list = controls.column(classes=("gnb-chosen",))
        head = tag("h4", text("panel_compare_choices"), lang=panel.lang)
        self.widget = controls.column(
            controls.html(head),
            controls.row(self.variant, self.precision, self.add),
            controls.row(self.name),
            self._none,
            self._list,
            classes=("gnb-card",),
        )
        self.variant.observe(lambda _: self._fill_precisions(), "value")
        self.name.observe(self._named, "value")

    def take(self, wanted: Any) -> None:
        """Adds what ``compare`` takes as its choices.

        Raises:
            InvalidInput: an unknown name, what cannot be compared, or the same twice.
            LoadError: a hub could not be asked.
        """
        several = isinstance(wanted, Iterable) and not isinstance(wanted, (str, bytes, Mapping))
        given = [*wanted] if several else [wanted]
        found: list[Item] = []
        for one in given:
            (entry,) = resolve_choices([one], _ANY_LENGTH, self.here)
            item = Item(entry, entry.model is not None or isinstance(one, Choice))
            if any(_same(item, other) for other in [*self.items, *found]):
                raise InvalidInput("compare_twice", label=item.label)
            found.append(item)
        self.items += found

    def asked(self) -> list[Any]:
        """What ``compare`` is given, in the order in which it was chosen."""
        return [item.entry.model or self._choice(item) for item in self.items]

    def look(self) -> None:
        """Looks at this machine again: after a run there is more or less memory free."""
        self.here = detect_runtime()

    def show(self, length: int, *, busy: bool) -> None:
        """Brings lists and verdicts in line.

        Args:
            length: tokens of prompt and reply, for what brought no length of its own.
            busy: whether a run goes on: then nothing can be changed.
        """
        self._length, self._busy = length, busy
        if self._listed != (self.here, length):
            self._listed = (self.here, length)
            self._fill_variants()
        for control in (self.variant, self.precision, self.add, self.name):
            control.disabled = busy
        empty = tag("p", text("panel_compare_none"), class_="gnb-muted", lang=self._panel.lang)
        self._none.value = "" if self.items else empty
        for number in range(len(self._slots), len(self.items)):
            self._slots.append(self._slot(number))
        for number, (line, shown, remove) in enumerate(self._slots):
            controls.show(line, number < len(self.items))
            if number < len(self.items):
                item = self.items[number]
                shown.value = tag("div", self.item_html(item), lang=self._panel.lang)
                remove.tooltip = text("panel_compare_remove_it", label=item.label)
                remove.disabled = busy
        lines = tuple(line for line, _, _ in self._slots)
        if self._list.children != lines:
            self._list.children = lines

    def item_html(self, item: Item) -> Html:
        """One choice with its verdict in words; why, where it does not simply fit."""
        label = tag("strong", breakable(item.label))
        if item.entry.model is not None:
            loaded = f"{ICONS['fits']} {text('panel_compare_is_loaded')}"
            return join([label, " ", tag("span", loaded, class_="gnb-fits")])
        verdict = self.verdict(item)
        words = f"{ICONS[verdict.status]} {status_words(verdict)}"
        told = [label, " ", tag("span", words, class_=f"gnb-{verdict.status}")]
        if verdict.status != "fits":
            told.append(tag("small", verdict.reason, class_="gnb-why"))
        return join(told)

    def verdict(self, item: Item) -> Verdict:
        """What is to be said of a choice on this machine."""
        return advise(self._choice(item))

    def _choice(self, item: Item) -> Choice:
        entry = item.entry
        length = entry.max_length if item.own_length else self._length
        length = check_length(entry.variant, length)
        return Choice(entry.variant, entry.precision, length, 1, self.here)

    def _slot(self, number: int) -> tuple[Any, Any, Any]:
        shown = controls.html("", "gnb-item")
        remove = controls.button(text("panel_compare_remove"), partial(self._remove, number))
        return controls.row(shown, remove), shown, remove

    # what a person does

    def _add_shown(self) -> None:
        if self.variant.value and self.precision.value:
            self._add(f"{self.variant.value}:{self.precision.value}")

    def _named(self, change: Any) -> None:
        if change["new"].strip() and self._add(change["new"].strip()):
            self.name.value = ""

    def _add(self, name: str) -> bool:
        if self._busy:
            return False
        with self._panel.speaking():
            try:
                self.take(name)
            except GemmaError as error:
                self._refused(error)
                return False
            self._changed(text("panel_compare_added", label=self.items[-1].label))
        return True

    def _remove(self, number: int, _: Any) -> None:
        if self._busy or number >= len(self.items):
            return
        gone = self.items.pop(number)
        with self._panel.speaking():
            self._changed(text("panel_compare_removed", label=gone.label))

    def _fill_variants(self) -> None:
        """All that can be compared: the demo models, what fits, and the rest."""
        found = self._verdicts()
        current = self.variant.value
        listed = [(_label(v), v.choice.variant.name) for v in found]
        self._filling = True
        try:
            put(self.variant, listed, current or listed[0][1])
        finally:
            self._filling = False
        self._fill_precisions()

    def _verdicts(self) -> list[Verdict]:
        found = []
        for variant in variants(loadable=True):
            try:
                check_can_reply(variant)
                found.append(judged(variant, self.here, self._length))
            except InvalidInput:  # nothing can be compared, or said of it
                continue
        demo = [v for v in found if _is_demo(v)]
        fits = [v for v in found if v.fits and not _is_demo(v)]
        return [*demo, *fits, *(v for v in found if not v.fits and not _is_demo(v))]

    def _fill_precisions(self) -> None:
        """The precisions of the variant that is shown; first the highest that fits."""
        if self._filling or not self.variant.value:
            return
        with self._panel.speaking():
            variant = find_variant(self.variant.value)
            best = judged(variant, self.here, self._length).choice
            listed = labelled(options(best, "precision"))
            values = [value for _, value in listed]
            before = list(self.precision.options)
            # the same list again: the person's own choice stays
            keep = before == listed and self.precision.value in values
            put(self.precision, listed, self.precision.value if keep else best.precision)


def _is_demo(verdict: Verdict) -> bool:
    return (verdict.choice.variant.handle or "").startswith("demo://")


def _label(verdict: Verdict) -> str:
    status = text(f"picker_mark_{verdict.status}")
    name = verdict.choice.variant.name
    return text("picker_option", icon=ICONS[verdict.status], label=name, status=status)


def _same(one: Item, other: Item) -> bool:
    """Whether ``compare`` would take two for the same thing."""
    if one.own_length and other.own_length:
        return one.entry.key == other.entry.key
    if one.own_length or other.own_length:
        return False
    return one.label == other.label
