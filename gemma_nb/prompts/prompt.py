"""A rendered prompt: a string that knows which of its parts are control and which somebody's text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.safe_tokenizer import vocabulary


@dataclass(frozen=True)
class Media:
    """One image, clip or video of the conversation.

    ``kind`` is "image", "audio" or "video"; ``data`` what the message carried (a path, bytes, a
    PIL image, an array), None for a bare placeholder.
    """

    kind: str
    data: Any = field(default=None, compare=False)


class Part(NamedTuple):
    """A stretch of a prompt; of a long chat some hundred are made a turn.

    ``control`` is True for what the format itself writes (tags, roles, the newlines round them)
    and False for what a person, a tool or a model said. ``medium`` is what a placeholder stands
    for; its text is empty in the formats that place images outside the text.
    """

    text: str
    control: bool = False
    medium: Media | None = None


@dataclass(frozen=True)
class Piece:
    """One token of a prompt: its id, its piece in the vocabulary, and whether it is control."""

    id: int
    piece: str
    control: bool


class Prompt(str):
    """A prompt as the model reads it, without the ``<bos>`` that goes in front.

    Args:
        parts: the stretches that make it up, in order. Neighbours of one kind are joined.
    """

    __slots__ = ("parts",)

    parts: tuple[Part, ...]

    def __new__(cls, parts: Iterable[Part] = ()) -> Self:
        """Joins ``parts``; a str takes its characters when it is made."""
        joined: list[Part] = []
        for part in parts:
            last = joined[-1] if joined else None
            if part.medium:
                joined.append(part)
            elif last and last.control == part.control and not last.medium:
                joined[-1] = Part(last.text + part.text, part.control)
            elif part.text:
                joined.append(part)
        prompt = super().__new__(cls, "".join(p.text for p in joined))
        prompt.parts = tuple(joined)
        return prompt

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.parts,)

    @property
    def media(self) -> tuple[Media, ...]:
        """The images, clips and videos, in the order of their placeholders."""
        return tuple(part.medium for part in self.parts if part.medium)

    def token_ids(self, tokenizer: Any) -> list[int]:
        """The ids that the model is sent: one ``<bos>``, then the prompt.

        Control parts alone give control ids; text that spells a control token becomes ordinary
        pieces, and text that does not gets the ids the tokenizer gives the whole string.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.

        Raises:
            InvalidInput: ``tokenizer`` holds no SentencePiece vocabulary.
        """
        return vocabulary(tokenizer).ids(self._texts())

    def pieces(self, tokenizer: Any) -> list[Piece]:
        """The same tokens as ``token_ids``, each with its piece.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.

        Raises:
            InvalidInput: ``tokenizer`` holds no SentencePiece vocabulary.
        """
        vocab = vocabulary(tokenizer)
        return [Piece(i, vocab.piece(i), control) for i, control in vocab.encode(self._texts())]

    def _texts(self) -> list[tuple[str, bool]]:
        return [(part.text, part.control) for part in self.parts]

    def check_length(self, tokenizer: Any, max_length: int, new_tokens: int = 1) -> int:
        """Makes sure that the prompt leaves room to answer.

        An image counts as its one placeholder here.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.
            max_length: tokens of prompt and answer together.
            new_tokens: tokens that must stay free for the answer.

        Returns:
            The prompt's length in tokens, ``<bos>`` included.

        Raises:
            InvalidInput: it is too long; the message says by how many tokens.
        """
        length = len(self.token_ids(tokenizer))
        if length + new_tokens > max_length:
            raise InvalidInput(
                "prompt_too_long",
                length=length,
                max_length=max_length,
                new_tokens=new_tokens,
                over=length + new_tokens - max_length,
            )
        return length


#: Tokens that any reply may hold by mistake; they are never shown.
_STRAY = ("<bos>", "<pad>")


@dataclass(frozen=True)
class ReplyMarkup:
    """The control tokens of a format's replies.

    Args:
        stop_tokens: tokens that end a reply; the rest is not part of it.
        hidden_tokens: tokens that are left out wherever they occur.
        thought: what opens and closes a thought, if the format has thoughts.
        call: what opens and closes a tool call, if the format has tools.
        quote: what stands round strings in a call.
        kind: what the text is: "chat", "boxes" (PaliGemma), "verdict" (ShieldGemma) or "code".
    """

    stop_tokens: tuple[str, ...]
    hidden_tokens: tuple[str, ...] = ()
    thought: tuple[str, str] | None = None
    call: tuple[str, str] | None = None
    quote: str = ""
    kind: str = "chat"

    @property
    def tokens(self) -> frozenset[str]:
        """Every token that the parser looks for."""
        pairs: Sequence[tuple[str, ...]] = (self.thought or (), self.call or ())
        return frozenset(
            (*self.stop_tokens, *self.hidden_tokens, *_STRAY, *(t for p in pairs for t in p))
        )
