"""Exports a loaded model for other programs: as safetensors for transformers, or as GGUF."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

from gemma_nb.arguments import text_argument
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, LoadError, shown
from gemma_nb.files import directory_beside, output_path, remove_abandoned
from gemma_nb.hub.progress import ProgressStep, progress_callback
from gemma_nb.i18n import text
from gemma_nb.loading.export_gguf import check_gguf_export, write_gguf
from gemma_nb.loading.export_transformers import check_transformers_export, write_checkpoint
from gemma_nb.loading.weight_names import has_names, named_weights
from gemma_nb.prompts.chat_templates import chat_template
from gemma_nb.prompts.formatting import format_of
from gemma_nb.text_utils import closest_matches, format_bytes

#: The formats of ``export``.
FORMATS = ("safetensors", "gguf")
#: Bits of one weight in each precision of ``export``; a block of Q8_0 and Q4_0 has a scale too.
_BITS = {"float32": 32, "bfloat16": 16, "float16": 16, "Q8_0": 8.5, "Q4_0": 4.5}


def export_model(
    lm: Any,
    tokenizer: Any,
    variant: Variant,
    path: str | Path,
    format: str,  # noqa: A002 - the word that users know
    precision: str,
) -> Path:
    """Writes a model for other programs; of one with encoders, the part that reads and writes text.

    A note says so. It is written under another name beside ``path`` and then renamed, so that
    ``path`` never holds half a model.

    Args:
        lm: the KerasHub task.
        tokenizer: its tokenizer.
        variant: the variant that it is.
        path: a directory that does not exist yet or is empty, for safetensors; a file that does not
            exist yet and ends in ".gguf", for GGUF.
        format: one of ``FORMATS``.
        precision: that of the file; "auto" keeps the model's, or takes bfloat16 for a quantised one.

    Returns:
        ``path``.

    Raises:
        InvalidInput: an unknown format or precision, a path that cannot be used, or a model that the
            format cannot hold.
        LoadError: the disk is full or cannot be written; nothing is left at ``path``.
    """
    if not isinstance(format, str) or format not in FORMATS:
        near = closest_matches(str(shown(format)), FORMATS)
        raise InvalidInput("export_format", format=shown(format), near=near, all=", ".join(FORMATS))
    text_argument(precision, "precision")
    target = output_path(path)
    remove_abandoned(target)
    if precision == "auto":
        precision = _own_precision(lm.backbone)
    if format == "gguf":
        check_gguf_export(lm.backbone, precision)
        if target.suffix.lower() != SUFFIX or target.exists():
            raise InvalidInput("export_gguf_path", path=target)
    else:
        check_transformers_export(lm.backbone, precision)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InvalidInput("load_save_not_empty", folder=target)
    stops = [
        tokenizer.token_to_id(token)
        for token in format_of(variant).reply_markup(variant).stop_tokens
    ]
    facts: dict[str, Any] = {
        "stop_ids": sorted({i for i in stops if i is not None} | {1}),
        "context_length": variant.context_length or 8192,
        "chat_template": chat_template(variant),
    }
    needed = int(sum(prod(w.shape) for w in named_weights(lm.backbone)) * _BITS[precision] / 8)
    with _written_beside(target, needed) as temporary:
        if format == "gguf":
            name = variant.name.rpartition("/")[2]
            file = temporary / target.name
            write_gguf(file, lm.backbone, tokenizer.proto, precision, name=name, **facts)
            file.replace(target)
        else:
            folder = temporary / "checkpoint"
            folder.mkdir()
            write_checkpoint(folder, lm.backbone, tokenizer.proto, precision, **facts)
            if target.exists():
                target.rmdir()
            folder.replace(target)
    if encoders := _encoders(lm.backbone):
        note = text("export_text_only", path=target, encoders=", ".join(encoders))
        progress_callback(None)(ProgressStep("export", variant.name, note=note))
    return target


def _encoders(backbone: Any) -> list[str]:
    """The names of a backbone's image and audio encoders."""
    names = ("vision_encoder", "audio_encoder")
    return [name for name in names if getattr(backbone, name, None) is not None]


def _own_precision(backbone: Any) -> str:
    """The dtype of what no precision quantises: the last norm."""
    return str(named_weights(backbone)[-1].variable.dtype) if has_names(backbone) else "bfloat16"


@contextmanager
def _written_beside(target: Path, needed: int) -> Iterator[Path]:
    """A temporary directory beside ``target``, on the same disk.

    Raises:
        LoadError: the disk is full, or cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
        if free < needed:
            amounts = {"needed": format_bytes(needed), "free": format_bytes(free)}
            raise LoadError("load_save_no_room", folder=target, **amounts)
        with directory_beside(target) as temporary:
            yield temporary
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise LoadError("load_save_failed", folder=target, why=why) from error
