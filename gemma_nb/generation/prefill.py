"""Prefill: splits prompts into chunks of a few padded lengths, and prepares each chunk's inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from gemma_nb.fit.cache_layout import PREFILL_CHUNK
from gemma_nb.generation.compilation import next_power_of_two

#: Padded lengths of a prompt's chunks. A prompt is split into chunks of the longest one; the last
#: chunk is padded to the next length.
PREFILL_BUCKETS = (32, 64, 128, 256, PREFILL_CHUNK)
#: Padded lengths on an accelerator: padding costs little there, and each length takes seconds to
#: compile.
PREFILL_BUCKETS_ACCELERATOR = (64, 256, PREFILL_CHUNK)


@dataclass(frozen=True)
class MediaEmbeddings:
    """The embeddings of one image or sound clip (its "soft tokens").

    Args:
        kind: "image" or "audio".
        embeddings: NumPy float array, (tokens, hidden size).
    """

    kind: str
    embeddings: Any


#: The media of a prompt that has none: media id -> embeddings.
NO_MEDIA: Mapping[int, MediaEmbeddings] = MappingProxyType({})


@dataclass(frozen=True)
class PrefillChunk:
    """The inputs of one prefill step, one row per prompt; NumPy arrays.

    Args:
        tokens: int32 (batch, size): token ids, 0 at media tokens.
        start: int32 (batch,): position of each row's first token.
        length: int32 (batch,): real tokens of each row.
        ids: the first row's real tokens, media ids included.
        media: as ``ForwardContext.media``, None if the chunk has none.
        is_media: as ``ForwardContext.is_media``, likewise.
        groups: as ``ForwardContext.groups``, None if the chunk is causal.
        offset: as ``ForwardContext.offset``, None for a single prompt.
    """

    tokens: Any
    start: Any
    length: Any
    ids: Sequence[int]
    media: Any = None
    is_media: Any = None
    groups: Any = None
    offset: Any = None

    @property
    def shape(self) -> tuple[int, int, bool, bool]:
        """What the chunk's program depends on: batch, size, whether it has media, and groups."""
        return (*self.tokens.shape, self.media is not None, self.groups is not None)

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The arrays in the order in which the programs take them."""
        media = self.media, self.is_media, self.groups
        return self.tokens, self.start, self.length, *media, self.offset


def prefill_buckets() -> tuple[int, ...]:
    """Returns the padded lengths for JAX's default device."""
    import jax

    return PREFILL_BUCKETS if jax.default_backend() == "cpu" else PREFILL_BUCKETS_ACCELERATOR


def media_start(ids: Sequence[int], at: int) -> int:
    """Returns the index of the first token of the medium at ``ids[at]``; ``at`` for a text token.

    All tokens of a medium have the same id, which is negative and below -1.
    """
    while at and ids[at] < -1 and ids[at - 1] == ids[at]:
        at -= 1
    return at


def split_prompt(
    ids: Sequence[int], start: int, bidirectional: str, buckets: Sequence[int]
) -> list[tuple[int, int]]:
    """Splits a prompt into chunks.

    Args:
        ids: the whole prompt.
        start: tokens that are in the cache already.
        bidirectional: as ``ModelAdapter.bidirectional``; an image whose tokens attend to each
            other is not split, nor a prompt whose tokens do.
        buckets: padded lengths; a longer chunk is padded to a power of two.

    Returns:
        (real tokens, padded length) of each chunk.
    """
    sizes = []
    while start < len(ids):
        end = len(ids) if bidirectional == "prompt" else min(start + buckets[-1], len(ids))
        if bidirectional == "image" and end < len(ids) and (first := media_start(ids, end)) < end:
            end = first if first > start else _media_end(ids, end)
        sizes.append((end - start, _padded_length(end - start, buckets)))
        start = end
    return sizes


def _media_end(ids: Sequence[int], at: int) -> int:
    """The index after the last token of the medium at ``ids[at - 1]``."""
    while at < len(ids) and ids[at] == ids[at - 1]:
        at += 1
    return at


def _padded_length(count: int, buckets: Sequence[int]) -> int:
    long_enough = (size for size in buckets if size >= count)
    return next(long_enough, next_power_of_two(count))


def chunk_shapes(
    prompts: Sequence[Sequence[int]], start: int, bidirectional: str, buckets: Sequence[int]
) -> Iterator[tuple[int, int, bool, bool]]:
    """Yields the ``PrefillChunk.shape`` of each chunk; arguments as in ``prefill_chunks``."""
    longest = max(prompts, key=len)
    for real, size in split_prompt(longest, start, bidirectional, buckets):
        has_media = any(i < -1 for i in longest[start : start + real])
        has_groups = bidirectional == "prompt" or (has_media and bidirectional == "image")
        yield len(prompts), size, has_media, has_groups
        start += real


def prefill_chunks(
    prompts: Sequence[Sequence[int]],
    start: int,
    bidirectional: str,
    buckets: Sequence[int],
    media: Mapping[int, MediaEmbeddings],
) -> Iterator[PrefillChunk]:
    """Yields the chunks of a batch of prompts.

    Args:
        prompts: the token ids of each; media ids only in a batch of one.
        start: tokens that are in the cache already.
        bidirectional: as ``ModelAdapter.bidirectional``.
        buckets: padded lengths.
        media: media id -> embeddings.
    """
    import numpy as np

    longest = max(prompts, key=len)
    batch = len(prompts)
    offset = slot_offsets(prompts)
    for real, size in split_prompt(longest, start, bidirectional, buckets):
        tokens = np.zeros((batch, size), np.int32)
        starts = np.zeros(batch, np.int32)
        lengths = np.zeros(batch, np.int32)
        for i, prompt in enumerate(prompts):
            part = prompt[start : start + real]
            tokens[i, : len(part)] = part
            starts[i], lengths[i] = min(start, len(prompt)), len(part)
        ids = list(prompts[0][start : start + real])
        is_media = tokens < -1
        embeddings = groups = None
        if is_media.any():
            prefix = prompts[0][: start + real]
            embeddings, image_groups = media_embeddings_at(prefix, start, size, media)
            groups = image_groups if bidirectional == "image" else None
        if bidirectional == "prompt":
            groups = (np.arange(size)[None] < lengths[:, None]).astype(np.int32)
        tokens = np.where(is_media, 0, tokens)
        mask = None if embeddings is None else is_media
        yield PrefillChunk(tokens, starts, lengths, ids, embeddings, mask, groups, offset)
        start += real


def slot_offsets(prompts: Sequence[Sequence[int]]) -> Any:
    """Returns the ``ForwardContext.offset`` with which the prompts end in the same slot.

    Args:
        prompts: the token ids of each.

    Returns:
        int32 (batch,); None for a single prompt.
    """
    import numpy as np

    if len(prompts) == 1:
        return None
    lengths = np.array([len(prompt) for prompt in prompts], np.int32)
    return lengths.max() - lengths


def media_embeddings_at(
    ids: Sequence[int], start: int, size: int, media: Mapping[int, MediaEmbeddings]
) -> tuple[Any, Any]:
    """Returns the media embeddings of a chunk that has media, and the image of each token.

    Args:
        ids: the whole prompt.
        start: the chunk's first token.
        size: the chunk's padded length.
        media: media id -> embeddings.

    Returns:
        float32 (1, size, hidden size), 0 at text tokens; and int32 (1, size): the image's number,
        from 1, and 0 for tokens that belong to no image.
    """
    import numpy as np

    at, last, number = start, min(start + size, len(ids)), 0
    hidden = next(media[i].embeddings.shape[1] for i in ids[at:last] if i < -1)
    embeddings = np.zeros((1, size, hidden), np.float32)
    images = np.zeros((1, size), np.int32)
    while at < last:
        if ids[at] >= -1:
            at += 1
            continue
        first, medium = media_start(ids, at), media[ids[at]]
        count = min(_media_end(ids, at + 1), last) - at
        number += 1
        where = slice(at - start, at - start + count)
        embeddings[0, where] = medium.embeddings[at - first : at - first + count]
        images[0, where] = number if medium.kind == "image" else 0
        at += count
    return embeddings, images
