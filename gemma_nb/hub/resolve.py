"""Finds once what a load needs to know of a model: variant, files and login."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from gemma_nb.arguments import flag_argument
from gemma_nb.catalog.client_errors import hide_frames
from gemma_nb.catalog.handles import parse_handle
from gemma_nb.catalog.hub_lookup import TOKEN_PROVIDER
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.unlisted import variant_from_download
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, InvalidInput, LoadError
from gemma_nb.fit.warnings import KERAS_HUB_VERSION
from gemma_nb.hardware.environment import package_version, release
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.credential_sources import find_login
from gemma_nb.hub.credentials import KAGGLE, Credentials, Login, parse_credentials
from gemma_nb.hub.fetch import (
    FALLBACK_ERRORS,
    check_login,
    complete_directory,
    downloaded_directory,
    fetch_configs,
    fetch_source,
    is_pinned,
)
from gemma_nb.hub.kaggle import kagglehub_login
from gemma_nb.hub.progress import ProgressCallback
from gemma_nb.hub.sources import Source, find_source

#: After these errors of a lookup, a model is described by its files on disk.
_FALLBACK_ERRORS = (*FALLBACK_ERRORS, "hub_unreachable", "hub_certificate", "hub_refused")


@dataclass(frozen=True)
class ResolvedModel:
    """A variant with what is known of its files; no later step looks again.

    Attributes:
        variant: the variant.
        source: the hub or the directory of its files.
        directory: the directory of its files if they are all on disk and checked, else None. Where
            the hub cannot be asked, also what its own client downloaded. Without a version it is the
            newest one on disk.
        credentials: the caller's credentials.
        base: the model that it is a LoRA adapter of; None for a whole model.
    """

    variant: Variant
    source: Source
    directory: Path | None
    credentials: Credentials
    base: ResolvedModel | None = None

    @cached_property
    def login(self) -> Login | None:
        """The login for the hub, searched for on first use; None if there is none."""
        return find_login(self.source.hub, self.credentials)

    def fit_runtime(self, runtime: Runtime) -> Runtime:
        """The runtime without its limit of disk space if the files are on disk already."""
        if self.base:  # the adapter itself is small
            return self.base.fit_runtime(runtime)
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
        if not flag_argument(force, "force") and (
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
        if self.base:
            self.base.check_before_download(force=force)

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
        directory = complete_directory(source)
        return ResolvedModel(known, source, directory, credentials, _base(known, credentials))
    source = find_source(variant)
    asked = source.hub_handle
    directory = complete_directory(source)
    try:
        found = _look_up(source, directory, credentials)
    except (InvalidInput, LoadError) as error:
        if error.message.key not in _FALLBACK_ERRORS:
            raise
        directory = directory or downloaded_directory(source)
        if directory is None:
            raise
        found = variant_from_download(directory, asked)
    found = replace(found, name=str(asked), handle=str(asked))
    source = replace(source, label=found.name, gated=found.gated)
    return ResolvedModel(found, source, directory, credentials, _base(found, credentials))


def _base(variant: Variant, credentials: Credentials) -> ResolvedModel | None:
    """The model that a variant is an adapter of; None for a whole model."""
    if variant.adapter_of is None:
        return None
    name = variant.adapter_of
    return resolve_model(name if "://" in name else Path(name), credentials)


def look_up_variant(variant: str | Path | Variant, credentials: Any = None) -> Variant:
    """The variant of a name, handle or directory; arguments and errors as in ``resolve_model``."""
    if _needs_hub(variant):
        return resolve_model(variant, credentials).variant
    return find_variant(variant)


def _needs_hub(variant: str | Path | Variant) -> bool:
    """Whether this is the handle of a hub that the catalog does not have."""
    if not isinstance(variant, str):
        return False
    handle = parse_handle(variant)
    if handle is None:
        return False
    asked = str(handle).lower()
    return not any(v.handle and v.handle.lower() == asked for v in variants())


def _look_up(source: Source, directory: Path | None, credentials: Credentials) -> Variant:
    """The variant of a source at a hub, from the files of the version that a load would fetch.

    Args:
        source: the source.
        directory: the directory of its files if they are all on disk.
        credentials: the caller's credentials.
    """
    credentials.check()
    login = find_login(source.hub, credentials)
    pinned = source
    if directory is None or not is_pinned(source):
        pinned = hide_frames(source.label, lambda: fetch_configs(source, login))
    with _lent_to_clients(source, login):
        try:
            return find_variant(str(pinned.hub_handle))
        except GemmaError as error:
            # the sentence names the handle that was asked for, without the commit it has now
            exact, asked = str(pinned.hub_handle), str(source.hub_handle)
            values = {
                name: value.replace(exact, asked) if isinstance(value, str) else value
                for name, value in error.message.values.items()
            }
            raise type(error)(error.message.key, **values) from None


@contextmanager
def _lent_to_clients(source: Source, login: Login | None) -> Iterator[None]:
    """In this block, the catalog's lookups at a hub use the caller's login."""
    token = TOKEN_PROVIDER.set(login.token.reveal if login and login.token else None)
    try:
        with kagglehub_login(login if source.hub == KAGGLE else None):
            yield
    finally:
        TOKEN_PROVIDER.reset(token)
