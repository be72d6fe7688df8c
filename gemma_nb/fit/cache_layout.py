"""The key-value cache: what each layer keeps of the tokens before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.fit.cache_plan import cache_plan

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Architecture
    from gemma_nb.fit.cache_plan import CachePlan

#: KerasHub classes whose cache is one stacked tensor over all layers (keras-hub 0.32): layers that
#: share another's keys have room in it too, and every layer has the largest head size.
_STACKED = ("GemmaBackbone", "Gemma3nBackbone", "Gemma4Backbone")


def layer_kinds(architecture: Architecture) -> list[bool]:
    """Whether each layer sees everything (True) or only its sliding window, first layer first.

    Gemma 2 begins with a sliding layer and alternates, Gemma 3 and later have one global layer
    behind each group of sliding ones (keras-hub 0.32: ``i % 2 == 0`` slides in
    gemma_backbone.py, ``i % 6 < 5`` in gemma3_backbone.py, ``sliding_window_pattern`` in
    gemma4_backbone.py).
    """
    every = architecture.global_every
    if not every or not architecture.sliding_window:
        return [True] * architecture.num_layers
    return [i % every == every - 1 for i in range(architecture.num_layers)]


def cache_bytes(
    architecture: Architecture,
    max_length: int,
    batch_size: int = 1,
    dtype_bytes: int = 2,
    plan: CachePlan | None = None,
) -> int:
    """Bytes of the key-value cache.

    An encoder-decoder keeps the encoder's keys and values beside the decoder's own: as many
    again, since the prompt may be as long. A layer keeps ``2 × tokens × key-value heads × head size`` numbers a sequence (Vaswani et al.
    2017; Shazeer 2019 for shared heads). ``tokens`` is ``max_length`` in a layer that sees
    everything, and in KerasHub's own full-length cache in every layer.

    Args:
        architecture: the decoder's numbers.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        dtype_bytes: bytes of one number; the cache is never quantised (keras-hub 0.32).
        plan: the layout; the package's own, ``cache_plan()``, when None.
    """
    plan = plan or cache_plan()
    a = architecture
    if not plan.windowed and a.backbone in _STACKED:
        head = max(a.head_dim, a.global_head_dim or 0)
        tokens = a.num_layers * max_length
        numbers = 2 * tokens * a.num_key_value_heads * head
        return numbers * dtype_bytes * batch_size * (2 if a.encoder else 1)
    numbers = 0
    kinds = layer_kinds(a)
    own = a.num_layers - (a.kv_shared_layers if plan.windowed else 0)
    for sees_all in kinds[:own]:
        heads, head = a.num_key_value_heads, a.head_dim
        if sees_all:
            heads, head = a.global_key_value_heads or heads, a.global_head_dim or head
        tokens = plan.slots(max_length)
        if plan.windowed and not sees_all:
            tokens = plan.slots(min(max_length, a.sliding_window or max_length))
            # several at once are no chat; and where no turn overwrites what it began with, all is there
            if batch_size == 1 and max_length + plan.ahead > tokens:
                tokens *= 1 + plan.snapshots
        numbers += 2 * tokens * heads * head
    return numbers * dtype_bytes * batch_size * (2 if a.encoder else 1)
