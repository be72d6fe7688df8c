"""The stop tokens that a checkpoint names itself, besides those of its prompt format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemma_nb.catalog.data_files import VARIANT_RECORD
from gemma_nb.errors import InvalidInput
from gemma_nb.files import read_json


def stop_token_ids(directory: Path, tokenizer: Any) -> frozenset[int]:
    """The ids of the tokens that end a reply, as the checkpoint's own files say.

    transformers stops at eos_token_id of generation_config.json or, without that file, of
    config.json (``GenerationConfig.from_model_config``); vLLM and others stop at eos_token of
    tokenizer_config.json too. A preset that ``Model.save`` wrote records the ids.

    Args:
        directory: the checkpoint.
        tokenizer: its KerasHub tokenizer.

    Raises:
        InvalidInput: a field is not an id of the vocabulary; the message names it.
    """
    size = tokenizer.vocabulary_size()
    if (record := _read_json(directory / VARIANT_RECORD)) is not None:
        return _ids(record.get("stop_token_ids"), size, f"{VARIANT_RECORD}: stop_token_ids")
    config = _read_json(directory / "config.json") or {}
    if "model_type" not in config:
        return frozenset()
    generation = _read_json(directory / "generation_config.json")
    if generation is not None:
        ids = _ids(generation.get("eos_token_id"), size, "generation_config.json: eos_token_id")
    else:
        text = config.get("text_config") or config
        value = config.get("eos_token_id", text.get("eos_token_id"))
        ids = _ids(value, size, "config.json: eos_token_id")
    token = (_read_json(directory / "tokenizer_config.json") or {}).get("eos_token")
    token = token.get("content") if isinstance(token, dict) else token
    if isinstance(token, str) and (found := _id_of(token, tokenizer)) is not None:
        ids |= {found}
    return ids


def _id_of(token: str, tokenizer: Any) -> int | None:
    """The id of a token; None if the vocabulary lacks it."""
    found = int(tokenizer.token_to_id(token))  # that of <unk> where it does not know the token
    return found if tokenizer.id_to_token(found) == token else None


def _ids(value: Any, size: int, field: str) -> frozenset[int]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    for one in values:
        if type(one) is not int or not 0 <= one < size:
            raise InvalidInput("stop_token_unknown", field=field, value=one, size=size)
    return frozenset(values)


def _read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in a file; None where there is no such file or no object."""
    try:
        value = read_json(path)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
