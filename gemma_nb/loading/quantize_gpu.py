"""int8 and int4 made on a GPU: a tensor is sent once, in 16 bit, and rounded there.

One program a shape gives what Keras's NumPy gives, bit for bit. XLA divides float32 by way of
reciprocals, so that quotients are made in float64: rounded to float32 they are the exact ones
(Figueroa 1995: 53 bits are more than twice 24 and two).
"""

from __future__ import annotations

from functools import cache
from typing import Any


def wanted() -> bool:
    """Whether this process's device is a GPU; a TPU has no float64."""
    import jax

    return jax.default_backend() == "gpu"


def abs_max(x: Any, axes: tuple[int, ...], epsilon: float) -> tuple[Any, Any]:
    """As ``quantizing._abs_max``.

    Args:
        x: a NumPy array in the dtype that its scale is to have.
        axes: along which there is one scale; they are kept at 1.
        epsilon: Keras's.

    Returns:
        int8 on the device, and the scale, likewise.
    """
    import jax

    with _float64():
        return _abs_max()(jax.device_put(x), axes, epsilon)


def grouped(x: Any, group: int, axis: int, pack: int, epsilon: float) -> tuple[Any, Any, Any]:
    """As ``quantizing._grouped``.

    Args:
        x: a NumPy matrix in the dtype that its scales are to have.
        group: numbers of a group.
        axis: groups run along it; what the last lacks counts as zeros.
        pack: the axis along which two numbers share a byte.
        epsilon: Keras's.

    Returns:
        int8 on the device with two numbers in each; the groups' scales and zero points, likewise.
    """
    import jax

    with _float64():
        return _grouped()(jax.device_put(x), group, axis, pack, epsilon)


def _float64() -> Any:
    """In which float64 is not cut to float32, in this thread alone."""
    import jax
    from jax import experimental

    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    return getattr(experimental, "enable_x64")()  # noqa: B009 - where jax before 0.9 has it


def _quotient(a: Any, b: Any) -> Any:
    """A / b of float32 numbers, rounded once."""
    import jax.numpy as jnp

    return _rounded(a.astype(jnp.float64) / b.astype(jnp.float64), jnp.float32)


def _rounded(x: Any, dtype: Any) -> Any:
    """In float32, with the bits of a dtype: XLA leaves out conversions there and back."""
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

    def grouped(x: Any, group: int, axis: int, pack: int, epsilon: float) -> tuple[Any, Any, Any]:
        rows, columns = x.shape
        lacking = -x.shape[axis] % group
        y = jnp.pad(x, [(0, lacking if i == axis else 0) for i in (0, 1)]).astype(jnp.float32)
        y = y.reshape((-1, group, columns) if axis == 0 else (rows, -1, group))
        low, high = (of(y, axis + 1, keepdims=True) for of in (jnp.min, jnp.max))
        width = _rounded(high - low, x.dtype)
        scale = _quotient(width + jnp.float32(epsilon), jnp.float32(15))
        zero = jnp.clip(jnp.rint(_quotient(-low, scale)) - 8, -8, 7)
        numbers = jnp.clip(jnp.rint(_quotient(y, scale)) + zero, -8, 7).astype(jnp.int8)
        numbers = numbers.reshape((-1, columns) if axis == 0 else (rows, -1))[:rows, :columns]
        numbers = jnp.pad(numbers, [(0, n % 2 * (i == pack)) for i, n in enumerate(x.shape)])
        first, second = (
            jax.lax.slice_in_dim(numbers, start, None, 2, axis=pack) for start in (0, 1)
        )
        packed = (first & jnp.int8(15)) | (second << jnp.int8(4))
        scale, zero = (jnp.squeeze(v, axis + 1) for v in (scale, zero))
        return packed, scale.astype(x.dtype), zero.astype(jnp.int8)

    return jax.jit(grouped, static_argnums=(1, 2, 3, 4))
