"""What tuning takes beside running; a formula, unmeasured here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.weight_bytes import weight_bytes

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant

#: Sequences in tuning examples are cut to this many tokens where no shorter length is asked for.
TUNING_LENGTH = 512


def tuning_bytes(variant: Variant, max_length: int = TUNING_LENGTH, *, whole: bool = True) -> int:
    """Bytes that tuning takes on the device, in float32, one example at a time.

    All parameters with Adam: weights, gradients and two moments, four times the weights (Kingma
    and Ba 2015). With LoRA (Hu et al. 2021) the weights alone, and adapters of about a hundredth.
    Both keep each layer's activations for the way back, about ``10 × hidden + 4 × feed-forward``
    numbers a token and layer, and the logits twice. Unmeasured here.

    Args:
        variant: what is tuned.
        max_length: tokens of an example, at most ``TUNING_LENGTH`` counted.
        whole: all parameters; else LoRA.
    """
    weights = weight_bytes(variant, PRECISIONS["float32"]).total
    total = 4 * weights if whole else round(1.04 * weights)
    a = variant.architecture
    if a is None:
        return total
    tokens = min(max_length, TUNING_LENGTH)
    layers = a.num_layers * (10 * a.hidden_dim + 4 * a.intermediate_dim)
    return total + 4 * tokens * (layers + 2 * a.vocabulary_size)
