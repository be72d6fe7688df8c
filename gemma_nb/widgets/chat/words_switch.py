"""The switch that shows the words of a chat's replies with their probabilities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gemma_nb.html_markup import tag
from gemma_nb.i18n import text
from gemma_nb.model import Model
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.chat.conversation_view import TurnView
from gemma_nb.widgets.trace.trace_view import legend_html


class WordsSwitch:
    """A checkbox, and the place below the conversation where a word's details appear.

    Args:
        panel: the panel that shows them.
        transcript: the ipywidget with the conversation.
        on_change: called after a change of the checkbox.

    Attributes:
        box: the checkbox; the panel places it.
        widget: ``transcript`` with the place for the details below it.
    """

    def __init__(self, panel: Panel, transcript: Any, on_change: Callable[[], None]) -> None:
        self._panel = panel
        self.box = controls.checkbox(text("chat_words"))
        self._hint = controls.html()
        self.widget = controls.column(transcript, self._hint, css_classes=("gnb-said-box",))
        self.box.observe(lambda _: on_change(), "value")

    @property
    def is_on(self) -> bool:
        """Whether probabilities are shown."""
        return bool(self.box.value)

    def turn_off(self) -> None:
        """Shows the replies without probabilities again."""
        self.box.value = False

    def show(self, turns: Sequence[TurnView]) -> list[TurnView]:
        """Shows the replies with or without probabilities, as the checkbox says.

        Args:
            turns: all turns.

        Returns:
            The turns whose probabilities have to be computed first, the last one first.
        """
        is_on = self.is_on
        hint = tag("p", text("chat_words_hint"), class_="gnb-hint")
        legend = legend_html("chat_words_legend", "gnb-w")
        self._hint.value = self._panel.with_lang(legend, hint) if is_on else ""
        controls.set_class(self.widget, "gnb-worded", is_on)
        for turn in turns:
            turn.show_words(is_on)
        return [turn for turn in reversed(turns) if is_on and turn.needs_trace]

    def compute(
        self, turns: Sequence[TurnView], model: Model, is_stopped: Callable[[], bool]
    ) -> tuple[bool, Exception | None]:
        """Computes and shows the probabilities of turns; runs on the main thread.

        Args:
            turns: the turns, in the order in which they are computed.
            model: the model that wrote the replies.
            is_stopped: whether the person wants no more of them.

        Returns:
            Whether it was stopped, and the last error.
        """
        error: Exception | None = None
        try:
            for turn in turns:
                if is_stopped():
                    return True, error
                try:
                    turn.trace(model)
                except Exception as raised:  # noqa: BLE001 - every error is shown
                    error = raised
                turn.show_words(shown=True)
        except KeyboardInterrupt:
            return True, error
        return False, error
