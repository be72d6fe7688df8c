"""Parses what a model wrote: answer, thoughts, tool calls, boxes, a verdict, code.

Malformed output never raises an error: it is kept as text, with a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

from gemma_nb.arguments import text_argument, whole_number
from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.i18n import Message
from gemma_nb.prompts.boxes import Box, is_box_start, parse_box
from gemma_nb.prompts.call_parser import ToolCall, parse_call
from gemma_nb.prompts.formats.fim import MIDDLE
from gemma_nb.prompts.formatting import format_of

#: The name of a channel, which is the first line of a thought.
_CHANNEL = re.compile(r"\w{1,32}\n")
_CHANNEL_START = re.compile(r"\w{0,32}")

_VERDICT = re.compile(r"""\s*["'*]*(yes|no)\b""", re.IGNORECASE)


@dataclass(frozen=True)
class Chunk:
    """A piece of a reply as it arrives.

    Args:
        kind: "answer", "thought", "code", "call" or "box".
        text: the text of an answer, a thought or code.
        call: the tool call of a "call".
        box: the box of a "box".
    """

    kind: str
    text: str = ""
    call: ToolCall | None = None
    box: Box | None = None


@dataclass(frozen=True)
class Reply:
    """A parsed reply.

    Args:
        text: everything that the model wrote.
        answer: the text for the reader.
        thoughts: the model's thoughts.
        tool_calls: the calls that the model asks for.
        boxes: the boxes (PaliGemma).
        verdict: "Yes" or "No" (ShieldGemma); None for other formats, or if there is no verdict.
        code: the code that fills the gap (CodeGemma); None for other formats.
        notes: what could not be parsed as expected.
    """

    text: str
    answer: str = ""
    thoughts: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    boxes: tuple[Box, ...] = ()
    verdict: str | None = None
    code: str | None = None
    notes: tuple[Message, ...] = ()

    def message(self) -> dict[str, Any]:
        """The reply as an assistant message, which continues the conversation."""
        message: dict[str, Any] = {"role": "assistant", "content": self.answer}
        if self.thoughts:
            message["reasoning"] = self.thoughts
        if self.tool_calls:
            calls = [c.message(f"call_{i}") for i, c in enumerate(self.tool_calls)]
            message["tool_calls"] = calls
        return message


def parse_reply(
    text: str,
    variant: str | Variant,
    image_size: tuple[int, int] | None = None,
    prompt: str = "",
) -> Reply:
    """Parses a complete reply.

    Args:
        text: what the model wrote after its prompt, with the control tokens.
        variant: the variant that wrote it, or its name.
        image_size: width and height in pixels, to which boxes are scaled (PaliGemma).
        prompt: the prompt, which shows whether the reply starts inside a thought.

    Raises:
        InvalidInput: the variant takes no text prompt, or an argument has another type.
    """
    parser = ReplyParser(variant, image_size, prompt)
    parser.feed(text_argument(text, "text"))
    parser.close()
    return parser.reply


def _image_size(size: Any) -> tuple[int, int] | None:
    """Width and height, or None.

    Raises:
        InvalidInput: they are not two positive numbers.
    """
    if size is None:
        return None
    if not isinstance(size, Sequence) or len(size) != 2:
        raise InvalidInput("reply_image_size", value=shown(size))
    width, height = (whole_number(one, "reply_image_size", 1) for one in size)
    return width, height


class ReplyParser:
    """Parses a reply that arrives in pieces. It never returns a part of a control token.

    Args:
        variant: the variant that writes, or its name.
        image_size: as in ``parse_reply``.
        prompt: as in ``parse_reply``.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """

    def __init__(
        self,
        variant: str | Variant,
        image_size: tuple[int, int] | None = None,
        prompt: str = "",
    ) -> None:
        variant, prompt = registry.variant(variant), text_argument(prompt, "prompt")
        self._image_size = _image_size(image_size)
        markup = format_of(variant).reply_markup(variant)
        # CodeGemma's chat model writes code after a fill-in-the-middle prompt.
        self._markup = replace(markup, kind="code") if prompt.endswith(MIDDLE) else markup
        tokens = sorted(self._markup.tokens, key=len, reverse=True)
        self._lexer = re.compile("|".join(map(re.escape, tokens)))
        self._starts = frozenset(t[:n] for t in tokens for n in range(1, len(t)))
        self._longest = len(tokens[0])
        thought = self._markup.thought
        # Only the end of the prompt is examined, because no user text can stand there.
        in_thought = bool(thought and prompt.endswith(f"{thought[0]}thought\n"))
        #: "answer", "channel" (the first line of a thought), "thought", "call", "box", "between"
        #: (two boxes) or "end"
        self._state = "thought" if in_thought else "answer"
        self._pending = ""  # text that may be the start of a token
        self._held = ""  # the name of a channel, a call or a box that is not complete yet
        self._raw: list[str] = []
        self._answer: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[ToolCall] = []
        self._boxes: list[Box] = []
        self._notes: list[Message] = []

    @property
    def reply(self) -> Reply:
        """What was parsed so far. It is complete after ``close``."""
        answer = "".join(self._answer)
        verdict = _VERDICT.match(answer) if self._markup.kind == "verdict" else None
        return Reply(
            text="".join(self._raw),
            answer=answer,
            thoughts="".join(self._thoughts).strip(),
            tool_calls=tuple(self._calls),
            boxes=tuple(self._boxes),
            verdict=verdict[1].capitalize() if verdict else None,
            code=answer if self._markup.kind == "code" else None,
            notes=tuple(self._notes),
        )

    def feed(self, text: str) -> list[Chunk]:
        """Parses the next characters.

        Args:
            text: what the model wrote since the last call, of any length.

        Returns:
            The new chunks. Neighbouring text of one kind is joined.
        """
        self._raw.append(text)
        self._pending += text
        return _joined(self._advance())

    def close(self) -> list[Chunk]:
        """Ends the reply.

        Returns:
            The chunks that were still held back.
        """
        rest, self._pending = self._pending, ""
        return _joined(chain(self._text(rest), self._finish()))

    def _advance(self) -> Iterator[Chunk]:
        while token := self._lexer.search(self._pending):
            yield from self._text(self._pending[: token.start()])
            self._pending = self._pending[token.end() :]
            yield from self._token(token[0])
        # the length of the longest end of the text that may be the start of a token
        held_back = next(
            (
                n
                for n in range(min(self._longest, len(self._pending)), 0, -1)
                if self._pending[-n:] in self._starts
            ),
            0,
        )
        ready = self._pending[: len(self._pending) - held_back]
        self._pending = self._pending[len(ready) :]
        yield from self._text(ready)

    def _finish(self) -> Iterator[Chunk]:
        if self._state == "end":
            return
        if self._state in {"channel", "thought"}:
            yield from self._end_section()
            self._note("reply_open_thought")
        elif self._state == "call":
            yield from self._call(complete=False)
        elif self._state == "box":
            yield from self._box()
        self._held, self._state = "", "end"
        if self._markup.kind == "verdict" and not self.reply.verdict:
            self._note("reply_no_verdict")

    def _token(self, token: str) -> Iterator[Chunk]:
        markup, state = self._markup, self._state
        if state == "end":
            return
        if state == "call" and self._held.count(markup.quote) % 2:
            self._held += token  # inside a string of the call
        elif state == "call" and markup.call and token == markup.call[1]:
            yield from self._call(complete=True)
            self._state = "answer"
        elif token in markup.stop_tokens:
            yield from self._finish()
        elif state == "call":
            self._held += token
        elif markup.thought and token == markup.thought[0]:
            yield from self._end_section()
            self._state = "channel"
        elif markup.thought and token == markup.thought[1]:
            if state == "answer":
                # The reply started inside a thought that the prompt had opened.
                self._thoughts[:] = [*self._thoughts, *self._answer]
                self._answer.clear()
                self._note("reply_unopened_thought")
            yield from self._end_section()
            self._state = "answer"
        elif markup.call and token == markup.call[0]:
            yield from self._end_section()
            self._state = "call"
        elif markup.call and token == markup.call[1]:
            self._note("reply_stray_token", token=token)

    def _end_section(self) -> Iterator[Chunk]:
        """Ends the thought or the box that is being read, if any."""
        if self._state == "channel" and not _CHANNEL_START.fullmatch(self._held):
            yield from self._thought(self._held)
        elif self._state == "box":
            yield from self._box()
        self._held = ""

    def _text(self, text: str) -> Iterator[Chunk]:
        if not text or self._state == "end":
            return
        if self._state == "call":
            self._held += text
        elif self._state == "channel":
            self._held += text
            if _CHANNEL_START.fullmatch(self._held):
                return
            name = _CHANNEL.match(self._held)
            rest, self._held, self._state = self._held, "", "thought"
            yield from self._thought(rest[name.end() :] if name else rest)
        elif self._state == "thought":
            yield from self._thought(text)
        elif self._markup.kind == "boxes":
            yield from self._box_text(text)
        else:
            yield from self._answer_text(text)

    def _thought(self, text: str) -> Iterator[Chunk]:
        if text:
            self._thoughts.append(text)
            yield Chunk("thought", text)

    def _answer_text(self, text: str) -> Iterator[Chunk]:
        if text:
            self._answer.append(text)
            yield Chunk("code" if self._markup.kind == "code" else "answer", text)

    def _call(self, complete: bool) -> Iterator[Chunk]:
        """Parses the call that was held back. A truncated call counts if it can be parsed."""
        text, self._held = self._held, ""
        call = parse_call(text, self._markup.quote)
        if call:
            self._calls.append(call)
            yield Chunk("call", call=call)
        else:
            opening, closing = self._markup.call or ("", "")
            yield from self._answer_text(f"{opening}{text}{closing if complete else ''}")
            self._note("reply_bad_call")

    def _box_text(self, text: str) -> Iterator[Chunk]:
        """Handles text of PaliGemma: a box starts at a location and ends at a semicolon."""
        for character in text:
            if character == "<" and (self._state != "box" or len(self._held) < 4):
                yield from self._answer_text(self._held)
                self._state, self._held = "box", "<"
            elif self._state == "between" and character.isspace():
                pass  # white space between two boxes belongs to neither
            elif self._state != "box":
                self._state = "answer"
                yield from self._answer_text(character)
            elif character == ";" and len(self._held) >= 4:
                yield from self._box(character)
            else:
                self._held += character
                if not is_box_start(self._held):
                    yield from self._box()

    def _box(self, separator: str = "") -> Iterator[Chunk]:
        text, self._held, self._state = self._held, "", "answer"
        box = parse_box(text, self._image_size)
        if box:
            self._state = "between"
            self._boxes.append(box)
            yield Chunk("box", box=box)
            return
        if any(c.isdigit() for c in text) and is_box_start(text):
            self._note("reply_bad_box")
        yield from self._answer_text(text + separator)

    def _note(self, key: str, **values: Any) -> None:
        self._notes.append(Message(key, values))


def _joined(chunks: Iterator[Chunk]) -> list[Chunk]:
    """Joins neighbouring text of one kind."""
    joined: list[Chunk] = []
    for chunk in chunks:
        if joined and chunk.text and joined[-1].text and joined[-1].kind == chunk.kind:
            joined[-1] = Chunk(chunk.kind, joined[-1].text + chunk.text)
        else:
            joined.append(chunk)
    return joined
