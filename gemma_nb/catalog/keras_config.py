"""What a config.json says, in KerasHub's backbone arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.catalog.variant import Architecture
from gemma_nb.errors import InvalidInput

#: KerasHub's backbone -> the Gemma generation.
BACKBONE_GENERATIONS = {
    "GemmaBackbone": "1",
    "Gemma3Backbone": "3",
    "Gemma3nBackbone": "3n",
    "Gemma4Backbone": "4",
    "PaliGemmaBackbone": "1",
    "T5GemmaBackbone": "2",
    "T5Gemma2Backbone": "3",
}


@dataclass(frozen=True)
class ConfigSummary:
    """What a config says: the decoder's numbers and what goes in.

    ``base`` is the Gemma generation; ``architecture`` None where KerasHub has no class for it.
    """

    base: str
    architecture: Architecture | None
    modalities: tuple[str, ...]
    context_length: int | None
    image_tokens: int | None = None
    image_size: int | None = None
    role: str = "generate"
    encoder_decoder: bool = False


class ConfigFields:
    """A config whose missing fields are errors that name them.

    Args:
        fields: the parsed file, or a part of it.
        where: the directory or handle, for the message.
        path: where the part lies in the file ("text_config.").
    """

    def __init__(self, fields: Mapping[str, Any], where: str, path: str = "") -> None:
        self.fields, self.where, self.path = fields, where, path

    def __getitem__(self, name: str) -> Any:
        if self.fields.get(name) is None:
            raise InvalidInput("config_field_missing", field=self.path + name, where=self.where)
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A field, or ``default`` where it is absent or null."""
        value = self.fields.get(name)
        return default if value is None else value

    def part(self, name: str) -> ConfigFields:
        """A nested part, which must be there."""
        if not isinstance(part := self[name], dict):
            raise InvalidInput("config_field_missing", field=self.path + name, where=self.where)
        return ConfigFields(part, self.where, f"{self.path}{name}.")


def architecture_of(backbone: str, config: Mapping[str, Any]) -> Architecture:
    """The decoder's numbers from KerasHub's backbone arguments.

    Args:
        backbone: the class's name, "Gemma3Backbone" for instance.
        config: its arguments, with those names.

    Raises:
        InvalidInput: an argument is missing.
    """
    return build_architecture(backbone, ConfigFields(config, backbone))


def build_architecture(backbone: str, config: ConfigFields) -> Architecture:
    """As ``architecture_of``, from a ``Config`` that names its missing fields."""
    if backbone.startswith("T5"):
        encoder = _t5_side(backbone, config, "encoder")
        return _t5_side(backbone, config, "decoder", encoder)
    if backbone == "Gemma3nBackbone":
        width = config["intermediate_size"]
        return Architecture(
            backbone=backbone,
            num_layers=config["num_hidden_layers"],
            num_query_heads=config["num_attention_heads"],
            num_key_value_heads=config["num_key_value_heads"],
            hidden_dim=config["text_hidden_size"],
            intermediate_dim=width[0] if isinstance(width, list | tuple) else width,
            head_dim=config["head_dim"],
            vocabulary_size=config["text_vocab_size"],
            sliding_window=config["sliding_window"],
            global_every=global_every(config["layer_types"]),
            kv_shared_layers=config.get("num_kv_shared_layers", 0),
            per_layer_input_dim=config["hidden_size_per_layer_input"],
            altup_num_inputs=config["altup_num_inputs"],
        )
    # Gemma 1, 2 and PaliGemma count gate and up together
    halves = 2 if backbone in ("GemmaBackbone", "PaliGemmaBackbone") else 1
    gemma4 = backbone == "Gemma4Backbone"
    windowed = config.get("use_sliding_window_attention", gemma4)
    every = {
        "Gemma3Backbone": 6,
        "Gemma4Backbone": global_every(config.get("layer_types", ()))
        or config.get("sliding_window_pattern", 6),
    }
    mixture = config.get("enable_moe_block", False)
    return Architecture(
        backbone=backbone,
        num_layers=config["num_layers"],
        num_query_heads=config["num_query_heads"],
        num_key_value_heads=config["num_key_value_heads"],
        hidden_dim=config["hidden_dim"],
        intermediate_dim=config["intermediate_dim"] // halves,
        head_dim=config["head_dim"],
        vocabulary_size=config["vocabulary_size"],
        sliding_window=config["sliding_window_size"] if windowed else None,
        global_every=every.get(backbone, 2) if windowed else None,
        global_head_dim=config.get("global_head_dim"),
        global_key_value_heads=config.get("num_global_key_value_heads"),
        kv_shared_layers=config.get("num_kv_shared_layers", 0),
        per_layer_input_dim=config.get("hidden_size_per_layer_input", 0),
        double_wide_shared_layers=config.get("use_double_wide_mlp", False),
        experts=config["num_experts"] if mixture else 0,
        active_experts=config.get("num_experts_per_token", 8) if mixture else 0,
        expert_dim=config["expert_intermediate_dim"] if mixture else 0,
        attention_logit_soft_cap=config.get("attention_logit_soft_cap"),
    )


def _t5_side(
    backbone: str, config: ConfigFields, side: str, encoder: Architecture | None = None
) -> Architecture:
    return Architecture(
        backbone=backbone,
        num_layers=config[f"{side}_num_layers"],
        num_query_heads=config[f"{side}_num_attention_heads"],
        num_key_value_heads=config[f"{side}_num_key_value_heads"],
        hidden_dim=config[f"{side}_hidden_dim"],
        intermediate_dim=config[f"{side}_intermediate_dim"],
        head_dim=config[f"{side}_head_dim"],
        vocabulary_size=config["vocabulary_size"],
        sliding_window=config["sliding_window"],
        global_every=global_every(config[f"{side}_layer_types"]),
        attention_logit_soft_cap=config.get("attn_logit_softcapping"),
        encoder=encoder,
    )


def global_every(layer_types: Any) -> int | None:
    """Every how manieth layer is global; None where none is, or all are."""
    kinds = list(layer_types)
    if "full_attention" not in kinds or "sliding_attention" not in kinds:
        return None
    return kinds.index("full_attention") + 1


def read_keras_config(fields: Mapping[str, Any], where: str) -> ConfigSummary:
    """Understands the config.json of a KerasHub preset.

    Args:
        fields: the parsed file.
        where: the directory or handle, for the message.

    Raises:
        InvalidInput: a field is missing, or it is no Gemma model; the message says which.
    """
    config = ConfigFields(fields, where)
    backbone = config["class_name"]
    if backbone not in BACKBONE_GENERATIONS:
        raise InvalidInput("not_gemma", where=config.where, field="class_name", value=backbone)
    inner = config.part("config")
    architecture = build_architecture(backbone, inner)
    vision = backbone == "PaliGemmaBackbone" or any(
        inner.get(field) for field in ("vision_encoder", "vision_encoder_config")
    )
    audio = any(inner.get(field) for field in ("audio_encoder", "audio_encoder_config"))
    gemma2 = backbone == "GemmaBackbone" and inner.get("use_post_ffw_norm", False)
    return ConfigSummary(
        base="2" if gemma2 else BACKBONE_GENERATIONS[backbone],
        architecture=architecture,
        modalities=("text", *["image"] * bool(vision), *["audio"] * bool(audio)),
        context_length=inner.get("max_position_embeddings"),
        role="embed" if inner.get("is_embedding_model", False) else "generate",
        encoder_decoder=backbone.startswith("T5"),
    )
