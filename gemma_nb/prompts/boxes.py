"""Boxes and masks in PaliGemma's replies: ``<loc0100><loc…>… label ; …``.

Four location tokens make a box, in the order y0 x0 y1 x1, in 1024ths of the image; sixteen
segmentation tokens behind them are a mask's indices into a codebook.

Source: https://github.com/google-research/big_vision/blob/main/big_vision/configs/proj/paligemma/README.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gemma_nb.prompts.masks import decode_mask

_ENTRY = re.compile(
    r"\s*(?P<locations>(?:<loc\d{4}>){4})\s*(?P<mask>(?:<seg\d{3}>){16})?\s*(?P<label>[^<]*)"
)
_BINS = 1024
_CODES = 128


@dataclass(frozen=True)
class Box:
    """One object found in an image.

    ``location`` is y0, x0, y1, x1 as the model wrote it, 0 to 1023. ``pixels`` is x0, y0, x1, y1
    in pixels of the image whose size was given, None where none was. ``mask`` is the sixteen
    codebook indices (0 to 127) of its mask, None where it has none.
    """

    label: str
    location: tuple[int, int, int, int]
    pixels: tuple[float, float, float, float] | None = None
    mask: tuple[int, ...] | None = None

    def scaled(self, width: int, height: int) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 in pixels of an image of that size."""
        y0, x0, y1, x1 = self.location
        return x0 * width / _BINS, y0 * height / _BINS, x1 * width / _BINS, y1 * height / _BINS

    def mask_pixels(self, width: int, height: int, decoder: Any = None) -> Any:
        """The mask over the whole image.

        Args:
            width: the image's, in pixels.
            height: the image's, in pixels.
            decoder: path of the mask decoder's weights, ``vae-oid.npz``, which this package does
                not hold.

        Returns:
            A float32 numpy array of shape (height, width), 0 to 1.

        Raises:
            InvalidInput: no decoder, an unusable one, or a box without a mask.
        """
        return decode_mask(self.mask, self.scaled(width, height), (width, height), decoder)


def is_box_start(text: str) -> bool:
    """Whether ``text`` starts as a box or mask does, as far as it goes."""
    return text[:4] in {"<loc", "<seg"} or "<loc".startswith(text) or "<seg".startswith(text)


def parse_box(text: str, image_size: tuple[int, int] | None) -> Box | None:
    """The box written in ``text``; None where it cannot be read.

    Args:
        text: one entry of a reply, without the semicolons round it.
        image_size: width and height in pixels.
    """
    found = _ENTRY.fullmatch(text)
    if not found:
        return None
    y0, x0, y1, x1 = (int(n) for n in re.findall(r"\d+", found["locations"]))
    mask = tuple(int(n) for n in re.findall(r"\d+", found["mask"])) if found["mask"] else None
    if max(y0, x0, y1, x1) >= _BINS or max(mask or (0,)) >= _CODES:
        return None
    box = Box(found["label"].strip(), (y0, x0, y1, x1), mask=mask)
    if image_size is None:
        return box
    return Box(box.label, box.location, box.scaled(*image_size), mask)
