"""Compiles programs for several devices: where their arguments and results lie.

Weights come with their shardings (``loading.sharding``). KV caches are divided by heads, or by rows
where a batch is; everything else that enters or leaves a program lies whole on every device, so
that any process can read it. With ``parallel="model"`` XLA divides the computation and inserts the
sums, but for lookups in divided tables (``optimized_layers.DividedEmbedding``) and for routed experts.
With ``parallel="data"`` each device runs the program on its rows (``jax.shard_map``), without any
communication, and computes what one device would for so many rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gemma_nb.generation.attention import KeyValue
from gemma_nb.generation.compilation import CompiledFunctions, ProgramSpec
from gemma_nb.loading.sharding import DeviceLayout
from gemma_nb.loading.tensor_files import send


def compiled_functions(layout: DeviceLayout | None) -> CompiledFunctions:
    """The compiled programs of a model.

    Args:
        layout: the devices that the model is laid out over; None for one.
    """
    return CompiledFunctions(partial(partition_program, layout=layout) if layout else None)


def send_inputs(values: Any, layout: DeviceLayout | None) -> Any:
    """Sends small inputs of several calls once.

    Args:
        values: NumPy arrays.
        layout: the devices; None for one.
    """
    import jax

    sharding = layout.sharding() if layout else None
    return jax.tree.map(lambda value: send(value, sharding), values)


def same_seeds(seeds: Any, layout: DeviceLayout | None) -> Any:
    """Seeds that are the same in every process: those of the first one.

    A seed that is drawn differs from process to process, and so would the tokens.

    Args:
        seeds: a list of seeds.
        layout: the devices; None for one.
    """
    import numpy as np

    if layout is None or layout.sharding().is_fully_addressable:
        return seeds
    from jax.experimental import multihost_utils

    return multihost_utils.broadcast_one_to_all(np.array(seeds, np.uint32)).tolist()


def partition_program(spec: ProgramSpec, layout: DeviceLayout) -> ProgramSpec:
    """Returns the spec of a program that runs on all devices of a layout.

    Args:
        spec: the program for one device.
        layout: the devices.
    """
    import jax

    def place(tree: Any) -> Any:
        return jax.tree.map(lambda leaf: _described(leaf, layout), tree, is_leaf=_is_cache)

    arguments = tuple(place(argument) for argument in spec.arguments)
    batch = _batch(spec.arguments)
    function = spec.function
    if spec.row_axes and batch and layout.parallel == "data" and not batch % len(layout.devices):
        function = _by_rows(spec, batch, layout)

    def call(*arguments: Any) -> Any:
        return jax.tree.map(
            lambda leaf: _constrained(leaf, layout), function(*arguments), is_leaf=_is_cache
        )

    return ProgramSpec(call, arguments, spec.donated)


def gather_logits(logits: Any, layout: DeviceLayout | None) -> Any:
    """Traced: logits that every device holds whole, as sampling needs them.

    Each device first computes those of its own rows of the embedding table. Without that constraint
    XLA may gather the table instead, which is thousands of times as large.

    Args:
        logits: (…, vocabulary).
        layout: the devices; None for one device.
    """
    import jax

    if layout is None or layout.parallel == "data":
        return logits
    constrain = jax.lax.with_sharding_constraint
    if not logits.shape[-1] % len(layout.devices):
        logits = constrain(logits, layout.sharding(logits.ndim - 1))
    return constrain(logits, layout.sharding())


def shard_map(function: Callable[..., Any], mesh: Any, in_specs: Any, out_specs: Any) -> Any:
    """``jax.shard_map`` without its check of what differs between devices, in jax 0.7 to 0.11.

    Args:
        function: what each device computes with its part of the arguments.
        mesh: the devices.
        in_specs: the ``PartitionSpec`` of each argument.
        out_specs: those of the results.
    """
    import jax

    return jax.shard_map(
        function, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False
    )


def own_rows(indices: Any, count: int, axis: str) -> tuple[Any, Any]:
    """Traced within ``shard_map``: which rows of a divided array this device holds.

    Args:
        indices: int32: rows of the whole array.
        count: the rows that each device holds.
        axis: the name of the mesh's axis.

    Returns:
        The rows of this device's part, 0 for those of other devices; and whether they are its own.
    """
    import jax
    import jax.numpy as jnp

    local = indices - jax.lax.axis_index(axis) * count
    is_here = (local >= 0) & (local < count)
    return jnp.where(is_here, local, 0), is_here


def _by_rows(spec: ProgramSpec, batch: int, layout: DeviceLayout) -> Callable[..., Any]:
    """The function of a program, each device with its rows of the batch."""
    import jax
    from jax.sharding import PartitionSpec

    rows, whole = PartitionSpec(layout.parallel), PartitionSpec()

    def rows_of(leaf: Any) -> Any:
        has_rows = _is_cache(leaf) or (leaf.shape and leaf.shape[0] == batch)
        return rows if has_rows else whole

    weights, *others = spec.arguments
    in_specs = (
        jax.tree.map(lambda _: whole, weights),
        *jax.tree.map(rows_of, tuple(others), is_leaf=_is_cache),
    )
    out_specs = tuple(PartitionSpec(*[None] * axis, layout.parallel) for axis in spec.row_axes)
    return shard_map(spec.function, layout.mesh, in_specs, out_specs)


def _is_cache(value: Any) -> bool:
    return isinstance(value, KeyValue)


def _batch(arguments: Any) -> int:
    """The rows of the caches among a program's arguments; 0 without any."""
    import jax

    leaves = jax.tree.leaves(arguments, is_leaf=_is_cache)
    return next((int(leaf.key.shape[0]) for leaf in leaves if _is_cache(leaf)), 0)


def _described(leaf: Any, layout: DeviceLayout) -> Any:
    """The description of an argument, with its sharding."""
    import jax

    def describe(value: Any, sharding: Any) -> Any:
        return jax.ShapeDtypeStruct(value.shape, value.dtype, sharding=sharding)

    if _is_cache(leaf):
        return KeyValue(*(describe(one, layout.cache_sharding(one.shape)) for one in leaf))
    sharding = getattr(leaf, "sharding", None)
    if isinstance(sharding, jax.sharding.NamedSharding) and sharding.mesh == layout.mesh:
        return leaf
    return describe(leaf, layout.sharding())


def _constrained(leaf: Any, layout: DeviceLayout) -> Any:
    """A result of a program, laid out over the devices."""
    import jax

    constrain = jax.lax.with_sharding_constraint
    if _is_cache(leaf):
        return KeyValue(*(constrain(one, layout.cache_sharding(one.shape)) for one in leaf))
    return constrain(leaf, layout.sharding())
