"""Reads a KerasHub config, and turns KerasHub's backbone arguments into an ``Architecture``.

``hugging_face_config`` uses the same classes: it first translates its fields into these arguments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.catalog.config_bounds import check_fields, impossible
from gemma_nb.catalog.variant import Architecture
from gemma_nb.errors import InvalidInput

#: KerasHub backbone class -> the Gemma generation that it is built on.
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
    """The facts that the config.json of a model states.

    Args:
        base: the Gemma generation.
        architecture: the decoder's dimensions; None if KerasHub has no class for the model.
        modalities: the kinds of input: "text", "image", "audio".
        context_length: longest context, in tokens; None if the config does not state it.
        image_tokens: number of tokens of one image; None if not stated or without image input.
        image_size: side of an image in pixels; None if not stated or without image input.
        role: "generate", "embed" or "draft", as in ``Variant.role``.
        encoder_decoder: whether an encoder reads the prompt.
        quantization: as in ``Variant.quantization``.
    """

    base: str
    architecture: Architecture | None
    modalities: tuple[str, ...]
    context_length: int | None
    image_tokens: int | None = None
    image_size: int | None = None
    role: str = "generate"
    encoder_decoder: bool = False
    quantization: tuple[str, str] | None = None


class ConfigFields:
    """The fields of a config; access to a missing field raises an error that names it.

    Args:
        fields: the parsed file, or a nested object of it.
        where: the directory or handle, for error messages.
        path: the path of the nested object in the file ("text_config.").
    """

    def __init__(self, fields: Mapping[str, Any], where: str, path: str = "") -> None:
        self.fields, self.where, self.path = fields, where, path

    def __getitem__(self, name: str) -> Any:
        if self.fields.get(name) is None:
            raise self._missing(name)
        return self.fields[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Returns a field, or ``default`` if it is absent or null."""
        value = self.fields.get(name)
        return default if value is None else value

    def size(self, name: str) -> int:
        """Returns a field that is one whole number, whatever other models have there.

        Raises:
            InvalidInput: the field is missing or a list.
        """
        if not isinstance(value := self[name], int):
            raise impossible(self.where, self.path + name, value)
        return value

    def nested(self, name: str) -> ConfigFields:
        """Returns a nested object.

        Raises:
            InvalidInput: the field is missing or not an object.
        """
        if not isinstance(fields := self[name], dict):
            raise self._missing(name)
        return ConfigFields(fields, self.where, f"{self.path}{name}.")

    def _missing(self, name: str) -> InvalidInput:
        return InvalidInput("config_field_missing", field=self.path + name, where=self.where)


def read_keras_config(fields: Mapping[str, Any], where: str) -> ConfigSummary:
    """Reads the config.json of a KerasHub preset.

    Args:
        fields: the parsed file.
        where: the directory or handle, for error messages.

    Raises:
        InvalidInput: a field is missing, or it is no Gemma model; the message says which.
    """
    check_fields(fields, where)
    config = ConfigFields(fields, where)
    backbone = config["class_name"]
    if backbone not in BACKBONE_GENERATIONS:
        raise InvalidInput("not_gemma", where=config.where, field="class_name", value=backbone)
    arguments = config.nested("config")
    _check_layer_types(arguments)
    architecture = build_architecture(backbone, arguments)
    vision = backbone == "PaliGemmaBackbone" or any(
        arguments.get(field) for field in ("vision_encoder", "vision_encoder_config")
    )
    audio = any(arguments.get(field) for field in ("audio_encoder", "audio_encoder_config"))
    gemma2 = backbone == "GemmaBackbone" and arguments.get("use_post_ffw_norm", False)
    return ConfigSummary(
        base="2" if gemma2 else BACKBONE_GENERATIONS[backbone],
        architecture=architecture,
        modalities=("text", *["image"] * bool(vision), *["audio"] * bool(audio)),
        context_length=arguments.get("max_position_embeddings"),
        role="embed" if arguments.get("is_embedding_model", False) else "generate",
        encoder_decoder=backbone.startswith("T5"),
        quantization=read_quantization(fields),
    )


#: layer_types -> the argument that says how many there are.
_LAYER_TYPES = {
    "layer_types": ("num_layers", "num_hidden_layers"),
    "encoder_layer_types": ("encoder_num_layers",),
    "decoder_layer_types": ("decoder_num_layers",),
}


def _check_layer_types(arguments: ConfigFields) -> None:
    """Checks that each layer has one kind of attention.

    Raises:
        InvalidInput: the message names the argument.
    """
    for name, counts in _LAYER_TYPES.items():
        types = arguments.get(name)
        count = next((arguments.get(c) for c in counts if arguments.get(c)), None)
        if types is None:
            continue
        is_list = isinstance(types, list | tuple) and len(types) == count
        if not is_list or not all(isinstance(one, str) for one in types):
            raise impossible(arguments.where, arguments.path + name, types)


def read_quantization(fields: Mapping[str, Any]) -> tuple[str, str] | None:
    """Reads how a Keras preset was saved quantised.

    Its config holds a dtype policy map: a policy for the path of each quantised layer.

    Args:
        fields: the parsed config.json.

    Returns:
        As ``Variant.quantization``.
    """
    try:
        policies = fields["config"]["dtype"]["config"]["policy_map"]
        modes = {path: str(policy["config"]["mode"]) for path, policy in policies.items()}
    except (KeyError, TypeError, AttributeError):
        return None
    modes = {path: mode for path, mode in modes.items() if mode.startswith(("int8", "int4"))}
    if not modes:
        return None
    kernels = Counter(modes.values()).most_common(1)[0][0]
    embeddings = (mode for path, mode in modes.items() if "embed" in path.rpartition("/")[2])
    return next(embeddings, kernels), kernels


def build_architecture(backbone: str, config: ConfigFields) -> Architecture:
    """Builds the decoder's dimensions from KerasHub's backbone arguments.

    Args:
        backbone: the name of the class, "Gemma3Backbone" for instance.
        config: the arguments of that class, under their names.

    Raises:
        InvalidInput: an argument is missing.
    """
    if backbone.startswith("T5"):
        encoder = _t5_stack(backbone, config, "encoder")
        return _t5_stack(backbone, config, "decoder", encoder)
    if backbone == "Gemma3nBackbone":
        return _gemma3n(backbone, config)
    # GemmaBackbone (Gemma 1 and 2) and PaliGemmaBackbone state gate and up projection together
    projections = 2 if backbone in ("GemmaBackbone", "PaliGemmaBackbone") else 1
    windowed = config.get("use_sliding_window_attention", backbone == "Gemma4Backbone")
    global_layers = {
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
        intermediate_dim=config["intermediate_dim"] // projections,
        head_dim=config["head_dim"],
        vocabulary_size=config["vocabulary_size"],
        sliding_window=config["sliding_window_size"] if windowed else None,
        global_every=global_layers.get(backbone, 2) if windowed else None,
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


def _gemma3n(backbone: str, config: ConfigFields) -> Architecture:
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


def _t5_stack(
    backbone: str, config: ConfigFields, stack: str, encoder: Architecture | None = None
) -> Architecture:
    """The dimensions of one stack of layers: ``stack`` is "encoder" or "decoder"."""
    return Architecture(
        backbone=backbone,
        num_layers=config[f"{stack}_num_layers"],
        num_query_heads=config[f"{stack}_num_attention_heads"],
        num_key_value_heads=config[f"{stack}_num_key_value_heads"],
        hidden_dim=config[f"{stack}_hidden_dim"],
        intermediate_dim=config[f"{stack}_intermediate_dim"],
        head_dim=config[f"{stack}_head_dim"],
        vocabulary_size=config["vocabulary_size"],
        sliding_window=config["sliding_window"],
        global_every=global_every(config[f"{stack}_layer_types"]),
        attention_logit_soft_cap=config.get("attn_logit_softcapping"),
        encoder=encoder,
    )


def global_every(layer_types: Any) -> int | None:
    """Returns n if every n-th layer has global attention.

    Args:
        layer_types: "full_attention" or "sliding_attention" for each layer, first layer first.

    Returns:
        n; None if no layer is global, or if all layers are.
    """
    types = list(layer_types)
    if "full_attention" not in types or "sliding_attention" not in types:
        return None
    return types.index("full_attention") + 1
