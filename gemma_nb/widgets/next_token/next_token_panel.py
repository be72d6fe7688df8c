"""The next-token panel: which tokens may come next, and what sampling's filters leave of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.generation.detokenizer import Detokenizer
from gemma_nb.generation.sampling import Sampling
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import percent
from gemma_nb.model import Model
from gemma_nb.next_token import (
    finish_word,
    likeliest_ids,
    likeliest_tokens,
    next_logits,
    sampling_probabilities,
    text_ids,
)
from gemma_nb.prompts.safe_tokenizer import vocabulary
from gemma_nb.reply_request import Messages
from gemma_nb.text_utils import visible_piece
from gemma_nb.widgets.base import controls, sampling_sliders
from gemma_nb.widgets.base.main_thread import on_main_thread
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.next_token import next_token_view
from gemma_nb.widgets.next_token.next_token_view import NextTokenChart

#: The largest number of tokens in the chart: each is finished to a word by the model.
_MOST_TOKENS = 50


class NextTokenPanel(Panel):
    """A chart of the next token that follows sliders for temperature, top-k and top-p.

    Beside the model's own probability of each token stands the one with which sampling draws it.
    The text can be changed, and a button draws a token and adds it to the text. A token that only
    begins a word is shown with the rest of the word that the model would most likely write.

    Args:
        model: a loaded model.
        messages: a string (one user turn) or a conversation; with ``raw`` a text that the model
            continues, without a template. Text only.
        count: the number of tokens in the chart, at most 50.
        begun: the reply so far.
        temperature: the first value of its slider, like the next two; 0 is greedy.
        top_k: only the k most likely tokens; 0 keeps all.
        top_p: of those, the fewest whose probabilities reach p; 1 keeps all.
        raw: send ``messages`` without a template.
        lang: "en" or "ja"; the language in force when None.
        **options: ``tools``, ``thinking`` and ``guideline``, as in ``format_prompt``.

    Raises:
        InvalidInput: as for ``next_tokens``, or an unknown language.
        GenerationError: as for ``next_tokens``.
    """

    style_files = (sampling_sliders.STYLE_FILE, "next_token/next_token.css")

    def __init__(
        self,
        model: Model,
        messages: Messages,
        count: int = 10,
        *,
        begun: str = "",
        temperature: float = 1.0,
        top_k: int = 0,
        top_p: float = 1.0,
        raw: bool = False,
        lang: str | None = None,
        **options: Any,
    ) -> None:
        import numpy as np

        super().__init__(lang)
        self._count = whole_number(count, "next_tokens_count", 1, _MOST_TOKENS)
        sampling = Sampling(temperature, top_k, top_p)
        ids = text_ids(model, messages, begun, raw=raw, **options)
        self._model, self._messages = model, messages
        self._options = {"raw": raw, **options}
        #: whether the field holds the whole text, and not only the reply
        self._is_text = raw and isinstance(messages, str)
        self._beginning = f"{messages}{begun}" if self._is_text else begun
        self._control = frozenset(vocabulary(model.tokenizer).control.values())
        self._random = np.random.default_rng()
        #: the chart, until the text or a slider changes: a panel shows it in several forms
        self._computed_chart: NextTokenChart | None = None
        with self.using_language():
            self._build(sampling)
            self._read(self._beginning, ids)
            self._show()

    @property
    def sampling(self) -> Sampling:
        """Temperature, top-k and top-p as the sliders stand."""
        return Sampling(**self._sliders.values())

    @property
    def written(self) -> str:
        """The text so far, or the reply so far; drawn tokens are part of it."""
        return str(self._field.value)

    def draw(self) -> None:
        """Draws the next token and adds it to the text, as the button does."""
        self._run(self._draw)

    def _build(self, sampling: Sampling) -> None:
        self._sliders = sampling_sliders.SamplingSliders(sampling, continuous=True)
        key = "next_text" if self._is_text else "next_reply"
        self._field = controls.text_area(text(key), self._beginning, 2, "gnb-area")
        self._note, self._chart_block = controls.html(), controls.html()
        title = tag("h3", text("next_title"))
        self.assemble(
            controls.html(self.with_lang(title, tag("p", text("next_intro")))),
            self._field,
            controls.row(
                controls.button(text("next_draw"), lambda _: self.draw(), "gnb-primary"),
                controls.button(text("next_reset"), lambda _: self._on_reset()),
            ),
            sampling_sliders.settings_grid(self._sliders.by_name),
            self._note,
            self._chart_block,
            css_classes=("gnb-next-token", sampling_sliders.STYLE_CLASS),
        )
        for slider in self._sliders.by_name.values():
            slider.observe(self._on_slider, "value")
        self._field.observe(self._on_text, "value")

    # event handlers

    def _on_slider(self, _: Any) -> None:
        self._computed_chart = None
        with self.using_language():
            self._show()
            self.announce(self._chart().summary)

    def _on_text(self, change: Any) -> None:
        if not self._is_filling:
            self._run(lambda: self._read_field(change["new"]))

    def _on_reset(self) -> None:
        self._run(lambda: self._read_field(self._beginning))

    def _run(self, work: Callable[[], str | None]) -> None:
        """Runs the model on the main thread; an error is shown in the panel.

        Args:
            work: returns a note as HTML; None for no note.
        """
        self._note.value = self.note_html(self.text("next_busy"))

        def run() -> None:
            note: str = ""
            try:
                with self.using_language():
                    note = work() or ""
                    self._show()
            except KeyboardInterrupt:
                pass
            except Exception as error:  # noqa: BLE001 - shown to the person, not lost in a thread
                heading = self.text("next_failed")
                note = self.error_html(error, heading, "trace_unexpected")
                self.announce(heading)
            self._note.value = note

        on_main_thread(run)

    # the model

    def _read_field(self, written: str) -> None:
        """Reads a text that was typed."""
        if self._is_text:
            ids = text_ids(self._model, written, **self._options)
        else:
            ids = text_ids(self._model, self._messages, written, **self._options)
        self._read(written, ids)
        self.announce(self._chart().summary)

    def _read(self, written: str, ids: list[int], detokenizer: Detokenizer | None = None) -> None:
        """Computes the probabilities after a text, and the words of the likeliest tokens.

        Args:
            written: the text.
            ids: its token ids, the prompt's before them.
            detokenizer: holds the bytes of an incomplete character at its end; None for no bytes.
        """
        logits = next_logits(self._model, ids)
        words = [finish_word(self._model, ids, one) for one in likeliest_ids(logits, self._count)]
        # set together, so that an error leaves the chart as it was
        self._ids, self._logits, self._words = ids, logits, words
        self._computed_chart = None
        self._detokenizer = detokenizer or Detokenizer(self._model.tokenizer, self._control)
        self._is_filling = True
        try:
            self._field.value = written
        finally:
            self._is_filling = False

    def _draw(self) -> Html:
        """Draws a token; returns a note about it."""
        kept = sampling_probabilities(self._logits, self.sampling)
        token = int(self._random.choice(len(kept), p=kept / kept.sum()))
        is_control = token in self._control
        drawn = text(
            "next_ended" if is_control else "next_drawn",
            piece=visible_piece(vocabulary(self._model.tokenizer).piece(token)),
            chance=percent(float(kept[token])),
        )
        if not is_control:
            written = self.written + self._detokenizer.push(token)
            self._read(written, [*self._ids, token], self._detokenizer)
        self.announce(drawn)
        return self.note_html(drawn)

    # view

    def _chart(self) -> NextTokenChart:
        """The chart of the text and of the sliders as they stand."""
        if self._computed_chart is None:
            kept = sampling_probabilities(self._logits, self.sampling)
            self._computed_chart = NextTokenChart(
                self.written,
                likeliest_tokens(self._model, self._logits, kept, self._count),
                self._words,
                self.sampling,
                len(kept),
                int((kept > 0).sum()),
            )
        return self._computed_chart

    def _show(self) -> None:
        self._chart_block.value = self.with_lang(next_token_view.chart_html(self._chart()))
        self.refresh()

    # static copies

    def static_html(self) -> Html:
        """The text so far, the values of the sliders, and the chart."""
        with self.using_language():
            chart = self._chart()
            return join(
                [
                    tag("h3", text("next_title")),
                    tag("p", chart.before, " …"),
                    tag("p", tag("small", chart.settings)),
                    next_token_view.chart_html(chart),
                ]
            )

    def static_text(self) -> str:
        """The same as lines of text."""
        with self.using_language():
            title = text("next_title")
            return f"{title}\n\n{next_token_view.chart_lines(self._chart())}"
