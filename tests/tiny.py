"""Tiny seeded KerasHub models, in float32, and KerasHub's own greedy answer to compare with."""

import keras
import numpy as np

VOCABULARY = 97


def gemma3(window=8, layers=6, seed=0):
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.Gemma3Backbone(
        vocabulary_size=VOCABULARY,
        image_size=16,
        num_layers=layers,
        num_query_heads=4,
        num_key_value_heads=2,
        hidden_dim=32,
        intermediate_dim=48,
        head_dim=8,
        use_query_key_norm=True,
        use_sliding_window_attention=True,
        sliding_window_size=window,
        vision_encoder=None,
        dtype="float32",
    )
    return _shaken(keras_hub.models.Gemma3CausalLM(backbone=backbone, preprocessor=None), seed)


def gemma2(window=8, seed=0):
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.GemmaBackbone(
        vocabulary_size=VOCABULARY,
        num_layers=3,
        num_query_heads=4,
        num_key_value_heads=2,
        hidden_dim=32,
        intermediate_dim=96,
        head_dim=8,
        use_post_ffw_norm=True,
        use_post_attention_norm=True,
        attention_logit_soft_cap=50,
        final_logit_soft_cap=30,
        use_sliding_window_attention=True,
        sliding_window_size=window,
        dtype="float32",
    )
    return _shaken(keras_hub.models.GemmaCausalLM(backbone=backbone, preprocessor=None), seed)


def gemma1(seed=0):
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.GemmaBackbone(
        vocabulary_size=VOCABULARY,
        num_layers=2,
        num_query_heads=4,
        num_key_value_heads=1,
        hidden_dim=32,
        intermediate_dim=96,
        head_dim=8,
        dtype="float32",
    )
    return _shaken(keras_hub.models.GemmaCausalLM(backbone=backbone, preprocessor=None), seed)


def _shaken(lm, seed):
    """Small embeddings, large kernels: greedy decoding then depends on the context, and does not
    repeat one token for ever."""
    rng = np.random.default_rng(seed)
    for variable in lm.backbone.weights:
        shape = tuple(variable.shape)
        scale = 0.3 if len(shape) == 1 else 0.05 if shape[0] == VOCABULARY else 0.5
        variable.assign(rng.normal(0, scale, shape).astype("float32"))
    return lm


def keras_hub_ids(lm, ids, count, stops=None):
    """The ids that KerasHub's own generate function adds to ``ids``, greedy."""
    lm.compile(sampler="greedy")
    length = len(ids) + count
    tokens = np.zeros((1, length), "int32")
    mask = np.zeros((1, length), "bool")
    tokens[0, : len(ids)] = ids
    mask[0, : len(ids)] = True
    made = lm.make_generate_function()(
        {"token_ids": tokens, "padding_mask": mask}, stop_token_ids=stops
    )
    row = np.asarray(made["token_ids"])[0, len(ids) :].tolist()
    return row[: next((i for i, t in enumerate(row) if t in (stops or ())), count)]
