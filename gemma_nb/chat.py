"""``Chat``: a conversation with a model, as messages that chat templates take."""

from __future__ import annotations

import inspect
import json
import operator
import weakref
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gemma_nb.arguments import flag_argument, whole_number
from gemma_nb.errors import InvalidInput, shown, shown_path
from gemma_nb.files import atomic_write, expand_home, output_path, parse_json
from gemma_nb.model import Model
from gemma_nb.prompts.reply_parser import Chunk, ReplyParser

#: What happens when the conversation no longer fits ``max_length``.
OVERFLOWS = ("refuse", "drop")
#: Old turns are dropped until one part in so many of ``max_length`` is free for the reply.
_REPLY_SHARE = 4

_FORMAT = "gemma_nb chat"
#: A reply that is being read.
_Stream = Generator[Chunk, None, None]


class Chat:
    """A conversation: each turn is sent together with the turns before it.

    Only new tokens are computed: the model keeps the KV cache of the last conversation and a
    snapshot of the sliding layers at the start of the turn, from which editing, regenerating and
    dropping thoughts continue. A conversation that is resumed after another one is computed again.

    Args:
        model: a loaded model.
        system: an instruction for the whole conversation.
        tools: as in ``format_prompt``.
        thinking: as in ``format_prompt``.
        overflow: what happens when the conversation no longer fits ``model.max_length``: "refuse"
            raises; "drop" leaves out the oldest turns after the system text until half of it is
            free, and counts them in ``dropped``.

    Attributes:
        messages: the whole conversation, dropped messages included: a list of {"role": …,
            "content": …}. The model's turns hold its thoughts as "reasoning" and its calls as
            "tool_calls".
        dropped: the number of messages after the system text that are no longer sent.

    Raises:
        InvalidInput: ``system`` is not a string, or ``overflow`` is not one of the two.
    """

    def __init__(
        self,
        model: Model,
        system: str | None = None,
        tools: Sequence[Any] | None = None,
        *,
        thinking: bool = False,
        overflow: str = "refuse",
    ) -> None:
        if not isinstance(overflow, str) or overflow not in OVERFLOWS:
            raise InvalidInput("bad_overflow", value=shown(overflow), known=", ".join(OVERFLOWS))
        self.model = model
        self.tools = tools
        self.thinking = flag_argument(thinking, "thinking")
        self.overflow = overflow
        self.messages: list[dict[str, Any]] = []
        self.dropped = 0
        self.system = system
        #: the reply that is being read, or was left unread
        self._open_reply: weakref.ref[_Stream] | None = None

    @property
    def system(self) -> str | None:
        """The instruction for the whole conversation; it may be set at any time.

        One that is set while a reply streams holds from the next turn on.
        """
        return self.messages[0]["content"] if self._has_system() else None

    @system.setter
    def system(self, text: str | None) -> None:
        if text is not None and not isinstance(text, str):
            raise InvalidInput("system_wants_text", value=shown(text))
        rest = self.messages[self._has_system() :]
        first = [{"role": "system", "content": text}] if text and text.strip() else []
        self.messages = [*first, *rest]

    @property
    def context_left(self) -> int:
        """The number of tokens left for the next question and its answer."""
        ids = self._ids([*self._sent(self.messages, self.dropped), {"role": "user", "content": ""}])
        return max(0, self.model.max_length - len(ids))

    def send(self, content: Any, max_new_tokens: int = 256, **options: Any) -> Iterator[str]:
        """Sends a turn and streams the answer.

        The turn and the answer are added to the conversation when the answer ends, also where the
        answer is empty. Of an answer that is interrupted or not read to its end, the part so far is
        added; the next turn that is sent ends it. If no answer began, the conversation stays as it
        was.

        Args:
            content: what the user says: a string, content parts, or a whole message (for example
                the response of a tool).
            max_new_tokens: the largest number of tokens to generate.
            **options: those of ``Model.stream``.

        Returns:
            An iterator over the text of the answer. Thoughts and calls are left out; they are in
            ``messages`` afterwards.

        Raises:
            InvalidInput: as in ``Model.stream``, or the conversation is too long, or another thread
                reads a reply; raised by the call itself. Also raised by the iterator, if the
                conversation went on between the call and the first piece.
        """
        return _answers(self.chunks(content, max_new_tokens, **options))

    def chunks(self, content: Any, max_new_tokens: int = 256, **options: Any) -> Iterator[Chunk]:
        """As ``send``, with everything that the model writes, as ``Model.chunks`` yields it."""
        self._end_open_reply()
        return self._reply(self.messages, _turn(content), max_new_tokens, options)

    def regenerate(self, max_new_tokens: int = 256, **options: Any) -> Iterator[str]:
        """Generates another answer to the last question; as ``send``.

        Raises:
            InvalidInput: as in ``send``, or there is no question yet.
        """
        return _answers(self.regenerate_chunks(max_new_tokens, **options))

    def regenerate_chunks(self, max_new_tokens: int = 256, **options: Any) -> Iterator[Chunk]:
        """As ``regenerate``, with everything that the model writes."""
        self._end_open_reply()
        before, turn = self._last()
        return self._reply(before, turn, max_new_tokens, options, new_turn=False)

    def edit(
        self, content: Any, max_new_tokens: int = 256, *, question: int = -1, **options: Any
    ) -> Iterator[str]:
        """Replaces a question, the last one if not told otherwise, and what followed it; as ``send``.

        Args:
            content: as in ``send``.
            max_new_tokens: as in ``send``.
            question: which of the user's messages, counted from 0; -1 is the last.
            **options: as in ``send``.

        Raises:
            InvalidInput: as in ``send``, or there is no such question.
        """
        return _answers(self.edit_chunks(content, max_new_tokens, question=question, **options))

    def edit_chunks(
        self, content: Any, max_new_tokens: int = 256, *, question: int = -1, **options: Any
    ) -> Iterator[Chunk]:
        """As ``edit``, with everything that the model writes."""
        self._end_open_reply()
        before, _ = self._last(question)
        return self._reply(before, _turn(content), max_new_tokens, options, new_turn=False)

    def to_dict(self) -> dict[str, Any]:
        """The conversation and its settings, for JSON. ``tools`` are unchanged."""
        return {
            "format": _FORMAT,
            "variant": self.model.variant.name,
            "thinking": self.thinking,
            "overflow": self.overflow,
            "tools": None if self.tools is None else list(self.tools),
            "dropped": self.dropped,
            "messages": self.messages,
        }

    def save(self, path: str | Path) -> Path:
        """Writes the conversation as JSON.

        Args:
            path: a file, which is replaced if it exists; it stays as it is if the save fails.

        Returns:
            The file.

        Raises:
            InvalidInput: the conversation holds what JSON cannot express (an image that is not a
                path, a Python function as a tool, half a character of UTF-16), or no file can have
                that path.
            OSError: the file cannot be written.
        """
        path = output_path(path)
        try:
            text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
            data = f"{text}\n".encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidInput("chat_not_json", why=error) from None
        atomic_write(path, data)
        return path

    @classmethod
    def load(cls, path: str | Path, model: Model) -> Chat:
        """Reads a conversation that ``save`` wrote, to continue it.

        Args:
            path: the file.
            model: a loaded model; any model that takes these messages.

        Raises:
            InvalidInput: the file holds no conversation.
            OSError: the file cannot be read.
        """
        try:
            data = parse_json(expand_home(path).read_bytes())
        except ValueError as error:
            raise InvalidInput("chat_not_read", path=shown_path(path), why=error) from None
        if not isinstance(data, dict) or data.get("format") != _FORMAT:
            raise InvalidInput(
                "chat_not_read", path=shown_path(path), why=f'"format" is not "{_FORMAT}"'
            )
        messages = data.get("messages")
        if not isinstance(messages, list) or not all(_is_message(one) for one in messages):
            raise InvalidInput(
                "chat_not_read", path=shown_path(path), why='"messages" is no conversation'
            )
        chat = cls(
            model,
            tools=data.get("tools"),
            thinking=bool(data.get("thinking")),
            overflow=data.get("overflow", "refuse"),
        )
        chat.messages = messages
        dropped = data.get("dropped", 0)
        chat.dropped = dropped if type(dropped) is int and 0 <= dropped < len(messages) else 0
        return chat

    # --- which messages are sent

    def _has_system(self) -> bool:
        return bool(self.messages) and self.messages[0]["role"] in {"system", "developer"}

    def _rest(self) -> list[dict[str, Any]]:
        """The messages after the system text."""
        return self.messages[self._has_system() :]

    def _last(self, question: int = -1) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The messages before a question, the last one if not told otherwise, and the question."""
        questions = [i for i, one in enumerate(self.messages) if one["role"] == "user"]
        count = len(questions)
        at = questions[whole_number(question, "chat_nothing_asked", -count, count - 1)]
        return self.messages[:at], self.messages[at]

    def _sent(self, messages: list[dict[str, Any]], dropped: int) -> list[dict[str, Any]]:
        first = int(self._has_system())
        return [*messages[:first], *messages[first + dropped :]]

    def _ids(self, messages: list[dict[str, Any]]) -> list[int]:
        return self.model.prompt_ids(messages, tools=self.tools, thinking=self.thinking)

    def _fitting(self, messages: list[dict[str, Any]], max_new_tokens: int) -> int:
        """The number of oldest messages to leave out so that a reply fits after the rest."""
        length = self.model.max_length
        first = int(self._has_system())
        # a turn begins with a user message; the last turn is always sent
        starts = [
            i - first for i, one in enumerate(messages) if i >= first and one["role"] == "user"
        ]
        dropped = min(self.dropped, starts[-1]) if starts else 0
        reply = min(max_new_tokens, length // _REPLY_SHARE)
        if len(self._ids(self._sent(messages, dropped))) + reply <= length:
            return dropped
        for start in (s for s in starts if s > dropped):
            dropped = start
            if len(self._ids(self._sent(messages, start))) <= length // 2:
                break
        return dropped

    def _reply(
        self,
        before: list[dict[str, Any]],
        turn: dict[str, Any],
        max_new_tokens: int,
        options: dict[str, Any],
        *,
        new_turn: bool = True,
    ) -> _Stream:
        messages = [*before, turn]
        drops = self.overflow == "drop" and type(max_new_tokens) is int
        dropped = self._fitting(messages, max_new_tokens) if drops else self.dropped
        chunks, parser = self.model._chunks(  # noqa: SLF001
            self._sent(messages, dropped),
            max_new_tokens,
            tools=self.tools,
            thinking=self.thinking,
            cache={"reuse": True, "new_turn": new_turn},
            **options,
        )
        turns = [*before[self._has_system() :], turn]
        own: list[weakref.ref[_Stream]] = []
        reply = self._record(self._rest(), turns, dropped, chunks, parser, own)
        own.append(weakref.ref(reply))
        return reply

    def _end_open_reply(self) -> None:
        """Adds what was read of a reply that was left unread, so that the next turn follows it.

        Raises:
            InvalidInput: another thread reads it.
        """
        reply = self._open_reply() if self._open_reply else None
        if reply is None:
            return
        try:
            reply.close()
        except ValueError:  # the generator is executing
            raise InvalidInput("chat_still_answering") from None

    def _record(
        self,
        known: list[dict[str, Any]],
        turns: list[dict[str, Any]],
        dropped: int,
        chunks: Iterator[Chunk],
        parser: ReplyParser,
        own: list[weakref.ref[_Stream]],
    ) -> _Stream:
        """Yields the chunks of a reply, then adds the turn and the reply to the conversation.

        ``known`` are the messages after the system text when the turn was sent, ``turns`` those
        before the reply, the turn included; ``own`` holds a reference to this generator.
        """
        open_reply = self._open_reply() if self._open_reply else None
        if open_reply is not None and inspect.getgeneratorstate(open_reply) != "GEN_CLOSED":
            raise InvalidInput("chat_still_answering")
        if not _begins_with(self._rest(), known) or len(self._rest()) != len(known):
            raise InvalidInput("chat_went_on")
        self._open_reply = own[0]
        ended = False
        try:
            yield from chunks
            ended = True
        finally:
            parser.close()
            reply = parser.reply
            if reply.text or ended:
                now = self._rest()
                if _begins_with(now, known):
                    now, self.dropped = [*turns, reply.message(), *now[len(known) :]], dropped
                else:  # the caller replaced the messages meanwhile
                    now = [*now, turns[-1], reply.message()]
                self.messages = [*self.messages[: self._has_system()], *now]


def _begins_with(messages: list[dict[str, Any]], first: list[dict[str, Any]]) -> bool:
    """Whether these are the first messages; they are the same objects, which need no comparison."""
    return len(messages) >= len(first) and all(map(operator.is_, messages, first))


def _turn(content: Any) -> dict[str, Any]:
    if isinstance(content, Mapping) and "role" in content:
        return dict(content)
    return {"role": "user", "content": content}


def _is_message(one: Any) -> bool:
    return isinstance(one, dict) and isinstance(one.get("role"), str)


def _answers(chunks: Iterator[Chunk]) -> Iterator[str]:
    for chunk in chunks:
        if chunk.text and chunk.kind != "thought":
            yield chunk.text
