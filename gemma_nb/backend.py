"""Keras on JAX, with memory settings that leave a GPU usable, set before either is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gemma_nb.errors import BackendError
from gemma_nb.hardware.environment import home_directory
from gemma_nb.hardware.runtime import MEMORY_SETTINGS


def prepare() -> None:
    """Sets JAX as Keras's backend, and JAX's memory settings; cheap to call again.

    Memory settings that are in the environment already stay.

    Raises:
        BackendError: keras was imported earlier, with another backend.
    """
    if "keras" in sys.modules:
        import keras

        if (backend := keras.config.backend()) != "jax":
            raise BackendError("backend_fixed", backend=backend)
    else:
        os.environ["KERAS_BACKEND"] = "jax"
    # jaxlib reads the older name too, and fails where both are set
    if "jax" not in sys.modules and "XLA_PYTHON_CLIENT_MEM_FRACTION" not in os.environ:
        for name, value in MEMORY_SETTINGS.items():
            os.environ.setdefault(name, value)


def import_keras_hub() -> Any:
    """Imports ``keras_hub`` after ``prepare()``, without the log lines of what it imports.

    Returns:
        The module.

    Raises:
        BackendError: as in ``prepare``.
    """
    prepare()
    with buffered_native_stderr(), _some_home():
        import keras_hub
    return keras_hub


@contextmanager
def _some_home() -> Iterator[None]:
    """Sets HOME, where this user has no home directory, while a block imports packages.

    kagglehub, which KerasHub imports, asks for it when it is imported, and fails without one
    (kagglehub 1.0.2, config.py). The default folder of its downloads is then a temporary one.
    """
    if home_directory() is not None:
        yield
        return
    os.environ["HOME"] = tempfile.gettempdir()
    try:
        yield
    finally:
        del os.environ["HOME"]


@contextmanager
def buffered_native_stderr() -> Iterator[None]:
    """Buffers what native code writes to stderr; writes it out only where the block raises.

    KerasHub imports TensorFlow where it is installed and builds its tokenizers with it. At any log
    level TensorFlow's C++ code writes about CPU features and missing CUDA drivers to stderr.
    """
    sys.stderr.flush()
    try:
        stderr = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            buffer.seek(0)
            os.write(stderr, buffer.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
