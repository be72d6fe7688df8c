"""Dense and EinsumDense layers whose products are computed faster than by their own ``call``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gemma_nb.generation.gpu.fused_matvec import build_matvec, on_gpu, summed_input_axes
from gemma_nb.generation.keras_internals import kernel_of, quantize_int8_inputs

#: Einsum equations of attention projections: hidden states to heads, and heads to hidden states.
_TO_HEADS = ("btd,ndh->btnh", "bsd,kdh->bskh", "bsd,qdh->bsqh")
_FROM_HEADS = "btnh,nhd->btd"


def optimize_layer(layer: Any) -> Any:
    """Returns a replacement of a Dense or EinsumDense layer that is fast on this device.

    Args:
        layer: a Keras layer.

    Returns:
        On a GPU a ``FusedMatvecLayer``, elsewhere a ``NativeLayoutEinsum``; the layer itself if
        neither is faster, if it uses LoRA, or if it is quantized in a way that ``gemma_nb.load``
        does not use.
    """
    if not on_gpu():
        return NativeLayoutEinsum(layer) if _supports_native_layout(layer) else layer
    matvec = build_matvec(layer)
    return FusedMatvecLayer(layer, matvec) if matvec else layer


class FusedMatvecLayer:
    """A Dense or EinsumDense layer that multiplies a single row with a fused matvec.

    Args:
        layer: the layer; all attributes come from it.
        matvec: its ``build_matvec``.
    """

    def __init__(self, layer: Any, matvec: Callable[[Any], Any]) -> None:
        self._layer = layer
        self._matvec = matvec
        self._summed = summed_input_axes(layer)
        # for several rows, XLA would first transpose the kernel of an output projection
        native = _supports_native_layout(layer, (None, "int8"), (_FROM_HEADS,))
        self._matmul = NativeLayoutEinsum(layer) if native else layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output."""
        if type(self._layer).__name__ == "Dense":
            rows = math.prod(x.shape[:-1])
        else:
            rows = math.prod(n for i, n in enumerate(x.shape) if i not in self._summed)
        return self._matvec(x) if rows == 1 else self._matmul(x)


class NativeLayoutEinsum:
    """An EinsumDense layer with a kernel of three axes, multiplied without a transpose.

    On a CPU, each call of a program would copy the kernel into the order that makes it one matrix.
    For Gemma 3 270M this took as long as the rest of a decode step.

    Args:
        layer: the layer; all attributes come from it.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

    def __call__(self, x: Any) -> Any:
        """Computes the layer's output, apart from the order of its sums."""
        import jax.numpy as jnp

        layer = self._layer
        x = jnp.asarray(x).astype(layer.compute_dtype)
        kernel = jnp.asarray(kernel_of(layer))
        if layer.quantization_mode == "int8":
            x, scale = quantize_int8_inputs(layer, x)
            result = _join_heads(x, kernel, jnp.int32).astype(layer.compute_dtype)
            return result / (scale * jnp.asarray(layer.kernel_scale))
        kernel = kernel.astype(layer.compute_dtype)
        if layer.equation == _FROM_HEADS:
            result = _join_heads(x, kernel)
        else:  # one product for each head
            rows = x.reshape(1, -1, x.shape[2])
            heads = jnp.matmul(jnp.broadcast_to(rows, (kernel.shape[0], *rows.shape[1:])), kernel)
            result = jnp.transpose(heads, (1, 0, 2)).reshape(*x.shape[:2], *heads.shape[::2])
        return result


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
