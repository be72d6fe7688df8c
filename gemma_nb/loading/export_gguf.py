"""Writes a model as a GGUF file, with the package gguf (llama.cpp's own).

The keys are those of llama.cpp's ``conversion/gemma.py`` (2026-11); ``catalog/gguf_config`` reads them
back.
"""

from __future__ import annotations

from math import prod
from pathlib import Path
from statistics import NormalDist
from typing import Any

from gemma_nb.catalog.gguf_format import gguf_package
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.loading.dequantize import float_weight
from gemma_nb.loading.export_config import transformers_config
from gemma_nb.loading.gguf_names import GgufName, GgufNames
from gemma_nb.loading.weight_names import NamedWeight, named_weights
from gemma_nb.prompts.safe_tokenizer import Vocabulary

#: The precisions of ``export`` -> the ggml type of matrices, and that of embedding tables.
GGUF_TYPES = {
    "float32": ("F32", "F32"),
    "bfloat16": ("BF16", "BF16"),
    "float16": ("F16", "F16"),
    "Q8_0": ("Q8_0", "Q8_0"),
    "Q4_0": ("Q4_0", "Q8_0"),
}
#: model_type of config.json -> llama.cpp's name of the architecture.
_ARCHITECTURES = {
    "gemma": "gemma",
    "gemma2": "gemma2",
    "gemma3_text": "gemma3",
    "gemma3n_text": "gemma3n",
    "gemma4_text": "gemma4",
}
#: Tensors that stay in float32 (llama.cpp's own choice): norms and scales, and the small matrices
#: that choose experts and mix Gemma 3n's streams.
_FLOAT32 = ("ffn_gate_inp", "altup_correct_coef", "altup_predict_coef", "altup_router")


def check_gguf_export(backbone: Any, precision: str) -> None:
    """Makes sure that a backbone can be written as GGUF.

    Args:
        backbone: a KerasHub backbone of the Gemma family.
        precision: one of ``GGUF_TYPES``.

    Raises:
        InvalidInput: the class has no architecture in llama.cpp, or what of it cannot be written.
        LoadError: the package gguf is not installed.
    """
    gguf_package()
    _architecture(backbone, transformers_config(backbone))
    if precision not in GGUF_TYPES:
        raise InvalidInput(
            "export_precision", precision=shown(precision), all=", ".join(GGUF_TYPES)
        )


def write_gguf(
    path: Path,
    backbone: Any,
    proto: bytes,
    precision: str,
    *,
    name: str,
    stop_ids: list[int],
    context_length: int,
    chat_template: str | None,
) -> None:
    """Writes a backbone and its vocabulary; one tensor is in memory at a time.

    Args:
        path: the file.
        backbone: a KerasHub backbone of the Gemma family; a quantised one is written dequantised.
        proto: the serialized SentencePiece model.
        precision: one of ``GGUF_TYPES``.
        name: the model's name.
        stop_ids: the tokens that end a reply.
        context_length: the longest context, in tokens.
        chat_template: the Jinja template of conversations; None for none.

    Raises:
        InvalidInput: as in ``check_gguf_export``.
        OSError: the file cannot be written.
    """
    import numpy as np

    gguf = gguf_package()
    config = transformers_config(backbone)
    architecture = _architecture(backbone, config)
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_name(name)
    writer.add_type("model")
    writer.add_file_type(_file_type(precision))
    writer.add_context_length(context_length)
    _add_parameters(writer, architecture, config)
    _add_vocabulary(writer, proto, stop_ids)
    if chat_template:
        writer.add_chat_template(chat_template)
    tensors = _tensors(backbone, architecture, config)
    kinds = {one: _kind(one, weights, precision) for one, weights in tensors.items()}
    try:
        for one, weights in tensors.items():
            shape = _shape(weights)
            kind = gguf.GGMLQuantizationType[kinds[one]]
            block, size = gguf.GGML_QUANT_SIZES[kind]
            # float32 stands for "not packed yet": the shape counts elements
            writer.add_tensor_info(one, shape, np.float32, prod(shape) // block * size, kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for one, weights in tensors.items():
            values = _values(weights)
            kind = gguf.GGMLQuantizationType[kinds[one]]
            writer.write_tensor_data(gguf.quants.quantize(values, kind))
    finally:
        writer.close()


def _architecture(backbone: Any, config: dict[str, Any]) -> str:
    if config.get("use_bidirectional_attention") is True:
        return "gemma-embedding"
    if config["model_type"] not in _ARCHITECTURES:
        known = ", ".join([*_ARCHITECTURES.values(), "gemma-embedding"])
        raise InvalidInput("export_gguf_class", kind=type(backbone).__name__, known=known)
    return _ARCHITECTURES[config["model_type"]]


def _file_type(precision: str) -> int:
    import gguf

    kind = gguf.LlamaFileType
    types = {
        "float32": kind.ALL_F32,
        "float16": kind.MOSTLY_F16,
        "bfloat16": kind.MOSTLY_BF16,
        "Q8_0": kind.MOSTLY_Q8_0,
        "Q4_0": kind.MOSTLY_Q4_0,
    }
    return int(types[precision])


def _add_parameters(writer: Any, architecture: str, config: dict[str, Any]) -> None:
    """The keys of the architecture."""
    layers = config["num_hidden_layers"]
    writer.add_block_count(layers)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    if config.get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
    if cap := config.get("attn_logit_softcapping"):
        writer.add_attn_logit_softcapping(cap)
    if cap := config.get("final_logit_softcapping"):
        writer.add_final_logit_softcapping(cap)
    slides = [kind == "sliding_attention" for kind in config.get("layer_types", [])]
    if architecture in ("gemma3", "gemma-embedding", "gemma3n"):
        writer.add_rope_freq_base(config["rope_theta"])
        if scaling := config.get("rope_scaling"):
            import gguf

            writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
            writer.add_rope_scaling_factor(scaling["factor"])
    if architecture == "gemma-embedding":
        import gguf

        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
    if architecture in ("gemma3n", "gemma4"):
        writer.add_sliding_window_pattern(slides)
        writer.add_shared_kv_layers(config["num_kv_shared_layers"])
        writer.add_embedding_length_per_layer_input(config["hidden_size_per_layer_input"])
    if architecture == "gemma3n":
        writer.add_altup_active_idx(config["altup_active_idx"])
        writer.add_altup_num_inputs(config["altup_num_inputs"])
        writer.add_activation_sparsity_scale(
            [
                NormalDist().inv_cdf(share) if share else float("-inf")
                for share in config["activation_sparsity_pattern"]
            ]
        )
    if architecture == "gemma4":
        _add_gemma4(writer, config, slides)


def _add_gemma4(writer: Any, config: dict[str, Any], slides: list[bool]) -> None:
    """What differs between Gemma 4's sliding and global layers, and its experts."""
    head_dim, local = config["global_head_dim"], config["head_dim"]
    prefix = writer.arch
    for key, value in (("key_length", head_dim), ("value_length", head_dim)):
        writer.kv_data[0].pop(f"{prefix}.attention.{key}")  # written for all families
        getattr(writer, f"add_{key}")(value)
    writer.add_key_length_swa(local)
    writer.add_value_length_swa(local)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_dimension_count_swa(local)
    rope = config["rope_parameters"]
    writer.add_rope_freq_base(rope["full_attention"]["rope_theta"])
    writer.add_rope_freq_base_swa(rope["sliding_attention"]["rope_theta"])
    if (shared := config["num_global_key_value_heads"]) is not None:
        writer.kv_data[0].pop(f"{prefix}.attention.head_count_kv")
        own = config["num_key_value_heads"]
        writer.add_head_count_kv([own if one else shared for one in slides])
    if config["use_double_wide_mlp"]:
        width, last = config["intermediate_size"], config["num_kv_shared_layers"]
        writer.kv_data[0].pop(f"{prefix}.feed_forward_length")
        writer.add_feed_forward_length([width] * (len(slides) - last) + [2 * width] * last)
    if config["enable_moe_block"]:
        writer.add_expert_count(config["num_experts"])
        writer.add_expert_used_count(config["top_k_experts"])
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])


def _add_vocabulary(writer: Any, proto: bytes, stop_ids: list[int]) -> None:
    from sentencepiece import sentencepiece_model_pb2

    classes: Any = sentencepiece_model_pb2  # created at import, so without static types
    model = classes.ModelProto.FromString(proto)
    kind = classes.ModelProto.SentencePiece
    control = set(Vocabulary(proto).control.values())
    texts, types = [], []
    for i, piece in enumerate(model.pieces):
        spaced = piece.type == kind.USER_DEFINED
        texts.append(piece.piece.replace("▁", " ") if spaced else piece.piece)
        types.append(kind.CONTROL if i in control else piece.type)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(texts)
    writer.add_token_scores([piece.score for piece in model.pieces])
    writer.add_token_types(types)
    ids = {text: i for i, text in enumerate(texts)}
    for name, add in (
        ("<bos>", writer.add_bos_token_id),
        ("<eos>", writer.add_eos_token_id),
        ("<unk>", writer.add_unk_token_id),
        ("<pad>", writer.add_pad_token_id),
    ):
        if name in ids:
            add(ids[name])
    turn_ends = [i for i in stop_ids if i != ids.get("<eos>")]
    if turn_ends:
        writer.add_eot_token_id(turn_ends[0])
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)


#: What one tensor of the file is made of: weights, each with its place in it; or an array.
_Parts = list[tuple[NamedWeight, GgufName]] | Any


def _tensors(backbone: Any, architecture: str, config: dict[str, Any]) -> dict[str, _Parts]:
    """The tensors of the file by name."""
    import numpy as np

    names = GgufNames(architecture, config["num_hidden_layers"])
    tensors: dict[str, _Parts] = {}
    for weight in named_weights(backbone):
        place = names.translate(weight.name)
        tensors.setdefault(place.name, []).append((weight, place))
    if architecture == "gemma4":
        half = config["global_head_dim"] // 2
        share = config["rope_parameters"]["full_attention"]["partial_rotary_factor"] or 1.0
        rotated = int(share * half)
        factors = [1.0] * rotated + [1e30] * (half - rotated)
        tensors["rope_freqs.weight"] = np.array(factors, np.float32)
    return tensors


def _shape(weights: _Parts) -> tuple[int, ...]:
    if not isinstance(weights, list):
        return tuple(weights.shape)
    weight, place = weights[0]
    return weight.shape if place.index is None else (len(weights), *weight.shape)


def _values(weights: _Parts) -> Any:
    """The numbers of a tensor in float32."""
    import numpy as np

    if not isinstance(weights, list):
        return weights
    parts = [
        weight.layout.from_keras(float_weight(weight.layer, weight.attribute))
        + np.float32(place.shift)
        for weight, place in weights
    ]
    if weights[0][1].index is not None:
        return np.stack(parts)
    whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)
    return np.ascontiguousarray(whole, np.float32)


def _kind(name: str, weights: _Parts, precision: str) -> str:
    """The ggml type of a tensor."""
    shape = _shape(weights)
    matrix, table = GGUF_TYPES[precision]
    is_table = name.endswith("token_embd.weight")
    if len(shape) < 2 or any(f".{part}." in name for part in _FLOAT32):
        return "F32"
    kind = table if is_table else matrix
    if kind.startswith("Q") and shape[-1] % 32:
        return "F16"  # as llama.cpp, where a row is not made of whole blocks
    return kind
