"""The choices to compare: lists to add them from, and a row with the verdict on each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.registry import variants
from gemma_nb.comparison.report_html import breakable_name
from gemma_nb.comparison.request import ResolvedChoice, check_can_reply, resolve_choices
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.fit.best_verdict import best_verdict_on_devices
from gemma_nb.fit.choice import Choice, clip_to_context
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.verdict_labels import (
    STATUS_ICONS,
    name_with_status,
    status_with_icon,
)

#: A length in tokens for candidates that have none of their own; the panel's length replaces it.
_PLACEHOLDER_LENGTH = 2


@dataclass(frozen=True)
class Candidate:
    """One choice to compare.

    Attributes:
        entry: the choice as ``compare`` takes it.
        has_own_length: whether it has its own maximum length, and not that of the panel.
    """

    entry: ResolvedChoice
    has_own_length: bool

    @property
    def label(self) -> str:
        """The variant and its precision."""
        return self.entry.label

    def is_same_as(self, other: Candidate) -> bool:
        """Whether ``compare`` would refuse the two as the same choice."""
        if self.has_own_length and other.has_own_length:
            return self.entry.key == other.entry.key
        if self.has_own_length or other.has_own_length:
            return False
        return self.label == other.label


@dataclass(frozen=True)
class _CandidateRow:
    """The controls that show one candidate."""

    widget: Any
    body: Any
    remove_button: Any


class CandidateList:
    """Lists of variants and precisions, a button that adds one, and the candidates so far.

    Args:
        panel: the panel that shows the list.
        on_change: receives a sentence about each change of the candidates.
        on_error: receives the error of a candidate that cannot be added.

    Attributes:
        candidates: the candidates, in the order in which they were added.
    """

    def __init__(
        self,
        panel: Panel,
        on_change: Callable[[str], None],
        on_error: Callable[[GemmaError], None],
    ) -> None:
        self._panel, self._on_change, self._on_error = panel, on_change, on_error
        self._max_length, self._is_filling, self._is_busy = 2048, False, False
        self._here = detect_runtime()
        #: the runtime and the maximum length for which the list of variants was filled
        self._filled_for: tuple[Runtime, int] | None = None
        self.candidates: list[Candidate] = []
        self._rows: list[_CandidateRow] = []
        self.variant = controls.dropdown(text("panel_compare_variant"))
        self.precision = controls.dropdown(text("panel_compare_precision"))
        self.add_button = controls.button(text("panel_compare_add"), lambda _: self._on_add())
        self.name_field = controls.text_field(
            text("panel_compare_name"), text("panel_compare_name_hint")
        )
        controls.with_classes(self.variant, "gnb-wide")
        self._empty_note = controls.html()
        self._row_list = controls.column(css_classes=("gnb-chosen",))
        self.widget = controls.column(
            controls.html(tag("h4", text("panel_compare_choices"), lang=panel.lang)),
            controls.row(self.variant, self.precision, self.add_button),
            controls.row(self.name_field),
            self._empty_note,
            self._row_list,
            css_classes=("gnb-card",),
        )
        self.variant.observe(lambda _: self._fill_precisions(), "value")
        self.name_field.observe(self._on_name, "value")

    def add(self, wanted: Any) -> None:
        """Adds candidates.

        Args:
            wanted: one choice or several, as for ``compare``.

        Raises:
            InvalidInput: an unknown name, a variant that cannot be compared, or the same one twice.
            LoadError: a hub could not be reached.
        """
        is_list = isinstance(wanted, Iterable) and not isinstance(wanted, (str, bytes, Mapping))
        added: list[Candidate] = []
        for one in [*wanted] if is_list else [wanted]:
            (entry,) = resolve_choices([one], _PLACEHOLDER_LENGTH, self._here)
            candidate = Candidate(entry, entry.model is not None or isinstance(one, Choice))
            if any(candidate.is_same_as(other) for other in [*self.candidates, *added]):
                raise InvalidInput("compare_twice", label=candidate.label)
            added.append(candidate)
        self.candidates += added

    def choices(self) -> list[Any]:
        """The candidates as the first argument of ``compare``."""
        return [one.entry.model or self._choice(one) for one in self.candidates]

    def detect_again(self) -> None:
        """Detects this machine again; after a run its free memory has changed."""
        self._here = detect_runtime()

    def show(self, max_length: int, *, is_busy: bool) -> None:
        """Shows the lists and the candidates.

        Args:
            max_length: tokens of prompt and reply, for candidates without their own length.
            is_busy: whether a comparison is running; nothing can be changed then.
        """
        self._max_length, self._is_busy = max_length, is_busy
        if self._filled_for != (self._here, max_length):
            self._filled_for = (self._here, max_length)
            self._fill_variants()
        for control in (self.variant, self.precision, self.add_button, self.name_field):
            control.disabled = is_busy
        empty = tag("p", text("panel_compare_none"), class_="gnb-muted", lang=self._panel.lang)
        self._empty_note.value = "" if self.candidates else empty
        while len(self._rows) < len(self.candidates):
            self._rows.append(self._make_row(len(self._rows)))
        for number, row in enumerate(self._rows):
            controls.set_visible(row.widget, number < len(self.candidates))
            if number < len(self.candidates):
                candidate = self.candidates[number]
                row.body.value = self._panel.with_lang(self.candidate_html(candidate))
                row.remove_button.tooltip = text("panel_compare_remove_it", label=candidate.label)
                row.remove_button.disabled = is_busy
        widgets = tuple(row.widget for row in self._rows)
        if self._row_list.children != widgets:
            self._row_list.children = widgets

    def candidate_html(self, candidate: Candidate) -> Html:
        """A candidate with its status in words, and with the reason unless it simply fits."""
        label = tag("strong", breakable_name(candidate.label))
        if candidate.entry.model is not None:
            status = tag("span", self.status_text(candidate), class_="gnb-fits")
            return join([label, " ", status])
        verdict = self._verdict(candidate)
        status = tag("span", status_with_icon(verdict), class_=f"gnb-{verdict.status}")
        reason = tag("small", verdict.reason, class_="gnb-why") if verdict.status != "fits" else ""
        return join([label, " ", status, reason])

    def status_text(self, candidate: Candidate) -> str:
        """Whether a candidate fits on this machine, or is loaded already."""
        if candidate.entry.model is not None:
            return f"{STATUS_ICONS['fits']} {text('panel_compare_is_loaded')}"
        return status_with_icon(self._verdict(candidate))

    def _verdict(self, candidate: Candidate) -> Verdict:
        """The verdict on the devices of the candidate; without its own, on as few as hold it."""
        entry = candidate.entry
        length = entry.max_length if candidate.has_own_length else self._max_length
        length = clip_to_context(entry.variant, length)
        if entry.devices > 1:
            devices = min(entry.devices, self._here.devices)
            return advise(entry.variant, entry.precision, self._here, length, devices=devices)
        return best_verdict_on_devices(entry.variant, self._here, length, entry.precision)

    def _choice(self, candidate: Candidate) -> Choice:
        return self._verdict(candidate).choice

    def _make_row(self, number: int) -> _CandidateRow:
        body = controls.html("", "gnb-item")
        remove = controls.button(text("panel_compare_remove"), partial(self._on_remove, number))
        return _CandidateRow(controls.row(body, remove), body, remove)

    # event handlers

    def _on_add(self) -> None:
        if self.variant.value and self.precision.value:
            self._add_by_name(f"{self.variant.value}:{self.precision.value}")

    def _on_name(self, change: Any) -> None:
        if change["new"].strip() and self._add_by_name(change["new"].strip()):
            self.name_field.value = ""

    def _add_by_name(self, name: str) -> bool:
        """Adds a candidate; returns whether it was added."""
        if self._is_busy:
            return False
        with self._panel.using_language():
            try:
                self.add(name)
            except GemmaError as error:
                self._on_error(error)
                return False
            self._on_change(text("panel_compare_added", label=self.candidates[-1].label))
        return True

    def _on_remove(self, number: int, _: Any) -> None:
        if self._is_busy or number >= len(self.candidates):
            return
        removed = self.candidates.pop(number)
        with self._panel.using_language():
            self._on_change(text("panel_compare_removed", label=removed.label))

    # lists

    def _fill_variants(self) -> None:
        """Lists the variants that can be compared: demo models, those that fit, and the others."""
        pairs = []
        for verdict in self._listed_verdicts():
            name, devices = verdict.choice.variant.name, verdict.choice.devices
            pairs.append((name_with_status(name, verdict.status, devices), name))
        self._is_filling = True
        try:
            controls.set_options(self.variant, pairs, self.variant.value or pairs[0][1])
        finally:
            self._is_filling = False
        self._fill_precisions()

    def _listed_verdicts(self) -> list[Verdict]:
        verdicts = []
        for variant in variants(loadable=True):
            try:
                check_can_reply(variant)
                verdicts.append(best_verdict_on_devices(variant, self._here, self._max_length))
            except InvalidInput:  # it cannot be compared, or does not take this length
                continue
        return sorted(verdicts, key=lambda v: 0 if _is_demo(v) else 1 if v.fits else 2)

    def _fill_precisions(self) -> None:
        """Lists the precisions of the selected variant, and selects the highest one that fits."""
        if self._is_filling or not self.variant.value:
            return
        with self._panel.using_language():
            variant = find_variant(self.variant.value)
            runtime, length = self._here, self._max_length
            best = best_verdict_on_devices(variant, runtime, length).choice
            verdicts = {p: best_verdict_on_devices(variant, runtime, length, p) for p in PRECISIONS}
            pairs = [
                (name_with_status(p, v.status, v.choice.devices), p) for p, v in verdicts.items()
            ]
            values = list(verdicts)
            is_unchanged = list(self.precision.options) == pairs
            keeps_value = is_unchanged and self.precision.value in values
            value = self.precision.value if keeps_value else best.precision
            controls.set_options(self.precision, pairs, value)


def _is_demo(verdict: Verdict) -> bool:
    return (verdict.choice.variant.handle or "").startswith("demo://")
