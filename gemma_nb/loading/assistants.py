"""The assistant of a model: a small model that proposes tokens (``load(…, assistant=True)``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from gemma_nb import backend
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.memory import estimate_memory
from gemma_nb.fit.precision import Precision
from gemma_nb.fit.verdict import Verdict
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_bytes

#: The least and the largest share of accepted proposals from which an assistant saves processor time,
#: of the precisions and numbers of proposals that were measured (benchmarks/assistants.md, 2026-11-30).
PROCESSOR_BREAK_EVEN = (0.84, 0.95)


def find_assistant(
    variant: Variant, assistant: bool | str | Path | Variant, find: Callable[[Any], Variant]
) -> Variant | None:
    """The assistant that is loaded beside a variant.

    Args:
        variant: the model that the assistant proposes tokens for.
        assistant: True for the assistant that was published for the variant; False for none; or a
            name, handle or directory.
        find: resolves a name, handle or directory to a variant.

    Returns:
        The assistant; None where ``assistant`` is False.

    Raises:
        InvalidInput: no assistant was published for the variant, or ``assistant`` is not one.
    """
    if assistant is False:
        return None
    # an assistant is named after the variant that it was trained for
    published = {v.name.removesuffix("_assistant"): v for v in variants() if v.role == "draft"}
    is_gemma4 = not variant.architecture or variant.architecture.backbone == "Gemma4Backbone"
    if not is_gemma4 or (assistant is True and variant.name not in published):
        raise InvalidInput("assistant_unknown", name=variant.name, known=", ".join(published))
    if assistant is True:
        return published[variant.name]
    candidate = find(assistant)
    shape = candidate.architecture
    # an assistant attends to the caches of its target and has none of its own
    if candidate.role != "draft" and (shape is None or shape.kv_shared_layers != shape.num_layers):
        raise InvalidInput("assistant_none", name=candidate.name)
    return candidate


def check_memory_beside(assistant: Variant, precision: Precision, verdict: Verdict) -> None:
    """Makes sure that an assistant fits beside the model.

    Args:
        assistant: the assistant.
        precision: the precision of the model.
        verdict: the verdict of ``advise`` on the model.

    Raises:
        LoadError: it does not fit.
    """
    weights = estimate_memory(assistant, precision.dtype, max_length=2).weights
    if verdict.bytes_needed + weights > verdict.bytes_available:
        raise LoadError("assistant_no_room", name=assistant.name, needed=format_bytes(weights))


def processor_note(runtime: Runtime) -> Message | None:
    """The sentence that an assistant does not pay on a processor; None on any other runtime.

    Args:
        runtime: the runtime on which the model is loaded.
    """
    if not runtime.is_processor:
        return None
    low, high = (f"{share:.0%}" for share in PROCESSOR_BREAK_EVEN)
    return Message("assistant_on_processor", {"low": low, "high": high})


def read_assistant(directory: Path, precision: Precision) -> Any:
    """Loads an assistant by KerasHub's own ``from_preset``, since it is small.

    Args:
        directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.
        precision: the precision of the model; beside a quantized model the assistant has 16 bit.

    Returns:
        A ``Gemma4AssistantCausalLM``.

    Raises:
        ValueError: the files hold no assistant.
        OSError: a file is missing, cut or corrupt.
    """
    keras_hub = backend.import_keras_hub()
    return keras_hub.models.Gemma4AssistantCausalLM.from_preset(
        str(directory), preprocessor=None, dtype=precision.dtype
    )
