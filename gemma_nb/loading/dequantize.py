"""The numbers that a layer computes with, whether it is quantised or not."""

from __future__ import annotations

from typing import Any


def float_weight(layer: Any, attribute: str) -> Any:
    """A weight of a Keras layer in float32, with the shape that it has where nothing is quantised.

    The formulas are those of keras 3.15.1's ``_int8_call`` and ``_int4_call`` of Dense, EinsumDense,
    Embedding and ReversibleEmbedding.

    Args:
        layer: the layer.
        attribute: the weight's name: "kernel", "embeddings", "scale".

    Returns:
        A NumPy array.
    """
    import numpy as np

    mode = getattr(layer, "quantization_mode", None)
    name = f"_{attribute}" if attribute in {"kernel", "embeddings"} else attribute
    variable = getattr(layer, name)
    if mode is None or attribute not in {"kernel", "embeddings"}:
        return np.asarray(variable.value).astype(np.float32)
    if mode not in {"int8", "int4"}:
        raise ValueError(f"{layer.path}: {mode} cannot be exported")
    unpack = _int8 if mode == "int8" else _int4
    return unpack(layer, attribute, np.asarray(variable.value))


def _int8(layer: Any, attribute: str, values: Any) -> Any:
    import numpy as np

    scale = getattr(layer, f"{attribute}_scale").value
    if attribute == "embeddings":
        scale = np.asarray(scale)[:, None]
    elif hasattr(layer, "equation"):
        scale = layer._adjust_scale_for_dequant(scale)  # noqa: SLF001 - private: keras 3.15.1
    return values.astype(np.float32) / np.asarray(scale).astype(np.float32)


def _int4(layer: Any, attribute: str, values: Any) -> Any:
    """Two numbers share a byte along the last axis; groups run along the inputs."""
    import numpy as np

    shifted = values.astype(np.int8)
    pairs = np.stack([(shifted << 4) >> 4, shifted >> 4], -1)  # the low half is the first number
    numbers = pairs.reshape(*values.shape[:-1], -1)[..., : _columns(layer, attribute)]
    numbers = numbers.astype(np.float32)
    scale = np.asarray(getattr(layer, f"{attribute}_scale").value).astype(np.float32)
    zero = getattr(layer, f"{attribute}_zero", None)
    axis = 1 if attribute == "embeddings" else 0
    if zero is None:  # one scale for each output
        numbers = numbers / (scale[:, None] if axis else scale)
    else:
        groups = np.asarray(layer.g_idx.value).astype(np.int32)
        zeros = np.asarray(zero.value).astype(np.float32)
        numbers = (numbers - zeros.take(groups, axis)) * scale.take(groups, axis)
    return numbers.reshape(getattr(layer, "original_kernel_shape", None) or numbers.shape)


def _columns(layer: Any, attribute: str) -> int:
    """The numbers of a row before they were packed."""
    if attribute == "embeddings":
        return int(layer.output_dim)
    if hasattr(layer, "equation"):
        return int(layer._int4_unpacked_column_size)  # noqa: SLF001 - private: keras 3.15.1
    return int(layer._orig_output_dim)  # noqa: SLF001
