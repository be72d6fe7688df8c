"""What is known before a download: the files on disk, and what would make loading fail.

Memory is not looked at here; ``fit`` judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from packaging.version import Version

from gemma_nb.catalog.hub_lookup import TOKEN_PROVIDER
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.fit.warnings import KERAS_HUB_VERSION
from gemma_nb.hardware.environment import has_route, package_version
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.credential_sources import find_login, has_login, in_colab
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE
from gemma_nb.hub.fetch import check_login, fetch_configs, local_directory
from gemma_nb.hub.kaggle import kagglehub_login

#: Scheme of a handle -> service.
_SERVICES = {"kaggle": KAGGLE, "hf": HUGGING_FACE}


def is_on_disk(variant: Variant) -> bool:
    """Whether every file of a variant is on disk."""
    try:
        return (variant.handle or "").startswith("demo://") or local_directory(variant) is not None
    except (GemmaError, OSError):
        return False


def find_obstacle(variant: Variant) -> str:
    """What prevents the download of a variant here, as far as it is known without a request.

    Args:
        variant: the variant.

    Returns:
        "login", "network", or "" where no obstacle is known, or where every file is on disk.
    """
    if is_on_disk(variant):
        return ""
    if has_route() is False:
        return "network"
    service = _SERVICES.get((variant.handle or "").partition("://")[0])
    if not variant.gated or service is None or has_login(service):
        return ""
    # Colab's secrets may hold a login; Colab asks its user before it hands one over
    return "" if in_colab() else "login"


def check_before_download(
    variant: Variant, credentials: Any = None, *, force: bool = False
) -> None:
    """Raises an error if keras-hub is missing or too old, or a login is missing.

    Args:
        variant: the variant to load.
        credentials: as in ``fetch``.
        force: accept an old or a missing keras-hub.

    Raises:
        InvalidInput: malformed credentials.
        LoadError: keras-hub is missing or too old, or a gated variant has no login.
    """
    installed = package_version("keras-hub")
    if not force and (installed is None or _release(installed) < _release(KERAS_HUB_VERSION)):
        version = installed or "–"
        raise LoadError(
            "fetch_keras_hub", name=variant.name, installed=version, version=KERAS_HUB_VERSION
        )
    check_login(variant, credentials)


@contextmanager
def login_for_lookup(variant: Any, credentials: Any = None) -> Iterator[None]:
    """For the length of a block, lets the catalog's lookup of a handle use the caller's login.

    The small files that describe the model are fetched first, so that a missing login and
    unaccepted terms raise the same errors as in ``fetch``.

    Args:
        variant: the variant to look up; anything but a hub's handle needs no login.
        credentials: as in ``fetch``.

    Raises:
        InvalidInput: malformed credentials, or a malformed handle.
        LoadError: as in ``fetch``.
    """
    scheme = str(variant).partition("://")[0].strip().lower()
    if not isinstance(variant, str) or scheme not in _SERVICES or _is_in_catalog(variant):
        yield
        return
    fetch_configs(variant, credentials)
    login = find_login(_SERVICES[scheme], credentials)
    token = TOKEN_PROVIDER.set(login.token.reveal if login and login.token else None)
    try:
        with kagglehub_login(login if scheme == "kaggle" else None):
            yield
    finally:
        TOKEN_PROVIDER.reset(token)


def look_up_variant(variant: Any, credentials: Any, find: Callable[[Any], Variant]) -> Variant:
    """The variant of a name, handle or directory; a handle on disk needs no network.

    Args:
        variant: as in ``load``.
        credentials: as in ``fetch``.
        find: looks a name, handle or directory up.

    Raises:
        InvalidInput: as ``find`` and ``fetch`` do.
        LoadError: as ``find`` and ``fetch`` do.
    """
    try:
        with login_for_lookup(variant, credentials):
            return find(variant)
    except LoadError as error:
        folder = local_directory(variant) if error.message.key == "hub_unreachable" else None
        if folder is None:
            raise
    return replace(find(folder), name=str(variant).rpartition("/")[2], handle=str(variant))


def _is_in_catalog(handle: str) -> bool:
    return any(v.handle and v.handle.lower() == handle.strip().lower() for v in variants())


def ignore_disk_if_local(variant: Variant, runtime: Runtime) -> Runtime:
    """The runtime without its free disk space where the files of a variant are on disk already.

    Args:
        variant: the variant to load.
        runtime: the hardware.
    """
    return replace(runtime, disk_free_bytes=None) if local_directory(variant) else runtime


def _release(version: str) -> tuple[int, ...]:
    """The first two numbers of a version; a development version counts as its release."""
    return Version(version).release[:2]
