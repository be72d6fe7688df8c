"""Which variants float16 suits: it has more digits than bfloat16, and ends at 65,504."""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant
from gemma_nb.hardware.environment import release
from gemma_nb.hardware.runtime import Runtime

#: Backbones whose activations leave float16's range, and which KerasHub does not clip. Gemma 3n:
#: infinities in float16 (unsloth.ai/blog/gemma-3n, 2025-07-01). T5Gemma 2 is made from Gemma 3.
_OVERFLOWS = ("Gemma3nBackbone", "T5Gemma2Backbone")
#: Gemma 3. Its residuals reach about 800,000 (unslothai/unsloth pull request 4014, 2026-02-10); KerasHub
#: clips them in float16 (keras-hub pull request 2519, 2026-01-13; ``gemma3_decoder_block.py``), and
#: this package runs KerasHub's blocks. What the clip costs was measured on Gemma 3 270M
#: (benchmarks/quality.md). EmbeddingGemma has the same blocks and stays out: float16 gave NaN (the
#: same pull request 4014), and its model card rules float16 out.
_CLIPPED = ("Gemma3Backbone",)
#: Gemma 4. Others found its activations below about 2080, and the answers of bfloat16 (unslothai/unsloth
#: pull request 4875, 2026-04-06). Training overflows (unslothai/unsloth 5092; unslothai/unsloth-zoo
#: 600 and 866). KerasHub clips its residuals as Gemma 3's, but for what per-layer inputs add
#: (E2B, E4B). Not measured for this package: the first logit that is not finite is an error that
#: names float32 (``generation.sampling.not_a_number``).
_UNMEASURED = ("Gemma4Backbone",)
#: Gemma 1 and 2. The publisher has float16 revisions of Gemma 1 and PaliGemma; Gemma 2 9B gives
#: similar results in float16, and 27B erratic ones (huggingface.co/blog/gemma2, 2024-06-27).
_RUNS = ("GemmaBackbone", "PaliGemmaBackbone")
#: The hidden size of Gemma 2 27B and of the models made from it.
_GEMMA2_27B = 4608
#: The lowest compute capability whose GPUs compute float16 faster than float32 (Volta).
_FLOAT16_CAPABILITY = (7, 0)


def float16_state(variant: Variant) -> str:
    """Returns what is known of a variant in float16.

    Args:
        variant: the variant.

    Returns:
        "overflows" (it does not work), "clipped" (it works, KerasHub clips what is too large),
        "unmeasured" (others found that it works), "runs" (it was published for float16 too, or
        others found no difference) or "unknown".
    """
    a = variant.architecture
    if variant.family == "Demo":
        return "runs"  # the demo models' activations stay small: their tests run them in float16
    if a is None:
        return "unknown"
    embeds = variant.role == "embed" and a.backbone in _CLIPPED
    if a.backbone in _OVERFLOWS or embeds or (a.backbone in _RUNS and a.hidden_dim == _GEMMA2_27B):
        return "overflows"
    states = {"clipped": _CLIPPED, "unmeasured": _UNMEASURED, "runs": _RUNS}
    return next((name for name, kinds in states.items() if a.backbone in kinds), "unknown")


def computes_float16_only(runtime: Runtime) -> bool:
    """Returns whether a GPU computes in float16 and not in bfloat16, as a T4 does.

    Args:
        runtime: the runtime.
    """
    capability = runtime.compute_capability if runtime.kind == "gpu" else None
    if not capability or "bfloat16" in runtime.native_dtypes:
        return False
    return "float16" in runtime.native_dtypes and release(capability) >= _FLOAT16_CAPABILITY


def takes_float16(variant: Variant, runtime: Runtime) -> bool:
    """Returns whether "auto" is float16: the GPU has no bfloat16, and float16 costs the model nothing.

    A model whose residuals are clipped stays in bfloat16: the clip costs Gemma 3 270M more than int8
    does (benchmarks/quality.md).

    Args:
        variant: the variant.
        runtime: the runtime.
    """
    return computes_float16_only(runtime) and float16_state(variant) in ("runs", "unmeasured")
