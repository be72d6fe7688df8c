"""Tool calls and the answers to them in a conversation, and how they are written into a prompt.

``prompts.tools`` gives the sources of the syntax; ``call_parser`` reads a call out of a reply.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json
from gemma_nb.prompts.messages import ContentPart, Turn, check_text
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.tool_schemas import json_value
from gemma_nb.prompts.tools import Grammar


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
    return check_text(function["name"]), json_value(arguments, "tool_calls")


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
    yield Part(placeholders[item.kind], by_format=True, medium=item.medium)


def _render_calls(calls: Iterable[Any], grammar: Grammar) -> Iterator[Part]:
    opening, closing = grammar.call
    for call in calls:
        name, arguments = read_call(call)
        yield Part(f"{opening}call:", by_format=True)
        yield Part(name)
        if isinstance(arguments, Mapping):
            yield from grammar.render_value(arguments)
        else:
            yield Part("{", by_format=True)
            yield Part(check_text(arguments))
            yield Part("}", by_format=True)
        yield Part(closing, by_format=True)


def _render_response(name: str, response: Any, grammar: Grammar) -> Iterator[Part]:
    """What a function answered; a value that is not a mapping stands under the key ``value``."""
    opening, closing = grammar.response
    yield Part(f"{opening}response:", by_format=True)
    yield Part(check_text(name))
    response = json_value(response, "content")
    mapping = response if isinstance(response, dict) else {"value": response}
    yield from grammar.render_value(mapping)
    yield Part(closing, by_format=True)


def _responses(exchange: Exchange) -> Iterator[tuple[str, Any, Turn | None]]:
    """The answers to a message's calls, from its own ``tool_responses`` and the tool messages.

    Yields:
        The function's name, its answer, and the tool message if that has content parts.
    """
    fields = exchange.turn.fields
    for response in fields.get("tool_responses") or ():
        yield _name_of(response), response.get("response"), None
    names = {c.get("id"): read_call(c)[0] for c in exchange.calls if "id" in c}
    for answer in exchange.answers:
        call_id = answer.fields.get("tool_call_id")
        name = names.get(call_id) or _name_of(answer.fields)
        content = answer.fields.get("content")
        if answer.items:
            yield name, answer.text, answer
        elif name == _NO_NAME and (named := _named_responses(content)):
            for value in named:
                yield _name_of(value), value["response"], None
        else:
            yield name, content, None


#: What the publisher's template calls a function that an answer does not name.
_NO_NAME = "unknown"


def _name_of(fields: Mapping[str, Any]) -> str:
    """The name of the function that answers.

    Raises:
        InvalidInput: it is no string.
    """
    name = fields.get("name") or fields.get("tool_name") or _NO_NAME
    if not isinstance(name, str):
        raise InvalidInput("prompt_tool_call")
    return name


def _named_responses(content: Any) -> list[Mapping[str, Any]]:
    """Answers as FunctionGemma's documentation writes them: {"name": …, "response": …}, or a list."""
    entries = content if isinstance(content, list) else [content]
    are_named = [isinstance(e, Mapping) and set(e) == {"name", "response"} for e in entries]
    return list(entries) if all(are_named) else []
