"""The weight matrices of a text decoder as KerasHub builds it, and their sizes in bytes.

Sources of the shapes: keras-hub 0.32, ``gemma_attention.py``, ``gemma_decoder_block.py``,
``gemma3_attention.py``, ``gemma4_attention.py``, ``gemma4_decoder_block.py``, ``gemma4_moe.py``,
``gemma3n_text_layers.py``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import ceil

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.fit.cache_layout import global_layers
from gemma_nb.fit.precision import INT4_BLOCK, Precision

#: The rank of LAuReL in Gemma 3n, in both sizes, and the rows of its per-layer embeddings, which
#: have no rows for the encoders' own tokens (google-deepmind/gemma, gemma3n; keras-hub 0.32,
#: convert_gemma3n.py).
_LAUREL_RANK, _PER_LAYER_ROWS = 64, 262144

#: As ``Variant.quantization``, from the mode of a ``Precision`` to what ``load`` makes of a
#: checkpoint in 16 bit.
_QUANTIZATIONS = {"int8": ("int8", "int8"), "int4": ("int8", f"int4/{INT4_BLOCK}")}

#: Share of an encoder's parameters in the layers that Keras quantises (Dense, EinsumDense, Embedding),
#: counted in the classes of keras-hub 0.32. The image encoder of Gemma 3n is a MobileNet V5, nine
#: tenths of which are convolutions. The share in Gemma 4's image encoder is 0.906 in the small one
#: (E2B, E4B) and 0.959 in the others.
_VISION_SHARE = {"Gemma3nBackbone": 0.103, "Gemma4Backbone": 0.93}
_AUDIO_SHARE = {"Gemma3nBackbone": 0.96, "Gemma4Backbone": 0.958}
_ENCODER_SHARE = 0.997  # of every other backbone


@dataclass(frozen=True)
class WeightShape:
    """A number of weight matrices of one shape.

    Args:
        rows: the size of the dimension over which the matrix product sums.
        columns: the number of outputs.
        count: how many matrices have this shape.
        use: "embedding" (rows are looked up, and the logits read the whole table), "lookup" (rows
            are looked up only), "expert" (an expert of a mixture, which Keras does not quantise) or
            "layer".
        units: into how many equal parts several devices can divide it: heads, the width of a
            feed-forward layer, experts, rows of a table; 0 where every device holds it whole
            (``gemma_nb.loading.sharding``).
        block_rows: whether int4 divides whole blocks of rows.
    """

    rows: int
    columns: int
    count: int = 1
    use: str = "layer"
    units: int = 0
    block_rows: bool = False

    @property
    def parameters(self) -> int:
        """Number of parameters in all ``count`` matrices."""
        return self.rows * self.columns * self.count


@dataclass(frozen=True)
class WeightBytes:
    """The sizes of a variant's weights, in bytes.

    Args:
        text: the decoder (and encoder) with embeddings.
        encoders: the image and audio encoders.
    """

    text: int
    encoders: int

    @property
    def total(self) -> int:
        """The sum of both, in bytes."""
        return self.text + self.encoders


def decoder_weight_shapes(architecture: Architecture) -> list[WeightShape]:
    """Lists every matrix of a decoder, and of its encoder if there is one."""
    return list(_decoder_weight_shapes(architecture))


@cache
def _decoder_weight_shapes(a: Architecture) -> tuple[WeightShape, ...]:
    """``decoder_weight_shapes``, counted once: a list of fixes asks dozens of times."""
    shapes = [WeightShape(a.hidden_dim, a.vocabulary_size, 1, "embedding", a.vocabulary_size)]
    for i, is_global in enumerate(global_layers(a)):
        head_dim, key_value_heads = a.head_dim, a.num_key_value_heads
        if is_global:
            head_dim = a.global_head_dim or head_dim
            key_value_heads = a.global_key_value_heads or key_value_heads
        shares_keys = i >= a.num_layers - a.kv_shared_layers
        query = a.num_query_heads * head_dim
        for rows, columns in ((a.hidden_dim, query), (query, a.hidden_dim)):
            shapes.append(WeightShape(rows, columns, units=a.num_query_heads, block_rows=True))
        if not shares_keys or a.backbone == "Gemma3nBackbone":
            # global layers of Gemma 4 with their own number of heads use one matrix for both
            matrices = 1 if is_global and a.global_key_value_heads else 2
            key = WeightShape(a.hidden_dim, key_value_heads * head_dim, matrices)
            shapes.append(replace(key, units=key_value_heads, block_rows=True))
        shapes += _feed_forward(a, 2 if a.double_wide_shared_layers and shares_keys else 1)
    if a.per_layer_input_dim:
        shapes += _per_layer_embeddings(a)
    if a.altup_num_inputs:
        shapes += _altup_and_laurel(a)
    if a.encoder:
        shapes += decoder_weight_shapes(a.encoder)
        if a.backbone == "T5GemmaBackbone":
            shapes += _cross_attention(a, a.encoder.hidden_dim)
    return tuple(shapes)


def _feed_forward(a: Architecture, factor: int) -> list[WeightShape]:
    """The feed-forward network of one layer, ``factor`` times as wide as ``intermediate_dim``."""
    width = factor * a.intermediate_dim
    shapes = [
        WeightShape(a.hidden_dim, width, 2, units=width),
        WeightShape(width, a.hidden_dim, units=width, block_rows=True),
    ]
    if a.experts:
        shapes += [
            WeightShape(a.hidden_dim, a.experts),
            WeightShape(a.hidden_dim, a.expert_dim, 2 * a.experts, "expert", a.experts),
            WeightShape(a.expert_dim, a.hidden_dim, a.experts, "expert", a.experts),
        ]
    return shapes


def _per_layer_embeddings(a: Architecture) -> list[WeightShape]:
    width = a.num_layers * a.per_layer_input_dim
    rows = min(a.vocabulary_size, _PER_LAYER_ROWS)
    return [
        WeightShape(width, rows, use="lookup", units=rows),
        WeightShape(a.hidden_dim, width),
        WeightShape(a.hidden_dim, a.per_layer_input_dim, a.num_layers),
        WeightShape(a.per_layer_input_dim, a.hidden_dim, a.num_layers),
    ]


def _altup_and_laurel(a: Architecture) -> list[WeightShape]:
    """The matrices of Gemma 3n's AltUp (parallel residual streams) and LAuReL."""
    inputs = a.altup_num_inputs
    return [
        WeightShape(a.hidden_dim, a.hidden_dim, 2 * (inputs - 1)),
        WeightShape(a.hidden_dim, _LAUREL_RANK, a.num_layers),
        WeightShape(_LAUREL_RANK, a.hidden_dim, a.num_layers),
        WeightShape(a.hidden_dim, inputs, a.num_layers),
        WeightShape(inputs, inputs + inputs**2, a.num_layers),
    ]


def _cross_attention(a: Architecture, encoder_dim: int) -> list[WeightShape]:
    query = a.num_query_heads * a.head_dim
    key = a.num_key_value_heads * a.head_dim
    heads, key_heads = a.num_query_heads, a.num_key_value_heads
    return [
        WeightShape(a.hidden_dim, query, a.num_layers, units=heads, block_rows=True),
        WeightShape(query, a.hidden_dim, a.num_layers, units=heads, block_rows=True),
        WeightShape(encoder_dim, key, 2 * a.num_layers, units=key_heads, block_rows=True),
    ]


def text_weight_shapes(variant: Variant) -> tuple[list[WeightShape], int]:
    """Lists the text matrices of a variant.

    Returns:
        The matrices, and the number of parameters outside them (norms and scales). Without a known
        architecture the list is empty and all parameters are outside.
    """
    total = variant.text_parameters or variant.parameters
    if variant.architecture is None:
        return [], total
    shapes = decoder_weight_shapes(variant.architecture)
    return shapes, total - sum(shape.parameters for shape in shapes)


def quantization(variant: Variant, precision: Precision) -> tuple[str, str] | None:
    """How the layers of a variant are quantised in a precision, as ``Variant.quantization``.

    Args:
        variant: the variant. A preset that was saved in this precision keeps its own.
        precision: the precision.

    Returns:
        The quantisation of (embeddings, kernels); None without quantisation.
    """
    if precision.quantize is None:
        return None
    saved = variant.quantization
    if saved and saved[1].startswith(precision.quantize):
        return saved
    return _QUANTIZATIONS[precision.quantize]


def weight_shape_bytes(
    shape: WeightShape, precision: Precision, modes: tuple[str, str] | None = None
) -> int:
    """Computes the bytes of all matrices of one shape, with their scales.

    int8 takes one byte for each number and one scale for each column. int4 takes half a byte for
    each number; for each block of rows of a column a scale and a zero point of one byte; and for
    each row a float32 that holds the index of its block. Scales have the layer's own dtype.
    (keras 3.15.1: ``_int8_build`` and ``_int4_build`` of Dense, EinsumDense, Embedding and
    ReversibleEmbedding.)

    Args:
        shape: the shape and the number of matrices.
        precision: the precision. Experts keep its 16-bit dtype, because their layer
            (``Gemma4MoEBlock``) has no ``quantize`` method.
        modes: the quantisation of embeddings and kernels (``quantization``); None for that of
            ``load``.
    """
    numbers, dtype_bytes = shape.rows * shape.columns, precision.dtype_bytes
    if precision.quantize is None or shape.use == "expert":
        return numbers * dtype_bytes * shape.count
    embeddings, kernels = modes or _QUANTIZATIONS[precision.quantize]
    mode = embeddings if shape.use in ("embedding", "lookup") else kernels
    if mode == "int8":
        size = numbers + shape.columns * dtype_bytes
    elif block := _block_size(mode):
        blocks = ceil(shape.rows / block) * shape.columns
        packed = shape.rows * ceil(shape.columns / 2)
        size = packed + blocks * (dtype_bytes + 1) + shape.rows * 4
    else:
        size = shape.rows * ceil(shape.columns / 2) + shape.columns * dtype_bytes
    return size * shape.count


def _block_size(mode: str) -> int:
    """The block size of an int4 mode of Keras, such as "int4/32"; 0 without blocks."""
    size = mode.partition("/")[2]
    return int(size) if size.isdigit() else 0


def weight_bytes(variant: Variant, precision: Precision) -> WeightBytes:
    """Computes the bytes of a variant's weights.

    Without quantisation the size is ``parameters × bytes of the dtype``. With quantisation it is
    the size that the catalog counted in KerasHub's classes. For a variant that the catalog could
    not count (a checkpoint of your own), it is the sum of ``weight_shape_bytes``; norms, and
    everything else that no layer quantises, stay in 16 bit.

    Args:
        variant: the variant.
        precision: the precision.
    """
    vision, audio = variant.vision_parameters or 0, variant.audio_parameters or 0
    text = variant.text_parameters
    if text is None:
        text = variant.parameters - vision - audio
    if vision + audio == 0:
        # the rest belongs to an encoder of unknown kind
        vision = variant.parameters - text
    dtype_bytes = precision.dtype_bytes
    if precision.quantize is None:
        return WeightBytes(text * dtype_bytes, (vision + audio) * dtype_bytes)
    modes = quantization(variant, precision)
    assert modes is not None
    counted = variant.int8_bytes if precision.quantize == "int8" else variant.int4_bytes
    if counted and modes == _QUANTIZATIONS[precision.quantize]:
        return WeightBytes(*counted)

    backbone = variant.architecture.backbone if variant.architecture else ""
    vision_share = _VISION_SHARE.get(backbone, _ENCODER_SHARE)
    audio_share = _AUDIO_SHARE.get(backbone, _ENCODER_SHARE)
    quantised = vision * vision_share + audio * audio_share
    parameter_bytes = _parameter_bytes(modes[1], dtype_bytes)
    encoders = round(quantised * parameter_bytes + (vision + audio - quantised) * dtype_bytes)

    shapes, rest = text_weight_shapes(variant)
    # a large rest holds matrices that the architecture does not describe; these are quantised too
    undescribed = max(0, rest) if rest > 0.005 * text else 0
    unquantised = max(0, rest) - undescribed
    return WeightBytes(
        sum(weight_shape_bytes(shape, precision, modes) for shape in shapes)
        + round(undescribed * parameter_bytes)
        + unquantised * dtype_bytes,
        encoders,
    )


def _parameter_bytes(mode: str, dtype_bytes: int) -> float:
    """The bytes of one parameter in a large quantised matrix, with its part of the scales."""
    if mode == "int8":
        return 1.0
    block = _block_size(mode)
    return 0.5 + (dtype_bytes + 1) / block if block else 0.5
