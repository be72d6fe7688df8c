"""Where a variant's files come from, and where the hubs' own programs keep them on disk."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

from gemma_nb.catalog.handles import SUFFIX, Handle, parse_handle
from gemma_nb.catalog.registry import demo_directory, existing_gguf, listed_variant
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.files import expand_home
from gemma_nb.hardware.environment import cache_directory
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE

LOCAL = "local"

#: The name of this package's records in the caches: sizes and hashes of checked files, and locks.
RECORD_NAME = "gemma_nb"


@dataclass(frozen=True)
class Source:
    """Where files come from.

    Args:
        hub: "kaggle", "huggingface" or "local".
        handle: without its scheme: ``owner/model/framework/variation``, ``owner/model``, or a path.
        version: Kaggle's version number, or Hugging Face's revision; None for the newest.
        label: the name that messages use.
        gated: whether the hub requires accepted terms, as far as the catalog knows.
        file: the GGUF file of a Hugging Face repository that is meant; None for a whole checkpoint.
    """

    hub: str
    handle: str
    version: str | None
    label: str
    gated: bool = False
    file: str | None = None

    @property
    def page(self) -> str:
        """The web page on which a user accepts its terms."""
        if self.hub == HUGGING_FACE:
            return f"https://huggingface.co/{self.handle}"
        owner, model = self.handle.split("/")[:2]
        return f"https://www.kaggle.com/models/{owner}/{model}"

    @property
    def hub_handle(self) -> Handle:
        """The handle of a hub's source."""
        scheme = "hf" if self.hub == HUGGING_FACE else "kaggle"
        return Handle(scheme, self.handle, self.version, self.file)

    def at(self, version: str) -> Source:
        """The same source at another version."""
        return replace(self, version=version)


def find_source(variant: str | Path | Variant) -> Source:
    """Resolves a variant, a handle or a directory to the source of its files.

    Args:
        variant: a ``Variant``; a handle ``kaggle://owner/model/framework/variation[/version]`` or
            ``hf://owner/model[@revision][:FILE.gguf]``, as ``parse_handle`` reads it; a catalog
            name, which wins over a directory of that name; a directory; or a GGUF file.

    Raises:
        InvalidInput: a malformed handle, or neither a name nor a directory nor a file.
    """
    label, gated = str(variant), False
    if isinstance(variant, str | Path):
        handle = str(variant).strip()
        if "://" not in handle:
            variant = listed_variant(variant) or variant
    if isinstance(variant, str | Path):
        is_path = expand_home(handle).is_dir() or handle.lower().endswith(SUFFIX)
        if "://" not in handle and not is_path:
            variant = find_variant(variant)
    if not isinstance(variant, str | Path):
        label, gated = variant.name, variant.gated
        handle = variant.handle or variant.name
    scheme, separator, rest = handle.partition("://")
    if not separator:
        path = expand_home(handle)
        if not path.is_dir() and handle.lower().endswith(SUFFIX):
            path = existing_gguf(handle)
        return Source(LOCAL, str(path), None, label)
    if scheme.lower() == "demo":
        return Source(LOCAL, str(demo_directory(rest)), None, label)
    if parsed := parse_handle(handle):
        hub = HUGGING_FACE if parsed.scheme == "hf" else KAGGLE
        return Source(hub, parsed.path, parsed.version, label, gated, parsed.file)
    raise InvalidInput("fetch_bad_handle", handle=handle)


@dataclass(frozen=True)
class CachePaths:
    """The paths of one version on disk.

    Args:
        preset: the directory that ``from_preset`` takes.
        record: the JSON file in which this package records the files it has checked.
        lock: the lock file; the process that downloads holds it.
    """

    preset: Path
    record: Path
    lock: Path


def kaggle_cache() -> Path:
    """The folder that kagglehub keeps models in."""
    return cache_directory(os.environ) / "models"


def hugging_face_cache() -> Path:
    """The folder that huggingface_hub keeps repositories in.

    huggingface_hub reads ``HF_HUB_CACHE``, ``HF_HOME`` and ``XDG_CACHE_HOME`` when it is imported;
    KerasHub and this package then use the same folder.

    Raises:
        InvalidInput: there is no home directory to hold it.
    """
    from huggingface_hub import constants

    # huggingface_hub leaves the ~ of a home directory that it does not find
    if constants.HF_HUB_CACHE.startswith("~"):
        raise InvalidInput("no_home", variable="HF_HOME")
    return Path(constants.HF_HUB_CACHE)


def check_inside_cache(hub: str, *paths: Path) -> None:
    """Checks that paths lie in the cache of a hub, after the links in them are followed.

    Args:
        hub: ``KAGGLE`` or ``HUGGING_FACE``.
        *paths: what is written or deleted; it need not exist.

    Raises:
        LoadError: one does not. Nothing of this package makes such a link.
    """
    cache = kaggle_cache() if hub == KAGGLE else hugging_face_cache()
    for path in paths:
        if not path.resolve().is_relative_to(cache.resolve()):
            raise LoadError("fetch_outside_cache", path=path, cache=cache)


def cache_paths(src: Source) -> CachePaths:
    """The paths of one version.

    Args:
        src: a directory, or a hub's source with its version (at Hugging Face a commit).
    """
    if src.hub == LOCAL:
        folder = Path(src.handle)
        return CachePaths(folder, folder / f".{RECORD_NAME}.json", folder / f".{RECORD_NAME}.lock")
    root = model_folder(src)
    assert src.version
    # each GGUF file of a repository is complete for itself
    of_file = "." + src.file.replace("/", "--") if src.file else ""
    if src.hub == KAGGLE:
        record = root / ".complete" / src.version / f"{RECORD_NAME}.json"
        return CachePaths(root / src.version, record, kaggle_lock(src.handle, src.version))
    record = root / f".{RECORD_NAME}" / f"{src.version}{of_file}.json"
    locks = hugging_face_cache() / ".locks" / root.name
    return CachePaths(root / "snapshots" / src.version, record, locks / f"{RECORD_NAME}.lock")


def kaggle_lock(handle: str, version: str) -> Path:
    """The lock of a version at Kaggle: outside its folder, because it stays when that is deleted.

    A lock that is unlinked while another process waits for it no longer keeps a third one out.

    Args:
        handle: ``owner/model/framework/variation``.
        version: the version number.
    """
    digest = hashlib.sha256(f"{handle}/{version}".encode()).hexdigest()[:16]
    return cache_directory(os.environ) / ".locks" / f"{RECORD_NAME}-{digest}.lock"


def model_folder(src: Source) -> Path:
    """The folder that holds every version of a hub's source."""
    if src.hub == KAGGLE:
        return kaggle_cache().joinpath(*src.handle.split("/"))
    from huggingface_hub import constants

    # huggingface_hub's repo_folder_name, whose module takes long to import
    name = constants.REPO_ID_SEPARATOR.join(["models", *src.handle.split("/")])
    return hugging_face_cache() / name
