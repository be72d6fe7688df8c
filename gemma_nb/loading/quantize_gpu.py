"""Quantises to int8 and int4 on a GPU: a tensor is sent once, in 16 bit, and rounded there.

One compiled program for each shape gives the same bits as Keras's NumPy code. XLA divides float32
through reciprocals, so quotients are computed in float64; rounded to float32 they are exact
(Figueroa 1995: the 53 bits of float64 are at least 2 * 24 + 2).
"""

from __future__ import annotations

from functools import cache
from typing import Any


def wanted() -> bool:
    """Whether the default device is a GPU. A TPU has no float64."""
    import jax

    return jax.default_backend() == "gpu"


def abs_max(x: Any, axes: tuple[int, ...], epsilon: float) -> tuple[Any, Any]:
    """As ``quantize._abs_max``, on the GPU.

    Args:
        x: a NumPy array in the dtype of its scale.
        axes: the axes that share one scale; they keep length 1.
        epsilon: the epsilon of Keras.

    Returns:
        The int8 values and the scale, both on the device.
    """
    import jax

    with _float64():
        return _abs_max()(jax.device_put(x), axes, epsilon)


def grouped(x: Any, block: int, epsilon: float) -> tuple[Any, Any, Any]:
    """As ``quantize._grouped``, on the GPU.

    Args:
        x: a NumPy matrix in the dtype of its scales; the last block is padded with zeros.
        block: the number of rows of a block.
        epsilon: the epsilon of Keras.

    Returns:
        The int8 values that hold two numbers each, the scales and the zero points of the blocks,
        all on the device.
    """
    import jax

    with _float64():
        return _grouped()(jax.device_put(x), block, epsilon)


def _float64() -> Any:
    """A context that enables float64 in this thread."""
    import jax
    from jax import experimental

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return getattr(experimental, "enable_x64")()  # noqa: B009 - its place before jax 0.9


def _quotient(a: Any, b: Any) -> Any:
    """The quotient of two float32 numbers, rounded once."""
    import jax.numpy as jnp

    return _rounded(a.astype(jnp.float64) / b.astype(jnp.float64), jnp.float32)


def _rounded(x: Any, dtype: Any) -> Any:
    """Rounds to a dtype and returns float32. XLA would remove a cast there and back."""
    import jax
    import jax.numpy as jnp

    bits = jnp.finfo(dtype)
    return jax.lax.reduce_precision(x, bits.nexp, bits.nmant).astype(jnp.float32)


@cache
def _abs_max() -> Any:
    import jax
    import jax.numpy as jnp

    def abs_max(x: Any, axes: tuple[int, ...], epsilon: float) -> tuple[Any, Any]:
        y = x.astype(jnp.float32)
        largest = jnp.max(jnp.abs(y), axis=axes, keepdims=True)
        scale = _quotient(jnp.float32(127), largest + jnp.float32(epsilon))
        return jnp.rint(y * scale).astype(jnp.int8), scale.astype(x.dtype)

    return jax.jit(abs_max, static_argnums=(1, 2))


@cache
def _grouped() -> Any:
    import jax
    import jax.numpy as jnp

    def grouped(x: Any, block: int, epsilon: float) -> tuple[Any, Any, Any]:
        rows, columns = x.shape
        y = jnp.pad(x, [(0, -rows % block), (0, 0)]).astype(jnp.float32)
        y = y.reshape(-1, block, columns)
        low, high = (of(y, 1, keepdims=True) for of in (jnp.min, jnp.max))
        width = _rounded(high - low, x.dtype)
        scale = _quotient(width + jnp.float32(epsilon), jnp.float32(15))
        zero = jnp.clip(jnp.rint(_quotient(-low, scale)) - 8, -8, 7)
        numbers = jnp.clip(jnp.rint(_quotient(y, scale)) + zero, -8, 7).astype(jnp.int8)
        numbers = jnp.pad(numbers.reshape(-1, columns)[:rows], [(0, 0), (0, columns % 2)])
        packed = (numbers[:, ::2] & jnp.int8(15)) | (numbers[:, 1::2] << jnp.int8(4))
        scale, zero = jnp.squeeze(scale, 1), jnp.squeeze(zero, 1)
        return packed, scale.astype(x.dtype), zero.astype(jnp.int8)

    return jax.jit(grouped, static_argnums=(1, 2))
