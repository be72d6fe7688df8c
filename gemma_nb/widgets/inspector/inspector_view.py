"""What the prompt inspector shows below the prompts: its tokens, and a checker for other prompts.

The sentences are in the language in force.
"""

from __future__ import annotations

from collections.abc import Callable

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.html_markup import Html, join, tag
from gemma_nb.hub.local_tokenizer import LocalTokenizer, find_local_tokenizer, tokenize_prompt
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import check_prompt
from gemma_nb.prompts.prompt import Prompt
from gemma_nb.widgets.base import controls, prompt_view
from gemma_nb.widgets.base.html import progress_bar
from gemma_nb.widgets.base.panel import Panel


def tokens_html(prompt: Prompt, variant: Variant, max_length: int) -> Html:
    """``token_count_html`` with a list of the tokens.

    Args:
        prompt: the rendered conversation.
        variant: the variant whose vocabulary is used where it is on this disk.
        max_length: the tokens of prompt and answer together.
    """
    token_list = prompt_view.tokens_html(
        tokenize_prompt(prompt, find_local_tokenizer(variant)), text("inspector_tokens_list")
    )
    return join([token_count_html(prompt, variant, max_length), token_list])


def token_count_html(prompt: Prompt, variant: Variant, max_length: int) -> Html:
    """Typed text that stays text, the number of tokens, and the vocabulary that was used.

    Args:
        prompt: the rendered conversation.
        variant: the variant whose vocabulary is used where it is on this disk.
        max_length: the tokens of prompt and answer together.
    """
    tokenizer = find_local_tokenizer(variant)
    count = len(tokenize_prompt(prompt, tokenizer))
    return join(
        [
            _typed_tokens_html(prompt, tokenizer),
            tag("h4", text("inspector_tokens")),
            _length_html(count, max_length),
            tag("p", tag("small", _vocabulary_text(tokenizer, variant))),
            tag("p", tag("small", text("inspector_media_count"))) if prompt.media else "",
        ]
    )


def token_count_lines(prompt: Prompt, variant: Variant, max_length: int) -> list[str]:
    """The number of tokens and the vocabulary that was used, as lines of text.

    Args:
        prompt: the rendered conversation.
        variant: the variant whose vocabulary is used where it is on this disk.
        max_length: the tokens of prompt and answer together.
    """
    tokenizer = find_local_tokenizer(variant)
    count = len(tokenize_prompt(prompt, tokenizer))
    return [_length_text(count, max_length), _vocabulary_text(tokenizer, variant)]


def _length_text(count: int, max_length: int) -> str:
    if count >= max_length:
        over = count + 1 - max_length
        return text("prompt_too_long", length=count, max_length=max_length, new_tokens=1, over=over)
    left = f"{max_length - count:,}"
    return text("inspector_count", count=f"{count:,}", max_length=f"{max_length:,}", left=left)


def _length_html(count: int, max_length: int) -> Html:
    """The number of tokens and the maximum length, in words and as a bar."""
    sentence = _length_text(count, max_length)
    if count >= max_length:
        return tag("div", f"✗ {sentence}", class_="gnb-error")
    return tag("p", sentence, progress_bar(count / max_length, sentence))


def _vocabulary_text(tokenizer: LocalTokenizer, variant: Variant) -> str:
    is_own = tokenizer.of.name == variant.name
    key = "inspector_own_vocabulary" if is_own else "inspector_demo_vocabulary"
    return text(key, variant=variant.name, size=f"{tokenizer.vocabulary.size:,}")


def _typed_tokens_html(prompt: Prompt, tokenizer: LocalTokenizer) -> Html:
    """Tells that typed text which is spelled like a control token stays text."""
    typed = prompt_view.typed_control_tokens(prompt, tokenizer.vocabulary)
    if not typed:
        return Html()
    items = []
    for spelling, ordinary, token_id in typed:
        note = text(
            "inspector_typed",
            spelling=spelling,
            count=len(ordinary),
            pieces=" · ".join(ordinary),
        )
        if token_id is not None:
            second = text("inspector_typed_id", id=token_id)
            note = text("show_sentences", first=note, second=second)
        items.append(tag("li", note))
    head = tag("strong", f"✓ {text('inspector_typed_head')}")
    return tag("div", head, tag("ul", *items), class_="gnb-note")


class PromptChecker:
    """A field for a prompt that was written by hand, and the faults in it.

    Args:
        panel: the panel that shows the field.
        current_prompt: gives the prompt of the conversation, with which the field can be filled.
    """

    def __init__(self, panel: Panel, current_prompt: Callable[[], str]) -> None:
        self._panel, self._current_prompt = panel, current_prompt
        self._variant: Variant | None = None
        self.field = controls.text_area(" ", "", 4, "gnb-area", each_key=True)
        self.fill_button = controls.button(text("inspector_lint_take"), lambda _: self._fill())
        self.findings = controls.html()
        head, intro = text("inspector_lint_head"), text("inspector_lint_intro")
        self.widget = controls.column(
            controls.html(panel.with_lang(tag("h4", head), tag("p", intro))),
            self.field,
            controls.row(self.fill_button),
            self.findings,
            css_classes=("gnb-card",),
        )
        self.field.observe(lambda _: self._on_text(), "value")

    def show(self, variant: Variant) -> None:
        """Checks the prompt against the format of a variant, now and after each change."""
        self._variant = variant
        label = text("inspector_lint_field", variant=variant.name)
        self.field.description = controls.label_text(label)
        self.findings.value = self._panel.with_lang(self.findings_html())

    def findings_html(self) -> Html:
        """The faults, with their positions in the prompt; empty where the field is empty."""
        prompt, variant = self.field.value, self._variant
        if not prompt or variant is None:
            return Html()
        findings = check_prompt(prompt, variant)
        if not findings:
            return tag("div", text("inspector_lint_none", variant=variant.name), class_="gnb-note")
        items = []
        for finding in findings:
            severity = text(f"inspector_lint_{finding.severity}")
            place = text("inspector_lint_at", mark=severity, position=f"{finding.position + 1:,}")
            items.append(tag("li", tag("strong", place), ": ", str(finding.message)))
        label = text("inspector_lint_marked")
        return join(
            [
                tag("p", text("inspector_lint_found", count=len(findings))),
                tag("ol", *items),
                prompt_view.checked_prompt_html(prompt, findings, label),
            ]
        )

    def _on_text(self) -> None:
        if self._variant is not None:
            with self._panel.using_language():
                self.show(self._variant)
            self._panel.refresh()

    def _fill(self) -> None:
        try:
            self.field.value = self._current_prompt()
        except GemmaError:  # the panel shows this error already
            return
