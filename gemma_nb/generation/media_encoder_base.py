"""The base class of media encoders: reads media, compiles and runs the encoders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import media_files
from gemma_nb.generation.compilation import CompiledFunctions
from gemma_nb.generation.keras_internals import variable_arrays
from gemma_nb.generation.media_inputs import Converters, MediaInput, PlaceholderTokens
from gemma_nb.loading.relayout import keep_layouts
from gemma_nb.prompts.prompt import Media

#: Shortest sound clip, in seconds: the length of one soft token.
MIN_SECONDS = 0.05


class MediaEncoder:
    """Reads media for one model and computes their soft tokens; this base class accepts no media.

    Args:
        lm: the KerasHub task; it is read, never changed.
        converters: the converters of its preset.
        name: the model's name in error messages.
        compiled: the compiled functions to add to; None for new ones.
    """

    #: kind -> what replaces a placeholder; the tokens of a missing kind come before the text
    placeholders: ClassVar[Mapping[str, PlaceholderTokens]] = {}

    def __init__(
        self,
        lm: Any,
        converters: Converters,
        name: str = "",
        compiled: CompiledFunctions | None = None,
    ) -> None:
        self.lm = lm
        self.converters = converters
        self.name = name or type(lm).__name__
        self._compiled = compiled or CompiledFunctions()

    def read(self, medium: Media) -> MediaInput:
        """Reads and converts a medium of a message; does not encode it.

        Args:
            medium: an item of ``Prompt.media``.

        Returns:
            The encoder's inputs.

        Raises:
            InvalidInput: the medium cannot be read, or this model does not accept its kind.
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
        seconds, most = len(samples) / rate, self._max_seconds()
        if seconds > most:
            raise InvalidInput(
                "media_audio_long", seconds=f"{seconds:.1f}", name=self.name, most=f"{most:g}"
            )
        if seconds < MIN_SECONDS:
            raise InvalidInput("media_audio_short", least=MIN_SECONDS)
        return self._audio(samples, converter)

    def embeddings(self, medium: MediaInput) -> Any:
        """Computes a medium's soft tokens as KerasHub's encoder returns them, not scaled.

        Args:
            medium: the result of ``read``.

        Returns:
            A JAX array, shape (``medium.tokens``, hidden size).
        """
        weights = [v.value for v in self._variables()]
        shapes = tuple(sorted((k, v.shape) for k, v in medium.inputs.items()))
        encode = self._encode_image if medium.kind == "image" else self._encode_audio
        name = medium.kind, shapes
        embeddings = self._compiled.run(name, encode, weights, dict(medium.inputs))
        return embeddings[: medium.tokens]

    def _variables(self) -> list[Any]:
        b = self.lm.backbone
        return [*b.trainable_variables, *b.non_trainable_variables]

    def _stateless(self, weights: Any) -> Any:
        import keras

        variables = self._variables()
        weights = keep_layouts(weights, variable_arrays(variables))
        return keras.StatelessScope(state_mapping=zip(variables, weights, strict=True))

    def _has_encoder(self, kind: str) -> bool:
        name = {"image": "vision_encoder", "audio": "audio_encoder"}[kind]
        return getattr(self.lm.backbone, name, None) is not None

    def _max_seconds(self) -> float:
        """The longest sound clip that the model accepts, in seconds."""
        raise NotImplementedError

    def _image(self, pixels: Any, converter: Any) -> MediaInput:
        """Converts an image, uint8 (height, width, 3), to the encoder's inputs."""
        raise NotImplementedError

    def _audio(self, samples: Any, converter: Any) -> MediaInput:
        """Converts sound, float32 (samples,), to the encoder's inputs."""
        raise NotImplementedError

    def _encode_image(self, weights: Any, inputs: Any) -> Any:
        """Traced: returns an image's embeddings, (tokens or more, hidden size)."""
        raise NotImplementedError

    def _encode_audio(self, weights: Any, inputs: Any) -> Any:
        """Traced: returns a clip's embeddings, (tokens or more, hidden size)."""
        raise NotImplementedError
