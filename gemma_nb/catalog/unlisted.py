"""Builds the ``Variant`` of a model outside the catalog: a directory, or a handle on a hub.

The facts come from the model's config.json and, for safetensors, from the tensor headers. No
weights are downloaded and no model is built. If the model has the shape of a variant in the catalog,
that shape's split of the parameters and its quantised sizes are used.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.data_files import DEMO_PRESETS, load_catalog, recorded_variant
from gemma_nb.catalog.handles import Handle, parse_handle
from gemma_nb.catalog.hub_lookup import (
    DirectoryFiles,
    HuggingFaceFiles,
    KaggleFiles,
    ModelFiles,
    TensorInfo,
    find_download,
)
from gemma_nb.catalog.hugging_face_config import read_hugging_face_config
from gemma_nb.catalog.keras_config import ConfigSummary, read_keras_config, read_quantization
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.errors import InvalidInput, LoadError

#: Prefixes of the tower's tensors in Hugging Face's Gemma checkpoints, without a leading "model.".
_VISION_PREFIXES = ("vision_tower.", "multi_modal_projector.", "embed_vision.",
                    "encoder.vision_tower.", "encoder.multi_modal_projector.",
                    "vision_model.")  # fmt: skip
_AUDIO_PREFIXES = ("audio_tower.", "embed_audio.")
#: The output matrix. If the embedding is stored too, this is a copy that KerasHub does not read.
_OUTPUT_MATRIX = ("lm_head.weight", "model.lm_head.weight")
#: dtypes of a header in which one element is one parameter.
_PARAMETER_DTYPES = ("F64", "F32", "F16", "BF16")
#: dtypes of tensors that are no weights, such as positions and masks.
_OTHER_DTYPES = ("I64", "I32", "BOOL")
#: The file of a Keras preset that states the number of parameters.
_KERAS_METADATA = "metadata.json"
#: Fields of a shape in the catalog that hold for another model of the same shape.
_SHAPE_FIELDS = ("text_parameters", "vision_parameters", "audio_parameters", "int8_bytes",
                 "int4_bytes", "per_layer_embedding_parameters", "image_tokens",
                 "image_size")  # fmt: skip


def variant_from_directory(path: Path) -> Variant:
    """Builds the variant of a local directory: a KerasHub preset or a Hugging Face checkpoint.

    A preset that ``Model.save`` wrote records its variant itself; its config tells how it is
    quantised.

    Args:
        path: the directory.

    Raises:
        InvalidInput: the directory holds no Gemma model that this package can read; the message
            says what is missing.
    """
    files = DirectoryFiles(path)
    recorded = recorded_variant(path)
    if recorded is None:
        return _read_variant(files, (path.name,), str(path))
    # the record may be older than the sizes of today's int8 and int4
    shape = _fields_of_same_shape(recorded.architecture, recorded.parameters)
    sizes = {k: v for k, v in shape.items() if k in ("int8_bytes", "int4_bytes")}
    quantization = read_quantization(_read_json(files, "config.json") or {})
    return replace(recorded, quantization=quantization, **sizes)


def variant_from_handle(handle: str) -> Variant:
    """Builds the variant of a model on a hub.

    Where the hub cannot be reached, the files are read that its client keeps on disk.

    Args:
        handle: ``hf://org/name`` or ``kaggle://owner/model/framework/variation``, with or without a
            revision or version.

    Raises:
        InvalidInput: the handle is malformed, there is no such model, its terms are not accepted,
            or it is no Gemma model that this package can read.
        LoadError: the hub cannot be reached.
    """
    parsed = parse_handle(handle)
    if parsed is None:
        raise InvalidInput("bad_handle", handle=handle)
    try:
        return _from_host(parsed)
    except LoadError:
        folder = find_download(parsed)
        if folder is None:
            raise
        return variant_from_download(folder, parsed)


def variant_from_download(folder: Path, handle: Handle) -> Variant:
    """Builds the variant of a model whose files are on disk, as ``variant_from_handle`` does.

    Args:
        folder: the folder of its files.
        handle: the handle, whose name tells the tuning as it does at the hub.

    Raises:
        InvalidInput: as ``variant_from_directory``.
    """
    if recorded := recorded_variant(folder):
        return replace(recorded, name=str(handle), handle=str(handle))
    return _read_variant(DirectoryFiles(folder), handle.names, str(handle))


@lru_cache(maxsize=64)
def _from_host(handle: Handle) -> Variant:
    files: ModelFiles = HuggingFaceFiles(handle) if handle.scheme == "hf" else KaggleFiles(handle)
    return _read_variant(files, handle.names, str(handle))


def _read_variant(files: ModelFiles, names: Sequence[str], handle: str) -> Variant:
    """Builds the variant from its small files.

    Args:
        files: access to the files.
        names: the names of the model without its owner; the first one that says so tells the tuning.
        handle: the handle or directory, which becomes the variant's name.
    """
    hub_info = files.info()
    config = _read_json(files, "config.json")
    if config is None:
        key = "is_adapter" if files.read("adapter_config.json") is not None else "file_missing"
        raise InvalidInput(key, where=files.where, file="config.json")
    if "class_name" in config:  # Keras writes the class, Hugging Face a model_type
        summary = read_keras_config(config, files.where)
        counts = _keras_counts(files, summary)
    else:
        if method := (config.get("quantization_config") or {}).get("quant_method"):
            raise InvalidInput("is_quantised", where=files.where, method=method)
        summary = read_hugging_face_config(config, files.where)
        counts = _safetensors_counts(files)
    parsed = parse_handle(handle)
    hub_fields = {
        "licence": hub_info.licence,
        "gated": hub_info.gated,
        "released": hub_info.created,
        "handle": handle,
        "hf_id": parsed.path if parsed and parsed.scheme == "hf" else None,
    }
    tuned = _is_instruction_tuned(files, names)
    return _variant_of_config(handle, summary, tuned=tuned, **hub_fields, **counts)


def variant_from_backbone(
    class_name: str, arguments: Mapping[str, Any], parameters: int
) -> Variant:
    """Builds the variant of a KerasHub backbone in memory, whose files are not known.

    Its prompt format is the one of instruction-tuned models of the generation.

    Args:
        class_name: the backbone's class, "Gemma3Backbone" for instance.
        arguments: the backbone's ``get_config()``.
        parameters: the number of its parameters.

    Raises:
        InvalidInput: it is the backbone of no Gemma model.
    """
    summary = read_keras_config({"class_name": class_name, "config": dict(arguments)}, class_name)
    counts = _counts_of_config(parameters, summary)
    return _variant_of_config(
        class_name,
        summary,
        tuned=True,
        licence="unknown",
        gated=False,
        released=None,
        handle=None,
        **counts,
    )


def _variant_of_config(name: str, summary: ConfigSummary, *, tuned: bool, **fields: Any) -> Variant:
    """Builds a variant from what its config says and from its other ``fields``."""
    loadable = summary.architecture is not None
    parameters = fields["parameters"]
    return Variant(
        **{
            "name": name,
            "family": "Community",
            "generation": summary.base,
            "base": summary.base,
            "size": _size(parameters),
            "tuning": "IT" if tuned else "PT",
            "modalities": summary.modalities,
            "context_length": summary.context_length,
            "loadable": loadable,
            "runs_with": () if loadable else ("Transformers",),
            "architecture": summary.architecture,
            "prompt_format": _prompt_format(summary, tuned=tuned),
            "role": summary.role,
            "encoder_decoder": summary.encoder_decoder,
            "image_tokens": summary.image_tokens,
            "image_size": summary.image_size,
            "rough": not loadable,
            "quantization": summary.quantization,
            **fields,
            **_fields_of_same_shape(summary.architecture, parameters),
        }
    )


def _read_json(files: ModelFiles, name: str) -> dict[str, Any] | None:
    """Returns the JSON object in a file; None if there is no such file."""
    raw = files.read(name)
    if raw is None:
        return None
    try:
        value = json.loads(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidInput("file_not_json", where=files.where, file=name)
    return value


def _keras_counts(files: ModelFiles, summary: ConfigSummary) -> dict[str, Any]:
    """The parameter counts of a KerasHub preset, which states only the total."""
    metadata = _read_json(files, _KERAS_METADATA)
    if metadata is None:
        raise InvalidInput("file_missing", where=files.where, file=_KERAS_METADATA)
    total = metadata.get("parameter_count")
    if not isinstance(total, int):
        field = f"{_KERAS_METADATA}: parameter_count"
        raise InvalidInput("config_field_missing", field=field, where=files.where)
    return _counts_of_config(total, summary)


def _counts_of_config(total: int, summary: ConfigSummary) -> dict[str, Any]:
    """The parameter counts where only the total is known: a model with towers is not split."""
    return {
        "parameters": total,
        "text_parameters": total if summary.modalities == ("text",) else None,
        "vision_parameters": None if "image" in summary.modalities else 0,
        "audio_parameters": None if "audio" in summary.modalities else 0,
    }


def _safetensors_counts(files: ModelFiles) -> dict[str, Any]:
    """The parameter counts of a Hugging Face checkpoint, from its tensor headers."""
    tensors = files.tensors()
    if tensors is None:
        raise InvalidInput("file_missing", where=files.where, file="*.safetensors")
    dtypes = {t.dtype for t in tensors.values()}
    if packed := sorted(dtypes - {*_PARAMETER_DTYPES, *_OTHER_DTYPES}):
        raise InvalidInput("is_quantised", where=files.where, method=", ".join(packed))

    def count(prefixes: tuple[str, ...]) -> int:
        return sum(
            tensor.elements
            for name, tensor in tensors.items()
            if name.removeprefix("model.").startswith(prefixes)
        )

    total = sum(
        tensor.elements
        for name, tensor in tensors.items()
        if name not in _OUTPUT_MATRIX or not _stores_embedding(tensors)
    )
    vision, audio = count(_VISION_PREFIXES), count(_AUDIO_PREFIXES)
    return {
        "parameters": total,
        "text_parameters": total - vision - audio,
        "vision_parameters": vision,
        "audio_parameters": audio,
        "per_layer_embedding_parameters": sum(
            tensor.elements
            for name, tensor in tensors.items()
            if name.endswith("embed_tokens_per_layer.weight")
        ),
    }


def _stores_embedding(tensors: dict[str, TensorInfo]) -> bool:
    """Whether the checkpoint stores the embedding besides the output matrix."""
    return any(name.endswith("embed_tokens.weight") for name in tensors)


def _fields_of_same_shape(architecture: Architecture | None, parameters: int) -> dict[str, Any]:
    """The fields of the catalog's shape with this architecture and this number of parameters."""
    for shape in load_catalog().shapes.values():
        if shape["architecture"] == architecture and shape["parameters"] == parameters:
            return {field: shape[field] for field in _SHAPE_FIELDS if field in shape}
    return {}


def _is_instruction_tuned(files: ModelFiles, names: Sequence[str]) -> bool:
    """Whether the model's names say so or, if they say nothing, its files.

    A Hugging Face checkpoint that is tuned has a chat template. A Keras preset has none; a copy of a
    demo preset is known by its ``metadata.json``, which holds the second in which it was saved.
    """
    for name in names:
        words = set(name.lower().replace("-", "_").split("_"))
        if {"it", "instruct", "chat"} & words:
            return True
        if {"pt", "base"} & words:
            return False
    if metadata := files.read(_KERAS_METADATA):
        demos = (v for v in load_catalog().names.values() if v.family == "Demo")
        same = (
            v for v in demos if (DEMO_PRESETS / v.name / _KERAS_METADATA).read_bytes() == metadata
        )
        return any(v.tuning == "IT" for v in same)
    if files.read("chat_template.jinja") is not None:
        return True
    return bool((_read_json(files, "tokenizer_config.json") or {}).get("chat_template"))


def _prompt_format(summary: ConfigSummary, *, tuned: bool) -> str:
    """The prompt format of the model's generation.

    Gemma 4 has two: the models with per-layer embeddings (E2B and E4B) use "gemma4_small".
    """
    if summary.architecture is None or summary.role == "draft":
        return "none"
    if summary.role == "embed":
        return "embedding"
    if summary.architecture.backbone == "PaliGemmaBackbone":
        return "paligemma"
    if not tuned:
        return "plain"
    if summary.base != "4":
        return "turns"
    return "gemma4_small" if summary.architecture.per_layer_input_dim else "gemma4_large"


def _size(parameters: int) -> str:
    """A size as publishers write it: "268M", "1B", "4.3B", "27B"."""
    if parameters < 0.95e9:
        return f"{max(1, round(parameters / 1e6))}M"
    billions = parameters / 1e9
    return (f"{billions:.1f}" if billions < 10 else f"{billions:.0f}").removesuffix(".0") + "B"
