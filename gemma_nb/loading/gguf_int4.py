"""Puts Q4_0 blocks of a GGUF file into Keras's int4 layers as they are.

A block of Q4_0 is 32 numbers from -8 to 7 with one float16 scale: what Keras's int4 with blocks of 32
holds too, with a zero point of 0. This is exact where Keras's blocks run along the inputs of a kernel:
in feed-forward layers, the output of attention, and query, key and value of a single head. Keras
flattens those of several heads as (heads, inputs, size of a head), so that its blocks cross inputs and
heads: these layers are kept in int8. The scale is rounded to the dtype of the layer: in bfloat16, a file
made of Gemma 3 270M had 0.8 % more perplexity than its numbers in float32 (2026-11-29, 1,060 tokens of
this project's English pages; activations in bfloat16 included).
"""

from __future__ import annotations

from typing import Any

from gemma_nb.fit.precision import INT4_BLOCK
from gemma_nb.loading.quantize import block_size, pack_int4
from gemma_nb.loading.tensor_files import send, sharding_of
from gemma_nb.loading.weight_names import HEADS, OUTPUT, TRANSPOSED, NamedWeight

#: The ggml type, and the bytes of one of its blocks: a scale and 32 numbers.
Q4_0, _BLOCK_BYTES = "Q4_0", 2 + INT4_BLOCK // 2


def keeps_blocks(weight: NamedWeight) -> bool:
    """Whether Keras's blocks of a kernel are those of the file.

    Args:
        weight: a kernel of the plain backbone.
    """
    if weight.layout is HEADS:
        return bool(weight.variable.shape[0] == 1)
    return weight.layout in (TRANSPOSED, OUTPUT)


def needs_int8(weight: NamedWeight, type_name: str) -> bool:
    """Whether a kernel of a model in int4 is kept in int8, because its blocks would be mixed.

    Args:
        weight: a weight of the plain backbone.
        type_name: the ggml type of its tensor.
    """
    return type_name == Q4_0 and weight.layout is HEADS and not keeps_blocks(weight)


def can_take_blocks(weight: NamedWeight, type_name: str, layer: Any) -> bool:
    """Whether a quantised layer takes the blocks of a tensor as they are.

    Args:
        weight: the weight of the plain backbone.
        type_name: the ggml type of its tensor.
        layer: the layer that takes its place.
    """
    return (
        type_name == Q4_0
        and layer.quantization_mode == "int4"
        and block_size(layer) == INT4_BLOCK
        and keeps_blocks(weight)
    )


def fill_with_blocks(layer: Any, raw: Any) -> None:
    """Assigns a Q4_0 tensor to an int4 layer.

    Args:
        layer: a Dense or EinsumDense layer that was built quantised.
        raw: the bytes of the tensor, (outputs, bytes of a row).
    """
    import numpy as np

    outputs = raw.shape[0]
    blocks = raw.reshape(outputs, -1, _BLOCK_BYTES)
    scale = blocks[:, :, :2].copy().view(np.float16)[:, :, 0].astype(np.float32)
    pairs = blocks[:, :, 2:]
    # the first half of a block lies in the low halves of its bytes
    numbers = np.concatenate([pairs & 15, pairs >> 4], -1).astype(np.int8) - np.int8(8)
    kernel = pack_int4(np.ascontiguousarray(numbers.reshape(outputs, -1).T))
    values = {
        "_kernel": kernel,
        "kernel_scale": np.ascontiguousarray(scale.T),
        "kernel_zero": np.zeros(scale.T.shape, np.int8),
        "g_idx": np.arange(layer.g_idx.shape[0], dtype=np.float32) // INT4_BLOCK,
    }
    for name, value in values.items():
        variable = getattr(layer, name)
        variable.assign(send(value, sharding_of(variable)))
