"""Counts the parameters of a model outside the catalog, without reading its weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemma_nb.catalog.checkpoint_tensors import (
    AUDIO_PREFIXES,
    OUTPUT_MATRIX,
    VISION_PREFIXES,
    check_tensors,
)
from gemma_nb.catalog.config_bounds import MAX_PARAMETERS, impossible, is_number
from gemma_nb.catalog.config_rules import complete_config
from gemma_nb.catalog.data_files import load_catalog
from gemma_nb.catalog.hub_lookup import ModelFiles
from gemma_nb.catalog.hugging_face_config import CONVERTED_MODEL_TYPES
from gemma_nb.catalog.keras_config import ConfigSummary
from gemma_nb.catalog.safetensors_header import TensorInfo
from gemma_nb.catalog.variant import Architecture
from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json

#: dtypes of a header in which one element is one parameter.
_PARAMETER_DTYPES = ("F64", "F32", "F16", "BF16")
#: dtypes of tensors that are no weights, such as positions and masks.
_OTHER_DTYPES = ("I64", "I32", "BOOL")
#: The file of a Keras preset that states the number of parameters.
KERAS_METADATA = "metadata.json"
#: Fields of a shape in the catalog that hold for another model of the same shape.
_SHAPE_FIELDS = ("text_parameters", "vision_parameters", "audio_parameters", "int8_bytes",
                 "int4_bytes", "per_layer_embedding_parameters", "image_tokens",
                 "image_size")  # fmt: skip


def read_json(files: ModelFiles, name: str) -> dict[str, Any] | None:
    """Returns the JSON object in a file; None if there is no such file."""
    raw = files.read(name)
    if raw is None:
        return None
    try:
        value = parse_json(raw)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise InvalidInput("file_not_json", where=files.where, file=name)
    return value


def keras_counts(files: ModelFiles, summary: ConfigSummary) -> dict[str, Any]:
    """The parameter counts of a KerasHub preset, which states only the total."""
    metadata = read_json(files, KERAS_METADATA)
    if metadata is None:
        raise InvalidInput("file_missing", where=files.where, file=KERAS_METADATA)
    total = metadata.get("parameter_count")
    field = f"{KERAS_METADATA}: parameter_count"
    if total is None:
        raise InvalidInput("config_field_missing", field=field, where=files.where)
    if not is_number(total, whole=True, most=MAX_PARAMETERS):
        raise impossible(files.where, field, total)
    return counts_of_config(total, summary)


def counts_of_config(total: int, summary: ConfigSummary) -> dict[str, Any]:
    """The parameter counts where only the total is known: a model with encoders is not split."""
    return {
        "parameters": total,
        "text_parameters": total if summary.modalities == ("text",) else None,
        "vision_parameters": None if "image" in summary.modalities else 0,
        "audio_parameters": None if "audio" in summary.modalities else 0,
    }


def safetensors_counts(files: ModelFiles, config: Mapping[str, Any]) -> dict[str, Any]:
    """The parameter counts of a Hugging Face checkpoint, from its tensor headers.

    Raises:
        InvalidInput: it has no tensors, packed ones, or ones that KerasHub does not read.
    """
    tensors = files.tensors()
    if tensors is None:
        raise InvalidInput("file_missing", where=files.where, file="*.safetensors")
    dtypes = {t.dtype for t in tensors.values()}
    if packed := sorted(dtypes - {*_PARAMETER_DTYPES, *_OTHER_DTYPES}):
        raise InvalidInput("is_quantised", where=files.where, method=", ".join(packed))
    if config["model_type"] in CONVERTED_MODEL_TYPES:
        check_tensors(tensors, complete_config(config, files.where), files.where)

    def count(prefixes: tuple[str, ...]) -> int:
        return sum(
            tensor.elements
            for name, tensor in tensors.items()
            if name.removeprefix("model.").startswith(prefixes)
        )

    total = sum(
        tensor.elements
        for name, tensor in tensors.items()
        if name not in OUTPUT_MATRIX or not _stores_embedding(tensors)
    )
    vision, audio = count(VISION_PREFIXES), count(AUDIO_PREFIXES)
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


def fields_of_same_shape(architecture: Architecture | None, parameters: int) -> dict[str, Any]:
    """The fields of the catalog's shape with this architecture and this number of parameters."""
    for shape in load_catalog().shapes.values():
        if shape["architecture"] == architecture and shape["parameters"] == parameters:
            return {field: shape[field] for field in _SHAPE_FIELDS if field in shape}
    return {}
