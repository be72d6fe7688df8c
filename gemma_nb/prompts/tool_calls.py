"""Reads the tool calls that a model writes: ``call:name{key:value}``, strings between quotes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_HEAD = re.compile(r"\s*call:\s*(?P<name>[^\s{}\[\]]{1,128})\s*(?=\{|$)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$")
_WORDS = {"true": True, "false": False, "null": None, "None": None, "True": True, "False": False}


@dataclass(frozen=True)
class ToolCall:
    """A function that the model wants called: its name and its arguments."""

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def message(self, call_id: str = "call_0") -> dict[str, Any]:
        """The call as an assistant message's ``tool_calls`` holds it."""
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": call_id, "type": "function", "function": function}


class _Malformed(Exception):  # never leaves this module
    """The text is no call."""


def parse_call(text: str, quote: str) -> ToolCall | None:
    """The call written in ``text``; None where it cannot be read.

    Args:
        text: what stands between the format's two call tokens.
        quote: the format's quote token.
    """
    head = _HEAD.match(text)
    if not head:
        return None
    reader = _Reader(text[head.end() :], quote)
    try:
        arguments = reader.value() if reader.rest.strip() else {}
    except (_Malformed, RecursionError):
        return None
    if not isinstance(arguments, dict) or reader.rest.strip():
        return None
    return ToolCall(head["name"], arguments)


class _Reader:
    """Reads values off the front of ``rest``."""

    def __init__(self, text: str, quote: str) -> None:
        self.rest = text
        self._quote = quote

    def value(self) -> Any:
        self.rest = self.rest.lstrip()
        if self.rest.startswith(self._quote):
            return self._string()
        if self.rest.startswith("{"):
            return dict(self._listed("}", self._pair))
        if self.rest.startswith("["):
            return self._listed("]", self.value)
        if self.rest.startswith('"'):
            return self._json_string()
        return self._word()

    def _string(self) -> str:
        text, closed, rest = self.rest[len(self._quote) :].partition(self._quote)
        if not closed:
            raise _Malformed
        self.rest = rest
        return text

    def _json_string(self) -> str:
        try:
            value, end = json.JSONDecoder().raw_decode(self.rest)
        except json.JSONDecodeError:
            raise _Malformed from None
        self.rest = self.rest[end:]
        return str(value)

    def _word(self) -> Any:
        """A number, true, false, null; anything else is a string that lacks its quotes."""
        found = re.match(r"[^,\]}{\[]*", self.rest)
        word = found[0].strip() if found else ""
        self.rest = self.rest[found.end() if found else 0 :]
        if word in _WORDS:
            return _WORDS[word]
        return json.loads(word) if _NUMBER.match(word) else word

    def _pair(self) -> tuple[str, Any]:
        self.rest = self.rest.lstrip()
        if self.rest.startswith(self._quote):
            key = self._string()
        elif self.rest.startswith('"'):
            key = self._json_string()
        else:
            found = re.match(r"[^:,{}\[\]]*", self.rest)
            key = found[0].strip() if found else ""
            self.rest = self.rest[found.end() if found else 0 :]
        self.rest = self.rest.lstrip()
        if not self.rest.startswith(":"):
            raise _Malformed
        self.rest = self.rest[1:]
        return key, self.value()

    def _listed(self, closing: str, one: Any) -> list[Any]:
        self.rest = self.rest[1:].lstrip()
        found: list[Any] = []
        while not self.rest.startswith(closing):
            found.append(one())
            self.rest = self.rest.lstrip()
            if self.rest.startswith(","):
                self.rest = self.rest[1:].lstrip()
            elif not self.rest.startswith(closing):
                raise _Malformed
        self.rest = self.rest[1:]
        return found
