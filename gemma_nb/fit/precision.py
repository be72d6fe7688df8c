"""The precisions in which a model can be loaded."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.fit.float16 import takes_float16
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.text_utils import closest_matches

#: Numbers that share a scale and a zero point in the kernels that ``load`` quantises to int4
#: (``keras.quantizers.Int4QuantizationConfig``'s ``block_size``). On the real Gemma 3 270M, blocks
#: of 32 keep more of the model than Keras's default of 128 (benchmarks/quality.md). A preset that
#: was saved has its own.
INT4_BLOCK = 32


@dataclass(frozen=True)
class Precision:
    """One precision, named as Keras names it.

    Args:
        name: the name: "float32", "bfloat16", "float16", "int8" or "int4".
        bits: bits of one weight, in a kernel that Keras quantises if ``quantize`` is set.
        dtype: the dtype that KerasHub gets. Everything that is not quantised has it: norms,
            activations and the KV cache.
        quantize: Keras's quantisation mode of the kernels; None without quantisation. In "int4"
            the embeddings are in int8. Only weights are rounded, never the inputs of a layer.
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


#: The precisions, from the most exact to the smallest. int8 and int4 use bfloat16 for everything
#: else: Keras's int8 refuses float16 (keras 3.15.1), and float16 overflows in some Gemmas.
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

#: The quantised precisions, in the order in which they are offered.
QUANTISED = tuple(name for name, p in PRECISIONS.items() if p.quantize)

#: The precision that holds a GGUF file's type with as few bits.
GGUF_PRECISIONS = {"Q4_0": "int4", "Q8_0": "int8"}


def precision(name: str | Precision) -> Precision:
    """Looks up a precision.

    Args:
        name: a Keras dtype name ("bfloat16", "int8", …), in any case, or a ``Precision``.

    Raises:
        InvalidInput: there is no such precision (the message names the nearest ones), or it is
            int8 with float16, which Keras refuses.
    """
    if isinstance(name, Precision):
        return name
    key = name.strip().lower() if isinstance(name, str) else ""
    if key == "int8_from_float16":
        raise InvalidInput("int8_refuses_float16")
    key = key.removesuffix("_from_bfloat16")
    if key not in PRECISIONS:
        near = closest_matches(str(shown(name)), PRECISIONS)
        values = {"name": shown(name), "near": near, "all": ", ".join(PRECISIONS)}
        raise InvalidInput("unknown_precision", **values)
    return PRECISIONS[key]


def is_native(precision: Precision, runtime: Runtime) -> bool:
    """Returns whether the hardware of a runtime computes in a precision without emulation.

    No hardware does so for int4: Keras unpacks the whole kernel at each call (keras 3.15.1,
    ``EinsumDense._int4_call``).
    """
    return precision.name in runtime.native_dtypes


def saved_precision(variant: Variant) -> str | None:
    """Returns the precision in which a preset was saved quantised; None for any other model.

    ``load`` takes no other one: the exact weights are not in the files. A preset with layers in int8
    and in int4 is an int4 one.

    Args:
        variant: the variant; its ``quantization`` is known from its config, also at a hub.
    """
    saved = variant.quantization or ()
    return next((m for m in ("int4", "int8") if any(part.startswith(m) for part in saved)), None)


def auto_precision(variant: Variant, runtime: Runtime) -> Precision:
    """Returns the precision of ``load(..., precision="auto")``.

    A preset that was saved quantised keeps its precision (``saved_precision``). A GGUF file whose
    layers are in Q4_0 or Q8_0 stays as small as it is, in int4 or int8. A file of any other type, or
    of several, is read as a 16-bit checkpoint is: in the ``unquantised_precision``. On a phone, where
    KerasHub does not run, it is int4: the models for phones have 4 bit (LiteRT-LM).

    Args:
        variant: the variant to load.
        runtime: the runtime on which it runs.
    """
    if not runtime.runs_keras:
        return PRECISIONS["int4"]
    if saved := saved_precision(variant):
        return PRECISIONS[saved]
    if variant.stored_type in GGUF_PRECISIONS:
        return PRECISIONS[GGUF_PRECISIONS[variant.stored_type]]
    return unquantised_precision(variant, runtime)


def precisions_to_try(variant: Variant, runtime: Runtime) -> tuple[str, ...]:
    """Returns the precisions to choose from, the one of "auto" first, then int8 and int4.

    Args:
        variant: the variant. A preset that was saved quantised has its own precision alone.
        runtime: the runtime on which it runs. A phone has one precision.
    """
    auto = auto_precision(variant, runtime).name
    if saved_precision(variant) or not runtime.runs_keras:
        return (auto,)
    return tuple(dict.fromkeys((auto, *QUANTISED)))


def unquantised_precision(variant: Variant, runtime: Runtime) -> Precision:
    """Returns the precision that suits a variant and a runtime where nothing is quantised.

    It is bfloat16: Google's guide recommends 16 bit, and Gemma is published in bfloat16. A GPU that
    has float16 and no bfloat16, such as a T4, takes float16 where that costs the variant nothing
    (``takes_float16``); there it emulates bfloat16 for the others.

    A processor computes in 32 bit, and converts 16-bit weights while it reads them. A token of
    Gemma 3 270M takes two thirds of float32's processor time in bfloat16, and half of its memory
    (benchmarks/processor.md); the perplexity stays the same (benchmarks/quality.md). That was
    measured for models that generate token by token. The others stay in float32 on a processor,
    and so do the demo models, whose weights are small.

    Args:
        variant: the variant to load.
        runtime: the runtime on which the model runs.
    """
    if takes_float16(variant, runtime):
        return PRECISIONS["float16"]
    if runtime.is_processor and (variant.task != "CausalLM" or variant.family == "Demo"):
        return PRECISIONS["float32"]
    return PRECISIONS["bfloat16"]
