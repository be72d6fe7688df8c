"""The picker's Load: on the main thread, never twice at once, errors whole."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import GemmaError
from gemma_nb.loading.at_hand import lacks
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import join, pre, tag
from gemma_nb.widgets.base.main_thread import on_main_thread, soon
from gemma_nb.widgets.credentials import CredentialsPanel

if TYPE_CHECKING:
    from gemma_nb.advice import Choice, Verdict
    from gemma_nb.loading.progress import Step
    from gemma_nb.model import Model
    from gemma_nb.widgets.base.panel import Panel

#: Errors of loading that a login may help.
_LOGIN_FAULTS = ("fetch_no_credentials", "fetch_wrong_credentials", "fetch_no_consent")


class Loader:
    """The button, the progress and what came of it.

    Args:
        panel: the widget it belongs to.
        done: called after each try, with the error or None.
        name: gives the Python name by which the user reaches the model.
    """

    def __init__(
        self,
        panel: Panel,
        done: Callable[[Exception | None], None],
        name: Callable[[], str],
    ) -> None:
        self.model: Model | None = None
        self.busy = False
        self._panel, self._done, self._name = panel, done, name
        self._choice: Choice | None = None
        self._loaded: Choice | None = None
        self._failed: Choice | None = None
        self.button = controls.button("…", lambda _: self.start(), "gnb-primary")
        self.why_not = controls.html()
        self.said = controls.html()
        self._login = controls.button(panel.text("picker_login"), lambda _: self._open_login())
        self._login_box = controls.column()
        self.talk = controls.button(
            panel.text("picker_talk"), lambda _: self._talk(), "gnb-primary"
        )
        self._talk_box = controls.column()
        controls.show(self.talk, visible=False)
        self.widget = controls.column(
            *(self.button, self.why_not, self.said, self.talk, self._talk_box),
            *(self._login, self._login_box),
        )

    def show(self, choice: Choice, verdict: Verdict, *, here: bool) -> None:
        """Makes the button load a choice, or say why it cannot.

        Args:
            choice: what.
            verdict: the verdict on it.
            here: whether its runtime is this machine.
        """
        self._choice = choice
        if self._failed and not _same(choice, self._failed):  # the error was another choice's
            self.said.value, self._failed = "", None
        text = self._panel.text
        why = ""
        if not here:
            why = text("picker_load_not_here", runtime=choice.runtime.name)
        elif not verdict.fits:
            why = text("picker_load_not_fit")
        values = {"variant": choice.variant.name, "precision": choice.precision}
        self.button.description = text("picker_load", **values)
        self.button.disabled = bool(why) or self.busy
        self.why_not.value = tag("small", why) if why else ""
        self._wants_login(here and lacks(choice.variant) == "login")

    def _wants_login(self, wanted: object) -> None:
        """Offers a place for the login where one is wanted, and closes it where none is."""
        controls.show(self._login, wanted)
        if not wanted:
            self._login_box.children = ()

    def _open_login(self) -> None:
        if self._login_box.children or self._choice is None:
            self._login_box.children = ()
            return
        panel = CredentialsPanel(self._choice.variant, self._panel.lang)
        self._login_box.children = (panel.root,)

    def _talk(self) -> None:
        """Opens a chat with the model that was loaded, or closes it."""
        from gemma_nb.widgets.chat.chat_panel import ChatPanel

        if self._talk_box.children or not self.loaded:
            self._talk_box.children = ()
            return
        assert self.model is not None
        self._talk_box.children = (ChatPanel(self.model, lang=self._panel.lang).root,)

    @property
    def loaded(self) -> bool:
        """Whether the model that was loaded here is still in memory."""
        from gemma_nb.model import live_models

        return self.model is not None and self.model in live_models()

    def start(self) -> None:
        """Loads what is shown, once; a second press while it loads, or after, does nothing."""
        choice = self._choice
        if choice is None or self.button.disabled or self.busy:
            return
        if self.loaded and _same(choice, self._loaded):
            again = self._panel.text("picker_load_again", variant=choice.variant.name)
            self._panel.announce(again)
            return
        self.busy = True
        self.button.disabled = True
        self._say(tag("div", self._panel.text("picker_load_waits"), class_="gnb-note"))
        on_main_thread(lambda: self._load(choice))

    def _load(self, choice: Choice) -> None:
        """On the main thread."""
        text = self._panel.text
        starts = text("picker_load_starts", variant=choice.variant.name)
        failed: Exception | None = None
        self._failed = choice
        started = time.monotonic()
        self._talk_box.children = ()  # a chat with what was loaded before
        controls.show(self.talk, visible=False)
        try:
            self._say(tag("div", starts, class_="gnb-note"))
            self._panel.announce(starts)
            self.model = self._made(choice)
            self._loaded, self._failed = choice, None
            self._ready(choice, time.monotonic() - started)
        except KeyboardInterrupt:
            self._say(tag("div", text("picker_load_stopped"), class_="gnb-error", role="alert"))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown whole
            failed = error
            self._fail(error)
        finally:
            # presses that came meanwhile are handled first, and ignored
            soon(lambda: self._free(failed))

    def _made(self, choice: Choice) -> Model:
        """The model; where only this picker's earlier one is in the way, that one goes first."""
        from gemma_nb.loading import load

        try:
            return load(choice, progress=self._progress)
        except GemmaError as error:
            if self.model is None or error.message.key != "load_no_room_beside":
                raise
        self.model.unload()
        self.model = self._loaded = None
        return load(choice, progress=self._progress)

    def _free(self, failed: Exception | None) -> None:
        self.busy = False
        self._done(failed)

    def _progress(self, step: Step) -> None:
        """Shows how far loading is."""
        with self._panel.speaking():
            said: list[object] = [str(step)]
        if step.fraction is not None:
            label = self._panel.text("picker_progress")
            share = f"{step.fraction:.3f}"
            said.append(tag("progress", value=share, max="1", aria_label=label, style="width:100%"))
        self._say(tag("div", *said, class_="gnb-note"))

    def _ready(self, choice: Choice, seconds: float) -> None:
        name = self._name()
        values = {"variant": choice.variant.name, "seconds": f"{seconds:.1f}", "name": name}
        ready = self._panel.text("picker_loaded", **values)
        question = self._panel.text("tour_question")
        code = f'print({name}.generate("{question}"))'
        self._say(tag("div", tag("strong", ready), class_="gnb-note"), pre(code, name))
        self._panel.announce(ready)
        controls.show(self.talk, choice.variant.role != "embed")

    def _fail(self, error: Exception) -> None:
        text = self._panel.text
        head = tag("strong", text("picker_failed"))
        if isinstance(error, GemmaError):
            with self._panel.speaking():
                body: list[object] = ["\n", str(error)]
            self._wants_login(error.message.key in _LOGIN_FAULTS)
        else:
            whole = "".join(traceback.format_exception(error))
            why = text("picker_unexpected", kind=type(error).__name__, why=error)
            body = ["\n", why, pre(whole, type(error).__name__)]
        self._say(tag("div", head, *body, class_="gnb-error", role="alert"))

    def _say(self, *parts: Any) -> None:
        self.said.value = join([tag("div", *parts, lang=self._panel.lang)])


def _same(one: Choice, other: Choice | None) -> bool:
    """Whether two choices load the same; how much memory is free now is no part of it."""
    return other is not None and (one.variant, one.precision, one.max_length) == (
        other.variant,
        other.precision,
        other.max_length,
    )
