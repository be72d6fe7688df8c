"""The base of every widget here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from secrets import token_hex
from typing import Any

from gemma_nb import strings
from gemma_nb.widgets.base import controls, style
from gemma_nb.widgets.base.html import Html, tag
from gemma_nb.widgets.base.main_thread import kernel

#: The mime type of a live widget.
VIEW = "application/vnd.jupyter.widget-view+json"


class Panel(ABC):
    """What all widgets share.

    A subclass makes its controls, hands them to ``assemble`` once, and gives ``static_html`` and
    ``static_text``: the same content as a table and as text, for where no widget can live (GitHub,
    nbconvert, a terminal). It calls ``refresh`` after every change, and ``announce`` for what a
    screen reader should say.

    Shown in a notebook it makes two outputs: the live one, and the static copy. The live one
    brings the style that hides the copy, so that the copy appears by itself where the live one
    cannot (JupyterLab, which does not fall back inside one output when a saved notebook is
    reopened without its kernel).

    Args:
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: another language.
    """

    #: What only the page itself can do; it travels with the static copy.
    script = style.SCRIPT

    def __init__(self, lang: str | None = None) -> None:
        self.lang = strings.checked(lang)
        self.name = f"gnb-{token_hex(4)}"
        self.root: Any = None
        self._live = controls.html("", "gnb-live", "gnb-unseen")
        self._copies: list[Any] = []
        self._told = 0

    @abstractmethod
    def static_html(self) -> Html:
        """What the widget shows now, as markup without style and script."""

    @abstractmethod
    def static_text(self) -> str:
        """What the widget shows now, as plain text."""

    def assemble(self, *children: Any, looks: Sequence[str] = ()) -> None:
        """Puts the widget together: ``children`` below each other, with style and live region.

        Args:
            *children: ipywidgets.
            looks: classes that the rules of its own style sheets begin with. Every widget on a
                page brings its sheets, the shared one again and again: rules that began with
                ``.gnb`` alone would change the other widgets, or lose to the next shared sheet.
        """
        look = controls.html(style.style(self.name), "gnb-look")
        # Notebook 6 sets formulas all over an output: a model's \href{javascript:…} would be a link
        ignored = ("mathjax_ignore", "tex2jax_ignore")
        classes = ("gnb", self.name, f"gnb-{self.lang}", *looks, *ignored)
        self.root = controls.column(look, *children, self._live, classes=classes)

    def text(self, key: str, **values: Any) -> str:
        """A sentence of ``gemma_nb.strings`` in this widget's language."""
        return strings.text(key, lang=self.lang, **values)

    def speaking(self) -> AbstractContextManager[None]:
        """A block in which every sentence is made in this widget's language (``str(message)``)."""
        return strings.speaking(self.lang)

    def announce(self, sentence: str) -> None:
        """Has a screen reader say a sentence; it is not seen.

        Args:
            sentence: plain text.
        """
        self._told += 1  # the same sentence twice is said twice
        self._live.value = tag("span", sentence, lang=self.lang, data_said=self._told)

    def variable(self, otherwise: str) -> str:
        """The Python name by which the user reaches this widget: a variable, else the cell's output.

        Args:
            otherwise: what it is called where it has neither.
        """
        shell = getattr(kernel(), "shell", None)
        mine = [n for n, v in dict(getattr(shell, "user_ns", {})).items() if v is self]
        own = [n for n in mine if not n.startswith("_")] or [n for n in mine if n[1:].isdigit()]
        return own[0] if own else otherwise

    def refresh(self) -> None:
        """Brings the static copies up to date; call it after every change."""
        if self._copies:
            bundle = self._copy()
            for handle in self._copies:
                handle.update(bundle, raw=True)

    def _copy(self) -> dict[str, Any]:
        """The static copy, with the script."""
        with self.speaking():
            # mathjax_ignore: a model's or user's $…$ must not become a formula with a link in it
            body = tag(
                "div",
                self.static_html(),
                class_=f"gnb-copy {style.copy_class(self.name)} mathjax_ignore tex2jax_ignore",
                lang=self.lang,
            )
            return {"text/html": body + self.script, "text/plain": self.static_text()}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Live view, table and text; a front end takes the richest that it can show."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.root.model_id}
        bundle: dict[str, Any] = {VIEW: view, **self._copy()}
        wanted = set(include or bundle) - set(exclude or ())
        return {kind: value for kind, value in bundle.items() if kind in wanted}

    def _ipython_display_(self) -> None:
        """Shows the live widget and its static copy; in a terminal the text alone."""
        if kernel() is None:
            with self.speaking():
                print(self.static_text())
            return
        from IPython.display import display

        live = self._repr_mimebundle_()
        note = self.text("widget_static_note")
        live["text/html"] = tag("p", tag("em", note), lang=self.lang)
        live["text/plain"] = note
        display(live, raw=True)
        self._copies.append(display(self._copy(), raw=True, display_id=True))
