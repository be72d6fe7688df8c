"""The matrices of a text decoder as KerasHub builds it, one entry a shape.

Sources: keras-hub 0.32, ``gemma_attention.py``, ``gemma_decoder_block.py``, ``gemma3_attention.py``,
``gemma4_attention.py``, ``gemma4_decoder_block.py``, ``gemma4_moe.py``, ``gemma3n_text_layers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.fit.cache_layout import layer_kinds

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Architecture, Variant

#: LAuReL's rank in Gemma 3n, both sizes, and the rows of its per-layer embeddings, which lack the
#: towers' own tokens (google-deepmind/gemma, gemma3n; keras-hub 0.32, convert_gemma3n.py).
_LAUREL, _PER_LAYER_ROWS = 64, 262144


@dataclass(frozen=True)
class Kernel:
    """Matrices of one shape: ``rows`` are summed over, each of ``columns`` is an output.

    ``use`` is "embedding" (looked up, and read whole for the logits), "lookup" (looked up only),
    "expert" (a mixture's, which Keras does not quantise) or "layer".
    """

    rows: int
    columns: int
    count: int = 1
    use: str = "layer"

    @property
    def parameters(self) -> int:
        """How many numbers all ``count`` hold."""
        return self.rows * self.columns * self.count


def kernels(architecture: Architecture) -> list[Kernel]:
    """Every matrix of a decoder (of both halves, where there is an encoder)."""
    a = architecture
    found = [Kernel(a.hidden_dim, a.vocabulary_size, use="embedding")]
    for i, sees_all in enumerate(layer_kinds(a)):
        head, heads = a.head_dim, a.num_key_value_heads
        if sees_all:
            head, heads = a.global_head_dim or head, a.global_key_value_heads or heads
        shares = i >= a.num_layers - a.kv_shared_layers
        query = a.num_query_heads * head
        found += [Kernel(a.hidden_dim, query), Kernel(query, a.hidden_dim)]
        if not shares or a.backbone == "Gemma3nBackbone":
            # Gemma 4's global layers with heads of their own have one matrix for key and value
            both = 1 if sees_all and a.global_key_value_heads else 2
            found.append(Kernel(a.hidden_dim, heads * head, both))
        found += _feed_forward(a, 2 if a.double_wide_shared_layers and shares else 1)
    if a.per_layer_input_dim:
        found += _per_layer(a)
    if a.altup_num_inputs:
        found += _altup(a)
    if a.encoder:
        found += kernels(a.encoder)
        if a.backbone == "T5GemmaBackbone":
            found += _cross_attention(a, a.encoder.hidden_dim)
    return found


def _feed_forward(a: Architecture, width: int) -> list[Kernel]:
    inner = width * a.intermediate_dim
    found = [Kernel(a.hidden_dim, inner, 2), Kernel(inner, a.hidden_dim)]
    if a.experts:
        found += [
            Kernel(a.hidden_dim, a.experts),
            Kernel(a.hidden_dim, a.expert_dim, 2 * a.experts, "expert"),
            Kernel(a.expert_dim, a.hidden_dim, a.experts, "expert"),
        ]
    return found


def _per_layer(a: Architecture) -> list[Kernel]:
    width = a.num_layers * a.per_layer_input_dim
    return [
        Kernel(width, min(a.vocabulary_size, _PER_LAYER_ROWS), use="lookup"),
        Kernel(a.hidden_dim, width),
        Kernel(a.hidden_dim, a.per_layer_input_dim, a.num_layers),
        Kernel(a.per_layer_input_dim, a.hidden_dim, a.num_layers),
    ]


def _altup(a: Architecture) -> list[Kernel]:
    inputs = a.altup_num_inputs
    return [
        Kernel(a.hidden_dim, a.hidden_dim, 2 * (inputs - 1)),
        Kernel(a.hidden_dim, _LAUREL, a.num_layers),
        Kernel(_LAUREL, a.hidden_dim, a.num_layers),
        Kernel(a.hidden_dim, inputs, a.num_layers),
        Kernel(inputs, inputs + inputs**2, a.num_layers),
    ]


def _cross_attention(a: Architecture, encoder_dim: int) -> list[Kernel]:
    query = a.num_query_heads * a.head_dim
    key = a.num_key_value_heads * a.head_dim
    return [
        Kernel(a.hidden_dim, query, a.num_layers),
        Kernel(query, a.hidden_dim, a.num_layers),
        Kernel(encoder_dim, key, 2 * a.num_layers),
    ]


def text_kernels(variant: Variant) -> tuple[list[Kernel], int]:
    """A variant's matrices, and how many parameters stand outside them (norms and scales)."""
    a = variant.architecture
    total = variant.text_parameters or variant.parameters
    if a is None:
        return [], total
    found = kernels(a)
    return found, total - sum(k.parameters for k in found)
