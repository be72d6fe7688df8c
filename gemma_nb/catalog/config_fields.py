"""The fields of a Hugging Face config that change the mathematics: their defaults and their limits.

transformers fills the fields that a config leaves out with its own defaults. KerasHub's converters
pass some fields on to the backbone, and compute with a constant where the backbone has no argument
for a field. The tables below hold both facts for each type of model, so that a checkpoint is either
read as transformers reads it, or refused by the name of a field.

Sources: transformers 5.24, ``models/*/configuration_*.py`` (defaults); keras-hub 0.32,
``models/*/*_backbone.py`` and ``utils/transformers/convert_*.py`` (arguments and constants).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """One field of a config.

    Args:
        default: the value that transformers takes if the config leaves the field out.
        only: the values with which KerasHub computes what transformers computes; None if KerasHub
            has an argument for the field, so that any value is right.
    """

    default: Any = None
    only: tuple[Any, ...] | None = None


_GELU = Field("gelu_pytorch_tanh", only=("gelu_pytorch_tanh",))
#: The activations that KerasHub and transformers know under the same name.
_ACTIVATION = Field("gelu_pytorch_tanh", only=("gelu_pytorch_tanh", "gelu", "silu", "relu"))
_EPSILON = Field(1e-6, only=(1e-6,))
_NO = Field(False, only=(False, None))
_YES = Field(True, only=(True,))

#: In every decoder: KerasHub has no biases and one table for input and output.
_DECODER = {
    "tie_word_embeddings": _YES,
    "attention_bias": _NO,
    "mlp_bias": _NO,
}
_GEMMA2 = {
    **_DECODER,
    "vocab_size": Field(256000),
    "hidden_size": Field(2304),
    "intermediate_size": Field(9216),
    "num_hidden_layers": Field(26),
    "num_attention_heads": Field(8),
    "num_key_value_heads": Field(4),
    "head_dim": Field(256),
    "hidden_activation": _GELU,
    "rms_norm_eps": _EPSILON,
    "query_pre_attn_scalar": Field(256),
    "sliding_window": Field(4096),
    "final_logit_softcapping": Field(30.0),
    "attn_logit_softcapping": Field(50.0),
    "use_bidirectional_attention": _NO,
}
_T5_STACK = {
    **_GEMMA2,
    "hidden_activation": _ACTIVATION,
    "rms_norm_eps": Field(1e-6),
    "dropout_rate": Field(0.0),
    "attention_dropout": Field(0.0),
    "initializer_range": Field(0.02),
}

#: The text part of a config: type of the decoder -> field -> what is known of it.
TEXT_FIELDS: dict[str, dict[str, Field]] = {
    "gemma": {
        **_DECODER,
        "vocab_size": Field(256000),
        "hidden_size": Field(3072),
        "intermediate_size": Field(24576),
        "num_hidden_layers": Field(28),
        "num_attention_heads": Field(16),
        "num_key_value_heads": Field(16),
        "head_dim": Field(256),
        # "gelu" stands for the approximation in the configs of the first releases
        "hidden_act": Field("gelu_pytorch_tanh", only=("gelu_pytorch_tanh", "gelu")),
        "hidden_activation": Field(None, only=("gelu_pytorch_tanh", None)),
        "rms_norm_eps": _EPSILON,
        "use_bidirectional_attention": _NO,
    },
    "gemma2": _GEMMA2,
    "gemma3_text": {
        **_GEMMA2,
        "vocab_size": Field(262208),
        "final_logit_softcapping": Field(None),
        "attn_logit_softcapping": Field(None),
        "use_bidirectional_attention": Field(False),
        # KerasHub's converter reads these, transformers has no such fields
        "use_post_ffw_norm": _YES,
        "use_post_attention_norm": _YES,
        "use_query_key_norm": _YES,
    },
    "gemma3n_text": {
        **_DECODER,
        "vocab_size": Field(262400),
        "hidden_size": Field(2048),
        "intermediate_size": Field(16384),
        "num_hidden_layers": Field(35),
        "num_attention_heads": Field(8),
        "num_key_value_heads": Field(2),
        "head_dim": Field(256),
        "hidden_activation": _ACTIVATION,
        "max_position_embeddings": Field(32768),
        "rms_norm_eps": Field(1e-6),
        "attention_dropout": Field(0.0),
        "sliding_window": Field(512),
        "final_logit_softcapping": Field(30.0),
        "vocab_size_per_layer_input": Field(262144),
        "hidden_size_per_layer_input": Field(256),
        "altup_active_idx": Field(0),
        "altup_coef_clip": Field(120.0),
        "altup_correct_scale": Field(True),
        "altup_num_inputs": Field(4),
        "num_kv_shared_layers": Field(15),
        "laurel_rank": Field(64),
    },
    "gemma4_text": {
        **_DECODER,
        "vocab_size": Field(262144),
        "hidden_size": Field(2304),
        "intermediate_size": Field(9216),
        "num_hidden_layers": Field(30),
        "num_attention_heads": Field(8),
        "num_key_value_heads": Field(4),
        "head_dim": Field(256),
        "global_head_dim": Field(512),
        "hidden_activation": _GELU,
        "rms_norm_eps": Field(1e-6),
        "sliding_window": Field(512),
        "final_logit_softcapping": Field(None),
        # KerasHub's converter reads it, transformers has no such field
        "attn_logit_softcapping": Field(None, only=(None,)),
        "use_bidirectional_attention": Field(None, only=(None, False, "vision")),
        "vocab_size_per_layer_input": Field(262144),
        "hidden_size_per_layer_input": Field(256),
        "attention_k_eq_v": Field(False),
        "num_global_key_value_heads": Field(None),
        "num_kv_shared_layers": Field(0),
        "enable_moe_block": Field(False),
        "use_double_wide_mlp": Field(False),
        "num_experts": Field(None),
        "top_k_experts": Field(None),
        "moe_intermediate_size": Field(None),
    },
    "t5gemma": _T5_STACK,
    "t5gemma2": {
        **_T5_STACK,
        "vocab_size": Field(262208),
        "final_logit_softcapping": Field(None),
        "attn_logit_softcapping": Field(None),
    },
}

_SIGLIP = {
    "hidden_size": Field(768),
    "intermediate_size": Field(3072),
    "num_hidden_layers": Field(12),
    "num_attention_heads": Field(12),
    "num_channels": Field(3, only=(3,)),
    "image_size": Field(224),
    "patch_size": Field(16),
    "hidden_act": _GELU,
    "layer_norm_eps": Field(1e-6),
}
#: The image part of a config: type of the model -> field -> what is known of it.
VISION_FIELDS: dict[str, dict[str, Field]] = {
    "gemma3": _SIGLIP,
    "t5gemma2": _SIGLIP,
    "paligemma": {**_SIGLIP, "layer_norm_eps": _EPSILON},
    "gemma4": {
        "hidden_size": Field(768),
        "intermediate_size": Field(3072),
        "num_hidden_layers": Field(16),
        "num_attention_heads": Field(12),
        "num_key_value_heads": Field(12),
        "head_dim": Field(64),
        "hidden_activation": _GELU,
        "rms_norm_eps": Field(1e-6),
        "attention_bias": _NO,
        "pooling_kernel_size": Field(3),
        "patch_size": Field(16),
        "position_embedding_size": Field(10240),
        "use_clipped_linears": Field(False),
        "standardize": Field(False),
    },
}

#: Fields of which KerasHub reads the decoder's alone, so that the encoder's has to be equal.
SAME_IN_BOTH_STACKS = (
    "vocab_size", "rms_norm_eps", "query_pre_attn_scalar", "sliding_window", "hidden_activation",
    "attention_bias", "final_logit_softcapping", "attn_logit_softcapping",
)  # fmt: skip

#: A layer's name in layer_types.
SLIDING, FULL = "sliding_attention", "full_attention"
#: Type of the decoder -> every n-th layer is global if the config leaves layer_types out.
GLOBAL_EVERY = {
    "gemma2": 2, "gemma3_text": 6, "gemma3n_text": 5, "gemma4_text": 6, "t5gemma": 2,
    "t5gemma2": 6,
}  # fmt: skip
#: Of these KerasHub fixes which layers slide.
FIXED_LAYERS = ("gemma2", "gemma3_text")


@dataclass(frozen=True)
class Rope:
    """What KerasHub computes for the rotary positions of one kind of layer.

    Args:
        theta: transformers' default of the base frequency.
        theta_is_free: whether KerasHub has an argument for it.
        kinds: the values of rope_type that KerasHub computes.
    """

    theta: float
    theta_is_free: bool = False
    kinds: tuple[str, ...] = ("default",)


#: Type of the decoder -> kind of layer -> its rotary positions. "" stands for all layers.
ROPE: dict[str, dict[str, Rope]] = {
    "gemma": {"": Rope(1e4)},
    "gemma2": {"": Rope(1e4)},
    "t5gemma": {"": Rope(1e4, theta_is_free=True)},
    "gemma3_text": {
        FULL: Rope(1e6, kinds=("default", "linear")),
        SLIDING: Rope(1e4, kinds=("default", "linear")),
    },
    "gemma3n_text": {FULL: Rope(1e6, theta_is_free=True), SLIDING: Rope(1e4)},
    "gemma4_text": {
        FULL: Rope(1e6, theta_is_free=True, kinds=("proportional",)),
        SLIDING: Rope(1e4, theta_is_free=True),
    },
    "t5gemma2": {
        FULL: Rope(1e6, kinds=("default", "linear")),
        SLIDING: Rope(1e4, theta_is_free=True),
    },
}
