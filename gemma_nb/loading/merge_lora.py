"""Merges a LoRA adapter into the weights of its base while they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemma_nb.catalog.checkpoint_tensors import canonical_name
from gemma_nb.catalog.hub_lookup import DirectoryFiles
from gemma_nb.catalog.lora_adapter import match_lora, read_lora
from gemma_nb.catalog.weight_files import ADAPTER_CONFIG, ADAPTER_WEIGHTS
from gemma_nb.errors import InvalidInput


class LoraMerge:
    """The matrices of an adapter, for one load.

    Args:
        directory: the adapter's directory.
        base: the directory of the model that it was made for, a Hugging Face checkpoint.

    Raises:
        InvalidInput: the adapter does not fit; the message names the field or the tensor.
    """

    def __init__(self, directory: Path, base: Path) -> None:
        files = DirectoryFiles(directory)
        settings, matrices = read_lora(files), files.adapter_tensors()
        if settings is None or matrices is None:
            file = ADAPTER_CONFIG if settings is None else ADAPTER_WEIGHTS
            raise InvalidInput("adapter_file_missing", where=str(directory), file=file)
        weights = DirectoryFiles(base).tensors()
        if weights is None:
            raise InvalidInput("adapter_base_format", where=str(directory), base=str(base))
        self._settings = settings
        self._path = directory / ADAPTER_WEIGHTS
        self._matrices = match_lora(matrices, weights, str(directory))

    def merge(self, name: str, tensor: Any) -> Any:
        """Returns a weight with the adapter's change added.

        Args:
            name: the weight's name in the base.
            tensor: a NumPy array, (out, in).

        Returns:
            A NumPy float32 array; ``tensor`` itself if the adapter does not change it.
        """
        names = self._matrices.get(canonical_name(name))
        if names is None:
            return tensor
        import numpy as np
        from safetensors import safe_open

        with safe_open(self._path, framework="np") as file:
            a, b = (file.get_tensor(one).astype(np.float32) for one in names)
        return tensor.astype(np.float32) + (self._settings.scale(a.shape[0]) * b) @ a


def find_adapter(directory: Path, base: Path | None) -> tuple[Path, LoraMerge | None]:
    """The directory of the model to load, and the adapter that is merged into it.

    Args:
        directory: a model, with or without an adapter beside it; or an adapter alone.
        base: the model that an adapter alone was made for; None if ``directory`` holds a model.

    Raises:
        InvalidInput: as ``LoraMerge``.
    """
    if base is not None:
        return base, LoraMerge(directory, base)
    if (directory / ADAPTER_CONFIG).is_file():
        return directory, LoraMerge(directory, directory)
    return directory, None
