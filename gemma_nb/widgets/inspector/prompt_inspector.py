"""The prompt inspector: the text and the tokens that a model receives for a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from gemma_nb.arguments import flag_argument, whole_number
from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.messages import read_messages
from gemma_nb.prompts.prompt import Prompt
from gemma_nb.prompts.tool_schemas import json_value, list_tools
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import code_block, table
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.inspector import inspector_view
from gemma_nb.widgets.inspector.conversation_editor import ConversationEditor
from gemma_nb.widgets.inspector.inspector_examples import EXAMPLES
from gemma_nb.widgets.inspector.inspector_view import PromptChecker

#: Variants for the comparison; the first one whose format differs is selected.
_COMPARED_VARIANTS = ("gemma4_instruct_2b", "gemma3_instruct_1b")

#: The formats that take every example without a variant of its own.
_CHAT_FORMATS = ("turns", "gemma4_small", "gemma4_large")


class PromptInspector(Panel):
    """An editor for a conversation that shows the text, tokens and ids that a model receives.

    It downloads nothing and does not need Keras. The tokens come from the vocabulary of the variant
    where its files are on this disk, else from that of the demo models; the panel tells which.

    Args:
        messages: the first conversation: a string (one turn of the user) or messages as for
            ``format_prompt``; a question when None.
        variant: the variant whose format is shown; the demo model (Gemma 3's format) when None.
        max_length: the tokens of prompt and answer together.
        tools: as in ``format_prompt``.
        thinking: as in ``format_prompt``.
        lang: "en" or "ja"; the language in force when None.

    Raises:
        InvalidInput: messages of an unknown kind, an unknown variant or language, or a
            ``max_length`` that is not a positive whole number.
    """

    style_files = (prompt_view.STYLE_FILE,)

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
        max_length = whole_number(max_length, "inspector_bad_max_length", 1)
        thinking = flag_argument(thinking, "thinking")
        declared = [json_value(tool, "tools") for tool in list_tools(tools)]
        first_variant = registry.variant(registry.DEMO if variant is None else variant)
        #: the error that was announced last
        self._announced_error = ""
        self._is_filling = True
        with self.using_language():
            if messages is None:
                conversation = list(EXAMPLES["question"]().messages)
            else:
                conversation = _message_list(messages)
            self._build(first_variant, max_length)
            self._editor.set_conversation(conversation, declared, thinking=thinking)
        self._is_filling = False
        self._update()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The edited conversation. It can be set.

        Raises:
            InvalidInput: a JSON field does not hold JSON, or the property is set to something that
                is not a conversation.
        """
        with self.using_language():
            return self._editor.messages()

    @messages.setter
    def messages(self, wanted: str | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        conversation = _message_list(wanted)
        self._fill(lambda: self._editor.set_conversation(conversation), self._update)

    @property
    def variant(self) -> Variant:
        """The variant whose format is shown. It can be set to a variant or the name of one.

        Raises:
            InvalidInput: it is set to an unknown variant.
        """
        return self._variants[self._variant_list.value]

    @variant.setter
    def variant(self, wanted: str | Path | Variant) -> None:
        variant = registry.variant(wanted)
        self._fill(lambda: self._select_variant(variant), self._update)

    @property
    def prompt(self) -> Prompt:
        """What the model receives.

        Raises:
            InvalidInput: the variant does not take the conversation.
        """
        with self.using_language():
            return self._format(self.variant)

    def _build(self, variant: Variant, max_length: int) -> None:
        self._variants = {v.name: v for v in registry.variants() if v.prompt_format != "none"}
        self._variants[variant.name] = variant
        names = list(self._variants)
        compared = _variant_of_other_format(variant)
        own = (text("inspector_own_conversation"), "")
        examples = [own, *((text(f"inspector_example_{name}"), name) for name in EXAMPLES)]
        self._variant_list = controls.dropdown(text("inspector_variant"), names, variant.name)
        self._compared_list = controls.dropdown(text("inspector_other"), names, compared)
        self._example_list = controls.dropdown(text("inspector_example"), examples, "")
        self._max_length = controls.control(
            ipywidgets.BoundedIntText(
                description=text("inspector_max_length"), value=max_length, min=1, max=10**7
            ),
            "gnb-field",
        )
        self._editor = ConversationEditor(self, self._update)
        self._prompts_block, self._tokens_block, self._code_block = (
            controls.html() for _ in range(3)
        )
        self._checker = PromptChecker(self, lambda: str(self.prompt))
        title, intro = tag("h3", text("inspector_title")), tag("p", text("inspector_intro"))
        self.assemble(
            controls.html(self.with_lang(title, intro)),
            controls.row(
                *(self._variant_list, self._compared_list, self._example_list, self._max_length)
            ),
            self._editor.widget,
            self._prompts_block,
            self._tokens_block,
            self._checker.widget,
            self._code_block,
            css_classes=("gnb-prompts",),
        )
        self._example_list.observe(self._on_example, "value")
        for control in (self._variant_list, self._compared_list, self._max_length):
            control.observe(lambda _: self._update(), "value")

    # event handlers and state

    def _select_variant(self, variant: Variant) -> None:
        if variant.name not in self._variants:
            compared = self._compared_list.value
            names = [*self._variants, variant.name]
            for control, name in (
                (self._variant_list, variant.name),
                (self._compared_list, compared),
            ):
                control.options = names
                control.value = name
        self._variants[variant.name] = variant
        self._variant_list.value = variant.name

    def _on_example(self, change: Any) -> None:
        if not change["new"]:
            return

        def fill() -> None:
            example = EXAMPLES[change["new"]]()
            if example.variant:
                self._variant_list.value = example.variant
            elif self.variant.prompt_format not in _CHAT_FORMATS:
                self._variant_list.value = registry.DEMO
            compared = self._variants[self._compared_list.value]
            if _format_family(self.variant) == _format_family(compared):
                self._compared_list.value = _variant_of_other_format(self.variant)
            self._editor.set_conversation(
                example.messages, example.tools, thinking=example.thinking
            )

        self._fill(fill, self._update)

    def _format(self, variant: Variant) -> Prompt:
        editor = self._editor
        return format_prompt(
            editor.messages(), variant, editor.tools(), editor.thinking, editor.guideline(variant)
        )

    # view

    def _update(self) -> None:
        """Shows the prompts of the present conversation."""
        if self._is_filling:
            return
        with self.using_language():
            variant, compared = self.variant, self._variants[self._compared_list.value]
            self._editor.show_fields_for((variant, compared))
            prompt, prompt_block = self._prompt_html(variant)
            _, compared_block = self._prompt_html(compared)
            prompts = tag("div", prompt_block, compared_block, class_="gnb-side")
            self._prompts_block.value = self.with_lang(prompt_view.legend_html(), prompts)
            tokens = Html()
            if prompt is not None:
                tokens = inspector_view.tokens_html(prompt, variant, self._max_length.value)
            self._tokens_block.value = self.with_lang(tokens)
            self._code_block.value = self.with_lang(self._code_html())
            self._checker.show(variant)
        self.refresh()

    def _prompt_html(self, variant: Variant) -> tuple[Prompt | None, Html]:
        """The prompt for a variant and its HTML; without a prompt, the HTML tells why."""
        head = text("inspector_prompt", variant=variant.name)
        try:
            prompt = self._format(variant)
        except GemmaError as error:
            reason = error.message.text(self.lang)
            if variant is self.variant and reason != self._announced_error:
                self._announced_error = reason
                self.announce(reason)
            refused = tag("strong", f"✗ {text('inspector_refused', variant=variant.name)}")
            body = tag("div", refused, tag("div", reason), class_="gnb-error")
            return None, tag("div", tag("h4", head), body)
        if variant is self.variant:
            self._announced_error = ""
        return prompt, tag("div", tag("h4", head), prompt_view.prompt_html(prompt, head))

    def _code_html(self) -> Html:
        try:
            code = self._editor.code(self.variant)
        except GemmaError:  # an invalid JSON field is reported in place of the prompt
            return Html()
        label = text("inspector_code")
        return tag("details", tag("summary", label), code_block(code, label))

    # static copies

    def static_html(self) -> Html:
        """The conversation as a table, the prompt, and the number of tokens."""
        with self.using_language():
            prompt, prompt_block = self._prompt_html(self.variant)
            try:
                rows = [(m["role"], _content_text(m["content"])) for m in self._editor.messages()]
            except GemmaError:
                rows = []
            parts: list[object] = [
                tag("h3", text("inspector_title")),
                table(rows, label=text("inspector_conversation"), first_is_head=True),
                prompt_block,
            ]
            if prompt is not None:
                parts.append(
                    inspector_view.token_count_html(prompt, self.variant, self._max_length.value)
                )
            return join([*parts, self._checker.findings_html()])

    def static_text(self) -> str:
        """The prompt and the number of tokens as plain text."""
        with self.using_language():
            head = text("inspector_prompt", variant=self.variant.name)
            try:
                prompt = self._format(self.variant)
            except GemmaError as error:
                return f"{text('inspector_title')}\n\n{head}:\n{error}"
            lines = [text("inspector_title"), "", f"{head}:", str(prompt), ""]
            lines += inspector_view.token_count_lines(prompt, self.variant, self._max_length.value)
            return "\n".join(lines)


def _message_list(messages: Any) -> list[Mapping[str, Any]]:
    """A conversation as a list of messages.

    Raises:
        InvalidInput: as for ``format_prompt``.
    """
    turns, is_chat = read_messages(messages)
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping):
        return [messages]
    if not is_chat:  # content parts without a message
        return [{"role": "user", "content": list(messages)}]
    return [dict(turn.fields) for turn in turns]


def _variant_of_other_format(variant: Variant) -> str:
    """The name of a variant whose format is of another family."""
    family = _format_family(variant)
    return next(n for n in _COMPARED_VARIANTS if _format_family(registry.variant(n)) != family)


def _format_family(variant: Variant) -> str:
    """The family of a prompt format; the two formats of Gemma 4 are one family."""
    return variant.prompt_format.removesuffix("_small").removesuffix("_large")


def _content_text(content: Any) -> str:
    """The content of a message in one line; other parts than text become their type."""
    if isinstance(content, list):
        return " ".join(str(part.get("text") or f"[{part.get('type')}]") for part in content)
    return str(content)
