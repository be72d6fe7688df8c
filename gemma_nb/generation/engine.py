"""What runs a KerasHub task: token by token, as an encoder-decoder, or to embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import adapters
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.embedder import Embedder
from gemma_nb.generation.seq2seq import EncoderDecoder
from gemma_nb.generation.speculative import SpeculativeDecoder

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant

Engine = Decoder | EncoderDecoder | Embedder

#: KerasHub task class -> what runs it; all others are decoders.
_OTHERS: dict[str, type[Embedder | EncoderDecoder]] = {
    "Gemma3TextEmbedder": Embedder,
    "T5GemmaSeq2SeqLM": EncoderDecoder,
    "T5Gemma2Seq2SeqLM": EncoderDecoder,
}


def _other(lm: Any) -> type[Embedder | EncoderDecoder] | None:
    return next((_OTHERS[c.__name__] for c in type(lm).__mro__ if c.__name__ in _OTHERS), None)


def create_engine(lm: Any, max_length: int, assistant: Any = None) -> Engine:
    """What runs a task.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens of prompt and reply together, or of a text to embed.
        assistant: the KerasHub task that guesses for it, where there is one.

    Raises:
        InvalidInput: this package does not run that class, or the assistant is none of this model.
    """
    if assistant is not None:
        return SpeculativeDecoder(lm, max_length, assistant)
    return (_other(lm) or Decoder)(lm, max_length)


def check_task(lm: Any) -> None:
    """Makes sure that this package runs a task.

    Raises:
        InvalidInput: it does not.
    """
    if _other(lm) is None:
        adapters.create_adapter(lm)


def check_variant(variant: Variant) -> None:
    """Makes sure that this package runs a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: it does not.
    """
    if variant.family == "Harrier":  # its prompts and its pooling are not EmbeddingGemma's
        raise InvalidInput("undecodable_class", name=variant.name, known=", ".join(_OTHERS))
    if variant.task_class not in _OTHERS:
        adapters.check_decodable(variant)
