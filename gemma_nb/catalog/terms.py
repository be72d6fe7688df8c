"""Where the terms of gated variants are accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variants

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant


@dataclass(frozen=True)
class Terms:
    """One page: what it is for ("Gemma 3"), its licence, the hub it stands on, its address."""

    name: str
    licence: str
    hub: str
    page: str


def terms(variant: Variant | None = None) -> list[Terms]:
    """The pages on which terms are accepted, newest first.

    A variant has one on Kaggle, if its preset lies there, and one on Hugging Face, if its
    repository is known; to accept on the hub that is downloaded from is enough.

    Args:
        variant: only its pages; None for the families that KerasHub loads, one page each.
    """
    if variant is not None:
        pages = [("Kaggle" if "kaggle.com" in (variant.terms_url or "") else "Hugging Face",
                  variant.terms_url)]  # fmt: skip
        if variant.hf_id:
            pages.append(("Hugging Face", f"https://huggingface.co/{variant.hf_id}"))
        found = {url: (variant.name, hub) for hub, url in pages if url} if variant.gated else {}
        return [Terms(name, variant.licence, hub, url) for url, (name, hub) in found.items()]
    seen: dict[str, Terms] = {}
    for v in variants(loadable=True):
        if v.gated and v.terms_url and "kaggle.com" in v.terms_url:
            name = f"{v.family} {v.generation}"
            seen.setdefault(v.terms_url, Terms(name, v.licence, "Kaggle", v.terms_url))
    return list(seen.values())
