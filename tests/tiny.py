"""Tiny seeded KerasHub models, in float32, and KerasHub's own greedy answer to compare with."""

import contextlib

import numpy as np

VOCABULARY = 97


@contextlib.contextmanager
def optimised():
    """XLA optimises what this process compiles meanwhile, which conftest.py turns off.

    A program that was compiled before stays as it is.
    """
    import jax

    name = "jax_disable_most_optimizations"
    before = jax.config.values[name]
    jax.config.update(name, False)
    try:
        yield
    finally:
        jax.config.update(name, before)


def gemma3(window=8, layers=6, seed=0, vocabulary=VOCABULARY, vision_encoder=None):
    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.Gemma3Backbone(
        vocabulary_size=vocabulary,
        image_size=16,
        num_layers=layers,
        num_query_heads=4,
        num_key_value_heads=2,
        hidden_dim=32,
        intermediate_dim=48,
        head_dim=8,
        use_query_key_norm=True,
        use_post_ffw_norm=True,
        use_post_attention_norm=True,
        use_sliding_window_attention=True,
        sliding_window_size=window,
        vision_encoder=vision_encoder,
        dtype="float32",
    )
    return shaken(keras_hub.models.Gemma3CausalLM(backbone=backbone, preprocessor=None), seed)


def gemma2(window=8, seed=0, vocabulary=VOCABULARY):
    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.GemmaBackbone(
        vocabulary_size=vocabulary,
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
    return shaken(keras_hub.models.GemmaCausalLM(backbone=backbone, preprocessor=None), seed)


def gemma1(seed=0, vocabulary=VOCABULARY):
    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.GemmaBackbone(
        vocabulary_size=vocabulary,
        num_layers=2,
        num_query_heads=4,
        num_key_value_heads=1,
        hidden_dim=32,
        intermediate_dim=96,
        head_dim=8,
        dtype="float32",
    )
    return shaken(keras_hub.models.GemmaCausalLM(backbone=backbone, preprocessor=None), seed)


def shaken(lm, seed):
    """Small embeddings, large kernels: greedy decoding then depends on the context, and does not
    repeat one token for ever."""
    rng = np.random.default_rng(seed)
    for variable in lm.backbone.weights:
        shape = tuple(variable.shape)
        scale = 0.3 if len(shape) < 2 else 0.05 if shape[0] >= VOCABULARY else 0.5
        noise = rng.normal(0, scale, shape)
        variable.assign((noise + 1 if not shape else noise).astype("float32"))
    return lm


def call(layers, *inputs):
    """What Keras's layers give, as NumPy arrays, in one program.

    Called eagerly they would compile a program for each operation, which takes three times as long.
    """
    import jax

    def program(*inputs):  # a new one: JAX would keep the layers' own, and the weights in it
        return layers(*inputs)

    return jax.tree.map(np.asarray, jax.jit(program)(*inputs))


def keras_hub_ids(lm, ids, count, stops=None, length=None):
    """The ids that KerasHub's own generate function adds to ``ids``, greedy.

    The function is compiled once for each ``length`` (prompt and reply together) and ``stops``.
    """
    if not isinstance(getattr(lm, "sampler", None), keras_hub_greedy()):
        lm.compile(sampler="greedy")
    tokens = np.zeros((1, length or len(ids) + count), "int32")
    mask = np.zeros(tokens.shape, "bool")
    tokens[0, : len(ids)], mask[0, : len(ids)] = ids, True
    made = lm.make_generate_function()(
        {"token_ids": tokens, "padding_mask": mask}, stop_token_ids=stops
    )
    row = np.asarray(made["token_ids"])[0, len(ids) : len(ids) + count].tolist()
    return row[: next((i for i, t in enumerate(row) if t in (stops or ())), count)]


def keras_hub_greedy():
    import keras_hub

    return keras_hub.samplers.GreedySampler


def gemma4(seed=0, vocabulary=VOCABULARY, **changes):
    """E2B in small: per-layer embeddings, shared KV layers, wider global heads."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    config = {
        "vocabulary_size": vocabulary,
        "image_size": 16,
        "num_layers": 6,
        "num_query_heads": 4,
        "num_key_value_heads": 1,
        "hidden_dim": 32,
        "intermediate_dim": 48,
        "head_dim": 8,
        "global_head_dim": 16,
        "sliding_window_size": 8,
        "sliding_window_pattern": 3,
        "num_kv_shared_layers": 2,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": vocabulary,
        "final_logit_soft_cap": 30.0,
        "dtype": "float32",
    }
    backbone = keras_hub.models.Gemma4Backbone(**{**config, **changes})
    return shaken(keras_hub.models.Gemma4CausalLM(backbone=backbone, preprocessor=None), seed)


def gemma4_assistant(target, seed=1, ordered=True, **changes):
    """E2B's assistant in small, for a model that ``gemma4`` made."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = target.backbone
    config = {
        "vocabulary_size": backbone.vocabulary_size,
        "image_size": 16,
        "num_layers": 2,
        "num_query_heads": 4,
        "num_key_value_heads": backbone.num_key_value_heads,
        "num_global_key_value_heads": backbone.num_global_key_value_heads,
        "hidden_dim": 16,
        "intermediate_dim": 24,
        "head_dim": backbone.head_dim,
        "global_head_dim": backbone.global_head_dim,
        "sliding_window_size": backbone.sliding_window_size,
        "sliding_window_pattern": 2,
        "num_kv_shared_layers": 2,
        "dtype": "float32",
    }
    lm = keras_hub.models.Gemma4AssistantCausalLM(
        backbone=keras_hub.models.Gemma4Backbone(**{**config, **changes}),
        preprocessor=None,
        backbone_hidden_size=backbone.hidden_dim,
        num_centroids=8,
        centroid_intermediate_top_k=4,
        use_ordered_embeddings=ordered,
        num_speculative_tokens=3,
    )
    shaken(lm, seed)
    rng = np.random.default_rng(seed)
    if ordered:
        lm.token_ordering.assign(rng.permutation(backbone.vocabulary_size).astype("float32"))
    return lm


def gemma4_moe(seed=0, vocabulary=VOCABULARY):
    """26B-A4B in small: experts beside the dense block, two global key-value heads."""
    return gemma4(
        seed,
        vocabulary,
        num_key_value_heads=2,
        num_global_key_value_heads=1,
        num_kv_shared_layers=0,
        hidden_size_per_layer_input=0,
        enable_moe_block=True,
        num_experts=4,
        expert_intermediate_dim=16,
        num_experts_per_token=2,
    )


def gemma3n(seed=0, vocabulary=VOCABULARY):
    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.Gemma3nBackbone(
        text_vocab_size=vocabulary,
        text_hidden_size=32,
        num_hidden_layers=4,
        pad_token_id=0,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        intermediate_size=[48] * 4,
        hidden_activation="gelu_approximate",
        layer_types=[
            "sliding_attention",
            "sliding_attention",
            "full_attention",
            "sliding_attention",
        ],
        sliding_window=8,
        rope_theta=1_000_000.0,
        max_position_embeddings=256,
        vocab_size_per_layer_input=vocabulary,
        hidden_size_per_layer_input=8,
        altup_num_inputs=2,
        laurel_rank=4,
        num_kv_shared_layers=0,
        final_logit_soft_cap=30.0,
        dtype="float32",
    )
    return shaken(keras_hub.models.Gemma3nCausalLM(backbone=backbone, preprocessor=None), seed)


def embedder(seed=0, vocabulary=VOCABULARY, pooling=96, size=256):
    """EmbeddingGemma in small: vectors of 256 numbers, which can be cut to 128."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.Gemma3Backbone(
        vocabulary_size=vocabulary,
        image_size=None,
        num_layers=6,
        num_query_heads=3,
        num_key_value_heads=1,
        hidden_dim=24,
        intermediate_dim=48,
        head_dim=8,
        use_query_key_norm=True,
        use_post_ffw_norm=True,
        use_post_attention_norm=True,
        use_sliding_window_attention=True,
        sliding_window_size=8,
        use_bidirectional_attention=True,
        is_embedding_model=True,
        pooling_intermediate_dim=pooling,
        embedding_dim=size,
        dtype="float32",
    )
    return shaken(keras_hub.models.Gemma3TextEmbedder(backbone=backbone), seed)


def t5gemma(seed=0, vocabulary=VOCABULARY, window=8):
    """T5Gemma in small: Gemma 2's layers, an encoder that is not the decoder's size."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.T5GemmaBackbone(
        vocabulary_size=vocabulary,
        **_sides(16, 32),
        query_pre_attn_scalar=8,
        sliding_window=window,
        attn_logit_softcapping=50.0,
        final_logit_softcapping=30.0,
        cross_attention_hidden_size=16,
        dtype="float32",
    )
    return shaken(keras_hub.models.T5GemmaSeq2SeqLM(backbone=backbone, preprocessor=None), seed)


def t5gemma2(seed=0, vocabulary=VOCABULARY, vision=False):
    """T5Gemma 2 in small: Gemma 3's layers, with or without its vision encoder."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    backbone = keras_hub.models.T5Gemma2Backbone(
        vocabulary_size=vocabulary,
        **_sides(32, 32),
        query_pre_attn_scalar=8,
        sliding_window=8,
        vision_encoder=gemma3_vision() if vision else None,
        eoi_token_index=5,
        dtype="float32",
    )
    return shaken(keras_hub.models.T5Gemma2Seq2SeqLM(backbone=backbone, preprocessor=None), seed)


def _sides(encoder, decoder):
    """The arguments of an encoder and a decoder of those hidden sizes."""
    sides = {}
    for side, hidden in (("encoder", encoder), ("decoder", decoder)):
        sides |= {
            f"{side}_hidden_dim": hidden,
            f"{side}_intermediate_dim": 48,
            f"{side}_num_layers": 2,
            f"{side}_num_attention_heads": 4,
            f"{side}_num_key_value_heads": 2,
            f"{side}_head_dim": 8,
            f"{side}_layer_types": ["sliding_attention", "full_attention"],
        }
    return sides


def gemma3_vision(output=32):
    """Gemma 3's vision encoder in small: images of 16 pixels, 4 tokens each."""
    from keras_hub.src.models.gemma3.gemma3_vision_encoder import Gemma3VisionEncoder

    return Gemma3VisionEncoder(
        image_size=16,
        patch_size=4,
        num_heads=2,
        hidden_dim=8,
        num_layers=2,
        intermediate_dim=16,
        output_dim=output,
        pool_size=2,
        dtype="float32",
    )


def quantize(backbone, mode):
    """Quantises a backbone with Keras's own ``quantize`` and the configs that ``load`` stands for."""
    import warnings

    import keras

    def is_embedding(layer):
        return type(layer).__name__ in {"Embedding", "ReversibleEmbedding"}

    int8 = keras.quantizers.Int8QuantizationConfig(activation_quantizer=None)
    int4 = keras.quantizers.Int4QuantizationConfig(block_size=32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # norms have no quantize
        if mode == "int8":
            backbone.quantize(config=int8)
        else:
            backbone.quantize(config=int8, filters=is_embedding)
            backbone.quantize(config=int4, filters=lambda layer: not is_embedding(layer))
