"""Selects the files that make up a preset, and checks their format without running them.

Nothing here unpickles or runs anything: JSON is parsed, and of weights only the headers are read.
None of it needs keras.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.catalog.gguf_header import check_gguf_file, split_files
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.catalog.hugging_face_config import CONVERTED_MODEL_TYPES
from gemma_nb.catalog.keras_config import BACKBONE_GENERATIONS, read_quantization
from gemma_nb.catalog.weight_files import (
    ADAPTER_CONFIG,
    ADAPTER_WEIGHTS,
    CONFIG,
    SAFETENSORS_INDEX,
    WEIGHTS_INDEX,
    is_keras_config,
    read_object,
    weight_file_names,
)
from gemma_nb.errors import LoadError
from gemma_nb.files import parse_json, read_json
from gemma_nb.hardware.environment import package_version
from gemma_nb.i18n import Message

METADATA = "metadata.json"
#: Files that an adapter alone may have besides its config and its weights.
_ADAPTER_TEXTS = ("tokenizer_config.json", "chat_template.jinja", "chat_template.json")

#: Suffixes of the files that make up a preset. Pickles (.bin, .pt, .ckpt, .pkl) and code are never
#: downloaded.
_KERAS_SUFFIXES = (".json", ".h5", ".spm", ".model", ".txt")
_TRANSFORMERS_SUFFIXES = (".json", ".jinja", ".safetensors", ".model", ".txt")

#: The two layers after EmbeddingGemma's mean pooling; sentence-transformers keeps them in folders.
_DENSE_WEIGHTS = frozenset({"2_Dense/model.safetensors", "3_Dense/model.safetensors"})

#: Packages whose classes a Keras config may name.
_TRUSTED_PACKAGES = ("keras", "keras_hub", "keras_nlp")
#: Keras classes whose config contains code.
_CODE_CLASSES = ("Lambda", "__lambda__", "function")
#: The first bytes of an HDF5 file.
_HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
#: Largest size of a safetensors header, in bytes (huggingface/safetensors, MAX_HEADER_SIZE).
_MAX_HEADER_SIZE = 100_000_000
#: The most groups and data sets in an HDF5 file, far more than a model has.
_MAX_OBJECTS = 200_000


@dataclass(frozen=True)
class FileProblem:
    """What is wrong with a file of a preset.

    Args:
        name: the file.
        why: what is wrong, as a message.
    """

    name: str
    why: Message


def config_file_names(names: Collection[str]) -> list[str]:
    """The small files that describe a model and list the other files it needs.

    Args:
        names: every file of the preset.
    """
    configs = (CONFIG, METADATA, WEIGHTS_INDEX, SAFETENSORS_INDEX, ADAPTER_CONFIG)
    return [n for n in configs if n in names]


def is_adapter(names: Collection[str]) -> bool:
    """Whether these are the files of a LoRA adapter alone, which holds no model."""
    return ADAPTER_CONFIG in names and CONFIG not in names


def select_files(names: Collection[str], folder: Path) -> tuple[list[str], list[str]]:
    """Selects the files of a hub that make up a preset.

    Args:
        names: every file at the hub.
        folder: a folder in which the files of ``config_file_names`` are already.

    Returns:
        The files to download, sorted, and the required files that the hub does not have, sorted.
    """
    if is_adapter(names):
        required = {ADAPTER_CONFIG, ADAPTER_WEIGHTS}
        return sorted({*required, *_ADAPTER_TEXTS} & {*names}), sorted(required - {*names})
    config = read_object(folder / CONFIG)
    is_keras = is_keras_config(config)
    weights = weight_file_names(names, lambda name: read_object(folder / name), keras=is_keras)
    weights_suffix = ".h5" if is_keras else ".safetensors"
    selected = {
        n
        for n in names
        if n.endswith(_KERAS_SUFFIXES if is_keras else _TRANSFORMERS_SUFFIXES)
        and not n.endswith(weights_suffix)
        and not any(p.startswith(".") for p in n.split("/"))
        and (is_keras or "/" not in n)
    }
    if "task.weights.h5" in names and is_keras:
        selected.add("task.weights.h5")
    if not is_keras and config.get("use_bidirectional_attention"):
        weights |= _DENSE_WEIGHTS
    if not is_keras and ADAPTER_CONFIG in names:
        weights.add(ADAPTER_WEIGHTS)
    required = {CONFIG, *weights}
    missing = sorted(n for n in required if n not in names)
    return sorted(selected | (weights & set(names))), missing


def check_file(path: Path, name: str) -> Message | None:
    """Checks that a file has the format that its name says.

    Args:
        path: the file; it may have another name on disk.
        name: its name in the preset.

    Returns:
        What is wrong with it, or None.
    """
    if name.endswith(".h5"):
        return _check_hdf5(path)
    if name.endswith(".safetensors"):
        return _check_safetensors(path)
    if name.endswith(".json"):
        return _check_json(path, name)
    if name.endswith(SUFFIX):
        return _check_gguf(path, name)
    if path.stat().st_size == 0:
        return Message("fetch_why_empty")
    return None


def check_preset(folder: Path) -> FileProblem | None:
    """Checks every file of a preset on disk.

    Args:
        folder: the preset's directory.

    Returns:
        The first problem, or None.
    """
    config = CONFIG
    if not (folder / CONFIG).is_file():
        if not (folder / ADAPTER_CONFIG).is_file():
            return FileProblem(CONFIG, Message("fetch_why_missing"))
        config = ADAPTER_CONFIG
    if why := check_file(folder / config, config):
        return FileProblem(config, why)
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    for name in (WEIGHTS_INDEX, SAFETENSORS_INDEX):
        if name in names and (why := check_file(folder / name, name)):
            return FileProblem(name, why)
    selected, missing = select_files(names, folder)
    if missing:
        return FileProblem(missing[0], Message("fetch_why_missing"))
    for name in selected:
        if why := check_file(folder / name, name):
            return FileProblem(name, why)
    return None


def check_model(path: Path) -> FileProblem | None:
    """Checks every file of a model on disk.

    Args:
        path: the directory of a preset, or a GGUF file.

    Returns:
        The first problem, or None.
    """
    if path.is_dir():
        return check_preset(path)
    for name in split_files(path.name):
        if not path.with_name(name).is_file():
            return FileProblem(name, Message("fetch_why_missing"))
        if why := _check_gguf(path.with_name(name), name):
            return FileProblem(name, why)
    return None


def _check_gguf(path: Path, name: str) -> Message | None:
    """Parses the header of one GGUF file and compares its offsets with the file's length."""
    try:
        check_gguf_file(path, name)
    except LoadError as error:
        why = error.message.values.get("why")
        if not isinstance(why, Message):  # the package gguf is missing
            raise
        return why
    return None


def _check_hdf5(path: Path) -> Message | None:
    """Opens an HDF5 file: h5py compares its length with the one that the superblock states."""
    with path.open("rb") as file:
        if file.read(len(_HDF5_SIGNATURE)) != _HDF5_SIGNATURE:
            return Message("fetch_why_not_hdf5")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            link = _external_link(file)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        key = "fetch_why_truncated" if "truncated" in str(error) else "fetch_why_corrupt"
        return Message(key)
    return Message("fetch_why_outside", {"link": link}) if link else None


def _external_link(root: Any) -> str | None:
    """The path of a link or data set that reads another file; KerasHub writes none.

    Each group is visited once: hard links can make a group its own member, or double the paths at
    each level.

    Raises:
        TypeError: the file holds an object that is neither a group nor a data set.
        ValueError: it holds more than ``_MAX_OBJECTS`` objects.
    """
    import h5py

    pending, visited = [root], {_address(root)}
    while pending:
        group = pending.pop()
        for name in group:
            path = f"{group.name.rstrip('/')}/{name}"
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                return path
            if isinstance(link, h5py.SoftLink):
                continue
            item = group[name]
            if not isinstance(item, h5py.Group | h5py.Dataset):
                raise TypeError(f"{path} is a named datatype")
            if _address(item) in visited:
                continue
            visited.add(_address(item))
            if len(visited) > _MAX_OBJECTS:
                raise ValueError(f"{path} is one object too many")
            if isinstance(item, h5py.Group):
                pending.append(item)
            elif item.external or item.is_virtual:
                return path
    return None


def _address(item: Any) -> int:
    """The address of an object's header in its HDF5 file, which is the same for all its names."""
    import h5py

    return int(h5py.h5o.get_info(item.id).addr)


def _check_safetensors(path: Path) -> Message | None:
    """Compares a file's length with its header's offsets (format of huggingface/safetensors)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _MAX_HEADER_SIZE):
            return Message("fetch_why_truncated" if size >= 8 and length else "fetch_why_corrupt")
        try:
            header = parse_json(file.read(length))
            ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
            end = 8 + length + max(ends, default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            return Message("fetch_why_corrupt")
    if end == size:
        return None
    return Message("fetch_why_truncated" if end > size else "fetch_why_corrupt")


def _check_json(path: Path, name: str) -> Message | None:
    try:
        value = read_json(path)
    except ValueError:
        return Message("fetch_why_not_json")
    if name == CONFIG:
        return _check_config(value)
    return _check_classes(value)


def _check_config(value: Any) -> Message | None:
    """Checks that a config names a class of the Gemma family that KerasHub has."""
    if not isinstance(value, dict):
        return Message("fetch_why_not_config")
    if isinstance(registered := value.get("registered_name"), str):
        name = registered.rpartition(">")[2]
        return _check_classes(value) if name in BACKBONE_GENERATIONS else _unknown_class(name)
    if "model_type" in value:
        model_type = value["model_type"]
        known = isinstance(model_type, str) and model_type in CONVERTED_MODEL_TYPES
        return None if known else _unknown_class(str(model_type))
    return Message("fetch_why_not_config")


def _unknown_class(name: str) -> Message:
    # the name comes from a stranger's file: keep what a class name can contain
    printable = "".join(c for c in name[:60] if c.isalnum() or c in "_-. ")
    return Message(
        "fetch_why_unknown_class",
        {"name": printable or "?", "version": package_version("keras-hub") or "0"},
    )


def _check_classes(value: Any) -> Message | None:
    """Checks that no class comes from outside Keras and KerasHub, and that none contains code."""
    for entry in _dicts(value):
        module, name = entry.get("module"), entry.get("class_name")
        if not isinstance(name, str):
            continue
        package = module.partition(".")[0] if isinstance(module, str) else "keras"
        if package not in (*_TRUSTED_PACKAGES, "builtins") or name in _CODE_CLASSES:
            return _unknown_class(name)
    return None


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Every dict in a JSON value; without recursion, because a stranger's file sets the depth."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def folder_size(folder: Path) -> int:
    """The bytes that the files of a folder take on disk.

    A symbolic link counts with its own size; a file with several hard links counts once.

    Args:
        folder: the folder.
    """
    seen: set[tuple[int, int]] = set()
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                stat = os.lstat(os.path.join(base, name))  # noqa: PTH118 - thousands of files: Path is slow
            except OSError:
                continue
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_size
    return total


def quantization_mode(directory: Path) -> str | None:
    """The quantization mode of a saved Keras preset, "int8" or "int4"; None where it has none.

    Args:
        directory: the preset. One with int8 and int4 layers is an int4 one.

    Raises:
        OSError: the directory has no ``config.json``.
        ValueError: ``config.json`` is not JSON.
    """
    config = read_json(directory / "config.json")
    quantization = read_quantization(config) or ()
    return next((m for m in ("int4", "int8") if any(q.startswith(m) for q in quantization)), None)
