"""The types and the bounds of the fields of a config, checked before anything is computed from them.

A config is a stranger's file: a number of layers may be 10**12, a class a list, a size a NaN. The
tables hold KerasHub's and Hugging Face's names alike; a field that both have means the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemma_nb.errors import InvalidInput

#: The largest dimension: arrays on a device have 32-bit dimensions.
MAX_COUNT = 2**31 - 1
#: The most layers, heads, experts and other parts, which code loops over. Gemma has at most 128.
MAX_PARTS = 10_000
#: The largest number that float32 holds is 3.4e38.
MAX_NUMBER = 3e38
#: The most characters of a name.
MAX_NAME = 200
#: The most parameters; the largest model that anybody has published has 2e12.
MAX_PARAMETERS = 10**15

#: Fields that count parts, so that they have to be whole numbers from 1 to ``MAX_PARTS``.
_PARTS = frozenset((
    "num_layers", "num_hidden_layers", "num_query_heads", "num_attention_heads", "num_heads",
    "num_key_value_heads", "num_global_key_value_heads", "num_experts", "num_experts_per_token",
    "top_k_experts", "num_channels", "altup_num_inputs", "sliding_window_pattern",
    "_sliding_window_pattern", "pooling_kernel_size", "pool_size",
    *(f"{stack}_{name}" for stack in ("encoder", "decoder")
      for name in ("num_layers", "num_attention_heads", "num_key_value_heads")),
))  # fmt: skip
#: Fields that are a size, so that they have to be whole numbers from 1 to ``MAX_COUNT``.
_COUNTS = frozenset((
    "vocabulary_size", "text_vocab_size", "vocab_size", "hidden_dim", "text_hidden_size",
    "hidden_size", "intermediate_dim", "intermediate_size", "head_dim", "global_head_dim",
    "sliding_window_size", "sliding_window", "expert_intermediate_dim", "moe_intermediate_size",
    "expert_intermediate_size", "image_size", "patch_size", "laurel_rank", "mm_tokens_per_image",
    "vision_soft_tokens_per_image", "num_image_tokens", "image_token_index",
    "max_position_embeddings", "position_embedding_size",
    *(f"{stack}_{name}" for stack in ("encoder", "decoder")
      for name in ("hidden_dim", "intermediate_dim", "head_dim")),
))  # fmt: skip
#: The same, from 0.
_COUNTS_FROM_0 = frozenset((
    "num_kv_shared_layers", "hidden_size_per_layer_input", "vocab_size_per_layer_input",
    "altup_active_idx",
))  # fmt: skip
#: Fields that are numbers above zero.
_POSITIVE = frozenset((
    "layer_norm_epsilon", "rms_norm_eps", "layer_norm_eps", "query_pre_attn_scalar",
    "attention_logit_soft_cap", "final_logit_soft_cap", "attn_logit_softcapping",
    "final_logit_softcapping", "local_rope_scaling_factor", "global_rope_scaling_factor",
    "global_rope_wavelength", "local_rope_wavelength", "rope_theta", "rope_max_wavelength",
    "rope_local_base_freq",
))  # fmt: skip
_FLAGS = frozenset((
    "is_embedding_model", "use_sliding_window_attention", "use_post_ffw_norm",
    "use_post_attention_norm", "use_query_key_norm", "enable_moe_block", "use_double_wide_mlp",
    "attention_k_eq_v",
))  # fmt: skip
_NAMES = frozenset(("class_name", "registered_name", "model_type"))
_OBJECTS = frozenset(("text_config", "vision_config", "audio_config"))
#: Fields with a value for each layer, or one for all.
_PER_LAYER = frozenset(("intermediate_size",))


def is_number(value: Any, *, whole: bool, most: float | None = None) -> bool:
    """Whether a value of a config is null, or a number above zero that can be computed with.

    Args:
        value: the value.
        whole: whether it has to be an integer.
        most: the largest value; None for ``MAX_COUNT`` or ``MAX_NUMBER``.
    """
    if value is None:
        return True
    kinds = (int,) if whole else (int, float)
    limit = most or (MAX_COUNT if whole else MAX_NUMBER)
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 < value <= limit


def is_possible(name: str, value: Any) -> bool:
    """Whether a field can have a value. Null, and every value of a field not known here, is possible.

    Args:
        name: the name of the field, without its path.
        value: its value.
    """
    if value is None:
        return True
    if name in _PER_LAYER and isinstance(value, list | tuple):
        return 0 < len(value) <= MAX_PARTS and all(
            one is not None and is_number(one, whole=True) for one in value
        )
    if name in _PARTS:
        return is_number(value, whole=True, most=MAX_PARTS)
    if name in _COUNTS:
        return is_number(value, whole=True)
    if name in _COUNTS_FROM_0:
        return type(value) is int and 0 <= value <= MAX_COUNT
    if name in _POSITIVE:
        return is_number(value, whole=False)
    if name in _NAMES:
        return isinstance(value, str) and len(value) <= MAX_NAME
    if name in _FLAGS:
        return isinstance(value, bool)
    return name not in _OBJECTS or isinstance(value, Mapping)


def check_fields(fields: Mapping[str, Any], where: str, path: str = "") -> None:
    """Checks every field of a config that is known here, those of nested objects too.

    Args:
        fields: the config, no deeper than ``files.parse_json`` reads.
        where: the directory or handle, for error messages.
        path: the path of ``fields`` in the file ("text_config.").

    Raises:
        InvalidInput: a field has a value of another type or out of bounds; the message names it.
    """
    for name, value in fields.items():
        if not is_possible(name, value):
            raise impossible(where, f"{path}{name}", value)
        if isinstance(value, dict):
            check_fields(value, where, f"{path}{name}.")


def impossible(where: str, field: str, value: Any) -> InvalidInput:
    """The error of a field with a value that no model can have.

    Args:
        where: the directory or handle.
        field: the path of the field.
        value: its value; a long one is cut.
    """
    text = repr(value)
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return InvalidInput("config_field_impossible", where=where, field=field, value=shown)
