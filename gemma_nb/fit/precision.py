"""The number formats a model can be run in, and what each costs."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.text_utils import closest_matches


@dataclass(frozen=True)
class Precision:
    """One number format, named as Keras names it.

    ``bits`` is what a quantised (or, unquantised, any) weight takes; ``dtype`` what KerasHub is
    told and what everything stays in that is not quantised (norms, activations, the cache);
    ``quantize`` the mode for ``backbone.quantize``, None where nothing is quantised.
    """

    name: str
    bits: int
    dtype: str
    quantize: str | None = None

    @property
    def dtype_bytes(self) -> int:
        """Bytes of one number that is not quantised."""
        return 4 if self.dtype == "float32" else 2

    def __str__(self) -> str:
        return self.name


#: From the most exact to the smallest. int8 and int4 keep bfloat16 round the quantised kernels:
#: Keras's int8 refuses float16 (keras 3.15.1), and float16 overflows in Gemma 3 and later.
PRECISIONS = {
    p.name: p
    for p in (
        Precision("float32", 32, "float32"),
        Precision("bfloat16", 16, "bfloat16"),
        Precision("float16", 16, "float16"),
        Precision("int8", 8, "bfloat16", "int8"),
        Precision("int4", 4, "bfloat16", "int4"),
    )
}


def precision(name: str | Precision) -> Precision:
    """The precision of a name.

    Args:
        name: a Keras dtype name ("bfloat16", "int8", …), any case, or a ``Precision``.

    Raises:
        InvalidInput: no such precision (the nearest names are in the sentence), or int8 with
            float16, which Keras refuses.
    """
    if isinstance(name, Precision):
        return name
    wanted = name.strip().lower() if isinstance(name, str) else ""
    if wanted == "int8_from_float16":
        raise InvalidInput("int8_refuses_float16")
    wanted = wanted.removesuffix("_from_bfloat16")
    if wanted not in PRECISIONS:
        near = closest_matches(str(name), PRECISIONS)
        raise InvalidInput("unknown_precision", name=name, near=near, all=", ".join(PRECISIONS))
    return PRECISIONS[wanted]


def is_native(precision: Precision, runtime: Runtime) -> bool:
    """Whether a runtime's hardware computes in this precision itself.

    int4 is native nowhere: Keras unpacks the whole kernel at each call (keras 3.15.1,
    ``EinsumDense._int4_call``).
    """
    return precision.name in runtime.native_dtypes


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
