"""The picker: a person selects a Gemma that fits, and loads it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from gemma_nb.catalog.registry import DEMO
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.fit.choice import Choice, clip_to_context
from gemma_nb.fit.options import (
    SETTINGS,
    Option,
    change_setting,
    fitting_options,
    options,
    setting,
    with_status,
)
from gemma_nb.fit.precision import auto_precision
from gemma_nb.fit.tasks import TASKS
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.html_markup import Html, tag
from gemma_nb.hub.availability import is_on_disk
from gemma_nb.hub.resolve import look_up_variant
from gemma_nb.model import Model
from gemma_nb.text_utils import format_gib
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.base.verdict_labels import labelled_options
from gemma_nb.widgets.picker import picker_view
from gemma_nb.widgets.picker.lesson_locks import LOCKABLE_PARTS, VARIANT_PARTS, LessonLocks
from gemma_nb.widgets.picker.model_loader import ModelLoader
from gemma_nb.widgets.picker.picker_cards import FixButtons, PickerTabs, RecommendationCard
from gemma_nb.widgets.picker.picker_view import runtime_options


class Picker(Panel):
    """Lets a person select a variant that fits, see why it does, and load it.

    Args:
        variant: the first selection: a variant, its name, or a whole ``Choice``; None selects the
            recommendation.
        runtime: the hardware on which it has to fit; this machine when None.
        lock: what the person cannot change, for lessons that are about something else: "task" or
            names of ``gemma_nb.fit.options.SETTINGS``; "variant" locks family, size and tuning too.
            Code can still change it through ``choice``.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: an unknown variant, runtime, part or language.
    """

    script_files = ("chat/chat.js",)  # a chat can be opened in the picker

    def __init__(
        self,
        variant: str | Path | Variant | Choice | None = None,
        runtime: str | Runtime | None = None,
        lock: str | Sequence[str] = (),
        lang: str | None = None,
    ) -> None:
        super().__init__(lang)
        self._locks = LessonLocks(lock)
        self._here = detect_runtime()
        self._task = "chat"
        self._is_filling = False
        if runtime is None and isinstance(variant, Choice):
            runtime = variant.runtime
        #: the runtime that the user asked for, which may be none of the known ones
        self._asked_runtime = self._find_runtime(runtime)
        self._recommendation = RecommendationCard(self, self._take, self._load_demo)
        self._recommendation.recommend(self._asked_runtime, self._task)
        self._choice = self._first_choice(variant)
        self._verdict: Verdict = advise(self._choice)
        with self.using_language():
            self._build()
        self._update()

    @property
    def choice(self) -> Choice:
        """The current choice. It can be set to a ``Choice``, a variant or the name of one.

        Raises:
            InvalidInput: it is set to something else, or to a choice that is not valid.
        """
        return self._choice

    @choice.setter
    def choice(self, wanted: Choice | Variant | str | Path) -> None:
        if not isinstance(wanted, Choice):
            choice = change_setting(self._choice, "variant", wanted).choice
            assert choice is not None
            wanted = choice
        wanted = replace(wanted, runtime=self._find_runtime(wanted.runtime))
        advise(wanted)  # raises before anything changes
        if wanted.runtime not in (self._here, self._asked_runtime):
            self._asked_runtime = wanted.runtime
            self._fill_runtimes()
        self._select(wanted)

    @property
    def model(self) -> Model | None:
        """The model that was loaded with the Load button; None before."""
        return self._loader.model

    def _first_choice(self, variant: str | Path | Variant | Choice | None) -> Choice:
        runtime = self._asked_runtime
        if isinstance(variant, Choice):
            return replace(variant, runtime=runtime)
        if variant is None and self._recommendation.best:
            return self._recommendation.choice()
        return _default_choice(find_variant(DEMO if variant is None else variant), runtime)

    def _build(self) -> None:
        text, row, column = self.text, controls.row, controls.column
        lists = {name: controls.dropdown(text(f"picker_{name}")) for name in LOCKABLE_PARTS}
        self._lists = lists
        self._fill_runtimes()
        lists["task"].options = [(text(f"task_{t}"), t) for t in TASKS]
        controls.with_classes(lists["runtime"], "gnb-wide")
        for name in ("tuning", "variant"):
            controls.with_classes(lists[name], "gnb-medium")
        for name, control in lists.items():
            control.disabled = name in self._locks.parts
            control.observe(partial(self._on_list, name), "value")
        self._name_field = controls.text_field(text("picker_name"), text("picker_name_hint"))
        self._name_field.disabled = bool(self._locks.parts & set(VARIANT_PARTS))
        self._name_field.observe(self._on_name, "value")
        #: the error of the name that stands in the field
        self._name_error = Html()
        self._only_fitting = controls.checkbox(text("picker_only_fitting"))
        self._only_fitting.observe(lambda _: self._update(), "value")
        detect_button = controls.button(text("picker_again"), lambda _: self._on_detect())
        self._runtime_block, self._note, self._verdict_block, self._memory_block = (
            controls.html() for _ in range(4)
        )
        self._fix_buttons = FixButtons(self, self._take)
        self._loader = ModelLoader(self, self._on_loader, self._model_name)
        self._tabs = PickerTabs(self, self._take_row)
        self._more_button, more = controls.fold(
            "…",
            row(*(lists[n] for n in ("max_length", "batch_size", "devices")), self._name_field),
            row(detect_button),
            self._runtime_block,
        )
        title = tag("h3", text("picker_title"), lang=self.lang)
        intro = tag("p", text("picker_intro"), lang=self.lang)
        self.assemble(
            controls.html(title + intro),
            self._recommendation.widget,
            column(
                row(lists["runtime"], lists["task"], self._only_fitting),
                row(*(lists[name] for name in (*VARIANT_PARTS, "precision"))),
                more,
                self._note,
                css_classes=("gnb-card",),
            ),
            self._verdict_block,
            self._fix_buttons.widget,
            self._loader.widget,
            self._memory_block,
            self._tabs.widget,
        )

    # event handlers

    def _on_list(self, name: str, change: Any) -> None:
        value = change["new"]
        if self._is_filling or value is None:
            return
        with self._showing_errors():
            if name == "task":
                self._task = value
                self._recommendation.recommend(self._choice.runtime, value)
                best = self._choice
                if self._recommendation.best:
                    best = self._recommendation.choice()
                self._select(self._choice if self._locked_changes(best) else best)
            else:
                value = self._listed_runtime(value) if name == "runtime" else value
                option = change_setting(self._choice, name, value, self._task)
                spread = with_status(option, self._task)  # as the list says that it fits
                is_locked = spread.choice and self._locked_changes(spread.choice)
                self._take_option(option if is_locked else spread)

    def _on_name(self, change: Any) -> None:
        name = change["new"].strip()
        if name and self._take_name(name):
            self._name_field.value = ""
        elif name:
            self._name_error = self._note.value
        elif self._note.value == self._name_error:  # the name that was wrong is gone
            self._note.value = ""

    def _take_name(self, name: str) -> bool:
        """Selects a variant by name; returns whether it was selected, and shows why not."""
        with self._showing_errors():
            # a handle is looked up on its hub with the login that there is
            variant = look_up_variant(name)
            self._take_option(change_setting(self._choice, "variant", variant))
            return True
        return False

    def _take_row(self, row: Choice) -> None:
        """Selects a variant of the table, in the precision and on the devices of its row.

        Where a lesson locks one of them, the variant alone.
        """
        with self._showing_errors():
            option = change_setting(self._choice, "variant", row.variant)
            if option.choice:
                listed = replace(option.choice, precision=row.precision, devices=row.devices)
                if not self._locked_changes(listed):
                    option = replace(option, choice=listed)
            self._take_option(option)

    def _take_option(self, option: Option) -> None:
        """Selects the choice of an option and notes what else changed; notes it where it is locked."""
        note = option.note.text(self.lang) if option.note else ""
        target = option.choice or self._choice
        if lock_reason := self._lock_reason(target):
            self._select(self._choice, lock_reason)
        else:
            self._select(target, note)

    def _take(self, choice: Choice) -> None:
        with self._showing_errors():
            self._select(choice)

    def _load_demo(self) -> None:
        with self._showing_errors():
            demo = _default_choice(find_variant(DEMO), self._here)
            if lock_reason := self._lock_reason(demo):
                self._note.value = self.note_html(lock_reason)
                return
            self._select(demo)
            self._loader.start()

    def _on_loader(self, is_finished: bool) -> None:
        """After an attempt to load, when the memory has changed, and when a chat opens or closes."""
        if is_finished:
            self._detect()
        else:
            self._mark_next_step()

    def _on_detect(self) -> None:
        self._detect()
        memory = format_gib(self._here.memory_bytes)
        sentence = self.text("picker_looked", name=self._here.name, memory=memory)
        self._note.value = self.note_html(sentence)
        self.announce(sentence)

    @contextmanager
    def _showing_errors(self) -> Iterator[None]:
        """A block whose errors are shown, with the controls set back to the current choice."""
        try:
            yield
        except GemmaError as error:
            self._select(self._choice)
            self._note.value = self.note_html(error.message.text(self.lang), is_error=True)

    # state

    def _detect(self) -> None:
        """Detects this machine again; a choice for it stays on it. Its free memory has changed."""
        previous, self._here = self._here, detect_runtime()
        if self._asked_runtime is previous:
            self._asked_runtime = self._here
        self._fill_runtimes()
        if self._choice.runtime is previous:
            devices = min(self._choice.devices, self._here.devices)
            self._choice = replace(self._choice, runtime=self._here, devices=devices)
            self._recommendation.recommend(self._here, self._task)
        self._update()

    def _find_runtime(self, asked: str | Runtime | None) -> Runtime:
        """A runtime by name; each one that was detected is ``_here``, so that ``is`` compares them."""
        runtime = self._here if asked is None else find_runtime(asked)
        return self._here if runtime.place is not None else runtime

    def _listed_runtime(self, name: str) -> Runtime:
        """The runtime of an entry of the runtime list."""
        if name == "this":
            return self._here
        return self._asked_runtime if name == self._asked_runtime.name else find_runtime(name)

    def _locked_changes(self, target: Choice) -> list[str]:
        return self._locks.changes(self._choice, target)

    def _lock_reason(self, target: Choice) -> str:
        with self.using_language():
            return self._locks.reason(self._choice, target)

    def _select(self, choice: Choice, note: str = "") -> None:
        """Makes a choice the current one, shows it and announces its verdict."""
        if choice.runtime is not self._choice.runtime:
            self._recommendation.recommend(choice.runtime, self._task)
        self._choice = choice
        self._update()
        self._note.value = self.note_html(note)
        self.announce(f"{note} {self._verdict.reason.text(self.lang)}".strip())

    def _model_name(self) -> str:
        return f"{self.variable_name('picker')}.model"

    # view

    def _update(self) -> None:
        """Shows the current choice in all controls."""
        choice = self._choice
        with self.using_language():
            verdict = self._verdict = advise(choice, task=self._task)
            self._fill_lists()
            self._recommendation.show(choice, self._locked_changes)
            self._verdict_block.value = self.with_lang(picker_view.verdict_html(verdict))
            memory = picker_view.memory_html(verdict)
            self._memory_block.value = tag("div", memory, class_="gnb-card", lang=self.lang)
            self._runtime_block.value = self.with_lang(picker_view.runtime_html(choice.runtime))
            self._fix_buttons.show(verdict, self._lock_reason)
            self._loader.show(choice, verdict, is_here=choice.runtime is self._here)
            self._tabs.show(verdict, only_fitting=self._only_fitting.value)
        self._mark_next_step()
        self.refresh()

    def _mark_next_step(self) -> None:
        """Makes one button the primary one: to talk, else the demo where it comes first, else Load."""
        loader, demo = self._loader, self._recommendation.demo_button
        next_step = demo if self._recommendation.demo_is_first else loader.load_button
        if loader.is_chat_offered:
            next_step = loader.chat_button
        is_shown = not loader.is_busy and not loader.chat_box.children
        for button in (loader.chat_button, demo, loader.load_button):
            controls.set_class(button, "gnb-primary", is_shown and button is next_step)

    def _fill_runtimes(self) -> None:
        self._is_filling = True  # ipywidgets selects the first of new options
        try:
            with self.using_language():
                self._lists["runtime"].options = runtime_options(self._here, self._asked_runtime)
        finally:
            self._is_filling = False

    def _fill_lists(self) -> None:
        """Sets the options and the values of the lists."""
        choice = self._choice
        self._is_filling = True
        try:
            runtime = "this" if choice.runtime is self._here else choice.runtime.name
            controls.set_options(self._lists["runtime"], None, runtime)
            controls.set_options(self._lists["task"], None, self._task)
            for name in SETTINGS[1:]:
                listed, value = options(choice, name, self._task), setting(choice, name)
                if self._only_fitting.value:
                    listed = fitting_options(listed, value)
                controls.set_options(self._lists[name], labelled_options(listed), value)
            controls.set_visible(self._lists["devices"], choice.runtime.devices > 1)
            length = f"{choice.max_length:,}"
            more = self.text("picker_more", length=length, batch=choice.batch_size)
            self._more_button.description = controls.label_text(more)
        finally:
            self._is_filling = False

    def static_html(self) -> Html:
        """The choice as a table, with verdict, fixes and code."""
        with self.using_language():
            fixes = self._fix_buttons.fixes
            return picker_view.static_html(
                self._verdict, fixes, on_disk=is_on_disk(self._choice.variant)
            )

    def static_text(self) -> str:
        """The same as plain text."""
        with self.using_language():
            fixes = self._fix_buttons.fixes
            return picker_view.static_text(
                self._verdict, fixes, on_disk=is_on_disk(self._choice.variant)
            )


def _default_choice(variant: Variant, runtime: Runtime) -> Choice:
    """A variant in the precision that suits a runtime, for one sequence of 2,048 tokens at most."""
    precision = auto_precision(variant, runtime).name
    return Choice(variant, precision, clip_to_context(variant, 2048), 1, runtime)
