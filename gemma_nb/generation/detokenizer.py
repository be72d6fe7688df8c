"""Detokenizer: token ids to text, in whole characters, without control tokens and stop strings."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from typing import Any

_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Detokenizer:
    """Turns a reply's token ids into text as they arrive.

    Bytes of an incomplete character are held back until the character is complete. So is text that
    may be the beginning of a stop string.

    Args:
        tokenizer: a KerasHub SentencePiece tokenizer.
        control: ids that are dropped. Ids beyond the vocabulary are dropped too: the embedding may
            have more rows (Gemma 3's has 262,208 for 262,145 tokens).
        stop: strings that end the reply; they are never part of the text.

    Attributes:
        stopped: whether a stop string was found.
    """

    def __init__(self, tokenizer: Any, control: frozenset[int], stop: Sequence[str] = ()) -> None:
        self._tokenizer = tokenizer
        self._size = tokenizer.vocabulary_size()
        self._control = control
        self._stop = tuple(stop)
        self._bytes = codecs.getincrementaldecoder("utf-8")("replace")
        self._held_back = ""
        self.stopped = False

    def push(self, token: int) -> str:
        """Takes one token id.

        Args:
            token: the id.

        Returns:
            The text that is certain now; "" for none.
        """
        if self.stopped or token in self._control or token >= self._size:
            return ""
        piece = self._tokenizer.id_to_token(token)  # get_vocabulary would copy all of them
        byte = _BYTE.fullmatch(piece)
        raw = bytes([int(byte[1], 16)]) if byte else piece.replace("▁", " ").encode()
        return self._release(self._bytes.decode(raw))

    def finish(self) -> str:
        """Returns the text that was held back, an incomplete character as one U+FFFD."""
        if self.stopped:
            return ""
        text = self._release(self._bytes.decode(b"", final=True))
        if self.stopped:
            return text
        text, self._held_back = text + self._held_back, ""
        return text

    def _release(self, text: str) -> str:
        """Adds text; returns what can no longer become part of a stop string."""
        self._held_back += text
        starts = [at for s in self._stop if (at := self._held_back.find(s)) >= 0]
        if starts:
            self.stopped = True
            text, self._held_back = self._held_back[: min(starts)], ""
            return text
        keep = max((_overlap(self._held_back, s) for s in self._stop), default=0)
        end = len(self._held_back) - keep
        text, self._held_back = self._held_back[:end], self._held_back[end:]
        return text


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of ``text`` are the beginning of ``stop``."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
