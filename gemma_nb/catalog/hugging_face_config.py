"""What the config.json of a Hugging Face checkpoint says.

Its fields become KerasHub's backbone arguments as KerasHub's own converters do it (keras-hub 0.32,
``utils/transformers/convert_*.py``), defaults included, so that a variant reads here as it would
load. A field that is missing is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemma_nb.catalog.keras_config import ConfigFields, ConfigSummary, build_architecture
from gemma_nb.errors import InvalidInput

#: model_type of config.json -> the Gemma generation, for what KerasHub 0.32 converts.
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
#: model_types of the family that KerasHub 0.32 has no converter for.
OTHER_MODEL_TYPES = {
    "vaultgemma": "2",
    "recurrent_gemma": "1",
    "shieldgemma2": "3",
    "gemma3n_text": "3n",
    "gemma4_unified": "4",
    "diffusion_gemma": "4",
    "embedding_gemma2": "4",
}


def read_hugging_face_config(fields: Mapping[str, Any], where: str) -> ConfigSummary:
    """Understands the config.json of a Hugging Face checkpoint.

    Args:
        fields: the parsed file.
        where: the directory or handle, for the message.

    Raises:
        InvalidInput: a field is missing, or it is no Gemma model; the message says which.
    """
    config = ConfigFields(fields, where)
    kind = config["model_type"]
    if kind in OTHER_MODEL_TYPES:
        text = config.part("text_config") if config.get("text_config") else config
        return ConfigSummary(
            OTHER_MODEL_TYPES[kind], None, ("text",), text.get("max_position_embeddings")
        )
    if kind not in CONVERTED_MODEL_TYPES:
        raise InvalidInput("not_gemma", where=config.where, field="model_type", value=kind)
    whole = kind in ("gemma3", "gemma3n", "gemma4", "gemma4_assistant", "paligemma")
    if kind.startswith("t5gemma"):
        text = config.part("decoder")
    else:
        text = config.part("text_config") if whole else config
    backbone, arguments = _READERS[kind](config, text)
    seen = config.part("encoder") if kind == "t5gemma2" else config
    vision, audio = seen.get("vision_config"), seen.get("audio_config")
    embeds = kind.startswith("gemma3") and text.get("use_bidirectional_attention") is True
    role = "embed" if embeds else "draft" if kind == "gemma4_assistant" else "generate"
    return ConfigSummary(
        base=CONVERTED_MODEL_TYPES[kind],
        architecture=build_architecture(backbone, ConfigFields(arguments, config.where)),
        modalities=("text", *["image"] * bool(vision), *["audio"] * bool(audio)),
        context_length=text.get("max_position_embeddings"),
        image_tokens=_image_tokens(kind, seen) if vision else None,
        image_size=(vision or {}).get("image_size"),
        role=role,
        encoder_decoder=kind.startswith("t5gemma"),
    )


def _image_tokens(kind: str, config: ConfigFields) -> int | None:
    if kind == "paligemma":
        return config.part("vision_config").get("num_image_tokens")
    return config.get("mm_tokens_per_image", config.get("vision_soft_tokens_per_image"))


def _numbers(
    text: ConfigFields, *, heads: int | None = None, kv: int | None = None
) -> dict[str, Any]:
    return {
        "num_layers": text["num_hidden_layers"],
        "num_query_heads": text.get("num_attention_heads", heads) or text["num_attention_heads"],
        "num_key_value_heads": text.get("num_key_value_heads", kv) or text["num_key_value_heads"],
        "hidden_dim": text["hidden_size"],
        "intermediate_dim": text["intermediate_size"],
        "head_dim": text["head_dim"],
    }


def _gemma(config: ConfigFields, _: ConfigFields) -> tuple[str, dict[str, Any]]:
    gemma2 = config["model_type"] == "gemma2"
    return "GemmaBackbone", {
        **_numbers(config),
        "vocabulary_size": config["vocab_size"],
        "intermediate_dim": 2 * config["intermediate_size"],
        "use_sliding_window_attention": gemma2,
        "sliding_window_size": config["sliding_window"] if gemma2 else None,
        "attention_logit_soft_cap": config["attn_logit_softcapping"] if gemma2 else None,
    }


def _gemma3(config: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    whole = config["model_type"] == "gemma3"
    return "Gemma3Backbone", {
        **_numbers(text, heads=8, kv=4),
        "vocabulary_size": text.get("vocab_size", 262208 if whole else 262144),
        "use_sliding_window_attention": bool(text.get("sliding_window")),
        "sliding_window_size": text.get("sliding_window", 4096),
    }


def _gemma3n(_: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    same = ("num_hidden_layers", "num_attention_heads", "num_key_value_heads", "head_dim",
            "intermediate_size", "layer_types", "sliding_window", "num_kv_shared_layers",
            "hidden_size_per_layer_input", "altup_num_inputs")  # fmt: skip
    return "Gemma3nBackbone", {
        **{field: text[field] for field in same},
        "text_hidden_size": text["hidden_size"],
        "text_vocab_size": text["vocab_size"],
    }


def _gemma4(_: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    return "Gemma4Backbone", {
        **_numbers(text, heads=8, kv=1),
        "vocabulary_size": text.get("vocab_size", 262144),
        "sliding_window_size": text.get("sliding_window", 512),
        "layer_types": text["layer_types"],
        "global_head_dim": text.get("global_head_dim"),
        "num_global_key_value_heads": text.get("num_global_key_value_heads"),
        "num_kv_shared_layers": text.get("num_kv_shared_layers", 0),
        "hidden_size_per_layer_input": text.get("hidden_size_per_layer_input", 0),
        "use_double_wide_mlp": text.get("use_double_wide_mlp", False),
        "enable_moe_block": text.get("enable_moe_block", False),
        "num_experts": text.get("num_experts"),
        "num_experts_per_token": text.get("top_k_experts", 8),
        "expert_intermediate_dim": text.get(
            "moe_intermediate_size", text.get("expert_intermediate_size")
        ),
    }


def _paligemma(config: ConfigFields, text: ConfigFields) -> tuple[str, dict[str, Any]]:
    return "PaliGemmaBackbone", {
        **_numbers(ConfigFields({"head_dim": text["num_image_tokens"], **text.fields}, text.where)),
        "vocabulary_size": config["image_token_index"],
        "intermediate_dim": 2 * text["intermediate_size"],
    }


def _t5gemma(config: ConfigFields, decoder: ConfigFields) -> tuple[str, dict[str, Any]]:
    encoder = config.part("encoder")
    second = config["model_type"] == "t5gemma2"
    sides = {"encoder": encoder.part("text_config") if second else encoder, "decoder": decoder}
    arguments = {
        f"{side}_{ours}": part[theirs]
        for side, part in sides.items()
        for ours, theirs in (
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


_READERS = {
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
