"""A KerasHub task that the user already has, as a model that answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.fit.precision import PRECISIONS

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.model import Model


def from_keras(
    causal_lm: Any,
    variant: str | Path | Variant | None = None,
    max_length: int = 2048,
    *,
    tokenizer: Any = None,
    assistant: Any = None,
) -> Model:
    """Wraps a KerasHub task; it is read, never changed.

    Args:
        causal_lm: a Gemma causal LM, T5Gemma or text embedder of KerasHub, with its weights; its
            preprocessor, where it has one, says how images and sound are read.
        variant: what it is, for the prompt format and the stop tokens. None finds the variants of
            the catalog with the same backbone; those often differ in nothing but their tuning,
            which neither config nor tokenizer tells: then it must be given.
        max_length: tokens of prompt and reply together.
        tokenizer: its KerasHub tokenizer; None takes its preprocessor's.
        assistant: a ``Gemma4AssistantCausalLM`` that guesses for it; read, never changed.

    Returns:
        The model.

    Raises:
        InvalidInput: not a task that this package generates with, no tokenizer, no or several
            variants of its shape, a variant of another class, a max_length below 2.
    """
    from gemma_nb.catalog.registry import variant as find
    from gemma_nb.generation.engine import check_task, create_engine
    from gemma_nb.generation.media_inputs import task_converters
    from gemma_nb.model import Model

    if type(max_length) is not int or max_length < 2:
        raise InvalidInput("bad_max_length", value=max_length)
    check_task(causal_lm)
    if tokenizer is None:
        tokenizer = getattr(getattr(causal_lm, "preprocessor", None), "tokenizer", None)
    if tokenizer is None:
        raise InvalidInput("load_no_tokenizer", kind=type(causal_lm).__name__)
    backbone = causal_lm.backbone
    wanted = _alike(backbone) if variant is None else find(variant)
    shape = wanted.architecture
    if shape is not None and shape.backbone != type(backbone).__name__:
        raise InvalidInput(
            "load_other_class",
            name=wanted.name,
            wanted=shape.backbone,
            kind=type(backbone).__name__,
        )
    converters = task_converters(causal_lm)
    precision = precision_of(backbone)
    engine = create_engine(causal_lm, max_length, assistant)
    return Model(causal_lm, tokenizer, wanted, precision, max_length, converters, engine)


def precision_of(backbone: Any) -> str:
    """The precision of a backbone: its quantisation, or the dtype of its embedding."""
    modes = {layer.quantization_mode for layer in backbone._flatten_layers()} - {None}  # noqa: SLF001
    if modes:
        return str(next((m for m in ("int4", "int8") if m in modes), min(modes)))
    dtype = str(next((v.dtype for v in backbone.variables if len(v.shape) == 2), "float32"))
    return dtype if dtype in PRECISIONS else "float32"


#: Backbone's argument -> ``Architecture``'s field; the numbers that tell shapes apart.
_FIELDS = {
    "num_layers": "num_layers",
    "num_hidden_layers": "num_layers",
    "num_query_heads": "num_query_heads",
    "num_attention_heads": "num_query_heads",
    "num_key_value_heads": "num_key_value_heads",
    "hidden_dim": "hidden_dim",
    "text_hidden_size": "hidden_dim",
    "head_dim": "head_dim",
    "vocabulary_size": "vocabulary_size",
    "text_vocab_size": "vocabulary_size",
}


def _alike(backbone: Any) -> Variant:
    """The only variant of the catalog with this backbone's class and shape."""
    from gemma_nb.catalog.registry import variants

    name, config = type(backbone).__name__, _config(backbone)
    shape = {_FIELDS[key]: config[key] for key in _FIELDS if isinstance(config.get(key), int)}
    alike = [
        v
        for v in variants()
        if v.architecture is not None
        and v.architecture.backbone == name
        and all(getattr(v.architecture, field) == value for field, value in shape.items())
    ]
    if len(alike) == 1:
        return alike[0]
    if not alike:
        raise InvalidInput("load_unknown_shape", kind=name)
    raise InvalidInput("load_which_variant", names=", ".join(v.name for v in alike))


def _config(backbone: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = backbone.get_config()
    return found
