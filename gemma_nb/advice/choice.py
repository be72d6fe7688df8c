"""One choice of everything that decides whether a model fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant
    from gemma_nb.hardware import Runtime


@dataclass(frozen=True)
class Choice:
    """A variant in a precision at a length on a runtime; ``advise`` and ``load`` take it whole.

    ``precision`` is a Keras dtype name, ``max_length`` in tokens of prompt and reply together,
    ``batch_size`` in conversations at once, ``devices`` how many of the runtime's are used.
    """

    variant: Variant
    precision: str
    max_length: int
    batch_size: int
    runtime: Runtime
    devices: int = 1
