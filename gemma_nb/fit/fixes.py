"""The changes that make a choice fit, cheapest first, each as a changed ``Choice``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gemma_nb.catalog.registry import variants
from gemma_nb.fit.choice import Choice, clip_to_context, device_counts
from gemma_nb.fit.float16 import float16_state
from gemma_nb.fit.precision import (
    PRECISIONS,
    QUANTISED,
    saved_precision,
    unquantised_precision,
)
from gemma_nb.hardware.known_runtimes import runtimes
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message

#: A function that returns the status of a choice: "fits", "tight" or "no".
StatusOf = Callable[[Choice], str]

#: The shortest length that is offered; in less a conversation hardly starts.
SHORTEST_LENGTH = 512
#: How many other runtimes are offered.
_RUNTIMES = 2


@dataclass(frozen=True)
class Fix:
    """One change.

    Args:
        key: the kind of change.
        label: a sentence that says what the change does and costs.
        choice: the changed choice.
    """

    key: str
    label: Message
    choice: Choice

    def apply(self) -> Choice:
        """Returns the changed choice; ``advise`` and ``load`` accept it."""
        return self.choice

    def __str__(self) -> str:
        return str(self.label)


def find_fixes(choice: Choice, judge: StatusOf) -> tuple[Fix, ...]:
    """Finds the changes that make a choice fit, cheapest first.

    The order follows the loss: none (another unquantised precision), images, length, conversations
    at once, exactness, other devices, a smaller model, another machine. A change that does not
    suffice is left out. Another unquantised precision is tried first; if it does not suffice alone
    and is smaller, the others are tried on top of it. A choice that ``load`` refuses is no change
    that helps.

    Args:
        choice: the choice that does not fit, or is tight.
        judge: returns the status of a choice.
    """

    def status_of(choice: Choice) -> str:
        return "no" if _load_refuses(choice) else judge(choice)

    accepted = ("fits",) if judge(choice) == "tight" else ("fits", "tight")
    base = choice
    lossless = unquantised_precision(choice.variant, choice.runtime).name
    if choice.precision in ("float32", "float16") and choice.precision != lossless:
        other = replace(choice, precision=lossless)
        if status_of(other) in accepted:
            return (_fix(f"{choice.precision}_to_{lossless}", other),)
        # a float16 that works is kept for the further changes
        works = choice.precision == "float16" and float16_state(choice.variant) != "overflows"
        base = choice if works else other
    steps = (
        _in_bfloat16,
        _text_only,
        _shorter,
        _smaller_batch,
        _quantised,
        _more_devices,
        _smaller_variant,
        _other_runtime,
    )
    candidates = [fix for step in steps for fix in step(base, status_of)]
    return tuple(fix for fix in candidates if status_of(fix.choice) in accepted)


def _load_refuses(choice: Choice) -> bool:
    """Whether nothing is loaded there (a phone), or the files are quantised in another precision."""
    if not choice.runtime.runs_keras:
        return True
    return saved_precision(choice.variant) not in (None, choice.precision)


def _fix(key: str, choice: Choice, **values: object) -> Fix:
    common = {
        "variant": choice.variant.name,
        "precision": choice.precision,
        "max_length": choice.max_length,
        "batch_size": choice.batch_size,
        "runtime": choice.runtime.name,
        "devices": choice.devices,
    }
    return Fix(key, Message(f"fix_{key}", {**common, **values}), choice)


def _first_fitting(choices: Iterable[Choice], status_of: StatusOf) -> Choice | None:
    """The first choice that fits, else the first that is tight."""
    statuses = [(status_of(c), c) for c in choices]
    for status in ("fits", "tight"):
        for choice_status, choice in statuses:
            if choice_status == status:
                return choice
    return None


def _in_bfloat16(choice: Choice, _: StatusOf) -> Iterator[Fix]:
    """What "auto" takes in float32 on a processor takes half the memory in bfloat16."""
    if choice.precision == "float32" and choice.runtime.is_processor:
        yield _fix("bfloat16_on_a_processor", replace(choice, precision="bfloat16"))


def _text_only(choice: Choice, _: StatusOf) -> Iterator[Fix]:
    """The preset of the same model without the encoders, if there is one (``gemma3_*_text``)."""
    name = f"{choice.variant.name}_text"
    for variant in variants(loadable=True):
        if variant.name == name:
            yield _fix("text_only", replace(choice, variant=variant))


def _shorter(choice: Choice, status_of: StatusOf) -> Iterator[Fix]:
    lengths = []
    length = choice.max_length // 2
    while length >= SHORTEST_LENGTH:
        lengths.append(length)
        length //= 2
    shorter = _first_fitting((replace(choice, max_length=n) for n in lengths), status_of)
    if shorter:
        yield _fix("shorter", shorter)


def _smaller_batch(choice: Choice, _: StatusOf) -> Iterator[Fix]:
    if choice.batch_size > 1:
        yield _fix("batch", replace(choice, batch_size=1))


def _quantised(choice: Choice, _: StatusOf) -> Iterator[Fix]:
    if choice.precision == "int4":
        return
    for name in QUANTISED:
        if name != choice.precision:
            yield _fix(name, replace(choice, precision=name))


def _more_devices(choice: Choice, status_of: StatusOf) -> Iterator[Fix]:
    counts = (n for n in device_counts(choice.runtime) if n > choice.devices)
    spread = _first_fitting((replace(choice, devices=n) for n in counts), status_of)
    if spread:
        yield _fix("devices", spread)


def _smaller_variant(choice: Choice, status_of: StatusOf) -> Iterator[Fix]:
    """The largest smaller variant of the same family, generation, tuning and role that fits."""
    current = choice.variant
    smaller = [
        v
        for v in variants(family=current.family, tuning=current.tuning, loadable=True)
        if v.generation == current.generation
        and v.role == current.role
        and v.parameters < current.parameters
        and v.size != current.size
    ]
    smaller.sort(key=lambda v: v.parameters, reverse=True)
    replacements = (
        replace(choice, variant=v, max_length=clip_to_context(v, choice.max_length))
        for v in smaller
    )
    replacement = _first_fitting(replacements, status_of)
    if replacement:
        yield _fix("smaller", replacement)


def _other_runtime(choice: Choice, status_of: StatusOf) -> Iterator[Fix]:
    """The cheapest known runtimes on which the choice fits, with price and date."""
    others = [r for r in runtimes() if r.price and r.runs_keras and r.name != choice.runtime.name]
    offers = 0
    for runtime in sorted(others, key=_price_order):
        precision = choice.precision
        if not PRECISIONS[precision].quantize:
            precision = unquantised_precision(choice.variant, runtime).name
        tries = (
            replace(choice, runtime=runtime, devices=n, precision=precision)
            for n in device_counts(runtime)
        )
        moved = _first_fitting(tries, status_of)
        if moved:
            count = {"runtime": runtime.name, "devices": moved.devices}
            yield _fix(
                "runtime",
                moved,
                runtime=Message("devices_of_runtime", count) if moved.devices > 1 else runtime.name,
                host=runtime.host,
                price=runtime.price,
                date=runtime.price_date,
            )
            offers += 1
        if offers == _RUNTIMES:
            return


def _price_order(runtime: Runtime) -> float:
    """A sort key: free runtimes, then those with units per hour, then those without a number."""
    assert runtime.price is not None
    if runtime.price.key.startswith("price_free"):
        return 0.0
    return float(runtime.price.values.get("units", 1000))
