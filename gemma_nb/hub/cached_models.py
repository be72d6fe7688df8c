"""What models lie on disk, how large, where; and the way to delete one."""

from __future__ import annotations

import html
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
        handle: what ``load`` takes.
        hub: "kaggle" or "huggingface".
        path: the directory that holds it: one version at Kaggle, all revisions at Hugging Face.
        size: bytes on disk, unfinished parts included.
        whole: whether this package has checked that all of it is there.
    """

    name: str
    handle: str
    hub: str
    path: Path
    size: int
    whole: bool
    #: what else belongs to it: marks, notes, locks
    traces: tuple[Path, ...] = field(default=(), repr=False, compare=False)

    def delete(self) -> None:
        """Deletes it from the disk.

        A model that is in memory stays there. What shows that a file is complete goes first, so
        that an interrupted deletion leaves an unfinished model and no broken one.

        Raises:
            LoadError: another process is downloading it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(_lock(self), blocking=False)
        try:
            with lock:
                for trace in self.traces:
                    _remove(trace)
                _remove(self.path)
        except Timeout:
            raise LoadError("fetch_busy", name=self.name) from None
        Path(lock.lock_file).unlink(missing_ok=True)
        _prune(self.path.parent, kaggle_cache() if self.hub == KAGGLE else hugging_face_cache())

    def __str__(self) -> str:
        part = "" if self.whole else f"  ({text('cached_part')})"
        return f"{self.name}  {format_amount(self.size)}  {self.path}{part}"


class CachedModels(list[CachedModel]):
    """The models on disk, largest first; shows itself as a table."""

    def __repr__(self) -> str:
        if not self:
            places = ", ".join(str(p) for p in (kaggle_cache(), hugging_face_cache()))
            return text("cached_none", places=places)
        rows = list(self._rows())
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [
            f"{name:<{widths[0]}}  {hub:<{widths[1]}}  {size:>{widths[2]}}  {rest}"
            for name, hub, size, rest in rows
        ]
        return "\n".join([*lines, self._head()])

    __str__ = __repr__

    def _repr_html_(self) -> str:
        cells = (
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>"
            for row in self._rows()
        )
        return f"<table>{''.join(cells)}</table>{html.escape(self._head() if self else repr(self))}"

    def _head(self) -> str:
        return text("cached_head", count=len(self), total=format_amount(sum(m.size for m in self)))

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        for model in self:
            part = "" if model.whole else f" ({text('cached_part')})"
            hub = SERVICE_NAMES[model.hub]
            yield model.name, hub, format_amount(model.size), f"{model.path}{part}"

    def delete(self, name: str) -> None:
        """Deletes every entry of that name or handle.

        Args:
            name: a name or handle of the list.

        Raises:
            KeyError: nothing on disk has that name.
            LoadError: another process is downloading it.
        """
        found = [m for m in self if name in (m.name, m.handle)]
        if not found:
            raise KeyError(name)
        for model in found:
            model.delete()
            self.remove(model)


def cached() -> CachedModels:
    """The models in the caches of kagglehub and huggingface_hub, whoever downloaded them.

    Returns:
        A list that shows itself as a table; each entry has ``name``, ``handle``, ``hub``,
        ``path``, ``size`` in bytes, ``whole`` and ``delete()``.
    """
    found = [*_kaggle(), *_hugging_face()]
    return CachedModels(sorted(found, key=lambda m: (-m.size, m.name)))


def _names() -> dict[str, str]:
    from gemma_nb.catalog.registry import variants

    return {v.handle.lower(): v.name for v in variants() if v.handle}


def _kaggle() -> Iterator[CachedModel]:
    """owner/model/framework/variation/version, as kagglehub 1.0.2 lays them out."""
    root, names = kaggle_cache(), _names()
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
                whole=CacheEntry(Source(KAGGLE, short, path.name, handle)).whole(),
                traces=(
                    variation / f"{path.name}.complete",
                    variation / f"{path.name}.archive",
                    variation / ".complete" / path.name,
                ),
            )


def _hugging_face() -> Iterator[CachedModel]:
    """models--owner--name, as huggingface_hub lays them out."""
    root, names = hugging_face_cache(), _names()
    for path in sorted(root.glob("models--*")):
        owner, _, model = path.name.removeprefix("models--").partition("--")
        if not model or not path.is_dir():
            continue
        handle = f"hf://{owner}/{model}"
        yield CachedModel(
            name=names.get(handle.lower(), handle),
            handle=handle,
            hub=HUGGING_FACE,
            path=path,
            size=folder_size(path),
            whole=CacheEntry.newest(Source(HUGGING_FACE, f"{owner}/{model}", None, handle))
            is not None,
            traces=(path / f".{RECORD_NAME}", path / "refs", path / "snapshots"),
        )


def _lock(model: CachedModel) -> Path:
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


def _prune(folder: Path, top: Path) -> None:
    """Removes the folders above that a deletion left empty, up to the cache's own."""
    (folder / ".complete").rmdir() if _empty(folder / ".complete") else None
    while folder not in (top, *top.parents) and _empty(folder):
        folder.rmdir()
        folder = folder.parent


def _empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())
