"""What replies take: times and counts, compiling told apart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stats:
    """What the last reply took.

    ``first_token_seconds`` runs from the call to the first token and leaves compiling out;
    ``tokens_per_second`` counts the tokens after the first, None where there was only one; of an
    encoder-decoder, whose reply comes in one piece, it counts all of them over the whole call.
    ``tokens_per_pass`` is what an assistant's guesses brought: 1 were none of them right; None
    without an assistant.
    """

    prompt_tokens: int
    new_tokens: int
    compile_seconds: float
    first_token_seconds: float
    tokens_per_second: float | None
    tokens_per_pass: float | None = None


class ReplyTimer:
    """Times one reply, or several that are made side by side.

    Args:
        prompt_tokens: of all prompts.
        engine: what counts ``compile_seconds``.

    Attributes:
        kept: tokens of the replies so far.
    """

    def __init__(self, prompt_tokens: int, engine: Any) -> None:
        self.kept = 0
        self._prompt_tokens = prompt_tokens
        self._engine = engine
        self._ticks = 0
        self._at_once = getattr(engine, "at_once", False)
        self.start()

    def start(self) -> None:
        """Sets it to zero."""
        self._compiled = self._engine.compile_seconds
        self._before = self._checked()
        self._started = self._first = self._last = time.perf_counter()
        self._first_compiled = 0.0

    def tick(self) -> None:
        """Notes that a token has come, or one of each row."""
        self._last = time.perf_counter()
        self._ticks += 1
        if self._ticks == 1:
            self._first = self._last
            self._first_compiled = self._engine.compile_seconds - self._compiled

    def stats(self, rows: int = 1) -> Stats:
        """What it took so far, of so many replies side by side."""
        compiled = self._engine.compile_seconds - self._compiled
        seconds = self._last - self._first - (compiled - self._first_compiled)
        if self._at_once:
            seconds = self._last - self._started - compiled
        return Stats(
            prompt_tokens=self._prompt_tokens,
            new_tokens=self.kept,
            compile_seconds=compiled,
            first_token_seconds=self._first - self._started - self._first_compiled,
            tokens_per_second=self._rate(rows, seconds),
            tokens_per_pass=self._per_pass(),
        )

    def _checked(self) -> tuple[int, int]:
        """Passes that checked guesses, and guesses that stayed."""
        return getattr(self._engine, "passes", 0), getattr(self._engine, "accepted", 0)

    def _per_pass(self) -> float | None:
        passes, accepted = (
            now - was for now, was in zip(self._checked(), self._before, strict=True)
        )
        return 1 + accepted / passes if passes else None

    def _rate(self, rows: int, seconds: float) -> float | None:
        """Tokens a second behind the first of each row."""
        made = self._ticks - 1 if rows == 1 else self.kept - rows
        if self._at_once:
            made = self._ticks
        return made / seconds if made > 0 and seconds > 0 else None


def combine_stats(stats: Sequence[Stats]) -> Stats | None:
    """What several batches took, one after the other."""
    if len(stats) < 2:
        return stats[0] if stats else None
    seconds = [s.new_tokens / s.tokens_per_second for s in stats if s.tokens_per_second]
    made = sum(s.new_tokens for s in stats if s.tokens_per_second)
    return Stats(
        prompt_tokens=sum(s.prompt_tokens for s in stats),
        new_tokens=sum(s.new_tokens for s in stats),
        compile_seconds=sum(s.compile_seconds for s in stats),
        first_token_seconds=stats[0].first_token_seconds,
        tokens_per_second=made / sum(seconds) if seconds else None,
    )
