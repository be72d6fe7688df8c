"""Attention over a KV cache in which a sliding-window layer stores no more than its window.

A layer's cache is a ring buffer: position p is stored in slot p modulo the buffer's length. The
length is the window of a sliding-window layer, or ``max_length`` of a global layer, plus room for
tokens that are computed ahead: several decode steps run before Python sees a stop token, and the
tokens after it must not overwrite anything that is still needed.

The rows of a batch have an offset each: position p is stored in slot p + offset. The offsets are
such that the rows' next tokens go to the same slot, however long their prompts are, so that a decode
step writes all of them at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gemma_nb.fit.cache_layout import CALLS_AHEAD, padded_slots


class KeyValue(NamedTuple):
    """One layer's cache: keys and values, each (batch, key-value heads, slots, head size)."""

    key: Any
    value: Any


@dataclass(frozen=True)
class LayerCacheSpec:
    """The shape of one layer's cache.

    Args:
        window: tokens that a query attends to, itself included; None for all.
        heads: number of key-value heads.
        head_dim: size of one head.
    """

    window: int | None
    heads: int
    head_dim: int

    def slots(self, max_length: int, steps_per_call: int, *, padded: bool) -> int:
        """Returns the number of tokens that the layer's buffer holds.

        Args:
            max_length: tokens of prompt and reply together.
            steps_per_call: tokens that one call of the decode program generates.
            padded: whether to round up with ``padded_slots``.
        """
        room = min(self.window or max_length, max_length) + CALLS_AHEAD * steps_per_call
        return padded_slots(room) if padded else room


@dataclass
class ForwardContext:
    """The positions, masks and caches of one forward pass; exists only while JAX traces.

    Args:
        start: int32 (batch,): tokens that the caches hold before this pass.
        length: int32 (batch,): real tokens of this pass; the rest is padding.
        size: tokens of this pass, padding included.
        caches: layer -> its cache; replaced as the layers run.
        windows: layer -> its window, None for all.
        media: float (batch, size, hidden size): embeddings of an image or a clip, None if this
            pass has none.
        is_media: bool (batch, size): the tokens whose embeddings come from ``media``.
        groups: int32 (batch, size): tokens with the same number above 0 attend to each other in
            both directions; None for causal attention everywhere.
        groups_beyond_window: if true, the tokens of a group attend to each other in sliding-window
            layers only, at any distance; otherwise in all layers, within the layer's window.
        all_logits: whether to compute the logits of all tokens, instead of the last real one only.
        offset: int32 (batch,): slot minus position of each row's tokens; None for 0. In a pass of
            one token, start + offset is the same for all rows.
        visible: layer -> the keys and values that this pass's queries attend to, and their mask.
        key_positions: layer -> the position of each visible key, negative for an empty slot: int32
            (batch, keys).
    """

    start: Any
    length: Any
    size: int
    caches: dict[int, KeyValue]
    windows: dict[int, int | None]
    media: Any = None
    is_media: Any = None
    groups: Any = None
    groups_beyond_window: bool = False
    all_logits: bool = False
    offset: Any = None
    visible: dict[int, tuple[KeyValue, Any]] = field(default_factory=dict)
    key_positions: dict[int, Any] = field(default_factory=dict)

    @property
    def positions(self) -> Any:
        """The position of each token in its sequence, int32 (batch, size)."""
        import jax.numpy as jnp

        return self.start[:, None] + jnp.arange(self.size, dtype=jnp.int32)

    def update_cache(self, layer: int, key: Any, value: Any) -> tuple[KeyValue, Any]:
        """Writes this pass's keys and values to a layer's cache.

        Args:
            layer: the layer's index.
            key: (batch, size, key-value heads, head size).
            value: likewise.

        Returns:
            The keys and values that this pass's queries attend to, and the mask (batch, size,
            keys).
        """
        import jax
        import jax.numpy as jnp

        old, window = self.caches[layer], self.windows[layer]
        slots = old.key.shape[2]
        if self.size == 1 or window is None:
            # nothing that a query of this pass attends to is overwritten
            visible = KeyValue(self._write(old.key, key), self._write(old.value, value))
            at = self._slot_positions(self.start + self.length - 1, slots)
            self.caches[layer] = visible
        else:
            visible = KeyValue(
                jnp.concatenate([old.key, jnp.swapaxes(key, 1, 2)], axis=2),
                jnp.concatenate([old.value, jnp.swapaxes(value, 1, 2)], axis=2),
            )
            at = self._slot_positions(self.start - 1, slots)
            at = jnp.concatenate([at, self.positions], axis=1)
            # read from the buffers before they are written: otherwise XLA copies them first
            visible, old = jax.lax.optimization_barrier((visible, old))
            new = KeyValue(self._write(old.key, key), self._write(old.value, value))
            # write them now: otherwise XLA keeps all layers' new buffers until the pass ends
            visible, self.caches[layer] = jax.lax.optimization_barrier((visible, new))
        query = self.positions[:, :, None]
        mask = (at[:, None, :] >= 0) & (at[:, None, :] <= query)
        if window is not None:
            mask &= at[:, None, :] > query - window
        if self.groups is not None and not (self.groups_beyond_window and window is None):
            mask |= self._group_mask(at, None if self.groups_beyond_window else window)
        self.visible[layer], self.key_positions[layer] = (visible, mask), at
        return visible, mask

    def shared_cache(self, layer: int, source: int) -> tuple[KeyValue, Any]:
        """Returns the visible keys and values of the layer whose cache another one shares.

        Args:
            layer: the layer without a cache of its own.
            source: the layer whose cache it shares.

        Returns:
            As ``update_cache``.
        """
        self.key_positions[layer] = self.key_positions[source]
        return self.visible[source]

    def compute_attention(
        self,
        layer: int,  # noqa: ARG002 - for subclasses
        query: Any,
        visible: KeyValue,
        mask: Any,
        scale: float,
        soft_cap: float | None,
    ) -> Any:
        """Computes one layer's ``dot_product_attention``; a subclass may record its weights.

        Args:
            layer: the layer's index.
            query: as in ``dot_product_attention``, like the next four.
            visible: keys and values.
            mask: which keys each query attends to.
            scale: factor of the queries.
            soft_cap: bound on the attention logits.

        Returns:
            As ``dot_product_attention``.
        """
        return dot_product_attention(query, visible, mask, scale, soft_cap)

    def watch_blocks(self, blocks: list[Any]) -> list[Any]:
        """Returns the transformer blocks to run; a subclass may record their outputs.

        Args:
            blocks: proxies of KerasHub's blocks, in order.
        """
        return blocks

    def attend(self, layer: int, cache: KeyValue, window: int | None) -> None:
        """Makes a cache visible to this pass's single query, without writing to it.

        Args:
            layer: the index under which the cache becomes visible.
            cache: its keys and values.
            window: as ``LayerCacheSpec.window``.
        """
        at = self._slot_positions(self.start - 1, cache.key.shape[2])
        mask = at >= 0
        if window is not None:
            mask &= at > self.start[:, None] - window
        self.visible[layer], self.key_positions[layer] = (cache, mask[:, None, :]), at

    def _group_mask(self, at: Any, window: int | None) -> Any:
        """The keys that a query attends to within its group: bool (batch, size, keys)."""
        import jax.numpy as jnp

        index = at - self.start[:, None]
        in_pass = (index >= 0) & (index < self.length[:, None])
        groups = jnp.take_along_axis(self.groups, jnp.clip(index, 0, self.size - 1), axis=1)
        key_groups = jnp.where(in_pass, groups, 0)[:, None, :]
        same = (key_groups > 0) & (key_groups == self.groups[:, :, None])
        if window is None:
            return same
        return same & (jnp.abs(at[:, None, :] - self.positions[:, :, None]) < window)

    def insert_media(self, text: Any) -> Any:
        """Replaces the embeddings of media tokens.

        Args:
            text: (batch, size, hidden size): embeddings of the token ids.

        Returns:
            The same shape, with ``media`` where ``is_media`` is true.
        """
        import jax.numpy as jnp

        if self.media is None:
            return text
        return jnp.where(self.is_media[..., None], self.media.astype(text.dtype), text)

    def _write(self, buffer: Any, new: Any) -> Any:
        """Returns the ring buffer with this pass's keys, or values, in their slots."""
        import jax
        import jax.numpy as jnp

        batch, _, slots, _ = buffer.shape
        new = new.astype(buffer.dtype)
        positions = self.positions if self.offset is None else self.positions + self.offset[:, None]
        if self.size == 1 and (batch == 1 or self.offset is not None):
            at = (0, 0, positions[0, 0] % slots, 0)
            return jax.lax.dynamic_update_slice(buffer, jnp.swapaxes(new, 1, 2), at)
        index = jnp.arange(self.size, dtype=jnp.int32)
        length = self.length[:, None]
        # if there are more tokens than slots, the last ones are stored; padding is not stored
        stored = (index < length) & (index >= length - slots)
        slot = jnp.where(stored, positions % slots, slots)
        rows = jnp.arange(batch)[:, None]
        return buffer.at[rows, :, slot].set(new, mode="drop")

    def _slot_positions(self, last: Any, slots: int) -> Any:
        """The position stored in each slot after ``last`` was written; negative for an empty slot."""
        import jax.numpy as jnp

        slot = jnp.arange(slots, dtype=jnp.int32)
        last_slot = last if self.offset is None else last + self.offset
        return last[:, None] - (last_slot[:, None] - slot) % slots


#: Most keys for which one query's weighted sum of values is a reduction; for more keys, XLA would
#: copy the values first.
_MAX_REDUCED_KEYS = 2048
#: Most rows whose single queries use reductions on an accelerator. A reduction reads the keys once
#: for each head of a group, a product once: with 12 layers of Gemma 3 1B a step of 8 rows took 903
#: and 961 µs, one of 64 rows 1462 and 1106 (an H200, 2026-11-30).
_MAX_REDUCED_ROWS = 8


def dot_product_attention(
    query: Any, visible: KeyValue, mask: Any, scale: float, soft_cap: float | None
) -> Any:
    """Scaled dot-product attention with grouped heads, softmax in float32, as in KerasHub.

    A single query of few conversations uses reductions instead of matrix products: on a GPU, XLA then
    makes two kernels (scores; softmax and the sum of values) instead of five to ten.

    Args:
        query: (batch, queries, heads, head size).
        visible: keys and values, each (batch, key-value heads, keys, head size).
        mask: bool (batch, queries, keys).
        scale: factor of the queries.
        soft_cap: Gemma 2's bound on the attention logits, None for none.

    Returns:
        (batch, queries, heads, head size).
    """
    import jax.numpy as jnp

    batch, queries, heads, size = query.shape
    _, groups, keys, _ = visible.key.shape
    weights = attention_weights(query, visible.key, mask, scale, soft_cap)
    weights = weights.astype(query.dtype).reshape(batch, groups, -1, keys)
    value = visible.value.astype(query.dtype)
    if _reduces(batch, queries) and keys <= _MAX_REDUCED_KEYS:
        result = _sum_of_products(weights[..., None], value[:, :, None], 3)
    else:
        result = jnp.einsum("bkqs,bksh->bkqh", weights, value)
    return jnp.swapaxes(result.reshape(batch, heads, queries, size), 1, 2)


def attention_weights(query: Any, key: Any, mask: Any, scale: float, soft_cap: float | None) -> Any:
    """The weights with which ``dot_product_attention`` sums the values.

    Args:
        query: (batch, queries, heads, head size).
        key: (batch, key-value heads, keys, head size).
        mask: bool (batch, queries, keys).
        scale: factor of the queries.
        soft_cap: Gemma 2's bound on the attention logits, None for none.

    Returns:
        float32 (batch, key-value heads, heads of each group, queries, keys).
    """
    import jax
    import jax.numpy as jnp

    batch, queries, _, size = query.shape
    _, groups, keys, _ = key.shape
    # the heads of a group side by side, so that each group is one product
    query = jnp.swapaxes(query * jnp.asarray(scale, query.dtype), 1, 2)
    query = query.reshape(batch, groups, -1, size)
    key = key.astype(query.dtype)
    if _reduces(batch, queries):
        logits = _sum_of_products(key[:, :, None], query[:, :, :, None], -1)
    else:
        logits = jnp.einsum("bkqh,bksh->bkqs", query, key)
    if soft_cap:
        logits = jnp.tanh(logits / soft_cap) * soft_cap
    logits = logits.astype(jnp.float32).reshape(batch, groups, -1, queries, keys)
    return jax.nn.softmax(jnp.where(mask[:, None, None], logits, -1e30), axis=-1)


def _reduces(batch: int, queries: int) -> bool:
    """Whether ``dot_product_attention`` uses reductions instead of matrix products."""
    import jax

    few_rows = 1 if jax.default_backend() == "cpu" else _MAX_REDUCED_ROWS
    return queries == 1 and batch <= few_rows


def _sum_of_products(a: Any, b: Any, axis: int) -> Any:
    """The sum of ``a * b`` along an axis, accumulated in float32."""
    import jax.numpy as jnp

    total = jnp.sum(a.astype(jnp.float32) * b.astype(jnp.float32), axis=axis)
    return total.astype(a.dtype)
