"""What one of several devices holds of a model: a share of what divides, and the whole of the rest.

The layout is that of ``gemma_nb.loading.sharding``; ``benchmarks/devices.md`` compares these bytes
with those of its shardings.
"""

from __future__ import annotations

from dataclasses import replace

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.fit.precision import INT4_BLOCK, Precision
from gemma_nb.fit.weight_shapes import (
    WeightBytes,
    WeightShape,
    quantization,
    text_weight_shapes,
    weight_bytes,
    weight_shape_bytes,
)


def divides(shape: WeightShape, precision: Precision, devices: int) -> bool:
    """Whether a matrix is divided over devices.

    Args:
        shape: the matrix.
        precision: its precision; int4 divides rows in whole blocks, and columns in pairs.
        devices: the number of devices.
    """
    if not shape.units or shape.units % devices:
        return False
    if precision.quantize != "int4" or shape.use != "layer":
        return True
    if shape.block_rows:
        return not shape.rows % (INT4_BLOCK * devices)
    return not shape.columns % (2 * devices)


def device_weight_bytes(variant: Variant, precision: Precision, devices: int = 1) -> WeightBytes:
    """Computes the bytes of a variant's weights on each of several devices.

    Args:
        variant: the variant. Without a known architecture nothing is divided.
        precision: the precision.
        devices: the number of devices.
    """
    whole = weight_bytes(variant, precision)
    if devices == 1:
        return whole
    modes = quantization(variant, precision)
    divided = sum(
        weight_shape_bytes(shape, precision, modes)
        for shape in text_weight_shapes(variant)[0]
        if divides(shape, precision, devices)
    )
    return WeightBytes(whole.text - divided + divided // devices, whole.encoders)


def device_architecture(architecture: Architecture, devices: int) -> Architecture:
    """The dimensions that one of several devices computes with: its heads, width and experts.

    Args:
        architecture: the decoder's dimensions.
        devices: the number of devices.
    """

    def share(count: int) -> int:
        return count if count % devices else count // devices

    a = architecture
    heads = a.global_key_value_heads
    return replace(
        a,
        num_query_heads=share(a.num_query_heads),
        num_key_value_heads=share(a.num_key_value_heads),
        global_key_value_heads=heads if heads is None else share(heads),
        intermediate_dim=share(a.intermediate_dim),
        experts=share(a.experts),
        encoder=device_architecture(a.encoder, devices) if a.encoder else None,
    )
