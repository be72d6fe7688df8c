"""Keras on JAX, with memory settings that leave a GPU usable, set before either is imported."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    with buffered_native_stderr(), _some_home(), _importable_without_docstrings():
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
def _importable_without_docstrings() -> Iterator[None]:
    """Under ``python -OO``, hides tensorflow_text, which formats its docstrings when it is imported.

    KerasHub uses it where it can be imported; ``gemma_nb`` needs no part of it.
    """
    name = "tensorflow_text"
    if sys.flags.optimize < 2 or name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # an import of it raises ImportError
    try:
        yield
    finally:
        sys.modules.pop(name, None)


@contextmanager
def buffered_native_stderr() -> Iterator[None]:
    """Buffers what native code writes to stderr; writes it out only where the block raises.

    KerasHub imports TensorFlow where it is installed and builds its tokenizers with it. At any log
    level TensorFlow's C++ code writes about CPU features and missing CUDA drivers to stderr.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # the process has no stderr
        yield
        return
    _flush_stderr()
    with tempfile.TemporaryFile() as buffer:
        os.dup2(buffer.fileno(), 2)
        try:
            yield
        except BaseException:
            buffer.seek(0)
            os.write(stderr, buffer.read())
            raise
        finally:
            _flush_stderr()
            os.dup2(stderr, 2)
            os.close(stderr)


def _flush_stderr() -> None:
    if sys.stderr is not None:  # it was closed when the process began
        with suppress(OSError, ValueError):  # its reader is gone; the program closed it
            sys.stderr.flush()
