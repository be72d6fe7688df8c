"""Makes the files of a variant available in a directory, complete and ready for ``from_preset``."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.catalog.client_errors import hide_frames
from gemma_nb.catalog.gguf_header import split_files
from gemma_nb.catalog.variant import Variant
from gemma_nb.catalog.weight_files import CONFIG
from gemma_nb.errors import LoadError
from gemma_nb.hub import checkpoint_files, kaggle
from gemma_nb.hub.cache import CANNOT_WRITE, CacheEntry
from gemma_nb.hub.credential_sources import find_login
from gemma_nb.hub.credentials import KAGGLE, Login, parse_credentials
from gemma_nb.hub.download import DownloadError, RemoteFile
from gemma_nb.hub.hub_errors import (
    bad_preset,
    download_failed,
    load_error,
    missing_login,
    not_enough_space,
    read_only_cache,
)
from gemma_nb.hub.hugging_face import HuggingFaceRepo
from gemma_nb.hub.kaggle import KaggleModel
from gemma_nb.hub.parallel_download import download_files
from gemma_nb.hub.progress import ProgressCallback, ProgressMeter, ProgressStep, progress_callback
from gemma_nb.hub.sources import LOCAL, Source, find_source

#: Finds the login for a hub; it is called only where one is needed.
LoginFinder = Callable[[], Login | None]
#: Bytes that stay free on the disk after a download: a notebook saves itself there too.
SPARE_BYTES = 64 * 2**20
#: After these errors, a copy on disk is used even if it may not be the newest, or was not checked by
#: this package.
FALLBACK_ERRORS = (
    "fetch_no_network",
    "fetch_hub_busy",
    "fetch_no_answer",
    "fetch_no_credentials",
    "fetch_certificate",
    "fetch_offline",
    "fetch_read_only",
)


def fetch(
    variant: str | Path | Variant,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
) -> Path:
    """Downloads the files of a variant that are not on disk yet, and checks them.

    Files on disk that were checked before are not requested again. Sizes and checksums are
    compared where the hub gives them; a partial file of an earlier call is used only if it belongs
    to the same file. Nothing is unpickled, and no code of a checkpoint is run or downloaded.

    Args:
        variant: a ``Variant``, a name of the catalog, ``kaggle://owner/model/framework/variation``
            with or without ``/version``, ``hf://owner/model`` with or without ``@revision`` or
            ``:FILE.gguf``, a directory, or a GGUF file.
        credentials: a login as ``gemma_nb.hub.credentials.parse_credentials`` reads it; None to
            search ``gemma_nb.hub.credential_sources``.
        progress: a callback that receives each ``ProgressStep``; None for text on stderr, False
            for none.

    Returns:
        The directory; of a GGUF file its own path.

    Raises:
        InvalidInput: neither a name nor a handle nor a directory, or malformed credentials.
        LoadError: what happened and what to do; what is good of a download stays on disk.
    """
    credentials = parse_credentials(credentials)
    source = find_source(variant)
    credentials.check()
    return fetch_source(
        source, complete_directory(source), lambda: find_login(source.hub, credentials), progress
    )


def fetch_source(
    source: Source,
    directory: Path | None,
    login: LoginFinder,
    progress: ProgressCallback | bool | None = None,
) -> Path:
    """As ``fetch``, of a source whose directory on disk is known.

    Args:
        source: the source.
        directory: what ``complete_directory`` gave for it.
        login: finds the login; called only if the hub is asked.
        progress: as in ``fetch``.

    Raises:
        LoadError: as ``fetch``.
    """
    report = progress_callback(progress)
    return hide_frames(source.label, lambda: _fetch(source, directory, login, report))


def complete_directory(source: Source) -> Path | None:
    """The directory of a source whose files are all on disk and checked; else None."""
    if source.hub == LOCAL:
        path = Path(source.handle)
        return path if checkpoint_files.check_model(path) is None else None
    entry = CacheEntry.newest(source)
    return entry.model_path if entry else None


def local_directory(variant: str | Path | Variant) -> Path | None:
    """The directory of a variant whose files are all on disk; else None.

    Args:
        variant: as in ``fetch``. Without a version, the newest one on disk.

    Raises:
        InvalidInput: as in ``fetch``.
    """
    return downloaded_directory(find_source(variant))


def downloaded_directory(source: Source) -> Path | None:
    """As ``complete_directory``; also what another program downloaded and marked as complete."""
    if source.hub == LOCAL:
        return complete_directory(source)
    entry = CacheEntry.newest(source, accept_marked=True)
    return entry.model_path if entry else None


def check_login(source: Source, login: LoginFinder) -> None:
    """Raises an error if a source is gated, not on disk, and there is no login for its hub.

    Args:
        source: the source.
        login: finds the login.

    Raises:
        LoadError: where a login was looked for, where to get one, which page has the terms.
    """
    if source.hub == LOCAL or not source.gated or CacheEntry.newest(source, accept_marked=True):
        return
    if not login():
        raise missing_login(source)


def fetch_configs(source: Source, login: Login | None) -> Source:
    """Downloads only the small files that describe the model.

    Args:
        source: the source.
        login: the login for its hub.

    Returns:
        The source at the version that these files have now.

    Raises:
        LoadError: as in ``fetch``: no login, terms not accepted, no such model.
    """
    if source.hub == LOCAL or (source.hub == KAGGLE and _attached_directory(source, login)):
        return source
    repo, src = _resolve_version(source, login)
    with _locked(src, _ignore_step) as entry:
        if not entry.is_complete():
            _VersionDownload(entry, repo, src, login, _ignore_step).fetch_configs()
    return src


def _fetch(
    src: Source, directory: Path | None, login: LoginFinder, report: ProgressCallback
) -> Path:
    if src.hub == LOCAL:
        return directory or _checked_directory(src)
    if directory and is_pinned(src):
        return directory
    try:
        return _fetch_from_hub(src, login(), report)
    except LoadError as error:
        if error.message.key in FALLBACK_ERRORS and (path := downloaded_directory(src)):
            return path
        raise


def _fetch_from_hub(src: Source, login: Login | None, report: ProgressCallback) -> Path:
    if src.gated and login is None:
        raise missing_login(src)
    if src.hub == KAGGLE and (folder := _attached_directory(src, login)):
        return folder
    revision = src.version
    repo, src = _resolve_version(src, login)
    with _locked(src, report) as entry:
        if not entry.is_complete():
            _VersionDownload(entry, repo, src, login, report).fetch_all()
        entry.write_ref(revision)
        return entry.model_path


@contextmanager
def _locked(src: Source, report: ProgressCallback) -> Iterator[CacheEntry]:
    """The cache entry of a version, locked against other processes unless it is complete.

    A complete one needs no lock, which a read-only cache could not hold.

    Raises:
        LoadError: the cache cannot be written.
    """
    entry = CacheEntry(src)
    try:
        if entry.is_complete():
            yield entry
        else:
            with entry.locked(lambda: _report_waiting(src, report)):
                yield entry
    except OSError as error:
        if error.errno not in CANNOT_WRITE:
            raise
        raise read_only_cache(src, error, entry.root) from None


def is_pinned(src: Source) -> bool:
    """Whether the version can never change: a number at Kaggle, a commit at Hugging Face."""
    if src.hub == KAGGLE:
        return src.version is not None
    return bool(src.version and re.fullmatch("[0-9a-f]{40}", src.version))


def _report_waiting(src: Source, report: ProgressCallback) -> None:
    ProgressMeter(report, "download", src.label).note("progress_waiting", name=src.label)


def _checked_directory(src: Source) -> Path:
    folder = Path(src.handle)
    if not folder.exists():
        raise load_error("no_directory", src, folder=folder)
    if problem := checkpoint_files.check_model(folder):
        raise bad_preset(src, folder, problem.name, problem.why)
    return folder


def _attached_directory(src: Source, login: Login | None) -> Path | None:
    """The directory that a Kaggle notebook or Colab attaches without a download, else None."""
    if not kaggle.can_attach():
        return None
    folder = kaggle.attach(src, login)
    if folder and (problem := checkpoint_files.check_preset(folder)):
        raise bad_preset(src, folder, problem.name, problem.why)
    return folder


def _resolve_version(
    src: Source, login: Login | None
) -> tuple[KaggleModel | HuggingFaceRepo, Source]:
    """The hub's client, and the source at the version that is to be downloaded."""
    if src.hub == KAGGLE:
        model = KaggleModel(src, login)
        model.src = src.at(src.version or model.newest_version())
        return model, model.src
    repo = HuggingFaceRepo(src, login)
    return repo, src.at(repo.newest_version())


@dataclass(frozen=True)
class _VersionDownload:
    """The download of one version.

    Args:
        entry: where it goes; locked.
        repo: the hub's client.
        src: the source, at the version.
        login: the login that the client sends.
        report: receives the progress.
    """

    entry: CacheEntry
    repo: KaggleModel | HuggingFaceRepo
    src: Source
    login: Login | None
    report: ProgressCallback

    def fetch_configs(self) -> dict[str, int | None]:
        """Fetches the small files that describe the model; returns the size of every file."""
        sizes = self.repo.list_files()
        if self.src.file:  # its header describes the model
            self._gguf_files(sizes)
            return sizes
        if CONFIG not in sizes and not checkpoint_files.is_adapter(sizes):
            raise load_error("no_preset", self.src, self.login)
        configs = checkpoint_files.config_file_names(sizes)
        with ProgressMeter(_ignore_step, "download", self.src.label) as meter:
            self._fetch_files({name: sizes[name] for name in configs}, meter)
        return sizes

    def fetch_all(self) -> None:
        """Fetches the files that are missing; each is at its path as soon as it is checked."""
        sizes = self.fetch_configs()
        configs = [] if self.src.file else checkpoint_files.config_file_names(sizes)
        names = self._gguf_files(sizes) if self.src.file else self._preset_files(sizes)
        rest = {name: sizes[name] for name in names if name not in configs}
        self._check_space(rest)
        total = sum(size or 0 for size in rest.values())
        with ProgressMeter(self.report, "download", self.src.label, total or None) as meter:
            self._fetch_files(rest, meter)
        self.entry.mark_complete(names)

    def _preset_files(self, sizes: dict[str, int | None]) -> list[str]:
        """The files of a checkpoint, of every file at the hub."""
        names, missing = checkpoint_files.select_files(sizes, self.entry.preset)
        if missing:
            raise load_error("shard_missing", self.src, self.login, file=missing[0])
        return names

    def _gguf_files(self, sizes: dict[str, int | None]) -> list[str]:
        """The files of the GGUF model that the source means."""
        names = split_files(self.src.file or "")
        if missing := [name for name in names if name not in sizes]:
            raise load_error("shard_missing", self.src, self.login, file=missing[0])
        return names

    def _check_space(self, sizes: dict[str, int | None]) -> None:
        needed = SPARE_BYTES
        for name, size in sizes.items():
            on_disk = self.entry.bytes_on_disk(self.repo.remote_file(name, size))
            needed += max(0, (size or 0) - on_disk)
        free = shutil.disk_usage(self.entry.existing_parent()).free
        if needed > free:
            raise not_enough_space(self.src, needed, free, self.entry.root)

    def _fetch_files(self, sizes: dict[str, int | None], meter: ProgressMeter) -> None:
        remaining = [self.repo.remote_file(name, size) for name, size in sizes.items()]
        while remaining:
            missing: dict[Path, RemoteFile] = {}
            later = []
            for remote in remaining:
                target = self.entry.target_path(remote)
                if target in missing:
                    later.append(remote)  # two names of the same bytes, at Hugging Face
                elif self._reuse_existing(remote):
                    meter.skip(remote.size or 0)
                else:
                    missing[target] = remote
            try:
                download_files(missing, meter, self.entry.record)
            except DownloadError as error:
                raise self._load_error(error, error.file) from None
            remaining = later

    def _reuse_existing(self, remote: RemoteFile) -> bool:
        try:
            return self.entry.reuse_existing(remote)
        except DownloadError as error:
            raise self._load_error(error, remote.name) from None

    def _load_error(self, error: DownloadError, name: str) -> LoadError:
        return download_failed(error, self.src, self.login, name, self.entry.root)


def _ignore_step(_: ProgressStep) -> None:
    """The files that describe the model are too small for a progress report."""
