"""The matrices of a text decoder as KerasHub builds it, one entry a shape.

Sources: keras-hub 0.32, ``gemma_attention.py``, ``gemma_decoder_block.py``, ``gemma3_attention.py``,
``gemma4_attention.py``, ``gemma4_decoder_block.py``, ``gemma4_moe.py``, ``gemma3n_text_layers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.fit.cache_layout import global_layers
from gemma_nb.fit.precision import Precision

#: LAuReL's rank in Gemma 3n, both sizes, and the rows of its per-layer embeddings, which lack the
#: towers' own tokens (google-deepmind/gemma, gemma3n; keras-hub 0.32, convert_gemma3n.py).
_LAUREL, _PER_LAYER_ROWS = 64, 262144


@dataclass(frozen=True)
class WeightShape:
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


def decoder_weight_shapes(architecture: Architecture) -> list[WeightShape]:
    """Every matrix of a decoder (of both halves, where there is an encoder)."""
    a = architecture
    found = [WeightShape(a.hidden_dim, a.vocabulary_size, use="embedding")]
    for i, sees_all in enumerate(global_layers(a)):
        head, heads = a.head_dim, a.num_key_value_heads
        if sees_all:
            head, heads = a.global_head_dim or head, a.global_key_value_heads or heads
        shares = i >= a.num_layers - a.kv_shared_layers
        query = a.num_query_heads * head
        found += [WeightShape(a.hidden_dim, query), WeightShape(query, a.hidden_dim)]
        if not shares or a.backbone == "Gemma3nBackbone":
            # Gemma 4's global layers with heads of their own have one matrix for key and value
            both = 1 if sees_all and a.global_key_value_heads else 2
            found.append(WeightShape(a.hidden_dim, heads * head, both))
        found += _feed_forward(a, 2 if a.double_wide_shared_layers and shares else 1)
    if a.per_layer_input_dim:
        found += _per_layer(a)
    if a.altup_num_inputs:
        found += _altup(a)
    if a.encoder:
        found += decoder_weight_shapes(a.encoder)
        if a.backbone == "T5GemmaBackbone":
            found += _cross_attention(a, a.encoder.hidden_dim)
    return found


def _feed_forward(a: Architecture, width: int) -> list[WeightShape]:
    inner = width * a.intermediate_dim
    found = [WeightShape(a.hidden_dim, inner, 2), WeightShape(inner, a.hidden_dim)]
    if a.experts:
        found += [
            WeightShape(a.hidden_dim, a.experts),
            WeightShape(a.hidden_dim, a.expert_dim, 2 * a.experts, "expert"),
            WeightShape(a.expert_dim, a.hidden_dim, a.experts, "expert"),
        ]
    return found


def _per_layer(a: Architecture) -> list[WeightShape]:
    width = a.num_layers * a.per_layer_input_dim
    return [
        WeightShape(width, min(a.vocabulary_size, _PER_LAYER_ROWS), use="lookup"),
        WeightShape(a.hidden_dim, width),
        WeightShape(a.hidden_dim, a.per_layer_input_dim, a.num_layers),
        WeightShape(a.per_layer_input_dim, a.hidden_dim, a.num_layers),
    ]


def _altup(a: Architecture) -> list[WeightShape]:
    inputs = a.altup_num_inputs
    return [
        WeightShape(a.hidden_dim, a.hidden_dim, 2 * (inputs - 1)),
        WeightShape(a.hidden_dim, _LAUREL, a.num_layers),
        WeightShape(_LAUREL, a.hidden_dim, a.num_layers),
        WeightShape(a.hidden_dim, inputs, a.num_layers),
        WeightShape(inputs, inputs + inputs**2, a.num_layers),
    ]


def _cross_attention(a: Architecture, encoder_dim: int) -> list[WeightShape]:
    query = a.num_query_heads * a.head_dim
    key = a.num_key_value_heads * a.head_dim
    return [
        WeightShape(a.hidden_dim, query, a.num_layers),
        WeightShape(query, a.hidden_dim, a.num_layers),
        WeightShape(encoder_dim, key, 2 * a.num_layers),
    ]


def text_weight_shapes(variant: Variant) -> tuple[list[WeightShape], int]:
    """A variant's matrices, and how many parameters stand outside them (norms and scales)."""
    a = variant.architecture
    total = variant.text_parameters or variant.parameters
    if a is None:
        return [], total
    found = decoder_weight_shapes(a)
    return found, total - sum(k.parameters for k in found)


#: Elements that share a scale and a zero point in Keras's int4 (keras 3.15.1,
#: ``Int4QuantizationConfig``: ``block_size=128``).
INT4_BLOCK = 128

#: Share of a tower's parameters that stand in the layers that Keras quantises (Dense, EinsumDense,
#: Embedding); counted in the classes of keras-hub 0.32. Gemma 3n sees with MobileNet V5, which is
#: convolutions for nine tenths; where Gemma 4's vision tower is small (E2B, E4B) the share is 0.906, else 0.959.
_VISION_SHARE = {"Gemma3nBackbone": 0.103, "Gemma4Backbone": 0.93}
_AUDIO_SHARE = {"Gemma3nBackbone": 0.96, "Gemma4Backbone": 0.958}
_SHARE = 0.997


@dataclass(frozen=True)
class WeightBytes:
    """Bytes of the decoder's weights with its embeddings, and of the vision and audio towers."""

    text: int
    towers: int

    @property
    def total(self) -> int:
        """Both, in bytes."""
        return self.text + self.towers


def weight_shape_bytes(kernel: WeightShape, precision: Precision) -> int:
    """Bytes of matrices of one shape, with their scales.

    int8: one byte a number and a scale a column. int4: half a byte a number, and for each block of
    128 rows of a column a scale and a zero point of one byte; one float32 a row says which block it
    belongs to. Scales have the layer's own dtype. (keras 3.15.1: ``_int8_build`` and
    ``_int4_build`` of Dense, EinsumDense, Embedding and ReversibleEmbedding.)

    Args:
        kernel: the shape and how many there are.
        precision: the precision asked for; experts stay in its 16-bit dtype, because their layer
            (``Gemma4MoEBlock``) has no ``quantize``.
    """
    numbers, wide = kernel.rows * kernel.columns, precision.dtype_bytes
    if precision.quantize is None or kernel.use == "expert":
        each = numbers * wide
    elif precision.quantize == "int8":
        each = numbers + kernel.columns * wide
    else:
        blocks = ceil(kernel.rows / INT4_BLOCK) * kernel.columns
        each = kernel.rows * ceil(kernel.columns / 2) + blocks * (wide + 1) + kernel.rows * 4
    return each * kernel.count


def weight_bytes(variant: Variant, precision: Precision) -> WeightBytes:
    """Bytes of a variant's weights.

    Without quantisation ``parameters × bytes of the dtype``. With it, what the catalog counted in
    the real classes; where it could not (a checkpoint of your own), each matrix by
    ``kernel_bytes``, and norms and what else no layer quantises in 16 bit.

    Args:
        variant: the variant.
        precision: the precision.
    """
    vision, audio = variant.vision_parameters or 0, variant.audio_parameters or 0
    text = variant.text_parameters
    if text is None:
        text = variant.parameters - vision - audio
    if vision + audio == 0:
        vision = variant.parameters - text  # which tower is not known, that there is one is
    wide = precision.dtype_bytes
    if precision.quantize is None:
        return WeightBytes(text * wide, (vision + audio) * wide)
    counted = variant.int8_bytes if precision.quantize == "int8" else variant.int4_bytes
    if counted:
        return WeightBytes(*counted)

    backbone = variant.architecture.backbone if variant.architecture else ""
    share = vision * _VISION_SHARE.get(backbone, _SHARE) + audio * _AUDIO_SHARE.get(
        backbone, _SHARE
    )
    small = quantised_bytes(precision)
    towers = round(share * small + (vision + audio - share) * wide)

    found, rest = text_weight_shapes(variant)
    # matrices that the architecture does not tell are quantised like the others
    unknown = max(0, rest) if rest > 0.005 * text else 0
    kept = max(0, rest) - unknown
    return WeightBytes(
        sum(weight_shape_bytes(k, precision) for k in found) + round(unknown * small) + kept * wide,
        towers,
    )


def quantised_bytes(precision: Precision) -> float:
    """Bytes a parameter of a large quantised matrix takes, scales included."""
    if precision.quantize == "int8":
        return 1.0
    return 0.5 + (precision.dtype_bytes + 1) / INT4_BLOCK
