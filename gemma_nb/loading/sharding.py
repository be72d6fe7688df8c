"""Lays a model out over several devices: which axis of which weight is divided, and what is repeated.

With ``parallel="model"`` every device holds a part of each large weight, as in Megatron-LM (Shoeybi
et al. 2019): the heads of attention, the width of feed-forward layers, whole experts, the rows of
embedding tables. Two sums over the devices then complete each layer. With ``parallel="data"`` every
device holds the whole model and computes its share of a batch.

An array that has a ``jax.sharding.NamedSharding`` needs no global state. ``keras.distribution``
would set a distribution for the whole process, so that the user's other Keras models would be laid
out too; it is not used here. Each variable gets its sharding before it has a value
(``Variable._layout``, private: keras 3.15.1), and ``assign`` keeps to it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gemma_nb.loading.quantize import adjust_scale, block_size
from gemma_nb.loading.tensor_files import send

#: The ways to use several devices.
PARALLEL = ("model", "data")

_FEED_FORWARD = (("ffw_gating", 1), ("ffw_gating_2", 1), ("ffw_linear", 0))
_GEMMA_BLOCK = (
    *((f"attention/{name}", 0) for name in ("query", "key", "value", "attention_output")),
    *_FEED_FORWARD,
)
_MLP = (("mlp/gate_proj", 1), ("mlp/up_proj", 1), ("mlp/down_proj", 0))
_T5_BLOCK = (
    *((f"\\w+_attention/{name}", 1) for name in ("query", "key", "value")),
    ("\\w+_attention/attention_output", 0),
    *_MLP,
)


def _block(prefix: str, rules: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    return tuple((f"{prefix}/{path}", axis) for path, axis in rules)


_GEMMA = (("token_embedding", 0), *_block(r"decoder_block_\d+", _GEMMA_BLOCK))
_T5GEMMA = (("\\w+_token_embedding", 0), *_block(r"(?:en|de)coder_layer_\d+", _T5_BLOCK))

#: KerasHub backbone -> (regular expression of a layer's path, axis that is divided). The axis is
#: that of the kernel before it is quantised, or of the embedding table. What no rule names (norms,
#: routers, the encoders of images and sound) is repeated on every device. Shapes: keras-hub 0.32.
RULES: dict[str, tuple[tuple[str, int], ...]] = {
    "GemmaBackbone": _GEMMA,
    "Gemma3Backbone": _GEMMA,
    "PaliGemmaBackbone": _GEMMA,
    "Gemma4Backbone": (
        *_GEMMA,
        ("per_layer_token_embedding", 0),
        (r"decoder_block_\d+/moe_expert_bank", 0),
    ),
    "Gemma3nBackbone": (
        ("\\w+/embed_tokens(?:_per_layer)?/embedding", 0),
        *_block(
            r"\w+/decoder_block_\d+",
            (*((f"attention/{n}_proj", 1) for n in "qkv"), ("attention/o_proj", 0), *_MLP),
        ),
    ),
    "T5GemmaBackbone": _T5GEMMA,
    "T5Gemma2Backbone": _T5GEMMA,
}


@dataclass(frozen=True)
class DeviceLayout:
    """The devices of a model, and how it is laid out over them.

    Args:
        devices: the JAX devices, of all processes.
        parallel: "model" divides the weights, "data" the rows of a batch.
    """

    devices: tuple[Any, ...]
    parallel: str = "model"

    @cached_property
    def mesh(self) -> Any:
        """The mesh of the devices; its one axis is called like ``parallel``."""
        import numpy as np
        from jax.sharding import Mesh

        return Mesh(np.array(self.devices), (self.parallel,))

    def sharding(self, axis: int | None = None) -> Any:
        """The sharding of an array.

        Args:
            axis: the axis that is divided; None for an array that every device holds whole.
        """
        from jax.sharding import NamedSharding, PartitionSpec

        spec = () if axis is None else (*[None] * axis, self.parallel)
        return NamedSharding(self.mesh, PartitionSpec(*spec))

    def cache_sharding(self, shape: tuple[int, ...]) -> Any:
        """The sharding of a layer's keys or values: by rows or heads, or whole where uneven.

        Args:
            shape: (batch, key-value heads, slots, head size).
        """
        axis = 0 if self.parallel == "data" else 1
        return self.sharding(None if shape[axis] % len(self.devices) else axis)

    def apply(self, lm: Any, plain: Any = None) -> list[str]:
        """Gives each variable of a task its sharding; values that exist are moved.

        Args:
            lm: the KerasHub task.
            plain: the backbone before quantising, which the weights are read through; None where it
                is the task's own.

        Returns:
            The paths of layers that a rule divides and that do not divide evenly: every device
            holds them whole.
        """
        uneven: list[str] = []
        axes: dict[int, int] = {}
        if self.parallel == "model":
            for layer in lm.backbone._flatten_layers():  # noqa: SLF001 - private: keras 3.15.1
                axis = _rule(lm.backbone, layer.path or "")
                if axis is None:
                    continue
                parts = _part_axes(lm.backbone, layer, axis, len(self.devices))
                if parts is None:
                    uneven.append(layer.path)
                axes |= parts or {}
        for variable in lm.variables:
            self._set(variable, axes.get(id(variable)))
        if plain is not None and plain is not lm.backbone:
            shardings = {(v.path, tuple(v.shape), v.dtype): v for v in lm.backbone.variables}
            for variable in plain.variables:
                key = (variable.path, tuple(variable.shape), variable.dtype)
                if key in shardings:
                    variable._layout = shardings[key]._layout  # noqa: SLF001
        return uneven

    def repeat(self, task: Any) -> None:
        """Puts a whole task on every device, as an assistant is."""
        for variable in task.variables:
            self._set(variable, None)

    def _set(self, variable: Any, axis: int | None) -> None:
        # private: keras 3.15.1; assign sends a value with this sharding
        variable._layout = self.sharding(axis)  # noqa: SLF001
        if variable._value is not None:  # noqa: SLF001 - .value would make one up
            variable.assign(send(variable.value, variable._layout))  # noqa: SLF001


def device_bytes(variables: Any) -> dict[Any, int]:
    """The bytes that Keras variables take on each device of this process."""
    sizes: dict[Any, int] = {}
    for variable in variables:
        for shard in variable.value.addressable_shards:
            sizes[shard.device] = sizes.get(shard.device, 0) + shard.data.nbytes
    return sizes


def _rule(backbone: Any, path: str) -> int | None:
    """The axis that the backbone's rules divide in the layer at a path; None for none."""
    name = next((c.__name__ for c in type(backbone).__mro__ if c.__name__ in RULES), "")
    rules = RULES.get(name, ())
    return next((axis for pattern, axis in rules if re.fullmatch(pattern, path)), None)


def _part_axes(backbone: Any, layer: Any, axis: int, count: int) -> dict[int, int] | None:
    """The axis of each variable of a layer that is divided, by the variable's id.

    Args:
        backbone: the backbone that the layer belongs to.
        layer: a layer that a rule names.
        axis: the axis that the rule divides.
        count: the number of devices.

    Returns:
        None if the layer does not divide evenly.
    """
    own = layer._trainable_variables + layer._non_trainable_variables  # noqa: SLF001
    variables = {v.path.rpartition("/")[2]: v for v in own}
    if "embeddings" in variables:
        names = ("embeddings", "embeddings_scale", "embeddings_zero")
        parts = {name: 0 for name in names if name in variables}
    elif "kernel" not in variables:  # the experts of a mixture: (experts, …) each
        parts = {name: axis for name, v in variables.items() if len(v.shape) == 3}
    else:
        shape = _kernel_shape(layer, variables["kernel"])
        heads = backbone.head_dim if "attention/" in layer.path and len(shape) == 2 else 1
        if shape[axis] // heads % count:
            return None
        found = _kernel_part_axes(layer, variables, axis, shape)
        if found is None:
            return None
        parts = {name: part for name, part in found.items() if name in variables}
    if any(variables[name].shape[part] % count for name, part in parts.items()):
        return None
    return {id(variables[name]): part for name, part in parts.items()}


def _kernel_shape(layer: Any, kernel: Any) -> tuple[int, ...]:
    """The shape of a kernel before it is quantised."""
    if layer.quantization_mode != "int4":
        return tuple(kernel.shape)
    if type(layer).__name__ == "Dense":
        return kernel.shape[0], layer.units
    return tuple(layer.original_kernel_shape)


def _kernel_part_axes(
    layer: Any, variables: dict[str, Any], axis: int, shape: tuple[int, ...]
) -> dict[str, int] | None:
    """The axis of the kernel, and of its scales, zero points and block indices.

    int8 keeps the kernel's shape, and has a scale for each output. int4 stores the numbers as a
    matrix of (rows, columns / 2) in their order, blocks of rows share a scale and a zero point, and
    ``g_idx`` holds the block of each row (keras 3.15.1, ``_int8_build`` and ``_int4_build``).
    """
    mode = layer.quantization_mode
    if mode is None:
        return {"kernel": axis}
    if mode == "int8":
        scale = _int8_scale_axis(layer, axis, shape)
        return {"kernel": axis} if scale is None else {"kernel": axis, "kernel_scale": scale}
    rows, block = variables["kernel"].shape[0], block_size(layer)
    if axis == 0 and block and not rows % block:  # divided in whole blocks of rows
        return {"kernel": 0, "kernel_scale": 0, "kernel_zero": 0, "g_idx": 0}
    if axis and block and math.prod(shape[:axis]) == rows:
        return {"kernel": 1, "kernel_scale": 1, "kernel_zero": 1}
    return None


def _int8_scale_axis(layer: Any, axis: int, shape: tuple[int, ...]) -> int | None:
    """The axis of an int8 kernel's scale that belongs to an axis of the kernel; None for none."""
    import numpy as np

    if type(layer).__name__ == "Dense":
        return 0 if axis == 1 else None
    if axis in layer._kernel_reduced_axes:  # noqa: SLF001 - private: keras 3.15.1
        return None
    probe = np.zeros([size if i == axis else 1 for i, size in enumerate(shape)], np.int8)
    adjusted = adjust_scale(layer, probe).shape
    return next((i for i, size in enumerate(adjusted) if size == shape[axis]), None)
