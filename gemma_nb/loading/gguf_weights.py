"""Builds a KerasHub backbone from a GGUF file, and reads the file's tensors into it one at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemma_nb.catalog.gguf_config import gguf_to_hugging_face_config
from gemma_nb.catalog.gguf_format import GgufTensor, gguf_package
from gemma_nb.catalog.gguf_header import GgufModel, read_gguf
from gemma_nb.catalog.gguf_metadata import architecture_name
from gemma_nb.catalog.gguf_vocabulary import gguf_vocabulary
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.precision import Precision
from gemma_nb.i18n import Message
from gemma_nb.loading.gguf_int4 import can_take_blocks, fill_with_blocks, needs_int8
from gemma_nb.loading.gguf_int8 import can_take_int8, fill_int8
from gemma_nb.loading.gguf_names import GgufName, GgufNames
from gemma_nb.loading.quantize import quantized_policies
from gemma_nb.loading.relayout import (
    relayout_layers,
    relayout_pays,
    reserve_region,
    reserves_regions,
)
from gemma_nb.loading.tensor_files import BLOCK, read_into, stored_bytes
from gemma_nb.loading.transformers_weights import assign_tensor, finish, quantized_targets
from gemma_nb.loading.weight_names import SAME, NamedWeight, named_weights
from gemma_nb.loading.weights import BytesCallback

#: Elements that are unpacked at once.
_STEP = 2**23
#: KerasHub's tokenizer of each backbone.
_TOKENIZERS = {
    "GemmaBackbone": "GemmaTokenizer",
    "Gemma3Backbone": "Gemma3Tokenizer",
    "Gemma3nBackbone": "Gemma3nTokenizer",
    "Gemma4Backbone": "Gemma4Tokenizer",
}


class StoredGgufTensor:
    """A tensor of a GGUF file as float32 numbers. Slicing it reads and unpacks the rows.

    Args:
        model: the headers of the model's files.
        path: the first of the files.
        tensor: where it lies.
        place: what of it is meant, and what the file adds to the numbers.
    """

    def __init__(self, model: GgufModel, path: Path, tensor: GgufTensor, place: GgufName) -> None:
        import numpy as np

        self.type = tensor.type
        self.dtype = np.dtype(np.float32)
        self.shape = tensor.shape if place.index is None else tensor.shape[1:]
        self._path = str(path.with_name(Path(model.files[tensor.file]).name))
        self._size = tensor.size if place.index is None else tensor.size // tensor.shape[0]
        self._offset = tensor.offset + (place.index or 0) * self._size
        self._shift = np.float32(place.shift)

    def __getitem__(self, rows: slice) -> Any:
        """Reads rows.

        Raises:
            OSError: the file cannot be read, or ends before them.
        """
        import numpy as np

        start, stop, _ = rows.indices(self.shape[0])
        out = np.empty((stop - start, *self.shape[1:]), self.dtype)
        step = max(1, _STEP * self.shape[0] // max(1, stored_bytes(self) // 4))
        for at in range(start, stop, step):
            end = min(at + step, stop)
            part = out[at - start : end - start]
            part[...] = unpack(self.packed(at, end), self.type).reshape(part.shape)
        if self._shift:
            out -= self._shift
        return out

    def packed(self, start: int, stop: int) -> Any:
        """The bytes of rows, as the file holds them: an array of (rows, bytes of a row)."""
        import numpy as np

        row = self._size // self.shape[0]
        raw = np.empty((stop - start, row), np.uint8)
        read_into(self._path, self._offset + start * row, raw)
        return raw


def unpack(raw: Any, type_name: str) -> Any:
    """The numbers of packed bytes, in float32.

    Args:
        raw: whole blocks of the type, as bytes.
        type_name: the ggml type.
    """
    gguf = gguf_package()
    kind = gguf.GGMLQuantizationType[type_name]
    return gguf.quants.dequantize(raw, kind)


class GgufPresetLoader:
    """Does for a GGUF file what KerasHub's preset loaders do for a directory.

    Args:
        path: the file; of a split model, the first of its files.

    Raises:
        InvalidInput: it is no Gemma that KerasHub can hold.
        LoadError: a file is damaged.
    """

    def __init__(self, path: Path) -> None:
        from keras_hub.src.utils.transformers.preset_loader import TransformersPresetLoader

        self.path = path
        self.model = read_gguf(path)
        self.config = gguf_to_hugging_face_config(self.model)
        self._add_partial_rotation()
        self._loader = TransformersPresetLoader(str(path.parent), self.config)

    def check_backbone_class(self) -> Any:
        """KerasHub's backbone class."""
        return self._loader.check_backbone_class()

    def load_backbone(self, cls: Any, load_weights: bool, **kwargs: Any) -> Any:
        """The backbone, without weights.

        Args:
            cls: its class.
            load_weights: False; the weights are read by ``read_weights``.
            **kwargs: more arguments of the class.
        """
        assert not load_weights
        if self.config["model_type"] == "gemma3n":
            return cls(**_gemma3n_arguments(self.config["text_config"]), **kwargs)
        tensors = self.model.tensors
        if "dense_2.weight" in tensors:  # KerasHub's converter assumes EmbeddingGemma's widths
            kwargs["pooling_intermediate_dim"] = tensors["dense_2.weight"].shape[0]
            kwargs["embedding_dim"] = tensors["dense_3.weight"].shape[0]
        return self._loader.load_backbone(cls, False, **kwargs)

    def policies(self, plain: Any, precision: Precision) -> Any:
        """The dtype policies of the quantised backbone.

        Args:
            plain: the backbone built without weights and not quantised.
            precision: the precision of the weights, a quantised one.
        """
        import keras

        assert precision.quantize
        policies = quantized_policies(plain, precision.quantize, precision.dtype)
        for weight, place in self._places(plain):
            if precision.quantize == "int4" and needs_int8(
                weight, self.model.tensors[place.name].type
            ):
                path = weight.layer.path
                del policies[path]  # Keras's map refuses to replace an entry
                policies[path] = keras.dtype_policies.get(f"int8_from_{precision.dtype}")
        return policies

    def tokenizer(self) -> Any:
        """The KerasHub tokenizer of the file's vocabulary."""
        import keras_hub

        name = _TOKENIZERS[self.check_backbone_class().__name__]
        proto = gguf_vocabulary(self.model)
        # the encoders' tokens mean nothing to a text model
        kwargs = {f"has_{kind}_tokens": False for kind in _media_kinds(name)}
        return getattr(keras_hub.models, name)(proto=proto, **kwargs)

    def read_weights(self, plain: Any, target: Any, watch: BytesCallback | None = None) -> None:
        """Reads the file's tensors into a backbone, quantised on the way where that was asked for.

        Args:
            plain: the backbone built without weights and not quantised.
            target: the backbone that is filled; ``plain`` itself where nothing is quantised.
            watch: called with the number of bytes of each tensor that was read.

        Raises:
            InvalidInput: the file holds a tensor that the model has no place for.
            LoadError: a tensor is missing, or has another shape.
            OSError: a file cannot be read.
        """
        pairs = self._places(plain)
        targets = {} if target is plain else quantized_targets(plain, target)
        layers = target._flatten_layers()  # noqa: SLF001 - private: keras 3.15.1, its own order
        if reserves_regions():
            reserve_region(layers)
        for weight, place in pairs:
            tensor = StoredGgufTensor(self.model, self.path, self.model.tensors[place.name], place)
            layer, name = targets.get(id(weight.variable), (None, ""))
            if layer is not None and can_take_blocks(weight, tensor.type, layer):
                del targets[id(weight.variable)]
                fill_with_blocks(layer, tensor.packed(0, tensor.shape[0]))
            elif layer is not None and can_take_int8(layer, name):
                del targets[id(weight.variable)]
                fill_int8(layer, name, _in_keras_order(weight, tensor))
            else:
                assign_tensor(weight.variable, _in_keras_order(weight, tensor), targets)
            if watch:
                size = self.model.tensors[place.name].size
                watch(size // weight.part[1] if place.index is None else stored_bytes(tensor))
        finish(plain, target, targets)
        if relayout_pays():
            relayout_layers(layers)

    def _places(self, plain: Any) -> list[tuple[NamedWeight, GgufName]]:
        """Every weight with its place in the file, whose shape is checked."""
        name = architecture_name(self.model)
        text = self.config.get("text_config", self.config)
        names = GgufNames(name, text["num_hidden_layers"])
        pairs = [(weight, names.translate(weight.name)) for weight in named_weights(plain)]
        for weight, place in pairs:
            tensor = self.model.tensors.get(place.name)
            if tensor is None:
                raise LoadError("gguf_tensor_missing", where=self.model.where, name=place.name)
            shape = tensor.shape if place.index is None else tensor.shape[1:]
            if shape != weight.shape or (place.index or 0) >= tensor.shape[0]:
                why = Message("gguf_why_shape", {"name": place.name})
                raise LoadError("gguf_broken", where=self.model.where, why=why)
        read = {place.name for _, place in pairs} | {"rope_freqs.weight"}
        for other in self.model.tensors.keys() - read - self._unused_keys(text):
            raise InvalidInput("gguf_tensor", where=self.model.where, name=other)
        return pairs

    def _unused_keys(self, text: dict[str, Any]) -> set[str]:
        """Keys and values of layers that take those of an earlier layer (Gemma 4)."""
        if text["model_type"] != "gemma4_text":
            return set()
        layers, shared = text["num_hidden_layers"], text["num_kv_shared_layers"]
        parts = ("attn_k", "attn_v", "attn_k_norm")
        return {f"blk.{i}.{part}.weight" for i in range(layers - shared, layers) for part in parts}

    def _add_partial_rotation(self) -> None:
        """Gemma 4's share of a global head that is rotated: it lies in a tensor of frequencies.

        Dimensions that are not rotated have a divisor of 1e30 there.
        """
        if self.config["model_type"] != "gemma4_text":
            return
        share = 1.0
        if tensor := self.model.tensors.get("rope_freqs.weight"):
            place = GgufName(tensor.name)
            factors = StoredGgufTensor(self.model, self.path, tensor, place)[:]
            share = float((factors < 1e20).mean())
        self.config["rope_parameters"]["full_attention"]["partial_rotary_factor"] = share


def _in_keras_order(weight: NamedWeight, tensor: StoredGgufTensor) -> Any:
    """A tensor as the weight's variable holds it; an embedding table stays in the file until read."""
    if weight.layout is SAME and stored_bytes(tensor) > BLOCK:
        return tensor
    values = tensor[:]
    index, count = weight.part
    if count > 1:
        rows = values.shape[-2] // count
        values = values[..., index * rows : (index + 1) * rows, :]
    return weight.layout.to_keras(values, tuple(weight.variable.shape))


def _media_kinds(tokenizer: str) -> tuple[str, ...]:
    kinds = {"Gemma3Tokenizer": ("vision",), "Gemma4Tokenizer": ("vision", "audio", "video")}
    return kinds.get(tokenizer, ())


def _gemma3n_arguments(text: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a ``Gemma3nBackbone`` without encoders, which KerasHub's converter wants.

    The fields are those of keras-hub 0.32's ``convert_gemma3n.convert_backbone_config``.
    """
    same = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
            "intermediate_size", "layer_types", "sliding_window", "rope_theta",
            "max_position_embeddings", "vocab_size_per_layer_input", "hidden_size_per_layer_input",
            "altup_num_inputs", "laurel_rank", "attention_bias", "attention_dropout",
            "rope_scaling", "rope_local_base_freq", "activation_sparsity_pattern",
            "altup_coef_clip", "altup_active_idx", "altup_correct_scale", "num_kv_shared_layers",
            "rms_norm_eps", "pad_token_id")  # fmt: skip
    return {
        **{name: text[name] for name in same},
        "text_vocab_size": text["vocab_size"],
        "text_hidden_size": text["hidden_size"],
        "hidden_activation": "gelu_approximate",
        "final_logit_soft_cap": text["final_logit_softcapping"],
    }
