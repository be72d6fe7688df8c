"""From a variant to a directory on disk that is whole and that ``from_preset`` takes."""

from __future__ import annotations

import os
import re
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.hub import checkpoint_files, hub_errors
from gemma_nb.hub import credentials as logins
from gemma_nb.hub.cache import CacheEntry
from gemma_nb.hub.credentials import KAGGLE, Credentials, Login
from gemma_nb.hub.download import DownloadError, download_file
from gemma_nb.hub.progress import ProgressCallback, ProgressMeter, ProgressStep, progress_callback
from gemma_nb.hub.sources import LOCAL, Source, find_source

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.hub.hugging_face import HuggingFaceRepo
    from gemma_nb.hub.kaggle import KaggleModel

_T = TypeVar("_T")
#: What stays free on the disk after a download: a notebook saves itself there too.
SPARE_BYTES = 64 * 2**20
#: Errors after which a copy on disk, if perhaps not the newest or not checked by us, is better than
#: none.
_AWAY = ("fetch_no_network", "fetch_hub_busy", "fetch_no_answer", "fetch_no_credentials")


def fetch(
    variant: str | Path | Variant,
    credentials: Any = None,
    progress: ProgressCallback | bool | None = None,
) -> Path:
    """Makes sure that a variant's files are on disk and good.

    What is there and was checked is not asked for again. Sizes and hashes are checked where the
    hub gives them; what an earlier try left is used only if it is a part of the same file.
    Nothing is unpickled and no code of a checkpoint is run or fetched.

    Args:
        variant: a ``Variant``, a name of the catalog, ``kaggle://owner/model/framework/variation``
            with or without ``/version``, ``hf://owner/model`` with or without ``@revision``, or a
            directory.
        credentials: a login as ``gemma_nb.hub.credentials.parse_credentials`` reads it; looked for when None.
        progress: a callback that is given each ``Step``; text on stderr when None, nothing when
            False.

    Returns:
        The directory.

    Raises:
        InvalidInput: neither a name nor a handle nor a directory, or credentials that are none.
        LoadError: what happened and what to do; what is good of a download is kept.
    """
    credentials = logins.parse_credentials(credentials)
    return _hide_frames(
        str(variant), lambda: _fetch(find_source(variant), credentials, progress_callback(progress))
    )


def local_directory(variant: str | Path | Variant) -> Path | None:
    """The directory of a variant that is on disk, whole and checked; None where it is not.

    Args:
        variant: as in ``fetch``. Without a version, the newest that is there.

    Raises:
        InvalidInput: as in ``fetch``.
    """
    src = find_source(variant)
    if src.hub == LOCAL:
        return Path(src.handle) if checkpoint_files.check_preset(Path(src.handle)) is None else None
    shelf = CacheEntry.newest(src)
    return shelf.preset if shelf else None


def check_login(variant: str | Path | Variant, credentials: Any = None) -> None:
    """Refuses a gated variant that is not on disk when no login for its hub is to be found.

    Args:
        variant: as in ``fetch``.
        credentials: as in ``fetch``.

    Raises:
        InvalidInput: credentials that are none.
        LoadError: where a login was looked for, where to get one, which page has the terms.
    """
    credentials = logins.parse_credentials(credentials)
    _hide_frames(str(variant), lambda: _check_login(find_source(variant), credentials))


def _check_login(src: Source, given: Credentials) -> None:
    given.check()
    if src.hub == LOCAL or not src.gated or CacheEntry.newest(src, marked=True):
        return
    if not logins.find_login(src.hub, given):
        raise hub_errors.missing_login(src)


def fetch_configs(handle: str, credentials: Any = None) -> None:
    """Fetches of a handle only the small files that say what the model is, if they are not there.

    Args:
        handle: as in ``fetch``.
        credentials: as in ``fetch``.

    Raises:
        InvalidInput: as in ``fetch``.
        LoadError: as in ``fetch``: no login, no consent, no such model.
    """
    credentials = logins.parse_credentials(credentials)
    _hide_frames(handle, lambda: _peek(find_source(handle), credentials))


def _peek(src: Source, given: Credentials) -> None:
    given.check()
    if src.hub == LOCAL or CacheEntry.newest(src):
        return
    login = logins.find_login(src.hub, given)
    if src.hub == KAGGLE and _attached(src, login):
        return
    hub, src = _at_version(src, login)
    with CacheEntry(src).held(lambda: _waiting(src, _silent)) as shelf:
        _VersionDownload(shelf, hub, src, login, _silent).begin()


def _hide_frames(name: str, call: Callable[[], _T]) -> _T:
    """Runs ``call``; an error leaves it without the frames below.

    The clients' frames hold headers with logins, which ``%xmode Verbose`` and error reporters print.
    """
    error: BaseException
    try:
        return call()
    except GemmaError as caught:
        error = caught
    except KeyboardInterrupt:
        error = KeyboardInterrupt()
    except OSError as caught:
        why = os.strerror(caught.errno) if caught.errno else type(caught).__name__
        error = LoadError("fetch_disk", name=name, why=why, file=caught.filename or "?")
    except Exception as caught:  # noqa: BLE001 - told by kind and line: its text may hold a secret
        last = traceback.extract_tb(caught.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        error = LoadError("fetch_unexpected", name=name, why=type(caught).__name__, where=where)
    error.__cause__ = error.__context__ = None
    raise error.with_traceback(None)


def _fetch(src: Source, given: Credentials, report: ProgressCallback) -> Path:
    given.check()
    if src.hub == LOCAL:
        return _local(src)
    if _pinned(src) and (shelf := CacheEntry.newest(src)):
        return shelf.preset
    try:
        return _from_hub(src, logins.find_login(src.hub, given), report)
    except LoadError as error:
        if error.message.key in _AWAY and (shelf := CacheEntry.newest(src, marked=True)):
            return shelf.preset
        raise


def _from_hub(src: Source, login: Login | None, report: ProgressCallback) -> Path:
    if src.gated and login is None:
        raise hub_errors.missing_login(src)
    if src.hub == KAGGLE and (folder := _attached(src, login)):
        return folder
    named = src.version
    hub, src = _at_version(src, login)
    with CacheEntry(src).held(lambda: _waiting(src, report)) as shelf:
        if not shelf.whole():
            _VersionDownload(shelf, hub, src, login, report).fill()
        shelf.point(named)
        return shelf.preset


def _pinned(src: Source) -> bool:
    """Whether a version says for ever what is in it: Kaggle's do, Hugging Face's commits do."""
    if src.hub == KAGGLE:
        return src.version is not None
    return bool(src.version and re.fullmatch("[0-9a-f]{40}", src.version))


def _waiting(src: Source, report: ProgressCallback) -> None:
    ProgressMeter(report, "download", src.label).note("progress_waiting", name=src.label)


def _local(src: Source) -> Path:
    folder = Path(src.handle)
    if not folder.is_dir():
        raise hub_errors.load_error("no_directory", src, folder=folder)
    if bad := checkpoint_files.check_preset(folder):
        raise hub_errors.bad_preset(src, folder, bad.name, bad.why)
    return folder


def _attached(src: Source, login: Login | None) -> Path | None:
    """What Kaggle's notebooks and Colab attach without a download."""
    from gemma_nb.hub import kaggle

    if not kaggle.can_attach():
        return None
    folder = kaggle.attach(src, login)
    if folder and (bad := checkpoint_files.check_preset(folder)):
        raise hub_errors.bad_preset(src, folder, bad.name, bad.why)
    return folder


def _at_version(src: Source, login: Login | None) -> tuple[KaggleModel | HuggingFaceRepo, Source]:
    """The hub's client, and the source at the version that is meant."""
    hub: KaggleModel | HuggingFaceRepo
    if src.hub == KAGGLE:
        from gemma_nb.hub.kaggle import KaggleModel

        hub = KaggleModel(src, login)
        version = src.version or hub.newest()
        hub.src = src.at(version)
        return hub, hub.src
    from gemma_nb.hub.hugging_face import HuggingFaceRepo

    hub = HuggingFaceRepo(src, login)
    version = hub.newest()
    return hub, Source(src.hub, src.handle, version, src.label, src.gated)


@dataclass(frozen=True)
class _VersionDownload:
    """One version that is being fetched: onto which shelf, from whom, as whom."""

    shelf: CacheEntry
    hub: KaggleModel | HuggingFaceRepo
    src: Source
    login: Login | None
    report: ProgressCallback

    def begin(self) -> dict[str, int | None]:
        """Fetches the small files that say what the model is; gives every file's size."""
        names = {
            n: size for n, size in self.hub.names().items() if checkpoint_files.is_safe_name(n)
        }
        if checkpoint_files.CONFIG not in names:
            raise hub_errors.load_error("no_preset", self.src, self.login)
        with ProgressMeter(_silent, "download", self.src.label) as meter:
            self._fetch({n: names[n] for n in checkpoint_files.config_file_names(names)}, meter)
        return names

    def fill(self) -> None:
        """Fetches what is missing; each file is in its place as soon as it is good."""
        names = self.begin()
        first = checkpoint_files.config_file_names(names)
        chosen, missing = checkpoint_files.select_files(names, self.shelf.preset)
        if missing:
            raise hub_errors.load_error("shard_missing", self.src, self.login, file=missing[0])
        rest = {n: names[n] for n in chosen if n not in first}
        self._check_room(rest)
        total = sum(size or 0 for size in rest.values())
        with ProgressMeter(self.report, "download", self.src.label, total or None) as meter:
            self._fetch(rest, meter)
        self.shelf.seal(chosen)

    def _check_room(self, sizes: dict[str, int | None]) -> None:
        left = SPARE_BYTES
        for name, size in sizes.items():
            left += max(0, (size or 0) - self.shelf.there(self.hub.remote(name, size)))
        free = shutil.disk_usage(self.shelf.standing()).free
        if left > free:
            raise hub_errors.not_enough_space(self.src, left, free, self.shelf.root)

    def _fetch(self, sizes: dict[str, int | None], meter: ProgressMeter) -> None:
        for name, size in sizes.items():
            remote = self.hub.remote(name, size)
            try:
                if self.shelf.adopt(remote):
                    meter.skip(size or 0)
                else:
                    self.shelf.put(remote, download_file(remote, self.shelf.target(remote), meter))
            except DownloadError as error:
                root = self.shelf.root
                raise hub_errors.download_failed(error, self.src, self.login, name, root) from None


def _silent(_: ProgressStep) -> None:
    """The few small files that say which others are needed are no progress to speak of."""
