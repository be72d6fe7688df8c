"""A variant's vocabulary without its weights and without keras: what is on disk, else the demo's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gemma_nb.catalog.registry import DEMO, demo_directory
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.hub.fetch import local_directory
from gemma_nb.prompts.prompt import Piece, Prompt
from gemma_nb.prompts.safe_tokenizer import CONTROL, Vocabulary, vocabulary

#: How the files are called: in a Keras preset, and in a checkpoint of Hugging Face.
_NAMES = ("*.spm", "tokenizer.model")


@dataclass(frozen=True)
class LocalTokenizer:
    """A SentencePiece model alone, which ``Prompt.pieces`` takes like a KerasHub tokenizer.

    ``of`` is the variant it belongs to: the one asked for, or a demo model that stands in.
    """

    proto: bytes
    of: Variant

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, with text and control kept apart."""
        return vocabulary(self)


def find_local_tokenizer(variant: str | Variant) -> LocalTokenizer:
    """The variant's own tokenizer where its files are on this disk, else the demo models'.

    Nothing is downloaded.

    Args:
        variant: a variant or its name.

    Raises:
        InvalidInput: an unknown variant.
    """
    variant = find_variant(variant)
    path = _file(variant)
    if path is None:
        return find_local_tokenizer(DEMO)
    return LocalTokenizer(_read(path), variant)


def _file(variant: Variant) -> Path | None:
    try:
        if (variant.handle or "").startswith("demo://"):
            folder: Path | None = demo_directory(variant)
        else:
            folder = local_directory(variant)
    except (GemmaError, OSError):
        return None
    found = (path for name in _NAMES for path in sorted(folder.rglob(name))) if folder else ()
    return next(iter(found), None)


@lru_cache(maxsize=4)
def _read(path: Path) -> bytes:
    return path.read_bytes()


def tokenize_prompt(prompt: Prompt, tokenizer: LocalTokenizer) -> list[Piece]:
    """A prompt's tokens; a control token that the vocabulary lacks is one token with the id -1.

    So a format can be shown with another family's vocabulary: its control tokens stay whole, and
    only the text between them is cut as that family cuts it.

    Args:
        prompt: the rendered conversation.
        tokenizer: the variant's own, or one that stands in.
    """
    vocab = tokenizer.vocabulary
    found: list[Piece] = []
    waiting: list[tuple[str, bool]] = []

    def encode() -> None:
        ids = vocab.encode(waiting)
        waiting.clear()
        begun = bool(found) and ids[:1] == start
        found.extend(Piece(i, vocab.piece(i), control) for i, control in ids[begun:])

    start = vocab.encode([])
    for part in prompt.parts:
        at = 0
        for token in CONTROL.finditer(part.text) if part.control else ():
            if token[0] not in vocab.control:
                waiting.append((part.text[at : token.start()], True))
                encode()
                found.append(Piece(-1, token[0], control=True))
                at = token.end()
        waiting.append((part.text[at:], part.control))
    encode()
    return found
