"""How kernels lie in a GPU's memory: the numbers that are summed up stand side by side.

A decode step multiplies one row with each kernel. XLA makes that a sum along the kernel's
contracted axes, which reads memory in order, in one pass, only where those axes are the minor
ones; Keras's shapes have them first. The arrays keep their shapes and values, so that layers,
``save`` and Keras's own programs see no difference. Gemma 3 1B on an H200, one step: 1.93 ms as
Keras lays them out, 1.26 ms so (2026-11-22).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

#: Bytes from which on a kernel is put back where it came from.
LARGE = 2 * 2**20
#: XLA's allocator takes memory by regions that double from the first, where it is not taken
#: beforehand, and gives a hole away whole unless it is twice as large as what is asked for, or by
#: the second larger (xla/tsl/framework/bfc_allocator.cc).
REGION, SPARE = 2 * 2**20, 128 * 2**20


def relayout_layers(layers: list[Any]) -> None:
    """Lays out the kernels of layers anew, in place.

    A large one ends where it was, through a copy. Elsewhere the hole that it leaves joins the one
    beside it, and XLA's allocator gives a hole away whole unless it is twice as large as what is
    asked for: 1.3 GiB of Gemma 3 12B in bfloat16 were lost so (an H100, jax 0.11.2;
    ``benchmarks/holes.py`` counts them).

    Args:
        layers: those with weights; all but Dense and EinsumDense are left as they are, and so are
            variables that are laid out over several devices.
    """
    for variable, order in _orders(layers):
        large = variable.value.nbytes >= LARGE
        for program in _laid(order, variable.value.sharding)[: 1 + large]:
            # assign would lay it back
            variable._value = program(variable.value)  # noqa: SLF001
            if large:  # until then the memory it came from is not free
                variable.value.block_until_ready()


def region_bytes(sizes: Sequence[int]) -> int:
    """Bytes to take and give back once, so that the first large variable loses nothing.

    The embedding table of Gemma 3 1B in int4 would be given 256 MiB for its 144.

    Args:
        sizes: bytes of the variables, in the order in which they are filled.

    Returns:
        0 where nothing would be lost.
    """
    first = next((size for size in sizes if size >= SPARE // 2), 0)
    region = REGION
    while region < first:
        region *= 2
    enough = first + min(first, SPARE)
    return enough if first < region < enough else 0


def reserve_region(layers: list[Any]) -> None:
    """Has the allocator take a region in which the first large variable fits with room to spare.

    Args:
        layers: those that will be filled, in that order.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    sizes = [
        math.prod(v.shape) * jnp.dtype(v.dtype).itemsize
        for layer in layers
        for v in layer._trainable_variables + layer._non_trainable_variables  # noqa: SLF001
        if v._layout is None  # noqa: SLF001
    ]
    if enough := region_bytes(sizes):
        jax.device_put(np.zeros(enough, np.int8)).block_until_ready().delete()


@cache
def _laid(order: tuple[int, ...], sharding: Any) -> tuple[Callable[[Any], Any], ...]:
    """What lays an array out, and what copies it then; ``device_put`` would take milliseconds."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.layout import Format, Layout

    layout = Format(Layout(major_to_minor=order), sharding)
    lay = jax.jit(lambda x: x, out_shardings=layout)
    return lay, jax.jit(jnp.copy, in_shardings=layout, out_shardings=layout)


def compile_arguments(variables: list[Any], layers: list[Any]) -> list[Any]:
    """What programs are compiled for: values, or what stands for those that are not read yet.

    Args:
        variables: Keras variables, with values or without.
        layers: those that they belong to, which are laid out once they are filled.
    """
    import jax
    from jax.experimental.layout import Format, Layout
    from jax.sharding import SingleDeviceSharding

    orders = {id(v): order for v, order in _orders(layers)} if relayout_pays() else {}
    here = SingleDeviceSharding(jax.devices()[0])

    def one(variable: Any) -> Any:
        if variable._value is not None:  # noqa: SLF001 - .value would make one up
            return variable.value
        order = orders.get(id(variable))
        where = Format(Layout(major_to_minor=order), here) if order else here
        return jax.ShapeDtypeStruct(variable.shape, variable.dtype, sharding=where)

    return [one(v) for v in variables]


def _orders(layers: list[Any]) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """The variables that lie otherwise than usual, with the order of their axes in memory."""
    for layer in layers:
        order = contracted_last(layer)
        if order is None or order == tuple(range(len(order))):
            continue
        # an int4 kernel's scales and zero points lie as it does
        for name in ("_kernel", *(("kernel_scale", "kernel_zero") if _is_int4(layer) else ())):
            variable = getattr(layer, name, None)
            if variable is None or variable._layout is not None:  # noqa: SLF001
                continue
            if len(variable.shape) == len(order):
                yield variable, order


def _is_int4(layer: Any) -> bool:
    return layer.quantization_mode == "int4"


def contracted_last(layer: Any) -> tuple[int, ...] | None:
    """The axes of a layer's kernel, those that are kept first, those that are summed last.

    Args:
        layer: a Keras layer.

    Returns:
        None where it has no such kernel.
    """
    kind = type(layer).__name__
    if kind not in {"Dense", "EinsumDense"}:
        return None
    if kind == "Dense":
        return (1, 0)
    inputs, result = layer.equation.split("->")
    kernel = inputs.split(",")[1].strip()
    summed = [axis for axis, name in enumerate(kernel) if name not in result]
    kept = [axis for axis, name in enumerate(kernel) if name in result]
    if _is_int4(layer):  # kept as (rows, columns)
        return (1, 0)
    return (*kept, *summed)


def relayout_pays() -> bool:
    """Whether this process's device gains by it: a GPU. A TPU lays arrays out by itself."""
    import jax

    return jax.default_backend() == "gpu"
