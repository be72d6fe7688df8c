"""The controls in which a conversation is edited: a card for each message, and what goes with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pprint import pformat
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.html_markup import tag
from gemma_nb.i18n import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.inspector.inspector_examples import WEATHER_TOOL
from gemma_nb.widgets.inspector.message_card import (
    MessageCard,
    live_text_area,
    read_json,
    to_json,
)

#: ShieldGemma's first guideline, shortened, so that the field shows the form of one.
_GUIDELINE = '"No Harassment": The prompt shall not contain or seek generation of harassment.'


class ConversationEditor:
    """Cards for the messages, and fields for tools, thinking and a guideline.

    Args:
        panel: the panel that shows the editor.
        on_change: called after every change.

    Attributes:
        cards: the cards, one a message.
    """

    def __init__(self, panel: Panel, on_change: Callable[[], None]) -> None:
        self._panel, self._on_change = panel, on_change
        self.cards: list[MessageCard] = []
        self._card_list = controls.column()
        self._thinking = controls.checkbox(text("inspector_thinking"))
        self.tools_field = live_text_area(text("inspector_tools"), rows=4)
        self._tools_button = controls.button(
            text("inspector_add_tools"), lambda _: self._add_example_tool()
        )
        self._guideline_field = live_text_area(text("inspector_guideline"), _GUIDELINE)
        self.system_button = controls.button(
            text("inspector_add_system"), lambda _: self._add_system()
        )
        self.add_button = controls.button(text("inspector_add"), lambda _: self._add_next())
        self.widget = controls.column(
            controls.html(tag("h4", text("inspector_conversation"), lang=panel.lang)),
            self._card_list,
            controls.row(self.add_button, self.system_button, self._tools_button, self._thinking),
            self.tools_field,
            self._guideline_field,
            css_classes=("gnb-card", "gnb-soft"),
        )
        for control in (self._thinking, self.tools_field, self._guideline_field):
            control.observe(lambda _: on_change(), "value")
        controls.set_visible(self.tools_field, visible=False)

    def set_conversation(
        self,
        messages: Iterable[Mapping[str, Any]],
        tools: Sequence[Any] | None = None,
        *,
        thinking: bool | None = None,
    ) -> None:
        """Replaces the conversation.

        Args:
            messages: the messages.
            tools: as in ``format_prompt``; None keeps the present ones.
            thinking: as in ``format_prompt``; None keeps the present setting.
        """
        replaced, self.cards = self.cards, []
        for message in messages:
            self._append(message)
        if tools is not None:
            self.tools_field.value = to_json(list(tools)) if tools else ""
            controls.set_visible(self.tools_field, tools)
            controls.set_visible(self._tools_button, not tools)
        if thinking is not None:
            self._thinking.value = bool(thinking)
        self._update_cards()
        controls.close_tree(*(card.widget for card in replaced))

    def messages(self) -> list[dict[str, Any]]:
        """The messages.

        Raises:
            InvalidInput: a JSON field does not hold a JSON object, or there is no message.
        """
        if not self.cards:
            raise InvalidInput("prompt_empty")
        return [card.message() for card in self.cards]

    def tools(self) -> list[Any] | None:
        """The tools; None where there are none.

        Raises:
            InvalidInput: their field does not hold a JSON list.
        """
        return read_json(self.tools_field.value, self.tools_field.description, kind=list) or None

    @property
    def thinking(self) -> bool:
        """Whether the model thinks before it answers."""
        return bool(self._thinking.value)

    def guideline(self, variant: Variant) -> str | None:
        """The guideline for a variant that judges prompts; None for others."""
        return self._guideline_field.value if _takes_guideline(variant) else None

    def show_fields_for(self, variants: Iterable[Variant]) -> None:
        """Shows the fields that at least one of the variants takes."""
        controls.set_visible(self._guideline_field, any(map(_takes_guideline, variants)))

    def code(self, variant: Variant) -> str:
        """Python code that formats this conversation.

        Args:
            variant: the variant whose format is used.

        Raises:
            InvalidInput: as for ``messages`` and ``tools``.
        """
        arguments = [f"{variant.name!r}"]
        lines = ["import gemma_nb as gnb", "", f"messages = {_python_code(self.messages())}"]
        if tools := self.tools():
            lines.append(f"tools = {_python_code(tools)}")
            arguments.append("tools=tools")
        if self.thinking:
            arguments.append("thinking=True")
        if guideline := self.guideline(variant):
            lines.append(f"guideline = {guideline!r}")
            arguments.append("guideline=guideline")
        call = f"gnb.format_prompt(messages, {', '.join(arguments)})"
        return "\n".join([*lines, f"prompt = {call}", "print(prompt)"]) + "\n"

    def _append(self, message: Mapping[str, Any]) -> None:
        number = len(self.cards) + 1
        card = MessageCard(self._panel, message, number, self._on_change, self._on_remove)
        self.cards.append(card)

    def _add_next(self) -> None:
        last = self.cards[-1].role.value if self.cards else ""
        with self._panel.using_language():
            self._append({"role": "assistant" if last in ("user", "tool") else "user"})
            self._update_cards()
        self._on_change()

    def _add_system(self) -> None:
        """Adds a system message at the start, in place of the present one."""
        with self._panel.using_language():
            others = [card for card in self.cards if card.role.value != "system"]
            replaced = [card for card in self.cards if card.role.value == "system"]
            self._append({"role": "system", "content": text("inspector_ex_system")})
            self.cards = [self.cards[-1], *others]
            self._update_cards()
            controls.close_tree(*(card.widget for card in replaced))
        self._on_change()

    def _on_remove(self, card: MessageCard) -> None:
        if card in self.cards:  # not for the second click of a double click
            self.cards.remove(card)
            self._update_cards()
            controls.close_tree(card.widget)
            self._on_change()

    def _add_example_tool(self) -> None:
        self.tools_field.value = to_json([WEATHER_TOOL])
        controls.set_visible(self.tools_field, visible=True)
        controls.set_visible(self._tools_button, visible=False)

    def _update_cards(self) -> None:
        for number, card in enumerate(self.cards, 1):
            card.set_number(number)
        self._card_list.children = tuple(card.widget for card in self.cards)


def _takes_guideline(variant: Variant) -> bool:
    return variant.prompt_format == "shieldgemma"


def _python_code(value: Any) -> str:
    """A value as Python code, with placeholders for bytes and other values without a short form."""
    return pformat(_with_placeholders(value), width=88, sort_dicts=False)


def _with_placeholders(value: Any) -> Any:
    if isinstance(value, Mapping):
        # the "name" of a content part is that of its file, which is no part of the message
        is_part = "type" in value
        return {k: _with_placeholders(v) for k, v in value.items() if k != "name" or not is_part}
    if isinstance(value, list | tuple):
        return [_with_placeholders(v) for v in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return _Placeholder(value)


class _Placeholder:
    """Stands in Python code for a value that has no short form."""

    def __init__(self, value: Any) -> None:
        self._kind = type(value).__name__

    def __repr__(self) -> str:
        return "open('…', 'rb').read()" if self._kind == "bytes" else f"…  # {self._kind}"
