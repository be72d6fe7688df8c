"""One version of a model in the cache of its hub's own program, with a record of what was checked.

The layout is kagglehub's (1.0.2, cache.py) and huggingface_hub's (2.4, file_download.py), so that
KerasHub finds these files by a preset's name too.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gemma_nb.catalog.gguf_header import split_files
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.files import atomic_write, read_json
from gemma_nb.hub import checkpoint_files
from gemma_nb.hub.checksums import FileInfo, file_checksum, parse_headers
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE
from gemma_nb.hub.download import (
    CheckedFile,
    DownloadError,
    RemoteFile,
)
from gemma_nb.hub.partial_note import PARTIAL, PartialNote, note_path
from gemma_nb.hub.sources import Source, cache_paths, check_inside_cache, model_folder

#: The errors of a folder that this process may not write to, or of a read-only file system.
CANNOT_WRITE = (errno.EROFS, errno.EACCES, errno.EPERM)


class CacheEntry:
    """The files of one version of a hub's source on disk.

    Args:
        src: the source, with its version.
    """

    def __init__(self, src: Source) -> None:
        self._src = src
        self.root = model_folder(src)
        self._paths = cache_paths(src)
        #: the directory that ``from_preset`` takes
        self.preset = self._paths.preset
        self._record = self._read_record()

    @classmethod
    def newest(cls, src: Source, *, accept_marked: bool = False) -> CacheEntry | None:
        """The complete entry of a source: of its version, else of the newest one on disk.

        Args:
            src: the source.
            accept_marked: accept an entry too that another program marked as complete, if its
                files look complete.

        Returns:
            The entry, or None.
        """
        entries = [cls(src.at(version)) for version in _versions(src)]
        complete = next((entry for entry in entries if entry.is_complete()), None)
        if complete or not accept_marked:
            return complete
        return next((entry for entry in entries if entry.is_marked_complete()), None)

    @property
    def model_path(self) -> Path:
        """What ``load`` reads: the directory, or the first of the GGUF files that the source means."""
        file = self._src.file
        return self.preset / split_files(file)[0] if file else self.preset

    @contextmanager
    def locked(self, on_wait: Callable[[], None]) -> Iterator[CacheEntry]:
        """Locks the entry against other processes; yields it as it is on disk then.

        Args:
            on_wait: called once where another process holds the lock.
        """
        from filelock import FileLock, Timeout

        self._paths.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._paths.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire()
        try:
            self._record = self._read_record()
            yield self
        finally:
            lock.release()

    def is_complete(self) -> bool:
        """Whether every checked file is on disk with its size, and weights have a valid header."""
        if not self._record["whole"]:
            return False
        for name, checked in self._record["files"].items():
            path = self.preset / name
            try:
                if path.stat().st_size != checked["size"]:
                    return False
            except OSError:
                return False
            is_weights = name.endswith((".h5", ".safetensors", SUFFIX))
            if is_weights and checkpoint_files.check_file(path, name):
                return False
        return True

    def is_marked_complete(self) -> bool:
        """Whether the hub's own program marked every file as complete, and the preset is valid.

        This is good enough where the hub cannot be reached. huggingface_hub gives a file its name
        when the file is complete; kagglehub gives it first, and marks the file afterwards.
        """
        if not self.preset.is_dir() or checkpoint_files.check_model(self.model_path):
            return False
        if self._src.hub == HUGGING_FACE or (self.root / f"{self._src.version}.complete").exists():
            return True
        files = (p for p in self.preset.rglob("*") if p.is_file())
        return all(self._marker(p.relative_to(self.preset).as_posix()).exists() for p in files)

    def target_path(self, remote: RemoteFile) -> Path:
        """The path of a file's bytes; in huggingface_hub's layout its name is the checksum.

        Raises:
            LoadError: links lead out of the hub's cache.
        """
        if self._src.hub == HUGGING_FACE and remote.checksum:
            return self._inside(self.root / "blobs" / remote.checksum[1])
        return self._inside(self.preset / remote.name)

    def bytes_on_disk(self, remote: RemoteFile) -> int:
        """The bytes of a file that are on disk, whether it is complete or partial."""
        target = self.target_path(remote)
        for path in (target, target.with_name(target.name + PARTIAL)):
            if path.is_file():
                return path.stat().st_size
        return 0

    def reuse_existing(self, remote: RemoteFile) -> bool:
        """Takes over a file that is on disk, if it is good; deletes it if it is not.

        It is good where our record says so, or where its checksum is the hub's. kagglehub leaves a
        broken download at the final name: where the hub gives a checksum, it becomes the partial
        file of the next download.

        Args:
            remote: the file at the hub.

        Returns:
            Whether the file is good.

        Raises:
            DownloadError: the hub could not be asked for the checksum.
        """
        target, name = self.target_path(remote), remote.name
        if not target.is_file():
            return False
        size = target.stat().st_size
        checked = self._record["files"].get(name)
        if checked and checked["size"] == size and not checkpoint_files.check_file(target, name):
            self._link(remote, target)
            return True
        info = _request_info(remote)
        full_size = info.size if info.size is not None else remote.size
        checksum = info.checksum
        is_part = full_size is not None and size < full_size
        if checksum and is_part and self._src.hub == KAGGLE:
            partial = target.with_name(target.name + PARTIAL)
            target.replace(partial)
            PartialNote(full_size, info.etag, checksum).write(partial)
            return False
        is_good = full_size in (None, size) and not checkpoint_files.check_file(target, name)
        if is_good and checksum:
            is_good = file_checksum(target, checksum[0]) == checksum[1]
        elif is_good:
            is_good = self._marker(name).exists()
        if not is_good:
            target.unlink()
            self._marker(name).unlink(missing_ok=True)
            return False
        self.record(remote, CheckedFile(size, checksum))
        return True

    def record(self, remote: RemoteFile, checked: CheckedFile) -> None:
        """Records that a file is at its path and was checked.

        Args:
            remote: the file at the hub.
            checked: the size and the checksum it was checked with.
        """
        target = self.target_path(remote)
        self._link(remote, target)
        # a process that was killed after it moved a file to its path left the note
        note_path(target.with_name(target.name + PARTIAL)).unlink(missing_ok=True)
        if self._src.hub == KAGGLE:
            # before the record: what that holds is not looked at again
            marker = self._inside(self._marker(remote.name))
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()
        checksum = list(checked.checksum) if checked.checksum else None
        self._record["files"][remote.name] = {"size": checked.size, "digest": checksum}
        self._write_record()

    def mark_complete(self, names: Collection[str]) -> None:
        """Records that the version is complete.

        Args:
            names: its files.
        """
        self._record = {
            "whole": True,
            "files": {n: checked for n, checked in self._record["files"].items() if n in names},
        }
        self._write_record()

    def write_ref(self, revision: str | None) -> None:
        """Records, in huggingface_hub's layout, which commit a revision points to.

        Nothing is written where that is known already, or where the cache cannot be written.

        Args:
            revision: the branch or tag; None for main. Nothing is written for a commit, or at Kaggle.
        """
        version = self._src.version
        if self._src.hub != HUGGING_FACE or not version or revision == version:
            return
        if read_ref(self._src, revision) == version:
            return
        ref = self._inside(self.root / "refs" / (revision or "main"))
        try:
            ref.parent.mkdir(parents=True, exist_ok=True)
            atomic_write(ref, version)
        except OSError as error:
            if error.errno not in CANNOT_WRITE:
                raise

    def existing_parent(self) -> Path:
        """The nearest folder that exists: the entry's own, or one above it."""
        return next(p for p in (self.root, *self.root.parents) if p.is_dir())

    def _inside(self, path: Path) -> Path:
        """A path that is written, and its partial file, if both lie in the cache behind all links.

        Raises:
            LoadError: they do not.
        """
        check_inside_cache(self._src.hub, path, path.with_name(path.name + PARTIAL))
        return path

    def _marker(self, name: str) -> Path:
        """Kagglehub's marker of a complete file."""
        return self.root / ".complete" / str(self._src.version) / f"{name}.complete"

    def _link(self, remote: RemoteFile, target: Path) -> None:
        """Makes the name in the preset point to the file, where the two paths differ."""
        pointer = self.preset / remote.name
        if target == pointer or (pointer.exists() and pointer.samefile(target)):
            return
        self._inside(pointer.parent)
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.unlink(missing_ok=True)
        try:
            pointer.symlink_to(os.path.relpath(target, pointer.parent))
        except OSError:  # Windows, where the user may not create links
            shutil.copyfile(target, pointer)

    def _read_record(self) -> dict[str, Any]:
        # the keys are those of the records on users' disks
        try:
            record = read_json(self._paths.record)
            return {"whole": bool(record["whole"]), "files": dict(record["files"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"whole": False, "files": {}}

    def _write_record(self) -> None:
        path = self._inside(self._paths.record)
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, json.dumps(self._record))


def _versions(src: Source) -> list[str]:
    """The versions to look at: that of the source, else those on disk, newest first."""
    if src.hub == KAGGLE:
        if src.version:
            return [src.version]
        folders = model_folder(src).glob("[0-9]*")
        numbers = [p.name for p in folders if p.name.isdigit() and p.is_dir()]
        return sorted(numbers, key=int, reverse=True)
    commit = read_ref(src, src.version)
    return [commit] if commit else [src.version] if src.version else []


def read_ref(src: Source, revision: str | None) -> str | None:
    """The commit to which a revision pointed when it was fetched last; None where unknown.

    Args:
        src: a source at Hugging Face.
        revision: the branch or tag; None for main.
    """
    try:
        ref = model_folder(src) / "refs" / (revision or "main")
        commit = ref.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return commit if re.fullmatch("[0-9a-f]{40}", commit) else None


def _request_info(remote: RemoteFile) -> FileInfo:
    """Size, checksum and ETag of a file at the hub; sends a request whose body is not read."""
    if remote.checksum:
        return FileInfo(remote.size, remote.checksum, None)
    try:
        with remote.open({}) as response:
            if response.status_code == 200:
                return parse_headers(response.headers, is_whole=True)
    except OSError as error:
        raise DownloadError("cut", why=type(error).__name__, offset=0) from None
    return FileInfo(remote.size, None, None)
