"""Which precision to take where nothing was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.fit.precision import PRECISIONS, Precision

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.hardware.runtime import Runtime


def auto_precision(variant: Variant, runtime: Runtime) -> Precision:  # noqa: ARG001
    """The precision of ``load(..., precision="auto")``.

    16 bit, as Google's guide says, and of the two bfloat16, also where a GPU emulates it: Gemma is
    published in it, and float16 overflows in Gemma 3 and later. On a processor float32: JAX turns
    16-bit weights into float32 copies at every step there, which took 423 MiB more for 211 MiB of
    weights and four times as long a token (two cores of an AMD EPYC, jax 0.10.2, Gemma 3 270M's
    layers, 2026-11-22).

    Args:
        variant: what is loaded; nothing hangs on it yet.
        runtime: where.
    """
    return PRECISIONS["float32" if runtime.is_processor else "bfloat16"]
