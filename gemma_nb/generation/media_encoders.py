"""Media encoders: turn images and sound into soft tokens with KerasHub's own converters and encoders.

A medium becomes soft tokens: embeddings at the prompt's placeholders. This is how KerasHub 0.32
inserts them, and how they attend to each other while a prompt is read:

- ``Gemma3CausalLM``: 256 tokens per image from ``Gemma3VisionEncoder``.
  ``Gemma3InterleaveEmbeddings`` inserts them unchanged, after the text's embeddings were multiplied
  by sqrt(hidden size). Tokens of one image attend to each other in both directions in every layer;
  in a sliding-window layer as far as its window reaches, before and after (``Gemma3DecoderBlock``:
  causal or same image, then ``CachedGemma3Attention``: within the window).
- ``Gemma3nCausalLM``: 256 tokens per image: its encoder's features times the square root of their
  number of channels, through ``Gemma3nMultimodalEmbedder``. 188 tokens per clip; those that the
  sound does not fill are the embedding of the last audio token.
  ``Gemma3nMultimodalEmbeddingProcessor`` inserts them after the text's scaling. Attention is causal
  everywhere; per-layer inputs use token 0 in their places.
- ``Gemma4CausalLM``: up to 280 tokens per image, whose aspect ratio is kept, and 25 per second of
  sound. They are multiplied by 1/sqrt(hidden size) and inserted before all embeddings are multiplied
  by sqrt(hidden size). Per-layer inputs use token 0 in their places. With
  ``use_vision_bidirectional_attention`` (26B-A4B and 31B), tokens of one image attend to each other
  in both directions in sliding-window layers, at any distance (``Gemma4DecoderBlock``: causal and
  window, or same image). KerasHub's own generate leaves that out, since it reads prompts with a
  cache; its ``Gemma4Backbone`` and the publisher's code have it. KerasHub's preprocessor gives every
  image 280 places and fills the rest with zeros; the publisher's gives it as many places as it has
  tokens, and so does this module.
- ``PaliGemmaCausalLM``: the tokens of ``PaliGemmaVit`` come before ``<bos>``, unchanged, while the
  text's embeddings are multiplied by sqrt(hidden size). All tokens of image and prompt attend to
  each other in both directions (``PaliGemmaDecoderBlock``), in a sliding-window layer within its
  window.
- ``T5Gemma2Seq2SeqLM``: as Gemma 3, into the encoder, which is bidirectional anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from gemma_nb.generation.compilation import CompiledFunctions, next_power_of_two
from gemma_nb.generation.keras_hub_layers import PatchedProxy
from gemma_nb.generation.media_encoder_base import MediaEncoder
from gemma_nb.generation.media_inputs import (
    Converters,
    MediaInput,
    PlaceholderTokens,
    make_media_input,
)
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings


class Gemma3MediaEncoder(MediaEncoder):
    """Gemma 3 and T5Gemma 2: square images."""

    placeholders: ClassVar[Mapping[str, PlaceholderTokens]] = {
        "image": PlaceholderTokens("\n\n<start_of_image>", "<img>", "<end_of_image>\n\n")
    }

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        images = _convert_image(converter, pixels)[None]
        return make_media_input(
            "image", {"images": images}, self.lm.backbone.num_vision_tokens_per_image
        )

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            embeddings = self.lm.backbone.vision_encoder(inputs["images"])
        return embeddings.reshape(-1, embeddings.shape[-1])


class T5Gemma2MediaEncoder(Gemma3MediaEncoder):
    """T5Gemma 2: as Gemma 3, with another placeholder token."""

    placeholders: ClassVar[Mapping[str, PlaceholderTokens]] = {
        "image": PlaceholderTokens(
            "\n\n<start_of_image>", "<image_soft_token>", "<end_of_image>\n\n"
        )
    }


class PaliGemmaMediaEncoder(MediaEncoder):
    """PaliGemma: one square image before the text."""

    def _has_encoder(self, kind: str) -> bool:
        return kind == "image"

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        images = _convert_image(converter, pixels)
        return make_media_input("image", {"images": images}, self.lm.backbone.image_sequence_length)

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            return self.lm.backbone.vit_encoder(inputs["images"])[0]


class Gemma4MediaEncoder(MediaEncoder):
    """Gemma 4: images whose aspect ratio is kept, and sound."""

    placeholders: ClassVar[Mapping[str, PlaceholderTokens]] = {
        "image": PlaceholderTokens("<|image>", "<|image|>", "<image|>"),
        "audio": PlaceholderTokens("<|audio>", "<|audio|>", "<audio|>"),
    }

    def _max_seconds(self) -> float:
        return float(self.converters.audio.max_audio_length)

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        import numpy as np

        converted = converter(pixels[None])
        names = ("pixel_values", "pixel_position_ids")
        inputs = {name: np.asarray(converted[name])[None] for name in names}
        patches = int((inputs["pixel_position_ids"][..., 0] >= 0).sum())
        tokens = patches // self.lm.backbone.vision_encoder.pool_size**2
        return make_media_input("image", inputs, tokens)

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            embeddings = self.lm.backbone.vision_encoder(inputs)
        return embeddings.reshape(-1, embeddings.shape[-1])

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        import numpy as np

        mel = np.asarray(converter(samples))[None, None]
        frames = len(samples) // converter.stride
        mask = (np.arange(mel.shape[2]) < frames)[None, None]
        tokens = max((frames + 3) // 4, 1)
        return make_media_input("audio", {"audio_mel": mel, "audio_mel_mask": mask}, tokens)

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            embeddings = self.lm.backbone.audio_encoder(
                inputs["audio_mel"], inputs["audio_mel_mask"]
            )
        return embeddings.reshape(-1, embeddings.shape[-1])


class Gemma3nMediaEncoder(MediaEncoder):
    """Gemma 3n: square images, and sound."""

    placeholders: ClassVar[Mapping[str, PlaceholderTokens]] = {
        "image": PlaceholderTokens(
            "\n\n<start_of_image>", "<image_soft_token>", "<end_of_image>\n\n"
        ),
        "audio": PlaceholderTokens(
            "\n\n<start_of_audio>", "<audio_soft_token>", "<end_of_audio>\n\n"
        ),
    }

    def _max_seconds(self) -> float:
        return 30.0  # KerasHub's converter truncates longer sound (max_length=480000 at 16 kHz)

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        tokens = self.lm.backbone.embedding_processor.vision_soft_tokens_per_image
        return make_media_input("image", {"images": _convert_image(converter, pixels)}, tokens)

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        import jax.numpy as jnp

        b = self.lm.backbone
        with self._stateless(weights):
            features = b.vision_encoder(inputs["images"])
            if getattr(b.vision_encoder, "data_format", "channels_last") == "channels_first":
                features = jnp.transpose(features, (0, 2, 3, 1))
            features = features.reshape(1, -1, features.shape[-1])
            features *= jnp.sqrt(jnp.asarray(b.vision_encoder.num_features, b.compute_dtype))
            return b.embedding_processor.embed_vision(features)[0]

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        import numpy as np

        features, mask = (np.asarray(x) for x in converter(samples[None]))
        tokens = self.lm.backbone.embedding_processor.audio_soft_tokens_per_image
        return make_media_input("audio", {"features": features, "silent": mask == 0}, tokens)

    def embeddings(self, medium: MediaInput) -> Any:
        """As ``MediaEncoder.embeddings``.

        The first convolutions depend on the exact length of the sound. Their output is padded, so
        that clips of similar length share the program of the remaining layers.
        """
        if medium.kind != "audio":
            return super().embeddings(medium)
        import numpy as np

        weights = [v.value for v in self._variables()]
        features = medium.inputs["features"]
        name: tuple[Any, ...] = "subsampled", features.shape
        subsampled = self._compiled.run(name, self._subsample, weights, features)
        encoder = self.lm.backbone.audio_encoder
        frames = subsampled.shape[1]
        stride = math.prod(stride for stride, _ in encoder.sscp_conv_stride_size)
        at = np.minimum(np.arange(frames) * stride, features.shape[1] - 1)
        padding = next_power_of_two(frames, 32, 4096) - frames
        silent = medium.inputs["silent"][:, at]
        inputs: dict[str, Any] = {
            "subsampled": np.pad(np.asarray(subsampled), ((0, 0), (0, padding), (0, 0))),
            "silent": np.pad(silent, ((0, 0), (0, padding)), constant_values=True),
            "length": np.int32(-(-frames // encoder.reduction_factor)),
        }
        name = "audio", inputs["subsampled"].shape
        return self._compiled.run(name, self._encode_audio, weights, inputs)

    def _subsample(self, weights: Any, features: Any) -> Any:
        with self._stateless(weights):
            return self.lm.backbone.audio_encoder.subsample_conv_projection(features)

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        import jax.numpy as jnp

        processor = self.lm.backbone.embedding_processor
        embed = processor.embed_audio
        tokens = processor.audio_soft_tokens_per_image
        # private: keras-hub 0.32, attributes that the audio encoder's call uses
        encoder = PatchedProxy(
            self.lm.backbone.audio_encoder,
            subsample_conv_projection=lambda x: x,
            sscp_conv_stride_size=((1, 1),),
        )
        with self._stateless(weights):
            embeddings = embed(encoder((inputs["subsampled"], inputs["silent"]))[0])[0]
            last = jnp.array([[embed.vocab_offset + embed.embedding.input_dim - 1]], jnp.int32)
            filler = embed(last)[0]
        padding = max(tokens - embeddings.shape[0], 0)
        embeddings = jnp.pad(embeddings, ((0, padding), (0, 0)))[:tokens]
        return jnp.where(jnp.arange(tokens)[:, None] < inputs["length"], embeddings, filler)


_ENCODERS: dict[str, type[MediaEncoder]] = {
    "Gemma3Backbone": Gemma3MediaEncoder,
    "Gemma3nBackbone": Gemma3nMediaEncoder,
    "Gemma4Backbone": Gemma4MediaEncoder,
    "PaliGemmaBackbone": PaliGemmaMediaEncoder,
    "T5Gemma2Backbone": T5Gemma2MediaEncoder,
}


class MediaEmbeddingCache(dict[int, MediaEmbeddings]):
    """The embeddings of a prompt's media by media id, computed at the first access.

    Args:
        encoder: computes them.
        media: the prompt's media.
        previous: the embeddings of the previous prompt; media that are in both are not encoded
            again.

    Attributes:
        inputs: media id -> the medium's encoder inputs.
    """

    def __init__(
        self,
        encoder: MediaEncoder,
        media: Sequence[MediaInput] = (),
        previous: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> None:
        self.inputs = {medium.id: medium for medium in media}
        self._encoder = encoder
        super().__init__({i: previous[i] for i in self.inputs if i in previous})

    def __missing__(self, key: int) -> MediaEmbeddings:
        import numpy as np

        medium = self.inputs[key]
        embeddings = np.asarray(self._encoder.embeddings(medium), np.float32)
        self[key] = MediaEmbeddings(medium.kind, embeddings)
        return self[key]


def create_media_encoder(
    lm: Any, converters: Converters, name: str = "", compiled: CompiledFunctions | None = None
) -> MediaEncoder:
    """Creates the media encoder of a task; for a text model, one that refuses all media.

    Args:
        lm: the KerasHub task.
        converters: the converters of its preset.
        name: the model's name in error messages.
        compiled: the compiled functions to add to; None for new ones.
    """
    backbone = next((c.__name__ for c in type(lm.backbone).__mro__ if c.__name__ in _ENCODERS), "")
    return _ENCODERS.get(backbone, MediaEncoder)(lm, converters, name, compiled)


def _convert_image(converter: Any, pixels: Any) -> Any:
    import numpy as np

    return np.asarray(converter(pixels[None]), np.float32)
