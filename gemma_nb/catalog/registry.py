"""Every Gemma variant: what it is, where it comes from, and the numbers memory follows from.

Pure data: reading it imports nothing but the standard library and costs a few milliseconds. Only a
variant that is not in the catalog (a directory, a community's ``hf://`` or ``kaggle://`` handle)
is looked at where it lies, without its weights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

from gemma_nb.catalog.data_files import load_catalog
from gemma_nb.catalog.unlisted import variant_from_directory, variant_from_handle
from gemma_nb.catalog.variant import Architecture, Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message

__all__ = ["Architecture", "Variant", "demo_directory", "variant", "variants"]

#: What is taken where nothing is named: no account, no download, no accelerator.
DEMO = "demo_gemma3_instruct_4m"

_DEMO = Path(__file__).parent.parent / "demo"


def variants(
    family: str | None = None, tuning: str | None = None, loadable: bool | None = None
) -> list[Variant]:
    """The catalog, newest first; what has no date comes last.

    Args:
        family: "Gemma", "CodeGemma", "PaliGemma", …, any case; every family when None.
        tuning: "PT", "IT", "FT" or "mix", any case; every tuning when None.
        loadable: whether KerasHub must be able to load it; either when None.

    Raises:
        InvalidInput: no variant has that family or tuning.
    """
    found = list(load_catalog().names.values())
    for field, asked in (("family", family), ("tuning", tuning)):
        if asked is None:
            continue
        known = {
            getattr(v, field).lower(): getattr(v, field) for v in load_catalog().names.values()
        }
        wanted = str(asked).strip().lower()
        if wanted not in known:
            near = get_close_matches(wanted, known, n=3, cutoff=0.4) or sorted(known)
            names = ", ".join(known[n] for n in near)
            raise InvalidInput("unknown_filter", field=field, asked=asked, names=names)
        found = [v for v in found if getattr(v, field).lower() == wanted]
    return [v for v in found if loadable is None or v.loadable == loadable]


def variant(name: str | Path | Variant) -> Variant:
    """One variant.

    Args:
        name: a name of the catalog in any case; an ``hf://org/name`` or ``kaggle://…`` handle; a
            directory with a model in it (a ``Path``, or a string with a separator); or a
            ``Variant``, which comes back as it is. A handle that the catalog has is answered from
            it, any other one and a directory from their config and headers, without weights.

    Raises:
        InvalidInput: unknown (the message names the nearest ones), or not a Gemma model that can
            be understood (the message names the field that is missing).
        LoadError: a handle's host could not be reached.
    """
    if isinstance(name, Variant):
        return name
    if not isinstance(name, str | Path):
        raise InvalidInput("variant_not_a_name", kind=type(name).__name__)
    asked = str(name).strip()
    known = load_catalog()
    for index in (known.names, known.handles):
        if isinstance(name, str) and asked.lower() in index:
            return index[asked.lower()]
    if not asked:
        raise _unknown(asked)
    if "://" in asked and not isinstance(name, Path):
        return variant_from_handle(asked)
    if path := _directory(asked):
        return variant_from_directory(path)
    if asked.lower() in known.hf_ids:
        preset = known.hf_ids[asked.lower()]
        raise InvalidInput("variant_on_hugging_face", asked=asked, name=preset.name)
    if isinstance(name, Path) or re.search(r"[/\\]", asked):
        raise InvalidInput("no_such_directory", path=shorten(asked))
    raise _unknown(asked)


def _directory(asked: str) -> Path | None:
    """The existing directory of that name; None also where it cannot be a name."""
    path = Path(asked)
    try:
        path = path.expanduser()
        return path if path.is_dir() else None
    except (OSError, RuntimeError):  # too long; no such user
        return None


def _unknown(asked: str) -> InvalidInput:
    near = nearest_names(asked)
    hint = (
        Message("nearest_variants", {"names": ", ".join(near)})
        if near
        else Message("no_near_variant")
    )
    return InvalidInput("unknown_variant", name=shorten(asked), near=hint)


def shorten(text: str, longest: int = 100) -> str:
    """A text as it stands in a message: cut behind ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def nearest_names(asked: str, count: int = 3) -> list[str]:
    """The names most like ``asked``, likest first; Hugging Face's names count too.

    Args:
        asked: what was written, in any manner ("gemma-3-1b-it", "Gemma3 1B instruct").
        count: how many at most.
    """

    def bare(text: str) -> str:
        return re.sub(r"[^0-9a-z]", "", text.lower())

    wanted = SequenceMatcher(b=bare(asked[:200]))
    scores: list[tuple[float, str]] = []
    for found in load_catalog().names.values():
        written = [found.name, *([found.hf_id.rpartition("/")[2]] if found.hf_id else [])]
        score = 0.0
        for text in written:
            wanted.set_seq1(bare(text))
            if wanted.real_quick_ratio() > score and wanted.quick_ratio() > score:
                score = max(score, wanted.ratio())
        scores.append((score, found.name))
    # sorted() is stable: among equals the newest, which stands first, is kept first
    best = sorted(scores, key=lambda s: -s[0])[:count]
    return [name for score, name in best if score >= 0.5]


def demo_directory(name: str | Variant) -> Path:
    """Where the package keeps the preset of a demo variant.

    Args:
        name: a demo variant or its name, any case.

    Raises:
        InvalidInput: not a demo variant.
    """
    found = variant(name)
    if not (found.handle or "").startswith("demo://"):
        demos = ", ".join(v.name for v in variants(family="Demo"))
        raise InvalidInput("not_a_demo", name=found.name, names=demos)
    return _DEMO / found.name


@dataclass(frozen=True)
class TermsPage:
    """One page: what it is for ("Gemma 3"), its licence, the hub it stands on, its address."""

    name: str
    licence: str
    hub: str
    page: str


def terms_pages(variant: Variant | None = None) -> list[TermsPage]:
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
        return [TermsPage(name, variant.licence, hub, url) for url, (name, hub) in found.items()]
    seen: dict[str, TermsPage] = {}
    for v in variants(loadable=True):
        if v.gated and v.terms_url and "kaggle.com" in v.terms_url:
            name = f"{v.family} {v.generation}"
            seen.setdefault(v.terms_url, TermsPage(name, v.licence, "Kaggle", v.terms_url))
    return list(seen.values())
