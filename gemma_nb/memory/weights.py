"""The weights, in the dtype that each layer really gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant
    from gemma_nb.precision import Precision

#: Elements that share a scale and a zero point in Keras's int4 (keras 3.15.1,
#: ``Int4QuantizationConfig``: ``block_size=128``).
INT4_BLOCK = 128


@dataclass(frozen=True)
class WeightBytes:
    """Bytes of the decoder's weights with its embeddings, and of the vision and audio towers."""

    text: int
    towers: int

    @property
    def total(self) -> int:
        """Both, in bytes."""
        return self.text + self.towers


def weight_bytes(variant: Variant, precision: Precision) -> WeightBytes:
    """Bytes of a variant's weights in a precision."""
    if variant.text_parameters is not None:
        text = variant.text_parameters
    else:
        text = (
            variant.parameters - (variant.vision_parameters or 0) - (variant.audio_parameters or 0)
        )
    towers = variant.parameters - text
    if precision.quantize is None:
        return WeightBytes(text * precision.dtype_bytes, towers * precision.dtype_bytes)
    # one byte, or half of one with a scale (2 bytes) and a zero point (1 byte) a block
    each = 1.002 if precision.quantize == "int8" else 0.5 + 3 / INT4_BLOCK
    return WeightBytes(round(text * each), round(towers * each))
