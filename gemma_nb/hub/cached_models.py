"""Lists the models on disk, with their sizes and paths, and deletes them."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from gemma_nb.catalog.gguf_header import split_files
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.weight_files import CONFIG
from gemma_nb.errors import LoadError
from gemma_nb.hub.cache import CacheEntry
from gemma_nb.hub.checkpoint_files import folder_size
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE, SERVICE_NAMES
from gemma_nb.hub.progress import format_amount
from gemma_nb.hub.sources import (
    RECORD_NAME,
    Source,
    check_inside_cache,
    hugging_face_cache,
    kaggle_cache,
    kaggle_lock,
)
from gemma_nb.i18n import text


@dataclass(frozen=True)
class CachedModel:
    """One version of a model on disk.

    Args:
        name: the catalog's name where it has one, else the handle.
        handle: the handle that ``load`` takes, with its version at Kaggle; at Hugging Face with its
            revision (``hf://owner/model@revision``) unless that is "main".
        hub: "kaggle" or "huggingface".
        path: the directory that holds it. Of a repository with several revisions at Hugging Face
            that is its own snapshot.
        size: bytes on disk, partial files included. What two revisions share counts with the first.
        whole: whether this package has checked that every file is on disk.
        extra_paths: what else belongs to it: markers, records, references.
    """

    name: str
    handle: str
    hub: str
    path: Path
    size: int
    whole: bool
    extra_paths: tuple[Path, ...] = field(default=(), repr=False, compare=False)

    def delete(self) -> None:
        """Deletes it from the disk.

        A model that is in memory stays there. The markers of complete files are deleted first, so
        that an interrupted deletion leaves an incomplete model and not a broken one.

        Raises:
            LoadError: another process is downloading it, or links lead out of the cache.
        """
        from filelock import FileLock, Timeout

        # a link is deleted itself, so only the folder that holds it has to lie in the cache
        paths = (self.path, *self.extra_paths)
        check_inside_cache(self.hub, *(path.parent for path in paths))
        lock = FileLock(_lock_path(self), blocking=False)
        try:
            with lock:
                for path in self.extra_paths:
                    _remove(path)
                _remove(self.path)
                if self.hub == HUGGING_FACE:
                    _remove_unused_blobs(_repository(self.path))
        except Timeout:
            raise LoadError("fetch_busy", name=self.name) from None
        top = kaggle_cache() if self.hub == KAGGLE else hugging_face_cache()
        _remove_empty_parents(self.path.parent, top)

    def __str__(self) -> str:
        note = "" if self.whole else f"  ({text('cached_part')})"
        return f"{self.name}  {format_amount(self.size)}  {self.path}{note}"


class CachedModels(list[CachedModel]):
    """The models on disk, largest first; its repr is a table."""

    def __repr__(self) -> str:
        if not self:
            folders = ", ".join(str(p) for p in (kaggle_cache(), hugging_face_cache()))
            return text("cached_none", places=folders)
        rows = list(self._rows())
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [
            f"{name:<{widths[0]}}  {hub:<{widths[1]}}  {size:>{widths[2]}}  {path}"
            for name, hub, size, path in rows
        ]
        return "\n".join([*lines, self._summary()])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        cells = (
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._rows()
        )
        summary = self._summary() if self else repr(self)
        return f"<table>{''.join(cells)}</table>{html.escape(summary)}"

    def _summary(self) -> str:
        total = format_amount(sum(m.size for m in self))
        return text("cached_head", count=len(self), total=total)

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for model in self:
            where = str(model.path)
            if not model.whole:
                where = text("show_noted", value=where, note=text("cached_part"))
            yield model.name, SERVICE_NAMES[model.hub], format_amount(model.size), where

    def delete(self, name: str) -> None:
        """Deletes every entry with that name or handle.

        Args:
            name: a name or handle of the list.

        Raises:
            KeyError: no model on disk has that name.
            LoadError: another process is downloading it.
        """
        models = [m for m in self if name in (m.name, m.handle)]
        if not models:
            raise KeyError(name)
        for model in models:
            model.delete()
            self.remove(model)


def cached() -> CachedModels:
    """The models in the caches of kagglehub and huggingface_hub, whichever program downloaded them.

    Each version and each revision is an entry of its own.

    Returns:
        A list whose repr is a table; each entry has ``name``, ``handle``, ``hub``, ``path``,
        ``size`` in bytes, ``whole`` and ``delete()``.
    """
    models = [*_kaggle_models(), *_hugging_face_models()]
    return CachedModels(sorted(models, key=lambda m: (-m.size, m.name)))


def _catalog_names() -> dict[str, str]:
    """Handle in lower case -> the catalog's name."""
    return {v.handle.lower(): v.name for v in variants() if v.handle}


def _kaggle_models() -> Iterator[CachedModel]:
    """The folders owner/model/framework/variation/version: kagglehub 1.0.2's layout."""
    root, names = kaggle_cache(), _catalog_names()
    for variation in sorted(root.glob("*/*/*/*")):
        for path in sorted(variation.glob("[0-9]*")):
            if not path.is_dir() or not path.name.isdigit():
                continue
            short = variation.relative_to(root).as_posix()
            handle = f"kaggle://{short}/{path.name}"
            yield CachedModel(
                name=names.get(handle.lower(), handle),
                handle=handle,
                hub=KAGGLE,
                path=path,
                size=folder_size(path),
                whole=CacheEntry(Source(KAGGLE, short, path.name, handle)).is_complete(),
                extra_paths=(
                    variation / f"{path.name}.complete",
                    variation / f"{path.name}.archive",
                    variation / ".complete" / path.name,
                ),
            )


def _hugging_face_models() -> Iterator[CachedModel]:
    """The folders models--owner--name: huggingface_hub's layout."""
    for path in sorted(hugging_face_cache().glob("models--*")):
        owner, _, model = path.name.removeprefix("models--").partition("--")
        if model and path.is_dir():
            yield from _revisions(path, f"{owner}/{model}")


def _revisions(path: Path, repository: str) -> Iterator[CachedModel]:
    """The revisions of one repository, that of "main" first; at least one.

    Args:
        path: the repository's folder.
        repository: ``owner/model``.
    """
    refs = _refs(path)
    commits = sorted(p.name for p in path.glob("snapshots/*") if p.is_dir())
    commits.sort(key=lambda c: refs.get(c, ["~"])[0] != "main")
    is_only = len(commits) < 2
    counted: set[Path] = set()
    sizes = [_new_bytes(path / "snapshots" / commit, counted) for commit in commits]
    names = _catalog_names()
    for number, commit in enumerate(commits or [""]):
        known = refs.get(commit) or (["main"] if is_only and not refs else [commit])
        version = None if known[0] == "main" else known[0]
        src = Source(HUGGING_FACE, repository, version, "")
        snapshot = path / "snapshots" / commit
        sources = [replace(src, file=name) for name in _gguf_models(snapshot)] or [src]
        handle = str((sources[0] if len(sources) == 1 else src).hub_handle)
        # what belongs to no revision, as partial files, counts with the first
        size = folder_size(path) - sum(sizes[1:]) if number == 0 else sizes[number]
        record = path / f".{RECORD_NAME}"
        yield CachedModel(
            name=names.get(handle.lower(), handle),
            handle=handle,
            hub=HUGGING_FACE,
            path=path if is_only else snapshot,
            size=size,
            whole=bool(commit) and all(CacheEntry(s.at(commit)).is_complete() for s in sources),
            extra_paths=(record, path / "refs", path / "snapshots")
            if is_only
            else (*record.glob(f"{commit}*.json"), *(path / "refs" / name for name in known)),
        )


def _gguf_models(snapshot: Path) -> list[str]:
    """The GGUF models of a revision that is no checkpoint: their files, of split ones the first."""
    if not snapshot.is_dir() or (snapshot / CONFIG).exists():
        return []
    files = sorted(p.relative_to(snapshot).as_posix() for p in snapshot.rglob(f"*{SUFFIX}"))
    return [name for name in files if split_files(name)[0] == name]


def _refs(path: Path) -> dict[str, list[str]]:
    """Commit -> the branches and tags that point to it, "main" first, of a repository's folder."""
    refs: dict[str, list[str]] = {}
    folder = path / "refs"
    names = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    for name in sorted(names, key=lambda n: (n != "main", n)):
        commit = (folder / name).read_text(encoding="utf-8", errors="replace").strip()
        refs.setdefault(commit, []).append(name)
    return refs


def _new_bytes(snapshot: Path, counted: set[Path]) -> int:
    """The bytes of a snapshot and of the files that it links to, without those counted before."""
    linked = {p.resolve() for p in snapshot.rglob("*") if p.is_symlink()} - counted
    counted |= linked
    return folder_size(snapshot) + sum(p.stat().st_size for p in linked if p.is_file())


def _remove_unused_blobs(repository: Path) -> None:
    """Deletes the files of a repository that no revision links to; partial files stay."""
    linked = {p.resolve() for p in repository.glob("snapshots/*/**/*") if p.is_symlink()}
    for blob in repository.glob("blobs/*"):
        if re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", blob.name) and blob.resolve() not in linked:
            blob.unlink(missing_ok=True)


def _repository(path: Path) -> Path:
    """The folder of the repository of a model at Hugging Face."""
    return path.parent.parent if path.parent.name == "snapshots" else path


def _lock_path(model: CachedModel) -> Path:
    """The lock that ``fetch`` holds while it downloads."""
    if model.hub == KAGGLE:
        handle = model.path.parent.relative_to(kaggle_cache()).as_posix()
        path = kaggle_lock(handle, model.path.name)
    else:
        name = _repository(model.path).name
        path = hugging_face_cache() / ".locks" / name / f"{RECORD_NAME}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _remove_empty_parents(folder: Path, top: Path) -> None:
    """Removes the folders that a deletion left empty, from ``folder`` up to, but not, ``top``."""
    if _is_empty(folder / ".complete"):
        (folder / ".complete").rmdir()
    while folder not in (top, *top.parents) and _is_empty(folder):
        folder.rmdir()
        folder = folder.parent


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
