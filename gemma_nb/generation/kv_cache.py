"""KV caches: their shapes, the tokens that one holds, how far it can be rewound, copies of it.

The cache of a sliding-window layer is a ring buffer. Once it has wrapped round, the overwritten
keys and values are lost. Therefore the sliding layers' buffers are copied when a turn begins: to
edit or regenerate the turn, or to drop its thoughts, generation continues from that snapshot. The
buffers of global layers never wrap round; entries after the rewind position are masked.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.generation.attention import KeyValue, LayerCacheSpec
from gemma_nb.generation.compilation import ProgramSpec, SpecFactory


@dataclass(frozen=True)
class RingBuffer:
    """Sizes of a sliding-window layer's cache.

    Args:
        window: tokens that a query attends to.
        slots: tokens that the buffer holds.
    """

    window: int
    slots: int


@dataclass(frozen=True)
class CacheLayout:
    """The shapes of a model's caches.

    Args:
        layers: layer -> the shape of its cache.
        dtype: dtype of keys and values.
        max_length: tokens of prompt and reply together.
        steps_per_call: tokens that one call of the decode program generates.
    """

    layers: Mapping[int, LayerCacheSpec]
    dtype: str
    max_length: int
    steps_per_call: int

    def slots(self, layer: LayerCacheSpec) -> int:
        """Returns the number of tokens that a layer's cache holds."""
        return layer.slots(self.max_length, self.steps_per_call, padded=pads_caches())

    def ring_buffers(self) -> dict[int, RingBuffer]:
        """Returns the sizes of the sliding-window layers' caches."""
        return {
            i: RingBuffer(layer.window, self.slots(layer))
            for i, layer in self.layers.items()
            if layer.window is not None
        }

    def zeros(self, batch: int) -> dict[int, KeyValue]:
        """Creates empty caches.

        Args:
            batch: number of conversations.

        Returns:
            layer -> keys and values.
        """
        import jax.numpy as jnp

        def zeros(layer: LayerCacheSpec) -> Any:
            shape = (batch, layer.heads, self.slots(layer), layer.head_dim)
            return jnp.zeros(shape, self.dtype)

        return {i: KeyValue(zeros(c), zeros(c)) for i, c in self.layers.items()}

    def specs(self, batch: int) -> Any:
        """Describes the arrays of ``zeros`` for compilation."""
        import jax

        return jax.eval_shape(lambda: self.zeros(batch))


@dataclass(frozen=True)
class CacheSnapshot:
    """A copy of the sliding-window layers' caches.

    Args:
        layers: layer -> keys and values.
        length: tokens that they hold.
        written_until: as ``KVCache.written_until`` when the copy was taken.
    """

    layers: Any
    length: int
    written_until: int


@dataclass
class KVCache:
    """The keys and values of one conversation, or of several that run as one batch.

    Attributes:
        layers: layer -> keys and values.
        ids: the tokens whose keys and values the cache holds, in order; of the first row.
        written_until: the highest position that was ever written, plus one. Positions after the
            last of ``ids`` hold tokens that were computed ahead and not used.
        snapshot: the sliding layers at the beginning of the turn, None if there is none.
    """

    layers: Any
    ids: list[int] = field(default_factory=list)
    written_until: int = 0
    snapshot: CacheSnapshot | None = None
    _weights: list[Any] = field(default_factory=list)

    def reset(self) -> None:
        """Forgets all tokens. The arrays stay as they are: their contents are masked."""
        self.ids, self.written_until, self.snapshot = [], 0, None

    def bind_weights(self, weights: Sequence[Any]) -> None:
        """Records the weight arrays that the cache is computed with, by weak references."""
        self._weights = [weakref.ref(w) for w in weights]

    def is_bound_to(self, weights: Sequence[Any]) -> bool:
        """Whether the cache was computed with these arrays; training replaces a model's arrays."""
        return all(bound() is w for bound, w in zip(self._weights, weights, strict=True))

    def shared_prefix(self, ids: Sequence[int]) -> int:
        """Returns how many leading tokens of ``ids`` are in the cache.

        The last token of ``ids`` never counts: it is always computed again, for its logits.
        """
        longest = min(len(self.ids), len(ids) - 1)
        # one comparison first: in a long chat it must not delay the first token
        if self.ids[:longest] == list(ids[:longest]):
            return longest
        return next(i for i in range(longest) if self.ids[i] != ids[i])

    def can_rewind(self, length: int, buffers: Iterable[RingBuffer]) -> bool:
        """Whether the ring buffers still hold the window of a query at position ``length``."""
        return all(
            self.written_until <= buffer.slots
            or self.written_until - length <= buffer.slots - buffer.window
            for buffer in buffers
        )

    def mark_written(self, length: int) -> None:
        """Records that positions below ``length`` were written."""
        self.written_until = max(self.written_until, length)


def pads_caches() -> bool:
    """Whether a layer's cache is rounded up with ``padded_slots`` on JAX's default device."""
    import jax

    return jax.default_backend() != "cpu"


def copy_specs(layers: Any) -> dict[Hashable, SpecFactory]:
    """Returns the specs of the programs that copy caches, by name.

    "copy" copies to new memory, "copy_into" to the memory of other caches.

    Args:
        layers: layer -> keys and values, of the shapes to copy.
    """
    from jax.tree_util import tree_map

    def copy() -> ProgramSpec:
        import jax.numpy as jnp

        return ProgramSpec(lambda tree: tree_map(jnp.copy, tree), (layers,))

    def copy_into() -> ProgramSpec:
        return ProgramSpec(
            lambda tree, old: tree_map(_overwrite, old, tree), (layers, layers), (1,)
        )

    return {"copy": copy, "copy_into": copy_into}


def _overwrite(old: Any, new: Any) -> Any:
    """``new`` in the memory of ``old``."""
    import jax

    return jax.lax.dynamic_update_slice(old, new, (0,) * old.ndim)
