"""Where a variant's files come from, and where the two hubs' own programs keep them on disk."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import demo_directory
from gemma_nb.errors import InvalidInput
from gemma_nb.hardware.environment import cache_directory
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE, hugging_face_home

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant

LOCAL = "local"

#: One segment of a handle: what both hubs allow in a name, and nothing that leaves a folder.
_SEGMENT = re.compile(r"(?!\.+$)[\w.-]{1,200}", re.ASCII)
#: Marks where this package keeps what it knows of a download: sizes and hashes of checked files.
RECORD_NAME = "gemma_nb"


@dataclass(frozen=True)
class Source:
    """Where files come from.

    Args:
        hub: "kaggle", "huggingface" or "local".
        handle: without its prefix: ``owner/model/framework/variation``, ``owner/model``, or a path.
        version: Kaggle's version, or Hugging Face's revision; None for the newest.
        label: what to call it.
        gated: whether terms have to be accepted there, as far as the catalog knows.
    """

    hub: str
    handle: str
    version: str | None
    label: str
    gated: bool = False

    @property
    def page(self) -> str:
        """The web page on which its terms are accepted."""
        if self.hub == HUGGING_FACE:
            return f"https://huggingface.co/{self.handle}"
        owner, model = self.handle.split("/")[:2]
        return f"https://www.kaggle.com/models/{owner}/{model}"

    def at(self, version: str) -> Source:
        """The same at one version."""
        return Source(self.hub, self.handle, version, self.label, self.gated)


def find_source(variant: str | Path | Variant) -> Source:
    """What a variant, a handle or a directory says of where its files are.

    Args:
        variant: a ``Variant``; a handle ``kaggle://owner/model/framework/variation[/version]`` or
            ``hf://owner/model[@revision]``; a catalog name; or a directory.

    Raises:
        InvalidInput: a handle that cannot be, or neither a name nor a directory.
    """
    label, gated = str(variant), False
    if isinstance(variant, str | Path):
        handle = str(variant).strip()
        if "://" not in handle and not Path(handle).expanduser().is_dir():
            from gemma_nb.catalog.registry import variant as find

            variant = find(handle)
    if not isinstance(variant, str | Path):
        label, gated = variant.name, variant.gated
        handle = variant.handle or variant.name
    scheme, found, rest = handle.partition("://")
    if not found:
        return Source(LOCAL, str(Path(handle).expanduser()), None, label)
    if scheme.lower() == "demo":
        return Source(LOCAL, str(demo_directory(rest)), None, label)
    name, _, revision = rest.partition("@") if scheme.lower() == "hf" else (rest, "", "")
    parts = name.split("/")
    fits = all(_SEGMENT.fullmatch(p) for p in parts) and (
        not revision or _SEGMENT.fullmatch(revision.replace("/", "_"))
    )
    if scheme.lower() == "hf" and fits and len(parts) == 2:
        return Source(HUGGING_FACE, name, revision or None, label, gated)
    if scheme.lower() == "kaggle" and fits and len(parts) in (4, 5):
        version = parts[4] if len(parts) == 5 else None
        if version is None or version.isdigit():
            return Source(KAGGLE, "/".join(parts[:4]), version, label, gated)
    raise InvalidInput("fetch_bad_handle", handle=handle)


@dataclass(frozen=True)
class CachePaths:
    """One version's folders on disk.

    Args:
        preset: the directory that ``from_preset`` takes.
        record: the file in which this package notes what it checked.
        lock: the file that one process at a time holds.
    """

    preset: Path
    record: Path
    lock: Path


def kaggle_cache() -> Path:
    """The folder that kagglehub keeps models in."""
    return cache_directory(os.environ)[0] / "models"


def hugging_face_cache() -> Path:
    """The folder that huggingface_hub keeps repositories in (its constants.py)."""
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    return Path(named).expanduser() if named else hugging_face_home() / "hub"


def cache_paths(src: Source) -> CachePaths:
    """Where one version lies; a source of a hub has to say which version (a commit at Hugging Face)."""
    if src.hub == LOCAL:
        folder = Path(src.handle)
        return CachePaths(folder, folder / f".{RECORD_NAME}.json", folder / f".{RECORD_NAME}.lock")
    root = model_folder(src)
    assert src.version
    if src.hub == KAGGLE:
        record = root / ".complete" / src.version / f"{RECORD_NAME}.json"
        return CachePaths(root / src.version, record, root / f".{RECORD_NAME}.{src.version}.lock")
    record = root / f".{RECORD_NAME}" / f"{src.version}.json"
    locks = hugging_face_cache() / ".locks" / root.name
    return CachePaths(root / "snapshots" / src.version, record, locks / f"{RECORD_NAME}.lock")


def model_folder(src: Source) -> Path:
    """The folder of all versions of a source of a hub."""
    if src.hub == KAGGLE:
        return kaggle_cache().joinpath(*src.handle.split("/"))
    return hugging_face_cache() / f"models--{src.handle.replace('/', '--')}"
