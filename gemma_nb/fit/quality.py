"""What a precision costs: measured for Gemma 3 270M, published by others for Gemma 4 E2B."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.choice import Choice
from gemma_nb.i18n import Message

#: Below this many parameters the figures of Gemma 3 270M are shown, above it those of Gemma 4 E2B:
#: the more parameters a model has, the less it loses.
_SMALL = 1e9


@dataclass(frozen=True)
class QualityFigure:
    """What a precision costs one model.

    Args:
        precision: the Keras dtype name.
        perplexity: change of the perplexity, as a share; None if it is not known.
        same_token: share of the positions at which the most likely token stays the same; None if
            it is not known.
        about: the model and the format that were measured.
        source: where the figure is published.
    """

    precision: str
    perplexity: float | None
    same_token: float | None
    about: str
    source: str


#: Gemma 3 270M by this package (benchmarks/quality.md, 2026-11-29): perplexity against float32.
_MEASURED = {
    "int8": QualityFigure("int8", 0.0044, 0.929, "Gemma 3 270M", "benchmarks/quality.md"),
    "int4": QualityFigure("int4", 0.2989, 0.669, "Gemma 3 270M", "benchmarks/quality.md"),
}
#: Gemma 4 E2B by others: the share of tokens that agree with float16 in llama.cpp's Q8_0 and
#: Q4_K_M, 12 prompts of 200 tokens (model card of huggingface.co/dahus/gemma-4-e2b-it-Q8_0-GGUF,
#: read 2026-11-29). Their blocks of 32 resemble those of this package's int4, its int8 is coarser.
_CARD = "huggingface.co/dahus/gemma-4-e2b-it-Q8_0-GGUF"
_PUBLISHED = {
    "int8": QualityFigure("int8", None, 0.960, "Gemma 4 E2B, Q8_0", _CARD),
    "int4": QualityFigure("int4", None, 0.824, "Gemma 4 E2B, Q4_K_M", _CARD),
}


def quality_figure(variant: Variant, precision: str) -> QualityFigure | None:
    """Returns the figure that comes nearest to a variant; None for an unquantised precision.

    Args:
        variant: the variant.
        precision: a Keras dtype name.
    """
    return (_MEASURED if variant.parameters < _SMALL else _PUBLISHED).get(precision)


def price_of(choice: Choice) -> Message | str:
    """What the quantisation of a choice costs, with the source; "" if it is not quantised."""
    figure = quality_figure(choice.variant, choice.precision)
    if figure is None:
        return ""
    values = {"precision": figure.precision, "about": figure.about, "source": figure.source}
    if figure.perplexity is not None:
        return Message("price_perplexity", {**values, "change": f"{figure.perplexity:+.1%}"})
    return Message("price_same_token", {**values, "share": f"{figure.same_token:.0%}"})
