"""``from_keras``: wraps a KerasHub task that the user already has as a model that answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.unlisted import variant_from_backbone
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.generation.engine import check_task, create_engine
from gemma_nb.generation.media_inputs import task_converters
from gemma_nb.model import Model


def from_keras(
    causal_lm: Any,
    variant: str | Path | Variant | None = None,
    max_length: int = 2048,
    *,
    tokenizer: Any = None,
    assistant: Any = None,
) -> Model:
    """Wraps a KerasHub task, which is not changed.

    Args:
        causal_lm: a Gemma causal LM, T5Gemma or text embedder of KerasHub, with its weights. Its
            preprocessor, if it has one, says how images and sound are read.
        variant: the variant that decides the prompt format and the stop tokens. None searches the
            catalog for variants with the same backbone. Several of them often differ in their
            tuning alone, which neither config nor tokenizer tells; then it has to be given. A
            shape that the catalog does not have takes the instruction-tuned format of its class
            and generation.
        max_length: the largest number of tokens of prompt and reply together.
        tokenizer: its KerasHub tokenizer; None takes the one of its preprocessor.
        assistant: a ``Gemma4AssistantCausalLM`` that proposes tokens for it; it is not changed.

    Returns:
        The model.

    Raises:
        InvalidInput: this package does not run the task, there is no tokenizer, several variants
            have its shape, the variant has another class, or max_length is below 2.
    """
    max_length = whole_number(max_length, "bad_max_length", 2)
    check_task(causal_lm)
    if tokenizer is None:
        tokenizer = getattr(getattr(causal_lm, "preprocessor", None), "tokenizer", None)
    if tokenizer is None:
        raise InvalidInput("load_no_tokenizer", kind=type(causal_lm).__name__)
    backbone = causal_lm.backbone
    variant = _variant_of_shape(backbone) if variant is None else find_variant(variant)
    architecture = variant.architecture
    if architecture is not None and architecture.backbone != type(backbone).__name__:
        raise InvalidInput(
            "load_other_class",
            name=variant.name,
            wanted=architecture.backbone,
            kind=type(backbone).__name__,
        )
    converters = task_converters(causal_lm)
    precision = precision_of(backbone)
    engine = create_engine(causal_lm, max_length, assistant)
    return Model(causal_lm, tokenizer, variant, precision, max_length, converters, engine)


def precision_of(backbone: Any) -> str:
    """The precision of a backbone: its quantisation mode, else the dtype of its embedding."""
    modes = {layer.quantization_mode for layer in backbone._flatten_layers()} - {None}  # noqa: SLF001
    if modes:
        return str(next((m for m in ("int4", "int8") if m in modes), min(modes)))
    dtype = str(next((v.dtype for v in backbone.variables if len(v.shape) == 2), "float32"))
    return dtype if dtype in PRECISIONS else "float32"


#: From a backbone's argument to the field of ``Architecture``: the numbers that identify a shape.
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


def _variant_of_shape(backbone: Any) -> Variant:
    """The one variant of the catalog with the class and shape of a backbone, else a new one.

    Raises:
        InvalidInput: several variants have it.
    """
    name = type(backbone).__name__
    config: Mapping[str, Any] = backbone.get_config()
    shape = {_FIELDS[key]: config[key] for key in _FIELDS if isinstance(config.get(key), int)}
    matches = [
        v
        for v in variants()
        if v.architecture is not None
        and v.architecture.backbone == name
        and all(getattr(v.architecture, field) == value for field, value in shape.items())
    ]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        return variant_from_backbone(name, config, backbone.count_params())
    raise InvalidInput("load_which_variant", names=", ".join(v.name for v in matches))
