"""Hugging Face checkpoints, through KerasHub's own converters, one tensor at a time."""

from __future__ import annotations

from typing import Any

from gemma_nb.loading import quantize, relayout, weights


def read_transformers_weights(
    loader: Any, plain: Any, target: Any, watch: weights.BytesCallback | None = None
) -> None:
    """Converts a checkpoint into a backbone, quantised on the way where that is.

    Args:
        loader: KerasHub's ``TransformersPresetLoader`` of the directory.
        plain: the backbone built without weights and not quantised: the converter names its
            variables.
        target: the backbone that is filled; ``plain`` itself where nothing is quantised.
        watch: told the bytes of weights as they are read.

    Raises:
        ValueError: the files do not hold what the config says.
        OSError: a file is missing, cut or corrupt.
    """
    pairs = {} if target is plain else _twins(plain, target)
    if relayout.relayout_pays():
        relayout.reserve_region(target._flatten_layers())  # noqa: SLF001 - as Keras walks them
    with _porting()(loader.preset, pairs, watch) as tensors:
        loader.converter.convert_weights(plain, tensors, loader.config)
    _finish(plain, target, pairs)
    if relayout.relayout_pays():
        relayout.relayout_layers(target._flatten_layers())  # noqa: SLF001


def _twins(plain: Any, target: Any) -> dict[int, tuple[Any, str]]:
    """From a plain variable's id to its quantised layer and its name in it."""
    twins = {}
    changed = zip(
        quantize.quantizable_layers(plain), quantize.quantizable_layers(target), strict=True
    )
    for old, new in changed:
        for name in quantize.tensor_names(old):
            variable = getattr(old, f"_{name}" if name in {"kernel", "embeddings"} else name)
            twins[id(variable)] = new, name
    return twins


def _porting() -> Any:
    """KerasHub's ``SafetensorLoader``, imported late, with each tensor sent where it belongs."""
    from keras_hub.src.utils.transformers.safetensor_utils import SafetensorLoader

    class Porting(SafetensorLoader):  # type: ignore[misc]
        def __init__(
            self,
            preset: str,
            pairs: dict[int, tuple[Any, str]],
            watch: weights.BytesCallback | None,
        ) -> None:
            super().__init__(preset)
            self._pairs = pairs
            self._watch = watch

        def port_weight(self, keras_variable: Any, hf_weight_key: str, hook_fn: Any = None) -> None:
            import jax

            tensor = self.get_tensor(hf_weight_key)
            read = tensor.nbytes
            if hook_fn:
                tensor = hook_fn(tensor, list(keras_variable.shape))
            if id(keras_variable) in self._pairs:
                layer, name = self._pairs.pop(id(keras_variable))
                weights.fill_quantized(layer, name, tensor)
            else:
                weights.assign_in_blocks(keras_variable, tensor)
                jax.block_until_ready(keras_variable.value)
            if self._watch:
                self._watch(read)

    return Porting


def _finish(plain: Any, target: Any, left: dict[int, tuple[Any, str]]) -> None:
    """Moves what the converter assigned itself, and refuses what it left out."""
    import numpy as np

    held = {id(v): v for v in plain.variables}
    for key, (layer, name) in left.items():
        if held[key]._value is None:  # noqa: SLF001 - .value would make up a placeholder
            raise ValueError(f"{layer.path}: {name} is not in the checkpoint")
        weights.fill_quantized(layer, name, np.asarray(held[key].value))
    if plain is not target:
        paths = {v.path: v for v in plain.variables}
        for variable in target.variables:
            if variable._value is None:  # noqa: SLF001
                variable.assign(paths[variable.path].value)
    missing = [v.path for v in target.variables if v._value is None]  # noqa: SLF001
    if missing:
        raise ValueError(f"not in the checkpoint: {', '.join(missing[:5])}")
