"""Times and token counts of replies; compile time is counted apart."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.display import Displayed, Summary
from gemma_nb.i18n import Message, text


@dataclass(frozen=True, repr=False)
class Stats(Displayed):
    """Times and token counts of the last reply.

    Attributes:
        prompt_tokens: tokens of the prompt.
        new_tokens: tokens of the reply.
        compile_seconds: seconds spent on compiling during the call.
        first_token_seconds: seconds from the call to the first token, without compile time.
        tokens_per_second: rate of the tokens after the first; None if there was only one token. An
            encoder-decoder returns its reply as a whole, so all tokens are counted over the whole
            call.
        tokens_per_pass: average number of tokens that one pass of the model gave in speculative
            decoding; 1 means that no proposed token was accepted. None without an assistant.
        batch_size: conversations that were computed side by side.
    """

    prompt_tokens: int
    new_tokens: int
    compile_seconds: float
    first_token_seconds: float
    tokens_per_second: float | None
    tokens_per_pass: float | None = None
    batch_size: int = 1

    def _summary(self) -> Summary:
        rate, tokens = self.tokens_per_second, f"{self.new_tokens:,}"
        title = text("show_stats_one", tokens=tokens)
        if rate is not None:
            title = text("show_stats", tokens=tokens, rate=_three_digits(rate))
        first = text("show_seconds", seconds=_three_digits(self.first_token_seconds))
        rows = [
            (text("show_prompt_tokens"), text("show_tokens", count=f"{self.prompt_tokens:,}")),
            (text("show_first_token"), first),
            (
                text("show_compile"),
                text("show_seconds", seconds=_three_digits(self.compile_seconds)),
            ),
        ]
        if self.tokens_per_pass is not None:
            rows.append((text("show_per_pass"), _three_digits(self.tokens_per_pass)))
        if self.batch_size > 1:
            rows.append((text("show_side_by_side"), f"{self.batch_size:,}"))
        return Summary(title, tuple(rows))


def _three_digits(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def cut_note(stats: Stats | None, max_new_tokens: int, max_length: int) -> Message | None:
    """Why the reply of one conversation ended before the model ended it; None where it did not.

    The token that ends a reply is not counted, so a reply of all tokens that were allowed was cut.

    Args:
        stats: the times and token counts of the reply; None before the first.
        max_new_tokens: the most tokens that were asked for.
        max_length: the most tokens of prompt and reply together.
    """
    if stats is None or not stats.new_tokens:
        return None
    if stats.new_tokens >= max_new_tokens:
        return Message("reply_cut", {"count": f"{max_new_tokens:,}"})
    if stats.prompt_tokens + stats.new_tokens >= max_length:
        return Message("reply_cut_full")
    return None


class ReplyTimer:
    """Times one reply, or several replies that are generated as one batch.

    Args:
        prompt_tokens: tokens of all prompts together.
        engine: the engine that generates; its ``compile_seconds`` are subtracted.

    Attributes:
        new_tokens: tokens of the replies so far; the caller increments it.
    """

    def __init__(self, prompt_tokens: int, engine: Any) -> None:
        self.new_tokens = 0
        self._prompt_tokens = prompt_tokens
        self._engine = engine
        self._ticks = 0
        self._whole_reply = getattr(engine, "returns_whole_reply", False)
        self.start()

    def start(self) -> None:
        """Starts the timer again at zero."""
        self._compile_seconds_at_start = self._engine.compile_seconds
        self._speculation_at_start = self._speculation_counts()
        self._started = self._first = self._last = time.perf_counter()
        self._compile_seconds_to_first = 0.0

    def tick(self) -> None:
        """Records that the engine yielded: one token, or one token of each row."""
        self._last = time.perf_counter()
        self._ticks += 1
        if self._ticks == 1:
            self._first = self._last
            self._compile_seconds_to_first = (
                self._engine.compile_seconds - self._compile_seconds_at_start
            )

    def stats(self, rows: int = 1, batch_size: int = 1) -> Stats:
        """Returns the statistics so far.

        Args:
            rows: number of replies.
            batch_size: how many of them were generated at once.
        """
        compile_seconds = self._engine.compile_seconds - self._compile_seconds_at_start
        seconds = self._last - self._first - (compile_seconds - self._compile_seconds_to_first)
        if self._whole_reply:
            seconds = self._last - self._started - compile_seconds
        return Stats(
            prompt_tokens=self._prompt_tokens,
            new_tokens=self.new_tokens,
            compile_seconds=compile_seconds,
            first_token_seconds=self._first - self._started - self._compile_seconds_to_first,
            tokens_per_second=self._rate(rows, seconds),
            tokens_per_pass=self._tokens_per_pass(),
            batch_size=batch_size,
        )

    def _speculation_counts(self) -> tuple[int, int]:
        """Passes that verified proposed tokens, and proposed tokens that were accepted."""
        engine = self._engine
        return getattr(engine, "verify_passes", 0), getattr(engine, "accepted_tokens", 0)

    def _tokens_per_pass(self) -> float | None:
        passes, accepted = (
            now - before
            for now, before in zip(
                self._speculation_counts(), self._speculation_at_start, strict=True
            )
        )
        return 1 + accepted / passes if passes else None

    def _rate(self, rows: int, seconds: float) -> float | None:
        """Tokens per second after the first token of each row."""
        tokens = self._ticks - 1 if rows == 1 else self.new_tokens - rows
        if self._whole_reply:
            tokens = self._ticks
        return tokens / seconds if tokens > 0 and seconds > 0 else None


def combine_stats(stats: Sequence[Stats]) -> Stats | None:
    """Combines the statistics of several batches that ran one after the other.

    Args:
        stats: one item per batch.

    Returns:
        The sums and the average rate; the first batch's time to its first token. None for no batch.
    """
    if len(stats) < 2:
        return stats[0] if stats else None
    seconds = [s.new_tokens / s.tokens_per_second for s in stats if s.tokens_per_second]
    tokens = sum(s.new_tokens for s in stats if s.tokens_per_second)
    return Stats(
        prompt_tokens=sum(s.prompt_tokens for s in stats),
        new_tokens=sum(s.new_tokens for s in stats),
        compile_seconds=sum(s.compile_seconds for s in stats),
        first_token_seconds=stats[0].first_token_seconds,
        tokens_per_second=tokens / sum(seconds) if seconds else None,
        batch_size=max(s.batch_size for s in stats),
    )
