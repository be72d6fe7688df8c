"""A loaded model as an ordinary KerasHub preset, and what this package adds to find it again."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.model import Model

#: Says which variant a saved preset is: its config does not tell instruction-tuned from
#: pretrained. KerasHub does not read it.
RECORD = "gemma_nb.json"


def save_preset(model: Model, path: str | Path) -> Path:
    """Writes a model as a KerasHub preset; see ``Model.save``."""
    target = Path(path).expanduser()
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InvalidInput("load_save_not_empty", folder=target)
    needed = sum(v.value.nbytes for v in model.lm.backbone.variables)
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
        # beside its place first: what stands at ``path`` is whole
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
            _write(model, made)
            folder = Path(made)
            if target.exists():
                target.rmdir()
            folder.replace(target)
            folder.mkdir()  # for TemporaryDirectory to take away
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise LoadError("load_save_failed", folder=target, why=why) from error
    target.chmod(0o755)
    return target


def _write(model: Model, folder: str) -> None:
    model.lm.save_to_preset(folder)
    model.tokenizer.save_to_preset(folder)
    for converter in (model.converters.image, model.converters.audio):
        if converter is not None:
            converter.save_to_preset(folder)
    record = {"variant": dataclasses.asdict(model.variant), "precision": model.precision}
    Path(folder, RECORD).write_text(json.dumps(record, indent=1), encoding="utf-8")


def recorded_variant(folder: Path) -> Variant | None:
    """The variant that ``save`` recorded in a directory, as one that lies there; None without.

    Args:
        folder: a directory.
    """
    try:
        fields = json.loads((folder / RECORD).read_text(encoding="utf-8"))["variant"]
        lists = {k: tuple(v) for k, v in fields.items() if isinstance(v, list)}
        known = {f.name for f in dataclasses.fields(Variant)}
        shape = _architecture(fields["architecture"])
        kept = {k: v for k, v in {**fields, **lists}.items() if k in known}
        return Variant(**{**kept, "architecture": shape, "handle": str(folder)})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _architecture(fields: dict[str, Any] | None) -> Architecture | None:
    if fields is None:
        return None
    return Architecture(**{**fields, "encoder": _architecture(fields.get("encoder"))})
