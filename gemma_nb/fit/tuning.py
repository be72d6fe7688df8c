"""The memory that tuning a variant takes, with LoRA and of all its parameters."""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.verdict import ResourceCheck, Verdict
from gemma_nb.fit.weight_shapes import weight_bytes
from gemma_nb.i18n import Message
from gemma_nb.text_utils import format_gib

#: Sequences in tuning examples are cut to this many tokens unless a shorter length is given.
TUNING_LENGTH = 512


def tuning_bytes(variant: Variant, max_length: int = TUNING_LENGTH, *, whole: bool = True) -> int:
    """Estimates the bytes that tuning takes on the device, in float32, one example at a time.

    Tuning all parameters with Adam takes weights, gradients and two moments: four times the weights
    (Kingma and Ba 2015). LoRA (Hu et al. 2021) takes the weights, and adapters of about a hundredth
    of them (the formula adds four hundredths: adapters with gradients and moments). Both keep the
    activations of each layer for the backward pass, about ``10 × hidden + 4 × feed-forward``
    numbers for each token and layer, and the logits twice. This formula is not measured.

    Args:
        variant: the variant to tune.
        max_length: tokens of an example; at most ``TUNING_LENGTH`` count.
        whole: True for all parameters, False for LoRA.
    """
    weights = weight_bytes(variant, PRECISIONS["float32"]).total
    total = 4 * weights if whole else round(1.04 * weights)
    a = variant.architecture
    if a is None:
        return total
    tokens = min(max_length, TUNING_LENGTH)
    activations = a.num_layers * (10 * a.hidden_dim + 4 * a.intermediate_dim)
    return total + 4 * tokens * (activations + 2 * a.vocabulary_size)


def tuning_check(verdict: Verdict) -> ResourceCheck:
    """Compares what LoRA takes with the memory of one device.

    Args:
        verdict: the verdict on running the variant. Tuning takes at least what running takes.
    """
    choice = verdict.choice
    lora = tuning_bytes(choice.variant, choice.max_length, whole=False)
    return ResourceCheck("device", max(lora, verdict.bytes_needed), choice.runtime.usable_bytes)


def tuning_sentence(verdict: Verdict) -> Message:
    """The sentence with the memory that tuning takes, with LoRA and of all parameters.

    Args:
        verdict: the verdict on running the variant.
    """
    choice, check = verdict.choice, tuning_check(verdict)
    values = {
        "variant": choice.variant.name,
        "needed": format_gib(check.needed),
        "whole": format_gib(tuning_bytes(choice.variant, choice.max_length)),
        "available": format_gib(check.available),
        "runtime": choice.runtime.name,
    }
    return Message("tuning_fits", values)
