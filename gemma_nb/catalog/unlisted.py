"""Builds the ``Variant`` of a model outside the catalog: a directory, a file, or a handle on a hub.

The facts come from the model's config.json and, for safetensors, from the tensor headers; those of
a GGUF file from its header. No
weights are downloaded and no model is built. If the model has the shape of a variant in the catalog,
that shape's split of the parameters and its quantised sizes are used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.chat_template import read_chat_template, template_format
from gemma_nb.catalog.data_files import DEMO_PRESETS, load_catalog, recorded_variant
from gemma_nb.catalog.gguf_config import gguf_to_hugging_face_config
from gemma_nb.catalog.gguf_facts import gguf_counts, gguf_template, int4_bytes, stored_type
from gemma_nb.catalog.gguf_header import GgufModel, read_gguf
from gemma_nb.catalog.handles import SUFFIX, Handle, parse_handle
from gemma_nb.catalog.hub_lookup import (
    LICENCES,
    DirectoryFiles,
    HubInfo,
    HuggingFaceFiles,
    KaggleFiles,
    ModelFiles,
    find_download,
)
from gemma_nb.catalog.hugging_face_config import read_hugging_face_config
from gemma_nb.catalog.keras_config import ConfigSummary, read_keras_config, read_quantization
from gemma_nb.catalog.lora_adapter import LoraSettings, match_lora, read_lora
from gemma_nb.catalog.parameter_counts import (
    KERAS_METADATA,
    counts_of_config,
    fields_of_same_shape,
    keras_counts,
    read_json,
    safetensors_counts,
)
from gemma_nb.catalog.variant import Variant
from gemma_nb.catalog.weight_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.i18n import Message


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
    shape = fields_of_same_shape(recorded.architecture, recorded.parameters)
    sizes = {k: v for k, v in shape.items() if k in ("int8_bytes", "int4_bytes")}
    quantization = read_quantization(read_json(files, "config.json") or {})
    return replace(recorded, quantization=quantization, **sizes)


def variant_from_gguf_file(path: Path) -> Variant:
    """Builds the variant of a GGUF file on disk, from its header.

    Args:
        path: the file; of a split model, any of its files.

    Raises:
        InvalidInput: it is no Gemma, or KerasHub cannot hold what it states; the message says what.
        LoadError: the file is damaged, or the package gguf is not installed.
    """
    beside = HubInfo(files=tuple(p.name for p in path.parent.glob(f"*{SUFFIX}")))
    return _read_gguf_variant(read_gguf(path), beside, str(path))


def variant_from_handle(handle: str) -> Variant:
    """Builds the variant of a model on a hub.

    Where the hub cannot be reached, the files are read that its client keeps on disk.

    Args:
        handle: ``hf://org/name`` or ``kaggle://owner/model/framework/variation``, with or without a
            revision or version; ``hf://org/name:FILE.gguf`` for a GGUF file of a repository, of
            which only the header is read.

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
    except LoadError as error:
        folder = find_download(parsed)
        if folder is None:
            raise
        try:
            return variant_from_download(folder, parsed)
        except InvalidInput:  # the folder holds a part of the files: the hub is what is missing
            raise error from None


def variant_from_download(folder: Path, handle: Handle) -> Variant:
    """Builds the variant of a model whose files are on disk, as ``variant_from_handle`` does.

    Args:
        folder: the folder of its files, or a GGUF file.
        handle: the handle, whose name tells the tuning as it does at the hub.

    Raises:
        InvalidInput: as ``variant_from_directory``.
    """
    if handle.file:
        return replace(variant_from_gguf_file(folder), name=str(handle), handle=str(handle))
    if recorded := recorded_variant(folder):
        return replace(recorded, name=str(handle), handle=str(handle))
    return _read_variant(DirectoryFiles(folder), handle.names, str(handle))


@lru_cache(maxsize=64)
def _from_host(handle: Handle) -> Variant:
    if handle.file:
        repository = HuggingFaceFiles(handle)
        return _read_gguf_variant(repository.gguf(), repository.info(), str(handle))
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
    config = read_json(files, "config.json")
    if config is None:
        if (lora := read_lora(files)) is not None:
            return _adapter_variant(files, lora, handle, hub_info)
        raise InvalidInput("file_missing", where=files.where, file="config.json")
    if "class_name" in config:  # Keras writes the class, Hugging Face a model_type
        summary = read_keras_config(config, files.where)
        counts = keras_counts(files, summary)
    else:
        summary = read_hugging_face_config(config, files.where)
        counts = safetensors_counts(files, config)
        if read_lora(files) is not None:
            _check_adapter(files, files)
    template = read_chat_template(files) if "model_type" in config else None
    tuned = _is_instruction_tuned(files, names, template)
    hub_fields = _hub_fields(hub_info, handle)
    return _variant_of_config(handle, summary, template, tuned=tuned, **hub_fields, **counts)


def _hub_fields(hub_info: HubInfo, handle: str) -> dict[str, Any]:
    """The fields that a model's hub tells."""
    parsed = parse_handle(handle)
    return {
        "licence": hub_info.licence,
        "gated": hub_info.gated,
        "released": hub_info.created,
        "handle": handle,
        "hf_id": parsed.path if parsed and parsed.scheme == "hf" else None,
    }


def _read_gguf_variant(model: GgufModel, hub_info: HubInfo, handle: str) -> Variant:
    """Builds the variant of a GGUF file from its header."""
    summary = read_hugging_face_config(gguf_to_hugging_face_config(model), model.where)
    template = gguf_template(model)
    named = _tuning_in_name(model.files[0].rpartition("/")[2])
    licence = model.metadata.get("general.license")
    if hub_info.licence == "unknown" and isinstance(licence, str):
        hub_info = replace(hub_info, licence=LICENCES.get(licence, "unknown"))
    encoders = tuple(sorted(name for name in hub_info.files if "mmproj" in name.lower()))
    variant = _variant_of_config(
        handle,
        summary,
        template,
        tuned=bool(template) if named is None else named,
        stored_type=stored_type(model),
        unread_files=encoders,
        **_hub_fields(hub_info, handle),
        **gguf_counts(model),
    )
    return replace(variant, int4_bytes=int4_bytes(variant, model))


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
    counts = counts_of_config(parameters, summary)
    return _variant_of_config(
        class_name,
        summary,
        None,
        tuned=True,
        licence="unknown",
        gated=False,
        released=None,
        handle=None,
        **counts,
    )


def _variant_of_config(
    name: str, summary: ConfigSummary, template: str | None, *, tuned: bool, **fields: Any
) -> Variant:
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
            "prompt_format": _prompt_format(summary, template if tuned else None, tuned=tuned),
            "role": summary.role,
            "encoder_decoder": summary.encoder_decoder,
            "image_tokens": summary.image_tokens,
            "image_size": summary.image_size,
            "rough": not loadable,
            "quantization": summary.quantization,
            **fields,
            **fields_of_same_shape(summary.architecture, parameters),
        }
    )


def _adapter_variant(
    files: ModelFiles, lora: LoraSettings, handle: str, hub_info: HubInfo
) -> Variant:
    """The variant of an adapter alone: that of its base, with the adapter's name and template.

    Raises:
        InvalidInput: the base cannot be read, or the adapter does not fit it.
    """
    base_name, base_files = _find_base(files, lora, handle)
    names = (lora.base.rpartition("/")[2],)
    try:
        try:
            base = _read_base(files, base_files, names, base_name)
        except LoadError:  # as in variant_from_handle
            parsed = parse_handle(base_name)
            folder = find_download(parsed) if parsed else None
            if folder is None:
                raise
            base = _read_base(files, DirectoryFiles(folder), names, base_name)
    except (InvalidInput, LoadError) as error:
        if error.message.key.startswith("adapter_"):
            raise
        why = error.message
        raise type(error)(
            "adapter_base_unreadable", where=files.where, base=lora.base, why=why
        ) from None
    tuning, prompt_format = base.tuning, base.prompt_format
    if (template := read_chat_template(files)) and base.role == "generate" and base.architecture:
        small = bool(base.architecture.per_layer_input_dim)
        tuning = "IT"
        prompt_format = template_format(template, base.base or "", small=small)
    return replace(
        base,
        name=handle,
        handle=handle,
        gated=base.gated or hub_info.gated,
        released=hub_info.created,
        tuning=tuning,
        prompt_format=prompt_format,
        adapter_of=base_name,
    )


def _read_base(files: ModelFiles, base: ModelFiles, names: Sequence[str], handle: str) -> Variant:
    """The variant of an adapter's base.

    Args:
        files: access to the files of the adapter.
        base: access to the files of the base.
        names: as in ``_read_variant``.
        handle: the handle or directory of the base.

    Raises:
        InvalidInput: the base is an adapter or has one beside it, cannot be read, or is of another
            shape than the adapter.
    """
    if base.read(ADAPTER_CONFIG) is not None:
        raise InvalidInput("is_adapter", where=base.where)
    variant = _read_variant(base, names, handle)
    _check_adapter(files, base)
    return variant


def _find_base(files: ModelFiles, lora: LoraSettings, handle: str) -> tuple[str, ModelFiles]:
    """The handle or directory of an adapter's base, and access to its files.

    A directory counts only for an adapter in a directory: a stranger's adapter names none of this
    machine.
    """
    if isinstance(files, DirectoryFiles) and parse_handle(handle) is None:
        for folder in (files.path / lora.base, Path(lora.base)):
            if (folder / "config.json").is_file():
                return str(folder), DirectoryFiles(folder)
    revision = f"@{lora.revision}" if lora.revision else ""
    base = parse_handle(f"hf://{lora.base}{revision}")
    if base is None:
        why = Message("no_such_directory", {"path": lora.base})
        raise InvalidInput("adapter_base_unreadable", where=files.where, base=lora.base, why=why)
    return str(base), HuggingFaceFiles(base)


def _check_adapter(files: ModelFiles, base: ModelFiles) -> None:
    """Makes sure that an adapter's tensors fit its base, where the headers can be read.

    Raises:
        InvalidInput: a tensor fits no weight.
    """
    matrices, weights = files.adapter_tensors(), base.tensors()
    if isinstance(files, KaggleFiles):
        return  # no header can be read there; loading checks
    if matrices is None:
        raise InvalidInput("adapter_file_missing", where=files.where, file=ADAPTER_WEIGHTS)
    if weights is None:
        raise InvalidInput("adapter_base_format", where=files.where, base=base.where)
    match_lora(matrices, weights, files.where)


def _is_instruction_tuned(files: ModelFiles, names: Sequence[str], template: str | None) -> bool:
    """Whether the model's names say so or, if they say nothing, its files.

    A Hugging Face checkpoint that is tuned has a chat template. A Keras preset has none; a copy of a
    demo preset is known by its ``metadata.json``, which holds the second in which it was saved.
    """
    for name in names:
        named = _tuning_in_name(name)
        if named is not None:
            return named
    if metadata := files.read(KERAS_METADATA):
        demos = (v for v in load_catalog().names.values() if v.family == "Demo")
        same = (
            v for v in demos if (DEMO_PRESETS / v.name / KERAS_METADATA).read_bytes() == metadata
        )
        return any(v.tuning == "IT" for v in same)
    return template is not None


def _tuning_in_name(name: str) -> bool | None:
    """Whether a model's name says that it is instruction-tuned; None where it says nothing."""
    words = set(re.split(r"[-_.]", name.lower()))
    if {"it", "instruct", "chat"} & words:
        return True
    return False if {"pt", "base"} & words else None


def _prompt_format(summary: ConfigSummary, template: str | None, *, tuned: bool) -> str:
    """The prompt format of the model's chat template or, without one, of its generation.

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
    small = bool(summary.architecture.per_layer_input_dim)
    if template is not None:
        return template_format(template, summary.base, small=small)
    if summary.base != "4":
        return "turns"
    return "gemma4_small" if small else "gemma4_large"


def _size(parameters: int) -> str:
    """A size as publishers write it: "268M", "1B", "4.3B", "27B"."""
    if parameters < 0.95e9:
        return f"{max(1, round(parameters / 1e6))}M"
    billions = parameters / 1e9
    return (f"{billions:.1f}" if billions < 10 else f"{billions:.0f}").removesuffix(".0") + "B"
