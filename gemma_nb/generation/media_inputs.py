"""Images and sound clips on their way into a prompt: encoder inputs, and placeholders for tokens.

A medium is read (``media_files``), converted to the inputs of KerasHub's encoder and encoded
(``media_encoders``). It becomes soft tokens: embeddings at the prompt's placeholders.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemma_nb.prompts.prompt import Prompt
from gemma_nb.prompts.safe_tokenizer import vocabulary


@dataclass(frozen=True)
class Converters:
    """KerasHub's layers that convert pixels and samples to the inputs of its encoders.

    Args:
        image: an ``ImageConverter``, None if the preset has none.
        audio: an ``AudioConverter``, likewise.
    """

    image: Any = None
    audio: Any = None


@dataclass(frozen=True)
class MediaInput:
    """A medium that was read and converted, ready for its encoder.

    Args:
        kind: "image" or "audio".
        inputs: the encoder's inputs, NumPy arrays by name.
        tokens: the number of its soft tokens.
        id: represents each of them among the token ids ("media id"); computed from the content,
            negative and below -1.
    """

    kind: str
    inputs: Mapping[str, Any]
    tokens: int
    id: int


@dataclass(frozen=True)
class PlaceholderTokens:
    """What replaces a placeholder in the prompt: text before, a repeated token, text after."""

    before: str
    soft: str
    after: str


def make_media_input(kind: str, inputs: Mapping[str, Any], tokens: int) -> MediaInput:
    """Creates a ``MediaInput`` with an id computed from its content.

    Args:
        kind: "image" or "audio".
        inputs: the encoder's inputs, NumPy arrays by name.
        tokens: the number of soft tokens.
    """
    digest = hashlib.sha256(f"{kind} {tokens}".encode())
    for name in sorted(inputs):
        digest.update(inputs[name].tobytes())
    media_id = -2 - int.from_bytes(digest.digest()[:4], "big") % (2**31 - 4)
    return MediaInput(kind, inputs, tokens, media_id)


def task_converters(lm: Any) -> Converters:
    """Returns the converters of a task's preprocessor; none if the task has no preprocessor."""
    preprocessor = getattr(lm, "preprocessor", None)
    layers = (getattr(preprocessor, f"{kind}_converter", None) for kind in ("image", "audio"))
    return Converters(*layers)


def load_converters(directory: Path) -> Converters:
    """Loads the converters that a preset's directory describes; TensorFlow is not needed.

    Args:
        directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.
    """
    from keras_hub.layers import AudioConverter, ImageConverter

    # private: keras-hub 0.32, the loaders behind ImageConverter.from_preset
    from keras_hub.src.utils.preset_utils import (
        KerasPresetLoader,
        find_subclass,
        get_preset_loader,
    )

    loader = get_preset_loader(str(directory))
    is_keras_preset = isinstance(loader, KerasPresetLoader)

    def load(kind: str, base: Any) -> Any:
        if is_keras_preset and not (directory / f"{kind}_converter.json").exists():
            return None
        try:
            converter_class = find_subclass("", base, loader.check_backbone_class())
        except ValueError:  # this backbone has no such converter
            return None
        try:
            return getattr(loader, f"load_{kind}_converter")(converter_class)
        except NotImplementedError:
            return None

    return Converters(load("image", ImageConverter), load("audio", AudioConverter))


def prompt_token_ids(
    prompt: Prompt,
    media: Sequence[MediaInput],
    placeholders: Mapping[str, PlaceholderTokens],
    tokenizer: Any,
) -> list[int]:
    """Returns a prompt's token ids, with a medium's id at each of its soft tokens.

    Args:
        prompt: the rendered conversation.
        media: its media, in order.
        placeholders: kind -> what replaces a placeholder; the soft tokens of a kind that is missing
            come before the whole prompt.
        tokenizer: the KerasHub tokenizer.
    """
    vocab = vocabulary(tokenizer)
    remaining = iter(media)
    parts: list[tuple[str, bool]] = []
    prefix: list[int] = []
    media_ids: list[int] = []
    soft_token_ids = set()
    for part in prompt.parts:
        if not part.medium:
            parts.append((part.text, part.by_format))
            continue
        medium = next(remaining)
        tokens = placeholders.get(medium.kind)
        if tokens is None:
            prefix += [medium.id] * medium.tokens
            continue
        parts.append((tokens.before + tokens.soft * medium.tokens + tokens.after, True))
        media_ids += [medium.id] * medium.tokens
        soft_token_ids.add(vocab.control[tokens.soft])
    ids = vocab.ids(parts)
    if not media:
        return ids
    following = iter(media_ids)
    # only the format's own parts give control ids, so a user's text cannot stand for a medium
    return [*prefix, *(next(following) if i in soft_token_ids else i for i in ids)]
