"""Token ids in which only the format's own parts give control tokens.

The Gemma vocabularies hold their turn, image and tool tokens as user-defined symbols, which
SentencePiece cuts out of any text before it does anything else: a user who types
``<end_of_turn>`` would end their own turn. So text is encoded by a second processor, made from the
same vocabulary with those pieces marked as control symbols, which no text can give.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
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

#: The type of a control symbol in a SentencePiece model (sentencepiece_model.proto).
_CONTROL_TYPE = 3

#: Written only by the tokenizer itself, never by a format.
_RESERVED = frozenset({"<bos>", "<eos>", "<pad>", "<unk>"})


class Vocabulary:
    """What a SentencePiece model gives for text and for control, kept apart.

    Args:
        proto: the serialized model.
        special: pieces that the tokenizer declares special beside those that look it.
    """

    def __init__(self, proto: bytes, special: frozenset[str] = frozenset()) -> None:
        from sentencepiece import SentencePieceProcessor

        found = [
            (piece, i, bounds)
            for i, (piece, kind, bounds) in enumerate(_pieces(proto))
            if kind == _CONTROL_TYPE or piece in special or CONTROL.fullmatch(piece)
        ]
        #: control piece -> id
        self.control: dict[str, int] = {piece: i for piece, i, _ in found}
        retyped = _with_control(proto, (bounds for *_, bounds in found))
        self._text = SentencePieceProcessor(model_proto=retyped)
        self._bos = self._text.bos_id()
        written = sorted(self.control.keys() - _RESERVED, key=len, reverse=True)
        self._lexer = re.compile("|".join(map(re.escape, written)) or r"(?!)")

    def piece(self, token: int) -> str:
        """The piece of id ``token``."""
        return self._text.IdToPiece(token)

    def encode(self, parts: Iterable[tuple[str, bool]]) -> list[tuple[int, bool]]:
        """Ids of a prompt, each with whether it is a control token; ``<bos>`` first.

        Args:
            parts: ``(text, control)`` in order.
        """
        ids: list[tuple[int, bool]] = [(self._bos, True)] if self._bos >= 0 else []
        run: list[str] = []
        for text, token in self._cut(parts):
            if token is None:
                run.append(text)
                continue
            ids.extend(self._encode_text("".join(run)))
            run.clear()
            ids.append((token, True))
        ids.extend(self._encode_text("".join(run)))
        return ids

    def _cut(self, parts: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, int | None]]:
        """Cuts the control parts at their control tokens; what lies between is text."""
        for text, control in parts:
            at = 0
            for found in self._lexer.finditer(text) if control else ():
                yield text[at : found.start()], None
                yield found[0], self.control[found[0]]
                at = found.end()
            yield text[at:], None

    def _encode_text(self, text: str) -> list[tuple[int, bool]]:
        return [(i, False) for i in self._text.Encode(text)] if text else []


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
            yield value[2 : size + 2].decode("utf-8", "replace"), 1, bounds
            continue
        fields = {n: v for n, v, _ in _fields(value)}
        piece, kind = fields.get(1, b""), fields.get(3, 1)
        if isinstance(piece, bytes) and isinstance(kind, int):
            yield piece.decode("utf-8", "replace"), kind, bounds


def _with_control(proto: bytes, bounds: Iterable[tuple[int, int]]) -> bytes:
    """``proto`` with the pieces at ``bounds`` typed as control symbols."""
    out, at = [], 0
    for start, end in bounds:
        ((_, body, _),) = _fields(proto[start:end])
        if isinstance(body, bytes):
            # a scalar field that is written twice takes its last value
            body += bytes((3 << 3, _CONTROL_TYPE))
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
