"""The part of the prompt inspector in which the conversation is edited."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pprint import pformat
from typing import Any

import ipywidgets

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.strings import text
from gemma_nb.widgets.base import controls
from gemma_nb.widgets.base.html import tag
from gemma_nb.widgets.base.panel import Panel
from gemma_nb.widgets.inspector.inspector_examples import WEATHER
from gemma_nb.widgets.inspector.inspector_rows import Row, area, as_json, read_json

#: ShieldGemma's own first guideline, shortened, so that its format shows at once.
_GUIDELINE = '"No Harassment": The prompt shall not contain or seek generation of harassment.'


class Editor:
    """Rows of messages, and what else is sent with them: tools, thinking, a guideline.

    Args:
        panel: the widget it belongs to.
        changed: called after every change.
    """

    def __init__(self, panel: Panel, changed: Callable[[], None]) -> None:
        self._panel, self._changed = panel, changed
        self._rows: list[Row] = []
        self._list = controls.column()
        self._thinking = controls.styled(
            ipywidgets.Checkbox(description=text("inspector_thinking"), indent=False), "gnb-check"
        )
        self._tools = area(text("inspector_tools"), rows=4)
        self._add_tools = controls.button(text("inspector_add_tools"), lambda _: self._open_tools())
        self._guideline = area(text("inspector_guideline"), _GUIDELINE)
        self.system = controls.button(text("inspector_add_system"), lambda _: self._grow("system"))
        self.add = controls.button(text("inspector_add"), lambda _: self._grow())
        self.widget = controls.column(
            controls.html(tag("h4", text("inspector_conversation"), lang=panel.lang)),
            self._list,
            controls.row(self.add, self.system, self._add_tools, self._thinking),
            self._tools,
            self._guideline,
            classes=("gnb-card", "gnb-soft"),
        )
        for control in (self._thinking, self._tools, self._guideline):
            control.observe(lambda _: changed(), "value")
        controls.show(self._tools, visible=False)

    def put(
        self,
        messages: Iterable[Mapping[str, Any]],
        tools: Sequence[Any] | None = None,
        *,
        thinking: bool | None = None,
    ) -> None:
        """Puts a conversation in place of the one there; None keeps tools and thinking.

        Args:
            messages: the conversation.
            tools: as in ``format_prompt``.
            thinking: as in ``format_prompt``.
        """
        self._rows = []
        for message in messages:
            self._append(message)
        if tools is not None:
            self._tools.value = as_json(list(tools)) if tools else ""
            controls.show(self._tools, tools)
            controls.show(self._add_tools, not tools)
        if thinking is not None:
            self._thinking.value = bool(thinking)
        self._place()

    def messages(self) -> list[dict[str, Any]]:
        """The conversation as it stands.

        Raises:
            InvalidInput: a JSON field holds no JSON object, or there is no message.
        """
        if not self._rows:
            raise InvalidInput("prompt_empty")
        return [row.message() for row in self._rows]

    def tools(self) -> list[Any] | None:
        """The tools; None where there are none.

        Raises:
            InvalidInput: their field holds no JSON list.
        """
        return read_json(self._tools.value, self._tools.description, wanted=list) or None

    @property
    def thinking(self) -> bool:
        """Whether the model is to think first."""
        return bool(self._thinking.value)

    def guideline(self, variant: Variant) -> str | None:
        """The guideline, for a variant that judges."""
        return self._guideline.value if variant.prompt_format == "shieldgemma" else None

    def suit(self, variants: Iterable[Variant]) -> None:
        """Shows what only some formats take where one of them is shown."""
        controls.show(self._guideline, any(v.prompt_format == "shieldgemma" for v in variants))

    def code(self, variant: Variant) -> str:
        """The lines of Python that make this prompt.

        Raises:
            InvalidInput: as in ``messages`` and ``tools``.
        """
        given = [f"{variant.name!r}"]
        lines = ["import gemma_nb as gnb", "", f"messages = {_code(self.messages())}"]
        if tools := self.tools():
            lines.append(f"tools = {_code(tools)}")
            given.append("tools=tools")
        if self.thinking:
            given.append("thinking=True")
        if guideline := self.guideline(variant):
            lines.append(f"guideline = {guideline!r}")
            given.append("guideline=guideline")
        lines += [f"prompt = gnb.format_prompt(messages, {', '.join(given)})", "print(prompt)"]
        return "\n".join(lines) + "\n"

    def _append(self, message: Mapping[str, Any]) -> None:
        number = len(self._rows) + 1
        self._rows.append(Row(self._panel, message, number, self._changed, self._removed))

    def _grow(self, role: str = "") -> None:
        with self._panel.speaking():
            if role == "system":
                system = {"role": "system", "content": text("inspector_ex_system")}
                kept = [row for row in self._rows if row.role.value != "system"]
                self._append(system)
                self._rows = [self._rows[-1], *kept]
            else:
                last = self._rows[-1].role.value if self._rows else ""
                self._append({"role": "assistant" if last in ("user", "tool") else "user"})
            self._place()
        self._changed()

    def _removed(self, row: Row) -> None:
        if row in self._rows:  # a second press comes too late
            self._rows.remove(row)
            self._place()
            self._changed()

    def _open_tools(self) -> None:
        self._tools.value = as_json([WEATHER])
        controls.show(self._tools, visible=True)
        controls.show(self._add_tools, visible=False)

    def _place(self) -> None:
        for number, row in enumerate(self._rows, 1):
            row.renumber(number)
        self._list.children = tuple(row.widget for row in self._rows)


def _code(value: Any) -> str:
    """A value as Python; long bytes are named, since nobody pastes them."""
    return pformat(_plain(value), width=88, sort_dicts=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items() if k != "name" or "type" not in value}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, str | int | float | bool) or value is None:
        return value
    return _Name(value)


class _Name:
    """What stands in the code for a value that has no short form."""

    def __init__(self, value: Any) -> None:
        self._kind = type(value).__name__

    def __repr__(self) -> str:
        return "open('…', 'rb').read()" if self._kind == "bytes" else f"…  # {self._kind}"
