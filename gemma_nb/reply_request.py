"""The request for one reply: its checked arguments, and what reads the tokens of several at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.detokenizer import Detokenizer
from gemma_nb.generation.media_encoders import MediaEmbeddingCache
from gemma_nb.generation.sampling import Sampling, default_sampling, not_a_number
from gemma_nb.generation.stats import ReplyTimer, Stats
from gemma_nb.i18n import Message
from gemma_nb.prompts.reply_parser import Chunk, ReplyParser
from gemma_nb.text_utils import closest_matches

#: A conversation: one user turn as a string, or a list of {"role": …, "content": …}.
Messages = str | Sequence[dict[str, Any]]

#: The options of a prompt, and those of the reply.
_PROMPT_OPTIONS = frozenset({"raw", "tools", "thinking", "guideline"})
_SAMPLING_OPTIONS = frozenset({"temperature", "top_k", "top_p", "seed", "stop", "ignore_eos"})


@dataclass(frozen=True)
class ReplyRequest:
    """The checked arguments of one reply, and the stream that collects its text.

    Args:
        prompt: the prompt.
        ids: its token ids.
        sampling: how to sample.
        seed: the seed of the random numbers.
        count: the most tokens to generate.
        stops: tokens that end the reply.
        text: turns the tokens into text, and ends at the stop strings.
        cache: options of ``Decoder.tokens`` about the KV cache.
        media: the embeddings of the prompt's images and clips.
    """

    prompt: str
    ids: list[int]
    sampling: Sampling
    seed: int
    count: int
    stops: frozenset[int]
    text: Detokenizer
    cache: Mapping[str, bool]
    media: MediaEmbeddingCache


def parsed_chunks(pairs: Iterator[tuple[int | None, str]], parser: ReplyParser) -> Iterator[Chunk]:
    """The parts of a reply whose text arrives piece by piece."""
    for _, text in pairs:
        if text:
            yield from parser.feed(text)
    yield from parser.close()


def sampling_options(
    variant: Variant, temperature: float | None, top_k: int | None, top_p: float | None
) -> Sampling:
    """How to sample: the publisher's default in place of each None."""
    default = default_sampling(variant)
    return Sampling(
        default.temperature if temperature is None else temperature,
        default.top_k if top_k is None else top_k,
        default.top_p if top_p is None else top_p,
    )


def checked_seed(seed: int | None) -> int:
    """A seed; one that is drawn for None.

    Raises:
        InvalidInput: it is not a whole number from 0 to 2³² - 1.
    """
    if seed is None:
        import secrets

        return secrets.randbits(31)
    return whole_number(seed, "bad_seed", 0, 2**32 - 1)


def stop_strings(stop: Sequence[str] | None) -> tuple[str, ...]:
    """The strings that end a reply.

    Raises:
        InvalidInput: one of them is no string, or is empty.
    """
    if stop is None:
        return ()
    is_list = isinstance(stop, Iterable) and not isinstance(stop, str | bytes | Mapping)
    strings: tuple[Any, ...] = tuple(stop) if is_list else (stop,)
    if any(not isinstance(s, str) or not s for s in strings):
        raise InvalidInput("bad_stop", value=shown(stop))
    return strings


def is_list_of_conversations(messages: Any) -> bool:
    """Whether this is a list of strings or conversations, not one conversation (a list of dicts)."""
    return (
        isinstance(messages, Sequence)
        and not isinstance(messages, str | bytes)
        and len(messages) > 0
        and all(not isinstance(one, dict) for one in messages)
    )


def check_prompt_options(options: Iterable[str]) -> None:
    """Makes sure that the further keyword arguments are options of a prompt.

    Raises:
        TypeError: one is not; the message names the closest that is.
    """
    if unknown := set(options) - _PROMPT_OPTIONS:
        known = sorted(_PROMPT_OPTIONS | _SAMPLING_OPTIONS)
        wrong = min(unknown)
        near = closest_matches(wrong, known, 1)
        raise TypeError(str(Message("bad_option", {"name": wrong, "near": near})))


def replies_side_by_side(
    engine: Decoder, requests: list[ReplyRequest], rows: int, precision: str
) -> tuple[list[str], Stats]:
    """The replies to requests that share the rows of a batch, and their statistics.

    Args:
        engine: the decoder.
        requests: at least one, all with the same sampling.
        rows: how many are computed at once.
        precision: that of the weights, for the message.

    Raises:
        GenerationError: the logits are not finite.
    """
    clock = ReplyTimer(sum(len(one.ids) for one in requests), engine)
    pieces: list[list[str]] = [[] for _ in requests]
    ended: set[int] = set()
    steps = engine.side_by_side(
        [one.ids for one in requests],
        requests[0].sampling,
        [one.seed for one in requests],
        [one.count for one in requests],
        rows,
        ended,
    )
    for step in steps:
        clock.tick()
        for index, token in step:
            one = requests[index]
            if token < 0:
                raise not_a_number(precision)
            if token not in one.stops:
                clock.new_tokens += 1
                pieces[index].append(one.text.push(token))
            if token in one.stops or one.text.stopped:
                ended.add(index)
    stats = clock.stats(len(requests), min(rows, len(requests)))
    return [
        "".join([*made, one.text.finish()]) for made, one in zip(pieces, requests, strict=True)
    ], stats
