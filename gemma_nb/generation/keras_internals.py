"""Private parts of Keras and KerasHub that generation uses, each behind one function.

private: keras 3.15.1, keras-hub 0.32.0. After an update of either, check this module first, then
the comments that begin with "private:" in this package: they name parts of KerasHub that are called
or replaced there.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def variable_arrays(variables: Iterable[Any]) -> list[Any]:
    """The arrays of Keras variables.

    ``Variable.value`` looks for a stateless scope first, which takes half a millisecond of a first
    token.
    """
    return [v._value for v in variables]


def is_distributed(variables: Iterable[Any]) -> bool:
    """Whether a Keras distribution lays any of the variables out over several devices."""
    return any(v._layout is not None for v in variables)


def all_layers(task: Any) -> Any:
    """A task's layers, nested ones included."""
    return task._flatten_layers()


def kernel_of(layer: Any) -> Any:
    """The kernel of a Dense or EinsumDense layer as it is stored: packed bytes in int4."""
    return layer._kernel


def table_of(embedding: Any) -> Any:
    """The table of an Embedding or ReversibleEmbedding as it is stored: packed bytes in int4."""
    return embedding._embeddings


def int4_block_size(layer: Any) -> int | None:
    """Numbers that share a scale in a layer quantized to int4; None without blocks."""
    return getattr(layer, "_int4_block_size", None)


def quantize_int8_inputs(layer: Any, x: Any) -> tuple[Any, Any]:
    """Quantizes the inputs of a Dense or EinsumDense layer as its ``_int8_call`` does.

    Returns:
        The int8 inputs, and the scale that the result is divided by.
    """
    is_einsum = type(layer).__name__ == "EinsumDense"
    x, scale = layer.inputs_quantizer(x, axis=layer.quantization_axis if is_einsum else -1)
    if is_einsum:
        scale = layer._adjust_scale_for_quant(scale, "input")
    return x, scale


def dequantize_int4_blocks(numbers: Any, scale: Any, zero: Any, blocks: Any) -> Any:
    """The values of a table quantized to int4 in blocks along its last axis.

    Args:
        numbers: unpacked int4, (rows, columns).
        scale: (rows, blocks).
        zero: (rows, blocks).
        blocks: the block of each column.
    """
    from keras.src.quantizers.quantizers import dequantize_with_sz_map

    return dequantize_with_sz_map(numbers, scale, zero, blocks, group_axis=-1)


def apply_rope(attention: Any, x: Any, positions: Any) -> Any:
    """Rotary position embeddings of KerasHub's Gemma and Gemma 4 attention layers.

    Args:
        attention: the attention layer.
        x: queries or keys, (batch, size, heads, head size).
        positions: int32 (batch, size).
    """
    return attention._apply_rope(x, 0, positions=positions)
