"""Compiles programs for several devices: where their arguments and results lie.

Weights come with their shardings (``loading.sharding``). KV caches are divided by heads, or by rows
where a batch is; everything else that enters or leaves a program lies whole on every device, so
that any process can read it. With ``parallel="model"`` XLA divides the computation and inserts the
sums; only a lookup in a divided embedding table is written out (``DividedEmbedding``). With ``parallel="data"`` each device runs the program on its rows (``jax.shard_map``), without
any communication, and computes what one device would for so many rows.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from gemma_nb.generation.attention import KeyValue
from gemma_nb.generation.compilation import CompiledFunctions, ProgramSpec
from gemma_nb.generation.keras_internals import is_divided, look_up, table_variables
from gemma_nb.loading.sharding import DeviceLayout
from gemma_nb.loading.tensor_files import send, sharding_of


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


def optimize_embedding(layer: Any) -> Any:
    """Returns a replacement of an Embedding or ReversibleEmbedding whose table is divided.

    Args:
        layer: a Keras layer.

    Returns:
        A ``DividedEmbedding``; the layer itself where each device holds the whole table, or where
        it uses LoRA.
    """
    if layer.lora_enabled or not is_divided([table_variables(layer)[0]]):
        return layer
    return DividedEmbedding(layer)


class DividedEmbedding:
    """Stands in for an embedding layer: each device looks up the tokens of its own rows.

    XLA's own lookup of a single token gathers the whole table on every device, in every decode step:
    2 GB for Gemma 3 12B, 3.6 of 9.7 ms on two H200 (jax 0.11.2, 2026-11-30).

    Args:
        layer: the layer; all attributes come from it.
    """

    def __init__(self, layer: Any) -> None:
        self._layer = layer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._layer, name)

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
        sharding = sharding_of(variables[0])
        axis = sharding.spec[0]

        def rows_of_device(ids: Any, *tables: Any) -> Any:
            rows = tables[0].shape[0]
            local = ids - jax.lax.axis_index(axis) * rows
            is_here = (local >= 0) & (local < rows)
            found = look_up(self._layer, tables, jnp.where(is_here, local, 0))
            return jax.lax.psum(jnp.where(is_here[..., None], found, 0), axis)

        specs = (PartitionSpec(), *(sharding_of(v).spec for v in variables))
        lookup = shard_map(rows_of_device, sharding.mesh, specs, PartitionSpec())
        return lookup(jnp.asarray(inputs), *map(jnp.asarray, variables))


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
