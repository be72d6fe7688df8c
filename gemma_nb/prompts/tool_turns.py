"""Conversations with tools: what Gemma 4 and FunctionGemma share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import Item, Turn
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.tools import Grammar, responses


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


def exchanges(turns: Sequence[Turn]) -> list[Exchange]:
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


def tool_parts(
    exchange: Exchange, grammar: Grammar, placeholders: Mapping[str, str]
) -> Iterator[Part]:
    """The calls of a message and what the functions answered.

    Args:
        exchange: the message and its answers.
        grammar: the format's tokens.
        placeholders: what stands for media that a function answered with.
    """
    yield from grammar.calls(exchange.calls)
    for name, response, message in responses(exchange.turn, exchange.answers):
        yield from grammar.respond(name, response)
        for item in message.items if message else ():
            if item.medium:
                yield from medium_part(item, placeholders)


def medium_part(item: Item, placeholders: Mapping[str, str]) -> Iterator[Part]:
    """The placeholder of one medium."""
    yield Part(placeholders[item.kind], control=True, medium=item.medium)
