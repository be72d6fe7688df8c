"""Reads the config.json of a Hugging Face checkpoint.

``complete_config`` fills in transformers' defaults. The fields are then translated into KerasHub's
backbone arguments in the same way as in KerasHub's own converters (keras-hub 0.32,
``utils/transformers/convert_*.py``), so that the ``Architecture`` equals that of the model that
KerasHub loads. An error names the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemma_nb.catalog.config_bounds import check_fields
from gemma_nb.catalog.config_fields import SLIDING
from gemma_nb.catalog.config_rules import complete_config, refuse_quantised
from gemma_nb.catalog.keras_config import ConfigFields, ConfigSummary, build_architecture
from gemma_nb.errors import InvalidInput

#: model_type of config.json -> the Gemma generation; the types that KerasHub 0.32 converts.
CONVERTED_MODEL_TYPES = {
    "gemma": "1",
    "gemma2": "2",
    "gemma3": "3",
    "gemma3_text": "3",
    "gemma3n": "3n",
    "gemma4": "4",
    "gemma4_text": "4",
    "gemma4_assistant": "4",
    "paligemma": "1",
    "t5gemma": "2",
    "t5gemma2": "3",
}
#: The same for the types of the Gemma family that KerasHub 0.32 does not convert.
OTHER_MODEL_TYPES = {
    "vaultgemma": "2",
    "recurrent_gemma": "1",
    "shieldgemma2": "3",
    "gemma3n_text": "3n",
    "gemma4_unified": "4",
    "diffusion_gemma": "4",
    "embedding_gemma2": "4",
}
#: Types whose config holds the decoder's fields in "text_config".
_WITH_TEXT_CONFIG = ("gemma3", "gemma3n", "gemma4", "gemma4_assistant", "paligemma")


def read_hugging_face_config(fields: Mapping[str, Any], where: str) -> ConfigSummary:
    """Reads the config.json of a Hugging Face checkpoint.

    Args:
        fields: the parsed file.
        where: the directory or handle, for error messages.

    Raises:
        InvalidInput: a field is missing, or it is no Gemma model; the message says which.
    """
    check_fields(fields, where)
    refuse_quantised(fields, where)
    config = ConfigFields(fields, where)
    model_type = config["model_type"]
    if model_type in OTHER_MODEL_TYPES:
        text = config.nested("text_config") if config.get("text_config") else config
        return ConfigSummary(
            base=OTHER_MODEL_TYPES[model_type],
            architecture=None,
            modalities=("text",),
            context_length=text.get("max_position_embeddings"),
        )
    if model_type not in CONVERTED_MODEL_TYPES:
        raise InvalidInput("not_gemma", where=config.where, field="model_type", value=model_type)
    config = ConfigFields(complete_config(fields, where), where)
    model_type = config["model_type"]  # a text-only config of an image model becomes a text model
    if model_type.startswith("t5gemma"):
        text = config.nested("decoder")
    else:
        text = config.nested("text_config") if model_type in _WITH_TEXT_CONFIG else config
    backbone, arguments = _TRANSLATORS[model_type](config, text)
    # the encoder of T5Gemma 2 reads the images
    multimodal = config.nested("encoder") if model_type == "t5gemma2" else config
    vision, audio = multimodal.get("vision_config"), multimodal.get("audio_config")
    return ConfigSummary(
        base=CONVERTED_MODEL_TYPES[model_type],
        architecture=build_architecture(backbone, ConfigFields(arguments, config.where)),
        modalities=("text", *["image"] * bool(vision), *["audio"] * bool(audio)),
        context_length=text.get("max_position_embeddings"),
        image_tokens=_image_tokens(model_type, multimodal) if vision else None,
        image_size=(vision or {}).get("image_size"),
        role=_role(model_type, text),
        encoder_decoder=model_type.startswith("t5gemma"),
    )


def _role(model_type: str, text: ConfigFields) -> str:
    # EmbeddingGemma is a Gemma 3 with bidirectional attention
    if model_type.startswith("gemma3") and text.get("use_bidirectional_attention") is True:
        return "embed"
    return "draft" if model_type == "gemma4_assistant" else "generate"


def _image_tokens(model_type: str, config: ConfigFields) -> int | None:
    if model_type == "paligemma":
        return config.nested("vision_config").get("num_image_tokens")
    return config.get("mm_tokens_per_image", config.get("vision_soft_tokens_per_image"))


# Each function below returns the name of KerasHub's backbone class and the arguments of that class.
# It takes the whole config and its text part (the same object in a text-only checkpoint).


def _common_arguments(text: ConfigFields) -> dict[str, Any]:
    """The arguments that several classes share."""
    return {
        "num_layers": text["num_hidden_layers"],
        "num_query_heads": text["num_attention_heads"],
        "num_key_value_heads": text["num_key_value_heads"],
        "hidden_dim": text["hidden_size"],
        "intermediate_dim": text.size("intermediate_size"),
        "head_dim": text["head_dim"],
    }


def _gemma(config: ConfigFields, _: ConfigFields) -> tuple[str, dict[str, Any]]:
    gemma2 = config["model_type"] == "gemma2"
    return "GemmaBackbone", {
        **_common_arguments(config),
        "vocabulary_size": config["vocab_size"],
        "intermediate_dim": 2 * config["intermediate_size"],
        "use_sliding_window_attention": gemma2,
        "sliding_window_size": config["sliding_window"] if gemma2 else None,
        "attention_logit_soft_cap": config.get("attn_logit_softcapping") if gemma2 else None,
    }


def _gemma3(_: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    return "Gemma3Backbone", {
        **_common_arguments(text),
        "vocabulary_size": text["vocab_size"],
        "use_sliding_window_attention": SLIDING in text["layer_types"],
        "sliding_window_size": text.get("sliding_window", 4096),
        "attention_logit_soft_cap": text.get("attn_logit_softcapping"),
    }


def _gemma3n(_: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    same_names = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
            "intermediate_size", "layer_types", "sliding_window", "num_kv_shared_layers",
            "hidden_size_per_layer_input", "altup_num_inputs")  # fmt: skip
    return "Gemma3nBackbone", {
        **{field: text[field] for field in same_names},
        "text_hidden_size": text["hidden_size"],
        "text_vocab_size": text["vocab_size"],
    }


def _gemma4(_: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    return "Gemma4Backbone", {
        **_common_arguments(text),
        "vocabulary_size": text["vocab_size"],
        "sliding_window_size": text["sliding_window"],
        "layer_types": text["layer_types"],
        "global_head_dim": text.get("global_head_dim"),
        "num_global_key_value_heads": text.get("num_global_key_value_heads"),
        "num_kv_shared_layers": text["num_kv_shared_layers"],
        "hidden_size_per_layer_input": text.get("hidden_size_per_layer_input", 0),
        "use_double_wide_mlp": text["use_double_wide_mlp"],
        "enable_moe_block": text["enable_moe_block"],
        "num_experts": text.get("num_experts"),
        "num_experts_per_token": text.get("top_k_experts", 8),
        "expert_intermediate_dim": text.get(
            "moe_intermediate_size", text.get("expert_intermediate_size")
        ),
    }


def _paligemma(config: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    return "PaliGemmaBackbone", {
        **_common_arguments(text),
        "vocabulary_size": config["image_token_index"],
        "intermediate_dim": 2 * text["intermediate_size"],
    }


def _t5gemma(config: ConfigFields, decoder: ConfigFields) -> tuple[str, dict[str, Any]]:
    encoder = config.nested("encoder")
    second = config["model_type"] == "t5gemma2"
    stacks = {"encoder": encoder.nested("text_config") if second else encoder, "decoder": decoder}
    arguments = {
        f"{stack}_{keras_name}": fields[name] if name == "layer_types" else fields.size(name)
        for stack, fields in stacks.items()
        for keras_name, name in (
            ("num_layers", "num_hidden_layers"),
            ("num_attention_heads", "num_attention_heads"),
            ("num_key_value_heads", "num_key_value_heads"),
            ("hidden_dim", "hidden_size"),
            ("intermediate_dim", "intermediate_size"),
            ("head_dim", "head_dim"),
            ("layer_types", "layer_types"),
        )
    }
    return "T5Gemma2Backbone" if second else "T5GemmaBackbone", {
        **arguments,
        "vocabulary_size": decoder["vocab_size"],
        "sliding_window": decoder["sliding_window"],
        "attn_logit_softcapping": decoder.get("attn_logit_softcapping"),
    }


_TRANSLATORS = {
    "gemma": _gemma,
    "gemma2": _gemma,
    "gemma3": _gemma3,
    "gemma3_text": _gemma3,
    "gemma3n": _gemma3n,
    "gemma4": _gemma4,
    "gemma4_text": _gemma4,
    "gemma4_assistant": _gemma4,
    "paligemma": _paligemma,
    "t5gemma": _t5gemma,
    "t5gemma2": _t5gemma,
}
