"""Reads the tensors of a safetensors file from its header, which is a stranger's JSON."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from gemma_nb.catalog.config_bounds import MAX_COUNT, MAX_NAME
from gemma_nb.errors import InvalidInput
from gemma_nb.files import parse_json

#: The format limits the JSON of a header to this many bytes.
HEADER_LIMIT = 100_000_000
#: The most axes of a tensor; a checkpoint has no more than five.
_MAX_RANK = 32


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a safetensors header.

    Args:
        dtype: the dtype as the format names it, "BF16" for instance.
        elements: the number of elements.
        shape: its shape.
    """

    dtype: str
    elements: int
    shape: tuple[int, ...] = ()


def read_safetensors_header(path: Path) -> dict[str, TensorInfo]:
    """Reads the tensors of one safetensors file from its header.

    The file starts with the length of the header (8 bytes, little-endian). The header follows: a
    JSON object that maps each tensor to its dtype, shape and offsets (huggingface/safetensors,
    README, "Format").

    Raises:
        InvalidInput: the file is truncated or not a safetensors file.
    """
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else HEADER_LIMIT + 1
        raw = file.read(length) if length <= HEADER_LIMIT else b""
    return parse_header(raw, path)


def parse_header(raw: bytes, where: object) -> dict[str, TensorInfo]:
    """The tensors of the JSON of a header.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return {
            name: _tensor_info(entry["dtype"], entry["shape"])
            for name, entry in parse_json(raw).items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise InvalidInput("not_safetensors", path=where) from None


def tensor_infos(file: Any) -> dict[str, TensorInfo]:
    """The tensors of one file, as huggingface_hub's client read its header.

    Raises:
        ValueError: a tensor can have no such dtype or shape.
    """
    return {name: _tensor_info(tensor.dtype, tensor.shape) for name, tensor in file.tensors.items()}


def _tensor_info(dtype: Any, shape: Any) -> TensorInfo:
    """The tensor that a header describes.

    Raises:
        ValueError: the dtype is no name, or the shape no list of a few sizes.
    """
    if not isinstance(dtype, str) or len(dtype) > MAX_NAME:
        raise ValueError("dtype")
    if not isinstance(shape, list | tuple) or len(shape) > _MAX_RANK:
        raise ValueError("shape")
    if not all(type(size) is int and 0 <= size <= MAX_COUNT for size in shape):
        raise ValueError("shape")
    return TensorInfo(dtype, prod(shape), tuple(shape))
