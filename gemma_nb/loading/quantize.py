"""Keras's int8 and int4, computed one tensor at a time while a 16-bit checkpoint is read.

"int8" is ``Int8QuantizationConfig(activation_quantizer=None)`` in every layer: only weights are
rounded. "int4" is ``Int4QuantizationConfig(block_size=INT4_BLOCK)`` for kernels and that int8 for
embeddings. The formulas are those of keras 3.15.1 (``keras.quantizers``, ``layer.quantize`` of
Dense, EinsumDense, Embedding and ReversibleEmbedding) and give the same bits. On a GPU they run on
the device (``quantize_gpu``). Elsewhere they run in NumPy, as Keras's do, on all cores and in
blocks that fit the processor's cache; XLA would multiply by reciprocals where these formulas
divide.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

from gemma_nb.fit.precision import INT4_BLOCK
from gemma_nb.loading import quantize_gpu
from gemma_nb.loading.tensor_files import sharding_of, stream_to_device

#: Bytes of an embedding that are quantised at once by all cores together.
BLOCK = 64 * 2**20
#: Elements that one core quantises at once: their float32 copies fit its cache.
PART = 2**18
#: The epsilon that Keras adds to the scales.
EPSILON = 1e-7

#: The scratch memory of each thread.
_scratch_memory = threading.local()

#: From the layers that Keras quantises to the names of their tensors.
_TENSORS = {
    "Dense": ("kernel",),
    "EinsumDense": ("kernel",),
    "Embedding": ("embeddings",),
    "ReversibleEmbedding": ("embeddings", "reverse_embeddings"),
}


def quantizable_layers(backbone: Any) -> list[Any]:
    """The layers of a built backbone that ``backbone.quantize`` would change.

    As in ``keras.Model.quantize``: leaf layers of exactly the four classes, not of subclasses.
    """
    import keras

    classes = [getattr(keras.layers, name) for name in _TENSORS]
    return [
        layer
        for layer in backbone._flatten_layers()  # noqa: SLF001 - as Keras walks them
        if type(layer) in classes and len(list(layer._flatten_layers())) == 1  # noqa: SLF001
    ]


def quantized_policies(backbone: Any, mode: str, dtype: str) -> Any:
    """The dtype policy map that builds a quantised backbone of the same config.

    Args:
        backbone: the same backbone, built and not quantised.
        mode: "int8" or "int4".
        dtype: the Keras dtype name of everything that is not quantised.
    """
    import keras

    policy_map = keras.dtype_policies.DTypePolicyMap(default_policy=dtype)
    for layer in quantizable_layers(backbone):
        kind = "int8" if mode == "int8" or is_embedding(layer) else f"int4/{INT4_BLOCK}"
        own = layer.dtype_policy.name  # an encoder inside may have another
        policy_map[layer.path] = keras.dtype_policies.get(f"{kind}_from_{own}")
    return policy_map


def is_embedding(layer: Any) -> bool:
    """Whether a layer is an Embedding or ReversibleEmbedding, which "int4" keeps in int8."""
    return "embeddings" in _TENSORS.get(type(layer).__name__, ())


def finish_quantized_layers(backbone: Any, int8_inputs: Collection[str] | None = ()) -> None:
    """Completes layers that were built quantised, as ``quantize`` would have.

    - A layer that was built without a config rounds the inputs of its product to int8, in int8 and
      in a tied int4 embedding (keras 3.15.1, ``_int8_build``, ``ReversibleEmbedding._int4_build``).
    - With the whole policy map in place of its own policy, a layer is saved without its scales
      (``save_own_variables`` asks the map for the mode).
    - The encoders of Gemma 4 multiply by kernels themselves (keras-hub 0.32,
      ``Gemma4ClippableEinsumDense``), by quantised ones without their scale.

    Args:
        backbone: the backbone.
        int8_inputs: the paths of the layers that round their inputs; None leaves every layer as
            Keras built it.
    """
    import keras

    for layer in backbone._flatten_layers():  # noqa: SLF001 - as Keras walks them
        mode = layer.quantization_mode
        if mode is not None and hasattr(layer.dtype_policy, "default_policy"):
            layer._dtype_policy = layer.dtype_policy[layer.path]  # noqa: SLF001
        if int8_inputs is not None and layer.path not in int8_inputs:
            if mode == "int8":
                config = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
                layer.quantization_config = config
            elif mode == "int4":
                config = keras.quantizers.Int4QuantizationConfig(
                    block_size=block_size(layer) or None
                )
                layer.quantization_config = config
            if getattr(layer, "inputs_quantizer", None) is not None:
                layer.inputs_quantizer = None
        if type(layer).__name__ == "Gemma4ClippableEinsumDense" and layer.dense.quantization_mode:
            layer.call = partial(_call_clippable, layer)


def layers_with_int8_inputs(backbone: Any) -> list[str]:
    """The paths of the quantised layers that round the inputs of their product to int8."""
    return [
        layer.path
        for layer in backbone._flatten_layers()  # noqa: SLF001 - as Keras walks them
        if layer.quantization_mode and getattr(layer, "inputs_quantizer", None) is not None
    ]


def block_size(layer: Any) -> int:
    """The number of int4 weights that share a scale and a zero point; 0 without blocks."""
    return max(0, getattr(layer, "_int4_block_size", None) or 0)  # Keras has None or -1 for none


def _call_clippable(layer: Any, x: Any) -> Any:
    """``Gemma4ClippableEinsumDense.call`` that calls the inner layer, which applies the scale."""
    import keras

    def clip(x: Any, low: Any, high: Any) -> Any:
        low, high = (keras.ops.cast(bound, x.dtype) for bound in (low, high))
        return keras.ops.clip(x, low, high)

    if not layer.use_clipped_linears:
        return layer.dense(x)
    output = layer.dense(clip(x, layer.input_min, layer.input_max))
    return clip(output, layer.output_min, layer.output_max)


def tensor_names(layer: Any) -> list[str]:
    """The variables of a layer before it is quantised, in the order of its checkpoint."""
    names = layer.variable_serialization_spec[None]
    return [n for n in names if n != "bias" or layer.bias is not None]


def is_quantized_tensor(layer: Any, name: str) -> bool:
    """Whether quantising changes the tensor ``name`` of a layer."""
    return name in _TENSORS[type(layer).__name__]


def quantize_tensor(layer: Any, name: str, tensor: Any) -> dict[str, Any]:
    """Quantises one tensor of a layer.

    Args:
        layer: a layer that was built quantised.
        name: "kernel", "embeddings" or "reverse_embeddings".
        tensor: the tensor before quantising, a NumPy array or a ``StoredTensor``. It is rounded
            to the dtype of the layer's other variables first.

    Returns:
        From the name of a variable to its value: the tensor, its scale and, for int4, its zero
        point and the indices of its blocks.
    """
    import numpy as np

    dtype, block = layer.variable_dtype, block_size(layer)
    einsum = type(layer).__name__ == "EinsumDense"
    if name == "embeddings":
        convert = partial(_int8_rows, dtype=dtype)
        sharding = sharding_of(layer._embeddings)  # noqa: SLF001 - the property would unpack
        parts = stream_to_device(tensor, convert, BLOCK, sharding=sharding)
    elif layer.quantization_mode == "int8":
        axes = tuple(layer._kernel_reduced_axes) if einsum else (0,)  # noqa: SLF001
        values, scale = _abs_max(tensor[:], dtype, axes)
        parts = values, adjust_scale(layer, scale) if einsum else scale[0]
    else:
        assert block  # as ``quantized_policies`` builds them
        matrix = tensor[:]
        if einsum:
            shape = layer._int4_rows, layer._int4_unpacked_column_size  # noqa: SLF001
            matrix = matrix.reshape(shape)
        parts = _grouped(matrix, dtype, block)
        parts = *parts, np.arange(layer.g_idx.shape[0], dtype="float32") // block
    return dict(zip((name, f"{name}_scale", f"{name}_zero", "g_idx"), parts, strict=False))


def _int8_rows(rows: Any, dtype: str) -> tuple[Any, Any]:
    """Rows of an embedding in int8, and the scale of each row."""
    values, scale = _abs_max(rows, dtype, (1,))
    return values, scale[:, 0]


def adjust_scale(layer: Any, scale: Any) -> Any:
    """``layer._adjust_scale_for_quant(scale, "kernel")`` in NumPy; Keras compiles its steps."""
    import numpy as np

    scale = np.asarray(scale)
    if layer._kernel_transpose_axes:  # noqa: SLF001
        scale = np.transpose(scale, layer._kernel_transpose_axes)  # noqa: SLF001
    if layer._kernel_expand_axes:  # noqa: SLF001
        scale = np.expand_dims(scale, tuple(layer._kernel_expand_axes))  # noqa: SLF001
    if layer._kernel_squeeze_axes:  # noqa: SLF001
        scale = np.squeeze(scale, tuple(layer._kernel_squeeze_axes))  # noqa: SLF001
    return scale


def _abs_max(x: Any, dtype: str, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """``keras.quantizers.abs_max_quantize`` with ``to_numpy`` and the range of int8.

    Returns:
        int8 values in the tensor's shape, and the scale, whose reduced ``axes`` have length 1.
    """
    import numpy as np

    if quantize_gpu.wanted():
        return quantize_gpu.abs_max(x.astype(_numpy(dtype), copy=False), axes, EPSILON)
    free = max((i for i in range(x.ndim) if i not in axes), key=lambda i: x.shape[i])
    values = np.empty(x.shape, np.int8)
    scales = np.empty([1 if i in axes else n for i, n in enumerate(x.shape)], _numpy(dtype))

    def part(span: slice) -> None:
        where = tuple(span if i == free else slice(None) for i in range(x.ndim))
        y = _float32(x[where], dtype)
        largest = np.maximum(y.max(axes, keepdims=True), -y.min(axes, keepdims=True))
        scale = np.float32(127) / (largest + np.float32(EPSILON))
        np.multiply(y, scale, out=y)
        values[where] = np.rint(y, out=y)  # the largest number became 127, so nothing is clipped
        scales[where] = scale

    _on_all_cores(part, x.shape[free], x.size)
    return values, scales


def _grouped(x: Any, dtype: str, block: int) -> tuple[Any, Any, Any]:
    """``keras.quantizers.abs_max_quantize_grouped_with_zero_point``, then ``pack_int4``.

    Args:
        x: a matrix (rows, columns); blocks run along the rows, and two columns share a byte.
        dtype: the dtype that its numbers are rounded to first.
        block: the number of rows of a block.

    Returns:
        int8 (rows, columns / 2), two numbers in each; the scale and the int8 zero point of each
        block, (blocks, columns).
    """
    import numpy as np

    if quantize_gpu.wanted():
        return quantize_gpu.grouped(x.astype(_numpy(dtype), copy=False), block, EPSILON)
    rows, columns = x.shape
    blocks = -(-rows // block)
    scales = np.empty((blocks, columns), _numpy(dtype))
    zeros = np.empty((blocks, columns), np.int8)
    packed = np.empty((rows, -(-columns // 2)), np.int8)

    def part(span: slice) -> None:
        y = _float32(x[:, span], dtype)
        if rows % block:
            y = np.pad(y, [(0, -rows % block), (0, 0)])
        y = y.reshape(blocks, block, -1)
        low, high = y.min(1, keepdims=True), y.max(1, keepdims=True)
        width = (high - low).astype(_numpy(dtype)).astype(np.float32)
        scale = (width + np.float32(EPSILON)) / np.float32(15)
        zero = np.clip(np.rint(-low / scale) - 8, -8, 7)
        np.divide(y, scale, out=y)
        np.add(np.rint(y, out=y), zero, out=y)
        np.minimum(np.maximum(y, -8, out=y), 7, out=y)
        numbers = _scratch(np.int8, y.shape)
        numbers[...] = y
        scales[:, span], zeros[:, span] = scale[:, 0], zero[:, 0]
        halved = slice(span.start // 2, -(-span.stop // 2))
        packed[:, halved] = pack_int4(numbers.reshape(blocks * block, -1)[:rows])

    _on_all_cores(part, columns, x.size)
    return packed, scales, zeros


def pack_int4(values: Any) -> Any:
    """Packs two int4 columns in a byte: the first in its low half, the second in its high half."""
    import numpy as np

    values = np.pad(values, [(0, 0), (0, values.shape[1] % 2)])
    return (values[:, ::2] & 15) | (values[:, 1::2] << 4)


def _float32(x: Any, dtype: str) -> Any:
    """The numbers rounded to ``dtype`` and held as float32 in the scratch memory of this thread."""
    import ml_dtypes
    import numpy as np

    x = x.astype(_numpy(dtype), copy=False)
    numbers = _scratch(np.float32, x.shape)
    if x.dtype == ml_dtypes.bfloat16:
        # bfloat16 is the upper half of a float32; several times faster than the cast of ml_dtypes
        bits = numbers.view(np.uint32)
        bits[...] = x.view(np.uint16)
        np.left_shift(bits, 16, out=bits)
    else:
        numbers[...] = x
    return numbers


def _scratch(dtype: Any, shape: tuple[int, ...]) -> Any:
    """An array in memory that this thread reuses, since allocating costs more than computing."""
    import numpy as np

    count = math.prod(shape)
    memory = getattr(_scratch_memory, np.dtype(dtype).name, None)
    if memory is None or memory.size < count:
        memory = np.empty(count, dtype)
        if count <= 2 * PART:
            setattr(_scratch_memory, np.dtype(dtype).name, memory)
    return memory[:count].reshape(shape)


def _numpy(dtype: str) -> Any:
    import ml_dtypes
    import numpy as np

    return np.dtype(getattr(ml_dtypes, dtype, dtype))


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count() or 1, "gemma_nb-quantize")


def _on_all_cores(part: Callable[[slice], None], length: int, size: int) -> None:
    """Calls ``part`` in parallel with slices that cover ``length``, ``PART`` elements each.

    Args:
        part: called with a slice.
        length: the length of the axis that is sliced.
        size: the number of elements of the whole tensor.
    """
    # an even step, so that no two slices share a byte of two int4 numbers
    step = max(2, PART * length // max(1, size) // 2 * 2)
    spans = [slice(start, min(start + step, length)) for start in range(0, length, step)]
    if len(spans) == 1:
        part(spans[0])
    else:
        list(_pool().map(part, spans))
