"""Changes the memory layout of kernels so that contracted axes are contiguous.

A decode step multiplies one row by each kernel. XLA compiles that to a sum along the contracted
axes of the kernel, which reads memory in order and in one pass only where these axes are the minor
ones; in Keras's shapes they come first. Shapes and values stay the same, so that layers, ``save``
and Keras's own programs see no difference. One step of Gemma 3 1B on an H200 takes 1.93 ms with
Keras's layout and 1.26 ms with this one (2026-11-22); for a processor see
``generation/processor_products.py``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from gemma_nb.loading.tensor_files import sharding_of

#: The size in bytes from which a kernel is copied back to its old address.
LARGE = 2 * 2**20
#: Without preallocation, XLA's allocator takes memory in regions whose size doubles, beginning with
#: ``REGION``. It hands out a free chunk whole unless the chunk is twice as large as the request, or
#: larger by ``SPARE`` (xla/tsl/framework/bfc_allocator.cc).
REGION, SPARE = 2 * 2**20, 128 * 2**20


def relayout_layers(layers: list[Any]) -> None:
    """Changes the layout of the kernels of layers, in place.

    A large kernel is copied back to its old address. At another address it would leave a free
    chunk that joins its neighbour, and XLA's allocator hands out a chunk whole unless it is twice
    as large as the request: this cost 1.3 GiB of Gemma 3 12B in bfloat16 (an H100, jax 0.11.2;
    ``benchmarks/holes.py`` counts it).

    Args:
        layers: layers with weights. Only Dense and EinsumDense and a mixture's experts are changed,
            and no variables that ``keras.distribution`` shards over several devices.
    """
    for variable, order in _orders(layers):
        large = reserves_regions() and variable.value.nbytes >= LARGE
        for program in _layout_programs(order, variable.value.sharding)[: 1 + large]:
            # assign would restore the default layout
            variable._value = program(variable.value)  # noqa: SLF001
            if large:  # frees the old memory before the next allocation
                variable.value.block_until_ready()


def region_bytes(sizes: Sequence[int]) -> int:
    """The bytes to allocate and free once so that the first large variable wastes no memory.

    Without it, the embedding table of Gemma 3 270M in int8 takes 256 MiB for its 160 MiB.

    Args:
        sizes: the sizes of the variables in bytes, in the order in which they are filled.

    Returns:
        A number of bytes; 0 where nothing would be wasted.
    """
    first = next((size for size in sizes if size >= SPARE // 2), 0)
    region = REGION
    while region < first:
        region *= 2
    enough = first + min(first, SPARE)
    return enough if first < region < enough else 0


def reserve_region(layers: list[Any]) -> None:
    """Makes the allocator take a region that the first large variable fits into with room to spare.

    Args:
        layers: the layers that will be filled, in this order.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    variables = [
        v
        for layer in layers
        for v in layer._trainable_variables + layer._non_trainable_variables  # noqa: SLF001
        if not _by_keras(v)
    ]
    shardings = [sharding_of(v) for v in variables]
    sizes = [
        math.prod(sharding.shard_shape(v.shape) if sharding else v.shape)
        * jnp.dtype(v.dtype).itemsize
        for v, sharding in zip(variables, shardings, strict=True)
    ]
    if enough := region_bytes(sizes):
        for where in [(d,) for d in shardings[0].addressable_devices] if shardings[0] else [()]:
            jax.device_put(np.zeros(enough, np.int8), *where).block_until_ready().delete()


def _by_keras(variable: Any) -> bool:
    """Whether ``keras.distribution`` lays a variable out."""
    return variable._layout is not None and sharding_of(variable) is None  # noqa: SLF001


@cache
def _layout_programs(order: tuple[int, ...], sharding: Any) -> tuple[Callable[[Any], Any], ...]:
    """Two compiled functions: one changes the layout of an array, one copies it in that layout.

    ``device_put`` would take milliseconds.
    """
    import jax
    import jax.numpy as jnp
    from jax.experimental.layout import Format, Layout

    layout = Format(Layout(major_to_minor=order), sharding)
    lay = jax.jit(lambda x: x, out_shardings=layout)
    return lay, jax.jit(jnp.copy, in_shardings=layout, out_shardings=layout)


def compile_arguments(variables: list[Any], layers: list[Any]) -> list[Any]:
    """The arguments that programs are compiled for: values, or shapes where none are read yet.

    Args:
        variables: Keras variables, with values or without.
        layers: the layers that they belong to, whose layout changes once they are filled.

    Returns:
        An array or a ``jax.ShapeDtypeStruct`` for each variable.
    """
    import jax
    from jax.experimental.layout import Format, Layout
    from jax.sharding import SingleDeviceSharding

    orders = {id(v): order for v, order in _orders(layers)} if relayout_pays() else {}
    single = SingleDeviceSharding(jax.devices()[0])

    def one(variable: Any) -> Any:
        if variable._value is not None:  # noqa: SLF001 - .value would make one up
            return variable.value
        sharding = sharding_of(variable) or single
        order = orders.get(id(variable))
        form = Format(Layout(major_to_minor=order), sharding) if order else sharding
        return jax.ShapeDtypeStruct(variable.shape, variable.dtype, sharding=form)

    return [one(v) for v in variables]


def keep_layouts(weights: Sequence[Any], described: Sequence[Any]) -> list[Any]:
    """Weights in a traced program that keep the memory layout of its arguments.

    Without this, XLA copies each one to its default layout, in a loop all of them at once.

    Args:
        weights: what is traced.
        described: the arrays, or the ``compile_arguments``, that the program is compiled for.
    """
    return [_keep_layout(w, array) for w, array in zip(weights, described, strict=True)]


def _keep_layout(weight: Any, described: Any) -> Any:
    """One weight that keeps its memory layout, of several devices each its part.

    XLA's partitioner would first gather a divided weight on every device (jax 0.10.2).
    """
    import jax

    # private: an experimental module of jax 0.10.2 to 0.11.2
    from jax.experimental.layout import Layout, with_layout_constraint

    order = _axis_order(described)
    if order is None:
        return weight

    def keep(part: Any) -> Any:
        return with_layout_constraint(part, Layout(major_to_minor=order))

    spec = getattr(described.sharding, "spec", ())
    if not any(spec):
        return keep(weight)
    mesh = described.sharding.mesh
    return jax.shard_map(keep, mesh=mesh, in_specs=spec, out_specs=spec, check_vma=False)(weight)


def _axis_order(value: Any) -> tuple[int, ...] | None:
    """The order of an array's axes in memory, outermost first; None for the default order."""
    layout = value.format.layout
    order = layout and layout.major_to_minor
    return None if not order or order == tuple(range(value.ndim)) else order


def _orders(layers: list[Any]) -> Iterator[tuple[Any, tuple[int, ...]]]:
    """The variables whose layout changes, each with the order of its axes in memory."""
    for layer in layers:
        if type(layer).__name__ == "Gemma4MoEBlock":  # kernels (experts, inputs, outputs)
            kernels = (layer.gate_proj, layer.up_proj, layer.down_proj)
            yield from ((v, (0, 2, 1)) for v in kernels if v._layout is None)  # noqa: SLF001
        order = contracted_last(layer)
        if order is None or order == tuple(range(len(order))):
            continue
        # the scales and zero points of an int4 kernel take the layout of the kernel
        for name in ("_kernel", *(("kernel_scale", "kernel_zero") if _is_int4(layer) else ())):
            variable = getattr(layer, name, None)
            if variable is None or _by_keras(variable):
                continue
            if len(variable.shape) == len(order):
                yield variable, order


def _is_int4(layer: Any) -> bool:
    return layer.quantization_mode == "int4"


def contracted_last(layer: Any) -> tuple[int, ...] | None:
    """The axes of a layer's kernel, with the contracted ones last.

    Args:
        layer: a Keras layer.

    Returns:
        The axes in that order; None where the layer has no kernel of that kind.
    """
    kind = type(layer).__name__
    if kind not in {"Dense", "EinsumDense"}:
        return None
    if kind == "Dense":
        return (1, 0)
    inputs, result = layer.equation.split("->")
    kernel = inputs.split(",")[1].strip()
    contracted = [axis for axis, name in enumerate(kernel) if name not in result]
    others = [axis for axis, name in enumerate(kernel) if name in result]
    if _is_int4(layer):  # stored as (rows, columns)
        return (1, 0)
    return (*others, *contracted)


def is_laid_out(layer: Any) -> bool:
    """Whether a kernel lies in memory as ``contracted_last`` says, or will once it is read."""
    value = layer._kernel._value  # noqa: SLF001 - .value would make one up
    if value is None:
        return relayout_pays()
    layout = getattr(getattr(value, "format", None), "layout", None)
    return layout is not None and layout.major_to_minor == contracted_last(layer)


def relayout_pays() -> bool:
    """Whether the default device gains by it: a TPU does not, it chooses layouts by itself."""
    import jax

    return jax.default_backend() in ("gpu", "cpu")


def reserves_regions() -> bool:
    """Whether the default device has the allocator that ``reserve_region`` is for."""
    import jax

    return jax.default_backend() == "gpu"
