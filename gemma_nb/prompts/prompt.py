"""A rendered prompt: a string that knows which of its parts the format wrote and which are text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from gemma_nb.errors import InvalidInput
from gemma_nb.html_markup import Html, esc, tag
from gemma_nb.i18n import text
from gemma_nb.prompts.safe_tokenizer import split_control_tokens, vocabulary

#: The styles of a control token and of other characters that the format writes, as in the panels
#: (widgets/base/prompt_view.css), but without a style sheet.
_CONTROL_STYLE = "border:1px solid #8888;border-radius:4px;background:#3b6fd433;padding:0 3px"
_FORMAT_STYLE = "opacity:.75"


@dataclass(frozen=True)
class Media:
    """One image, audio clip or video of the conversation.

    Args:
        kind: "image", "audio" or "video".
        data: what the message carried (a path, bytes, a PIL image, an array), or None for a bare
            placeholder.
    """

    kind: str
    data: Any = field(default=None, compare=False)


class Part(NamedTuple):
    """A stretch of a prompt.

    It is a tuple, not a dataclass, because a long chat makes some hundred of them every turn.

    Args:
        text: the characters. They are empty for an image in a format that places images outside
            the text.
        by_format: True for what the format itself writes (tags, roles and the newlines around
            them), False for the text of a user, a tool or a model.
        medium: what a placeholder stands for.
    """

    text: str
    by_format: bool = False
    medium: Media | None = None


@dataclass(frozen=True)
class Piece:
    """One token of a prompt.

    Args:
        id: the token's id.
        piece: its piece in the vocabulary.
        control: whether it is a control token.
    """

    id: int
    piece: str
    control: bool


class Prompt(str):
    """A prompt as the model reads it, without the ``<bos>`` in front.

    Attributes:
        parts: the stretches of the prompt, in order: text of the format, text of messages, media.
    """

    __slots__ = ("parts",)

    parts: tuple[Part, ...]

    def __new__(cls, parts: Iterable[Part] = ()) -> Self:
        """Creates a prompt; a str is immutable, so this is not ``__init__``.

        Args:
            parts: the stretches of the prompt, in order. Neighbours of one kind are joined.
        """
        joined: list[Part] = []
        for part in parts:
            last = joined[-1] if joined else None
            if part.medium:
                joined.append(part)
            elif last and last.by_format == part.by_format and not last.medium:
                joined[-1] = Part(last.text + part.text, part.by_format)
            elif part.text:
                joined.append(part)
        prompt = super().__new__(cls, "".join(p.text for p in joined))
        prompt.parts = tuple(joined)
        return prompt

    def _repr_html_(self) -> Html:
        """The prompt in the three classes of the inspector: text cannot become markup.

        Control tokens are boxed, other characters of the format are italic, text of a message is plain.
        """
        token = tag("b", text("inspector_legend_token"), style=_CONTROL_STYLE)
        other = tag("i", text("inspector_legend_format"), style=_FORMAT_STYLE)
        legend = tag("small", token, " · ", other, " · ", text("inspector_legend_text"))
        spans = (
            span for part in (Part("<bos>", by_format=True), *self.parts) for span in _spans(part)
        )
        lines = tag("div", *spans, style="white-space:pre-wrap;font-family:monospace")
        return tag("div", lines, legend, style="line-height:1.7")

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (self.parts,)

    @property
    def media(self) -> tuple[Media, ...]:
        """The images, audio clips and videos, in the order of their placeholders."""
        return tuple(part.medium for part in self.parts if part.medium)

    def token_ids(self, tokenizer: Any) -> list[int]:
        """The token ids of the model's input: one ``<bos>``, then the prompt.

        Only parts that the format wrote give ids of control tokens. Other text that spells a
        control token becomes ordinary pieces. Where no text does, the ids are those that the
        tokenizer gives the whole string.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.

        Raises:
            InvalidInput: ``tokenizer`` has no SentencePiece vocabulary.
        """
        return vocabulary(tokenizer).ids(self._texts())

    def pieces(self, tokenizer: Any) -> list[Piece]:
        """The tokens of ``token_ids``, each with its piece.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.

        Raises:
            InvalidInput: ``tokenizer`` has no SentencePiece vocabulary.
        """
        vocab = vocabulary(tokenizer)
        return [Piece(i, vocab.piece(i), control) for i, control in vocab.encode(self._texts())]

    def _texts(self) -> list[tuple[str, bool]]:
        return [(part.text, part.by_format) for part in self.parts]

    def check_length(self, tokenizer: Any, max_length: int, new_tokens: int = 1) -> int:
        """Checks that the prompt leaves room for an answer.

        An image counts as one token, its placeholder.

        Args:
            tokenizer: a KerasHub SentencePiece tokenizer.
            max_length: the maximum length of prompt and answer together, in tokens.
            new_tokens: the number of tokens that must be left for the answer.

        Returns:
            The length of the prompt in tokens, with ``<bos>``.

        Raises:
            InvalidInput: the prompt is too long. The message says by how many tokens.
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


def _spans(part: Part) -> Iterator[Html]:
    """A part as HTML."""
    if not part.by_format:
        yield esc(part.text)
        return
    for section, is_token in split_control_tokens(part.text):
        if is_token:
            yield tag("b", section, style=_CONTROL_STYLE)
        else:
            yield tag("i", section.replace("\n", "↵\n"), style=_FORMAT_STYLE)


#: Tokens that any reply may contain by mistake; they are always hidden.
_STRAY = ("<bos>", "<pad>")


@dataclass(frozen=True)
class ReplyMarkup:
    """The control tokens in the replies of a format.

    Args:
        stop_tokens: tokens that end a reply. What follows is not part of it.
        hidden_tokens: tokens that are left out wherever they occur.
        thought: the tokens that open and close a thought, if the format has thoughts.
        call: the tokens that open and close a tool call, if the format has tools.
        quote: the token before and after each string of a call.
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
        """Every token that the parser of replies looks for."""
        pairs: Sequence[tuple[str, ...]] = (self.thought or (), self.call or ())
        return frozenset(
            (*self.stop_tokens, *self.hidden_tokens, *_STRAY, *(t for p in pairs for t in p))
        )
