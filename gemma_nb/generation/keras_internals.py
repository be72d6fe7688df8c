"""Private parts of Keras and KerasHub that generation uses, each behind one function.

private: keras 3.15.1, keras-hub 0.32.0. After an update of either, check this module first, then
the comments that begin with "private:" in this package: they name parts of KerasHub that are called
or replaced there.
"""
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gemma_nb.loading.tensor_files import sharding_of


def variable_arrays(variables: Iterable[Any]) -> list[Any]:
    """The arrays of Keras variables.

    ``Variable.value`` looks for a stateless scope first, which takes half a millisecond of a first
    token.
    """
    return [v._value for v in variables]


def is_distributed(variables: Iterable[Any]) -> bool:
    """Whether a Keras distribution lays any of the variables out over several devices."""
    return any(v._layout is not None and sharding_of(v) is None for v in variables)


def is_divided(variables: Iterable[Any]) -> bool:
    """Whether several devices hold parts of any of the variables, not the whole of it."""
    return any(is_distributed([v]) or divided_sharding(v) for v in variables)


def divided_sharding(variable: Any) -> Any:
    """The sharding of a variable that ``load`` divided; None for a whole one, or one of Keras's."""
    sharding = sharding_of(variable)
    return None if sharding is None or sharding.is_fully_replicated else sharding


def all_layers(task: Any) -> Any:
    """A task's layers, nested ones included."""
    return task._flatten_layers()


def kernel_of(layer: Any) -> Any:
    """The kernel of a Dense or EinsumDense layer as it is stored: packed bytes in int4."""
    return layer._kernel


def finish_product(layer: Any, result: Any) -> Any:
    """Adds the bias of a Dense or EinsumDense layer to a product, and applies its activation."""
    import jax.numpy as jnp

    if layer.bias is not None:
        result = result + jnp.asarray(layer.bias).astype(result.dtype)
    return result if layer.activation is None else layer.activation(result)


def soft_capped(logits: Any, cap: float | None) -> Any:
    """Logits within ±``cap``; as they are for None."""
    import jax.numpy as jnp

    return jnp.tanh(logits / cap) * cap if cap else logits


def table_of(embedding: Any) -> Any:
    """The table of an Embedding or ReversibleEmbedding as it is stored: packed bytes in int4."""
    return embedding._embeddings


#: The variables that an embedding table consists of: float or int8; in int4 all of them.
_TABLE_VARIABLES = ("_embeddings", "embeddings_scale", "embeddings_zero", "g_idx")


def table_variables(embedding: Any) -> dict[str, Any]:
    """The variables of the table of an Embedding or ReversibleEmbedding by name, numbers first."""
    found = {name: getattr(embedding, name, None) for name in _TABLE_VARIABLES}
    return {name: variable for name, variable in found.items() if variable is not None}


def lookup_call(embedding: Any) -> Callable[[Any, Any], Any]:
    """The function of an embedding layer and token ids that looks the tokens up."""
    import keras

    layer = keras.layers.Embedding
    calls = {None: layer.call, "int8": layer._int8_call, "int4": layer._int4_call}
    return calls[embedding.quantization_mode]


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


def int4_shape(layer: Any) -> tuple[int, ...]:
    """The shape of the kernel of a Dense or EinsumDense layer quantized to int4, unpacked."""
    if type(layer).__name__ == "Dense":
        return (layer._orig_input_dim, layer._orig_output_dim)
    return tuple(layer.original_kernel_shape)


def int4_columns(layer: Any, packed: Any) -> tuple[Any, Any]:
    """The even and the odd columns of a kernel quantized to int4 in blocks, in float32.

    A byte holds two numbers that are neighbours along the kernel's last axis (keras 3.15.1,
    ``_int4_build`` of Dense and EinsumDense).

    Args:
        layer: a layer whose kernel has an even last axis.
        packed: the array of ``kernel_of(layer)``.

    Returns:
        Two arrays of the kernel's shape with half of its last axis.
    """
    import jax.numpy as jnp

    rows, columns = packed.shape
    scale = jnp.asarray(layer.kernel_scale).astype(jnp.float32)
    zero = jnp.asarray(layer.kernel_zero).astype(jnp.float32)
    lacking = -rows % layer._int4_block_size
    shape = int4_shape(layer)

    def dequantize(numbers: Any, start: int) -> Any:
        numbers = jnp.pad(numbers.astype(jnp.float32), [(0, lacking), (0, 0)])
        numbers = numbers.reshape(scale.shape[0], -1, columns)
        values = (numbers - zero[:, None, start::2]) * scale[:, None, start::2]
        return values.reshape(-1, columns)[:rows].reshape(*shape[:-1], shape[-1] // 2)

    return dequantize((packed << 4) >> 4, 0), dequantize(packed >> 4, 1)


def int4_halves(layer: Any, packed: Any) -> tuple[Any, Any]:
    """The arrays of ``int4_columns`` as transposed matrices, (half of the columns, rows).

    Args:
        layer: as in ``int4_columns``.
        packed: as in ``int4_columns``.
    """
    import jax.numpy as jnp

    packed = packed.T
    half, rows = packed.shape
    scale = jnp.asarray(layer.kernel_scale).T.astype(jnp.float32)
    zero = jnp.asarray(layer.kernel_zero).T.astype(jnp.float32)
    lacking = -rows % layer._int4_block_size

    def dequantize(numbers: Any, start: int) -> Any:
        numbers = jnp.pad(numbers.astype(jnp.float32), [(0, 0), (0, lacking)])
        numbers = numbers.reshape(half, scale.shape[1], -1)
        values = (numbers - zero[start::2, :, None]) * scale[start::2, :, None]
        return values.reshape(half, -1)[:, :rows]

    return dequantize((packed << 4) >> 4, 0), dequantize(packed >> 4, 1)


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
