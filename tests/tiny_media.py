"""Tiny seeded KerasHub models that see and hear, in float32, with their converters."""

import numpy as np
import prompt_helpers
import tiny

from gemma_nb.generation.media_inputs import Converters


def _tokenizer(name):
    return prompt_helpers.tokenizer(name)


def gemma3(seed=0, window=8):
    """Images of 16 pixels, 4 tokens each."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    vocabulary = _tokenizer("Gemma3Tokenizer").vocabulary_size()
    lm = tiny.gemma3(window, 6, seed, vocabulary, vision_encoder=tiny.gemma3_vision())
    converter = keras_hub.layers.Gemma3ImageConverter(
        image_size=(16, 16), scale=1 / 127.5, offset=-1.0, crop_to_aspect_ratio=False
    )
    return lm, Converters(converter)


def gemma4(seed=0, **changes):
    """Images of at most 12 tokens, and sound at 1,000 samples a second."""

    import keras
    import keras_hub
    from keras_hub.src.models.gemma4.gemma4_audio_encoder import Gemma4AudioEncoder
    from keras_hub.src.models.gemma4.gemma4_vision_encoder import Gemma4VisionEncoder

    keras.utils.set_random_seed(seed)
    vision = Gemma4VisionEncoder(
        image_size=16,
        patch_size=4,
        num_heads=2,
        hidden_dim=16,
        num_layers=2,
        intermediate_dim=16,
        head_dim=8,
        output_dim=32,
        pool_size=2,
        position_embedding_size=64,
        dtype="float32",
    )
    audio = Gemma4AudioEncoder(
        input_feat_size=16,
        hidden_size=16,
        num_heads=2,
        num_layers=2,
        chunk_size=4,
        context_left=5,
        conv_kernel_size=3,
        sscp_conv_channels=(4, 4),
        output_proj_dims=16,
        output_dim=32,
        dtype="float32",
    )
    vocabulary = _tokenizer("Gemma4Tokenizer").vocabulary_size()
    lm = tiny.gemma4(seed, vocabulary, vision_encoder=vision, audio_encoder=audio, **changes)
    image = keras_hub.layers.Gemma4ImageConverter(
        patch_size=4, max_soft_tokens=12, pooling_kernel_size=2, scale=1 / 255
    )
    sound = keras_hub.layers.Gemma4AudioConverter(
        num_mels=16,
        num_fft_bins=32,
        stride=10,
        sampling_rate=1000,
        max_audio_length=2,
        max_frequency=500.0,
        frame_length=20,
    )
    return lm, Converters(image, sound)


def gemma3n(seed=0):
    """Images of 16 pixels, 4 tokens each; 12 tokens a clip, at 16,000 samples a second."""

    import keras
    import keras_hub
    from keras_hub.src.models.gemma3n.gemma3n_audio_encoder import Gemma3nAudioEncoder
    from keras_hub.src.models.mobilenetv5.mobilenetv5_backbone import MobileNetV5Backbone
    from keras_hub.src.models.mobilenetv5.mobilenetv5_builder import convert_arch_def_to_stackwise

    keras.utils.set_random_seed(seed)
    name = "Gemma3nTokenizer"
    size = _tokenizer(name).vocabulary_size()
    stages = convert_arch_def_to_stackwise([["er_r1_k3_s2_e1_c16"], ["er_r1_k3_s2_e1_c16"]])
    vision = MobileNetV5Backbone(
        **stages, num_features=16, image_shape=(16, 16, 3), use_msfa=False, dtype="float32"
    )
    audio = Gemma3nAudioEncoder(
        hidden_size=8,
        input_feat_size=16,
        sscp_conv_channel_size=[4, 8],
        sscp_conv_kernel_size=[(3, 3), (3, 3)],
        sscp_conv_stride_size=[(2, 2), (2, 2)],
        sscp_conv_group_norm_eps=1e-5,
        num_hidden_layers=1,
        rms_norm_eps=1e-6,
        gradient_clipping=1.0,
        residual_weight=0.5,
        num_attention_heads=1,
        attention_chunk_size=4,
        num_attention_context_right=0,
        num_attention_context_left=5,
        attention_logit_cap=50.0,
        conv_kernel_size=3,
        reduction_factor=2,
        dtype="float32",
    )
    kinds = ["sliding_attention", "sliding_attention", "full_attention", "sliding_attention"]
    backbone = keras_hub.models.Gemma3nBackbone(
        text_vocab_size=size + 8,
        text_hidden_size=32,
        num_hidden_layers=4,
        pad_token_id=0,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        intermediate_size=[48] * 4,
        hidden_activation="gelu_approximate",
        layer_types=kinds,
        sliding_window=8,
        rope_theta=1_000_000.0,
        max_position_embeddings=512,
        vocab_size_per_layer_input=size,
        hidden_size_per_layer_input=8,
        altup_num_inputs=2,
        laurel_rank=4,
        final_logit_soft_cap=30.0,
        vision_encoder_config=vision.get_config(),
        vision_hidden_size=16,
        vision_vocab_size=4,
        vision_vocab_offset=size,
        vision_soft_tokens_per_image=4,
        image_token_id=size + 1,  # as in the real one: without a per-layer input of its own
        audio_encoder_config=audio.get_config(),
        audio_hidden_size=8,
        audio_vocab_size=4,
        audio_vocab_offset=size + 4,
        audio_soft_tokens_per_image=12,
        audio_token_id=size + 5,
        dtype="float32",
    )
    lm = keras_hub.models.Gemma3nCausalLM(backbone=backbone, preprocessor=None)
    image = keras_hub.layers.Gemma3nImageConverter(
        image_size=(16, 16), scale=1 / 255, crop_to_aspect_ratio=False
    )
    sound = keras_hub.layers.Gemma3nAudioConverter(
        feature_size=16,
        sampling_rate=16000,
        padding_value=0.0,
        return_attention_mask=True,
        frame_length_ms=32.0,
        hop_length_ms=10.0,
        min_frequency=125.0,
        max_frequency=7600.0,
        preemphasis=0.97,
        preemphasis_htk_flavor=True,
        fft_overdrive=True,
        dither=0.0,
        input_scale_factor=1.0,
        mel_floor=1e-5,
        per_bin_mean=None,
        per_bin_stddev=None,
        padding_side="right",
    )
    return tiny.shaken(lm, seed), Converters(image, sound)


def pali_gemma(seed=0, second=False):
    """Images of 16 pixels, 16 tokens each; ``second`` has what PaliGemma 2 adds."""

    import keras
    import keras_hub

    keras.utils.set_random_seed(seed)
    more = (
        {
            "use_post_ffw_norm": True,
            "use_post_attention_norm": True,
            "attention_logit_soft_cap": 50,
            "final_logit_soft_cap": 30,
            "use_sliding_window_attention": True,
            "sliding_window_size": 64,
        }
        if second
        else {}
    )
    backbone = keras_hub.models.PaliGemmaBackbone(
        vocabulary_size=_tokenizer("PaliGemmaTokenizer").vocabulary_size(),
        image_size=16,
        num_layers=3,
        num_query_heads=4,
        num_key_value_heads=2,
        hidden_dim=32,
        intermediate_dim=96,
        head_dim=8,
        vit_patch_size=4,
        vit_num_heads=2,
        vit_hidden_dim=16,
        vit_num_layers=2,
        vit_intermediate_dim=16,
        dtype="float32",
        **more,
    )
    lm = keras_hub.models.PaliGemmaCausalLM(backbone=backbone, preprocessor=None)
    converter = keras_hub.layers.PaliGemmaImageConverter(
        image_size=(16, 16), scale=1 / 127.5, offset=-1.0
    )
    return tiny.shaken(lm, seed), Converters(converter)


def picture(height=20, width=28, seed=0):
    """A seeded photograph of nothing: a colour that fades, and noise."""
    rng = np.random.default_rng(seed)
    fade = np.linspace(1, 0.2, width)[None, :, None] * rng.integers(0, 256, 3)
    return np.clip(fade + rng.integers(-40, 41, (height, width, 3)), 0, 255).astype("uint8")


def tone(seconds, rate, pitch=110.0):
    """A sine that fades."""
    at = np.arange(int(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * pitch * at) * np.exp(-at)).astype("float32")
