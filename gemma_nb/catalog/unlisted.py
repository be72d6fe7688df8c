"""A variant that is not in the catalog: a directory, or a handle on Hugging Face or Kaggle.

Built from its config.json and, for safetensors, its headers: no weights are downloaded, nothing is
built. Where it has the shape of a known variant, that one's split and quantised sizes hold too.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.data_files import load_catalog
from gemma_nb.catalog.hub_lookup import (
    DirectoryFiles,
    HuggingFaceFiles,
    KaggleFiles,
    ModelFiles,
    TensorInfo,
)
from gemma_nb.catalog.hugging_face_config import read_hugging_face_config
from gemma_nb.catalog.keras_config import ConfigSummary, read_keras_config
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput

#: Starts of the tensors' names in Hugging Face's Gemma checkpoints, less a leading "model.".
_VISION = ("vision_tower.", "multi_modal_projector.", "embed_vision.", "encoder.vision_tower.",
           "encoder.multi_modal_projector.", "vision_model.")  # fmt: skip
_AUDIO = ("audio_tower.", "embed_audio.")
#: A second copy of the embedding, which KerasHub does not read.
_TIED = ("lm_head.weight", "model.lm_head.weight")
#: dtypes of a header whose elements are one parameter each.
_PLAIN = ("F64", "F32", "F16", "BF16")
#: Where Keras's own file of a preset says how many parameters it has.
_KERAS_METADATA = "metadata.json"


def variant_from_directory(path: Path) -> Variant:
    """The variant in a local directory: a KerasHub preset or a Hugging Face checkpoint.

    Raises:
        InvalidInput: no Gemma model can be understood there; the message says what is missing.
    """
    return _read(DirectoryFiles(path), path.name, str(path))


def variant_from_handle(handle: str) -> Variant:
    """The variant behind ``hf://org/name`` or ``kaggle://owner/model/framework/variation``.

    Raises:
        InvalidInput: not such a handle, nothing there, terms not accepted, or no Gemma model that
            can be understood.
        LoadError: the host could not be reached.
    """
    where, _, rest = handle.strip().partition("://")
    where, parts = where.lower(), rest.strip("/").split("/")
    lengths = {"hf": (2,), "kaggle": (4, 5)}.get(where, ())
    if len(parts) not in lengths or not all(parts):
        raise InvalidInput("bad_handle", handle=handle)
    return _from_host(where, "/".join(parts))


@lru_cache(maxsize=64)
def _from_host(where: str, rest: str) -> Variant:
    files: ModelFiles = HuggingFaceFiles(rest) if where == "hf" else KaggleFiles(rest)
    name = rest.split("/")[1 if where == "hf" else 3]
    return _read(files, name, f"{where}://{rest}")


def _read(files: ModelFiles, name: str, handle: str) -> Variant:
    about = files.about()
    config = _json(files, "config.json")
    if config is None:
        key = "is_adapter" if files.read("adapter_config.json") is not None else "file_missing"
        raise InvalidInput(key, where=files.where, file="config.json")
    keras = "class_name" in config
    if not keras and (method := (config.get("quantization_config") or {}).get("quant_method")):
        raise InvalidInput("is_quantised", where=files.where, method=method)
    form = (read_keras_config if keras else read_hugging_face_config)(config, files.where)
    counts = _keras_counts(files, form) if keras else _safetensors_counts(files)
    tuned = _tuned(files, name)
    loadable = form.architecture is not None
    return Variant(
        **{
            "name": handle,
            "family": "Community",
            "generation": form.base,
            "base": form.base,
            "size": _size(counts["parameters"]),
            "tuning": "IT" if tuned else "PT",
            "modalities": form.modalities,
            "context_length": form.context_length,
            "licence": about.licence,
            "gated": about.gated,
            "released": about.created,
            "handle": handle,
            "hf_id": handle.removeprefix("hf://") if handle.startswith("hf://") else None,
            "loadable": loadable,
            "runs_with": () if loadable else ("Transformers",),
            "architecture": form.architecture,
            "prompt_format": _prompt_format(form, tuned=tuned),
            "role": form.role,
            "encoder_decoder": form.encoder_decoder,
            "image_tokens": form.image_tokens,
            "image_size": form.image_size,
            "rough": not loadable,
            **counts,
            **_known_shape(form, counts["parameters"]),
        }
    )


def _json(files: ModelFiles, name: str) -> dict[str, Any] | None:
    raw = files.read(name)
    if raw is None:
        return None
    try:
        found = json.loads(raw)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput("file_not_json", where=files.where, file=name)
    return found


def _keras_counts(files: ModelFiles, form: ConfigSummary) -> dict[str, Any]:
    """A KerasHub preset says its own count; split it only where there is nothing but text."""
    metadata = _json(files, _KERAS_METADATA)
    if metadata is None:
        raise InvalidInput("file_missing", where=files.where, file=_KERAS_METADATA)
    total = metadata.get("parameter_count")
    if not isinstance(total, int):
        field = f"{_KERAS_METADATA}: parameter_count"
        raise InvalidInput("config_field_missing", field=field, where=files.where)
    text = form.modalities == ("text",)
    return {
        "parameters": total,
        "text_parameters": total if text else None,
        "vision_parameters": None if "image" in form.modalities else 0,
        "audio_parameters": None if "audio" in form.modalities else 0,
    }


def _safetensors_counts(files: ModelFiles) -> dict[str, Any]:
    tensors = files.tensors()
    if tensors is None:
        raise InvalidInput("file_missing", where=files.where, file="*.safetensors")
    if packed := sorted({t.dtype for t in tensors.values()} - {*_PLAIN, "I64", "I32", "BOOL"}):
        raise InvalidInput("is_quantised", where=files.where, method=", ".join(packed))

    def total(starts: tuple[str, ...]) -> int:
        return sum(t.numbers for n, t in tensors.items() if _bare(n).startswith(starts))

    everything = sum(t.numbers for n, t in tensors.items() if n not in _TIED or _alone(tensors))
    vision, audio = total(_VISION), total(_AUDIO)
    return {
        "parameters": everything,
        "text_parameters": everything - vision - audio,
        "vision_parameters": vision,
        "audio_parameters": audio,
        "per_layer_embedding_parameters": sum(
            t.numbers for n, t in tensors.items() if n.endswith("embed_tokens_per_layer.weight")
        ),
    }


def _bare(name: str) -> str:
    return name.removeprefix("model.")


def _alone(tensors: dict[str, TensorInfo]) -> bool:
    """Whether the output matrix is the only copy of the embedding."""
    return not any(n.endswith("embed_tokens.weight") for n in tensors)


def _known_shape(form: ConfigSummary, parameters: int) -> dict[str, Any]:
    """The split and the quantised sizes of the catalog's shape that this one is an instance of."""
    fields = ("text_parameters", "vision_parameters", "audio_parameters", "int8_bytes",
              "int4_bytes", "per_layer_embedding_parameters", "image_tokens", "image_size")  # fmt: skip
    for shape in load_catalog().shapes.values():
        if shape["architecture"] == form.architecture and shape["parameters"] == parameters:
            return {field: shape[field] for field in fields if field in shape}
    return {}


def _tuned(files: ModelFiles, name: str) -> bool:
    """Whether it answers in turns: it brings a chat template, or its name says so."""
    words = name.lower().replace("-", "_").split("_")
    if {"it", "instruct", "chat"} & set(words):
        return True
    if {"pt", "base"} & set(words):
        return False
    if files.read("chat_template.jinja") is not None:
        return True
    return bool((_json(files, "tokenizer_config.json") or {}).get("chat_template"))


def _prompt_format(form: ConfigSummary, *, tuned: bool) -> str:
    """The generation's prompt format; of Gemma 4's two, E2B and E4B (per-layer embeddings) take the small."""
    if form.architecture is None or form.role == "draft":
        return "none"
    if form.role == "embed":
        return "embedding"
    if form.architecture.backbone == "PaliGemmaBackbone":
        return "paligemma"
    if not tuned:
        return "plain"
    if form.base != "4":
        return "turns"
    return "gemma4_small" if form.architecture.per_layer_input_dim else "gemma4_large"


def _size(parameters: int) -> str:
    """A size as publishers write it: "268M", "1B", "4.3B", "27B"."""
    if parameters < 0.95e9:
        return f"{max(1, round(parameters / 1e6))}M"
    billions = parameters / 1e9
    return (f"{billions:.1f}" if billions < 10 else f"{billions:.0f}").removesuffix(".0") + "B"
