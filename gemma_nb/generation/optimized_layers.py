"""Layers that are computed faster than by their own ``call``: products, and lookups in tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gemma_nb.generation.gpu.fused_matvec import (
    build_matvec,
    on_gpu,
    summed_input_axes,
)
from gemma_nb.generation.keras_internals import (
    divided_sharding,
    finish_product,
    int4_columns,
    kernel_of,
    lookup_call,
    quantize_int8_inputs,
    table_variables,
)
from gemma_nb.generation.partitioning import own_rows, shard_map
from gemma_nb.generation.processor_products import build_product, has_column_pairs, on_processor
from gemma_nb.loading.tensor_files import sharding_of

#: Einsum equations of attention projections: hidden states to heads, and heads to hidden states.
_TO_HEADS = ("btd,ndh->btnh", "bsd,kdh->bskh", "bsd,qdh->bsqh")
_FROM_HEADS = "btnh,nhd->btd"


def optimize_layer(layer: Any) -> Any:
    """Returns a replacement of a Dense or EinsumDense layer that is fast on this device.

    Args:
        layer: a Keras layer.

    Returns:
        On a GPU a ``FusedMatvecLayer``. On a processor a ``ContiguousProduct`` where the kernel is
        laid out for it, else a ``Float32Product`` where only the weights are quantized. Elsewhere
        a ``NativeLayoutEinsum``. The layer itself if none is faster, if it uses LoRA, or if it is
        quantized in another way.
    """
    if on_gpu():
        matvec = build_matvec(layer)
        return FusedMatvecLayer(layer, matvec) if matvec else layer
    if on_processor():
        product = build_product(layer)
        if product:
            return ContiguousProduct(layer, product)
        if _is_weight_only(layer):
            return Float32Product(layer)
    return NativeLayoutEinsum(layer) if _supports_native_layout(layer) else layer


def optimize_embedding(layer: Any) -> Any:
    """Returns a replacement of an Embedding or ReversibleEmbedding whose table is divided.

    Args:
        layer: a Keras layer.

    Returns:
        A ``DividedEmbedding``; the layer itself where each device holds the whole table, or where
        it uses LoRA.
    """
    divided = any(map(divided_sharding, table_variables(layer).values()))
    return DividedEmbedding(layer) if divided and not layer.lora_enabled else layer


class _LayerReplacement:
    """Stands in for a layer and computes its output in another way; all attributes are the layer's.

    Args:
        layer: a Keras layer.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)


class FusedMatvecLayer(_LayerReplacement):
    """A Dense or EinsumDense layer that multiplies a single row with a fused matvec.

    Args:
        layer: the layer; all attributes come from it.
        matvec: its ``build_matvec``.
    """

    def __init__(self, layer: Any, matvec: Callable[[Any], Any]) -> None:
        super().__init__(layer)
        self._matvec = matvec
        self._summed = summed_input_axes(layer)
        # for several rows, XLA would first transpose the kernel of an output projection
        native = _supports_native_layout(layer, (None, "int8"), (_FROM_HEADS,))
        self._matmul = NativeLayoutEinsum(layer) if native else layer

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output."""
        if type(self._layer).__name__ == "Dense":
            rows = math.prod(x.shape[:-1])
        else:
            rows = math.prod(n for i, n in enumerate(x.shape) if i not in self._summed)
        return self._matvec(x) if rows == 1 else self._matmul(x)


class NativeLayoutEinsum(_LayerReplacement):
    """An EinsumDense layer with a kernel of three axes, multiplied without a transpose.

    On a CPU, each call of a program would copy the kernel into the order that makes it one matrix.
    For Gemma 3 270M this took as long as the rest of a decode step.

    Args:
        layer: the layer; all attributes come from it.
    """

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output, apart from the order of its sums."""
        import jax.numpy as jnp

        layer = self._layer
        x = jnp.asarray(x).astype(layer.compute_dtype)
        kernel = jnp.asarray(kernel_of(layer))
        if layer.quantization_mode == "int8" and layer.inputs_quantizer is not None:
            x, scale = quantize_int8_inputs(layer, x)
            result = _join_heads(x, kernel, jnp.int32).astype(layer.compute_dtype)
            return result / (scale * jnp.asarray(layer.kernel_scale))
        result = _multiply(layer, x, kernel.astype(layer.compute_dtype))
        if layer.quantization_mode == "int8":
            result = result / jnp.asarray(layer.kernel_scale)
        return result


class ContiguousProduct(_LayerReplacement):
    """A Dense or EinsumDense layer on a processor whose kernel is read as it lies in memory.

    Args:
        layer: the layer; all attributes come from it.
        product: its ``build_product``.
    """

    def __init__(self, layer: Any, product: Callable[[Any], Any]) -> None:
        super().__init__(layer)
        self._product = product

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output."""
        return self._product(x)


class Float32Product(_LayerReplacement):
    """A Dense or EinsumDense layer with quantized weights and float inputs, on a processor.

    For kernels in Keras's own layout, as those of ``from_keras_model`` are.

    Processors have no 16-bit products: XLA copies the whole kernel to bfloat16 and then to float32.
    A product in float32 converts the numbers while it reads them. Its result is divided by the
    scale before it is rounded to the layer's dtype.

    The barrier keeps the conversion with its product. Without it XLA converts the whole kernel once
    before the loop of a decode program, and the loop reads four times as many bytes.

    Args:
        layer: the layer; all attributes come from it.
    """

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output, apart from the order of its sums and from rounding."""
        import jax
        import jax.numpy as jnp

        layer = self._layer
        x = jnp.asarray(x).astype(layer.compute_dtype).astype(jnp.float32)
        kernel, x = jax.lax.optimization_barrier((jnp.asarray(kernel_of(layer)), x))
        if layer.quantization_mode == "int8":
            result = _multiply(layer, x, kernel.astype(jnp.float32))
            result = result / jnp.asarray(layer.kernel_scale)
        else:
            # the even and the odd columns, each of which is half of every byte
            halves = [_multiply(layer, x, half) for half in int4_columns(layer, kernel)]
            result = jnp.stack(halves, axis=-1)
            result = result.reshape(*result.shape[:-2], -1)
        return finish_product(layer, result.astype(layer.compute_dtype))


class DividedEmbedding(_LayerReplacement):
    """Stands in for an embedding layer: each device looks up the tokens of its own rows.

    XLA's own lookup of a single token gathers the whole table on every device, in every decode step:
    2 GB for Gemma 3 12B, 3.6 of 9.7 ms on two H200 (jax 0.11.2, 2026-11-30).

    Args:
        layer: the layer; all attributes come from it.
    """

    def __call__(self, inputs: Any, reverse: bool = False) -> Any:
        """Computes embeddings, equal to the layer's own; or the layer's own logits.

        Args:
            inputs: token ids, or hidden states.
            reverse: whether to compute logits.
        """
        import jax
        import jax.numpy as jnp
        from jax.sharding import PartitionSpec

        if reverse:
            return self._layer(inputs, reverse=True)
        variables = table_variables(self._layer)
        sharding = divided_sharding(variables["_embeddings"])
        axis = sharding.spec[0]

        def look_up(ids: Any, tables: dict[str, Any]) -> Any:
            numbers = tables["_embeddings"]
            rows, is_here = own_rows(ids, numbers.shape[0], axis)
            layer = _LayerReplacement(self._layer)
            vars(layer).update(tables, embeddings=numbers)
            found = lookup_call(self._layer)(layer, rows)
            return jax.lax.psum(jnp.where(is_here[..., None], found, 0), axis)

        whole = PartitionSpec()
        specs = {name: sharding_of(variable).spec for name, variable in variables.items()}
        tables = {name: jnp.asarray(variable) for name, variable in variables.items()}
        lookup = shard_map(look_up, sharding.mesh, (whole, specs), whole)
        return lookup(jnp.asarray(inputs), tables)


def _is_weight_only(layer: Any) -> bool:
    """Whether a layer's weights are quantized, and nothing else."""
    if layer.lora_enabled or getattr(layer, "inputs_quantizer", None) is not None:
        return False
    return layer.quantization_mode == "int8" or has_column_pairs(layer)


def _multiply(layer: Any, x: Any, kernel: Any) -> Any:
    """The product of a layer without its scales, bias and activation."""
    import jax.numpy as jnp

    if type(layer).__name__ == "Dense":
        return jnp.matmul(x, kernel)
    if layer.equation == _FROM_HEADS:
        return _join_heads(x, kernel)
    if layer.equation in _TO_HEADS:  # one product for each head
        rows = x.reshape(1, -1, x.shape[2])
        heads = jnp.matmul(jnp.broadcast_to(rows, (kernel.shape[0], *rows.shape[1:])), kernel)
        return jnp.transpose(heads, (1, 0, 2)).reshape(*x.shape[:2], *heads.shape[::2])
    return jnp.einsum(layer.equation, x, kernel)


def _join_heads(x: Any, kernel: Any, dtype: Any = None) -> Any:
    """``_FROM_HEADS`` as one matrix product."""
    import jax.numpy as jnp

    matrix = kernel.reshape(-1, kernel.shape[2])
    return jnp.matmul(x.reshape(*x.shape[:2], -1), matrix, preferred_element_type=dtype)


def _supports_native_layout(
    layer: Any,
    modes: tuple[str | None, ...] = (None,),
    equations: tuple[str, ...] = (*_TO_HEADS, _FROM_HEADS),
) -> bool:
    """Whether ``NativeLayoutEinsum`` computes a layer's output.

    Args:
        layer: a Keras layer.
        modes: accepted quantization modes, None for no quantization.
        equations: accepted einsum equations.
    """
    import keras

    plain = layer.quantization_mode in modes and not layer.lora_enabled and layer.bias is None
    linear = layer.activation in (None, keras.activations.linear)
    return plain and linear and getattr(layer, "equation", None) in equations
