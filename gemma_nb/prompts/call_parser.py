"""Parses a tool call that a model wrote.

Gemma 4 and FunctionGemma write a call as ``call:name{key:value}``, with strings between quote tokens;
``prompts.tools`` gives the sources. Models also write quotes of JSON and of Python.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.files import MAX_JSON_DEPTH

_HEAD = re.compile(r"\s*call:\s*(?P<name>[^\s{}\[\]()'\"]{1,128})\s*(?=\{|$)")
_SPACE = re.compile(r"\s*")
_KEY = re.compile(r"[^:,{}\[\]]*")
#: A value without quotes; a comma between parentheses belongs to it.
_WORD = re.compile(r"(?:[^,\]}{\[()]|\([^()]*\)|\))*")
#: What closes a text in single quotes, of a value and of a key; other quotes are apostrophes.
_VALUE_CLOSES = re.compile(r"(?<!\\)'(?=\s*(?:[,\]}]|$))")
_KEY_CLOSES = re.compile(r"(?<!\\)'(?=\s*:)")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$")
_WORDS = {"true": True, "false": False, "null": None, "None": None, "True": True, "False": False}


@dataclass(frozen=True)
class ToolCall:
    """A call that the model asks for.

    Args:
        name: the function's name.
        arguments: its arguments.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)

    def message(self, call_id: str = "call_0") -> dict[str, Any]:
        """The call as an entry of an assistant message's ``tool_calls``.

        Args:
            call_id: identifies the call in the message that answers it.
        """
        function = {"name": self.name, "arguments": self.arguments}
        return {"id": call_id, "type": "function", "function": function}


class _Malformed(Exception):
    """The text is not a call. This exception never leaves the module."""


def parse_call(text: str, quote: str) -> ToolCall | None:
    """Parses a call that a model wrote.

    Args:
        text: the text between the format's two call tokens.
        quote: the format's quote token.

    Returns:
        The call, or None if ``text`` is not one.
    """
    head = _HEAD.match(text)
    if not head:
        return None
    reader = _Reader(text[head.end() :], quote)
    try:
        arguments = {} if reader.at_end() else reader.value()
    except _Malformed:
        return None
    if not isinstance(arguments, dict) or not reader.at_end():
        return None
    return ToolCall(head["name"], arguments)


class _Reader:
    """Reads values of a text, one after the other."""

    def __init__(self, text: str, quote: str) -> None:
        self._text = text
        self._quote = quote
        self._at = 0
        self._depth = 0
        self._not_closed: set[re.Pattern[str]] = set()

    def at_end(self) -> bool:
        """Whether nothing but white space is left."""
        self._skip_space()
        return self._at == len(self._text)

    def value(self) -> Any:
        self._skip_space()
        if self._next(self._quote):
            return self._string()
        if self._next("{"):
            return dict(self._list("}", self._pair))
        if self._next("["):
            return self._list("]", self.value)
        if self._next('"'):
            return self._json_string()
        return self._single_quoted(_VALUE_CLOSES) if self._next("'") else self._word()

    def _next(self, text: str) -> bool:
        return self._text.startswith(text, self._at)

    def _skip_space(self) -> None:
        self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]

    def _string(self) -> str:
        start = self._at + len(self._quote)
        end = self._text.find(self._quote, start)
        if end < 0:
            raise _Malformed
        self._at = end + len(self._quote)
        return self._text[start:end]

    def _json_string(self) -> str:
        try:
            value, self._at = json.JSONDecoder().raw_decode(self._text, self._at)
        except ValueError:
            raise _Malformed from None
        return str(value)

    def _single_quoted(self, closes: re.Pattern[str]) -> Any:
        """A text in single quotes; without a closing quote, a word."""
        start = self._at + 1
        match = None if closes in self._not_closed else closes.search(self._text, start)
        if not match:
            self._not_closed.add(closes)  # nor is any later one
            return self._word()
        self._at = match.end()
        return self._text[start : match.start()].replace("\\'", "'")

    def _word(self) -> Any:
        """A number, true, false or null; anything else is a string without its quotes."""
        word = self._take(_WORD)
        if self._next("("):  # a call of Python's or what else has no end here
            raise _Malformed
        if word in _WORDS:
            return _WORDS[word]
        if not _NUMBER.match(word):
            return word
        try:
            value = json.loads(word)
        except ValueError:  # of more digits than Python reads
            return word
        return value if abs(value) < math.inf else word

    def _pair(self) -> tuple[str, Any]:
        self._skip_space()
        if self._next(self._quote):
            key = self._string()
        elif self._next('"'):
            key = self._json_string()
        elif self._next("'"):
            key = str(self._single_quoted(_KEY_CLOSES))
        else:
            key = self._take(_KEY)
        self._skip_space()
        if not self._next(":"):
            raise _Malformed
        self._at += 1
        return key, self.value()

    def _list(self, closing: str, read_one: Callable[[], Any]) -> list[Any]:
        self._depth += 1
        if self._depth > MAX_JSON_DEPTH:
            raise _Malformed
        self._at += 1
        self._skip_space()
        values: list[Any] = []
        while not self._next(closing):
            values.append(read_one())
            self._skip_space()
            if self._next(","):
                self._at += 1
                self._skip_space()
            elif not self._next(closing):
                raise _Malformed
        self._at += 1
        self._depth -= 1
        return values

    def _take(self, pattern: re.Pattern[str]) -> str:
        """What ``pattern`` matches here, stripped."""
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return match[0].strip() if match else ""
