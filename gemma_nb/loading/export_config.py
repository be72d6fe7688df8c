"""Writes the config.json of a KerasHub backbone, as Hugging Face's own checkpoints have it.

It is the inverse of KerasHub's converters (keras-hub 0.32, ``utils/transformers/convert_*.py``). Its own
exporters know Gemma, Gemma 3 and Gemma 4, and write a Gemma 2 as a Gemma.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gemma_nb.errors import InvalidInput


def transformers_config(backbone: Any) -> dict[str, Any]:
    """The config.json of a text-only checkpoint with a backbone's weights.

    Image and audio encoders have no part in it.

    Args:
        backbone: a KerasHub backbone of the Gemma family.

    Raises:
        InvalidInput: no text-only checkpoint can hold it; the message names its class, or what of
            it cannot be written.
    """
    name = type(backbone).__name__
    if name not in _CONFIGS:
        raise InvalidInput("export_class", kind=name, known=", ".join(_CONFIGS))
    return _CONFIGS[name](backbone)


def is_gemma2(backbone: Any) -> bool:
    """Whether a ``GemmaBackbone`` is a Gemma 2: it has four norms a layer."""
    return type(backbone).__name__ == "GemmaBackbone" and bool(backbone.use_post_ffw_norm)


def _common(backbone: Any) -> dict[str, Any]:
    return {
        "vocab_size": backbone.vocabulary_size,
        "num_hidden_layers": backbone.num_layers,
        "num_attention_heads": backbone.num_query_heads,
        "num_key_value_heads": backbone.num_key_value_heads,
        "hidden_size": backbone.hidden_dim,
        "intermediate_size": backbone.intermediate_dim,
        "head_dim": backbone.head_dim,
        "rms_norm_eps": backbone.layer_norm_epsilon,
        **_constants(),
    }


def _constants() -> dict[str, Any]:
    return {
        "hidden_activation": "gelu_pytorch_tanh",
        "attention_bias": False,
        "attention_dropout": 0.0,
        "tie_word_embeddings": True,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }


def _gemma(backbone: Any) -> dict[str, Any]:
    common = {**_common(backbone), "rope_theta": 10_000.0}
    # the argument is the sum of the gate and up projections
    common["intermediate_size"] = backbone.intermediate_dim // 2
    if not is_gemma2(backbone):
        expect(backbone, use_sliding_window_attention=False, final_logit_soft_cap=None)
        return {**common, "model_type": "gemma", "architectures": ["GemmaForCausalLM"]}
    return {
        **common,
        "model_type": "gemma2",
        "architectures": ["Gemma2ForCausalLM"],
        "query_pre_attn_scalar": _query_scalar(backbone),
        "attn_logit_softcapping": _number(backbone.attention_logit_soft_cap),
        "final_logit_softcapping": _number(backbone.final_logit_soft_cap),
        "sliding_window": backbone.sliding_window_size,
        "layer_types": [
            "full_attention" if i % 2 else "sliding_attention" for i in range(backbone.num_layers)
        ],
    }


def _gemma3(backbone: Any) -> dict[str, Any]:
    expect(backbone, attention_logit_soft_cap=None)
    expect(backbone, local_rope_scaling_factor=1, use_post_ffw_norm=True, use_query_key_norm=True)
    slides, factor = backbone.use_sliding_window_attention, backbone.global_rope_scaling_factor
    embeds = backbone.is_embedding_model
    return {
        **_common(backbone),
        "model_type": "gemma3_text",
        "architectures": ["Gemma3TextModel" if embeds else "Gemma3ForCausalLM"],
        "query_pre_attn_scalar": _query_scalar(backbone),
        "attn_logit_softcapping": None,
        "final_logit_softcapping": _number(backbone.final_logit_soft_cap),
        "sliding_window": backbone.sliding_window_size if slides else None,
        "layer_types": [
            "sliding_attention" if slides and i % 6 < 5 else "full_attention"
            for i in range(backbone.num_layers)
        ],
        "rope_theta": 1_000_000.0,
        "rope_local_base_freq": 10_000.0,
        "rope_scaling": None if factor == 1 else {"rope_type": "linear", "factor": factor},
        "use_bidirectional_attention": bool(backbone.use_bidirectional_attention),
    }


def _gemma4(backbone: Any) -> dict[str, Any]:
    expect(backbone, attention_logit_soft_cap=None)
    expect(backbone, local_rope_scaling_factor=1, global_rope_scaling_factor=1)
    experts = {
        "enable_moe_block": True,
        "num_experts": backbone.num_experts,
        "top_k_experts": backbone.num_experts_per_token,
        "moe_intermediate_size": backbone.expert_intermediate_dim,
    }
    return {
        **_common(backbone),
        "model_type": "gemma4_text",
        "architectures": ["Gemma4ForCausalLM"],
        "global_head_dim": backbone.global_head_dim or backbone.head_dim,
        "num_global_key_value_heads": backbone.num_global_key_value_heads,
        "attention_k_eq_v": backbone.num_global_key_value_heads is not None,
        "final_logit_softcapping": _number(backbone.final_logit_soft_cap),
        "sliding_window": backbone.sliding_window_size,
        "layer_types": list(backbone.layer_types),
        "num_kv_shared_layers": backbone.num_kv_shared_layers,
        "use_double_wide_mlp": backbone.use_double_wide_mlp,
        "hidden_size_per_layer_input": backbone.hidden_size_per_layer_input,
        "vocab_size_per_layer_input": backbone.vocab_size_per_layer_input,
        "rope_parameters": {
            "full_attention": {
                "rope_type": "proportional",
                "rope_theta": backbone.global_rope_wavelength or 1_000_000.0,
                "partial_rotary_factor": backbone.global_rope_partial_rotary_factor,
            },
            "sliding_attention": {
                "rope_type": "default",
                "rope_theta": backbone.local_rope_wavelength or 10_000.0,
            },
        },
        **(experts if backbone.enable_moe_block else {"enable_moe_block": False}),
    }


def _gemma3n(backbone: Any) -> dict[str, Any]:
    expect(backbone, rope_scaling=None)
    same = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
            "layer_types", "sliding_window", "rope_theta", "rope_local_base_freq",
            "max_position_embeddings", "vocab_size_per_layer_input", "hidden_size_per_layer_input",
            "altup_num_inputs", "altup_active_idx", "altup_coef_clip", "altup_correct_scale",
            "laurel_rank", "num_kv_shared_layers", "rms_norm_eps")  # fmt: skip
    fields = backbone.get_config()
    layers = backbone.num_hidden_layers
    return {
        **_constants(),
        **{name: fields[name] for name in same},
        "model_type": "gemma3n_text",
        "architectures": ["Gemma3nForCausalLM"],
        "vocab_size": backbone.text_vocab_size,
        "hidden_size": backbone.text_hidden_size,
        "intermediate_size": _per_layer(backbone.intermediate_size, layers),
        "activation_sparsity_pattern": _per_layer(
            backbone.activation_sparsity_pattern or 0.0, layers
        ),
        "final_logit_softcapping": _number(backbone.final_logit_soft_cap),
        "rope_scaling": None,
    }


def _t5gemma(backbone: Any) -> dict[str, Any]:
    sides = {}
    for side in ("encoder", "decoder"):
        names = {"hidden_dim": "hidden_size", "intermediate_dim": "intermediate_size",
                 "num_layers": "num_hidden_layers", "num_attention_heads": "num_attention_heads",
                 "num_key_value_heads": "num_key_value_heads", "head_dim": "head_dim",
                 "layer_types": "layer_types"}  # fmt: skip
        sides[side] = {
            **_constants(),
            **{theirs: getattr(backbone, f"{side}_{ours}") for ours, theirs in names.items()},
            "model_type": "t5_gemma_module",
            "is_decoder": side == "decoder",
            "vocab_size": backbone.vocabulary_size,
            "rms_norm_eps": backbone.rms_norm_eps,
            "query_pre_attn_scalar": backbone.query_pre_attn_scalar,
            "sliding_window": backbone.sliding_window,
            "attn_logit_softcapping": _number(backbone.attn_logit_softcapping),
            "final_logit_softcapping": _number(backbone.final_logit_softcapping),
            "rope_theta": backbone.rope_max_wavelength,
            "dropout_rate": 0.0,
            "initializer_range": backbone.initializer_range,
        }
    sides["decoder"]["cross_attention_hidden_size"] = backbone.encoder_hidden_dim
    return {
        **_constants(),
        **sides,
        "model_type": "t5gemma",
        "architectures": ["T5GemmaForConditionalGeneration"],
        "is_encoder_decoder": True,
        "vocab_size": backbone.vocabulary_size,
    }


def _query_scalar(backbone: Any) -> int:
    """The number whose root divides the queries: that of the layers, which is what runs."""
    if backbone.transformer_layers[0].attention.query_head_dim_normalize:
        return int(backbone.head_dim)
    return int(backbone.hidden_dim // backbone.num_query_heads)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _per_layer(value: Any, layers: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * layers


def expect(backbone: Any, **values: Any) -> None:
    """Makes sure that arguments of a backbone have the one value that a checkpoint can hold.

    Args:
        backbone: the backbone.
        **values: the value of each argument.

    Raises:
        InvalidInput: an argument has another value; the message names it.
    """
    for name, wanted in values.items():
        value = getattr(backbone, name, None)
        if value is not wanted and value != wanted:
            shown = type(value).__name__ if hasattr(value, "variables") else value
            raise InvalidInput(
                "export_field", kind=type(backbone).__name__, field=name, value=shown
            )


_CONFIGS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "GemmaBackbone": _gemma,
    "Gemma3Backbone": _gemma3,
    "Gemma3nBackbone": _gemma3n,
    "Gemma4Backbone": _gemma4,
    "T5GemmaBackbone": _t5gemma,
}
