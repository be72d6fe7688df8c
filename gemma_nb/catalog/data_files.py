"""The data files of the catalog: the list of variants, and Google's table of memory sizes.

``tools/update_catalog.py`` writes ``variants.json``; do not edit that file by hand. It stores the
numbers once for each shape (``gemma3_1b``), because several variants share one shape.
"""

from __future__ import annotations

import csv
import dataclasses
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from gemma_nb.catalog.config_bounds import MAX_PARAMETERS, is_number, is_possible
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.files import read_json
from gemma_nb.i18n import Message

#: The folder of the demo presets, one for each demo variant.
DEMO_PRESETS = Path(__file__).parent.parent / "demo"
_VARIANTS = Path(__file__).with_name("variants.json")
_GOOGLE_MEMORY = Path(__file__).with_name("google_memory.csv")

#: Fields of a variant whose shape is unknown.
_UNKNOWN_SHAPE = {
    "architecture": None,
    "text_parameters": None,
    "vision_parameters": None,
    "audio_parameters": None,
    "rough": True,
}

#: Precision -> the column of Google's table and its title. Google publishes nothing for float32.
_COLUMNS = {
    "bfloat16": ("bf16", "BF16"),
    "float16": ("bf16", "BF16"),
    "int8": ("sfp8", "SFP8"),
    "int4": ("q4_0", "Q4_0"),
}
PUBLISHED_MEMORY_URL = "https://ai.google.dev/gemma/docs/core"


#: The file in which a saved preset records its variant. The preset's own config does not tell
#: instruction-tuned from pretrained. KerasHub does not read this file.
VARIANT_RECORD = "gemma_nb.json"


@dataclass(frozen=True)
class Catalog:
    """The variants of ``variants.json``, indexed three times, newest first.

    All keys are in lower case.

    Args:
        names: the variants by name.
        handles: the variants by handle. A variant whose handle points to Kaggle also has an entry
            under its ``hf://`` handle.
        hf_ids: the variants by Hugging Face repository.
        shapes: by the name of a shape, the fields of ``Variant`` that its variants share.
        header: the versions and sources from which the file was made.
        disagreements: the presets for which KerasHub's metadata and the built class differ, with
            the reason.
    """

    names: dict[str, Variant]
    handles: dict[str, Variant]
    hf_ids: dict[str, Variant]
    shapes: dict[str, dict[str, Any]]
    header: dict[str, Any]
    disagreements: list[dict[str, Any]]


def recorded_variant(folder: Path) -> Variant | None:
    """The variant that ``Model.save`` recorded in a directory.

    Args:
        folder: a directory.

    Returns:
        The variant, with the directory as its handle; None where there is no readable record.
    """
    try:
        fields = read_json(folder / VARIANT_RECORD)["variant"]
        names = {f.name for f in dataclasses.fields(Variant)}
        values = {k: v for k, v in _lists_to_tuples(fields).items() if k in names}
        shape = fields["architecture"]
        architecture = None if shape is None else _architecture(shape)
        # the preset is no GGUF file, even if it was saved from one
        here: dict[str, Any] = {"architecture": architecture, "handle": str(folder)}
        here |= {"stored_type": None, "unread_files": ()}
        variant = Variant(**{**values, **here})
        return variant if _has_its_types(variant) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _has_its_types(record: Any) -> bool:
    """Whether each field of a record holds a value of its type that a model can have."""
    hints = get_type_hints(type(record))
    return all(
        _is_of_type(value := getattr(record, field.name), hints[field.name])
        and (value == field.default or is_possible(field.name, value))
        for field in dataclasses.fields(record)
    )


def _is_of_type(value: Any, hint: Any) -> bool:
    """Whether a value has the type of a field of ``Variant`` or ``Architecture``."""
    kinds = get_args(hint)
    if isinstance(hint, UnionType):
        return any(_is_of_type(value, kind) for kind in kinds)
    if kinds:
        return isinstance(value, tuple) and all(_is_of_type(one, kinds[0]) for one in value)
    if hint is Architecture:
        return isinstance(value, Architecture) and _has_its_types(value)
    if hint is float:
        return value is not None and is_number(value, whole=False)
    return type(value) is hint and (hint is not int or 0 <= value <= MAX_PARAMETERS)


@cache
def load_catalog() -> Catalog:
    """Reads the list of variants, once; this takes a few milliseconds."""
    data = json.loads(_VARIANTS.read_text(encoding="utf-8"))
    shapes = {
        name: {**_lists_to_tuples(fields), "architecture": _architecture(fields["architecture"])}
        for name, fields in data["shapes"].items()
    }
    names: dict[str, Variant] = {}
    handles: dict[str, Variant] = {}
    hf_ids: dict[str, Variant] = {}
    for entry in data["variants"]:
        fields = _lists_to_tuples(entry)
        shape = fields.pop("shape")
        converts = fields.pop("hf_converts", True)
        variant = Variant(**{**(shapes[shape] if shape else _UNKNOWN_SHAPE), **fields})
        names[variant.name.lower()] = variant
        if variant.handle:
            handles[variant.handle.lower()] = variant
        if not variant.hf_id:
            continue
        # A text-only preset shares its repository with the whole model, which the files belong to.
        key = variant.hf_id.lower()
        if key not in hf_ids or len(variant.modalities) > len(hf_ids[key].modalities):
            hf_ids[key] = variant
        if variant.loadable and not converts:
            on_hf = _on_hugging_face(variant)
            handles[on_hf.name.lower()] = replace(
                on_hf, loadable=False, runs_with=("Transformers",)
            )
    for variant in hf_ids.values():
        handles.setdefault(f"hf://{variant.hf_id}".lower(), _on_hugging_face(variant))
    return Catalog(names, handles, hf_ids, shapes, data["header"], data["disagreements"])


def _architecture(fields: dict[str, Any]) -> Architecture:
    encoder = fields.get("encoder")
    return Architecture(**{**fields, "encoder": _architecture(encoder) if encoder else None})


def _lists_to_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


def _on_hugging_face(variant: Variant) -> Variant:
    """The same variant, loaded from Hugging Face instead of Kaggle."""
    handle = f"hf://{variant.hf_id}"
    return replace(variant, name=handle, handle=handle)


@dataclass(frozen=True)
class PublishedMemory:
    """The memory that Google publishes for a variant; shown beside the estimate of this package.

    Args:
        gigabytes: the figure, in units of 10⁹ bytes, weights only.
        form: the number format in Google's words: "BF16", "SFP8" or "Q4_0".
        table: the revision of the table: a month or "archived".
        source: the address of the table.
    """

    gigabytes: str
    form: str
    table: str
    source: str = PUBLISHED_MEMORY_URL

    @property
    def message(self) -> Message:
        """The figure as a sentence, with its date."""
        key = "published_archived" if self.table == "archived" else "published"
        return Message(key, {"gb": self.gigabytes, "form": self.form, "table": self.table})


def published_memory(variant: Variant, precision: str) -> PublishedMemory | None:
    """Looks up the memory that Google publishes for a variant.

    Args:
        variant: the variant.
        precision: a Keras dtype name. float16 gets the BF16 figure: both take two bytes a weight.

    Returns:
        The figure; None if Google publishes none.
    """
    row = _memory_rows().get((variant.generation, variant.size))
    if row is None or precision not in _COLUMNS:
        return None
    if variant.family != "Gemma" or variant.role != "generate":
        return None
    column, form = _COLUMNS[precision]
    return PublishedMemory(row[column], form, row["table"])


@cache
def _memory_rows() -> dict[tuple[str, str], dict[str, str]]:
    """The rows of Google's table by (generation, size)."""
    lines = _GOOGLE_MEMORY.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return {(row["generation"], row["size"]): row for row in rows}
