"""Which precision to take where nothing was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.precision import PRECISIONS, Precision

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant
    from gemma_nb.hardware import Runtime


def auto_precision(variant: Variant, runtime: Runtime) -> Precision:
    """The precision of ``load(..., precision="auto")``: 16-bit, as Google's guide says.

    bfloat16, also where the hardware emulates it: Gemma's weights are published in it, and float16
    overflows in Gemma 3 and later. The demo models are so small that float32, which every
    processor computes natively, costs nothing.

    Args:
        variant: what is loaded.
        runtime: where.
    """
    if variant.family == "Demo" and runtime.shares_host_memory:
        return PRECISIONS["float32"]
    return PRECISIONS["bfloat16"]
