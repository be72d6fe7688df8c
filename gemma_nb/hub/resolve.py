"""Finds once what a load needs to know of a model: variant, files and login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gemma_nb.catalog.hub_lookup import TOKEN_PROVIDER
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import LoadError
from gemma_nb.fit.warnings import KERAS_HUB_VERSION
from gemma_nb.hardware.environment import package_version, release
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.credential_sources import find_login
from gemma_nb.hub.credentials import KAGGLE, Credentials, Login, parse_credentials
from gemma_nb.hub.fetch import (
    check_login,
    complete_directory,
    fetch_configs,
    fetch_source,
    hide_frames,
)
from gemma_nb.hub.kaggle import kagglehub_login
from gemma_nb.hub.progress import ProgressCallback
from gemma_nb.hub.sources import Source, find_source


@dataclass(frozen=True)
class ResolvedModel:
    """A variant with what is known of its files; nothing behind it looks again.

    Attributes:
        variant: the variant.
        source: the hub or the directory of its files.
        directory: the directory of its files if they are all on disk, else None. Without a version
            it is the newest one on disk.
        credentials: the caller's credentials.
    """

    variant: Variant
    source: Source
    directory: Path | None
    credentials: Credentials

    @cached_property
    def login(self) -> Login | None:
        """The login for the hub, searched for on first use; None if there is none."""
        return find_login(self.source.hub, self.credentials)

    def fit_runtime(self, runtime: Runtime) -> Runtime:
        """The runtime without its limit of disk space if the files are on disk already."""
        return replace(runtime, disk_free_bytes=None) if self.directory else runtime

    def check_before_download(self, *, force: bool = False) -> None:
        """Raises an error if keras-hub is missing or too old, or a login is missing.

        Args:
            force: accept an old or a missing keras-hub.

        Raises:
            InvalidInput: malformed credentials.
            LoadError: keras-hub is missing or too old, or a gated variant has no login.
        """
        installed = package_version("keras-hub")
        if not force and (
            installed is None or release(installed)[:2] < release(KERAS_HUB_VERSION)[:2]
        ):
            raise LoadError(
                "fetch_keras_hub",
                name=self.variant.name,
                installed=installed or "–",
                version=KERAS_HUB_VERSION,
            )
        self.credentials.check()
        if self.directory is None:
            hide_frames(self.variant.name, lambda: check_login(self.source, lambda: self.login))

    def fetch(self, progress: ProgressCallback | bool | None = None) -> Path:
        """Downloads the files that are not on disk yet; as ``gemma_nb.hub.fetch.fetch``."""
        return fetch_source(self.source, self.directory, lambda: self.login, progress)


def resolve_model(variant: str | Path | Variant, credentials: Any = None) -> ResolvedModel:
    """Finds the variant of a name, handle or directory, and whether its files are on disk.

    A handle that the catalog does not have is looked up at its hub, with the caller's login; if the
    hub cannot be reached, its files on disk are read instead.

    Args:
        variant: as in ``load``.
        credentials: as in ``gemma_nb.hub.fetch.fetch``.

    Raises:
        InvalidInput: an unknown name, a malformed handle or malformed credentials.
        LoadError: as in ``gemma_nb.hub.fetch.fetch``: no login, terms not accepted, no such model.
    """
    credentials = parse_credentials(credentials)
    if not _needs_hub(variant):
        known = find_variant(variant)
        source = find_source(known)
        return ResolvedModel(known, source, complete_directory(source), credentials)
    handle = str(variant)
    source = find_source(handle)
    directory = complete_directory(source)
    login = hide_frames(handle, lambda: _login_for_lookup(source, directory, credentials))
    try:
        with _lent_to_clients(source, login):
            found = find_variant(handle)
    except LoadError as error:
        if error.message.key != "hub_unreachable" or directory is None:
            raise
        found = replace(find_variant(directory), name=handle.rpartition("/")[2], handle=handle)
    source = replace(source, label=found.name, gated=found.gated)
    return ResolvedModel(found, source, directory, credentials)


def look_up_variant(variant: str | Path | Variant, credentials: Any = None) -> Variant:
    """The variant of a name, handle or directory; arguments and errors as in ``resolve_model``."""
    if _needs_hub(variant):
        return resolve_model(variant, credentials).variant
    return find_variant(variant)


def _needs_hub(variant: str | Path | Variant) -> bool:
    """Whether this is the handle of a hub that the catalog does not have."""
    if not isinstance(variant, str) or "://" not in variant:
        return False
    handle = variant.strip().lower()
    if handle.partition("://")[0] not in {"kaggle", "hf"}:
        return False
    return not any(v.handle and v.handle.lower() == handle for v in variants())


def _login_for_lookup(
    source: Source, directory: Path | None, credentials: Credentials
) -> Login | None:
    """The login for a lookup, after the files that describe the model were fetched with it."""
    credentials.check()
    login = find_login(source.hub, credentials)
    if directory is None:
        fetch_configs(source, login)
    return login


@contextmanager
def _lent_to_clients(source: Source, login: Login | None) -> Iterator[None]:
    """In this block, the catalog's lookups at a hub use the caller's login."""
    token = TOKEN_PROVIDER.set(login.token.reveal if login and login.token else None)
    try:
        with kagglehub_login(login if source.hub == KAGGLE else None):
            yield
    finally:
        TOKEN_PROVIDER.reset(token)
