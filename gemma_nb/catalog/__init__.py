"""Every Gemma variant: what it is, where it comes from, and the numbers memory follows from.

Pure data: reading it imports nothing but the standard library and costs a few milliseconds.
"""

from __future__ import annotations

import difflib
import json
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.strings import Message

__all__ = ["Architecture", "Variant", "demo_directory", "variant", "variants"]

_DATA = Path(__file__).with_name("variants.json")
_DEMO = Path(__file__).parent.parent / "demo"


def _architecture(fields: dict[str, Any]) -> Architecture:
    encoder = fields.get("encoder")
    return Architecture(**{**fields, "encoder": _architecture(encoder) if encoder else None})


@cache
def _all() -> dict[str, Variant]:
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    architectures = {name: _architecture(f) for name, f in data["architectures"].items()}
    found = {}
    for fields in data["variants"]:
        key = fields["architecture"]
        found[fields["name"]] = Variant(
            **{
                **fields,
                "modalities": tuple(fields["modalities"]),
                "architecture": architectures[key] if key else None,
            }
        )
    return found


def variants(
    family: str | None = None, tuning: str | None = None, loadable: bool | None = None
) -> list[Variant]:
    """The catalog, newest first.

    Args:
        family: "Gemma", "CodeGemma", "PaliGemma", …, any case; every family when None.
        tuning: "PT", "IT", "FT" or "mix", any case; every tuning when None.
        loadable: whether KerasHub must be able to load it; either when None.

    Raises:
        InvalidInput: no variant has that family or tuning.
    """
    return [
        v
        for v in _all().values()
        if (family is None or v.family.lower() == family.lower())
        and (tuning is None or v.tuning.lower() == tuning.lower())
        and (loadable is None or v.loadable == loadable)
    ]


def variant(name: str | Path | Variant) -> Variant:
    """One variant.

    Args:
        name: a name of the catalog in any case, or a ``Variant``, which comes back as it is.

    Raises:
        InvalidInput: unknown; the message names the nearest ones.
    """
    if isinstance(name, Variant):
        return name
    if not isinstance(name, str | Path):
        raise InvalidInput("variant_not_a_name", kind=type(name).__name__)
    asked = str(name).strip()
    known = _all()
    if asked.lower() in known:
        return known[asked.lower()]
    near = difflib.get_close_matches(asked.lower(), known, n=3, cutoff=0.4)
    hint = (
        Message("nearest_variants", {"names": ", ".join(near)})
        if near
        else Message("no_near_variant")
    )
    raise InvalidInput("unknown_variant", name=asked, near=hint)


def demo_directory(name: str) -> Path:
    """Where the package keeps the preset of demo variant ``name``."""
    return _DEMO / variant(name).name
