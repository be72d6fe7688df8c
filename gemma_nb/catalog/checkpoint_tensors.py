"""The tensors of a Hugging Face checkpoint: which KerasHub's converters read, and which it must not have.

A tensor that nothing reads is a part of the model that would be missing in every reply: an output
matrix of its own, an adapter that was not merged, the head of a classifier, more layers than the
config says. Such a checkpoint is refused by the tensor's name, from the headers of its files alone.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from gemma_nb.catalog.safetensors_header import TensorInfo
from gemma_nb.errors import InvalidInput

#: The prefixes under which checkpoints keep the text model, longest first.
_TEXT_PREFIXES = ("model.language_model.model.", "model.language_model.", "language_model.model.",
                  "language_model.", "model.", "")  # fmt: skip
#: Prefixes of the tensors of encoders, without a leading "model.".
VISION_PREFIXES = ("vision_tower.", "multi_modal_projector.", "embed_vision.",
                   "encoder.vision_tower.", "encoder.multi_modal_projector.",
                   "vision_model.")  # fmt: skip
AUDIO_PREFIXES = ("audio_tower.", "embed_audio.")
#: The output matrix. It is a copy of the embedding, which ``check_tied`` makes sure of.
OUTPUT_MATRIX = ("lm_head.weight", "model.lm_head.weight", "language_model.lm_head.weight",
                 "lm_head.out_proj.weight")  # fmt: skip
#: What no forward pass reads: numbers that are computed anew, and counters.
_NO_WEIGHTS = re.compile(r"(rotary_emb\.\w*inv_freq|position_ids|num_batches_tracked)$")
_LORA = re.compile(r"(^|[._])(lora_|base_layer|modules_to_save)")

_GEMMA = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
          "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm",
          "post_attention_layernorm")  # fmt: skip
_GEMMA2 = (*_GEMMA, "pre_feedforward_layernorm", "post_feedforward_layernorm")
_GEMMA3 = (*_GEMMA2, "self_attn.q_norm", "self_attn.k_norm")
_PER_LAYER = ("per_layer_input_gate", "per_layer_projection", "post_per_layer_input_norm")
_T5 = (*_GEMMA3, *(f"cross_attn.{p}_proj" for p in "qkvo"),
       *(f"{at}_{name}_layernorm" for at in ("pre", "post") for name in ("self_attn", "cross_attn")))  # fmt: skip
#: Type of the model -> the names in one layer, without ".weight".
_LAYER = {
    "gemma": _GEMMA,
    "gemma2": _GEMMA2,
    "gemma3": _GEMMA3,
    "gemma3_text": _GEMMA3,
    "gemma3n": (*_GEMMA3, *_PER_LAYER, "altup.correction_coefs", "altup.prediction_coefs",
                "altup.modality_router", "altup.router_norm", "laurel.linear_left",
                "laurel.linear_right", "laurel.post_laurel_norm"),
    "gemma4": (*_GEMMA3, *_PER_LAYER, "post_feedforward_layernorm_1",
               "pre_feedforward_layernorm_2", "post_feedforward_layernorm_2", "router.proj"),
    "paligemma": _GEMMA,
    "t5gemma": _T5,
    "t5gemma2": _T5,
}  # fmt: skip
#: Names that do not end in ".weight".
_BARE = {
    "gemma3n": ("altup.correct_output_scale",),
    "gemma4": ("layer_scalar", "router.scale", "router.per_expert_scale", "experts.gate_up_proj",
               "experts.down_proj"),
}  # fmt: skip
#: Names beside the layers.
_PER_LAYER_MODEL = ("embed_tokens_per_layer.weight", "per_layer_model_projection.weight",
                    "per_layer_projection_norm.weight")  # fmt: skip
_MODEL = ("embed_tokens.weight", "norm.weight")
_MORE = {
    "gemma3n": re.compile(r"altup_(unembed_)?projections\.\d+\.weight"),
    "t5gemma2": re.compile(r"embed_tokens\.eoi_embedding|eoi_embedding"),
}
_SAME_AS = {"gemma4_text": "gemma4", "gemma4_assistant": "gemma4"}
_ASSISTANT = re.compile(r"(model\.)?(pre_projection|post_projection|masked_embedding)\.")


def check_tensors(tensors: Mapping[str, TensorInfo], config: Mapping[str, Any], where: str) -> None:
    """Makes sure that every tensor of a checkpoint is read.

    Args:
        tensors: the tensors of its headers, by name.
        config: what ``complete_config`` returned.
        where: the directory or handle, for error messages.

    Raises:
        InvalidInput: a tensor is not read, or has another shape than the config says; the message
            names it.
    """
    model_type = config["model_type"]
    if lora := [name for name in tensors if _LORA.search(name)]:
        raise InvalidInput("tensor_of_adapter", where=where, tensor=lora[0])
    prefixes = sorted({text_prefix(n) for n in tensors if n.endswith("embed_tokens.weight")})
    if len(prefixes) > 1 and not model_type.startswith("t5gemma"):
        first, second = (f"{p}embed_tokens.weight" for p in prefixes[:2])
        raise InvalidInput("tensors_of_two_models", where=where, first=first, second=second)
    for name, tensor in tensors.items():
        if not _is_read(name, config):
            raise InvalidInput("tensor_unread", where=where, tensor=name, model=model_type)
        wanted = _shape(name, config)
        if wanted and tensor.shape and tuple(tensor.shape) != wanted:
            shapes = {"shape": list(tensor.shape), "wanted": list(wanted)}
            raise InvalidInput("tensor_shape", where=where, tensor=name, **shapes)


def missing_tensors(names: Collection[str], config: Mapping[str, Any]) -> list[str]:
    """The tensors of a text model that a checkpoint lacks, by their names without a prefix.

    Only for the types whose layers all have the same tensors.
    """
    model_type = config["model_type"]
    if model_type not in ("gemma", "gemma2", "gemma3", "gemma3_text", "paligemma"):
        return []
    stored = {canonical_name(name) for name in names}
    text = config.get("text_config", config)
    layers = range(text["num_hidden_layers"])
    wanted = [f"layers.{i}.{name}.weight" for i in layers for name in _LAYER[model_type]]
    return [name for name in (*_MODEL, *wanted) if name not in stored]


def unread_tensors(names: Iterable[str], read: Collection[str]) -> list[str]:
    """The weights of the decoder that a converter did not read.

    Encoders have numbers that their forward pass does not need, so theirs are not listed.

    Args:
        names: the names in the files.
        read: the names that were read.
    """
    encoders = (*VISION_PREFIXES, *AUDIO_PREFIXES)
    return sorted(
        name
        for name in {*names} - {*read}
        if name not in OUTPUT_MATRIX
        and not _NO_WEIGHTS.search(name)
        and not name.removeprefix("model.").startswith(encoders)
    )


def text_prefix(name: str) -> str:
    """The prefix under which a checkpoint keeps the text model with this tensor."""
    return next(p for p in _TEXT_PREFIXES if name.startswith(p))


def canonical_name(name: str) -> str:
    """A tensor's name without the prefix of the text model, or without a leading "model."."""
    return name.removeprefix(text_prefix(name))


def kv_shared_layers(config: Mapping[str, Any]) -> range:
    """The layers that reuse the keys and values of an earlier one; theirs may be stored, unread."""
    text = config.get("text_config", config)
    count = text.get("num_hidden_layers", 0)
    return range(count - (text.get("num_kv_shared_layers") or 0), count)


def is_kv_shared(name: str, config: Mapping[str, Any]) -> bool:
    """Whether a tensor belongs to the keys and values of a layer that reuses those of another."""
    layer = re.search(r"layers\.(\d+)\.self_attn\.(k_proj|v_proj|k_norm|v_norm)\.weight$", name)
    return layer is not None and int(layer[1]) in kv_shared_layers(config)


def _is_read(name: str, config: Mapping[str, Any]) -> bool:
    model_type = config["model_type"]
    kind = _SAME_AS.get(model_type, model_type)
    if name in OUTPUT_MATRIX or _NO_WEIGHTS.search(name):
        return True
    if model_type == "gemma4_assistant" and _ASSISTANT.match(name):
        return True
    inner = name.removeprefix("model.")
    multimodal = config["encoder"] if model_type == "t5gemma2" else config
    if inner.startswith(VISION_PREFIXES):
        return multimodal.get("vision_config") is not None
    if inner.startswith(AUDIO_PREFIXES):
        return multimodal.get("audio_config") is not None
    text, rest = config.get("text_config", config), canonical_name(name)
    if model_type.startswith("t5gemma"):
        stack = re.match(r"(encoder|decoder)\.(text_model\.|language_model\.|model\.)?", inner)
        if not stack:
            return False
        text, rest = config[stack[1]], inner[stack.end() :]
        text = text.get("text_config", text)
    if layer := re.match(r"layers\.(\d+)\.", rest):
        rest = rest[layer.end() :]
        known = rest in _BARE.get(kind, ()) or rest.removesuffix(".weight") in _LAYER[kind]
        return known and int(layer[1]) < text["num_hidden_layers"]
    if kind in ("gemma3n", "gemma4") and rest in _PER_LAYER_MODEL:
        return True
    return rest in _MODEL or bool(kind in _MORE and _MORE[kind].fullmatch(rest))


def _shape(name: str, config: Mapping[str, Any]) -> tuple[int, ...] | None:
    """The shape of a text model's tensor; None where it differs from layer to layer."""
    if config["model_type"] not in ("gemma", "gemma2", "gemma3", "gemma3_text"):
        return None
    text = config.get("text_config", config)
    width, inner = text["hidden_size"], text["intermediate_size"]
    size = text["head_dim"]
    queries, keys = text["num_attention_heads"] * size, text["num_key_value_heads"] * size
    shapes = {
        "embed_tokens": (text["vocab_size"], width),
        "q_proj": (queries, width),
        "k_proj": (keys, width),
        "v_proj": (keys, width),
        "o_proj": (width, queries),
        "gate_proj": (inner, width),
        "up_proj": (inner, width),
        "down_proj": (width, inner),
        "q_norm": (size,),
        "k_norm": (size,),
    }
    rest = canonical_name(name).removesuffix(".weight")
    if not re.match(r"(layers\.\d+\.|embed_tokens$|norm$)", rest):
        return None
    return shapes.get(rest.rpartition(".")[2], (width,))
