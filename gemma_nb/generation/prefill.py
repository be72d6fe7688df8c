"""How prompts are cut into passes, and what one pass takes in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gemma_nb.generation.compilation import next_power_of_two


@dataclass(frozen=True)
class MediaEmbeddings:
    """What stands at the soft tokens of one medium.

    Args:
        kind: "image" or "audio".
        embeddings: NumPy float array, (tokens, hidden size).
    """

    kind: str
    embeddings: Any


#: The media of a prompt without any.
NO_MEDIA: Mapping[int, MediaEmbeddings] = MappingProxyType({})


@dataclass(frozen=True)
class PrefillChunk:
    """The tokens of one pass, a row a prompt; all NumPy.

    Args:
        tokens: int32 (batch, size): 0 where soft tokens stand.
        start: int32 (batch,): where they begin.
        length: int32 (batch,): how many are real.
        ids: of the first row: what was taken in, soft ids and all.
        soft: as ``Step.soft``, None where there is none.
        is_soft: as ``Step.is_soft``, likewise.
        groups: as ``Step.groups``, None where nothing is seen both ways.
    """

    tokens: Any
    start: Any
    length: Any
    ids: Sequence[int]
    soft: Any = None
    is_soft: Any = None
    groups: Any = None

    @property
    def shape(self) -> tuple[int, int, bool, bool]:
        """What its program depends on: batch, size, whether it has soft tokens, and groups."""
        return (*self.tokens.shape, self.soft is not None, self.groups is not None)


def media_start(ids: Sequence[int], at: int) -> int:
    """Where the medium that ``ids[at]`` belongs to begins; ``at`` itself for a plain token."""
    while at and ids[at] < -1 and ids[at - 1] == ids[at]:
        at -= 1
    return at


def split_prompt(
    ids: Sequence[int], start: int, both_ways: str, buckets: Sequence[int]
) -> list[tuple[int, int]]:
    """How a prompt is cut: (real tokens, padded length) of each pass.

    Args:
        ids: the whole prompt.
        start: how many tokens are in the caches already.
        both_ways: as ``Family.both_ways``: an image is not cut where its tokens see each other,
            nor a prompt.
        buckets: padded lengths; what is longer than the last is padded to a power of two.
    """
    made = []
    while start < len(ids):
        end = len(ids) if both_ways == "prompt" else min(start + buckets[-1], len(ids))
        if both_ways == "image" and end < len(ids) and (first := media_start(ids, end)) < end:
            end = first if first > start else _run_end(ids, end)
        made.append((end - start, _padded(end - start, buckets)))
        start = end
    return made


def _run_end(ids: Sequence[int], at: int) -> int:
    while at < len(ids) and ids[at] == ids[at - 1]:
        at += 1
    return at


def _padded(count: int, buckets: Sequence[int]) -> int:
    fits = (size for size in buckets if size >= count)
    return next(fits, next_power_of_two(count))


def chunk_shapes(
    prompts: Sequence[Sequence[int]], start: int, both_ways: str, buckets: Sequence[int]
) -> Iterator[tuple[int, int, bool, bool]]:
    """The ``Piece.shape`` of each pass that takes prompts in; arguments as in ``pieces``."""
    longest = max(prompts, key=len)
    for real, size in split_prompt(longest, start, both_ways, buckets):
        soft = any(i < -1 for i in longest[start : start + real])
        together = both_ways == "prompt" or (soft and both_ways == "image")
        yield len(prompts), size, soft, together
        start += real


def prefill_chunks(
    prompts: Sequence[Sequence[int]],
    start: int,
    both_ways: str,
    buckets: Sequence[int],
    media: Mapping[int, MediaEmbeddings],
) -> Iterator[PrefillChunk]:
    """The passes that take prompts in.

    Args:
        prompts: token ids of each, soft ids among them; several only without soft ids.
        start: how many tokens are in the caches already.
        both_ways: as ``Family.both_ways``.
        buckets: padded lengths.
        media: soft id -> what stands there.
    """
    import numpy as np

    longest = max(prompts, key=len)
    batch = len(prompts)
    for real, size in split_prompt(longest, start, both_ways, buckets):
        tokens = np.zeros((batch, size), np.int32)
        begin = np.zeros(batch, np.int32)
        length = np.zeros(batch, np.int32)
        for i, prompt in enumerate(prompts):
            piece = prompt[start : start + real]
            tokens[i, : len(piece)] = piece
            begin[i], length[i] = min(start, len(prompt)), len(piece)
        taken = list(prompts[0][start : start + real])
        is_soft = tokens < -1
        soft = groups = None
        if is_soft.any():
            soft, images = media_embeddings_at(prompts[0][: start + real], start, size, media)
            groups = images if both_ways == "image" else None
        if both_ways == "prompt":
            groups = (np.arange(size)[None] < length[:, None]).astype(np.int32)
        tokens = np.where(is_soft, 0, tokens)
        where = None if soft is None else is_soft
        yield PrefillChunk(tokens, begin, length, taken, soft, where, groups)
        start += real


def media_embeddings_at(
    ids: Sequence[int], start: int, size: int, media: Mapping[int, MediaEmbeddings]
) -> tuple[Any, Any]:
    """The soft embeddings of a stretch of a prompt that has some, and which image each is of.

    Args:
        ids: the whole prompt.
        start: where the stretch begins.
        size: its padded length.
        media: soft id -> what stands there.

    Returns:
        float32 (1, size, hidden size), and int32 (1, size): 0 for what is of no image.
    """
    import numpy as np

    at, last, number = start, min(start + size, len(ids)), 0
    hidden = next(media[i].embeddings.shape[1] for i in ids[at:last] if i < -1)
    soft = np.zeros((1, size, hidden), np.float32)
    images = np.zeros((1, size), np.int32)
    while at < last:
        if ids[at] >= -1:
            at += 1
            continue
        first, medium = media_start(ids, at), media[ids[at]]
        count = min(_run_end(ids, at + 1), last) - at
        number += 1
        where = slice(at - start, at - start + count)
        soft[0, where] = medium.embeddings[at - first : at - first + count]
        images[0, where] = number if medium.kind == "image" else 0
        at += count
    return soft, images
