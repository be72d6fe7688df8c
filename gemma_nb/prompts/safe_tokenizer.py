"""Token ids in which only the format's own parts give control tokens.

The Gemma vocabularies hold their turn, image and tool tokens as user-defined symbols, which
SentencePiece cuts out of any text before it does anything else: a user who types
``<end_of_turn>`` would end their own turn. So prompts are encoded with a second vocabulary, the
same but for the names of those pieces: each starts with a mark, a character that the text at hand
does not hold. The format's own control tokens are marked, and nobody's text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from gemma_nb.errors import InvalidInput

#: What the publishers' control tokens look like. HTML tags and runs of newlines or spaces, which
#: the same vocabularies hold as user-defined symbols too, are text and stay so.
CONTROL = re.compile(
    r"<(?:bos|eos|pad|unk|mask|2mass|img|image|escape|table_of_contents"
    r"|start_of_\w+|end_of_\w+|start_function_\w+|end_function_\w+|\w+_soft_token"
    r"|loc\d{4}|seg\d{3}|unused\d+|ctrl\d+|extra_id_\d+"
    r"|\|[^<>|\s]*\|?|[^<>|\s]+\|)>"
    r"|\[(?:multimodal|@BOS@)\]"
)

#: Types of a piece in a SentencePiece model (sentencepiece_model.proto).
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED = 1, 2, 3, 4

#: Written only by the tokenizer itself, never by a format.
_RESERVED = frozenset({"<bos>", "<eos>", "<pad>", "<unk>"})

#: Marks: Unicode's noncharacters, which no interchanged text is to hold.
_MARKS = tuple(
    map(chr, (*range(0xFDD0, 0xFDF0), *(p + n for p in range(0, 0x110000, 0x10000)
                                        for n in (0xFFFE, 0xFFFF))))
)  # fmt: skip


class Vocabulary:
    """What a SentencePiece model gives for text and for control, kept apart.

    Args:
        proto: the serialized model.
        special: pieces that the tokenizer declares special beside those that look it.
    """

    def __init__(self, proto: bytes, special: frozenset[str] = frozenset()) -> None:
        self._proto = proto
        self._found = [
            (piece, i, bounds)
            for i, (piece, kind, bounds) in enumerate(_pieces(proto))
            if kind == _CONTROL
            or (kind != _UNKNOWN and (piece in special or CONTROL.fullmatch(piece)))
        ]
        #: control piece -> id
        self.control: dict[str, int] = {piece: i for piece, i, _ in self._found}
        self._names = {i: piece for piece, i in self.control.items()}
        written = sorted(self.control.keys() - _RESERVED, key=len, reverse=True)
        self._lexer = re.compile("|".join(map(re.escape, written)) or r"(?!)")
        self._processors: dict[str, Any] = {}
        self._apart = _are_apart(proto)

    @cached_property
    def bos(self) -> int:
        """The id of ``<bos>``, with which every prompt begins.

        It is found by its name, as KerasHub's tokenizers find it (``start_token_id``): the protos
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
        """How many pieces it holds."""
        return int(self._processor(_MARKS[0]).GetPieceSize())

    def piece(self, token: int) -> str:
        """The piece of id ``token``."""
        return self._names.get(token) or self._processor(_MARKS[0]).IdToPiece(token)

    def encode(self, parts: Iterable[tuple[str, bool]]) -> list[tuple[int, bool]]:
        """The same ids as ``ids``, each with whether it is a control token."""
        return [(i, i in self._names) for i in self.ids(parts)]

    def ids(self, parts: Iterable[tuple[str, bool]]) -> list[int]:
        """Ids of a prompt; ``<bos>`` first.

        Args:
            parts: ``(text, control)`` in order.

        Raises:
            InvalidInput: the text holds every one of the 66 noncharacters, or the vocabulary has no
                ``<bos>``.
        """
        parts = list(parts)
        text = "".join(text for text, _ in parts)
        mark = next((mark for mark in _MARKS if mark not in text), None)
        if mark is None:
            raise InvalidInput("prompt_bad_character", position=text.index(_MARKS[-1]))
        processor = self._processor(mark)
        marked = "".join(
            self._lexer.sub(lambda found: mark + found[0], part) if control else part
            for part, control in parts
        )
        ids = [self.bos]
        if not self._apart:
            return [*ids, *processor.Encode(marked)]
        first, *others = marked.split(mark)
        ids += self._stretch(mark, first)
        for other in others:
            found = self._lexer.match(other)
            assert found is not None  # a mark stands before a piece
            ids.append(self.control[found[0]])
            ids += self._stretch(mark, other[found.end() :])
        return ids

    @lru_cache(maxsize=256)  # noqa: B019 - vocabularies are few and stay
    def _stretch(self, mark: str, text: str) -> tuple[int, ...]:
        """Ids of what stands between two control tokens: of a chat all but the last were said before."""
        return tuple(self._processor(mark).Encode(text))

    def _processor(self, mark: str) -> Any:
        """The second vocabulary's processor for ``mark``."""
        if mark not in self._processors:
            from sentencepiece import SentencePieceProcessor

            if len(self._processors) > 1:  # one for strange texts is enough beside the first
                self._processors.popitem()
            changes = [
                (bounds, piece, _CONTROL) if piece in _RESERVED else
                (bounds, mark + piece, _USER_DEFINED)
                for piece, _, bounds in self._found
            ]  # fmt: skip
            changed = _with_pieces(self._proto, changes)
            self._processors[mark] = SentencePieceProcessor(model_proto=changed)
        return self._processors[mark]


def vocabulary(tokenizer: Any) -> Vocabulary:
    """The vocabulary of a KerasHub tokenizer; the work is done once for each.

    Args:
        tokenizer: a KerasHub SentencePiece tokenizer.

    Raises:
        InvalidInput: it holds no SentencePiece model.
    """
    proto = getattr(tokenizer, "proto", None)
    if not isinstance(proto, bytes):
        raise InvalidInput("prompt_no_vocabulary", kind=type(tokenizer).__name__)
    special = getattr(tokenizer, "special_tokens", None) or ()
    return _vocabulary(proto, frozenset(str(s) for s in special))


@lru_cache(maxsize=8)
def _vocabulary(proto: bytes, special: frozenset[str]) -> Vocabulary:
    return Vocabulary(proto, special)


def _pieces(proto: bytes) -> Iterator[tuple[str, int, tuple[int, int]]]:
    """Piece, type, and the field's bounds in ``proto``, for each piece of a SentencePiece model.

    ModelProto keeps its pieces in field 1, each a message of piece (1), score (2) and type (3,
    normal when absent): https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
    Read by hand because protobuf's runtime comes with TensorFlow only.
    """
    for number, value, bounds in _fields(proto):
        if number != 1 or not isinstance(value, bytes):
            continue
        size = value[1]
        if value[0] == 0x0A and size < 0x80 and len(value) == size + 7:
            # the usual layout, a piece and a score: read at once, since there are 262,144 of them
            yield value[2 : size + 2].decode("utf-8", "replace"), _NORMAL, bounds
            continue
        fields = {n: v for n, v, _ in _fields(value)}
        piece, kind = fields.get(1, b""), fields.get(3, _NORMAL)
        if isinstance(piece, bytes) and isinstance(kind, int):
            yield piece.decode("utf-8", "replace"), kind, bounds


def _are_apart(proto: bytes) -> bool:
    """Whether the text between two control tokens gets the same ids alone as within the whole.

    So in a BPE vocabulary, which Gemma's are, that neither puts a space in front of a text nor takes
    any away: ModelProto's trainer_spec.model_type is 2, normalizer_spec.add_dummy_prefix and
    remove_extra_whitespaces are 0 (true where absent).
    """
    specs = {n: v for n, v, _ in _fields(proto) if n in (2, 3) and isinstance(v, bytes)}
    trainer, normalizer = ({n: v for n, v, _ in _fields(specs.get(k, b""))} for k in (2, 3))
    return trainer.get(3) == 2 and normalizer.get(3) == 0 and normalizer.get(4) == 0


def _with_pieces(proto: bytes, changes: Iterable[tuple[tuple[int, int], str, int]]) -> bytes:
    """``proto`` with other pieces in some fields: ``(bounds, piece, type)`` in order."""
    out, at = [], 0
    for (start, end), piece, kind in changes:
        ((_, body, _),) = _fields(proto[start:end])
        if isinstance(body, bytes):
            name = piece.encode()
            # a scalar field that is written twice takes its last value
            body += b"\x0a" + _varint(len(name)) + name + bytes((3 << 3, kind))
            out += [proto[at:start], b"\x0a", _varint(len(body)), body]
            at = end
    return b"".join((*out, proto[at:]))


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes, tuple[int, int]]]:
    """Number, value and bounds of each field of a protobuf message.

    https://protobuf.dev/programming-guides/encoding
    """
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _read_varint(message, at)
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            if size is None:
                size, at = _read_varint(message, at)
            value, at = message[at : at + size], at + size
        yield tag >> 3, value, (start, at)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
