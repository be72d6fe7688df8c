"""The prompt inspector: what a model is really sent, as you type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from gemma_nb import catalog
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.loading.vocabularies import Tokenizer, pieces, tokenizer_at_hand
from gemma_nb.prompts import Prompt, check_prompt, format_prompt
from gemma_nb.prompts.messages import read
from gemma_nb.prompts.prompt import Piece
from gemma_nb.strings import text
from gemma_nb.widgets import controls, prompt_view
from gemma_nb.widgets.inspector_editor import Editor
from gemma_nb.widgets.inspector_examples import EXAMPLES
from gemma_nb.widgets.inspector_rows import area
from gemma_nb.widgets.markup import Html, join, pre, table, tag
from gemma_nb.widgets.panel import Panel

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
        self._shown, self._counted, self._findings, self._code = (controls.html() for _ in range(4))
        self._pasted = area(" ", rows=4)
        take = controls.button(text("inspector_lint_take"), lambda _: self._take())
        head = tag("h4", text("inspector_lint_head")) + tag("p", text("inspector_lint_intro"))
        self.assemble(
            controls.html(prompt_view.STYLE, "gnb-look"),
            controls.html(
                self._in(tag("h3", text("inspector_title")), tag("p", text("inspector_intro")))
            ),
            controls.row(self._variant, self._other, self._example, self._length),
            self._editor.widget,
            self._shown,
            self._counted,
            controls.column(
                controls.html(self._in(Html(head))),
                self._pasted,
                controls.row(take),
                self._findings,
                classes=("gnb-card",),
            ),
            self._code,
        )
        self._example.observe(self._exemplify, "value")
        for control in (self._variant, self._other, self._length):
            control.observe(lambda _: self._show(), "value")
        self._pasted.observe(lambda _: self._check(), "value")

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

    def _take(self) -> None:
        try:
            self._pasted.value = str(self.prompt)
        except GemmaError:  # what is wrong with it stands above already
            return

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
            counted = self._count_html(prompt, variant) if prompt is not None else ""
            self._counted.value = self._in(counted)
            self._code.value = self._in(self._code_html())
            self._pasted.description = text("inspector_lint_field", variant=variant.name)
        self._check(refresh=False)
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

    def _tokens(self, prompt: Prompt, variant: Variant) -> tuple[Tokenizer, list[Piece]]:
        tokenizer = tokenizer_at_hand(variant)
        return tokenizer, pieces(prompt, tokenizer)

    def _count_html(self, prompt: Prompt, variant: Variant) -> Html:
        tokenizer, found = self._tokens(prompt, variant)
        label = text("inspector_tokens_list")
        return join(
            [
                self._typed_html(prompt, tokenizer),
                tag("h4", text("inspector_tokens")),
                self._room_html(len(found)),
                tag("p", tag("small", self._whose(tokenizer, variant))),
                tag("p", tag("small", text("inspector_media_count"))) if prompt.media else "",
                prompt_view.tokens_html(found, label),
            ]
        )

    def _room_html(self, count: int) -> Html:
        """The count against max_length, in words and as a bar."""
        room = self._length.value
        if count >= room:
            over = count + 1 - room
            long = text("prompt_too_long", length=count, max_length=room, new_tokens=1, over=over)
            return tag("div", f"✗ {long}", class_="gnb-error")
        words = self._count_words(count)
        share = f"{count / room:.3f}"
        bar = tag("progress", value=share, max="1", aria_label=words, style="width:100%")
        return tag("p", words, bar)

    def _count_words(self, count: int) -> str:
        room = self._length.value
        values = {"count": f"{count:,}", "max_length": f"{room:,}", "left": f"{room - count:,}"}
        return text("inspector_count", **values)

    def _whose(self, tokenizer: Tokenizer, variant: Variant) -> str:
        own = tokenizer.of.name == variant.name
        key = "inspector_own_vocabulary" if own else "inspector_demo_vocabulary"
        return text(key, variant=variant.name, size=f"{tokenizer.vocabulary.size:,}")

    def _typed_html(self, prompt: Prompt, tokenizer: Tokenizer) -> Html:
        """That what was typed stays text, where it looks like control."""
        found = prompt_view.typed_tokens(prompt, tokenizer.vocabulary)
        if not found:
            return Html()
        items = []
        for spelling, cut, token in found:
            ordinary = " · ".join(cut)
            said = [text("inspector_typed", spelling=spelling, count=len(cut), pieces=ordinary)]
            if token is not None:
                said.append(text("inspector_typed_id", id=token))
            items.append(tag("li", " ".join(said)))
        head = tag("strong", f"✓ {text('inspector_typed_head')}")
        return tag("div", head, tag("ul", *items), class_="gnb-note")

    def _check(self, *, refresh: bool = True) -> None:
        """The faults of the prompt that was written by hand."""
        if self._filling:
            return
        with self.speaking():
            self._findings.value = self._in(self._findings_html())
        if refresh:
            self.refresh()

    def _findings_html(self) -> Html:
        written = self._pasted.value
        if not written:
            return Html()
        name = self.variant.name
        found = check_prompt(written, self.variant)
        if not found:
            return tag("div", text("inspector_lint_none", variant=name), class_="gnb-note")
        items = []
        for finding in found:
            mark = text(f"inspector_lint_{finding.severity}")
            place = text("inspector_lint_at", mark=mark, position=f"{finding.position + 1:,}")
            items.append(tag("li", tag("strong", place), ": ", finding.message.text(self.lang)))
        label = text("inspector_lint_field", variant=name)
        return join(
            [
                tag("p", text("inspector_lint_found", count=len(found))),
                tag("ol", *items),
                prompt_view.checked_html(written, found, label),
            ]
        )

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
                tokenizer, found = self._tokens(prompt, self.variant)
                typed = self._typed_html(prompt, tokenizer)
                parts += [typed, self._room_html(len(found)), self._whose(tokenizer, self.variant)]
            return join([*parts, self._findings_html()])

    def static_text(self) -> str:
        """The same as plain text."""
        with self.speaking():
            head = text("inspector_prompt", variant=self.variant.name)
            try:
                prompt = self._format(self.variant)
            except GemmaError as error:
                return f"{text('inspector_title')}\n\n{head}:\n{error}"
            tokenizer, found = self._tokens(prompt, self.variant)
            lines = [text("inspector_title"), "", f"{head}:", str(prompt), ""]
            lines += [self._count_words(len(found)), self._whose(tokenizer, self.variant)]
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
