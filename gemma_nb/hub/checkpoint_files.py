"""Which files a preset is made of, and whether they can be what they claim to be.

Nothing here unpickles or runs anything: JSON is parsed, and of weights the headers are read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from gemma_nb.catalog.config_readers import BACKBONES
from gemma_nb.catalog.hugging_face_config import CONVERTED
from gemma_nb.i18n import Message

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
WEIGHTS_INDEX = "model.weights.json"
SAFETENSORS = "model.safetensors"
SAFETENSORS_INDEX = "model.safetensors.index.json"

#: Endings of files that a preset is read from. Pickles (.bin, .pt, .ckpt, .pkl) and code are never
#: fetched.
_KERAS = (".json", ".h5", ".spm", ".model", ".txt")
_TRANSFORMERS = (".json", ".safetensors", ".model", ".txt")

#: The two layers behind EmbeddingGemma's mean, which sentence-transformers keeps in folders.
_DENSE = frozenset({"2_Dense/model.safetensors", "3_Dense/model.safetensors"})

#: Packages whose classes a Keras config may name.
_PACKAGES = ("keras", "keras_hub", "keras_nlp")
#: Keras classes that carry code of their own.
_CODE = ("Lambda", "__lambda__", "function")
#: What begins an HDF5 file.
_HDF5 = b"\x89HDF\r\n\x1a\n"
#: No header of a safetensors file is longer (huggingface/safetensors, MAX_HEADER_SIZE).
_LONGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class FileProblem:
    """What is wrong with a file: its name, and why in a sentence."""

    name: str
    why: Message


def is_safe_name(name: str) -> bool:
    """Whether a file name that a hub gives stays inside the preset's folder."""
    path = PurePosixPath(name)
    return (
        bool(name)
        and not path.is_absolute()
        and ".." not in path.parts
        and "\\" not in name
        and "\0" not in name
        and ":" not in name
    )


def config_file_names(names: Collection[str]) -> list[str]:
    """The small files that say what a model is and which others are needed."""
    return [n for n in (CONFIG, METADATA, WEIGHTS_INDEX, SAFETENSORS_INDEX) if n in names]


def select_files(names: Collection[str], folder: Path) -> tuple[list[str], list[str]]:
    """Which of a hub's files a preset is made of.

    Args:
        names: every file that the hub has.
        folder: where ``first_names`` lie already.

    Returns:
        The files to fetch, small ones first as sorted, and those that are needed and not there.
    """
    keras = _is_keras(folder)
    index = WEIGHTS_INDEX if keras else SAFETENSORS_INDEX
    single = WEIGHTS if keras else SAFETENSORS
    weights = {single} if single in names else set(shard_names(folder / index))
    weights = weights or {single}
    suffix = ".h5" if keras else ".safetensors"
    chosen = {
        n
        for n in names
        if n.endswith(_KERAS if keras else _TRANSFORMERS)
        and not n.endswith(suffix)
        and not any(p.startswith(".") for p in n.split("/"))
        and (keras or "/" not in n)
    }
    if "task.weights.h5" in names and keras:
        chosen.add("task.weights.h5")
    if not keras and _json(folder / CONFIG).get("use_bidirectional_attention"):
        weights |= _DENSE
    needed = {CONFIG, *weights}
    missing = sorted(n for n in needed if n not in names)
    return sorted(chosen | (weights & set(names))), missing


def _is_keras(folder: Path) -> bool:
    return "registered_name" in _json(folder / CONFIG)


def shard_names(index: Path) -> set[str]:
    """The files that an index of Keras's or of safetensors names; none where there is no index."""
    if not index.is_file():
        return set()
    found: set[str] = set()
    for names in _json(index).get("weight_map", {}).values():
        found.update([names] if isinstance(names, str) else names)
    return {n for n in found if isinstance(n, str) and is_safe_name(n)}


def _json(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text(encoding="utf-8"))
    return value if isinstance(value, dict) else {}


def check_file(path: Path, name: str) -> Message | None:
    """Whether a file can be what its name says.

    Args:
        path: where it lies.
        name: what it is called in the preset.

    Returns:
        Why not, or None.
    """
    if name.endswith(".h5"):
        return _check_hdf5(path)
    if name.endswith(".safetensors"):
        return _check_safetensors(path)
    if name.endswith(".json"):
        return _check_json(path, name)
    if path.stat().st_size == 0:
        return Message("fetch_why_empty")
    return None


def check_preset(folder: Path) -> FileProblem | None:
    """The first thing that is wrong with a whole preset on disk, or None."""
    if not (folder / CONFIG).is_file():
        return FileProblem(CONFIG, Message("fetch_why_missing"))
    if why := check_file(folder / CONFIG, CONFIG):
        return FileProblem(CONFIG, why)
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    for name in (WEIGHTS_INDEX, SAFETENSORS_INDEX):
        if name in names and (why := check_file(folder / name, name)):
            return FileProblem(name, why)
    chosen, missing = select_files(names, folder)
    if missing:
        return FileProblem(missing[0], Message("fetch_why_missing"))
    for name in chosen:
        if why := check_file(folder / name, name):
            return FileProblem(name, why)
    return None


def _check_hdf5(path: Path) -> Message | None:
    """The superblock tells how long the file has to be; h5py compares."""
    with path.open("rb") as file:
        if file.read(len(_HDF5)) != _HDF5:
            return Message("fetch_why_not_hdf5")
    import h5py

    try:
        with h5py.File(path, "r") as file:
            outside = _outside_link(file)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
        key = "fetch_why_truncated" if "truncated" in str(error) else "fetch_why_corrupt"
        return Message(key)
    return Message("fetch_why_outside", {"link": outside}) if outside else None


def _outside_link(group: Any) -> str | None:
    """A link or data set that reads another file; KerasHub writes none."""
    import h5py

    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            return f"{group.name.rstrip('/')}/{name}"
        if isinstance(link, h5py.SoftLink):
            continue
        item = group[name]
        if isinstance(item, h5py.Group):
            if found := _outside_link(item):
                return found
        elif item.external or item.is_virtual:
            return str(item.name)
    return None


def _check_safetensors(path: Path) -> Message | None:
    """The header's offsets tell how long the file has to be (format of huggingface/safetensors)."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 or length > min(size - 8, _LONGEST_HEADER):
            return Message("fetch_why_truncated" if size >= 8 and length else "fetch_why_corrupt")
        try:
            header = json.loads(file.read(length))
            ends = [t["data_offsets"][1] for n, t in header.items() if n != "__metadata__"]
            end = 8 + length + max(ends, default=0)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
            return Message("fetch_why_corrupt")
    if end == size:
        return None
    return Message("fetch_why_truncated" if end > size else "fetch_why_corrupt")


def _check_json(path: Path, name: str) -> Message | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        return Message("fetch_why_not_json")
    if name == CONFIG:
        return _check_config(value)
    return _foreign(value)


def _check_config(value: Any) -> Message | None:
    """Whether KerasHub has the class that a config names, of the Gemma family."""
    if not isinstance(value, dict):
        return Message("fetch_why_not_config")
    if isinstance(registered := value.get("registered_name"), str):
        name = registered.rpartition(">")[2]
        return _foreign(value) if name in BACKBONES else _unknown(name)
    if "model_type" in value:
        kind = value["model_type"]
        return None if kind in CONVERTED else _unknown(str(kind))
    return Message("fetch_why_not_config")


def _unknown(name: str) -> Message:
    from gemma_nb.hardware.environment import package_version

    # it is shown: no more of a stranger's string than a class name takes
    shown = "".join(c for c in name[:60] if c.isalnum() or c in "_-. ")
    return Message(
        "fetch_why_unknown_class",
        {"name": shown or "?", "version": package_version("keras-hub") or "0"},
    )


def _foreign(value: Any) -> Message | None:
    """A class from outside Keras and KerasHub, or one that carries code."""
    for entry in _dicts(value):
        module, name = entry.get("module"), entry.get("class_name")
        if not isinstance(name, str):
            continue
        package = module.partition(".")[0] if isinstance(module, str) else "keras"
        if package not in (*_PACKAGES, "builtins") or name in _CODE:
            return _unknown(name)
    return None


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    """Every dict in a JSON value, without recursion: a stranger chooses the depth."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, dict):
            yield item
            left.extend(item.values())
        elif isinstance(item, list):
            left.extend(item)


def folder_size(folder: Path) -> int:
    """Bytes that a folder's files take on disk; links count once, where they point into it."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                stat = os.lstat(os.path.join(base, name))  # noqa: PTH118 - walked by the thousand
            except OSError:
                continue
            if (stat.st_dev, stat.st_ino) not in seen:
                seen.add((stat.st_dev, stat.st_ino))
                total += stat.st_size
    return total


def quantization_mode(directory: Path) -> str | None:
    """The mode, "int8" or "int4", where a Keras preset was saved quantised, else None.

    Args:
        directory: the preset; its config names a dtype policy map then, whose policies begin
            with the mode ("int8_from_bfloat16", "int4/128_from_bfloat16").

    Raises:
        OSError: it has no ``config.json``.
        ValueError: that is no JSON.
    """
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    dtype = config.get("config", {}).get("dtype") if isinstance(config, dict) else None
    if not isinstance(dtype, dict) or "DTypePolicyMap" not in str(dtype.get("class_name")):
        return None
    names = str(dtype.get("config", {}).get("policy_map", {}))
    return next((mode for mode in ("int8", "int4") if f"'{mode}" in names), None)
