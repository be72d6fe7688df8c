"""Where a model can run: the known places, this one, and one that you describe."""

from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.known import PRICE_DATE, runtime, runtimes
from gemma_nb.hardware.runtime import (
    KINDS,
    MEMORY_FRACTION,
    MEMORY_SETTINGS,
    Fact,
    Runtime,
)

__all__ = [
    "KINDS",
    "MEMORY_FRACTION",
    "MEMORY_SETTINGS",
    "PRICE_DATE",
    "Fact",
    "Runtime",
    "detect_runtime",
    "runtime",
    "runtimes",
]
