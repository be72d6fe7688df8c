"""The picker's controls that load the selected model, and then open a chat with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from gemma_nb import load_model
from gemma_nb.errors import GemmaError
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.verdict import Verdict
from gemma_nb.html_markup import Html, tag
from gemma_nb.hub.availability import find_obstacle
from gemma_nb.hub.progress import ProgressStep
from gemma_nb.model import Model, live_models
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import code_block, progress_bar
from gemma_nb.widgets.base.main_thread import on_main_thread, run_later
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.chat.chat_panel import ChatPanel
from gemma_nb.widgets.credentials_panel import CredentialsPanel

#: Keys of errors for which the credentials panel is offered.
_LOGIN_ERRORS = ("fetch_no_credentials", "fetch_wrong_credentials", "fetch_no_consent")


class ModelLoader:
    """The Load button, the progress, and the result.

    A model is loaded on the main thread, and never two at a time.

    Args:
        panel: the panel that shows the controls.
        on_change: called with True after each attempt, whether or not it succeeded, and with False
            when a chat or the credentials open or close.
        model_name: gives the Python name by which the user reaches the model.

    Attributes:
        model: the model that was loaded last; None before.
        is_busy: whether a model is being loaded.
    """

    def __init__(
        self, panel: Panel, on_change: Callable[[bool], None], model_name: Callable[[], str]
    ) -> None:
        self.model: Model | None = None
        self.is_busy = False
        self._panel, self._on_change, self._model_name = panel, on_change, model_name
        self._choice: Choice | None = None
        self._loaded_choice: Choice | None = None
        #: the choice whose error is shown
        self._failed_choice: Choice | None = None
        #: the lines of the stages that are over
        self._stages: list[str] = []
        #: the panels that are open in the boxes below
        self._open_panels: dict[Any, Panel] = {}
        self.load_button = controls.button("…", lambda _: self.start())
        self.disabled_reason = controls.html()
        self.message = controls.html()
        text = panel.text
        self.login_button = controls.button(
            text("picker_login"), lambda _: self._toggle_login(), "gnb-toggle"
        )
        self.login_box = controls.column()
        self.chat_button = controls.button(
            text("picker_talk"), lambda _: self._toggle_chat(), "gnb-toggle"
        )
        self.chat_box = controls.column()
        controls.set_visible(self.chat_button, visible=False)
        self.widget = controls.column(
            *(self.load_button, self.disabled_reason, self.message),
            *(self.chat_button, self.chat_box, self.login_button, self.login_box),
        )

    def show(self, choice: Choice, verdict: Verdict, *, is_here: bool) -> None:
        """Offers to load a choice, or tells why it cannot be loaded.

        Args:
            choice: the choice.
            verdict: the verdict on it.
            is_here: whether its runtime is this machine.
        """
        self._choice = choice
        if self._failed_choice and not _loads_same(choice, self._failed_choice):
            self.message.value, self._failed_choice = "", None
        text = self._panel.text
        reason = ""
        if not is_here:
            reason = text("picker_load_not_here", runtime=choice.runtime.name)
        elif not verdict.fits:
            reason = text("picker_load_not_fit")
        name, precision = choice.variant.name, choice.precision
        label = text("picker_load", variant=name, precision=precision)
        self.load_button.description = controls.label_text(label)
        self.load_button.disabled = bool(reason) or self.is_busy
        self.disabled_reason.value = tag("small", reason) if reason else ""
        self._offer_login(is_here and find_obstacle(choice.variant) == "login")

    @property
    def is_chat_offered(self) -> bool:
        """Whether the present choice is loaded and can be talked to."""
        is_visible = self.chat_button.layout.display != "none"
        is_present = self._choice is not None and _loads_same(self._choice, self._loaded_choice)
        return is_visible and is_present and self.is_loaded

    @property
    def is_loaded(self) -> bool:
        """Whether the model that was loaded here is still in memory."""
        return self.model is not None and self.model in live_models()

    def start(self) -> None:
        """Loads the choice that is shown; does nothing while it loads and when it is loaded."""
        choice = self._choice
        if choice is None or self.load_button.disabled or self.is_busy:
            return
        if self.is_loaded and _loads_same(choice, self._loaded_choice):
            name = choice.variant.name
            self._panel.announce(self._panel.text("picker_load_again", variant=name))
            return
        self.is_busy = True
        self.load_button.disabled = True
        self._stages = []
        self._show_note(self._panel.text("picker_load_waits"))
        self._on_change(False)
        on_main_thread(lambda: self._load(choice))

    # on the main thread

    def _load(self, choice: Choice) -> None:
        text = self._panel.text
        started = time.monotonic()
        self._failed_choice = choice
        self._close(self.chat_box)  # a chat with the model that was loaded before
        controls.set_visible(self.chat_button, visible=False)
        try:
            starts = text("picker_load_starts", variant=choice.variant.name)
            self._show_note(starts)
            self._panel.announce(starts)
            self.model = self._load_model(choice)
            self._loaded_choice, self._failed_choice = choice, None
            self._show_loaded(choice, time.monotonic() - started)
        except KeyboardInterrupt:
            stopped = self._panel.note_html(text("picker_load_stopped"), is_error=True)
            self.message.value = self._panel.with_lang(stopped)
        except Exception as error:  # noqa: BLE001 - every error is shown
            self._show_error(error)
        finally:
            # clicks that arrived meanwhile are handled first, and do nothing
            run_later(self._finish)

    def _load_model(self, choice: Choice) -> Model:
        """Loads a model; unloads the previous one first where the memory does not hold both."""
        try:
            return load_model.load(choice, progress=self._show_progress)
        except GemmaError as error:
            if self.model is None or error.message.key != "load_no_room_beside":
                raise
        self.model.unload()
        self.model = self._loaded_choice = None
        return load_model.load(choice, progress=self._show_progress)

    def _finish(self) -> None:
        self.is_busy = False
        self._on_change(True)

    # view

    def _show_note(self, *content: object) -> None:
        self.message.value = self._panel.with_lang(tag("div", *content, class_="gnb-note"))

    def _show_progress(self, step: ProgressStep) -> None:
        """Shows the stages that are over, and the present one with a bar."""
        with self._panel.using_language():
            line = step.summary if step.finished and not step.note else str(step)
        if step.finished or step.note:
            if line not in self._stages[-1:]:  # a note may be repeated
                self._stages.append(line)
            self._show_note(_stage_list(self._stages))
            return
        bar = progress_bar(step.fraction, self._panel.text("picker_progress"))
        self._show_note(_stage_list(self._stages), line, bar)

    def _show_loaded(self, choice: Choice, seconds: float) -> None:
        name = self._model_name()
        values = {"variant": choice.variant.name, "seconds": f"{seconds:.1f}", "name": name}
        loaded = self._panel.text("picker_loaded", **values)
        code = f'print({name}.generate("{self._panel.text("tour_question")}"))'
        stages = Html()
        if self._stages:
            summary = tag("summary", self._panel.text("picker_stages"))
            stages = tag("details", summary, _stage_list(self._stages))
        note = tag("div", tag("strong", loaded), stages, class_="gnb-note")
        self.message.value = self._panel.with_lang(note, code_block(code, name))
        self._panel.announce(loaded)
        controls.set_visible(self.chat_button, choice.variant.role != "embed")

    def _show_error(self, error: Exception) -> None:
        heading = self._panel.text("picker_failed")
        body = self._panel.error_html(error, heading, "picker_unexpected")
        self.message.value = self._panel.with_lang(body)
        if isinstance(error, GemmaError):
            self._offer_login(error.message.key in _LOGIN_ERRORS)

    def _offer_login(self, is_offered: bool) -> None:
        """Shows the button that opens the credentials panel, or hides both."""
        controls.set_visible(self.login_button, is_offered)
        if not is_offered:
            self._close(self.login_box)

    def _toggle_login(self) -> None:
        choice = self._choice
        if self.login_box.children or choice is None:
            self._close(self.login_box)
        else:
            self._open(self.login_box, CredentialsPanel(choice.variant, self._panel.lang))

    def _toggle_chat(self) -> None:
        if self.chat_box.children or self.model is None or not self.is_loaded:
            self._close(self.chat_box)
        else:
            self._open(self.chat_box, ChatPanel(self.model, lang=self._panel.lang))
        self._on_change(False)

    def _open(self, box: Any, panel: Panel) -> None:
        """Shows a panel in one of the boxes."""
        self._open_panels[box] = panel
        box.children = (panel.root,)
        self._label_toggles()

    def _close(self, box: Any) -> None:
        """Closes the panel of a box, if one is open."""
        box.children = ()
        if box in self._open_panels:
            self._open_panels.pop(box).close()
        self._label_toggles()

    def _label_toggles(self) -> None:
        """Says on the two buttons whether they open or close."""
        for button, box, key in (
            (self.login_button, self.login_box, "picker_login"),
            (self.chat_button, self.chat_box, "picker_talk"),
        ):
            button.description = self._panel.text(f"{key}_close" if box.children else key)


def _stage_list(lines: list[str]) -> Html:
    """The stages of loading that are over, one a line."""
    return tag("ul", *(tag("li", f"✓ {line}") for line in lines)) if lines else Html()


def _loads_same(one: Choice, other: Choice | None) -> bool:
    """Whether two choices load the same model; the free memory of their runtimes may differ."""
    names = ("variant", "precision", "max_length", "devices")
    return other is not None and all(getattr(one, n) == getattr(other, n) for n in names)
