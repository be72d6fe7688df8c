"""Lookup of Gemma variants by name, handle or directory, and of the pages with their terms.

The catalog is data: reading it imports nothing but the standard library and takes a few
milliseconds. Only a variant outside the catalog (a directory, or a community's ``hf://`` or
``kaggle://`` handle) is read from its source, without its weights.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

from gemma_nb.arguments import flag_argument, text_argument
from gemma_nb.catalog.data_files import DEMO_PRESETS, load_catalog
from gemma_nb.catalog.handles import SUFFIX, parse_handle
from gemma_nb.catalog.unlisted import (
    variant_from_directory,
    variant_from_gguf_file,
    variant_from_handle,
)
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.files import expand_home
from gemma_nb.i18n import Message

#: The default variant: it needs no account, no download and no accelerator.
DEMO = "demo_gemma3_instruct_4m"


def variants(
    family: str | None = None, tuning: str | None = None, loadable: bool | None = None
) -> list[Variant]:
    """Lists the variants of the catalog, newest first; those without a date come last.

    Args:
        family: "Gemma", "CodeGemma", "PaliGemma", …, in any case; None for every family.
        tuning: "PT", "IT", "FT" or "mix", in any case; None for every tuning.
        loadable: True for the variants that KerasHub loads, False for the others, None for both.

    Returns:
        The variants that match all arguments.

    Raises:
        InvalidInput: no variant has that family or tuning.
    """
    matches = list(load_catalog().names.values())
    for field, value in (("family", family), ("tuning", tuning)):
        if value is None:
            continue
        # lower case -> as the catalog writes it
        spellings = {
            getattr(v, field).lower(): getattr(v, field) for v in load_catalog().names.values()
        }
        key = text_argument(value, field).strip().lower()
        if key not in spellings:
            near = get_close_matches(key, spellings, n=3, cutoff=0.4)
            names = ", ".join(spellings[n] for n in dict.fromkeys([*near, *sorted(spellings)]))
            raise InvalidInput("unknown_filter", field=field, asked=_shorten(value), names=names)
        matches = [v for v in matches if getattr(v, field).lower() == key]
    if loadable is None:
        return matches
    wanted = flag_argument(loadable, "loadable")
    return [v for v in matches if v.loadable == wanted]


def variant(name: str | Path | Variant) -> Variant:
    """Looks up one variant.

    A string is a name of the catalog if there is such a name, and else a path: with "./" or another
    separator, or "~" at its beginning, it always is a path, as is every ``Path``. ``load``, ``fetch``
    and ``compare`` read their strings by the same rule.

    Args:
        name: a name of the catalog, in any case; an ``hf://org/name[@revision]`` or
            ``kaggle://owner/model/framework/variation[/version]`` handle; a directory that holds a
            model; a GGUF file, or one of a repository,
            ``hf://org/name:FILE.gguf``; or a ``Variant``, which is returned as it is. A handle in
            the catalog is answered from the catalog. Any other handle, a directory and a file are
            read: their config and tensor headers, not their weights.

    Returns:
        The variant.

    Raises:
        InvalidInput: the name is unknown (the message names the nearest ones), or the source is no
            Gemma model that this package can read (the message names the missing field).
        LoadError: the host of a handle cannot be reached, or a GGUF file is damaged.
    """
    if isinstance(name, Variant):
        return name
    if not isinstance(name, str | Path):
        raise InvalidInput("variant_not_a_name", kind=type(name).__name__)
    if listed := listed_variant(name):
        return listed
    text = str(name).strip()
    catalog = load_catalog()
    if not text:
        raise _unknown_variant(text)
    if "://" in text and not isinstance(name, Path):
        return variant_from_handle(text)
    if directory := _existing_directory(text):
        return variant_from_directory(directory)
    if text.lower().endswith(SUFFIX):
        return variant_from_gguf_file(existing_gguf(text))
    if text.lower() in catalog.hf_ids:
        preset = catalog.hf_ids[text.lower()]
        raise InvalidInput("variant_on_hugging_face", asked=text, name=preset.name)
    if isinstance(name, Path) or re.search(r"[/\\]", text):
        raise InvalidInput("no_such_directory", path=_shorten(text))
    raise _unknown_variant(text)


def listed_variant(name: str | Path) -> Variant | None:
    """The variant of the catalog that has this name or handle; None for anything else.

    Args:
        name: a string; a ``Path`` is never a name.
    """
    if not isinstance(name, str):
        return None
    catalog, text = load_catalog(), name.strip()
    # "kaggle://…@3" is the catalog's "kaggle://…/3"
    key = str(parse_handle(text) or text).lower()
    return catalog.names.get(key) or catalog.handles.get(key)


def _existing_directory(text: str) -> Path | None:
    """The directory with that path; None if there is none, or if the text cannot be a path."""
    path = Path(text)
    try:
        path = expand_home(path)
        return path if path.is_dir() else None
    except (OSError, RuntimeError):  # the path is too long; there is no such user
        return None


def existing_gguf(text: str) -> Path:
    """The GGUF file with that path.

    Raises:
        InvalidInput: there is no such file.
    """
    path = Path(text)
    try:
        path = expand_home(path)
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):  # as in _existing_directory
        pass
    raise InvalidInput("no_such_gguf", path=_shorten(text))


def _unknown_variant(text: str) -> InvalidInput:
    near = nearest_names(text)
    hint = (
        Message("nearest_variants", {"names": ", ".join(near)})
        if near
        else Message("no_near_variant")
    )
    return InvalidInput("unknown_variant", name=_shorten(text), near=hint)


def _shorten(text: str, longest: int = 100) -> str:
    """A text for a message, cut after ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def nearest_names(text: str, count: int = 3) -> list[str]:
    """Finds the variants whose name resembles a text.

    The names on Hugging Face are compared too.

    Args:
        text: a name in any spelling ("gemma-3-1b-it", "Gemma3 1B instruct").
        count: how many names at most.

    Returns:
        Names of the catalog, the most similar first.
    """

    def letters_and_digits(text: str) -> str:
        return re.sub(r"[^0-9a-z]", "", text.lower())

    matcher = SequenceMatcher(b=letters_and_digits(text[:200]))
    scores: list[tuple[float, str]] = []
    for candidate in load_catalog().names.values():
        spellings = [candidate.name]
        if candidate.hf_id:
            spellings.append(candidate.hf_id.rpartition("/")[2])
        score = 0.0
        for spelling in spellings:
            matcher.set_seq1(letters_and_digits(spelling))
            if matcher.real_quick_ratio() > score and matcher.quick_ratio() > score:
                score = max(score, matcher.ratio())
        scores.append((score, candidate.name))
    # sorted() is stable: among equal scores the newest variant stays first
    best = sorted(scores, key=lambda s: -s[0])[:count]
    return [name for score, name in best if score >= 0.5]


def demo_directory(name: str | Variant) -> Path:
    """Returns the directory in this package that holds the preset of a demo variant.

    Args:
        name: a demo variant or its name, in any case.

    Raises:
        InvalidInput: it is not a demo variant.
    """
    demo = variant(name)
    if not (demo.handle or "").startswith("demo://"):
        demos = ", ".join(v.name for v in variants(family="Demo"))
        raise InvalidInput("not_a_demo", name=demo.name, names=demos)
    return DEMO_PRESETS / demo.name


@dataclass(frozen=True)
class TermsPage:
    """A web page on which the terms of gated variants are accepted.

    Args:
        name: what the page is for: a variant's name, or a family and generation ("Gemma 3").
        licence: the licence, as ``Variant.licence`` names it.
        hub: "Kaggle" or "Hugging Face".
        page: the address.
    """

    name: str
    licence: str
    hub: str
    page: str


def terms_pages(variant: Variant | None = None) -> list[TermsPage]:
    """Lists the pages on which terms are accepted, newest variants first.

    A gated variant has a page on Kaggle if its preset is there, and one on Hugging Face if its
    repository is known. Accepting on the hub from which the files are downloaded is enough.

    Args:
        variant: the variant whose pages are listed; None for one Kaggle page for each gated family
            that KerasHub loads.
    """
    if variant is not None:
        return _terms_pages_of(variant)
    pages: dict[str, TermsPage] = {}
    for v in variants(loadable=True):
        if v.gated and v.terms_url and "kaggle.com" in v.terms_url:
            name = f"{v.family} {v.generation}"
            pages.setdefault(v.terms_url, TermsPage(name, v.licence, "Kaggle", v.terms_url))
    return list(pages.values())


def _terms_pages_of(variant: Variant) -> list[TermsPage]:
    if not variant.gated:
        return []
    hubs: dict[str, str] = {}  # address -> hub
    if variant.terms_url:
        on_kaggle = "kaggle.com" in variant.terms_url
        hubs[variant.terms_url] = "Kaggle" if on_kaggle else "Hugging Face"
    if variant.hf_id:
        hubs[f"https://huggingface.co/{variant.hf_id}"] = "Hugging Face"
    return [TermsPage(variant.name, variant.licence, hub, url) for url, hub in hubs.items()]
