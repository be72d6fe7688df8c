"""A variant's tokenizer without its weights and without keras, from the files on disk.

Where a variant's files are not on disk, the demo models' tokenizer takes their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gemma_nb.catalog.gguf_header import read_gguf
from gemma_nb.catalog.gguf_vocabulary import gguf_vocabulary
from gemma_nb.catalog.handles import SUFFIX
from gemma_nb.catalog.registry import DEMO, demo_directory
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.hub.fetch import local_directory
from gemma_nb.prompts.prompt import Piece, Prompt
from gemma_nb.prompts.safe_tokenizer import CONTROL, Vocabulary, vocabulary

#: The tokenizer's file name: in a Keras preset, and in a checkpoint of Hugging Face.
_PATTERNS = ("*.spm", "tokenizer.model")


@dataclass(frozen=True)
class LocalTokenizer:
    """A SentencePiece model; ``Prompt.pieces`` accepts it like a KerasHub tokenizer.

    Args:
        proto: the serialized SentencePiece model.
        of: the variant it belongs to: the one that was named, or a demo model in its place.
    """

    proto: bytes
    of: Variant

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary, which keeps text and control tokens apart."""
        return vocabulary(self)


def find_local_tokenizer(variant: str | Variant) -> LocalTokenizer:
    """The variant's own tokenizer where its files are on disk, else the demo models'.

    Nothing is downloaded.

    Args:
        variant: a variant or its name.

    Raises:
        InvalidInput: an unknown variant.
    """
    variant = find_variant(variant)
    path = _tokenizer_file(variant)
    if path is None:
        return find_local_tokenizer(DEMO)
    return LocalTokenizer(_read(path), variant)


def _tokenizer_file(variant: Variant) -> Path | None:
    try:
        if (variant.handle or "").startswith("demo://"):
            folder: Path | None = demo_directory(variant)
        else:
            folder = local_directory(variant)
    except (GemmaError, OSError):
        return None
    if folder is None or not folder.is_dir():
        return folder  # a GGUF file, which carries its vocabulary
    files = (path for pattern in _PATTERNS for path in sorted(folder.rglob(pattern)))
    return next(files, None)


@lru_cache(maxsize=4)
def _read(path: Path) -> bytes:
    return gguf_vocabulary(read_gguf(path)) if path.suffix == SUFFIX else path.read_bytes()


def tokenize_prompt(prompt: Prompt, tokenizer: LocalTokenizer) -> list[Piece]:
    """Tokenizes a prompt; a control token that the vocabulary lacks is one token with the id -1.

    A prompt format can thus be shown with another family's vocabulary: its control tokens stay
    whole, and only the text between them is tokenized as that family does it.

    Args:
        prompt: the rendered conversation.
        tokenizer: the variant's own tokenizer, or another family's.
    """
    vocab = tokenizer.vocabulary
    pieces: list[Piece] = []
    pending: list[tuple[str, bool]] = []

    def encode_pending() -> None:
        ids = vocab.encode(pending)
        pending.clear()
        # each call of encode begins with <bos>: keep the first one alone
        repeats_start = bool(pieces) and ids[:1] == start
        pieces.extend(Piece(i, vocab.piece(i), control) for i, control in ids[repeats_start:])

    start = vocab.encode([])
    for part in prompt.parts:
        offset = 0
        for token in CONTROL.finditer(part.text) if part.by_format else ():
            if token[0] not in vocab.control:
                pending.append((part.text[offset : token.start()], True))
                encode_pending()
                pieces.append(Piece(-1, token[0], control=True))
                offset = token.end()
        pending.append((part.text[offset:], part.by_format))
    encode_pending()
    return pieces
