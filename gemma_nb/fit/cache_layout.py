"""How this package loads and decodes, as far as memory follows from it; the lines to change."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Architecture

#: Bytes of weights that are on their way at once (``gemma_nb.loading.tensor_files.BLOCK``): the host
#: holds one block that is read and one that is sent, the device the finished tensors and one.
LOAD_BLOCK_BYTES = 256 * 2**20


@dataclass(frozen=True)
class CachePlan:
    """How the key-value cache is laid out, and how much of a prompt goes in at once.

    Args:
        windowed: sliding layers keep their window only, instead of every token.
        chunk: tokens of a prompt that one pass takes in; None for the whole prompt at once.
        snapshots: copies of the sliding layers' windows kept beside, to go back to for a new turn.
        ahead: tokens that every layer has room for besides, computed ahead.
        padded: whether its room is rounded up as ``padded_slots`` says.
    """

    windowed: bool
    chunk: int | None = None
    snapshots: int = 0
    ahead: int = 0
    padded: bool = False

    def slots(self, tokens: int) -> int:
        """Tokens that a layer's cache has room for.

        Args:
            tokens: those that it keeps.
        """
        room = tokens + self.ahead
        return padded_slots(room) if self.padded else room


def padded_slots(room: int) -> int:
    """Room for tokens, rounded up to what XLA's products on an accelerator divide evenly.

    They cut a long sum into up to 32 parts of whole 16 bytes, and would copy the keys and values
    into a longer array in every step (XLA's programs for an H100, jax 0.11.2).

    Args:
        room: tokens.
    """
    step = 256 if room > 2048 else 64
    return -(-room // step) * step


#: KerasHub 0.32's own: every layer keeps every token, the prompt goes in at once.
FULL_LENGTH = CachePlan(windowed=False)
#: Tokens of a prompt that go in at once, at most.
PREFILL_CHUNK = 512
#: Calls whose tokens may have been computed behind a stop token when it is read; each makes
#: ``CHUNK`` tokens on an accelerator, one on a processor.
CALLS_AHEAD = 2
TOKENS_PER_CALL = 8

#: ``gemma_nb.generation``'s: sliding layers keep their window, and as it was when a turn began;
#: prompts go in by stretches.
WINDOWED = CachePlan(
    windowed=True,
    chunk=PREFILL_CHUNK,
    snapshots=1,
    ahead=CALLS_AHEAD * TOKENS_PER_CALL,
    padded=True,
)


def cache_plan() -> CachePlan:
    """What this package allocates; the one line to change with ``gemma_nb.generation``."""
    return WINDOWED


#: KerasHub classes whose cache is one stacked tensor over all layers (keras-hub 0.32): layers that
#: share another's keys have room in it too, and every layer has the largest head size.
_STACKED = ("GemmaBackbone", "Gemma3nBackbone", "Gemma4Backbone")


def global_layers(architecture: Architecture) -> list[bool]:
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
    kinds = global_layers(a)
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
