"""What Google itself publishes about a variant's memory: shown beside our estimate, never for it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant

_DATA = Path(__file__).with_name("google_memory.csv")

#: Our precision -> Google's column and its name. Nothing is published for float32.
_COLUMNS = {
    "bfloat16": ("bf16", "BF16"),
    "float16": ("bf16", "BF16"),
    "int8": ("sfp8", "SFP8"),
    "int4": ("q4_0", "Q4_0"),
}
SOURCE = "https://ai.google.dev/gemma/docs/core"


@dataclass(frozen=True)
class Published:
    """Google's figure: ``gigabytes`` (10⁹ bytes, weights only) in ``form`` (BF16, SFP8, Q4_0).

    ``table`` is the revision it stands in, a month or "archived".
    """

    gigabytes: str
    form: str
    table: str
    source: str = SOURCE

    @property
    def message(self) -> Message:
        """The figure in a sentence, with its date."""
        key = "published_archived" if self.table == "archived" else "published"
        return Message(key, {"gb": self.gigabytes, "form": self.form, "table": self.table})


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    lines = _DATA.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(row for row in lines if not row.startswith("#"))
    return {(row["generation"], row["size"]): row for row in rows}


def published(variant: Variant, precision: str) -> Published | None:
    """Google's figure for a variant; None where it publishes none.

    Args:
        variant: what.
        precision: a Keras dtype name. float16 is told as BF16: both take two bytes a weight.
    """
    row = _table().get((variant.generation, variant.size)) if variant.family == "Gemma" else None
    if row is None or precision not in _COLUMNS or variant.role != "generate":
        return None
    column, form = _COLUMNS[precision]
    return Published(row[column], form, row["table"])
