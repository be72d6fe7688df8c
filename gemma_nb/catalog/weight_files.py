"""Which files hold a model's weights: one rule for what is fetched, counted and read.

A model has one file, or an index and the shards that it names. Where both are there, the one file
counts, as in transformers 5 (``_get_resolved_checkpoint_files``) and in huggingface_hub
(``get_safetensors_metadata``). KerasHub 0.32 reads the index first; ``loading`` keeps it from that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gemma_nb.files import read_json

CONFIG = "config.json"
#: The names that PEFT gives to the files of an adapter.
ADAPTER_CONFIG, ADAPTER_WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
#: A Keras preset's weights: one file, or an index of shards.
WEIGHTS = "model.weights.h5"
WEIGHTS_INDEX = "model.weights.json"
#: The same of a Hugging Face checkpoint.
SAFETENSORS = "model.safetensors"
SAFETENSORS_INDEX = "model.safetensors.index.json"
#: The most characters of a file name from a hub, its folders included.
MAX_FILE_NAME = 255


def is_safe_name(name: str) -> bool:
    """Whether a file name from a hub stays inside the preset's folder."""
    path = PurePosixPath(name)
    return (
        bool(path.parts)
        and len(name) <= MAX_FILE_NAME
        and str(path) == name  # neither "a//b" nor "./a" nor "a/"
        and not path.is_absolute()
        and ".." not in path.parts
        and not any(c in '\\:"<>|?*' or not c.isprintable() for c in name)
    )


def weight_file_names(
    names: Collection[str], read_index: Callable[[str], Mapping[str, Any]], *, keras: bool
) -> set[str]:
    """The files that hold a model's weights.

    Args:
        names: every file of the model.
        read_index: reads the JSON object in a file of that name.
        keras: whether it is a Keras preset; else it is a Hugging Face checkpoint.

    Returns:
        The names; some of them may be missing in ``names``. At least one.
    """
    single = WEIGHTS if keras else SAFETENSORS
    index = WEIGHTS_INDEX if keras else SAFETENSORS_INDEX
    if single in names or index not in names:
        return {single}
    return shard_names(read_index(index)) or {single}


def shard_names(index: Mapping[str, Any]) -> set[str]:
    """The files that the index of a sharded checkpoint names.

    Args:
        index: the JSON object in Keras's or safetensors' index.
    """
    weight_map = index.get("weight_map")
    shards: set[str] = set()
    for files in weight_map.values() if isinstance(weight_map, dict) else ():
        names = files if isinstance(files, list) else [files]
        shards.update(n for n in names if isinstance(n, str) and is_safe_name(n))
    return shards


def weight_files(folder: Path) -> list[Path]:
    """The files on disk that hold the weights of the model in a folder, sorted.

    Args:
        folder: a Keras preset or a Hugging Face checkpoint.

    Raises:
        OSError: the config or an index cannot be read.
        ValueError: the config or an index is not JSON.
    """
    names = {p.name for p in folder.iterdir()}
    keras = is_keras_config(read_object(folder / CONFIG))
    selected = weight_file_names(names, lambda name: read_object(folder / name), keras=keras)
    return [path for name in sorted(selected) if (path := folder / name).is_file()]


def is_keras_config(config: Mapping[str, Any]) -> bool:
    """Whether a ``config.json`` is that of a Keras preset, not of a Hugging Face checkpoint."""
    return "registered_name" in config


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one where the file holds another value.

    Args:
        path: the file.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is not JSON.
    """
    value = read_json(path)
    return value if isinstance(value, dict) else {}
