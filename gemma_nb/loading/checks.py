"""What can be known to fail before anything is downloaded, apart from memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gemma_nb.advice.guards import KERAS_HUB
from gemma_nb.errors import LoadError
from gemma_nb.hardware.place import package_version
from gemma_nb.loading.fetch import check_login, ready

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant
    from gemma_nb.hardware import Runtime


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


def on_this_disk(variant: Variant, runtime: Runtime) -> Runtime:
    """The runtime as it counts for a variant: its free disk is no matter once the files are there.

    Args:
        variant: what is to be loaded.
        runtime: where.
    """
    return replace(runtime, disk_free_bytes=None) if ready(variant) else runtime


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version."""
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
