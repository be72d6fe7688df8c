"""Builds a KerasHub task from a preset on disk: first without weights, then filled from files."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb import backend
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.precision import Precision
from gemma_nb.hub.checkpoint_files import quantization_mode
from gemma_nb.loading import quantize
from gemma_nb.loading.checkpoint_checks import checked_config
from gemma_nb.loading.gguf_weights import GgufPresetLoader
from gemma_nb.loading.merge_lora import LoraMerge
from gemma_nb.loading.saving import recorded_int8_inputs
from gemma_nb.loading.transformers_weights import read_transformers_weights
from gemma_nb.loading.weights import BytesCallback, read_weights


@dataclass(frozen=True)
class UnloadedModel:
    """A model that is built and has no weights yet.

    Args:
        lm: the KerasHub task, without its preprocessor.
        tokenizer: its tokenizer.
        plain: the backbone in the precision of the files; ``lm.backbone`` itself where nothing is
            quantised while loading.
        loader: KerasHub's loader of the preset.
        directory: the preset.
        adapter: the adapter that is merged into the weights, None for none.
    """

    lm: Any
    tokenizer: Any
    plain: Any
    loader: Any
    directory: Path
    adapter: LoraMerge | None = None

    def read_weights(self, watch: BytesCallback | None = None) -> None:
        """Reads the weights from the files.

        Args:
            watch: called with the number of bytes of each part that was read.

        Raises:
            ValueError: the files do not hold the weights that the config describes.
            OSError: a file is missing, cut or corrupt.
        """
        from keras_hub.src.utils.preset_utils import KerasPresetLoader

        plain, target = self.plain, self.lm.backbone
        if isinstance(self.loader, GgufPresetLoader):
            self.loader.read_weights(plain, target, watch)
        elif isinstance(self.loader, KerasPresetLoader):
            quantizes = target is not plain and not quantization_mode(self.directory)
            read_weights(plain, target, self.directory, quantize=quantizes, watch=watch)
        else:
            read_transformers_weights(self.loader, plain, target, watch, self.adapter)


def build_without_weights(
    source: str,
    precision: Precision,
    task: str = "CausalLM",
    adapter: LoraMerge | None = None,
) -> UnloadedModel:
    """Builds a KerasHub task without weights, and its tokenizer.

    Args:
        source: a directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts; or
            a GGUF file.
        precision: the precision of the weights; it has to be the one in which a preset was saved
            quantised.
        task: KerasHub's kind of task, as in ``Variant.task``.
        adapter: an adapter to merge into a Hugging Face checkpoint; None for none.

    Raises:
        BackendError: keras was imported before, with another backend.
        InvalidInput: the preset was saved quantised, in another precision; or its config or its
            tensors are not what KerasHub computes with.
        LoadError: the checkpoint is in safetensors and that package is missing.
        ValueError: KerasHub does not know the config.
        OSError: a file is missing, cut or corrupt.
    """
    directory = Path(source)
    if directory.suffix.lower() == SUFFIX:
        return _build_gguf(directory, precision, task)
    config = checked_config(directory)
    saved = quantization_mode(directory)
    if saved and saved != precision.quantize:
        raise InvalidInput("load_saved_precision", saved=saved, asked=precision.name)
    keras_hub = backend.import_keras_hub()
    from keras_hub.src.utils.preset_utils import get_preset_loader

    with backend.buffered_native_stderr():
        tokenizer = _tokenizer(keras_hub, str(directory))
    loader = get_preset_loader(str(directory))
    if config is not None:
        loader.config = config
    if saved:
        policies, int8_inputs = loader.config["config"]["dtype"], recorded_int8_inputs(directory)
        plain, target = empty_backbones(loader, precision, policies, int8_inputs)
    else:
        plain, target = empty_backbones(loader, precision)
    return UnloadedModel(
        _task(keras_hub, task, target), tokenizer, plain, loader, directory, adapter
    )


def _build_gguf(path: Path, precision: Precision, task: str) -> UnloadedModel:
    """As ``build_without_weights``, from a GGUF file."""
    keras_hub = backend.import_keras_hub()
    loader = GgufPresetLoader(path)
    with backend.buffered_native_stderr():
        tokenizer = loader.tokenizer()
    plain = target = empty_backbone(loader, precision.dtype)
    if precision.quantize:
        target = empty_backbone(loader, loader.policies(plain, precision))
        quantize.finish_quantized_layers(target)
    return UnloadedModel(_task(keras_hub, task, target), tokenizer, plain, loader, path)


def build_model(
    source: str,
    precision: Precision,
    watch: BytesCallback | None = None,
    task: str = "CausalLM",
) -> tuple[Any, Any]:
    """Builds a KerasHub task and its tokenizer, with weights.

    No variable is initialised first: the backbone is built without weights, and each tensor goes
    from the file to the device in its final dtype. For int8 and int4 it is quantised on the way,
    so that the device never holds the 16-bit model.

    Args:
        source: as in ``build_without_weights``.
        precision: as in ``build_without_weights``.
        watch: called with the number of bytes of each part that was read.
        task: as in ``build_without_weights``.

    Returns:
        The task, without its preprocessor, and the tokenizer.

    Raises:
        ValueError: the files do not hold the weights that the config describes.
        OSError: a file is missing, cut or corrupt. Also what ``build_without_weights`` raises.
    """
    unloaded = build_without_weights(source, precision, task)
    unloaded.read_weights(watch)
    return unloaded.lm, unloaded.tokenizer


def empty_backbones(
    loader: Any,
    precision: Precision,
    policies: Any = None,
    int8_inputs: Collection[str] | None = (),
) -> tuple[Any, Any]:
    """Two backbones without weights: in the precision of the files, and in the one asked for.

    Args:
        loader: KerasHub's loader of the preset.
        precision: the precision of the weights.
        policies: the dtype policies of a preset that was saved quantised.
        int8_inputs: the layers of that preset which round their inputs, as in
            ``finish_quantized_layers``.

    Returns:
        The plain backbone and the backbone that is filled; the same object twice where nothing is
        quantised.
    """
    plain = target = empty_backbone(loader, precision.dtype)
    if precision.quantize:
        policies = policies or quantize.quantized_policies(
            plain, precision.quantize, precision.dtype
        )
        target = empty_backbone(loader, policies)
        quantize.finish_quantized_layers(target, int8_inputs)
    return plain, target


def empty_backbone(loader: Any, dtype: Any) -> Any:
    """A preset's backbone whose variables hold no memory.

    Args:
        loader: KerasHub's loader of the preset.
        dtype: a Keras dtype name, policy or policy map.
    """
    import keras
    from keras.src.backend.common import global_state

    # private: keras 3.15.1, the list of variables that a StatelessScope initialises
    key = "uninitialized_variables"
    before = list(global_state.get_global_attribute(key, []))
    try:
        # without the flag the scope initialises every variable on exit
        with (
            keras.StatelessScope(initialize_variables=False),
            _t5gemma2_variables_by_shape(),
            _encoders_with_policy_map(loader, dtype),
        ):
            backbone = loader.load_backbone(loader.check_backbone_class(), False, dtype=dtype)
        _scale_queries(backbone)
        if isinstance(dtype, keras.dtype_policies.DTypePolicyMap):
            # where the global policy is a map, Keras stores the model's own as an entry of it
            backbone._dtype_policy = dtype  # noqa: SLF001
        return backbone
    finally:
        # else the next StatelessScope of anyone would initialise them
        global_state.set_global_attribute(key, before)


def _scale_queries(backbone: Any) -> None:
    """Gives the attention layers the scale that the backbone was built with.

    KerasHub's blocks of Gemma 2 and 3 build every attention layer with the scale by the head size,
    whatever the backbone's argument says (keras-hub 0.32, ``GemmaDecoderBlock``,
    ``Gemma3DecoderBlock``). The 27B models scale by the width for each head instead
    (query_pre_attn_scalar of google/gemma-2-27b and google/gemma-3-27b-it).
    """
    if getattr(backbone, "query_head_dim_normalize", True):
        return
    for block in backbone.transformer_layers:
        block.attention.query_head_dim_normalize = False


@contextmanager
def _encoders_with_policy_map(loader: Any, dtype: Any) -> Iterator[None]:
    """In this block, the encoders inside a backbone are built with a policy map as well.

    KerasHub passes ``dtype`` to the backbone alone. An encoder takes the dtype of its own config,
    and some of its layers (all of them, where a checkpoint is converted) take the global policy.
    """
    import keras

    maps = keras.dtype_policies.DTypePolicyMap
    if not isinstance(dtype, maps):
        yield
        return

    def as_map(default: Any) -> Any:
        return maps(default_policy=default, policy_map=dict(dtype))

    def with_policy_map(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        new = {key: with_policy_map(part) for key, part in value.items()}
        if {"class_name", "config"} <= new.keys() and new["config"].get("dtype"):
            own = keras.dtype_policies.get(value["config"]["dtype"])
            if not isinstance(own, maps):  # else it was saved quantised
                policy = keras.dtype_policies.serialize(as_map(own))
                new["config"] = {**new["config"], "dtype": policy}
        return new

    config, policy = loader.config, keras.config.dtype_policy()
    if isinstance(config.get("config"), dict):
        nested = {k: v if k == "dtype" else with_policy_map(v) for k, v in config["config"].items()}
        loader.config = {**config, "config": nested}
    keras.config.set_dtype_policy(as_map(policy))
    try:
        yield
    finally:
        loader.config = config
        keras.config.set_dtype_policy(policy)


@contextmanager
def _t5gemma2_variables_by_shape() -> Iterator[None]:
    """In this block, the two variables that T5Gemma 2 creates itself get a shape and no value.

    KerasHub creates them from arrays of zeros, which Keras refuses in a stateless scope.
    """
    import keras
    from keras_hub.src.models.t5gemma2 import t5gemma2_backbone as backbone_module

    class Shaped:
        def __getattr__(self, name: str) -> Any:
            return getattr(keras, name)

        def Variable(self, value: Any, name: str) -> Any:  # noqa: N802 - Keras's name
            return keras.Variable("zeros", shape=value.shape, dtype=value.dtype, name=name)

    backbone_module.keras = Shaped()
    try:
        yield
    finally:
        backbone_module.keras = keras


def _tokenizer(keras_hub: Any, directory: str) -> Any:
    try:
        return keras_hub.tokenizers.Tokenizer.from_preset(directory)
    except ImportError as error:
        if error.name == "safetensors":
            raise LoadError("load_wants_safetensors") from None
        raise


def _task(keras_hub: Any, kind: str, backbone: Any) -> Any:
    """The task of a backbone, without a preprocessor, which needs TensorFlow.

    The class is found by its name, as in ``Variant.task_class``.
    """
    name = type(backbone).__name__.removesuffix("Backbone") + kind
    return getattr(keras_hub.models, name)(backbone=backbone, preprocessor=None)
