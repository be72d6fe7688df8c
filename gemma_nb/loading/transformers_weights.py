"""Reads Hugging Face checkpoints through KerasHub's own converters, one tensor at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemma_nb.catalog.checkpoint_tensors import canonical_name, is_kv_shared, unread_tensors
from gemma_nb.catalog.hub_lookup import DirectoryFiles
from gemma_nb.catalog.weight_files import SAFETENSORS
from gemma_nb.errors import LoadError
from gemma_nb.loading.merge_lora import LoraMerge
from gemma_nb.loading.quantize import quantizable_layers, tensor_names
from gemma_nb.loading.relayout import (
    relayout_layers,
    relayout_pays,
    reserve_region,
    reserves_regions,
)
from gemma_nb.loading.weights import BytesCallback, assign_in_blocks, fill_quantized

#: From the id of a plain variable to the quantised layer that takes it, and its name there.
QuantizedTargets = dict[int, tuple[Any, str]]


def read_transformers_weights(
    loader: Any,
    plain: Any,
    target: Any,
    watch: BytesCallback | None = None,
    adapter: LoraMerge | None = None,
) -> None:
    """Converts a checkpoint into a backbone and quantises it on the way where that was asked for.

    Args:
        loader: KerasHub's ``TransformersPresetLoader`` of the directory.
        plain: the backbone built without weights and not quantised; the converter assigns to its
            variables.
        target: the backbone that is filled; ``plain`` itself where nothing is quantised.
        watch: called with the number of bytes of each tensor that was read.
        adapter: the adapter that is merged into the weights, None for none.

    Raises:
        ValueError: the files do not hold the weights that the config describes.
        OSError: a file is missing, cut or corrupt.
    """
    targets = {} if target is plain else quantized_targets(plain, target)
    layers = target._flatten_layers()  # noqa: SLF001 - private: keras 3.15.1, its own order
    if reserves_regions():
        reserve_region(layers)
    with _streaming_loader()(loader.preset, targets, watch, adapter) as tensors:
        loader.converter.convert_weights(plain, tensors, loader.config)
        tensors.check_all_read(loader.config)
    finish(plain, target, targets)
    if relayout_pays():
        relayout_layers(layers)


def quantized_targets(plain: Any, target: Any) -> QuantizedTargets:
    """The quantised layers of ``target`` that take the tensors of ``plain``'s variables."""
    targets = {}
    pairs = zip(quantizable_layers(plain), quantizable_layers(target), strict=True)
    for plain_layer, target_layer in pairs:
        for name in tensor_names(plain_layer):
            attribute = f"_{name}" if name in {"kernel", "embeddings"} else name
            targets[id(getattr(plain_layer, attribute))] = target_layer, name
    return targets


def assign_tensor(variable: Any, tensor: Any, targets: QuantizedTargets) -> None:
    """Assigns a tensor to a plain variable, or quantises it into the layer that takes its place.

    Args:
        variable: a variable of the plain backbone.
        tensor: a NumPy array in Keras's order, or a large tensor that is read when it is sliced.
        targets: the quantised layers that are not filled yet; the one that is filled is removed.
    """
    import jax

    if id(variable) in targets:
        layer, name = targets.pop(id(variable))
        fill_quantized(layer, name, tensor)
    else:
        assign_in_blocks(variable, tensor)
        jax.block_until_ready(variable.value)


def _streaming_loader() -> Any:
    """A subclass of KerasHub's ``SafetensorLoader`` that assigns or quantises tensor by tensor.

    A function, because KerasHub is imported late.
    """
    from keras_hub.src.utils.transformers.safetensor_utils import SafetensorLoader

    class StreamingLoader(SafetensorLoader):  # type: ignore[misc]
        def __init__(
            self,
            preset: str,
            targets: QuantizedTargets,
            watch: BytesCallback | None,
            adapter: LoraMerge | None,
        ) -> None:
            super().__init__(preset)
            if (Path(preset) / SAFETENSORS).is_file():
                self.safetensor_config = None  # an index beside one file is not read
            self._targets = targets
            self._watch = watch
            self._adapter = adapter
            self._read: set[str] = set()
            self._names = set(DirectoryFiles(Path(preset)).tensors() or ())
            # KerasHub asks for the text model's tensors under the prefix of one layout
            self._by_canonical = {canonical_name(name): name for name in self._names}

        def get_prefixed_key(self, hf_weight_key: str, dict_like: Any) -> str:
            stored = self._by_canonical.get(canonical_name(hf_weight_key), hf_weight_key)
            if hf_weight_key not in self._names and stored in dict_like.keys():  # noqa: SIM118 - a file has keys() alone
                return stored
            return str(super().get_prefixed_key(hf_weight_key, dict_like))

        def get_tensor(self, hf_weight_key: str) -> Any:
            tensor = super().get_tensor(hf_weight_key)
            self._read.add(self.get_prefixed_key(hf_weight_key, dict.fromkeys(self._names)))
            return tensor

        def check_all_read(self, config: Any) -> None:
            """Raises an error if the converter left a tensor of the decoder out."""
            unread = unread_tensors(self._names, self._read)
            if unread := [name for name in unread if not is_kv_shared(name, config)]:
                kind = config["model_type"]
                raise LoadError("tensor_unread", where=self.preset, tensor=unread[0], model=kind)

        def port_weight(self, keras_variable: Any, hf_weight_key: str, hook_fn: Any = None) -> None:
            tensor = self.get_tensor(hf_weight_key)
            count = tensor.nbytes
            if self._adapter:
                tensor = self._adapter.merge(hf_weight_key, tensor)
            if hook_fn:
                tensor = hook_fn(tensor, list(keras_variable.shape))
            assign_tensor(keras_variable, tensor, self._targets)
            if self._watch:
                self._watch(count)

    return StreamingLoader


def finish(plain: Any, target: Any, unfilled: QuantizedTargets) -> None:
    """Moves what the converter assigned to ``plain`` itself, and refuses what is missing.

    Args:
        plain: the backbone that the converter assigned to.
        target: the backbone that is filled.
        unfilled: the quantised tensors that did not pass through ``port_weight``.

    Raises:
        ValueError: the checkpoint lacks a tensor.
    """
    import numpy as np

    by_id = {id(v): v for v in plain.variables}
    for key, (layer, name) in unfilled.items():
        if by_id[key]._value is None:  # noqa: SLF001 - .value would create a placeholder
            raise ValueError(f"{layer.path}: {name} is not in the checkpoint")
        fill_quantized(layer, name, np.asarray(by_id[key].value))
    if plain is not target:
        by_path = {v.path: v for v in plain.variables}
        for variable in target.variables:
            if variable._value is None:  # noqa: SLF001
                variable.assign(by_path[variable.path].value)
    missing = [v.path for v in target.variables if v._value is None]  # noqa: SLF001
    if missing:
        raise ValueError(f"not in the checkpoint: {', '.join(missing[:5])}")
