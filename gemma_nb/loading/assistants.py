"""The small models that guess for a larger one (``load(…, assistant=True)``)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.text_utils import format_bytes

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.fit.precision import Precision
    from gemma_nb.fit.verdict import Verdict


def find_assistant(
    variant: Variant, asked: bool | str | Path | Variant, find: Callable[[Any], Variant]
) -> Variant | None:
    """The assistant that is loaded beside a variant; None for none.

    Args:
        variant: what it helps.
        asked: True for the one that was published for the variant; a name, handle or directory.
        find: looks a name up.

    Raises:
        InvalidInput: there is none for the variant, or what was asked for is no assistant.
    """
    from gemma_nb.catalog.registry import variants

    if asked is False:
        return None
    # each is named after the variant that it was trained for
    known = {v.name.removesuffix("_assistant"): v for v in variants() if v.role == "draft"}
    of_another = variant.architecture and variant.architecture.backbone != "Gemma4Backbone"
    if of_another or (asked is True and variant.name not in known):
        raise InvalidInput("assistant_unknown", name=variant.name, known=", ".join(known))
    if asked is True:
        return known[variant.name]
    found = find(asked)
    shape = found.architecture
    # what looks into another's caches has none of its own
    if found.role != "draft" and (shape is None or shape.kv_shared_layers != shape.num_layers):
        raise InvalidInput("assistant_none", name=found.name)
    return found


def check_memory_beside(assistant: Variant, precision: Precision, verdict: Verdict) -> None:
    """Makes sure that an assistant fits beside the model.

    Args:
        assistant: what is loaded beside.
        precision: the model's.
        verdict: what ``advise`` said of the model.

    Raises:
        LoadError: it does not.
    """
    from gemma_nb.fit.memory import estimate_memory

    weights = estimate_memory(assistant, precision.dtype, max_length=2).weights
    if verdict.bytes_needed + weights > verdict.bytes_available:
        raise LoadError("assistant_no_room", name=assistant.name, needed=format_bytes(weights))


def read_assistant(directory: Path, precision: Precision) -> Any:
    """An assistant in memory, by KerasHub's own ``from_preset``: it is small.

    Args:
        directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.
        precision: of the model that it helps; a quantised one's assistant is in 16 bit.

    Raises:
        ValueError: the files hold no assistant.
        OSError: a file is missing, cut or corrupt.
    """
    from gemma_nb import backend

    keras_hub = backend.import_keras_hub()
    return keras_hub.models.Gemma4AssistantCausalLM.from_preset(
        str(directory), preprocessor=None, dtype=precision.dtype
    )
