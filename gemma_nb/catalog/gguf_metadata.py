"""The key-value pairs of a GGUF file's architecture, and what of a file is refused by its name."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from gemma_nb.catalog.gguf_format import gguf_package, printable
from gemma_nb.catalog.gguf_header import GgufModel
from gemma_nb.errors import InvalidInput, LoadError

#: llama.cpp's names of the architectures that are read. That of an mmproj file is "clip".
ARCHITECTURES = ("gemma", "gemma2", "gemma3", "gemma3n", "gemma4", "gemma-embedding")
#: Keys that do not change what the model computes.
_WITHOUT_EFFECT = frozenset(
    ("context_length", "vocab_size", "attention.value_length", "attention.value_length_swa")
)


class GgufMetadata:
    """The pairs of one architecture; what was not asked for in the end is not known here."""

    def __init__(self, model: GgufModel) -> None:
        self.model = model
        self.name = architecture_name(model)
        self._asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        """A value of the architecture, or the default."""
        self._asked.add(key)
        return self.model.metadata.get(f"{self.name}.{key}", default)

    def count(self, key: str, default: int | None = None) -> int:
        """A positive whole number."""
        value = self.get(key, default)
        if type(value) is not int or value < 1:
            raise self.refusal(key, value)
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number."""
        value = self.get(key, default)
        if type(value) not in (int, float):
            raise self.refusal(key, value)
        return float(value)

    def per_layer(self, key: str, layers: int, default: Any = None) -> list[Any]:
        """A value of each layer, which the file states once where all are equal."""
        value = self.get(key, default)
        values = value if isinstance(value, list) else [value] * layers
        if len(values) < layers or None in values:
            raise self.refusal(key, value)
        return values[:layers]

    def expect(self, key: str, *allowed: Any) -> None:
        """Refuses a value that KerasHub has no argument for."""
        value = self.get(key, allowed[0])
        if value not in allowed:
            raise self.refusal(key, value)

    def refusal(self, key: str, value: Any) -> InvalidInput | LoadError:
        """The error for a key that is missing, or whose value cannot be held."""
        field = f"{self.name}.{key}"
        if value is None:
            return LoadError("gguf_field_missing", where=self.model.where, field=field)
        shown = printable(str(value))
        return InvalidInput("gguf_field", where=self.model.where, field=field, value=shown)

    def check_all_known(self) -> None:
        """Refuses a key of the architecture that nothing read."""
        prefix = f"{self.name}."
        for key, value in self.model.metadata.items():
            short = key.removeprefix(prefix)
            if key.startswith(prefix) and short not in self._asked | _WITHOUT_EFFECT:
                raise self.refusal(printable(short), value)


def architecture_name(model: GgufModel) -> str:
    """llama.cpp's name of a file's architecture, one of ``ARCHITECTURES``.

    Raises:
        InvalidInput: it is another one; of an mmproj file the message says what it is.
    """
    name = model.metadata.get("general.architecture")
    if name == "clip" or model.metadata.get("general.type") == "mmproj":
        raise InvalidInput("gguf_is_mmproj", where=model.where)
    if name not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise InvalidInput(
            "gguf_architecture", where=model.where, name=printable(str(name)), known=known
        )
    return str(name)


def check_tensors(data: GgufMetadata, layers: int) -> None:
    """Refuses a tensor that the architecture does not have, and an untied output matrix.

    Args:
        data: the pairs of the file's architecture.
        layers: the number of layers.

    Raises:
        InvalidInput: there is such a tensor, or one of a type that the package gguf cannot unpack.
    """
    gguf = gguf_package()
    architecture = next(a for a, name in gguf.MODEL_ARCH_NAMES.items() if name == data.name)
    known = {gguf.TENSOR_NAMES[kind] for kind in gguf.MODEL_TENSORS[architecture]} - {"output"}
    if data.name == "gemma4":  # the router's and the experts' scales, and experts in two tensors
        known |= {"blk.{bid}.ffn_gate_exps", "blk.{bid}.ffn_up_exps"}
    for name in data.model.tensors:
        match = re.fullmatch(r"(?:blk\.(\d+)\.)?(\w+)\.(weight|scale)", name)
        block = "blk.{bid}." if match and match[1] else ""
        is_scale = match is not None and match[3] == "scale"
        if (
            match is None
            or f"{block}{match[2]}" not in known
            or (match[1] and int(match[1]) >= layers)
            or (
                is_scale
                and (data.name != "gemma4" or match[2] not in ("ffn_gate_inp", "ffn_down_exps"))
            )
        ):
            raise InvalidInput("gguf_tensor", where=data.model.where, name=printable(name))
    for tensor in data.model.tensors.values():
        if tensor.type not in _unpackable():
            raise InvalidInput("gguf_type", where=data.model.where, kind=tensor.type)


@cache
def _unpackable() -> frozenset[str]:
    """The names of the tensor types that ``gguf.dequantize`` reads."""
    import numpy as np

    gguf = gguf_package()
    names = set()
    for kind, (_, size) in gguf.GGML_QUANT_SIZES.items():
        try:
            gguf.quants.dequantize(np.zeros((1, size), np.uint8), kind)
            names.add(kind.name)
        except NotImplementedError:
            pass
    return frozenset(names)
