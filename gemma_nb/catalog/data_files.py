"""The catalog's data file, read once.

``variants.json`` is made by ``tools/update_catalog.py``: never edit it by hand. Numbers stand in
it once a shape (``gemma3_1b``), not once a variant.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.i18n import Message

_VARIANTS = Path(__file__).with_name("variants.json")


@dataclass(frozen=True)
class Catalog:
    """Every variant in three orders: by name, by handle and by Hugging Face id, all lower case.

    ``shapes`` holds the fields of ``Variant`` that the variants of one architecture share.
    ``disagreements`` says where KerasHub's metadata and the built class differ, and why.
    """

    names: dict[str, Variant]
    handles: dict[str, Variant]
    hf_ids: dict[str, Variant]
    shapes: dict[str, dict[str, Any]]
    header: dict[str, Any]
    disagreements: list[dict[str, Any]]


def _architecture(fields: dict[str, Any]) -> Architecture:
    encoder = fields.get("encoder")
    return Architecture(**{**fields, "encoder": _architecture(encoder) if encoder else None})


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


@cache
def load_catalog() -> Catalog:
    """The whole catalog; takes a few milliseconds once."""
    data = json.loads(_VARIANTS.read_text(encoding="utf-8"))
    shapes = {
        name: {**_tuples(fields), "architecture": _architecture(fields["architecture"])}
        for name, fields in data["shapes"].items()
    }
    unknown = {
        "architecture": None,
        "text_parameters": None,
        "vision_parameters": None,
        "audio_parameters": None,
        "rough": True,
    }
    names: dict[str, Variant] = {}
    handles: dict[str, Variant] = {}
    hf_ids: dict[str, Variant] = {}
    for fields in data["variants"]:
        own = _tuples(fields)
        shape = own.pop("shape")
        converts = own.pop("hf_converts", True)
        found = Variant(**{**(shapes[shape] if shape else unknown), **own})
        names[found.name.lower()] = found
        if found.handle:
            handles[found.handle.lower()] = found
        if not found.hf_id:
            continue
        # The text-only presets share an id with the whole model, which is what lies there.
        key = found.hf_id.lower()
        if key not in hf_ids or len(found.modalities) > len(hf_ids[key].modalities):
            hf_ids[key] = found
        if found.loadable and not converts:
            hf = _as_hf(found)
            handles[hf.name.lower()] = replace(hf, loadable=False, runs_with=("Transformers",))
    for known in hf_ids.values():
        handles.setdefault(f"hf://{known.hf_id}".lower(), _as_hf(known))
    return Catalog(names, handles, hf_ids, shapes, data["header"], data["disagreements"])


def _as_hf(known: Variant) -> Variant:
    """A published variant as it is loaded from Hugging Face instead of Kaggle."""
    handle = f"hf://{known.hf_id}"
    return replace(known, name=handle, handle=handle)


_GOOGLE_MEMORY = Path(__file__).with_name("google_memory.csv")

#: Our precision -> Google's column and its name. Nothing is published for float32.
_COLUMNS = {
    "bfloat16": ("bf16", "BF16"),
    "float16": ("bf16", "BF16"),
    "int8": ("sfp8", "SFP8"),
    "int4": ("q4_0", "Q4_0"),
}
PUBLISHED_MEMORY_URL = "https://ai.google.dev/gemma/docs/core"


@dataclass(frozen=True)
class PublishedMemory:
    """Google's figure: ``gigabytes`` (10⁹ bytes, weights only) in ``form`` (BF16, SFP8, Q4_0).

    ``table`` is the revision it stands in, a month or "archived".
    """

    gigabytes: str
    form: str
    table: str
    source: str = PUBLISHED_MEMORY_URL

    @property
    def message(self) -> Message:
        """The figure in a sentence, with its date."""
        key = "published_archived" if self.table == "archived" else "published"
        return Message(key, {"gb": self.gigabytes, "form": self.form, "table": self.table})


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    lines = _GOOGLE_MEMORY.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(row for row in lines if not row.startswith("#"))
    return {(row["generation"], row["size"]): row for row in rows}


def published_memory(variant: Variant, precision: str) -> PublishedMemory | None:
    """Google's figure for a variant; None where it publishes none.

    Args:
        variant: what.
        precision: a Keras dtype name. float16 is told as BF16: both take two bytes a weight.
    """
    row = _table().get((variant.generation, variant.size)) if variant.family == "Gemma" else None
    if row is None or precision not in _COLUMNS or variant.role != "generate":
        return None
    column, form = _COLUMNS[precision]
    return PublishedMemory(row[column], form, row["table"])
