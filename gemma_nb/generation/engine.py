"""What runs a KerasHub task: token by token, as an encoder-decoder, or to embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import families
from gemma_nb.generation.decoding import Decoder
from gemma_nb.generation.embedding import Embedder
from gemma_nb.generation.encoder_decoder import EncoderDecoder

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant

Engine = Decoder | EncoderDecoder | Embedder

#: KerasHub task class -> what runs it; all others are decoders.
_OTHERS: dict[str, type[Embedder | EncoderDecoder]] = {
    "Gemma3TextEmbedder": Embedder,
    "T5GemmaSeq2SeqLM": EncoderDecoder,
    "T5Gemma2Seq2SeqLM": EncoderDecoder,
}


def _other(lm: Any) -> type[Embedder | EncoderDecoder] | None:
    return next((_OTHERS[c.__name__] for c in type(lm).__mro__ if c.__name__ in _OTHERS), None)


def engine_of(lm: Any, max_length: int) -> Engine:
    """What runs a task.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens of prompt and reply together, or of a text to embed.

    Raises:
        InvalidInput: this package does not run that class.
    """
    return (_other(lm) or Decoder)(lm, max_length)


def check_runs(lm: Any) -> None:
    """Makes sure that this package runs a task.

    Raises:
        InvalidInput: it does not.
    """
    if _other(lm) is None:
        families.family_of(lm)


def check_variant(variant: Variant) -> None:
    """Makes sure that this package runs a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: it does not.
    """
    backbone = variant.architecture.backbone if variant.architecture else ""
    task = backbone.removesuffix("Backbone") + task_class(variant)
    if variant.family == "Harrier":  # its prompts and its pooling are not EmbeddingGemma's
        raise InvalidInput("undecodable_class", name=variant.name, known=", ".join(_OTHERS))
    if task not in _OTHERS:
        families.check_decodable(variant)


def task_class(variant: Variant) -> str:
    """The KerasHub task class, by its name in ``keras_hub.models``, that a variant is loaded as."""
    if variant.role == "embed":
        return "TextEmbedder"
    return "Seq2SeqLM" if variant.encoder_decoder else "CausalLM"
