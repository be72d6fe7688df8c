"""Token ids in which only a format's own parts become control tokens.

The Gemma vocabularies declare their turn, image and tool tokens as user-defined symbols.
SentencePiece matches such symbols in any text before it does anything else: a user who types
``<end_of_turn>`` would end their own turn. Prompts are therefore encoded with a copy of the
vocabulary in which the control pieces have other names. Each name starts with a mark, which is a
character that the prompt does not contain. The format's own control tokens get the mark before they
are encoded; user text does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from gemma_nb.errors import InvalidInput

#: The control tokens that the publishers use. The same vocabularies also declare HTML tags and runs
#: of newlines or spaces as user-defined symbols; those are text, and they do not match.
CONTROL = re.compile(
    r"<(?:bos|eos|pad|unk|mask|2mass|img|image|escape|table_of_contents"
    r"|start_of_\w+|end_of_\w+|start_function_\w+|end_function_\w+|\w+_soft_token"
    r"|loc\d{4}|seg\d{3}|unused\d+|ctrl\d+|extra_id_\d+"
    r"|\|[^<>|\s]*\|?|[^<>|\s]+\|)>"
    r"|\[(?:multimodal|@BOS@)\]"
)

#: Tokens that only the tokenizer itself adds; no format writes them.
_RESERVED = frozenset({"<bos>", "<eos>", "<pad>", "<unk>"})

#: The 66 noncharacters of Unicode, which interchanged text should not contain:
#: https://www.unicode.org/faq/private_use.html#nonchar1
_MARKS = tuple(
    map(chr, (*range(0xFDD0, 0xFDF0), *(p + n for p in range(0, 0x110000, 0x10000)
                                        for n in (0xFFFE, 0xFFFF))))
)  # fmt: skip


def split_control_tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Sections of a text, each with whether it is spelled like a control token."""
    end = 0
    for match in CONTROL.finditer(text):
        if match.start() > end:
            yield text[end : match.start()], False
        yield match[0], True
        end = match.end()
    if end < len(text):
        yield text[end:], False


class Vocabulary:
    """Encodes a prompt with a SentencePiece model, with text and control tokens kept apart.

    Args:
        proto: the serialized SentencePiece model.
        special: pieces that the tokenizer declares as special, besides those that match
            ``CONTROL``.
    """

    def __init__(self, proto: bytes, special: frozenset[str] = frozenset()) -> None:
        model, kind = _parse(proto)
        self._proto = proto
        #: control piece -> id
        self.control: dict[str, int] = {
            one.piece: i
            for i, one in enumerate(model.pieces)
            if one.type == kind.CONTROL
            or (one.type != kind.UNKNOWN and (one.piece in special or CONTROL.fullmatch(one.piece)))
        }
        self._control_names = {i: piece for piece, i in self.control.items()}
        writable = sorted(self.control.keys() - _RESERVED, key=len, reverse=True)
        self._lexer = re.compile("|".join(map(re.escape, writable)) or r"(?!)")
        self._processors: dict[str, Any] = {}
        self._spans_independent = _spans_are_independent(model)

    @cached_property
    def bos(self) -> int:
        """The id of ``<bos>``, with which every prompt begins.

        It is looked up by its name, as KerasHub's tokenizers do (``start_token_id``): the protos
        that KerasHub builds from a ``tokenizer.json`` do not say which piece it is.

        Raises:
            InvalidInput: the vocabulary has no token that begins a text.
        """
        bos = self.control.get("<bos>", self._processor(_MARKS[0]).bos_id())
        if bos < 0:
            raise InvalidInput("prompt_no_bos")
        return bos

    @property
    def size(self) -> int:
        """The number of pieces."""
        return int(self._processor(_MARKS[0]).GetPieceSize())

    def piece(self, token: int) -> str:
        """The piece of the id ``token``."""
        return self._control_names.get(token) or self._processor(_MARKS[0]).IdToPiece(token)

    def encode(self, parts: Iterable[tuple[str, bool]]) -> list[tuple[int, bool]]:
        """The ids that ``ids`` gives, each with whether it is a control token.

        Args:
            parts: ``(text, by_format)`` pairs in order. Control tokens count only where the format
                wrote them.

        Raises:
            InvalidInput: as ``ids`` does.
        """
        return [(i, i in self._control_names) for i in self.ids(parts)]

    def ids(self, parts: Iterable[tuple[str, bool]]) -> list[int]:
        """The token ids of a prompt, ``<bos>`` first.

        Args:
            parts: ``(text, by_format)`` pairs in order. Control tokens count only where the format
                wrote them.

        Raises:
            InvalidInput: the text contains all 66 noncharacters, or the vocabulary has no
                ``<bos>``.
        """
        parts = list(parts)
        text = "".join(text for text, _ in parts)
        mark = next((mark for mark in _MARKS if mark not in text), None)
        if mark is None:
            raise InvalidInput("prompt_bad_character", position=text.index(_MARKS[-1]))
        processor = self._processor(mark)
        marked = "".join(
            self._lexer.sub(lambda token: mark + token[0], part) if by_format else part
            for part, by_format in parts
        )
        ids = [self.bos]
        if not self._spans_independent:
            return [*ids, *processor.Encode(marked)]
        first, *others = marked.split(mark)
        ids += self._span_ids(mark, first)
        for other in others:
            token = self._lexer.match(other)
            assert token is not None  # a mark stands before a control piece only
            ids.append(self.control[token[0]])
            ids += self._span_ids(mark, other[token.end() :])
        return ids

    @lru_cache(maxsize=256)  # noqa: B019 - a process holds few vocabularies, and keeps them
    def _span_ids(self, mark: str, text: str) -> tuple[int, ...]:
        """Ids of the text between two control tokens.

        They are cached because a chat sends its earlier turns again with every message.
        """
        return tuple(self._processor(mark).Encode(text))

    def _processor(self, mark: str) -> Any:
        """The processor of the vocabulary whose control pieces start with ``mark``."""
        if mark not in self._processors:
            from sentencepiece import SentencePieceProcessor

            if len(self._processors) > 1:  # keep the first, and one for texts with noncharacters
                self._processors.popitem()
            self._processors[mark] = SentencePieceProcessor(model_proto=self._marked(mark))
        return self._processors[mark]

    def _marked(self, mark: str) -> bytes:
        """The serialized model, with ``mark`` in front of the name of each control piece."""
        model, kind = _parse(self._proto)
        for name, i in self.control.items():
            piece = model.pieces[i]
            if name in _RESERVED:
                piece.type = kind.CONTROL  # SentencePiece does not match control pieces in text
            else:
                piece.piece, piece.type = mark + name, kind.USER_DEFINED
        return bytes(model.SerializeToString())


def vocabulary(tokenizer: Any) -> Vocabulary:
    """The vocabulary of a KerasHub tokenizer. It is built once for each SentencePiece model.

    Args:
        tokenizer: a KerasHub SentencePiece tokenizer.

    Raises:
        InvalidInput: the tokenizer has no SentencePiece model.
    """
    proto = getattr(tokenizer, "proto", None)
    if not isinstance(proto, bytes):
        raise InvalidInput("prompt_no_vocabulary", kind=type(tokenizer).__name__)
    special = getattr(tokenizer, "special_tokens", None) or ()
    return _vocabulary(proto, frozenset(str(s) for s in special))


@lru_cache(maxsize=8)
def _vocabulary(proto: bytes, special: frozenset[str]) -> Vocabulary:
    return Vocabulary(proto, special)


def _parse(proto: bytes) -> tuple[Any, Any]:
    """The parsed model, and its message ``SentencePiece``, which holds the types of pieces.

    Source: https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
    """
    from sentencepiece import sentencepiece_model_pb2

    classes: Any = sentencepiece_model_pb2  # created at import, so without static types
    return classes.ModelProto.FromString(proto), classes.ModelProto.SentencePiece


def _spans_are_independent(model: Any) -> bool:
    """Whether the text between two control tokens gets the same ids alone as in the whole prompt.

    This holds for a BPE vocabulary, as Gemma's are, that neither adds a space in front of a text
    nor removes any.
    """
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    return (
        trainer.model_type == trainer.BPE
        and not normalizer.add_dummy_prefix
        and not normalizer.remove_extra_whitespaces
    )
