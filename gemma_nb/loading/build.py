"""From a preset on disk to a task in memory: built without weights, then filled from its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb import backend
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.precision import Precision
from gemma_nb.hub.checkpoint_files import quantization_mode
from gemma_nb.loading import quantize as quantizing
from gemma_nb.loading import weights


@dataclass(frozen=True)
class Unread:
    """A model without its weights.

    Args:
        lm: the KerasHub task, without its preprocessor.
        tokenizer: its tokenizer.
        plain: its backbone as the files have it.
        loader: KerasHub's loader of the files.
        directory: where they are.
    """

    lm: Any
    tokenizer: Any
    plain: Any
    loader: Any
    directory: Path

    def read(self, watch: weights.Watch | None = None) -> None:
        """Fills it.

        Args:
            watch: told the bytes of weights as they are read.

        Raises:
            ValueError: the files do not hold what the config says.
            OSError: a file is missing, cut or corrupt.
        """
        from keras_hub.src.utils.preset_utils import KerasPresetLoader

        plain, target = self.plain, self.lm.backbone
        if isinstance(self.loader, KerasPresetLoader):
            quantize = target is not plain and not quantization_mode(self.directory)
            weights.read(plain, target, self.directory, quantize=quantize, watch=watch)
            return
        from gemma_nb.loading import transformers_weights

        transformers_weights.read(self.loader, plain, target, watch)


def begin(source: str, precision: Precision, task: str = "CausalLM") -> Unread:
    """Builds a KerasHub task without weights, and its tokenizer.

    Args:
        source: a directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.
        precision: what the weights are held in; a preset that was saved quantised has its own.
        task: KerasHub's kind of task that it becomes, as ``Variant.task``.

    Raises:
        BackendError: keras was imported before, with another backend.
        InvalidInput: the preset was saved in another quantised precision than the one asked for.
        LoadError: the checkpoint is in safetensors and that package is missing.
        ValueError: the config is none of KerasHub's.
        OSError: a file is missing, cut or corrupt.
    """
    directory = Path(source)
    saved = quantization_mode(directory)
    if saved and saved != precision.quantize:
        raise InvalidInput("load_saved_precision", saved=saved, asked=precision.name)
    keras_hub = backend.import_keras_hub()
    from keras_hub.src.utils.preset_utils import get_preset_loader

    with backend.native_stderr_kept():
        tokenizer = _tokenizer(keras_hub, str(directory))
    loader = get_preset_loader(str(directory))
    plain, target = skeletons(
        loader, precision, loader.config["config"]["dtype"] if saved else None
    )
    return Unread(_task(keras_hub, task, target), tokenizer, plain, loader, directory)


def build(
    source: str,
    precision: Precision,
    watch: weights.Watch | None = None,
    task: str = "CausalLM",
) -> tuple[Any, Any]:
    """Builds a KerasHub task and its tokenizer with their weights.

    Nothing is initialised to be overwritten: the backbone is built without weights and each
    tensor goes from the file to the device in its final dtype; for int8 and int4 quantised on the
    way, so that the device never holds the 16-bit model.

    Args:
        source: as in ``begin``.
        precision: as in ``begin``.
        watch: told the bytes of weights as they are read.
        task: as in ``begin``.

    Returns:
        The task, without its preprocessor, and the tokenizer.

    Raises:
        ValueError: the files do not hold what the config says; and as ``begin``.
        OSError: a file is missing, cut or corrupt; and all else that ``begin`` raises.
    """
    unread = begin(source, precision, task)
    unread.read(watch)
    return unread.lm, unread.tokenizer


def skeletons(loader: Any, precision: Precision, policies: Any = None) -> tuple[Any, Any]:
    """A preset's backbone as its files have it, and as it is filled; one and the same unquantised.

    Args:
        loader: KerasHub's loader of the preset.
        precision: what the weights are held in.
        policies: the dtypes of a preset that was saved quantised.
    """
    plain = target = skeleton(loader, precision.dtype)
    if precision.quantize:
        found = policies or quantizing.policies(plain, precision.quantize, precision.dtype)
        target = skeleton(loader, found)
        quantizing.settle(target)
    return plain, target


def skeleton(loader: Any, dtype: Any) -> Any:
    """A preset's backbone with no memory behind its variables.

    Args:
        loader: KerasHub's loader of the preset.
        dtype: a Keras dtype name, policy or policy map.
    """
    import keras
    from keras.src.backend.common import global_state

    waiting = "uninitialized_variables"
    before = list(global_state.get_global_attribute(waiting, []))
    try:
        # without the flag the scope initialises every variable when it is left
        with (
            keras.StatelessScope(initialize_variables=False),
            _variables_by_shape(),
            _encoders_too(loader, dtype),
        ):
            made = loader.load_backbone(loader.check_backbone_class(), False, dtype=dtype)
        if isinstance(dtype, keras.dtype_policies.DTypePolicyMap):
            # where the global policy is a map, Keras notes a model's own as an entry of that
            made._dtype_policy = dtype  # noqa: SLF001
        return made
    finally:
        # else the next StatelessScope of anyone would initialise them
        global_state.set_global_attribute(waiting, before)


@contextmanager
def _encoders_too(loader: Any, dtype: Any) -> Iterator[None]:
    """For the length of a block, encoders inside a backbone are built by a policy map as well.

    KerasHub gives ``dtype`` to the backbone alone: an encoder has the one of its own config, and
    some of its layers, or all where a checkpoint is converted, have the global policy.
    """
    import keras

    maps = keras.dtype_policies.DTypePolicyMap
    if not isinstance(dtype, maps):
        yield
        return

    def mapped(default: Any) -> Any:
        return maps(default_policy=default, policy_map=dict(dtype))

    def replaced(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        made = {key: replaced(part) for key, part in value.items()}
        if {"class_name", "config"} <= made.keys() and made["config"].get("dtype"):
            own = keras.dtype_policies.get(value["config"]["dtype"])
            if not isinstance(own, maps):  # else it was saved quantised
                policy = keras.dtype_policies.serialize(mapped(own))
                made["config"] = {**made["config"], "dtype": policy}
        return made

    config, policy = loader.config, keras.config.dtype_policy()
    if isinstance(config.get("config"), dict):
        nested = {k: v if k == "dtype" else replaced(v) for k, v in config["config"].items()}
        loader.config = {**config, "config": nested}
    keras.config.set_dtype_policy(mapped(policy))
    try:
        yield
    finally:
        loader.config = config
        keras.config.set_dtype_policy(policy)


@contextmanager
def _variables_by_shape() -> Iterator[None]:
    """For the length of a block, T5Gemma 2's two variables of its own get a shape and no value.

    KerasHub makes them from arrays of zeros, which Keras refuses in a stateless scope.
    """
    import keras
    from keras_hub.src.models.t5gemma2 import t5gemma2_backbone as room

    class Shaped:
        def __getattr__(self, name: str) -> Any:
            return getattr(keras, name)

        def Variable(self, value: Any, name: str) -> Any:  # noqa: N802 - Keras's name
            return keras.Variable("zeros", shape=value.shape, dtype=value.dtype, name=name)

    room.keras = Shaped()
    try:
        yield
    finally:
        room.keras = keras


def _tokenizer(keras_hub: Any, directory: str) -> Any:
    try:
        return keras_hub.tokenizers.Tokenizer.from_preset(directory)
    except ImportError as error:
        if error.name == "safetensors":
            raise LoadError("load_wants_safetensors") from None
        raise


def _task(keras_hub: Any, kind: str, backbone: Any) -> Any:
    """A backbone as a task, without its preprocessor, which wants TensorFlow.

    By name, as ``Variant.task_class``.
    """
    name = type(backbone).__name__.removesuffix("Backbone") + kind
    return getattr(keras_hub.models, name)(backbone=backbone, preprocessor=None)
