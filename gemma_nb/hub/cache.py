"""One version of a model in the cache of its hub's own program, with a note of what was checked.

The layout is kagglehub's (1.0.2, cache.py) and huggingface_hub's (2.4, file_download.py), so that
KerasHub finds what lies here by a preset's name too.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gemma_nb.hub import checkpoint_files
from gemma_nb.hub.checksums import file_digest, parse_headers
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE
from gemma_nb.hub.download import PARTIAL, DownloadError, RemoteFile, write_partial_note
from gemma_nb.hub.sources import Source, cache_paths, model_folder


class CacheEntry:
    """Where one version of a source of a hub lies.

    Args:
        src: the source, with a version.
    """

    def __init__(self, src: Source) -> None:
        self._src = src
        self.root = model_folder(src)
        self._place = cache_paths(src)
        self.preset = self._place.preset
        self._notes = self._read()

    @classmethod
    def newest(cls, src: Source, *, marked: bool = False) -> CacheEntry | None:
        """The whole shelf of a source: of its version, else of the newest that is there.

        Args:
            src: the source.
            marked: take one too that another program says is complete and that looks so.
        """
        shelves = [cls(src.at(version)) for version in _versions(src)]
        whole = next((shelf for shelf in shelves if shelf.whole()), None)
        if whole or not marked:
            return whole
        return next((shelf for shelf in shelves if shelf.marked()), None)

    @contextmanager
    def held(self, waiting: Callable[[], None]) -> Iterator[CacheEntry]:
        """Holds the shelf against other processes; yields it as it then is.

        Args:
            waiting: called once where another process holds it.
        """
        from filelock import FileLock, Timeout

        self._place.lock.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._place.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
        try:
            self._notes = self._read()
            yield self
        finally:
            lock.release()

    def whole(self) -> bool:
        """Whether every file is there that was checked, at its size, and weights look like some."""
        if not self._notes.get("whole"):
            return False
        for name, note in self._notes["files"].items():
            path = self.preset / name
            try:
                if path.stat().st_size != note["size"]:
                    return False
            except OSError:
                return False
            if name.endswith((".h5", ".safetensors")) and checkpoint_files.check_file(path, name):
                return False
        return True

    def marked(self) -> bool:
        """Whether the hub's own program says that all is there, and it looks like a preset.

        Good enough where the hub cannot be asked. huggingface_hub gives a file its name when it is
        complete; kagglehub before, and marks it afterwards.
        """
        if not self.preset.is_dir() or checkpoint_files.check_preset(self.preset):
            return False
        if self._src.hub == HUGGING_FACE or (self.root / f"{self._src.version}.complete").exists():
            return True
        there = (p for p in self.preset.rglob("*") if p.is_file())
        return all(self._marker(p.relative_to(self.preset).as_posix()).exists() for p in there)

    def target(self, remote: RemoteFile) -> Path:
        """Where a file's bytes go: at Hugging Face under their hash, as its program keeps them."""
        if self._src.hub == HUGGING_FACE and remote.digest:
            return self.root / "blobs" / remote.digest[1]
        return self.preset / remote.name

    def there(self, remote: RemoteFile) -> int:
        """How many bytes of a file are on disk already, whole or in part."""
        target = self.target(remote)
        for path in (target, target.with_name(target.name + PARTIAL)):
            if path.is_file():
                return path.stat().st_size
        return 0

    def adopt(self, remote: RemoteFile) -> bool:
        """Takes over a file that is there already, if it is good; throws it away if it is not.

        It is good where our note says so, or its hash is the hub's. kagglehub leaves what it has
        of a broken download at the final name: with a hash to check it by, it is gone on with.
        """
        target, name = self.target(remote), remote.name
        if not target.is_file():
            return False
        size = target.stat().st_size
        note = self._notes["files"].get(name)
        if note and note["size"] == size and not checkpoint_files.check_file(target, name):
            self._link(remote, target)
            return True
        told = _ask(remote)
        full = told["size"] if told["size"] is not None else remote.size
        digest = told["digest"]
        if digest and full is not None and size < full and self._src.hub == KAGGLE:
            partial = target.with_name(target.name + PARTIAL)
            target.replace(partial)
            write_partial_note(partial, full, told["etag"], digest)
            return False
        good = full in (None, size) and not checkpoint_files.check_file(target, name)
        if good and digest:
            good = file_digest(target, digest[0]) == digest[1]
        elif good:
            good = self._marker(name).exists()
        if not good:
            target.unlink()
            self._marker(name).unlink(missing_ok=True)
            return False
        self.put(remote, {"size": size, "digest": list(digest) if digest else None})
        return True

    def put(self, remote: RemoteFile, checked: dict[str, Any]) -> None:
        """Notes that a file is in its place and good."""
        target = self.target(remote)
        self._link(remote, target)
        self._notes["files"][remote.name] = checked
        self._write()
        if self._src.hub == KAGGLE:
            marker = self._marker(remote.name)
            marker.parent.mkdir(parents=True, exist_ok=True)
            marker.touch()

    def seal(self, names: Collection[str]) -> None:
        """Notes that every file of the version is there."""
        self._notes = {
            "whole": True,
            "files": {n: note for n, note in self._notes["files"].items() if n in names},
        }
        self._write()

    def point(self, name: str | None) -> None:
        """Notes which commit a branch of Hugging Face's (main where None) stands for."""
        if self._src.hub != HUGGING_FACE or not self._src.version or name == self._src.version:
            return
        ref = self.root / "refs" / (name or "main")
        ref.parent.mkdir(parents=True, exist_ok=True)
        ref.write_text(self._src.version, encoding="utf-8")

    def standing(self) -> Path:
        """The nearest folder above that exists."""
        return next(p for p in (self.root, *self.root.parents) if p.is_dir())

    def _marker(self, name: str) -> Path:
        """The mark of a complete file that kagglehub looks for."""
        return self.root / ".complete" / str(self._src.version) / f"{name}.complete"

    def _link(self, remote: RemoteFile, target: Path) -> None:
        pointer = self.preset / remote.name
        if target == pointer or (pointer.exists() and pointer.samefile(target)):
            return
        pointer.parent.mkdir(parents=True, exist_ok=True)
        pointer.unlink(missing_ok=True)
        try:
            pointer.symlink_to(os.path.relpath(target, pointer.parent))
        except OSError:  # Windows without the right to make links
            shutil.copyfile(target, pointer)

    def _read(self) -> dict[str, Any]:
        try:
            notes = json.loads(self._place.record.read_text(encoding="utf-8"))
            return {"whole": bool(notes["whole"]), "files": dict(notes["files"])}
        except (OSError, ValueError, KeyError, TypeError):
            return {"whole": False, "files": {}}

    def _write(self) -> None:
        record = self._place.record
        record.parent.mkdir(parents=True, exist_ok=True)
        fresh = record.with_name(record.name + ".new")
        fresh.write_text(json.dumps(self._notes), encoding="utf-8")
        fresh.replace(record)


def _versions(src: Source) -> list[str]:
    """The versions to look at: the named one, else those that are noted, newest first."""
    if src.hub == KAGGLE:
        if src.version:
            return [src.version]
        numbers = [
            p.name for p in model_folder(src).glob("[0-9]*") if p.name.isdigit() and p.is_dir()
        ]
        return sorted(numbers, key=int, reverse=True)
    ref = model_folder(src) / "refs" / (src.version or "main")
    if ref.is_file():
        return [ref.read_text(encoding="utf-8").strip()]
    return [src.version] if src.version else []


def _ask(remote: RemoteFile) -> dict[str, Any]:
    """Size, hash and ETag of a file as the hub gives them; a request that reads no body."""
    if remote.digest:
        return {"size": remote.size, "digest": remote.digest, "etag": None}
    try:
        with remote.open({}) as response:
            if response.status_code == 200:
                return parse_headers(response.headers, whole=True)
    except OSError as error:
        raise DownloadError("cut", why=type(error).__name__, offset=0) from None
    return {"size": remote.size, "digest": None, "etag": None}
