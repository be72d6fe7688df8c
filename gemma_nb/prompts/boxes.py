"""Boxes and masks in PaliGemma's replies: ``<loc0100><loc…>… label ; …``.

Four location tokens make a box, in the order y0 x0 y1 x1, in 1024ths of the image. The sixteen
segmentation tokens that may follow are the indices of a mask into a codebook.

The mask decoder turns these indices into pixels. It is the decoder of a small VQ-VAE: a 4 by 4 grid
of codes, two residual blocks, four transposed convolutions, and a mask of 64 by 64 pixels. The user
supplies its weights, ``vae-oid.npz``.

Sources: https://github.com/google-research/big_vision/blob/main/big_vision/configs/proj/paligemma/README.md
and, for the weights, https://huggingface.co/spaces/big-vision/paligemma
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput

_BOX = re.compile(
    r"\s*(?P<locations>(?:<loc\d{4}>){4})\s*(?P<mask>(?:<seg\d{3}>){16})?\s*(?P<label>[^<]*)"
)
_BINS = 1024
_CODES = 128
_GRID = 4


@dataclass(frozen=True)
class Box:
    """One object in an image.

    Args:
        label: the name of the object.
        location: y0, x0, y1, x1 as the model wrote them, from 0 to 1023.
        pixels: x0, y0, x1, y1 in pixels, or None if the size of the image is unknown.
        mask: the sixteen codebook indices (0 to 127) of the mask, or None if there is none.
    """

    label: str
    location: tuple[int, int, int, int]
    pixels: tuple[float, float, float, float] | None = None
    mask: tuple[int, ...] | None = None

    def scaled(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The box in pixels of an image.

        Args:
            width: the width of the image, in pixels.
            height: the height of the image, in pixels.

        Returns:
            x0, y0, x1, y1.
        """
        y0, x0, y1, x1 = self.location
        return x0 * width / _BINS, y0 * height / _BINS, x1 * width / _BINS, y1 * height / _BINS

    def mask_pixels(self, width: int, height: int, decoder: Any = None) -> Any:
        """The mask over the whole image.

        Args:
            width: the width of the image, in pixels.
            height: the height of the image, in pixels.
            decoder: the path of the mask decoder's weights, ``vae-oid.npz``, which this package
                does not contain.

        Returns:
            A float32 NumPy array of shape (height, width), with values from 0 to 1.

        Raises:
            InvalidInput: there is no decoder, the decoder is not usable, or the box has no mask.
        """
        return decode_mask(self.mask, self.scaled(width, height), (width, height), decoder)


def is_box_start(text: str) -> bool:
    """Whether ``text`` starts a box or a mask, or may do so when more characters follow."""
    return text[:4] in {"<loc", "<seg"} or "<loc".startswith(text) or "<seg".startswith(text)


def parse_box(text: str, image_size: tuple[int, int] | None) -> Box | None:
    """Parses a box.

    Args:
        text: the text between two semicolons of a reply.
        image_size: width and height in pixels, or None if unknown.

    Returns:
        The box, or None if ``text`` is not one.
    """
    match = _BOX.fullmatch(text)
    if not match:
        return None
    y0, x0, y1, x1 = (int(n) for n in re.findall(r"\d+", match["locations"]))
    mask = tuple(int(n) for n in re.findall(r"\d+", match["mask"])) if match["mask"] else None
    if max(y0, x0, y1, x1) >= _BINS or max(mask or (0,)) >= _CODES:
        return None
    box = Box(match["label"].strip(), (y0, x0, y1, x1), mask=mask)
    if image_size is None:
        return box
    return Box(box.label, box.location, box.scaled(*image_size), mask)


def decode_mask(
    codes: tuple[int, ...] | None,
    box: tuple[float, float, float, float],
    image_size: tuple[int, int],
    decoder: Any,
) -> Any:
    """Decodes a mask and places it in the image.

    Args:
        codes: sixteen codebook indices.
        box: x0, y0, x1, y1 in pixels, where the mask lies.
        image_size: width and height in pixels.
        decoder: the path of ``vae-oid.npz``.

    Returns:
        A float32 NumPy array of shape (height, width), with values from 0 to 1.

    Raises:
        InvalidInput: there are no codes, there is no decoder, or the file does not contain the
            decoder's weights.
    """
    if codes is None:
        raise InvalidInput("mask_none")
    if decoder is None:
        raise InvalidInput("mask_needs_decoder")
    import numpy as np

    try:
        with np.load(decoder) as weights:
            small = _decode(np, codes, weights)
    except (OSError, KeyError, ValueError) as error:
        raise InvalidInput("mask_bad_decoder", path=decoder, reason=error) from error
    width, height = image_size
    mask = np.zeros((height, width), np.float32)
    x0, x1 = (min(max(round(x), 0), width) for x in sorted((box[0], box[2])))
    y0, y1 = (min(max(round(y), 0), height) for y in sorted((box[1], box[3])))
    if x1 > x0 and y1 > y0:
        mask[y0:y1, x0:x1] = _resize(np, small, y1 - y0, x1 - x0)
    return mask


def _decode(np: Any, codes: tuple[int, ...], weights: Mapping[str, Any]) -> Any:
    """Runs the decoder: 16 codes to an array of shape (64, 64), with values from 0 to 1."""

    def conv(x: Any, name: str, pad: int = 0) -> Any:
        kernel = weights[f"{name}.weight"]  # (out, in, height, width)
        size = kernel.shape[2]
        x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
        height, width = x.shape[0] - size + 1, x.shape[1] - size + 1
        out = sum(
            x[i : i + height, j : j + width] @ kernel[:, :, i, j].T
            for i in range(size)
            for j in range(size)
        )
        return out + weights[f"{name}.bias"]

    def upsample(x: Any, name: str) -> Any:
        """Doubles height and width: a transposed convolution, kernel 4, stride 2, padding 1."""
        kernel = weights[f"{name}.weight"]  # (in, out, height, width)
        height, width = x.shape[:2]
        out = np.zeros((2 * height + 2, 2 * width + 2, kernel.shape[1]), np.float32)
        for i in range(4):
            for j in range(4):
                out[i : i + 2 * height : 2, j : j + 2 * width : 2] += x @ kernel[:, :, i, j]
        return out[1:-1, 1:-1] + weights[f"{name}.bias"]

    def residual(x: Any, name: str) -> Any:
        inner = np.maximum(conv(x, f"{name}.0", pad=1), 0)
        inner = np.maximum(conv(inner, f"{name}.2", pad=1), 0)
        return x + conv(inner, f"{name}.4")

    x = weights["_vq_vae._embedding"][list(codes)].reshape(_GRID, _GRID, -1).astype(np.float32)
    x = np.maximum(conv(x, "decoder.0"), 0)
    x = residual(residual(x, "decoder.2.net"), "decoder.3.net")
    for layer in (4, 6, 8, 10):
        x = np.maximum(upsample(x, f"decoder.{layer}"), 0)
    return np.clip(conv(x, "decoder.12")[..., 0] * 0.5 + 0.5, 0, 1)


def _resize(np: Any, image: Any, height: int, width: int) -> Any:
    """Resizes with bilinear interpolation; pixel centres are aligned."""

    def axis(size: int, new_size: int) -> tuple[Any, Any, Any]:
        at = np.clip((np.arange(new_size) + 0.5) * size / new_size - 0.5, 0, size - 1)
        low = np.floor(at).astype(int)
        return low, np.minimum(low + 1, size - 1), (at - low).astype(np.float32)

    top, bottom, down = axis(image.shape[0], height)
    left, right, across = axis(image.shape[1], width)
    rows = image[top] * (1 - down)[:, None] + image[bottom] * down[:, None]
    return rows[:, left] * (1 - across) + rows[:, right] * across
