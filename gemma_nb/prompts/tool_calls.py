"""Tool calls and the answers to them: written into a prompt, and parsed out of a reply.

Gemma 4 and FunctionGemma write a call as ``call:name{key:value}``, with strings between quote tokens;
``prompts.tools`` gives the sources.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json
from gemma_nb.prompts.messages import ContentPart, Turn, check_text
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.tools import Grammar

_HEAD = re.compile(r"\s*call:\s*(?P<name>[^\s{}\[\]]{1,128})\s*(?=\{|$)")
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
        arguments = reader.value() if reader.rest.strip() else {}
    except (_Malformed, RecursionError):
        return None
    if not isinstance(arguments, dict) or reader.rest.strip():
        return None
    return ToolCall(head["name"], arguments)


class _Reader:
    """Reads values from the start of ``rest``, and removes what it has read."""

    def __init__(self, text: str, quote: str) -> None:
        self.rest = text
        self._quote = quote

    def value(self) -> Any:
        self.rest = self.rest.lstrip()
        if self.rest.startswith(self._quote):
            return self._string()
        if self.rest.startswith("{"):
            return dict(self._list("}", self._pair))
        if self.rest.startswith("["):
            return self._list("]", self.value)
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
        except ValueError:
            raise _Malformed from None
        self.rest = self.rest[end:]
        return str(value)

    def _word(self) -> Any:
        """A number, true, false or null; anything else is a string without its quotes."""
        word = self._take(r"[^,\]}{\[]*")
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
        self.rest = self.rest.lstrip()
        if self.rest.startswith(self._quote):
            key = self._string()
        elif self.rest.startswith('"'):
            key = self._json_string()
        else:
            key = self._take(r"[^:,{}\[\]]*")
        self.rest = self.rest.lstrip()
        if not self.rest.startswith(":"):
            raise _Malformed
        self.rest = self.rest[1:]
        return key, self.value()

    def _list(self, closing: str, read_one: Callable[[], Any]) -> list[Any]:
        self.rest = self.rest[1:].lstrip()
        values: list[Any] = []
        while not self.rest.startswith(closing):
            values.append(read_one())
            self.rest = self.rest.lstrip()
            if self.rest.startswith(","):
                self.rest = self.rest[1:].lstrip()
            elif not self.rest.startswith(closing):
                raise _Malformed
        self.rest = self.rest[1:]
        return values

    def _take(self, pattern: str) -> str:
        """What ``pattern`` matches at the start, stripped."""
        match = re.match(pattern, self.rest)
        end = match.end() if match else 0
        text, self.rest = self.rest[:end], self.rest[end:]
        return text.strip()


def read_call(call: Any) -> tuple[str, Any]:
    """Reads a call out of an assistant message's ``tool_calls``.

    Args:
        call: ``{"function": {"name": …, "arguments": …}}``, or the inner mapping alone. The
            arguments are a mapping or a JSON string.

    Returns:
        The name and the arguments. The arguments are a mapping, or the text between the braces if
        the string is not JSON.

    Raises:
        InvalidInput: the call has no name, or its arguments are of another type.
    """
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
        raise InvalidInput("prompt_tool_call")
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        try:
            arguments = parse_json(arguments)
        except ValueError:
            text = arguments.strip()
            return check_text(function["name"]), text.removeprefix("{").removesuffix("}")
    if arguments is None:
        arguments = {}
    if not isinstance(arguments, Mapping):
        raise InvalidInput("prompt_tool_call")
    return check_text(function["name"]), arguments


@dataclass(frozen=True)
class Exchange:
    """One message, with the tool messages that answer its calls.

    Args:
        turn: the message.
        answers: the tool messages.
        continues: whether the message continues the model's turn before it.
        open: whether the model's turn stays open after it.
    """

    turn: Turn
    answers: tuple[Turn, ...] = ()
    continues: bool = False
    open: bool = False

    @property
    def calls(self) -> tuple[Mapping[str, object], ...]:
        """The calls of the message."""
        return tuple(self.turn.fields.get("tool_calls") or ())

    @property
    def answered(self) -> bool:
        """Whether the calls have answers."""
        return bool(self.answers or self.turn.fields.get("tool_responses"))


def group_exchanges(turns: Sequence[Turn]) -> list[Exchange]:
    """Groups tool messages with the messages whose calls they answer.

    Args:
        turns: the conversation after the system message, which is not empty.

    Raises:
        InvalidInput: the roles do not alternate as they must, a call has no answer, or the
            conversation ends with text of the model.
    """
    exchanges: list[Exchange] = []
    for i, turn in enumerate(turns):
        before = exchanges[-1] if exchanges else None
        after_tools = bool(before and before.calls and before.answered)
        if turn.role == "tool":
            if not before or not before.calls:
                raise InvalidInput("prompt_tool_without_call", position=i + 1)
            exchanges[-1] = Exchange(before.turn, (*before.answers, turn), before.continues)
            continue
        if before and before.calls and not before.answered:
            raise InvalidInput("prompt_call_without_answer")
        previous = before.turn.role if before else "assistant"
        if turn.role == previous and not (turn.role == "assistant" and after_tools):
            expected = "assistant" if previous == "user" else "user"
            raise InvalidInput(
                "prompt_roles_alternate", position=i + 1, role=turn.role, wanted=expected
            )
        exchanges.append(Exchange(turn, continues=turn.role == previous == "assistant"))
    last = exchanges[-1]
    if last.calls and not last.answered:
        raise InvalidInput("prompt_call_without_answer")
    if last.turn.role == "assistant" and (not last.answered or last.turn.text.strip()):
        raise InvalidInput("prompt_ends_with_model")
    followers = [*exchanges[1:], None]
    return [
        Exchange(e.turn, e.answers, e.continues, open=_stays_open(e, follower))
        for e, follower in zip(exchanges, followers, strict=True)
    ]


def _stays_open(exchange: Exchange, follower: Exchange | None) -> bool:
    if exchange.turn.role != "assistant":
        return False
    return follower.continues if follower else exchange.answered


def render_tools(
    exchange: Exchange, grammar: Grammar, placeholders: Mapping[str, str]
) -> Iterator[Part]:
    """Renders the calls of a message and the answers to them.

    Args:
        exchange: the message and its answers.
        grammar: the format's tokens.
        placeholders: kind of media -> its placeholder, for media in an answer.
    """
    yield from _render_calls(exchange.calls, grammar)
    for name, response, turn in _responses(exchange):
        yield from _render_response(name, response, grammar)
        for item in turn.items if turn else ():
            if item.medium:
                yield from render_medium(item, placeholders)


def render_medium(item: ContentPart, placeholders: Mapping[str, str]) -> Iterator[Part]:
    """Renders the placeholder of one medium.

    Args:
        item: the content part with the medium.
        placeholders: kind of media -> its placeholder.
    """
    yield Part(placeholders[item.kind], control=True, medium=item.medium)


def _render_calls(calls: Iterable[Any], grammar: Grammar) -> Iterator[Part]:
    opening, closing = grammar.call
    for call in calls:
        name, arguments = read_call(call)
        yield Part(f"{opening}call:", control=True)
        yield Part(name)
        if isinstance(arguments, Mapping):
            yield from grammar.render_value(arguments)
        else:
            yield Part("{", control=True)
            yield Part(check_text(arguments))
            yield Part("}", control=True)
        yield Part(closing, control=True)


def _render_response(name: str, response: Any, grammar: Grammar) -> Iterator[Part]:
    """What a function answered; a value that is not a mapping stands under the key ``value``."""
    opening, closing = grammar.response
    yield Part(f"{opening}response:", control=True)
    yield Part(check_text(name))
    mapping = response if isinstance(response, Mapping) else {"value": response}
    yield from grammar.render_value(mapping)
    yield Part(closing, control=True)


def _responses(exchange: Exchange) -> Iterator[tuple[str, Any, Turn | None]]:
    """The answers to a message's calls, from its own ``tool_responses`` and the tool messages.

    Yields:
        The function's name, its answer, and the tool message if that has content parts.
    """
    fields = exchange.turn.fields
    for response in fields.get("tool_responses") or ():
        yield str(response.get("name") or "unknown"), response.get("response"), None
    names = {c.get("id"): read_call(c)[0] for c in fields.get("tool_calls") or () if "id" in c}
    for answer in exchange.answers:
        own_name = answer.fields.get("name") or answer.fields.get("tool_name") or "unknown"
        name = names.get(answer.fields.get("tool_call_id"), str(own_name))
        content = answer.fields.get("content")
        if answer.items:
            yield name, answer.text, answer
            continue
        # FunctionGemma's documentation puts the name into the content: {"name": …, "response": …}
        for value in content if isinstance(content, list) and content else [content]:
            if isinstance(value, Mapping) and set(value) == {"name", "response"}:
                yield str(value["name"]), value["response"], None
            else:
                yield name, value, None
