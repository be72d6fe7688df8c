"""JAX's persistent compilation cache, in a directory that nobody else can write.

What is in it runs as code of this process: whoever can write there can run anything here.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from gemma_nb.errors import InvalidInput

#: Environment variable that names another directory, or is "off".
VARIABLE = "GEMMA_NB_COMPILE_CACHE"
OFF = "off"


def enable_compile_cache(directory: str | Path | None = None) -> Path | None:
    """Makes JAX keep what XLA compiles, and find it again in the next process.

    Every program is kept, however short its compile: a model's first token waits for all of them.
    A directory that the user gave to JAX itself (``JAX_COMPILATION_CACHE_DIR``) stays.

    Args:
        directory: where; "off" for no cache; None takes ``GEMMA_NB_COMPILE_CACHE``, else
            ``gemma_nb/xla`` in the user's cache directory.

    Returns:
        The directory, None where there is no cache (also where the default one cannot be made).

    Raises:
        InvalidInput: others can write to the directory, or it cannot be made.
    """
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    asked = directory or os.environ.get(VARIABLE)
    if asked and str(asked).strip().lower() == OFF:
        return None
    current: str | None = getattr(jax.config, "jax_compilation_cache_dir", None)
    if current and not asked:
        return Path(current)
    folder = _private(Path(asked).expanduser()) if asked else _default()
    if folder is None or str(folder) == current:
        return folder
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # JAX looks for its cache once, at the first compile, which may have been before
    compilation_cache.reset_cache()
    return folder


def _default() -> Path | None:
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return _private((Path(base) if base else Path.home() / ".cache") / "gemma_nb" / "xla")
    except (InvalidInput, RuntimeError):  # no home, or one that cannot be written: go without
        return None


def _private(folder: Path) -> Path:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        info = folder.stat()
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise InvalidInput("load_cache_unusable", folder=folder, why=why) from None
    owned = not hasattr(os, "getuid") or info.st_uid == os.getuid()
    if not owned or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InvalidInput("load_cache_not_private", folder=folder)
    return folder.resolve()
