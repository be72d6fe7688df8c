"""Turns the metadata of a GGUF file into the config.json of the same model at Hugging Face.

A GGUF is then read as any other checkpoint: ``read_hugging_face_config`` describes it, and KerasHub's
converters build it. The keys, and what llama.cpp assumes where one is missing, are those of its
``conversion/gemma.py`` and ``src/models/gemma*.cpp`` (2026-11). A key whose value KerasHub cannot
hold, and a key or a tensor that is not known here, is refused by its name.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

from gemma_nb.catalog.gguf_header import GgufModel
from gemma_nb.catalog.gguf_metadata import GgufMetadata, check_tensors
from gemma_nb.errors import LoadError

#: Layers of the 27B models of Gemma 2 and 3. llama.cpp recognises them so, and scales their queries
#: by the width of the model divided by its heads, not by the size of a head.
_LAYERS_OF_27B = {"gemma2": 46, "gemma3": 62}
#: The base wavelength of RoPE: of global layers, and of sliding ones.
_GLOBAL_THETA, _LOCAL_THETA = 1_000_000.0, 10_000.0
#: ``pooling_type`` of the mean.
_POOLING_MEAN = 1


def gguf_to_hugging_face_config(model: GgufModel) -> dict[str, Any]:
    """The config.json that describes the model of a GGUF file.

    ``partial_rotary_factor`` of Gemma 4 lies in a tensor and is not in the result.

    Args:
        model: the headers of its files.

    Raises:
        InvalidInput: it is no Gemma, or a value, key or tensor is not one that KerasHub can hold.
        LoadError: a key is missing.
    """
    data = GgufMetadata(model)
    translate: dict[str, Callable[[GgufMetadata, dict[str, Any]], dict[str, Any]]] = {
        "gemma": _gemma,
        "gemma2": _gemma2,
        "gemma3": _gemma3,
        "gemma-embedding": _embedding,
        "gemma3n": _gemma3n,
        "gemma4": _gemma4,
    }
    config = translate[data.name](data, _common(data))
    data.check_all_known()
    check_tensors(data, data.count("block_count"))
    return config


def _common(data: GgufMetadata) -> dict[str, Any]:
    """The fields that all architectures share; as in a config.json, without Gemma's constants."""
    embedding = data.model.tensors.get("token_embd.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise LoadError("gguf_tensor_missing", where=data.model.where, name="token_embd.weight")
    return {
        "vocab_size": embedding.shape[0],
        "num_hidden_layers": data.count("block_count"),
        "num_attention_heads": data.count("attention.head_count"),
        "hidden_size": data.count("embedding_length"),
        "max_position_embeddings": data.get("context_length"),
        "rms_norm_eps": _rounded(data.number("attention.layer_norm_rms_epsilon")),
        "hidden_activation": "gelu_pytorch_tanh",
        "attention_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
    }


def _dense(data: GgufMetadata) -> dict[str, Any]:
    """Heads and widths where every layer has the same."""
    heads = data.count("attention.head_count")
    head_dim = data.count("attention.key_length", data.count("embedding_length") // heads)
    data.expect("rope.dimension_count", head_dim)
    return {
        "intermediate_size": data.count("feed_forward_length"),
        "num_key_value_heads": data.count("attention.head_count_kv", heads),
        "head_dim": head_dim,
    }


def _gemma(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    data.expect("rope.freq_base", _LOCAL_THETA)
    _expect_epsilon(data)
    return {**common, **_dense(data), "model_type": "gemma", "rope_theta": _LOCAL_THETA}


def _gemma2(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    data.expect("rope.freq_base", _LOCAL_THETA)
    _expect_epsilon(data)
    dense = _dense(data)
    return {
        **common,
        **dense,
        "model_type": "gemma2",
        "rope_theta": _LOCAL_THETA,
        "query_pre_attn_scalar": _query_scalar(data, dense["head_dim"]),
        "attn_logit_softcapping": data.number("attn_logit_softcapping", 50.0),
        "final_logit_softcapping": data.number("final_logit_softcapping", 30.0),
        "sliding_window": data.count("attention.sliding_window", 4096),
    }


def _gemma3(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    layers, dense = common["num_hidden_layers"], _dense(data)
    window = data.get("attention.sliding_window") or None
    data.expect("rope.freq_base", _GLOBAL_THETA)
    data.expect("rope.freq_base_swa", _LOCAL_THETA)
    data.expect("attn_logit_softcapping", None)
    types = [
        "full_attention" if i % 6 == 5 or not window else "sliding_attention" for i in range(layers)
    ]
    pattern = data.get("attention.sliding_window_pattern", 6)
    if pattern not in (6, [kind == "sliding_attention" for kind in types]):
        raise data.refusal("attention.sliding_window_pattern", pattern)
    return {
        **common,
        **dense,
        "model_type": "gemma3_text",
        "layer_types": types,
        "sliding_window": window,
        "query_pre_attn_scalar": _query_scalar(data, dense["head_dim"]),
        "rope_theta": _GLOBAL_THETA,
        "rope_local_base_freq": _LOCAL_THETA,
        "rope_scaling": _rope_scaling(data),
        "attn_logit_softcapping": None,
        "final_logit_softcapping": data.get("final_logit_softcapping") or None,
    }


def _embedding(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    data.expect("attention.causal", False)
    data.expect("pooling_type", _POOLING_MEAN)
    for name in ("dense_2.weight", "dense_3.weight"):
        if name not in data.model.tensors:
            raise LoadError("gguf_tensor_missing", where=data.model.where, name=name)
        for side in ("in", "out"):
            data.get(f"{name.removesuffix('.weight')}_feat_{side}")  # the tensor has the shape
    return {**_gemma3(data, common), "use_bidirectional_attention": True}


def _gemma3n(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    tensors, layers = data.model.tensors, common["num_hidden_layers"]
    dense = _dense(data) if not isinstance(data.get("feed_forward_length"), list) else None
    widths = data.per_layer("feed_forward_length", layers)
    data.expect("rope.freq_base", _GLOBAL_THETA)
    data.expect("rope.freq_base_swa", _LOCAL_THETA)
    sizes = {}
    for name in ("per_layer_token_embd.weight", "blk.0.laurel_l.weight"):
        if name not in tensors:
            raise LoadError("gguf_tensor_missing", where=data.model.where, name=name)
        sizes[name] = tensors[name].shape[0]
    text = {
        **common,
        **(dense or _heads(data)),
        "model_type": "gemma3n_text",
        "intermediate_size": widths,
        "layer_types": _layer_types(data, layers),
        "sliding_window": data.count("attention.sliding_window"),
        "rope_theta": _GLOBAL_THETA,
        "rope_local_base_freq": _LOCAL_THETA,
        "rope_scaling": None,
        "vocab_size_per_layer_input": sizes["per_layer_token_embd.weight"],
        "hidden_size_per_layer_input": data.count("embedding_length_per_layer_input"),
        "altup_num_inputs": data.count("altup.num_inputs"),
        "altup_active_idx": data.get("altup.active_idx", 0),
        "altup_coef_clip": None,  # of training
        "altup_correct_scale": True,
        "laurel_rank": sizes["blk.0.laurel_l.weight"],
        "attention_dropout": 0.0,
        "num_kv_shared_layers": data.get("attention.shared_kv_layers", 0),
        # the file states how many standard deviations above the mean a value has to lie
        "activation_sparsity_pattern": [
            round(NormalDist().cdf(x), 6)
            for x in data.per_layer("activation_sparsity_scale", layers, float("-inf"))
        ],
        "final_logit_softcapping": data.number("final_logit_softcapping", 30.0),
    }
    return {"model_type": "gemma3n", "text_config": text}


def _gemma4(data: GgufMetadata, common: dict[str, Any]) -> dict[str, Any]:
    tensors, layers = data.model.tensors, common["num_hidden_layers"]
    types = _layer_types(data, layers)
    shared = data.get("attention.shared_kv_layers", 0)
    widths = data.per_layer("feed_forward_length", layers)
    wide = [widths[0]] * (layers - shared) + [2 * widths[0]] * shared
    if widths not in ([widths[0]] * layers, wide):
        raise data.refusal("feed_forward_length", widths)
    kv_heads = dict(zip(types, data.per_layer("attention.head_count_kv", layers), strict=True))
    local_heads = kv_heads.get("sliding_attention", kv_heads.get("full_attention"))
    # global layers whose values are their keys have no value projection
    first_global = types.index("full_attention") if "full_attention" in types else None
    keys_are_values = (
        first_global is not None and f"blk.{first_global}.attn_v.weight" not in tensors
    )
    if not keys_are_values and kv_heads.get("full_attention", local_heads) != local_heads:
        raise data.refusal("attention.head_count_kv", list(kv_heads.values()))
    head_dim = data.count("attention.key_length")
    local_head_dim = data.count("attention.key_length_swa", head_dim)
    data.expect("rope.dimension_count", head_dim)
    data.expect("rope.dimension_count_swa", local_head_dim)
    per_layer = tensors.get("per_layer_token_embd.weight")
    experts = data.get("expert_count", 0)
    return {
        **common,
        "model_type": "gemma4_text",
        "intermediate_size": widths[0],
        "num_key_value_heads": local_heads,
        "num_global_key_value_heads": kv_heads["full_attention"] if keys_are_values else None,
        "attention_k_eq_v": keys_are_values,
        "head_dim": local_head_dim,
        "global_head_dim": head_dim,
        "layer_types": types,
        "sliding_window": data.count("attention.sliding_window"),
        "num_kv_shared_layers": shared,
        "use_double_wide_mlp": bool(shared) and widths == wide,
        "hidden_size_per_layer_input": data.get("embedding_length_per_layer_input", 0),
        "vocab_size_per_layer_input": per_layer.shape[0] if per_layer else None,
        "final_logit_softcapping": data.get("final_logit_softcapping") or None,
        "enable_moe_block": bool(experts),
        "num_experts": experts or None,
        "top_k_experts": data.get("expert_used_count"),
        "moe_intermediate_size": data.get("expert_feed_forward_length"),
        "rope_parameters": {
            "full_attention": {
                "rope_type": "proportional",
                "rope_theta": data.number("rope.freq_base", _GLOBAL_THETA),
            },
            "sliding_attention": {
                "rope_type": "default",
                "rope_theta": data.number("rope.freq_base_swa", _LOCAL_THETA),
            },
        },
    }


def _heads(data: GgufMetadata) -> dict[str, Any]:
    return {
        "num_key_value_heads": data.count("attention.head_count_kv"),
        "head_dim": data.count("attention.key_length"),
    }


def _layer_types(data: GgufMetadata, layers: int) -> list[str]:
    slides = data.per_layer("attention.sliding_window_pattern", layers)
    return ["sliding_attention" if one else "full_attention" for one in slides]


def _query_scalar(data: GgufMetadata, head_dim: int) -> int:
    """The number whose root divides the queries."""
    if data.count("block_count") != _LAYERS_OF_27B.get(data.name):
        return head_dim
    return data.count("embedding_length") // data.count("attention.head_count")


def _rope_scaling(data: GgufMetadata) -> dict[str, Any] | None:
    """The scaling of global layers: none, or linear."""
    kind = data.get("rope.scaling.type", "none")
    factor = data.number("rope.scaling.factor", 1.0)
    data.get("rope.scaling.original_context_length")
    if kind == "none" or factor == 1:
        return None
    if kind != "linear":
        raise data.refusal("rope.scaling.type", kind)
    return {"rope_type": "linear", "factor": factor}


def _expect_epsilon(data: GgufMetadata) -> None:
    """Refuses an epsilon that KerasHub's Gemma 1 and 2 have no argument for in their converter."""
    epsilon = data.number("attention.layer_norm_rms_epsilon")
    if _rounded(epsilon) != 1e-6:
        raise data.refusal("attention.layer_norm_rms_epsilon", epsilon)


def _rounded(value: float) -> float:
    """A float32 as it was written: 1e-06, not 9.999999974752427e-07."""
    return float(f"{value:.6g}")
