"""The backbone configurations that KerasHub's registry does not hold.

A registry entry has a name, a handle, a description and a (sometimes rounded) count: the numbers
come with the weights. Here they are gathered from what is public without an account, one entry a
distinct architecture, in KerasHub's own argument names. ``tools/update_catalog.py`` builds each
from the real class, so that a wrong number shows as a count that differs from the published one.

Sources (read 2026-11-22):
- Gemma 1, 2, 3: keras-hub 0.32, ``utils/transformers/convert_gemma*.py``; the counts equal the
  registry's.
- Gemma 3 image encoder (SigLIP So400m, 896 px, patch 14, pooled by 4): convert_gemma3.py.
- Gemma 3n: google-deepmind/gemma ``gm/nn/gemma3n/_gemma3n.py``; convert_gemma3n.py (MobileNetV5
  300M, vocabulary 262,400, AltUp 4, LAuReL 64); audio: transformers' Gemma3nAudioConfig.
- Gemma 4: google-deepmind/gemma ``gm/nn/gemma4/_gemma4.py``, ``vision/_encoder.py``,
  ``audio/_modules.py`` (2026-07-24); convert_gemma4.py.
- Gemma 4 drafters: google/gemma-4-E2B-it-assistant config.json; convert_gemma4_assistant.py.
- PaliGemma: keras-hub ``pali_gemma_backbone.py``, convert_pali_gemma.py.
- T5Gemma: google-deepmind/gemma ``research/t5gemma/config.py`` (vocabulary 256,000 in the
  published checkpoints; 256,128 in that file).
- T5Gemma 2: Gemma 3's text configurations, encoder and decoder each; convert_t5gemma2.py.
"""

from __future__ import annotations

from typing import Any

Config = dict[str, Any]


def _gemma(layers: int, q: int, kv: int, hidden: int, ffw: int, head: int = 256) -> Config:
    """Gemma 1. KerasHub's intermediate_dim counts gate and up together."""
    return {
        "backbone": "GemmaBackbone",
        "vocabulary_size": 256000,
        "num_layers": layers,
        "num_query_heads": q,
        "num_key_value_heads": kv,
        "hidden_dim": hidden,
        "intermediate_dim": 2 * ffw,
        "head_dim": head,
    }


def _gemma2(*numbers: int) -> Config:
    return {
        **_gemma(*numbers),
        "use_post_ffw_norm": True,
        "use_post_attention_norm": True,
        "final_logit_soft_cap": 30.0,
        "attention_logit_soft_cap": 50.0,
        "sliding_window_size": 4096,
        "use_sliding_window_attention": True,
    }


def _gemma3(
    layers: int,
    q: int,
    kv: int,
    hidden: int,
    ffw: int,
    window: int,
    *,
    head: int = 256,
    vocabulary: int = 262144,
    vision: bool = False,
) -> Config:
    return {
        "backbone": "Gemma3Backbone",
        "vocabulary_size": vocabulary,
        "num_layers": layers,
        "num_query_heads": q,
        "num_key_value_heads": kv,
        "hidden_dim": hidden,
        "intermediate_dim": ffw,
        "head_dim": head,
        "use_query_key_norm": True,
        "use_post_ffw_norm": True,
        "use_post_attention_norm": True,
        "use_sliding_window_attention": True,
        "sliding_window_size": window,
        "image_size": 896 if vision else None,
        "vision_encoder": _siglip(hidden) if vision else None,
    }


def _siglip(output_dim: int) -> Config:
    return {
        "encoder": "Gemma3VisionEncoder",
        "image_size": 896,
        "patch_size": 14,
        "num_heads": 16,
        "hidden_dim": 1152,
        "num_layers": 27,
        "intermediate_dim": 4304,
        "output_dim": output_dim,
        "pool_size": 4,
    }


def _layer_types(layers: int, every: int) -> list[str]:
    return [
        "full_attention" if i % every == every - 1 else "sliding_attention" for i in range(layers)
    ]


def _gemma3n(layers: int, ffw: int) -> Config:
    return {
        "backbone": "Gemma3nBackbone",
        "text_vocab_size": 262400,
        "text_hidden_size": 2048,
        "num_hidden_layers": layers,
        "pad_token_id": 0,
        "num_attention_heads": 8,
        "num_key_value_heads": 2,
        "head_dim": 256,
        "intermediate_size": [ffw] * layers,
        "hidden_activation": "gelu_approximate",
        "layer_types": _layer_types(layers, 5),
        "sliding_window": 512,
        "rope_theta": 1e6,
        "max_position_embeddings": 32768,
        "vocab_size_per_layer_input": 262144,
        "hidden_size_per_layer_input": 256,
        "altup_num_inputs": 4,
        "laurel_rank": 64,
        "activation_sparsity_pattern": [0.95] * 10 + [0.0] * (layers - 10),
        "altup_coef_clip": 120.0,
        "num_kv_shared_layers": layers - 20,
        "final_logit_soft_cap": 30.0,
        "vision_encoder_config": "mobilenetv5_300m_enc",
        "vision_hidden_size": 2048,
        "vision_vocab_size": 128,
        "vision_vocab_offset": 262144,
        "vision_soft_tokens_per_image": 256,
        "image_token_id": 262145,
        "audio_encoder_config": {
            "hidden_size": 1536,
            "input_feat_size": 128,
            "sscp_conv_channel_size": [128, 32],
            "sscp_conv_kernel_size": [[3, 3], [3, 3]],
            "sscp_conv_stride_size": [[2, 2], [2, 2]],
            "sscp_conv_group_norm_eps": 1e-3,
            "num_hidden_layers": 12,
            "rms_norm_eps": 1e-6,
            "gradient_clipping": 1e10,
            "residual_weight": 0.5,
            "num_attention_heads": 8,
            "attention_chunk_size": 12,
            "num_attention_context_right": 0,
            "num_attention_context_left": 13,
            "attention_logit_cap": 50.0,
            "conv_kernel_size": 5,
            "reduction_factor": 4,
        },
        "audio_hidden_size": 1536,
        "audio_vocab_size": 128,
        "audio_vocab_offset": 262272,
        "audio_soft_tokens_per_image": 188,
        "audio_token_id": 262273,
    }


def _gemma4(
    layers: int,
    q: int,
    kv: int,
    hidden: int,
    ffw: int,
    window: int,
    *,
    every: int = 6,
    small: bool = False,
    **more: Any,
) -> Config:
    vision = {
        "encoder": "Gemma4VisionEncoder",
        "image_size": 896,
        "patch_size": 16,
        "pool_size": 3,
        "position_embedding_size": 10240,
        "output_dim": hidden,
        "num_layers": 16 if small else 27,
        "num_heads": 12 if small else 16,
        "num_key_value_heads": 12 if small else 16,
        "hidden_dim": 768 if small else 1152,
        "intermediate_dim": 3072 if small else 4304,
        "head_dim": 64 if small else 72,
        "use_clipped_linears": small,
        "standardize": not small,
    }
    audio = {
        "encoder": "Gemma4AudioEncoder",
        "hidden_size": 1024,
        "num_heads": 8,
        "num_layers": 12,
        "chunk_size": 12,
        "context_left": 13,
        "context_right": 0,
        "conv_kernel_size": 5,
        "sscp_conv_channels": [128, 32],
        "output_proj_dims": 1536,
        "output_dim": hidden,
    }
    return {
        "backbone": "Gemma4Backbone",
        "vocabulary_size": 262144,
        "image_size": 896,
        "num_layers": layers,
        "num_query_heads": q,
        "num_key_value_heads": kv,
        "hidden_dim": hidden,
        "intermediate_dim": ffw,
        "head_dim": 256,
        "global_head_dim": 512,
        "final_logit_soft_cap": 30.0,
        "sliding_window_size": window,
        "sliding_window_pattern": every,
        "layer_types": _layer_types(layers, every),
        "global_rope_partial_rotary_factor": 0.25,
        "vision_encoder": vision,
        "audio_encoder": audio if small else None,
        **more,
    }


def _drafter(q: int, kv: int, hidden: int, ffw: int, window: int, **task: Any) -> Config:
    return {
        "backbone": "Gemma4Backbone",
        "task": {"num_centroids": 2048, "centroid_intermediate_top_k": 32, **task},
        "vocabulary_size": 262144,
        "image_size": None,
        "num_layers": 4,
        "num_query_heads": q,
        "num_key_value_heads": kv,
        "hidden_dim": hidden,
        "intermediate_dim": ffw,
        "head_dim": 256,
        "global_head_dim": 512,
        "sliding_window_size": window,
        "sliding_window_pattern": 4,
        "layer_types": _layer_types(4, 4),
        "num_kv_shared_layers": 4,
        "global_rope_partial_rotary_factor": 0.25,
    }


def _pali(text: Config, image_size: int) -> Config:
    return {
        **text,
        "backbone": "PaliGemmaBackbone",
        "vocabulary_size": 257152,
        "image_size": image_size,
        "vit_patch_size": 14,
        "vit_num_heads": 16,
        "vit_hidden_dim": 1152,
        "vit_num_layers": 27,
        "vit_intermediate_dim": 4304,
    }


_T5 = {
    "s": (8, 8, 8, 512, 1024, 64),
    "b": (12, 12, 12, 768, 2048, 64),
    "l": (24, 16, 16, 1024, 2816, 64),
    "ml": (26, 4, 4, 1152, 6912, 256),
    "xl": (24, 32, 32, 2048, 5120, 64),
    "2b": (26, 8, 4, 2304, 9216, 256),
    "9b": (42, 16, 8, 3584, 14336, 256),
}


def _side(side: str, numbers: tuple[int, ...], every: int) -> Config:
    layers, q, kv, hidden, ffw, head = numbers
    return {
        f"{side}_num_layers": layers,
        f"{side}_num_attention_heads": q,
        f"{side}_num_key_value_heads": kv,
        f"{side}_hidden_dim": hidden,
        f"{side}_intermediate_dim": ffw,
        f"{side}_head_dim": head,
        f"{side}_layer_types": (
            ["sliding_attention", "full_attention"] * (layers // 2)
            if every == 2
            else _layer_types(layers, every)
        ),
    }


def _t5gemma(encoder: str, decoder: str) -> Config:
    return {
        "backbone": "T5GemmaBackbone",
        "vocabulary_size": 256000,
        **_side("encoder", _T5[encoder], 2),
        **_side("decoder", _T5[decoder], 2),
        "cross_attention_hidden_size": _T5[encoder][3],
        "sliding_window": 4096,
        "attn_logit_softcapping": 50.0,
        "final_logit_softcapping": 30.0,
        "query_pre_attn_scalar": _T5[decoder][5],
    }


def _t5gemma2(numbers: tuple[int, ...], window: int) -> Config:
    return {
        "backbone": "T5Gemma2Backbone",
        "vocabulary_size": 262144,
        **_side("encoder", numbers, 6),
        **_side("decoder", numbers, 6),
        "cross_attention_hidden_size": numbers[3],
        "sliding_window": window,
        "query_pre_attn_scalar": 256.0,
        "rope_max_wavelength": 10000.0,
        "vision_encoder": _siglip(numbers[3]),
    }


_GEMMA_2B = (18, 8, 1, 2048, 16384)
_GEMMA2 = {
    "2b": (26, 8, 4, 2304, 9216, 256),
    "9b": (42, 16, 8, 3584, 14336, 256),
    "27b": (46, 32, 16, 4608, 36864, 128),
}
_GEMMA3 = {
    "270m": (18, 4, 1, 640, 2048, 512),
    "1b": (26, 4, 1, 1152, 6912, 512),
    "4b": (34, 8, 4, 2560, 10240, 1024),
    "12b": (48, 16, 8, 3840, 15360, 1024),
    "27b": (62, 32, 16, 5376, 21504, 1024),
}

CONFIGS: dict[str, Config] = {
    "gemma_2b": _gemma(*_GEMMA_2B),
    "gemma_7b": _gemma(28, 16, 16, 3072, 24576),
    **{f"gemma2_{size}": _gemma2(*numbers) for size, numbers in _GEMMA2.items()},
    # Gemma 2's shape in Gemma 1's blocks: no norms after attention and feed-forward.
    "vault_gemma_1b": {
        **_gemma(26, 4, 4, 1152, 6912),
        "final_logit_soft_cap": 30.0,
        "attention_logit_soft_cap": 50.0,
    },
    **{
        f"gemma3_{size}{'_text' if size in ('4b', '12b', '27b') else ''}": _gemma3(
            *numbers, head=128 if size == "27b" else 256
        )
        for size, numbers in _GEMMA3.items()
    },
    **{
        f"gemma3_{size}": _gemma3(*_GEMMA3[size], head=128 if size == "27b" else 256, vision=True)
        for size in ("4b", "12b", "27b")
    },
    # MedGemma keeps the 64 further rows of the Hugging Face embedding table.
    "medgemma_4b": _gemma3(*_GEMMA3["4b"], vision=True, vocabulary=262208),
    "medgemma_27b": _gemma3(*_GEMMA3["27b"], head=128, vision=True, vocabulary=262208),
    "embedding_gemma3_300m": {
        **_gemma3(24, 3, 1, 768, 1152, 512),
        "use_bidirectional_attention": True,
        "is_embedding_model": True,
        "pooling_intermediate_dim": 3072,
        "embedding_dim": 768,
    },
    "gemma3n_e2b": _gemma3n(30, 8192),
    "gemma3n_e4b": _gemma3n(35, 16384),
    "gemma4_2b": _gemma4(
        35,
        8,
        1,
        1536,
        6144,
        512,
        every=5,
        small=True,
        num_kv_shared_layers=20,
        hidden_size_per_layer_input=256,
        use_double_wide_mlp=True,
    ),
    "gemma4_4b": _gemma4(
        42,
        8,
        2,
        2560,
        10240,
        512,
        small=True,
        num_kv_shared_layers=18,
        hidden_size_per_layer_input=256,
    ),
    "gemma4_26b_a4b": _gemma4(
        30,
        16,
        8,
        2816,
        2112,
        1024,
        num_global_key_value_heads=2,
        enable_moe_block=True,
        num_experts=128,
        expert_intermediate_dim=704,
        num_experts_per_token=8,
        use_vision_bidirectional_attention=True,
    ),
    "gemma4_31b": _gemma4(
        60,
        32,
        16,
        5376,
        21504,
        1024,
        num_global_key_value_heads=4,
        use_vision_bidirectional_attention=True,
    ),
    "gemma4_2b_assistant": _drafter(
        4, 1, 256, 2048, 512, backbone_hidden_size=1536, use_ordered_embeddings=True
    ),
    "gemma4_4b_assistant": _drafter(
        4, 2, 256, 2048, 512, backbone_hidden_size=2560, use_ordered_embeddings=True
    ),
    "gemma4_26b_a4b_assistant": _drafter(
        16, 8, 1024, 8192, 1024, backbone_hidden_size=2816, use_ordered_embeddings=False
    ),
    "gemma4_31b_assistant": _drafter(
        32, 16, 1024, 8192, 1024, backbone_hidden_size=5376, use_ordered_embeddings=False
    ),
    **{f"pali_gemma_3b_{px}": _pali(_gemma(*_GEMMA_2B), px) for px in (224, 448, 896)},
    **{
        f"pali_gemma2_{total}_{px}": _pali(_gemma2(*_GEMMA2[text]), px)
        for total, text in (("3b", "2b"), ("10b", "9b"), ("28b", "27b"))
        for px in (224, 448, 896)
    },
    **{
        f"t5gemma_{encoder}_{decoder}": _t5gemma(encoder, decoder)
        for encoder, decoder in (
            *((side, side) for side in ("s", "b", "l", "ml", "xl", "2b", "9b")),
            ("9b", "2b"),
        )
    },
    **{
        f"t5gemma2_{size}_{size}": _t5gemma2((*_GEMMA3[size][:5], 256), _GEMMA3[size][5])
        for size in ("270m", "1b", "4b")
    },
}
