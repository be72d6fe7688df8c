"""llama.cpp's names of a Hugging Face checkpoint's tensors, and what differs in the numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gemma_nb.catalog.gguf_format import gguf_package

#: Architectures whose norms hold 1 + w, where Hugging Face and KerasHub hold w.
SHIFTED_NORMS = ("gemma", "gemma2", "gemma3", "gemma-embedding")


@dataclass(frozen=True)
class GgufName:
    """Where a tensor of a checkpoint lies in a GGUF file.

    Args:
        name: the tensor.
        index: the index along its first axis, where several tensors are stacked (Gemma 3n's AltUp
            projections); None where it is the whole tensor.
        shift: what the file adds to the numbers.
    """

    name: str
    index: int | None = None
    shift: float = 0.0


class GgufNames:
    """Translates names of one architecture.

    Args:
        architecture: llama.cpp's name of it.
        layers: its number of layers.
    """

    def __init__(self, architecture: str, layers: int) -> None:
        gguf = gguf_package()
        kinds = {name: kind for kind, name in gguf.MODEL_ARCH_NAMES.items()}
        self._map: Any = gguf.get_tensor_name_map(kinds[architecture], layers)
        self._shift = 1.0 if architecture in SHIFTED_NORMS else 0.0

    def translate(self, name: str) -> GgufName:
        """The place of a tensor.

        Args:
            name: its name in a text-only checkpoint, as in ``NamedWeight``.

        Raises:
            KeyError: the architecture has no such tensor.
        """
        if match := re.fullmatch(r"(\d)_Dense\.linear\.weight", name):
            return GgufName(f"dense_{match[1]}.weight")
        if match := re.fullmatch(r"model\.(altup_(?:unembed_)?projections)\.(\d+)\.weight", name):
            return GgufName(f"{self._base(f'model.{match[1]}')}.weight", int(match[2]))
        if match := re.fullmatch(r"(.*)\.router\.scale", name):
            return GgufName(f"{self._base(f'{match[1]}.router.proj')}.scale")
        if match := re.fullmatch(r"(.*)\.router\.per_expert_scale", name):
            return GgufName(f"{self._base(f'{match[1]}.experts.down_proj')}.scale")
        base = self._base(name.removesuffix(".weight"))
        return GgufName(
            f"{base}.weight", shift=self._shift if name.endswith("norm.weight") else 0.0
        )

    def _base(self, name: str) -> str:
        found = self._map.get_name(name)
        if found is None:
            raise KeyError(name)
        return str(found)
