"""The trace panel: what happens inside a model while it reads and answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.layer_trace import Trace, trace
from gemma_nb.model import Model
from gemma_nb.reply_request import Messages
from gemma_nb.text_utils import visible_piece
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.main_thread import on_main_thread
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.trace import attention_view, trace_view

#: The views, in the order of their buttons.
VIEWS = ("words", "layers", "attention")


class TracePanel(Panel):
    """Shows a trace: how sure the model is of each token, what each layer says, where heads look.

    What the layers say and the attention weights are computed when their view is first opened.

    Args:
        source: a ``Trace``, or a loaded model, which answers a question at once; others can be
            asked in the panel.
        messages: as in ``trace``, with a model; a question when None.
        reply: as in ``trace``, with a model.
        max_new_tokens: as in ``trace``, with a model.
        lang: "en" or "ja"; the language in force when None.
        **options: further arguments of ``trace``.

    Raises:
        InvalidInput: ``source`` is neither, ``messages`` or ``reply`` is given with a ``Trace``,
            an unknown language, or as for ``trace``.
        GenerationError: as for ``trace``.
    """

    style_files = (trace_view.STYLE_FILE,)

    def __init__(
        self,
        source: Trace | Model,
        messages: Messages | None = None,
        *,
        reply: str | None = None,
        max_new_tokens: int = 48,
        lang: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(lang)
        self._model = source if isinstance(source, Model) else None
        self._options = {"max_new_tokens": max_new_tokens, **options}
        with self.using_language():
            if isinstance(source, Trace):
                if messages is not None or reply is not None or options:
                    raise InvalidInput("trace_of_model_only")
                self._trace = source
            elif isinstance(source, Model):
                messages = text("tour_question") if messages is None else messages
                self._trace = trace(source, messages, reply=reply, **self._options)
            else:
                raise InvalidInput("trace_source", kind=type(source).__name__)
            self._build(messages if isinstance(messages, str) else "")
            self._set_options()
        self._update()

    @property
    def trace(self) -> Trace:
        """The trace that is shown."""
        return self._trace

    @property
    def view(self) -> str:
        """The view: "words", "layers" or "attention". It can be set.

        Raises:
            InvalidInput: it is set to another value.
        """
        return str(self._views.value)

    @view.setter
    def view(self, wanted: str) -> None:
        if wanted not in VIEWS:
            raise InvalidInput("trace_bad_view", value=shown(wanted))
        self._views.value = wanted

    def select(
        self, *, layer: int | None = None, head: int | None = None, token: int | None = None
    ) -> None:
        """Opens the attention of a layer.

        Args:
            layer: its index; None keeps the present one.
            head: the index of a head; None for the mean of all heads.
            token: the number of the token from which lines are drawn; None for all.

        Raises:
            InvalidInput: there is no such layer, head or token.
        """
        seen, last = self._trace, len(self._trace.tokens) - 1
        if layer is not None:
            layer = whole_number(layer, "trace_layer", 0, seen.layers - 1, last=seen.layers - 1)
        if head is not None:
            head = whole_number(head, "trace_bad_head", 0, seen.heads - 1, last=seen.heads - 1)
        if token is not None:
            token = whole_number(token, "trace_bad_token", 0, last, last=last)

        def fill() -> None:
            self._views.value = "attention"
            self._layer_list.value = self._layer_list.value if layer is None else layer
            self._head_list.value = -1 if head is None else head
            if token is not None:
                self._part_list.value = token // attention_view.ROWS * attention_view.ROWS
                self._set_token_options()
            self._token_list.value = -1 if token is None else token

        self._fill(fill, self._show)

    # controls

    def _build(self, question: str) -> None:
        self._title = controls.html()
        self._question = controls.with_classes(
            controls.text_field(text("trace_question")), "gnb-wide"
        )
        self._question.value = question
        run = controls.button(text("trace_run"), lambda _: self._on_run(), "gnb-primary")
        asked = controls.row(self._question, run)
        controls.set_visible(asked, self._model is not None)
        labels = [(text(f"trace_view_{view}"), view) for view in VIEWS]
        self._views = controls.toggle_buttons(text("trace_view"), labels, "words")
        self._columns_list = controls.dropdown(text("trace_columns"))
        self._layer_list = controls.dropdown(text("trace_pick_layer"))
        self._head_list = controls.dropdown(text("trace_pick_head"))
        self._part_list = controls.dropdown(text("trace_part"))
        self._token_list = controls.dropdown(text("trace_pick_token"))
        self._attention_row = controls.row(
            *(self._layer_list, self._head_list, self._part_list, self._token_list)
        )
        self._note = controls.html()
        self._content = controls.html()
        self.assemble(
            self._title,
            asked,
            self._views,
            self._columns_list,
            self._attention_row,
            self._note,
            self._content,
            css_classes=("gnb-trace",),
        )
        self._part_list.observe(self._on_part, "value")
        for control in (
            self._views,
            self._columns_list,
            self._layer_list,
            self._head_list,
            self._token_list,
        ):
            control.observe(lambda _: self._show(), "value")

    def _set_options(self) -> None:
        """Fills the lists for the present trace."""
        seen = self._trace
        title = tag("h3", text("trace_title", name=seen.name))
        self._title.value = self.with_lang(title, tag("p", text("trace_intro")))
        starts = trace_view.column_starts(seen)
        parts = [(trace_view.part_label(seen, trace_view.part_of(seen, at)), at) for at in starts]
        controls.set_options(self._columns_list, parts, self._reply_from())
        layers = [
            (text("trace_layer_option", number=i, kind=trace_view.layer_kind(seen, i)), i)
            for i in range(seen.layers)
        ]
        # a layer in the middle: the first ones look at neighbours, the last ones prepare the output
        controls.set_options(self._layer_list, layers, seen.layers // 2)
        heads = [(attention_view.head_name(seen, i), -1 if i is None else i)
                 for i in (None, *range(seen.heads))]  # fmt: skip
        controls.set_options(self._head_list, heads, -1)
        pieces = attention_view.attention_parts(seen)
        labelled = [(trace_view.part_label(seen, part), part.start) for part in pieces]
        first = self._reply_from() // attention_view.ROWS * attention_view.ROWS
        controls.set_options(self._part_list, labelled, first)
        controls.set_visible(self._part_list, len(pieces) > 1)
        self._set_token_options()

    def _set_token_options(self) -> None:
        part = self._attention_part()
        options = [(text("trace_all_tokens"), -1)]
        options += [
            (
                text(
                    "trace_token_option", number=i, piece=visible_piece(self._trace.tokens[i].piece)
                ),
                i,
            )
            for i in part
        ]
        asks = self._reply_from()
        controls.set_options(self._token_list, options, asks if asks in part else -1)

    def _reply_from(self) -> int:
        """The last token of the prompt: there the model says the first token of the reply."""
        return self._trace.prompt_length - 1

    def _attention_part(self) -> range:
        start = self._part_list.value
        return range(start, min(start + attention_view.ROWS, len(self._trace.tokens)))

    # event handlers

    def _on_part(self, _: Any) -> None:
        if not self._is_filling:
            self._fill(self._set_token_options, self._show)

    def _on_run(self) -> None:
        question = self._question.value

        def work() -> None:
            model = self._model
            assert model is not None
            self._trace = trace(model, question, **self._options)
            self._fill(self._set_options, self._show)
            self.announce(text("trace_done", tokens=len(self._trace.tokens)))

        self._run(work)

    def _run(self, work: Callable[[], None]) -> None:
        """Runs the model on the main thread; an error is shown in the panel."""
        self._note.value = self.note_html(self.text("trace_busy"))

        def run() -> None:
            try:
                with self.using_language():
                    work()
            except KeyboardInterrupt:
                self._note.value = ""
            except Exception as error:  # noqa: BLE001 - shown to the person, not lost in a thread
                heading = self.text("trace_failed")
                self._note.value = self.error_html(error, heading, "trace_unexpected")
                self.announce(heading)
            else:
                self._note.value = ""

        on_main_thread(run)

    # view

    def _show(self) -> None:
        """Shows the present view, which may run the model."""
        if not self._is_filling:
            self._run(self._update)

    def _update(self) -> None:
        with self.using_language():
            view = self.view
            controls.set_visible(self._columns_list, view == "layers")
            controls.set_visible(self._attention_row, view == "attention")
            self._content.value = self.with_lang(self._view_html())
        self.refresh()

    def _view_html(self) -> Html:
        if self.view == "layers":
            part = trace_view.part_of(self._trace, self._columns_list.value)
            return trace_view.layers_html(self._trace, part)
        if self.view == "attention":
            head, token = self._head_list.value, self._token_list.value
            return attention_view.attention_html(
                self._trace,
                self._layer_list.value,
                None if head < 0 else head,
                self._attention_part(),
                None if token < 0 else token,
            )
        return trace_view.words_html(self._trace)

    # static copies

    def static_html(self) -> Html:
        """The tokens with their probabilities as a table, and the view that is open."""
        with self.using_language():
            title = tag("h3", text("trace_title", name=self._trace.name))
            parts: list[object] = [title, trace_view.tokens_table(self._trace.tokens)]
            if self.view != "words":
                parts.append(self._view_html())
            return join(parts)

    def static_text(self) -> str:
        """The tokens with their probabilities as lines of text."""
        with self.using_language():
            return f"{text('trace_title', name=self._trace.name)}\n\n{self._trace!r}"
