"""The layout of the KV cache, and its size in bytes.

The constants that ``gemma_nb.generation`` and ``gemma_nb.loading`` share with the memory estimate
are here too.
"""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Architecture

#: Bytes of weights in flight while loading; equals ``gemma_nb.loading.tensor_files.BLOCK``. The
#: host holds one block that is being read and one that is being sent; the device holds the finished
#: tensors and one block.
LOAD_BLOCK_BYTES = 256 * 2**20
#: Tokens of a prompt that one prefill pass processes, at most.
PREFILL_CHUNK = 512
#: Calls of the decode program that may have been started before a stop token is read.
CALLS_AHEAD = 2
#: Tokens that one such call generates on an accelerator. On a processor it generates one.
TOKENS_PER_CALL = 8
#: Most rows that a processor multiplies one after the other. For more, converting the matrix once and
#: XLA's matrix product cost less.
PROCESSOR_ROWS = 8

#: KerasHub classes whose cache is one tensor stacked over all layers (keras-hub 0.32). It has room
#: for the layers that reuse another layer's keys, and the largest head size in every layer.
_STACKED = ("GemmaBackbone", "Gemma3nBackbone", "Gemma4Backbone")


@dataclass(frozen=True)
class CachePlan:
    """The layout of the KV cache, and how a prompt is processed.

    Args:
        windowed: whether a sliding layer keeps only the tokens of its window, instead of all.
        chunk: tokens of a prompt that one prefill pass processes; None for the whole prompt.
        snapshots: number of copies of the sliding layers' windows. Generation returns to such a
            copy when a turn is edited or repeated.
        ahead: additional tokens, in every layer, for tokens that are computed ahead.
        padded: whether the number of tokens is rounded up by ``padded_slots``.
    """

    windowed: bool
    chunk: int | None = None
    snapshots: int = 0
    ahead: int = 0
    padded: bool = False

    def slots(self, tokens: int) -> int:
        """Returns the number of tokens that one layer's cache is allocated for.

        Args:
            tokens: number of tokens that the layer keeps.
        """
        slots = tokens + self.ahead
        return padded_slots(slots) if self.padded else slots


def padded_slots(slots: int) -> int:
    """Rounds a number of cache slots up to a multiple that suits XLA's products on an accelerator.

    XLA splits a long sum into up to 32 parts of whole 16-byte units. If the length is not divisible,
    it copies the keys and values into a longer array in every step (XLA's programs for an H100, jax
    0.11.2).

    Args:
        slots: number of tokens.
    """
    step = 256 if slots > 2048 else 64
    return -(-slots // step) * step


#: KerasHub 0.32's own layout: every layer keeps every token, and one pass takes the whole prompt.
FULL_LENGTH = CachePlan(windowed=False)
#: The layout of ``gemma_nb.generation``: a sliding layer keeps its window and a copy of it from the
#: beginning of the turn; a prompt is processed in chunks.
WINDOWED = CachePlan(
    windowed=True,
    chunk=PREFILL_CHUNK,
    snapshots=1,
    ahead=CALLS_AHEAD * TOKENS_PER_CALL,
    padded=True,
)


def cache_plan() -> CachePlan:
    """Returns the layout that this package allocates; change it together with ``generation``."""
    return WINDOWED


def global_layers(architecture: Architecture) -> list[bool]:
    """Returns, for each layer, whether its attention is global (True) or sliding (False).

    Gemma 2 starts with a sliding layer and alternates. Gemma 3 and later have one global layer
    after each group of sliding layers (keras-hub 0.32: ``i % 2 == 0`` slides in
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
    """Computes the bytes of the KV cache.

    A layer keeps ``2 × tokens × key-value heads × head size`` numbers for each sequence (Vaswani
    et al. 2017; Shazeer 2019 for shared heads). ``tokens`` is ``max_length`` in a global layer. In
    KerasHub's own full-length cache it is ``max_length`` in every layer.

    An encoder-decoder also keeps the encoder's keys and values. The prompt may be ``max_length``
    long too, so this doubles the size.

    Args:
        architecture: the decoder's dimensions.
        max_length: tokens of prompt and reply together.
        batch_size: number of conversations at once.
        dtype_bytes: bytes of one number; the cache is never quantised (keras-hub 0.32).
        plan: the layout; None for the layout of this package, ``cache_plan()``.
    """
    plan = plan or cache_plan()
    if not plan.windowed and architecture.backbone in _STACKED:
        numbers = _stacked_numbers(architecture, max_length)
    else:
        numbers = _layered_numbers(architecture, max_length, batch_size, plan)
    return numbers * dtype_bytes * batch_size * (2 if architecture.encoder else 1)


def _stacked_numbers(a: Architecture, max_length: int) -> int:
    """The numbers of one sequence in a cache that is one stacked tensor."""
    head_dim = max(a.head_dim, a.global_head_dim or 0)
    return 2 * a.num_layers * max_length * a.num_key_value_heads * head_dim


def _layered_numbers(a: Architecture, max_length: int, batch_size: int, plan: CachePlan) -> int:
    """The numbers of one sequence in a cache that has tensors for each layer."""
    numbers = 0
    layers_with_cache = a.num_layers - (a.kv_shared_layers if plan.windowed else 0)
    for is_global in global_layers(a)[:layers_with_cache]:
        heads, head_dim = a.num_key_value_heads, a.head_dim
        if is_global:
            heads, head_dim = a.global_key_value_heads or heads, a.global_head_dim or head_dim
        slots = plan.slots(max_length)
        if plan.windowed and not is_global:
            slots = plan.slots(min(max_length, a.sliding_window or max_length))
            # A batch is no chat and needs no snapshot. Neither does a cache with room for all
            # tokens, because no turn overwrites its beginning.
            if batch_size == 1 and max_length + plan.ahead > slots:
                slots *= 1 + plan.snapshots
        numbers += 2 * slots * heads * head_dim
    return numbers
