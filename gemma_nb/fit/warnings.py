"""Warnings about a choice that do not depend on its size, each with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gemma_nb.catalog.variant import licence_name
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.float16 import computes_float16_only, float16_state, takes_float16
from gemma_nb.fit.precision import PRECISIONS, unquantised_precision
from gemma_nb.hardware.environment import release
from gemma_nb.hardware.runtime import MEMORY_FRACTION
from gemma_nb.i18n import Message

#: The keras-hub release that this package is written for and tested with.
KERAS_HUB_VERSION = "0.32"

#: The lowest compute capability of JAX's wheels for CUDA 13; those for CUDA 12 take 5.2 or newer
#: (jax, docs/installation.md, 2026-08-08).
CUDA13_CAPABILITY = (7, 5)

#: What ``float16_state`` returns where a warning is due.
_FLOAT16_WARNINGS = ("overflows", "clipped", "unmeasured")

#: Families that KerasHub loads and ``gemma_nb.generation`` does not run. Harrier's prompts and its
#: pooling differ from EmbeddingGemma's.
NOT_RUN = ("Harrier",)

#: Parameters below which int4 gets a warning of its own: what 4 bit cost Gemma 3 270M was measured
#: (benchmarks/quality.md), and larger models lose less.
INT4_SMALL = 1.5e9

#: Tasks in which the model answers a question, which a pretrained variant does not do.
_ANSWERING_TASKS = ("chat", "image", "audio", "medical", "statistics")


@dataclass(frozen=True)
class FitWarning:
    """One warning about a choice.

    Args:
        key: its name; ``guard_<key>`` is its sentence in ``gemma_nb.i18n``.
        message: the sentence with the reason.
        blocks: whether the warning rules the choice out.
    """

    key: str
    message: Message
    blocks: bool = False

    def __str__(self) -> str:
        return str(self.message)


def warnings_for(
    choice: Choice, task: str = "chat", *, rough: bool = False
) -> tuple[FitWarning, ...]:
    """Lists the warnings about a choice, those that rule it out first.

    Args:
        choice: the choice.
        task: what the model is for, a key of ``gemma_nb.fit.tasks.TASKS``.
        rough: whether the memory is a rough estimate.
    """
    warnings = [
        *_runtime_warnings(choice),
        *_precision_warnings(choice, task),
        *_task_warnings(choice, task),
    ]
    if rough:
        warnings.append(_warning("rough_estimate", choice))
    return tuple(sorted(warnings, key=lambda w: not w.blocks))


def _warning(key: str, choice: Choice, *, blocks: bool = False, **values: object) -> FitWarning:
    common = {
        "variant": choice.variant.name,
        "precision": choice.precision,
        "runtime": choice.runtime.name,
    }
    return FitWarning(key, Message(f"guard_{key}", {**common, **values}), blocks)


def _runtime_warnings(choice: Choice) -> Iterator[FitWarning]:
    """What the runtime or its software lacks for the variant, and the variant's terms."""
    variant, runtime = choice.variant, choice.runtime
    if not variant.loadable:
        others = ", ".join(variant.runs_with) or "?"
        yield _warning("not_loadable", choice, blocks=True, others=others)
    elif variant.family in NOT_RUN:
        yield _warning("not_run", choice, blocks=True)
    if not runtime.runs_keras:
        yield _warning("no_keras", choice)
    elif runtime.keras_hub == "none":
        yield _warning("no_keras_hub", choice, version=KERAS_HUB_VERSION)
    elif (
        runtime.keras_hub
        and variant.keras_hub
        and release(runtime.keras_hub) < release(variant.keras_hub)
    ):
        needed = variant.keras_hub
        yield _warning("old_keras_hub", choice, version=needed, installed=runtime.keras_hub)
    if runtime.jax_support is False:
        extra = {"gpu": "cuda13", "tpu": "tpu"}[runtime.kind]
        yield _warning("jax_support", choice, extra=extra)
    capability = runtime.compute_capability if runtime.kind == "gpu" else None
    if capability and release(capability) < CUDA13_CAPABILITY:
        yield _warning("old_gpu", choice, capability=capability)
    if runtime.kind == "gpu" and runtime.memory_fraction < MEMORY_FRACTION:
        share = f"{runtime.memory_fraction:.0%}"
        yield _warning("jax_share", choice, share=share, ours=f"{MEMORY_FRACTION:.0%}")
    if runtime.kind == "apple":
        yield _warning("apple", choice)
    if variant.gated:
        yield _warning("terms", choice, licence=licence_name(variant))


def _precision_warnings(choice: Choice, task: str) -> Iterator[FitWarning]:
    """What the precision costs or breaks for this variant on this runtime."""
    variant, runtime, precision = choice.variant, choice.runtime, PRECISIONS[choice.precision]
    a, float16 = variant.architecture, float16_state(variant)
    if precision.name == "float16" and float16 in _FLOAT16_WARNINGS:
        yield _warning(f"float16_{float16}", choice, blocks=float16 == "overflows")
    lossless = unquantised_precision(variant, runtime).name
    if precision.name == "float32" and lossless != "float32" and task != "tuning":
        yield _warning("float32", choice)
    if (
        runtime.kind == "gpu"
        and precision.dtype == "bfloat16"
        and "bfloat16" not in runtime.native_dtypes
    ):
        instead = "float16_instead" if takes_float16(variant, runtime) else "float16_no_way_out"
        if not computes_float16_only(runtime):
            instead = "float16_not_faster"
        capability = runtime.compute_capability or "?"
        values = {"capability": capability, "instead": Message(instead)}
        yield _warning("emulated_bfloat16", choice, blocks=False, **values)
        if precision.name == "int8":
            yield _warning("int8_float16", choice)
    if not runtime.runs_keras:
        return  # what follows is about Keras's int8 and int4
    if precision.quantize and a and a.experts:
        yield _warning("experts_stay", choice)
    if precision.name == "int4":
        yield _warning("int4_speed", choice)
        if variant.parameters < INT4_SMALL:
            yield _warning("int4_small", choice)


def _task_warnings(choice: Choice, task: str) -> Iterator[FitWarning]:
    """What the variant is not made for."""
    variant = choice.variant
    if variant.role == "draft":
        yield _warning("drafter", choice, blocks=True)
    elif variant.role == "embed" and task != "embedding":
        yield _warning("embedder", choice, blocks=True)
    elif variant.role == "classify" and task != "safety":
        yield _warning("classifier", choice)
    elif variant.tuning == "PT" and task in _ANSWERING_TASKS and variant.role == "generate":
        yield _warning("pretrained", choice)
