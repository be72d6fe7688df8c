"""From a preset on disk, or a name KerasHub knows, to a task in memory."""

from __future__ import annotations

from typing import Any

from gemma_nb import backend
from gemma_nb.precision import Precision


def build(source: str, precision: Precision) -> tuple[Any, Any]:
    """Builds a KerasHub task and its tokenizer with their weights.

    Args:
        source: a directory, a preset's name or a handle, as ``from_preset`` takes it.
        precision: what the weights are held in.

    Returns:
        The task, without its preprocessor, and the tokenizer.

    Raises:
        BackendError: keras was imported before, with another backend.
    """
    keras_hub = backend.import_keras_hub()
    with backend.native_stderr_kept():
        tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(source)
    # without its preprocessor, which wants TensorFlow: text needs the tokenizer alone
    lm = keras_hub.models.CausalLM.from_preset(source, preprocessor=None, dtype=precision.dtype)
    if precision.quantize:
        lm.backbone.quantize(precision.quantize)
    return lm, tokenizer
