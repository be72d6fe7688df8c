"""Lists the models on disk, with their sizes and paths, and deletes them."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gemma_nb.catalog.registry import variants
from gemma_nb.errors import LoadError
from gemma_nb.hub.cache import CacheEntry
from gemma_nb.hub.checkpoint_files import folder_size
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE, SERVICE_NAMES
from gemma_nb.hub.progress import format_amount
from gemma_nb.hub.sources import RECORD_NAME, Source, hugging_face_cache, kaggle_cache
from gemma_nb.i18n import text


@dataclass(frozen=True)
class CachedModel:
    """One model on disk.

    Args:
        name: the catalog's name where it has one, else the handle.
        handle: the handle that ``load`` takes.
        hub: "kaggle" or "huggingface".
        path: the directory that holds it: one version at Kaggle, all revisions at Hugging Face.
        size: bytes on disk, partial files included.
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
            LoadError: another process is downloading it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(_lock_path(self), blocking=False)
        try:
            with lock:
                for path in self.extra_paths:
                    _remove(path)
                _remove(self.path)
        except Timeout:
            raise LoadError("fetch_busy", name=self.name) from None
        Path(lock.lock_file).unlink(missing_ok=True)
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
            note = "" if model.whole else f" ({text('cached_part')})"
            hub = SERVICE_NAMES[model.hub]
            yield model.name, hub, format_amount(model.size), f"{model.path}{note}"

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
    root, names = hugging_face_cache(), _catalog_names()
    for path in sorted(root.glob("models--*")):
        owner, _, model = path.name.removeprefix("models--").partition("--")
        if not model or not path.is_dir():
            continue
        handle = f"hf://{owner}/{model}"
        src = Source(HUGGING_FACE, f"{owner}/{model}", None, handle)
        yield CachedModel(
            name=names.get(handle.lower(), handle),
            handle=handle,
            hub=HUGGING_FACE,
            path=path,
            size=folder_size(path),
            whole=CacheEntry.newest(src) is not None,
            extra_paths=(path / f".{RECORD_NAME}", path / "refs", path / "snapshots"),
        )


def _lock_path(model: CachedModel) -> Path:
    """The lock that ``fetch`` holds while it downloads."""
    if model.hub == KAGGLE:
        path = model.path.parent / f".{RECORD_NAME}.{model.path.name}.lock"
    else:
        path = hugging_face_cache() / ".locks" / model.path.name / f"{RECORD_NAME}.lock"
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
