"""Puts Keras on JAX, with memory settings that leave a GPU usable, before either is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gemma_nb.errors import BackendError
from gemma_nb.hardware.runtime import MEMORY_SETTINGS


def prepare() -> None:
    """Chooses JAX as Keras's backend and sets JAX's memory behaviour; cheap to call again.

    What the user set in the environment for JAX's memory is left as it is.

    Raises:
        BackendError: keras was imported before, with another backend.
    """
    if "keras" in sys.modules:
        import keras

        if (backend := keras.config.backend()) != "jax":
            raise BackendError("backend_fixed", backend=backend)
    else:
        os.environ["KERAS_BACKEND"] = "jax"
    # jaxlib takes the older name too, and refuses both at once
    if "jax" not in sys.modules and "XLA_PYTHON_CLIENT_MEM_FRACTION" not in os.environ:
        for name, value in MEMORY_SETTINGS.items():
            os.environ.setdefault(name, value)


def import_keras_hub() -> Any:
    """``keras_hub``, imported after ``prepare()`` and without the noise of what it imports.

    Raises:
        BackendError: as in ``prepare``.
    """
    prepare()
    with native_stderr_kept():
        import keras_hub
    return keras_hub


@contextmanager
def native_stderr_kept() -> Iterator[None]:
    """Keeps what native code writes to stderr, and shows it only where the block fails.

    KerasHub imports TensorFlow where it is installed and makes its tokenizers with it, whose C++
    parts write notes about CPU features and missing CUDA drivers there, whatever the log level.
    """
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all: nothing to keep quiet
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(kept, held.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
