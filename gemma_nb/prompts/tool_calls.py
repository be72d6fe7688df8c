"""Reads the tool calls that a model writes: ``call:name{key:value}``, strings between quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import ContentPart, Turn, check_text
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.tools import Grammar

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


def render_calls(grammar: Grammar, calls: Iterable[Any]) -> Iterator[Part]:
    """Writes the calls that a model made.

    Args:
        grammar: the format's tokens.
        calls: ``{"function": {"name": …, "arguments": …}}``; arguments are a mapping or a
            JSON string of one.

    Raises:
        InvalidInput: a call has no name.
    """
    opening, closing = grammar.call
    for call in calls:
        name, arguments = read_call(call)
        yield Part(f"{opening}call:", control=True)
        yield Part(name)
        if isinstance(arguments, Mapping):
            yield from grammar.value(arguments)
        else:
            yield Part("{", control=True)
            yield Part(check_text(arguments))
            yield Part("}", control=True)
        yield Part(closing, control=True)


def render_response(grammar: Grammar, name: str, response: Any) -> Iterator[Part]:
    """Writes what a function answered; anything but a mapping stands under ``value``."""
    opening, closing = grammar.response
    yield Part(f"{opening}response:", control=True)
    yield Part(check_text(name))
    yield from grammar.value(response if isinstance(response, Mapping) else {"value": response})
    yield Part(closing, control=True)


def read_call(call: Any) -> tuple[str, Any]:
    """Name and arguments of a message's tool call; arguments are a mapping where they can be.

    Raises:
        InvalidInput: the call has no name.
    """
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InvalidInput("prompt_tool_call")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except json.JSONDecodeError:
            text = arguments.strip()
            return check_text(function["name"]), text.removeprefix("{").removesuffix("}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise InvalidInput("prompt_tool_call")
    return check_text(function["name"]), arguments


def find_responses(turn: Turn, answers: Sequence[Turn]) -> Iterator[tuple[str, Any, Turn | None]]:
    """What the functions that ``turn`` called answered: name, answer, the message it came in.

    Args:
        turn: the assistant's message; answers may stand in its own ``tool_responses``.
        answers: the tool messages that follow it.
    """
    for response in turn.fields.get("tool_responses") or ():
        yield str(response.get("name") or "unknown"), response.get("response"), None
    names = {c.get("id"): read_call(c)[0] for c in turn.fields.get("tool_calls") or () if "id" in c}
    for answer in answers:
        own = answer.fields.get("name") or answer.fields.get("tool_name") or "unknown"
        name = names.get(answer.fields.get("tool_call_id"), str(own))
        body = answer.fields.get("content")
        if answer.items:
            yield name, answer.text, answer
            continue
        # FunctionGemma's documentation puts the name into the content: {"name": …, "response": …}
        for one in body if isinstance(body, list) and body else [body]:
            if isinstance(one, Mapping) and set(one) == {"name", "response"}:
                yield str(one["name"]), one["response"], None
            else:
                yield name, one, None


@dataclass(frozen=True)
class Exchange:
    """One message and the tool messages that answer its calls.

    ``continues`` is True where it goes on with the model's turn before it, ``open`` where the
    model's turn stays open behind it.
    """

    turn: Turn
    answers: tuple[Turn, ...] = ()
    continues: bool = False
    open: bool = False

    @property
    def calls(self) -> tuple[Mapping[str, object], ...]:
        """The calls of this message."""
        return tuple(self.turn.fields.get("tool_calls") or ())

    @property
    def answered(self) -> bool:
        """Whether functions answered."""
        return bool(self.answers or self.turn.fields.get("tool_responses"))


def group_exchanges(turns: Sequence[Turn]) -> list[Exchange]:
    """The conversation behind the system message, tool messages put to the calls they answer.

    Raises:
        InvalidInput: roles do not follow one another as they must, a call has no answer, or the
            conversation ends with the model's own words.
    """
    found: list[Exchange] = []
    for i, turn in enumerate(turns):
        before = found[-1] if found else None
        after_tools = bool(before and before.calls and before.answered)
        if turn.role == "tool":
            if not before or not before.calls:
                raise InvalidInput("prompt_tool_without_call", position=i + 1)
            found[-1] = Exchange(before.turn, (*before.answers, turn), before.continues)
            continue
        if before and before.calls and not before.answered:
            raise InvalidInput("prompt_call_without_answer")
        previous = before.turn.role if before else "assistant"
        if turn.role == previous and not (turn.role == "assistant" and after_tools):
            wanted = "assistant" if previous == "user" else "user"
            raise InvalidInput(
                "prompt_roles_alternate", position=i + 1, role=turn.role, wanted=wanted
            )
        found.append(Exchange(turn, continues=turn.role == previous == "assistant"))
    last = found[-1]
    if last.calls and not last.answered:
        raise InvalidInput("prompt_call_without_answer")
    if last.turn.role == "assistant" and (not last.answered or last.turn.text.strip()):
        raise InvalidInput("prompt_ends_with_model")
    followers = [*found[1:], None]
    return [
        Exchange(e.turn, e.answers, e.continues, open=_stays_open(e, after))
        for e, after in zip(found, followers, strict=True)
    ]


def _stays_open(exchange: Exchange, after: Exchange | None) -> bool:
    if exchange.turn.role != "assistant":
        return False
    return after.continues if after else exchange.answered


def render_tools(
    exchange: Exchange, grammar: Grammar, placeholders: Mapping[str, str]
) -> Iterator[Part]:
    """The calls of a message and what the functions answered.

    Args:
        exchange: the message and its answers.
        grammar: the format's tokens.
        placeholders: what stands for media that a function answered with.
    """
    yield from render_calls(grammar, exchange.calls)
    for name, response, message in find_responses(exchange.turn, exchange.answers):
        yield from render_response(grammar, name, response)
        for item in message.items if message else ():
            if item.medium:
                yield from render_medium(item, placeholders)


def render_medium(item: ContentPart, placeholders: Mapping[str, str]) -> Iterator[Part]:
    """The placeholder of one medium."""
    yield Part(placeholders[item.kind], control=True, medium=item.medium)
