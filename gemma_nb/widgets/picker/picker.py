"""The picker: a Gemma that fits, chosen and loaded by looking."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.advice import TASKS, Choice, advise, auto_precision
from gemma_nb.advice.options import PARTS, Option, changed, options, part
from gemma_nb.catalog import DEMO, Variant
from gemma_nb.catalog import variant as find_variant
from gemma_nb.errors import GemmaError
from gemma_nb.hardware import Runtime, detect_runtime
from gemma_nb.hardware import runtime as find_runtime
from gemma_nb.loading.at_hand import on_disk
from gemma_nb.loading.checks import looked_up
from gemma_nb.memory.estimate import check_length
from gemma_nb.units import size
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import Html, tag
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.chat import chat_style
from gemma_nb.widgets.picker import picker_locks as locks
from gemma_nb.widgets.picker import picker_static, picker_view
from gemma_nb.widgets.picker.model_loader import Loader
from gemma_nb.widgets.picker.picker_advice import Advice
from gemma_nb.widgets.picker.picker_fixes import Fixes
from gemma_nb.widgets.picker.picker_lists import labelled, places, put
from gemma_nb.widgets.picker.picker_tabs import Tabs

if TYPE_CHECKING:
    from gemma_nb.advice import Verdict
    from gemma_nb.model import Model


class Picker(Panel):
    """Choose a variant that fits, see why, and load it.

    Args:
        variant: what to open on: a variant, its name, or a whole ``Choice``; None opens on the
            recommendation.
        runtime: the hardware to judge by; this machine when None.
        lock: what the person cannot change, for a lesson that is not about it: "task" or names of
            ``gemma_nb.advice.options.PARTS``; "variant" locks family, size and tuning too.
            Code still can, through ``choice``.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: an unknown variant, runtime, part or language.
    """

    script = chat_style.SCRIPT  # a chat opens in it

    def __init__(
        self,
        variant: str | Path | Variant | Choice | None = None,
        runtime: str | Runtime | None = None,
        lock: str | Sequence[str] = (),
        lang: str | None = None,
    ) -> None:
        super().__init__(lang)
        self._locked = locks.locked(lock)
        self._here = detect_runtime()
        self._task = "chat"
        self._filling = False
        asked = variant.runtime if isinstance(variant, Choice) and runtime is None else runtime
        self._own = self._mine(asked)
        self._advice = Advice(self, self._take, self._load_demo)
        self._advice.look(self._own, self._task)
        self._choice = self._first(variant)
        self._verdict: Verdict = advise(self._choice)
        with self.speaking():
            self._build()
        self._show()

    @property
    def choice(self) -> Choice:
        """The current choice. Set to a ``Choice``, a variant or a name, it moves the widget.

        Raises:
            InvalidInput: what it is set to is none, or cannot be judged.
        """
        return self._choice

    @choice.setter
    def choice(self, wanted: Choice | Variant | str | Path) -> None:
        if not isinstance(wanted, Choice):
            found = changed(self._choice, "variant", wanted).choice
            assert found is not None
            wanted = found
        wanted = replace(wanted, runtime=self._mine(wanted.runtime))
        advise(wanted)  # refuses before anything moves
        if wanted.runtime not in (self._here, self._own):
            self._own = wanted.runtime
            with self.speaking():
                self._controls["runtime"].options = places(self._here, self._own)
        self._go(wanted)

    @property
    def model(self) -> Model | None:
        """The model that Load made; None before."""
        return self._loader.model

    def _first(self, variant: str | Path | Variant | Choice | None) -> Choice:
        """What it opens on."""
        if isinstance(variant, Choice):
            return replace(variant, runtime=self._own)
        if variant is None and self._advice.best:
            return self._advice.choice()
        found = find_variant(DEMO if variant is None else variant)
        precision = auto_precision(found, self._own).name
        return Choice(found, precision, check_length(found, 2048), 1, self._own)

    def _build(self) -> None:
        text, row, column = self.text, controls.row, controls.column
        made = {name: controls.dropdown(text(f"picker_{name}")) for name in locks.LOCKS}
        made["runtime"].options = places(self._here, self._own)
        made["task"].options = [(text(f"task_{t}"), t) for t in TASKS]
        self._controls = c = made
        for name, control in made.items():
            control.disabled = name in self._locked
            control.observe(partial(self._chosen, name), "value")
        self._name = controls.text_field(text("picker_name"), text("picker_name_hint"))
        self._name.disabled = bool(self._locked & set(locks.VARIANT))
        self._name.observe(self._named, "value")
        self._again = controls.button(text("picker_again"), lambda _: self._look_again())
        self._facts, self._note, self._judged, self._memory = (controls.html() for _ in range(4))
        self._fixes = Fixes(self, self._take)
        self._loader = Loader(self, self._tried, self._model_name)
        self._tabs = Tabs(self, self._take_name)
        controls.styled(c["runtime"], "gnb-wide")
        self.assemble(
            controls.html(self._said("h3", "picker_title") + self._said("p", "picker_intro")),
            self._advice.widget,
            column(row(c["runtime"], c["task"], self._again), self._facts, classes=("gnb-card",)),
            column(
                row(c["family"], c["size"], c["tuning"], c["variant"]),
                row(c["precision"], c["max_length"], c["batch_size"], c["devices"], self._name),
                self._note,
                classes=("gnb-card",),
            ),
            self._judged,
            self._fixes.widget,
            self._loader.widget,
            self._memory,
            self._tabs.widget,
        )

    def _said(self, element: str, key: str) -> Html:
        return tag(element, self.text(key), lang=self.lang)

    # what a person does

    def _chosen(self, name: str, change: Any) -> None:
        value = change["new"]
        if self._filling or value is None:
            return
        with self._refusing():
            if name == "task":
                self._task = value
                self._advice.look(self._choice.runtime, value)
                best = self._advice.choice() if self._advice.best else self._choice
                self._go(self._choice if self._barred(best) else best)
            elif name == "runtime":
                self._follow(changed(self._choice, name, self._place(value)))
            else:
                self._follow(changed(self._choice, name, value))

    def _named(self, change: Any) -> None:
        if change["new"].strip() and self._take_name(change["new"].strip()):
            self._name.value = ""

    def _take_name(self, name: str) -> bool:
        """Whether it was taken; what is wrong with a name is told."""
        with self._refusing():
            # a hub's handle is asked for with the login that there is
            found = looked_up(name, None, find_variant)
            self._follow(changed(self._choice, "variant", found))
            return True
        return False

    def _follow(self, option: Option) -> None:
        """Goes where an option leads, and says what else changed; or says why it cannot be."""
        note = option.note.text(self.lang) if option.note else ""
        target = option.choice or self._choice
        if barred := self._barred(target):
            self._go(self._choice, self._barred_words(barred))
        else:
            self._go(target, note)

    def _take(self, choice: Choice) -> None:
        with self._refusing():
            self._go(choice)

    def _load_demo(self) -> None:
        with self._refusing():
            variant = find_variant(DEMO)
            precision = auto_precision(variant, self._here).name
            demo = Choice(variant, precision, check_length(variant, 2048), 1, self._here)
            if barred := self._barred(demo):
                self._tell(self._barred_words(barred))
                return
            self._go(demo)
            self._loader.start()

    def _look_again(self) -> None:
        self._detect()
        found = {"name": self._here.name, "memory": size(self._here.memory_bytes)}
        self._tell(self.text("picker_looked", **found))
        self.announce(self.text("picker_looked", **found))

    def _tried(self, _: Exception | None) -> None:
        """After each try to load there is more or less memory free."""
        self._detect()

    def _detect(self) -> None:
        """Looks at this machine again; a choice that is on it stays on it."""
        before, self._here = self._here, detect_runtime()
        if self._own is before:
            self._own = self._here
        with self.speaking():
            self._controls["runtime"].options = places(self._here, self._own)
        if self._choice.runtime is before:
            devices = min(self._choice.devices, self._here.devices)
            self._choice = replace(self._choice, runtime=self._here, devices=devices)
            self._advice.look(self._here, self._task)
        self._show()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """What is wrong with what a person did is told, and the controls go back."""
        try:
            yield
        except GemmaError as error:
            self._go(self._choice)
            self._tell(error.message.text(self.lang), wrong=True)

    # what follows

    def _mine(self, asked: str | Runtime | None) -> Runtime:
        """A runtime as this widget holds it: one that was detected is this machine."""
        found = self._here if asked is None else find_runtime(asked)
        return self._here if found.place is not None else found

    def _place(self, name: str) -> Runtime:
        if name == "this":
            return self._here
        return self._own if name == self._own.name else find_runtime(name)

    def _barred(self, target: Choice) -> list[str]:
        """The locked parts that a choice would change."""
        return locks.barred(self._locked, self._choice, target)

    def _barred_words(self, barred: list[str]) -> str:
        if not barred:
            return ""
        parts = ", ".join(self.text(f"picker_{p}") for p in barred)
        return self.text("picker_locked", parts=parts)

    def _go(self, choice: Choice, note: str = "") -> None:
        """Makes it the current choice, shows it, and has it said."""
        if choice.runtime is not self._choice.runtime:
            self._advice.look(choice.runtime, self._task)
        self._choice = choice
        self._show()
        self._tell(note)
        self.announce(f"{note} {self._verdict.reason.text(self.lang)}".strip())

    def _tell(self, sentence: str, *, wrong: bool = False) -> None:
        role = "alert" if wrong else None
        kind = "gnb-error" if wrong else "gnb-note"
        block = tag("div", sentence, class_=kind, role=role, lang=self.lang)
        self._note.value = block if sentence else ""

    def _show(self) -> None:
        """Brings everything in line with the choice."""
        choice = self._choice
        with self.speaking():
            verdict = self._verdict = advise(choice, task=self._task)
            self._fill()
            self._advice.show(choice, self._barred)
            self._judged.value = tag("div", picker_view.verdict_html(verdict), lang=self.lang)
            memory = picker_view.memory_html(verdict)
            facts = picker_view.facts_html(verdict, on_disk=on_disk(choice.variant))
            self._memory.value = tag("div", memory, facts, class_="gnb-card", lang=self.lang)
            self._facts.value = tag("div", picker_view.runtime_html(choice.runtime), lang=self.lang)
            self._fixes.show(verdict, lambda target: self._barred_words(self._barred(target)))
            self._loader.show(choice, verdict, here=choice.runtime is self._here)
            self._tabs.show(choice)
        self.refresh()

    def _fill(self) -> None:
        """Puts the values that there are, and the current ones, into the lists."""
        choice = self._choice
        self._filling = True
        try:
            place = "this" if choice.runtime is self._here else choice.runtime.name
            put(self._controls["runtime"], None, place)
            put(self._controls["task"], None, self._task)
            for name in PARTS[1:]:
                found = options(choice, name, self._task)
                put(self._controls[name], labelled(found), part(choice, name))
            controls.show(self._controls["devices"], choice.runtime.devices > 1)
        finally:
            self._filling = False

    def _model_name(self) -> str:
        return f"{self.variable('picker')}.model"

    def static_html(self) -> Html:
        """The choice as a table, with the verdict and the code."""
        with self.speaking():
            there = on_disk(self._choice.variant)
            return picker_static.static_html(self._verdict, self._fixes.fixes, on_disk=there)

    def static_text(self) -> str:
        """The same as plain text."""
        with self.speaking():
            there = on_disk(self._choice.variant)
            return picker_static.static_text(self._verdict, self._fixes.fixes, on_disk=there)
