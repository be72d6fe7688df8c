"""The prompt inspector: what a model is really sent, as you type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from gemma_nb import catalog
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.prompts import Prompt, format_prompt
from gemma_nb.prompts.messages import read
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import Html, join, pre, table, tag
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.inspector.inspector_editor import Editor
from gemma_nb.widgets.inspector.inspector_examples import EXAMPLES
from gemma_nb.widgets.inspector.inspector_own import Own
from gemma_nb.widgets.inspector.inspector_tokens import count_html, count_words, tokens_html

#: What stands beside: the first of another format.
_BESIDE = ("gemma4_instruct_2b", "gemma3_instruct_1b")


class PromptInspector(Panel):
    """Edit a conversation and see what the model is sent: text, tokens, ids.

    Nothing is downloaded and no keras is needed: tokens come from the variant's own vocabulary
    where its files are on this disk, else from the demo models', and the widget says which.

    Args:
        messages: what to open on: a string (one user turn) or a conversation as ``format_prompt``
            takes it; a question when None.
        variant: whose format; the demo model's (Gemma 3's) when None.
        max_length: the tokens of prompt and answer together, to count against.
        tools: as in ``format_prompt``.
        thinking: as in ``format_prompt``.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: messages of an unknown kind, an unknown variant or language, or a
            ``max_length`` that is no positive whole number.
    """

    def __init__(
        self,
        messages: str | Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        variant: str | Path | Variant | None = None,
        *,
        max_length: int = 2048,
        tools: Sequence[Mapping[str, Any]] | None = None,
        thinking: bool = False,
        lang: str | None = None,
    ) -> None:
        super().__init__(lang)
        if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 1:
            raise InvalidInput("inspector_bad_max_length", value=max_length)
        found = catalog.variant(catalog.DEMO if variant is None else variant)
        self._filling = True
        with self.speaking():
            first = EXAMPLES["question"]().messages if messages is None else listed(messages)
            self._build(found, max_length)
            self._editor.put(first, tools or (), thinking=thinking)
        self._filling = False
        self._refused = ""
        self._show()

    # what code can ask and set

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The conversation as it stands. Set to one, it moves the widget.

        Raises:
            InvalidInput: a JSON field holds no JSON, or what it is set to is no conversation.
        """
        with self.speaking():
            return self._editor.messages()

    @messages.setter
    def messages(self, wanted: str | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        found = listed(wanted)
        self._filled(lambda: self._editor.put(found))

    @property
    def variant(self) -> Variant:
        """The variant whose format is shown; set to one or its name, it moves the widget.

        Raises:
            InvalidInput: an unknown variant.
        """
        return self._variants[self._variant.value]

    @variant.setter
    def variant(self, wanted: str | Path | Variant) -> None:
        found = catalog.variant(wanted)
        self._filled(lambda: self._choose(found))

    @property
    def prompt(self) -> Prompt:
        """What the model is sent now.

        Raises:
            InvalidInput: the variant cannot take the conversation.
        """
        with self.speaking():
            return self._format(self.variant)

    # how it is made

    def _build(self, found: Variant, max_length: int) -> None:
        self._variants = {v.name: v for v in catalog.variants() if v.prompt_format != "none"}
        self._variants[found.name] = found
        names = list(self._variants)
        beside = next(n for n in _BESIDE if _kind(catalog.variant(n)) != _kind(found))
        own = [(text("inspector_own_conversation"), "")]
        examples = [*own, *((text(f"inspector_example_{n}"), n) for n in EXAMPLES)]
        self._variant = controls.dropdown(text("inspector_variant"), names, found.name)
        self._other = controls.dropdown(text("inspector_other"), names, beside)
        self._example = controls.dropdown(text("inspector_example"), examples, "")
        self._length = controls.styled(
            ipywidgets.BoundedIntText(
                description=text("inspector_max_length"), value=max_length, min=1, max=10**7
            ),
            "gnb-field",
        )
        self._editor = Editor(self, self._show)
        self._shown, self._counted, self._code = (controls.html() for _ in range(3))
        self._own = Own(self, lambda: str(self.prompt))
        self.assemble(
            controls.html(prompt_view.STYLE, "gnb-look"),
            controls.html(
                self._in(tag("h3", text("inspector_title")), tag("p", text("inspector_intro")))
            ),
            controls.row(self._variant, self._other, self._example, self._length),
            self._editor.widget,
            self._shown,
            self._counted,
            self._own.widget,
            self._code,
            looks=("gnb-prompts",),
        )
        self._example.observe(self._exemplify, "value")
        for control in (self._variant, self._other, self._length):
            control.observe(lambda _: self._show(), "value")

    def _in(self, *content: object) -> Html:
        """Content in this widget's language."""
        return tag("div", *content, lang=self.lang)

    # what a person does

    def _filled(self, fill: Any) -> None:
        """Fills controls in and shows the whole once."""
        self._filling = True
        try:
            with self.speaking():
                fill()
        finally:
            self._filling = False
        self._show()

    def _choose(self, found: Variant) -> None:
        if found.name not in self._variants:
            chosen = self._other.value
            for control, value in ((self._variant, found.name), (self._other, chosen)):
                control.options = [*self._variants, found.name]
                control.value = value
        self._variants[found.name] = found
        self._variant.value = found.name

    def _exemplify(self, change: Any) -> None:
        if not change["new"]:
            return

        def fill() -> None:
            example = EXAMPLES[change["new"]]()
            if example.variant:
                self._variant.value = example.variant
            elif self.variant.prompt_format not in ("turns", "gemma4_small", "gemma4_large"):
                self._variant.value = catalog.DEMO
            if _kind(self.variant) == _kind(self._variants[self._other.value]):
                self._other.value = next(
                    n for n in _BESIDE if _kind(self._variants[n]) != _kind(self.variant)
                )
            self._editor.put(example.messages, example.tools, thinking=example.thinking)

        self._filled(fill)

    # what follows

    def _format(self, variant: Variant) -> Prompt:
        editor = self._editor
        return format_prompt(
            editor.messages(), variant, editor.tools(), editor.thinking, editor.guideline(variant)
        )

    def _show(self) -> None:
        if self._filling:
            return
        with self.speaking():
            variant, other = self.variant, self._variants[self._other.value]
            self._editor.suit((variant, other))
            prompt, here = self._side(variant)
            _, there = self._side(other)
            sides = tag("div", here, there, class_="gnb-side")
            self._shown.value = self._in(prompt_view.legend_html(), sides)
            counted: object = ""
            if prompt is not None:
                counted = tokens_html(prompt, variant, self._length.value)
            self._counted.value = self._in(counted)
            self._code.value = self._in(self._code_html())
            self._own.show(variant)
        self.refresh()

    def _side(self, variant: Variant) -> tuple[Prompt | None, Html]:
        """One format: the prompt, or why there is none."""
        head = text("inspector_prompt", variant=variant.name)
        try:
            prompt = self._format(variant)
        except GemmaError as error:
            why = error.message.text(self.lang)
            refused = tag("strong", f"✗ {text('inspector_refused', variant=variant.name)}")
            if variant is self.variant and why != self._refused:
                self._refused = why
                self.announce(why)
            body = tag("div", refused, tag("div", why), class_="gnb-error")
            return None, tag("div", tag("h4", head), body)
        if variant is self.variant:
            self._refused = ""
        shown = prompt_view.prompt_html(prompt, head)
        return prompt, tag("div", tag("h4", head), shown)

    def _code_html(self) -> Html:
        try:
            code = self._editor.code(self.variant)
        except GemmaError:  # a JSON field that is no JSON: said above
            return Html()
        label = text("inspector_code")
        return tag("details", tag("summary", label), pre(code, label))

    # where no widget can live

    def static_html(self) -> Html:
        """The conversation as a table, the prompt with its control tokens, the count."""
        with self.speaking():
            prompt, shown = self._side(self.variant)
            parts: list[object] = [tag("h3", text("inspector_title"))]
            try:
                rows = [(m["role"], _words(m["content"])) for m in self._editor.messages()]
            except GemmaError:
                rows = []
            label = text("inspector_conversation")
            parts += [table(rows, label=label, first_is_head=True), shown]
            if prompt is not None:
                parts.append(count_html(prompt, self.variant, self._length.value))
            return join([*parts, self._own.findings_html()])

    def static_text(self) -> str:
        """The same as plain text."""
        with self.speaking():
            head = text("inspector_prompt", variant=self.variant.name)
            try:
                prompt = self._format(self.variant)
            except GemmaError as error:
                return f"{text('inspector_title')}\n\n{head}:\n{error}"
            lines = [text("inspector_title"), "", f"{head}:", str(prompt), ""]
            lines += count_words(prompt, self.variant, self._length.value)
            return "\n".join(lines)


def listed(messages: Any) -> list[Mapping[str, Any]]:
    """A conversation as a list of messages.

    Raises:
        InvalidInput: as in ``format_prompt``.
    """
    turns, chat = read(messages)
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping):
        return [messages]
    if not chat:  # bare content parts
        return [{"role": "user", "content": list(messages)}]
    return [dict(turn.fields) for turn in turns]


def _kind(variant: Variant) -> str:
    """A format's family: Gemma 4's two are one here."""
    return variant.prompt_format.removesuffix("_small").removesuffix("_large")


def _words(content: Any) -> str:
    if isinstance(content, list):
        kinds = (p.get("text") or f"[{p.get('type')}]" for p in content)
        return " ".join(map(str, kinds))
    return str(content)
