"""Puts Keras on JAX, with memory settings that leave a GPU usable, before either is imported."""

from __future__ import annotations

import os
import sys

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
    if "jax" not in sys.modules:
        for name, value in MEMORY_SETTINGS.items():
            os.environ.setdefault(name, value)
    # KerasHub imports TensorFlow where it is installed, which talks on stderr about CPU features
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
