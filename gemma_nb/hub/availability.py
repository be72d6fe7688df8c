"""What a variant's download would lack, known without asking anybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from gemma_nb.catalog.hub_lookup import LENT
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.fit.warnings import KERAS_HUB
from gemma_nb.hardware.environment import package_version
from gemma_nb.hardware.network import has_route
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub import credentials, kaggle
from gemma_nb.hub.credentials import find_login
from gemma_nb.hub.fetch import check_login, fetch_configs, local_directory

_SERVICES = {"kaggle": credentials.KAGGLE, "hf": credentials.HUGGING_FACE}


def is_on_disk(variant: Variant) -> bool:
    """Whether a variant's files are on this disk, whole."""
    try:
        return (variant.handle or "").startswith("demo://") or local_directory(variant) is not None
    except (GemmaError, OSError):
        return False


def find_obstacle(variant: Variant) -> str:
    """What a download lacks here: "login", "network" or "" where nothing is known to.

    Args:
        variant: what would be downloaded.
    """
    if is_on_disk(variant):
        return ""
    if has_route() is False:
        return "network"
    service = _SERVICES.get((variant.handle or "").partition("://")[0])
    if not variant.gated or service is None or credentials.has_login(service):
        return ""
    # Colab may keep one among its secrets, which it asks its user for
    return "" if credentials.in_colab() else "login"


def check_before_download(
    variant: Variant, credentials: Any = None, *, force: bool = False
) -> None:
    """Refuses what cannot be loaded here whatever the memory: keras-hub's version, a missing login.

    Args:
        variant: what is to be loaded.
        credentials: as in ``fetch``.
        force: let an old keras-hub pass.

    Raises:
        InvalidInput: credentials that are none.
        LoadError: keras-hub is missing or too old, or a gated variant has no login.
    """
    installed = package_version("keras-hub")
    if not force and (installed is None or _numbers(installed) < _numbers(KERAS_HUB)):
        there = installed or "–"
        raise LoadError("fetch_keras_hub", name=variant.name, installed=there, version=KERAS_HUB)
    check_login(variant, credentials)


@contextmanager
def login_for_lookup(variant: Any, credentials: Any = None) -> Iterator[None]:
    """For the length of a block, lets a lookup of a handle be made with our ladder's login.

    What a handle needs is asked first, so that a missing login and missing consent are told as
    they are when it is fetched.

    Args:
        variant: what is to be looked up; anything but a handle of a hub needs nothing.
        credentials: as in ``fetch``.

    Raises:
        InvalidInput: credentials that are none, or a handle that cannot be.
        LoadError: as in ``fetch``.
    """
    scheme = str(variant).partition("://")[0].strip().lower()
    if not isinstance(variant, str) or scheme not in _SERVICES or _in_catalog(variant):
        yield
        return
    fetch_configs(variant, credentials)
    login = find_login(_SERVICES[scheme], credentials)
    token = LENT.set(login.token.reveal if login and login.token else None)
    try:
        with kaggle.kagglehub_login(login if scheme == "kaggle" else None):
            yield
    finally:
        LENT.reset(token)


def look_up_variant(variant: Any, credentials: Any, find: Callable[[Any], Variant]) -> Variant:
    """What a name, handle or directory stands for; of a handle that is on disk, without a network too.

    Args:
        variant: as in ``load``.
        credentials: as in ``fetch``.
        find: looks up.

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


def _in_catalog(handle: str) -> bool:
    return any(v.handle and v.handle.lower() == handle.strip().lower() for v in variants())


def ignore_disk_if_local(variant: Variant, runtime: Runtime) -> Runtime:
    """The runtime as it counts for a variant: its free disk is no matter once the files are there.

    Args:
        variant: what is to be loaded.
        runtime: where.
    """
    return replace(runtime, disk_free_bytes=None) if local_directory(variant) else runtime


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
