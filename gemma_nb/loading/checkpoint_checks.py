"""Makes sure that KerasHub computes what a checkpoint describes, before its model is built."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemma_nb.catalog.checkpoint_tensors import OUTPUT_MATRIX, check_tensors, missing_tensors
from gemma_nb.catalog.config_rules import complete_config
from gemma_nb.catalog.hub_lookup import DirectoryFiles
from gemma_nb.catalog.keras_config import read_keras_config
from gemma_nb.catalog.safetensors_header import read_safetensors_header
from gemma_nb.catalog.weight_files import weight_files
from gemma_nb.errors import InvalidInput
from gemma_nb.files import read_json

#: Bytes of the output matrix and of the embedding that are compared at once.
_BLOCK = 2**26


def checked_config(directory: Path) -> dict[str, Any] | None:
    """Checks a preset's config and, in a Hugging Face checkpoint, the names of its tensors.

    Args:
        directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.

    Returns:
        The config of a Hugging Face checkpoint as transformers reads it, for KerasHub's converter;
        None for a Keras preset.

    Raises:
        InvalidInput: a field or a tensor is not what KerasHub computes with; the message names it.
        OSError: a file is missing or corrupt.
    """
    where = str(directory)
    fields = read_json(directory / "config.json")
    if "model_type" not in fields:
        read_keras_config(fields, where)
        return None
    config = complete_config(fields, where)
    tensors = DirectoryFiles(directory).tensors()
    if tensors is None:
        raise InvalidInput("file_missing", where=where, file="*.safetensors")
    check_tensors(tensors, config, where)
    if missing := missing_tensors(tensors, config):
        raise InvalidInput("tensor_missing", where=where, tensor=missing[0], count=len(missing))
    _check_tied(directory, tensors, where)
    return config


def _check_tied(directory: Path, tensors: Mapping[str, Any], where: str) -> None:
    """Makes sure that an output matrix, if there is one, is a copy of the embedding.

    Transformers ties the two unless the checkpoint holds both and they differ (transformers 5,
    ``PreTrainedModel.tie_weights``).
    """
    from safetensors import safe_open

    heads = [name for name in tensors if name in OUTPUT_MATRIX]
    tables = [name for name in tensors if name.endswith("embed_tokens.weight")]
    if not heads or not tables:
        return
    head = heads[0]
    table = next((name for name in tables if "decoder" in name), tables[0])
    files = {
        name: path for path in weight_files(directory) for name in read_safetensors_header(path)
    }
    with (
        safe_open(files[head], framework="np") as head_file,
        safe_open(files[table], framework="np") as table_file,
    ):
        first, second = head_file.get_slice(head), table_file.get_slice(table)
        rows, width = first.get_shape()
        step = max(1, _BLOCK // (4 * width))
        same = list(second.get_shape()) == [rows, width] and all(
            (first[at : min(at + step, rows)] == second[at : min(at + step, rows)]).all()
            for at in range(0, rows, step)
        )
    if not same:
        raise InvalidInput("tensor_untied", where=where, tensor=head)
