"""Quantises a GGUF file's numbers to Keras's int8 with the scale that the layer keeps.

Keras rounds with a float32 scale and then stores the scale in the layer's dtype: in bfloat16 each
channel is off by up to 0.4 %. Here the scale is rounded first, downwards so that nothing exceeds 127:
a Q8_0 file made of Gemma 3 270M then has 0.13 % more perplexity in int8 than in bfloat16, and 0.23 % by
Keras's rounding (2026-11-29, the 908 tokens of tests/real/page.txt).
"""

from __future__ import annotations

from typing import Any

from gemma_nb.loading.quantize import BLOCK, EPSILON, adjust_scale
from gemma_nb.loading.tensor_files import send, sharding_of, stream_to_device


def can_take_int8(layer: Any, name: str) -> bool:
    """Whether a layer's tensor is a kernel or an embedding table in int8.

    Args:
        layer: a quantised layer.
        name: the tensor's name before quantising.
    """
    return layer.quantization_mode == "int8" and name in {"kernel", "embeddings"}


def fill_int8(layer: Any, name: str, tensor: Any) -> None:
    """Assigns a tensor to an int8 layer.

    Args:
        layer: a Dense, EinsumDense, Embedding or ReversibleEmbedding layer that was built quantised.
        name: "kernel" or "embeddings".
        tensor: the numbers in float32, in Keras's order; a table may be read when it is sliced.
    """
    dtype = layer.variable_dtype
    # the properties would unpack them
    variables = getattr(layer, f"_{name}"), getattr(layer, f"{name}_scale")
    if name == "embeddings":
        sharding = sharding_of(variables[0])
        values, scale = stream_to_device(
            tensor, lambda rows: _rounded(rows, (1,), dtype), BLOCK, sharding=sharding
        )
        scale = scale[:, 0]
    else:
        einsum = type(layer).__name__ == "EinsumDense"
        axes = tuple(layer._kernel_reduced_axes) if einsum else (0,)  # noqa: SLF001 - private: keras 3.15.1
        values, scale = _rounded(tensor, axes, dtype)
        scale = adjust_scale(layer, scale) if einsum else scale[0]
    for variable, value in zip(variables, (values, scale), strict=True):
        variable.assign(send(value, sharding_of(variable)))


def _rounded(numbers: Any, axes: tuple[int, ...], dtype: str) -> tuple[Any, Any]:
    """int8 numbers, and the scale that they were multiplied by, in ``dtype``."""
    import ml_dtypes
    import numpy as np

    largest = np.abs(numbers).max(axes, keepdims=True)
    scale = np.float32(127) / (largest + np.float32(EPSILON))
    if dtype == "bfloat16":
        # cutting the lower half of a float32 rounds towards zero
        scale = (scale.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    values = np.rint(numbers * scale).astype(np.int8)
    return values, scale.astype(getattr(ml_dtypes, dtype, dtype))
