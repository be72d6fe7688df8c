"""Attention over a KV cache in which a sliding layer keeps its window and no more.

A layer's cache is a ring: the key of position p stands in slot p modulo the ring's length, which
is the window of a sliding layer and ``max_length`` of a global one, and room for what is computed
ahead: tokens behind a stop token are written before anyone knows, and must overwrite nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gemma_nb.fit.cache_plan import AHEAD, padded_slots


class KeyValue(NamedTuple):
    """One layer's cache: keys and values, each (batch, key-value heads, slots, head size)."""

    key: Any
    value: Any


@dataclass(frozen=True)
class LayerCacheSpec:
    """How one layer caches.

    Args:
        window: how many tokens it sees, itself included; None for all.
        heads: key-value heads.
        head_dim: numbers of one head.
    """

    window: int | None
    heads: int
    head_dim: int

    def slots(self, max_length: int, chunk: int, *, padded: bool) -> int:
        """Tokens that the ring holds.

        Args:
            max_length: tokens of prompt and reply together.
            chunk: tokens that are made at a call.
            padded: whether that is rounded up as ``padded_slots`` says.
        """
        room = min(self.window or max_length, max_length) + AHEAD * chunk
        return padded_slots(room) if padded else room


@dataclass
class ForwardContext:
    """Where the tokens of one pass stand, and what it does to the caches; lives while tracing.

    Args:
        start: int32 (batch,): tokens that the caches hold already.
        length: int32 (batch,): how many of this pass's tokens are real; the rest is padding.
        size: tokens of this pass, padding included.
        caches: layer -> its cache; updated as the layers run.
        windows: layer -> its window, None for all.
        soft: embeddings (batch, size, hidden size) of an image or a clip, None where the pass has
            none.
        is_soft: bool (batch, size): which tokens they stand for.
        groups: int32 (batch, size): tokens of one number above 0 see each other both ways.
        beyond: whether such tokens see each other in sliding layers alone, there further than the
            window; else in all layers, no further than their windows.
        every: whether the logits of all tokens are wanted, not of the last real one alone.
        seen: layer -> the keys and values that this pass's queries see, and their mask.
    """

    start: Any
    length: Any
    size: int
    caches: dict[int, KeyValue]
    windows: dict[int, int | None]
    soft: Any = None
    is_soft: Any = None
    groups: Any = None
    beyond: bool = False
    every: bool = False
    seen: dict[int, tuple[KeyValue, Any]] = field(default_factory=dict)

    @property
    def positions(self) -> Any:
        """Where each token stands in its sequence, int32 (batch, size)."""
        import jax.numpy as jnp

        return self.start[:, None] + jnp.arange(self.size, dtype=jnp.int32)

    def remember(self, layer: int, key: Any, value: Any) -> tuple[KeyValue, Any]:
        """Puts this pass's keys and values into a layer's cache.

        Args:
            layer: which.
            key: (batch, size, key-value heads, head size).
            value: likewise.

        Returns:
            The keys and values that this pass's queries see, and the mask (batch, size, keys).
        """
        import jax
        import jax.numpy as jnp

        old, window = self.caches[layer], self.windows[layer]
        slots = old.key.shape[2]
        if self.size == 1 or window is None:
            # nothing that a query still sees is overwritten
            shown = KeyValue(self._written(old.key, key), self._written(old.value, value))
            at = _held(self.start + self.length - 1, slots)
            self.caches[layer] = shown
        else:
            shown = KeyValue(
                jnp.concatenate([old.key, jnp.swapaxes(key, 1, 2)], axis=2),
                jnp.concatenate([old.value, jnp.swapaxes(value, 1, 2)], axis=2),
            )
            at = jnp.concatenate([_held(self.start - 1, slots), self.positions], axis=1)
            # what is shown is read from the rings first: else XLA copies them to write in place
            shown, old = jax.lax.optimization_barrier((shown, old))
            new = KeyValue(self._written(old.key, key), self._written(old.value, value))
            # and they are written next: else XLA keeps all layers' new ones to the pass's end
            shown, self.caches[layer] = jax.lax.optimization_barrier((shown, new))
        query = self.positions[:, :, None]
        mask = (at[:, None, :] >= 0) & (at[:, None, :] <= query)
        if window is not None:
            mask &= at[:, None, :] > query - window
        if self.groups is not None and not (self.beyond and window is None):
            mask |= self._together(at, None if self.beyond else window)
        self.seen[layer] = shown, mask
        return shown, mask

    def recall(self, layer: int, cache: KeyValue, window: int | None) -> None:
        """Lets this pass's one query see what a cache holds already, and nothing of its own.

        Args:
            layer: whose.
            cache: its keys and values.
            window: as ``LayerCache.window``.
        """
        at = _held(self.start - 1, cache.key.shape[2])
        mask = at >= 0
        if window is not None:
            mask &= at > self.start[:, None] - window
        self.seen[layer] = cache, mask[:, None, :]

    def _together(self, at: Any, window: int | None) -> Any:
        """Which keys a query sees for being of its group: bool (batch, size, keys)."""
        import jax.numpy as jnp

        index = at - self.start[:, None]
        here = (index >= 0) & (index < self.length[:, None])
        found = jnp.take_along_axis(self.groups, jnp.clip(index, 0, self.size - 1), axis=1)
        theirs = jnp.where(here, found, 0)[:, None, :]
        same = (theirs > 0) & (theirs == self.groups[:, :, None])
        if window is None:
            return same
        return same & (jnp.abs(at[:, None, :] - self.positions[:, :, None]) < window)

    def embedded(self, text: Any) -> Any:
        """Embeddings (batch, size, hidden size) with the soft ones in their places."""
        import jax.numpy as jnp

        if self.soft is None:
            return text
        return jnp.where(self.is_soft[..., None], self.soft.astype(text.dtype), text)

    def _written(self, ring: Any, new: Any) -> Any:
        import jax
        import jax.numpy as jnp

        batch, _, slots, _ = ring.shape
        new = new.astype(ring.dtype)
        if self.size == 1 and batch == 1:
            at = (0, 0, self.start[0] % slots, 0)
            return jax.lax.dynamic_update_slice(ring, jnp.swapaxes(new, 1, 2), at)
        index = jnp.arange(self.size, dtype=jnp.int32)
        length = self.length[:, None]
        # of more tokens than there are slots the last are kept; padding is written nowhere
        kept = (index < length) & (index >= length - slots)
        slot = jnp.where(kept, self.positions % slots, slots)
        rows = jnp.arange(batch)[:, None]
        return ring.at[rows, :, slot].set(new, mode="drop")


def _held(last: Any, slots: int) -> Any:
    """The position that each slot holds once ``last`` is written; negative where it is empty."""
    import jax.numpy as jnp

    slot = jnp.arange(slots, dtype=jnp.int32)
    return last[:, None] - (last[:, None] - slot) % slots


#: Keys up to which one query's sums are XLA's own; it would copy longer values for them.
_FEW_KEYS = 2048


def dot_product_attention(
    query: Any, seen: KeyValue, mask: Any, scale: float, soft_cap: float | None
) -> Any:
    """Scaled dot-product attention with grouped heads, softmax in float32, as KerasHub computes it.

    One query of one conversation is summed up, not multiplied as matrices: XLA makes two kernels of
    that on a GPU (scores; softmax and the sum of values), where products took five to ten.

    Args:
        query: (batch, queries, heads, head size).
        seen: keys and values, each (batch, key-value heads, keys, head size).
        mask: bool (batch, queries, keys).
        scale: what the queries are multiplied by.
        soft_cap: Gemma 2's bound on the logits, None for none.

    Returns:
        (batch, queries, heads, head size).
    """
    import jax
    import jax.numpy as jnp

    batch, queries, heads, size = query.shape
    _, groups, keys, _ = seen.key.shape
    one = batch == queries == 1
    # a head's group together, so that each group is one product
    query = jnp.swapaxes(query * jnp.asarray(scale, query.dtype), 1, 2)
    query = query.reshape(batch, groups, -1, size)
    key, value = seen.key.astype(query.dtype), seen.value.astype(query.dtype)
    if one:
        logits = _sum(key[:, :, None], query[:, :, :, None], -1)
    else:
        logits = jnp.einsum("bkqh,bksh->bkqs", query, key)
    if soft_cap:
        logits = jnp.tanh(logits / soft_cap) * soft_cap
    logits = logits.astype(jnp.float32).reshape(batch, groups, -1, queries, keys)
    weights = jax.nn.softmax(jnp.where(mask[:, None, None], logits, -1e30), axis=-1)
    weights = weights.astype(query.dtype).reshape(batch, groups, -1, keys)
    if one and keys <= _FEW_KEYS:
        made = _sum(weights[..., None], value[:, :, None], 3)
    else:
        made = jnp.einsum("bkqs,bksh->bkqh", weights, value)
    return jnp.swapaxes(made.reshape(batch, heads, queries, size), 1, 2)


def _sum(a: Any, b: Any, axis: int) -> Any:
    """The sum of products, in float32."""
    import jax.numpy as jnp

    made = jnp.sum(a.astype(jnp.float32) * b.astype(jnp.float32), axis=axis)
    return made.astype(a.dtype)
