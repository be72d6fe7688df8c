"""The two sizes of the demo models: Gemma 3's text architecture, small."""

from __future__ import annotations

from pathlib import Path

import keras
import keras_hub
import numpy as np

from .vocabulary import VOCABULARY_SIZE

WINDOW = 256  # tokens that the five local layers of six look back over
SIZES = {
    "1m": {"hidden_dim": 128, "head_dim": 32, "intermediate_dim": 256},
    "4m": {"hidden_dim": 256, "head_dim": 64, "intermediate_dim": 512},
}


def preset_name(size: str, instruct: bool) -> str:
    return f"demo_gemma3_{'instruct_' if instruct else ''}{size}"


def backbone(size: str, dtype: str = "float32") -> keras_hub.models.Gemma3Backbone:
    """A freshly initialised backbone, its arguments those that KerasHub gives Gemma 3 1B."""
    return keras_hub.models.Gemma3Backbone(
        vocabulary_size=VOCABULARY_SIZE,
        image_size=None,
        num_layers=6,
        num_query_heads=4,
        num_key_value_heads=1,
        query_head_dim_normalize=True,
        use_query_key_norm=True,
        use_post_ffw_norm=True,
        use_post_attention_norm=True,
        attention_logit_soft_cap=None,
        final_logit_soft_cap=None,
        use_sliding_window_attention=True,
        sliding_window_size=WINDOW,
        layer_norm_epsilon=1e-6,
        name="gemma3_backbone",
        dtype=dtype,
        **SIZES[size],
    )


def tokenizer(proto: bytes) -> keras_hub.models.Gemma3Tokenizer:
    return keras_hub.models.Gemma3Tokenizer(
        proto=proto, has_vision_tokens=False, name="gemma3_tokenizer"
    )


def save_preset(
    weights: list[np.ndarray], size: str, instruct: bool, proto: bytes, folder: Path
) -> None:
    """Writes a KerasHub preset in bfloat16: config, weights, tokenizer.

    Args:
        weights: the backbone's weights, in ``backbone(size).weights`` order.
        size: a key of ``SIZES``.
        instruct: whether it was tuned for turns (it names the preset).
        proto: the tokenizer.
        folder: where the presets' directories stand.
    """
    target = folder / preset_name(size, instruct)
    narrow = backbone(size, dtype="bfloat16")
    for variable, value in zip(narrow.weights, weights, strict=True):
        variable.assign(value)
    causal_lm = keras_hub.models.Gemma3CausalLM(
        backbone=narrow, preprocessor=None, name="gemma3_causal_lm"
    )
    target.mkdir(parents=True, exist_ok=True)
    causal_lm.save_to_preset(str(target))
    tokenizer(proto).save_to_preset(str(target))


def load_causal_lm(path: Path, dtype: str = "float32") -> keras_hub.models.Gemma3CausalLM:
    return keras_hub.models.CausalLM.from_preset(str(path), preprocessor=None, dtype=dtype)


def seed_everything(seed: int) -> None:
    keras.utils.set_random_seed(seed)
