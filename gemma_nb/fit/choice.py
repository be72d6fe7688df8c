"""One choice of everything that decides whether a model fits."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime


@dataclass(frozen=True)
class Choice:
    """A variant in a precision at a length on a runtime; ``advise`` and ``load`` take it whole.

    Args:
        variant: a variant or its name.
        precision: a Keras dtype name.
        max_length: tokens of prompt and reply together.
        batch_size: conversations at once.
        runtime: a runtime or its name; None for this one.
        devices: over how many of the runtime's devices it is spread.

    Raises:
        InvalidInput: an unknown name, or more devices than there are. (The other numbers are
            checked where they are used.)
    """

    variant: Variant
    precision: str
    max_length: int = 2048
    batch_size: int = 1
    runtime: Runtime = None  # type: ignore[assignment]  # a Runtime once it is made
    devices: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "variant", find_variant(self.variant))
        object.__setattr__(self, "precision", find_precision(self.precision).name)
        object.__setattr__(self, "runtime", find_runtime(self.runtime))
        there, wanted = self.runtime.devices, self.devices
        if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= there:
            raise InvalidInput(
                "devices_not_there", devices=wanted, runtime=self.runtime.name, there=there
            )
