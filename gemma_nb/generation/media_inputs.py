"""Images and sound on their way into a prompt: what they become, and where they stand in it.

A medium is read (``reading``), turned into what KerasHub's encoder takes and encoded (``senses``),
and becomes soft tokens: embeddings that stand where the prompt has placeholders.
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
    """KerasHub's layers that turn pixels and samples into what its encoders take.

    Args:
        image: an ``ImageConverter``, None where the preset has none.
        audio: an ``AudioConverter``, likewise.
    """

    image: Any = None
    audio: Any = None


@dataclass(frozen=True)
class MediaInput:
    """A medium that was read, ready for its encoder.

    Args:
        kind: "image" or "audio".
        inputs: what the encoder takes, NumPy arrays.
        tokens: how many soft tokens it becomes.
        id: stands for each of them among token ids: negative, below -1, from the content.
    """

    kind: str
    inputs: Mapping[str, Any]
    tokens: int
    id: int


@dataclass(frozen=True)
class PlaceholderTokens:
    """What a placeholder becomes in the prompt: text before, a token repeated, text behind."""

    before: str
    soft: str
    after: str


def make_media_input(kind: str, inputs: Mapping[str, Any], tokens: int) -> MediaInput:
    """A ``Clip`` whose id comes from its content.

    Args:
        kind: "image" or "audio".
        inputs: what the encoder takes, NumPy arrays.
        tokens: how many soft tokens it becomes.
    """
    digest = hashlib.sha256(f"{kind} {tokens}".encode())
    for name in sorted(inputs):
        digest.update(inputs[name].tobytes())
    return MediaInput(
        kind, inputs, tokens, -2 - int.from_bytes(digest.digest()[:4], "big") % (2**31 - 4)
    )


def task_converters(lm: Any) -> Converters:
    """The converters of a task that has its preprocessor; none of one that has not."""
    preprocessor = getattr(lm, "preprocessor", None)
    found = (getattr(preprocessor, f"{kind}_converter", None) for kind in ("image", "audio"))
    return Converters(*found)


def load_converters(directory: Path) -> Converters:
    """The converters that a preset's directory describes; no TensorFlow is needed.

    Args:
        directory: a Keras preset, or a Hugging Face checkpoint that KerasHub converts.
    """
    from keras_hub.layers import AudioConverter, ImageConverter
    from keras_hub.src.utils.preset_utils import (
        KerasPresetLoader,
        find_subclass,
        get_preset_loader,
    )

    loader = get_preset_loader(str(directory))
    keras_preset = isinstance(loader, KerasPresetLoader)

    def load(kind: str, base: Any) -> Any:
        if keras_preset and not (directory / f"{kind}_converter.json").exists():
            return None
        try:
            made = find_subclass("", base, loader.check_backbone_class())
        except ValueError:  # there is no such converter for this backbone
            return None
        try:
            return getattr(loader, f"load_{kind}_converter")(made)
        except NotImplementedError:
            return None

    return Converters(load("image", ImageConverter), load("audio", AudioConverter))


def prompt_token_ids(
    prompt: Prompt,
    clips: Sequence[MediaInput],
    places: Mapping[str, PlaceholderTokens],
    tokenizer: Any,
) -> list[int]:
    """A prompt's token ids with a medium's own id at each of its soft tokens.

    Args:
        prompt: the rendered conversation.
        clips: its media, in order, read.
        places: kind -> what a placeholder becomes; a kind that is not there stands in front.
        tokenizer: the KerasHub tokenizer.
    """
    vocab = vocabulary(tokenizer)
    waiting = iter(clips)
    parts: list[tuple[str, bool]] = []
    front: list[int] = []
    fill: list[int] = []
    soft = set()
    for part in prompt.parts:
        if not part.medium:
            parts.append((part.text, part.control))
            continue
        one = next(waiting)
        place = places.get(one.kind)
        if place is None:
            front += [one.id] * one.tokens
            continue
        parts.append((place.before + place.soft * one.tokens + place.after, True))
        fill += [one.id] * one.tokens
        soft.add(vocab.control[place.soft])
    ids = vocab.ids(parts)
    if not clips:
        return ids
    following = iter(fill)
    # only the format's own parts give control ids: nobody's text stands for a medium
    return [*front, *(next(following) if i in soft else i for i in ids)]
