"""The choice of a variant, a precision, a length and a runtime, and the checks of its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from gemma_nb.arguments import MAX_INT, whole_number
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.display import BarPart, Displayed, Summary, bar_parts
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.fit.cache_layout import cache_bytes
from gemma_nb.fit.device_split import device_architecture, device_weight_bytes
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import text


@dataclass(frozen=True, repr=False)
class Choice(Displayed):
    """Everything that decides whether a model fits; ``advise`` and ``load`` accept it as a whole.

    Args:
        variant: a variant or its name.
        precision: a Keras dtype name.
        max_length: tokens of prompt and reply together.
        batch_size: number of conversations at once.
        runtime: a runtime or its name; None for the present one.
        devices: number of the runtime's devices over which the model is spread.

    Raises:
        InvalidInput: a name is unknown, a number is not whole, or the runtime has fewer devices.
            The range of ``max_length`` and ``batch_size`` is checked where they are used, by
            ``check_numbers``.
    """

    variant: Variant
    precision: str
    max_length: int = 2048
    batch_size: int = 1
    runtime: Runtime = None  # type: ignore[assignment]  # __post_init__ replaces None
    devices: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "variant", find_variant(self.variant))
        object.__setattr__(self, "precision", find_precision(self.precision).name)
        object.__setattr__(self, "runtime", find_runtime(self.runtime))
        for name in ("max_length", "batch_size"):
            number = whole_number(getattr(self, name), "number_not_whole", -MAX_INT, name=name)
            object.__setattr__(self, name, number)
        limit = self.runtime.devices
        there = {"devices": shown(self.devices), "runtime": self.runtime.name, "there": limit}
        devices = whole_number(self.devices, "devices_not_there", 1, limit, **there)
        object.__setattr__(self, "devices", devices)

    def _summary(self) -> Summary:
        names = {"variant": self.variant.name, "precision": self.precision}
        rows = (
            (text("show_length"), f"{self.max_length:,}"),
            (text("show_batch"), f"{self.batch_size:,}"),
            (text("show_devices"), f"{self.devices} / {self.runtime.devices}"),
        )
        return Summary(
            text("show_choice", runtime=self.runtime.name, **names),
            rows,
            # a phone runs another framework's file, which advise knows
            bar=self._memory_bar() if self.runtime.runs_keras else (),
            notes=(text("show_choice_note"),),
        )

    def _memory_bar(self) -> tuple[BarPart, ...]:
        """Weights and cache on one device beside what it has; ``advise`` adds the rest."""
        precision, architecture = find_precision(self.precision), self.variant.architecture
        devices = self.runtime.separate_memories(self.devices)
        weights = device_weight_bytes(self.variant, precision, devices)
        cache = 0
        if architecture:
            cache = cache_bytes(
                device_architecture(architecture, devices),
                self.max_length,
                self.batch_size,
                precision.dtype_bytes,
            )
        sizes = {
            "weights": weights.text,
            "encoders": weights.encoders,
            "kv_cache": cache,
        }
        left = self.runtime.usable_bytes - sum(sizes.values())
        sizes.update(free=left, missing=-left)
        return bar_parts(sizes)


def check_numbers(
    variant: Variant, max_length: int, batch_size: int, devices: int = 1
) -> tuple[int, int]:
    """Checks a maximum length, a batch size and a number of devices.

    Returns:
        The first two, as numbers of Python.

    Raises:
        InvalidInput: a number is not whole or not positive, or ``max_length`` exceeds the
            variant's context.
    """
    max_length, batch_size = _count("max_length", max_length), _count("batch_size", batch_size)
    _count("devices", devices)
    if variant.context_length and max_length > variant.context_length:
        raise InvalidInput(
            "beyond_context",
            max_length=max_length,
            variant=variant.name,
            context=variant.context_length,
        )
    return max_length, batch_size


def clip_to_context(variant: Variant, max_length: int) -> int:
    """Returns ``max_length``, at most the variant's context; for lists of several variants.

    Raises:
        InvalidInput: the number is not whole or not positive.
    """
    # a number beyond the context is no error here
    max_length = _count("max_length", max_length, 2**63 - 1)
    return min(max_length, variant.context_length or max_length)


def device_counts(runtime: Runtime) -> tuple[int, ...]:
    """Returns the numbers of devices that are tried for a model: 1, 2, 4 and 8, if there are so many."""
    return tuple(count for count in (1, 2, 4, 8) if count <= runtime.devices)


def _count(name: str, value: int, most: int = MAX_INT) -> int:
    """A whole number above 0."""
    number = whole_number(value, "number_not_whole", -most, most, name=name)
    if number <= 0:
        raise InvalidInput("number_not_positive", name=name, value=number)
    return number
