"""JAX's persistent compilation cache, in a directory that no other user can write.

This process runs the programs of the cache, so whoever can write to it can run code here.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from gemma_nb.errors import InvalidInput, shown_path
from gemma_nb.files import expand_home

#: The environment variable that names the directory, or is "off".
VARIABLE = "GEMMA_NB_COMPILE_CACHE"
OFF = "off"
#: The directory that this module gave to JAX; None for none.
_own: str | None = None


def enable_compile_cache(directory: str | Path | None = None) -> Path | None:
    """Makes JAX keep compiled programs on disk for the next process.

    Programs that compile quickly are kept too, since the first token of a model waits for all of
    them. A directory that the user gave to JAX itself (``jax_compilation_cache_dir``, or
    ``JAX_COMPILATION_CACHE_DIR``) stays, with its settings, whatever is asked here.

    Args:
        directory: the directory; "off" for no cache; None takes ``GEMMA_NB_COMPILE_CACHE``, else
            ``gemma_nb/xla`` in the user's cache directory.

    Returns:
        The directory that JAX uses; None where there is no cache (also where the default cannot be
        created).

    Raises:
        InvalidInput: other users can write to the directory, or it cannot be created.
    """
    global _own
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    chosen = directory or os.environ.get(VARIABLE)
    if _is_off(chosen):
        return None
    folder = _private(expand_home(chosen)) if chosen else None
    current: str | None = getattr(jax.config, "jax_compilation_cache_dir", None)
    if current and (current != _own or not folder):
        return Path(current)
    folder = folder or _default()
    if folder is None or str(folder) == current:
        return folder
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # JAX opens its cache at the first compile, which may have happened already
    compilation_cache.reset_cache()
    _own = str(folder)
    return folder


def check_compile_cache(directory: Any) -> None:
    """Checks the directory that a caller gives, which is created, before anything is loaded.

    Args:
        directory: as in ``enable_compile_cache``.

    Raises:
        InvalidInput: as ``enable_compile_cache``, or it is no path.
    """
    if directory is None:
        return
    if not isinstance(directory, str | Path):
        raise InvalidInput("path_type", kind=type(directory).__name__)
    if directory and not _is_off(directory):
        _private(expand_home(directory))


def _is_off(directory: Any) -> bool:
    return str(directory).strip().lower() == OFF


def _default() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return _private((Path(base) if base else Path.home() / ".cache") / "gemma_nb" / "xla")
    except (
        InvalidInput,
        RuntimeError,
    ):  # no home directory, or a read-only one: work without a cache
        return None


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.stat()
    except (OSError, ValueError) as error:  # ValueError: a null character, half a character
        why = getattr(error, "strerror", None) or type(error).__name__
        raise InvalidInput("load_cache_unusable", folder=shown_path(folder), why=why) from None
    owned = not hasattr(os, "getuid") or info.st_uid == os.getuid()
    if not owned or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InvalidInput("load_cache_not_private", folder=folder)
    return folder.resolve()
