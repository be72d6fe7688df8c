"""The weights, in the dtype that each layer really gets."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from gemma_nb.fit.weight_shapes import Kernel, text_kernels

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.fit.precision import Precision

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


def kernel_bytes(kernel: Kernel, precision: Precision) -> int:
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

    found, rest = text_kernels(variant)
    # matrices that the architecture does not tell are quantised like the others
    unknown = max(0, rest) if rest > 0.005 * text else 0
    kept = max(0, rest) - unknown
    return WeightBytes(
        sum(kernel_bytes(k, precision) for k in found) + round(unknown * small) + kept * wide,
        towers,
    )


def quantised_bytes(precision: Precision) -> float:
    """Bytes a parameter of a large quantised matrix takes, scales included."""
    if precision.quantize == "int8":
        return 1.0
    return 0.5 + (precision.dtype_bytes + 1) / INT4_BLOCK
