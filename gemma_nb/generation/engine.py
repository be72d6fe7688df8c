"""Chooses the engine that runs a KerasHub task: decoder, encoder-decoder or embedder."""

from __future__ import annotations

from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.warnings import NOT_RUN
from gemma_nb.generation import adapters
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.embedder import Embedder
from gemma_nb.generation.seq2seq import EncoderDecoder
from gemma_nb.generation.speculative import SpeculativeDecoder
from gemma_nb.loading.sharding import DeviceLayout

Engine = Decoder | EncoderDecoder | Embedder

#: KerasHub task class -> engine, for the classes that are not decoders.
_ENGINES: dict[str, type[Embedder | EncoderDecoder]] = {
    "Gemma3TextEmbedder": Embedder,
    "T5GemmaSeq2SeqLM": EncoderDecoder,
    "T5Gemma2Seq2SeqLM": EncoderDecoder,
}


def _non_decoder(lm: Any) -> type[Embedder | EncoderDecoder] | None:
    return next((_ENGINES[c.__name__] for c in type(lm).__mro__ if c.__name__ in _ENGINES), None)


def create_engine(
    lm: Any, max_length: int, assistant: Any = None, devices: DeviceLayout | None = None
) -> Engine:
    """Creates the engine of a task.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens of prompt and reply together, or of a text to embed.
        assistant: the KerasHub task that proposes tokens for it, None for none.
        devices: the devices that the task is laid out over; None for one.

    Raises:
        InvalidInput: this package does not run that class, or the assistant belongs to another
            model.
    """
    if assistant is not None:
        return SpeculativeDecoder(lm, max_length, assistant, devices=devices)
    return (_non_decoder(lm) or Decoder)(lm, max_length, devices=devices)


def check_task(lm: Any) -> None:
    """Checks that this package runs a task.

    Args:
        lm: the KerasHub task.

    Raises:
        InvalidInput: this package does not run its class.
    """
    if _non_decoder(lm) is None:
        adapters.create_adapter(lm)


def check_variant(variant: Variant) -> None:
    """Checks that this package runs a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: this package does not run it.
    """
    if variant.family in NOT_RUN:
        raise InvalidInput("undecodable_class", name=variant.name, known=", ".join(_ENGINES))
    if variant.task_class not in _ENGINES:
        adapters.check_decodable(variant)
