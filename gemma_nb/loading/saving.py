"""Saves a loaded model as an ordinary KerasHub preset, with a record of what it is.

Keras's config of a quantised layer does not say whether the layer rounds its inputs as well. A layer
that is opened from a preset does (keras 3.15.1, ``_int8_build``), so the record tells.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from pathlib import Path
from typing import Any

from gemma_nb.catalog.data_files import VARIANT_RECORD
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.files import directory_beside, output_path, read_json, remove_abandoned
from gemma_nb.loading.quantize import layers_with_int8_inputs
from gemma_nb.text_utils import format_bytes

#: The entry of the record that lists the quantised layers which round their inputs to int8.
_INT8_INPUTS = "int8_inputs"


def recorded_int8_inputs(directory: Path) -> list[str] | None:
    """The paths of the layers of a saved preset that round their inputs to int8.

    Args:
        directory: the preset.

    Returns:
        The paths; None where no record says it (a preset of KerasHub, or of ``Model.save`` before
        it recorded this). Keras then decides.
    """
    try:
        record = read_json(directory / VARIANT_RECORD)
        paths = record[_INT8_INPUTS]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return paths if isinstance(paths, list) else None


def save_preset(
    lm: Any,
    parts: list[Any],
    variant: Variant,
    precision: str,
    path: str | Path,
    stop_ids: frozenset[int] = frozenset(),
) -> Path:
    """Writes a model as a KerasHub preset.

    The preset is written to a temporary directory beside ``path`` and then renamed, so that
    ``path`` never holds half a preset.

    Args:
        lm: the KerasHub task.
        parts: its tokenizer and converters; each has ``save_to_preset``.
        variant: the variant that is recorded.
        precision: the precision that is recorded.
        path: a directory that does not exist yet, or is empty.
        stop_ids: the stop tokens of the checkpoint that are recorded.

    Returns:
        The directory.

    Raises:
        InvalidInput: ``path`` exists and is not an empty directory, or no directory can have it.
        LoadError: the disk is full or cannot be written; nothing is left at ``path``.
    """
    target = output_path(path)
    remove_abandoned(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput("load_save_not_empty", folder=target)
    needed = sum(v.value.nbytes for v in lm.backbone.variables)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
        if free < needed:
            raise LoadError(
                "load_save_no_room",
                folder=target,
                needed=format_bytes(needed),
                free=format_bytes(free),
            )
        with directory_beside(target) as temporary:
            folder = temporary / "preset"
            for part in (lm, *parts):
                part.save_to_preset(str(folder))
            record: dict[str, Any] = {
                # what is saved is whole: an adapter is merged into it
                "variant": dataclasses.asdict(dataclasses.replace(variant, adapter_of=None)),
                "precision": precision,
                _INT8_INPUTS: layers_with_int8_inputs(lm.backbone),
            }
            if stop_ids:
                record["stop_token_ids"] = sorted(stop_ids)
            (folder / VARIANT_RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")
            if target.exists():
                target.rmdir()
            folder.replace(target)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise LoadError("load_save_failed", folder=target, why=why) from error
    return target
