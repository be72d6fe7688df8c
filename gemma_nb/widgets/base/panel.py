"""The base class of the panels."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from secrets import token_hex
from typing import Any

from gemma_nb import i18n
from gemma_nb.errors import GemmaError
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.language import checked_language
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import code_block
from gemma_nb.widgets.base.main_thread import kernel
from gemma_nb.widgets.base.style import (
    SHARED_STYLE_FILE,
    copy_style_html,
    restart_style_html,
    script_html,
    static_copy_class,
    style_html,
)

#: The MIME type of a live widget.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"

#: Classes that keep MathJax away: Notebook 6 typesets formulas in every output, and
#: \href{javascript:…} in text of a model would become a link that runs.
_NO_MATH = ("mathjax_ignore", "tex2jax_ignore")


class Panel(ABC):
    """A widget that a person shows in a notebook.

    A subclass makes its controls and calls ``assemble`` once. It implements ``static_html`` and
    ``static_text``, the same content for places where no widget can live (GitHub, nbconvert, a
    terminal). It calls ``refresh`` after every change, and ``announce`` for what a screen reader
    should say.

    A panel makes two outputs: the live widget, and a static copy. The style sheet of the live
    widget hides the copy, so that the copy appears by itself where the live widget does not. After
    the kernel was restarted, the copy takes the place of the live widget. A single
    output with both forms would not do: JupyterLab does not fall back to the second form
    when a saved notebook is opened without its kernel.

    Args:
        lang: "en" or "ja"; the language in force when None.

    Attributes:
        lang: the language of the panel.
        name: a CSS class that only this panel has.
        root: the ipywidget that holds all the others; None before ``assemble``.

    Raises:
        InvalidInput: ``lang`` is another language.
    """

    #: Files of style sheets and scripts besides the shared ones, below ``gemma_nb/widgets``.
    style_files: tuple[str, ...] = ()
    script_files: tuple[str, ...] = ()

    def __init__(self, lang: str | None = None) -> None:
        self.lang = checked_language(lang)
        self.name = f"gnb-{token_hex(4)}"
        self.root: Any = None
        self._live_region = controls.html("", "gnb-live", "gnb-unseen")
        self._static_displays: list[Any] = []
        self._announcements = 0
        #: the CSS classes of ``root`` and of the static copies
        self._css_classes: tuple[str, ...] = ()
        #: whether the panel sets its own controls, whose handlers then do nothing
        self._is_filling = False

    def _fill(self, set_controls: Callable[[], None], show: Callable[[], None]) -> None:
        """Sets controls, and shows the result once."""
        self._is_filling = True
        try:
            with self.using_language():
                set_controls()
        finally:
            self._is_filling = False
        show()

    @abstractmethod
    def static_html(self) -> Html:
        """The present content as HTML without style sheets and scripts."""

    @abstractmethod
    def static_text(self) -> str:
        """The present content as plain text."""

    def assemble(self, *children: Any, css_classes: Sequence[str] = ()) -> None:
        """Builds ``root`` from style sheets, ``children`` below each other, and the live region.

        Args:
            *children: ipywidgets.
            css_classes: classes with which the selectors of ``style_files`` begin. Each panel on
                the page brings its style sheets, the shared one again and again. Rules that began
                with ``.gnb`` alone would change the other panels, or lose to the next copy of the
                shared sheet.
        """
        self._css_classes = ("gnb", f"gnb-{self.lang}", *css_classes, *_NO_MATH)
        restarted = restart_style_html(self.name, self.text("widget_static_note"))
        self.root = controls.column(
            controls.html(self._style_html() + restarted, "gnb-style"),
            *children,
            self._live_region,
            css_classes=(*self._css_classes, self.name),
        )

    def _style_html(self) -> Html:
        """The style sheets of the panel and of its static copies."""
        return join(style_html(path) for path in (SHARED_STYLE_FILE, *self.style_files))

    def close(self) -> None:
        """Removes the panel from the page, and its widgets from memory.

        ipywidgets keeps every widget, and what its handlers refer to, until it is closed. A panel that
        takes widgets out of ``root`` closes those too. A static copy stays where it was displayed.
        """
        controls.close_tree(self.root)

    def text(self, key: str, **values: Any) -> str:
        """A sentence of ``gemma_nb.i18n`` in the language of the panel."""
        return i18n.text(key, lang=self.lang, **values)

    def using_language(self) -> AbstractContextManager[None]:
        """A block in which all sentences are in the language of the panel (``str(message)``)."""
        return i18n.using_language(self.lang)

    def with_lang(self, *content: object) -> Html:
        """Content in a block whose ``lang`` attribute is the language of the panel."""
        return tag("div", *content, lang=self.lang)

    def note_html(self, sentence: str, *, is_error: bool = False) -> Html:
        """A sentence as a note, or as an error that a screen reader says at once.

        Args:
            sentence: plain text; "" gives no HTML.
            is_error: whether it is an error.
        """
        if not sentence:
            return Html()
        kind, role = ("gnb-error", "alert") if is_error else ("gnb-note", None)
        return tag("div", sentence, class_=kind, role=role, lang=self.lang)

    def error_html(self, error: Exception, heading: str, unexpected_key: str) -> Html:
        """An error below a heading; one that is none of gemma_nb's has its traceback.

        Args:
            error: what was raised.
            heading: a sentence that tells what failed.
            unexpected_key: the key of the sentence for other errors; it takes "kind" and "why".
        """
        body: list[object]
        if isinstance(error, GemmaError):
            body = ["\n", error.message.text(self.lang)]
        else:
            kind = type(error).__name__
            why = self.text(unexpected_key, kind=kind, why=error)
            body = ["\n", why, code_block("".join(traceback.format_exception(error)), kind)]
        head = tag("strong", heading)
        return tag("div", head, *body, class_="gnb-error", role="alert", lang=self.lang)

    def announce(self, sentence: str) -> None:
        """Lets a screen reader say a sentence, which is not visible.

        Args:
            sentence: plain text.
        """
        # the counter makes a repeated sentence a change, so that it is said again
        self._announcements += 1
        self._live_region.value = tag(
            "span", sentence, lang=self.lang, data_announcement=self._announcements
        )

    def variable_name(self, default: str) -> str:
        """The Python name of this panel: a variable of the user, else the output of a cell (``_3``).

        Args:
            default: the name where there is neither.
        """
        shell = getattr(kernel(), "shell", None)
        names = [n for n, v in dict(getattr(shell, "user_ns", {})).items() if v is self]
        variables = [n for n in names if not n.startswith("_")]
        outputs = [n for n in names if n[1:].isdigit()]
        return next(iter(variables or outputs), default)

    def refresh(self) -> None:
        """Updates the static copies; subclasses call it after every change."""
        if self._static_displays:
            bundle = self._static_bundle()
            for display in self._static_displays:
                display.update(bundle, raw=True)

    def _static_bundle(self) -> dict[str, Any]:
        """The static copy with style sheets and scripts, as a MIME bundle."""
        scripts = join(script_html(path) for path in ("base/page.js", *self.script_files))
        classes = (*self._css_classes, "gnb-copy", static_copy_class(self.name))
        with self.using_language():
            note = tag("p", self.text("widget_static_note"), class_="gnb-muted")
            body = tag("div", note, self.static_html(), class_=" ".join(classes), lang=self.lang)
            html = body + self._style_html() + copy_style_html(self.name) + scripts
            return {"text/html": html, "text/plain": self.static_text()}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Live widget, HTML and text; a front end takes the richest form that it knows."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.root.model_id}
        bundle: dict[str, Any] = {WIDGET_VIEW: view, **self._static_bundle()}
        wanted = set(include or bundle) - set(exclude or ())
        return {kind: value for kind, value in bundle.items() if kind in wanted}

    def _ipython_display_(self) -> None:
        """Shows the live widget and its static copy; in a terminal, prints the text."""
        if kernel() is None:
            with self.using_language():
                print(self.static_text())
            return
        from IPython.display import display

        live = self._repr_mimebundle_()
        # the copy below says what to do where the live widget does not come
        live |= {"text/html": "", "text/plain": self.text("widget_static_note")}
        display(live, raw=True)
        self._static_displays.append(display(self._static_bundle(), raw=True, display_id=True))
