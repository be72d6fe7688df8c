"""Token ids to text, in whole characters, with control tokens dropped and stop strings kept out."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Detokenizer:
    """Turns a reply's token ids into text as they arrive.

    Bytes of a character that is not complete yet wait for the rest of it; so does text that may
    turn out to be the start of a stop string.

    Args:
        tokenizer: a KerasHub SentencePiece tokenizer.
        control: ids that are dropped; so are those behind the vocabulary, which the embedding's
            last rows have (Gemma 3's have 262,208 for 262,145 tokens).
        stop: strings that end the reply; none of them is ever shown.
    """

    def __init__(self, tokenizer: Any, control: frozenset[int], stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._size = tokenizer.vocabulary_size()
        self._control = control
        self._stop = tuple(stop)
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False

    def push(self, token: int) -> str:
        """Takes one token id; returns the text that is now certain ("" where there is none)."""
        if self.stopped or token in self._control or token >= self._size:
            return ""
        piece = self._tokenizer.id_to_token(token)  # get_vocabulary copies all of them
        byte = _BYTE.fullmatch(piece)
        raw = bytes([int(byte[1], 16)]) if byte else piece.replace("▁", " ").encode()
        return self._release(self._bytes.decode(raw))

    def finish(self) -> str:
        """The rest: what was held back, an incomplete character as one U+FFFD."""
        if self.stopped:
            return ""
        text = self._release(self._bytes.decode(b"", final=True))
        if self.stopped:
            return text
        text, self._held = text + self._held, ""
        return text

    def _release(self, text: str) -> str:
        self._held += text
        found = [at for s in self._stop if (at := self._held.find(s)) >= 0]
        if found:
            self.stopped = True
            text, self._held = self._held[: min(found)], ""
            return text
        keep = max((_overlap(self._held, s) for s in self._stop), default=0)
        text, self._held = self._held[: len(self._held) - keep], self._held[-keep:] if keep else ""
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` are the beginning of ``stop``."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
