"""Turns images and sound into soft tokens with KerasHub's own converters and encoders.

A medium becomes soft tokens: embeddings that stand where the prompt has placeholders. What KerasHub
0.32 does with them, and how they see each other while a prompt is read:

- ``Gemma3CausalLM``: 256 tokens an image from ``Gemma3VisionEncoder``. ``Gemma3InterleaveEmbeddings``
  puts them in as they are, after the text's embeddings were multiplied by sqrt(hidden size). Tokens
  of one image see each other both ways in every layer, in a sliding one as far as its window
  reaches, before and behind (``Gemma3DecoderBlock``: causal or same image, then
  ``CachedGemma3Attention``: no further than the window).
- ``Gemma3nCausalLM``: 256 tokens an image, its encoder's features times the square root of their
  number of channels, through ``Gemma3nMultimodalEmbedder``; 188 a clip, what the sound does not fill
  being the embedding of the last audio token. ``Gemma3nMultimodalEmbeddingProcessor`` puts them in
  after the text's scaling. Causal everywhere; per-layer inputs take token 0 in their place.
- ``Gemma4CausalLM``: up to 280 tokens an image, the aspect ratio kept, and 25 a second of sound. They
  are multiplied by 1/sqrt(hidden size) and put in before the whole is multiplied by sqrt(hidden
  size). Per-layer inputs take token 0 in their place. Where ``use_vision_bidirectional_attention``
  (26B-A4B and 31B) tokens of one image see each other both ways in sliding layers, however far
  apart (``Gemma4DecoderBlock``: causal and window, or same image). KerasHub's own generate leaves
  that out, since it reads prompts with a cache; its ``Gemma4Backbone`` and the publisher's code have
  it. KerasHub's preprocessor gives every image 280 places, those it does not fill with zeros in
  them; the publisher's gives it as many as it has, and so does this.
- ``PaliGemmaCausalLM``: the tokens of ``PaliGemmaVit`` stand in front of ``<bos>``, as they are, the
  text's embeddings being multiplied by sqrt(hidden size). Image and prompt see each other both ways
  altogether (``PaliGemmaDecoderBlock``), in a sliding layer no further than its window.
- ``T5Gemma2Seq2SeqLM``: as Gemma 3, into the encoder, which sees both ways anyway.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import media_files
from gemma_nb.generation.adapters import PatchedProxy
from gemma_nb.generation.compilation import CompiledFunctions, next_power_of_two
from gemma_nb.generation.media_inputs import (
    Converters,
    MediaInput,
    PlaceholderTokens,
    make_media_input,
)
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings
from gemma_nb.prompts.prompt import Media

#: Shortest clip, in seconds: one soft token's worth.
LEAST_SECONDS = 0.05


class MediaEncoder:
    """Reads media for one model and computes their soft tokens.

    Args:
        lm: the KerasHub task; it is read, never changed.
        converters: its preset's.
        name: what the model is called in messages.
        programs: where compiled programs are kept and counted.
    """

    #: kind -> what a placeholder becomes; a kind that is not there stands in front of the text
    places: Mapping[str, PlaceholderTokens] = {}

    def __init__(
        self,
        lm: Any,
        converters: Converters,
        name: str = "",
        programs: CompiledFunctions | None = None,
    ) -> None:
        self.lm = lm
        self.converters = converters
        self.name = name or type(lm).__name__
        self._programs = programs or CompiledFunctions()

    def read(self, medium: Media) -> MediaInput:
        """Reads a medium of a message; nothing expensive is done.

        Args:
            medium: from ``Prompt.media``.

        Raises:
            InvalidInput: it cannot be read, or this model takes no such thing.
        """
        if medium.kind == "video":
            raise InvalidInput("media_no_video")
        converter = getattr(self.converters, medium.kind, None)
        if converter is None or not self._has_encoder(medium.kind):
            raise InvalidInput("media_no_encoder", kind=medium.kind)
        if medium.kind == "image":
            return self._image(media_files.read_image(medium.data), converter)
        rate = int(converter.sampling_rate)
        samples = media_files.read_sound(medium.data, rate)
        seconds, most = len(samples) / rate, self._most_seconds()
        if seconds > most:
            told = f"{seconds:.1f}"
            raise InvalidInput("media_audio_long", seconds=told, name=self.name, most=f"{most:g}")
        if seconds < LEAST_SECONDS:
            raise InvalidInput("media_audio_short", least=LEAST_SECONDS)
        return self._audio(samples, converter)

    def embeddings(self, clip: MediaInput) -> Any:
        """A medium's soft tokens as KerasHub's encoder gives them, not scaled.

        Args:
            clip: what ``read`` gave.

        Returns:
            A JAX array, shape (``clip.tokens``, hidden size).
        """
        weights = [v.value for v in self._variables()]
        shapes = tuple(sorted((k, v.shape) for k, v in clip.inputs.items()))
        encode = self._encode_image if clip.kind == "image" else self._encode_audio
        made = self._programs.run((clip.kind, shapes), encode, weights, dict(clip.inputs))
        return made[: clip.tokens]

    def _variables(self) -> list[Any]:
        b = self.lm.backbone
        return [*b.trainable_variables, *b.non_trainable_variables]

    def _stateless(self, weights: Any) -> Any:
        import keras

        return keras.StatelessScope(state_mapping=zip(self._variables(), weights, strict=True))

    def _has_encoder(self, kind: str) -> bool:
        name = {"image": "vision_encoder", "audio": "audio_encoder"}[kind]
        return getattr(self.lm.backbone, name, None) is not None

    def _most_seconds(self) -> float:
        raise NotImplementedError

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        raise NotImplementedError

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        raise NotImplementedError

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        raise NotImplementedError

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        raise NotImplementedError


class Gemma3MediaEncoder(MediaEncoder):
    """Gemma 3 and T5Gemma 2: square images."""

    places = {"image": PlaceholderTokens("\n\n<start_of_image>", "<img>", "<end_of_image>\n\n")}  # noqa: RUF012

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        images = _converted(converter, pixels)[None]
        return make_media_input(
            "image", {"images": images}, self.lm.backbone.num_vision_tokens_per_image
        )

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            made = self.lm.backbone.vision_encoder(inputs["images"])
        return made.reshape(-1, made.shape[-1])


class T5Gemma2MediaEncoder(Gemma3MediaEncoder):
    """T5Gemma 2: another token in the images' place."""

    places = {  # noqa: RUF012
        "image": PlaceholderTokens(
            "\n\n<start_of_image>", "<image_soft_token>", "<end_of_image>\n\n"
        )
    }


class PaliGemmaMediaEncoder(MediaEncoder):
    """PaliGemma: one square image in front of the text."""

    def _has_encoder(self, kind: str) -> bool:
        return kind == "image"

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        images = _converted(converter, pixels)
        return make_media_input("image", {"images": images}, self.lm.backbone.image_sequence_length)

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            return self.lm.backbone.vit_encoder(inputs["images"])[0]


class Gemma4MediaEncoder(MediaEncoder):
    """Gemma 4: images that keep their aspect ratio, and sound."""

    places = {  # noqa: RUF012
        "image": PlaceholderTokens("<|image>", "<|image|>", "<image|>"),
        "audio": PlaceholderTokens("<|audio>", "<|audio|>", "<audio|>"),
    }

    def _most_seconds(self) -> float:
        return float(self.converters.audio.max_audio_length)

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        import numpy as np

        made = converter(pixels[None])
        inputs = {k: np.asarray(made[k])[None] for k in ("pixel_values", "pixel_position_ids")}
        filled = int((inputs["pixel_position_ids"][..., 0] >= 0).sum())
        return make_media_input(
            "image", inputs, filled // self.lm.backbone.vision_encoder.pool_size**2
        )

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            made = self.lm.backbone.vision_encoder(inputs)
        return made.reshape(-1, made.shape[-1])

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        import numpy as np

        mel = np.asarray(converter(samples))[None, None]
        frames = len(samples) // converter.stride
        real = (np.arange(mel.shape[2]) < frames)[None, None]
        tokens = max((frames + 3) // 4, 1)
        return make_media_input("audio", {"audio_mel": mel, "audio_mel_mask": real}, tokens)

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        with self._stateless(weights):
            made = self.lm.backbone.audio_encoder(inputs["audio_mel"], inputs["audio_mel_mask"])
        return made.reshape(-1, made.shape[-1])


class Gemma3nMediaEncoder(MediaEncoder):
    """Gemma 3n: square images, and sound."""

    places = {  # noqa: RUF012
        "image": PlaceholderTokens(
            "\n\n<start_of_image>", "<image_soft_token>", "<end_of_image>\n\n"
        ),
        "audio": PlaceholderTokens(
            "\n\n<start_of_audio>", "<audio_soft_token>", "<end_of_audio>\n\n"
        ),
    }

    def _most_seconds(self) -> float:
        return 30.0  # KerasHub's converter cuts what is longer (max_length=480000 at 16 kHz)

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        tokens = self.lm.backbone.embedding_processor.vision_soft_tokens_per_image
        return make_media_input("image", {"images": _converted(converter, pixels)}, tokens)

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        import jax.numpy as jnp

        b = self.lm.backbone
        with self._stateless(weights):
            made = b.vision_encoder(inputs["images"])
            if getattr(b.vision_encoder, "data_format", "channels_last") == "channels_first":
                made = jnp.transpose(made, (0, 2, 3, 1))
            made = made.reshape(1, -1, made.shape[-1])
            made *= jnp.sqrt(jnp.asarray(b.vision_encoder.num_features, b.compute_dtype))
            return b.embedding_processor.embed_vision(made)[0]

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        import numpy as np

        features, real = (np.asarray(x) for x in converter(samples[None]))
        tokens = self.lm.backbone.embedding_processor.audio_soft_tokens_per_image
        return make_media_input("audio", {"features": features, "silent": real == 0}, tokens)

    def embeddings(self, clip: MediaInput) -> Any:
        """As ``Senses.embeddings``.

        The first convolutions see how long the sound is; what follows is padded, so that clips of
        about the same length share its program.
        """
        if clip.kind != "audio":
            return super().embeddings(clip)
        import numpy as np

        weights = [v.value for v in self._variables()]
        features = clip.inputs["features"]
        thin = self._programs.run(("thin", features.shape), self._thinned, weights, features)
        encoder = self.lm.backbone.audio_encoder
        frames = thin.shape[1]
        stride = math.prod(stride for stride, _ in encoder.sscp_conv_stride_size)
        at = np.minimum(np.arange(frames) * stride, features.shape[1] - 1)
        more = next_power_of_two(frames, 32, 4096) - frames
        inputs: dict[str, Any] = {
            "thin": np.pad(np.asarray(thin), ((0, 0), (0, more), (0, 0))),
            "silent": np.pad(
                clip.inputs["silent"][:, at], ((0, 0), (0, more)), constant_values=True
            ),
            "length": np.int32(-(-frames // encoder.reduction_factor)),
        }
        name = "audio", inputs["thin"].shape
        return self._programs.run(name, self._encode_audio, weights, inputs)

    def _thinned(self, weights: Any, features: Any) -> Any:
        with self._stateless(weights):
            return self.lm.backbone.audio_encoder.subsample_conv_projection(features)

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        import jax.numpy as jnp

        processor = self.lm.backbone.embedding_processor
        embed = processor.embed_audio
        tokens = processor.audio_soft_tokens_per_image
        encoder = PatchedProxy(
            self.lm.backbone.audio_encoder,
            subsample_conv_projection=lambda x: x,
            sscp_conv_stride_size=((1, 1),),
        )
        with self._stateless(weights):
            made = embed(encoder((inputs["thin"], inputs["silent"]))[0])[0]
            last = jnp.array([[embed.vocab_offset + embed.embedding.input_dim - 1]], jnp.int32)
            rest = embed(last)[0]
        made = jnp.pad(made, ((0, max(tokens - made.shape[0], 0)), (0, 0)))[:tokens]
        return jnp.where(jnp.arange(tokens)[:, None] < inputs["length"], made, rest)


_ENCODERS: dict[str, type[MediaEncoder]] = {
    "Gemma3Backbone": Gemma3MediaEncoder,
    "Gemma3nBackbone": Gemma3nMediaEncoder,
    "Gemma4Backbone": Gemma4MediaEncoder,
    "PaliGemmaBackbone": PaliGemmaMediaEncoder,
    "T5Gemma2Backbone": T5Gemma2MediaEncoder,
}


class MediaEmbeddingCache(dict[int, MediaEmbeddings]):
    """The soft tokens of a prompt's media by id, computed when they are first asked for.

    Args:
        senses: what computes them.
        clips: the prompt's media.
        known: of the prompt before; what is in this one too is taken from there.
    """

    def __init__(
        self,
        senses: MediaEncoder,
        clips: Sequence[MediaInput] = (),
        known: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> None:
        self.clips = {c.id: c for c in clips}
        self._senses = senses
        super().__init__({i: known[i] for i in self.clips if i in known})

    def __missing__(self, key: int) -> MediaEmbeddings:
        import numpy as np

        one = self.clips[key]
        self[key] = MediaEmbeddings(one.kind, np.asarray(self._senses.embeddings(one), np.float32))
        return self[key]


def create_media_encoder(
    lm: Any, converters: Converters, name: str = "", programs: CompiledFunctions | None = None
) -> MediaEncoder:
    """What reads media for a task; for one that takes none, what refuses them.

    Args:
        lm: the KerasHub task.
        converters: its preset's.
        name: what the model is called in messages.
        programs: where compiled programs are kept and counted.
    """
    kind = next((c.__name__ for c in type(lm.backbone).__mro__ if c.__name__ in _ENCODERS), "")
    return _ENCODERS.get(kind, MediaEncoder)(lm, converters, name, programs)


def _converted(converter: Any, pixels: Any) -> Any:
    import numpy as np

    return np.asarray(converter(pixels[None]), np.float32)
