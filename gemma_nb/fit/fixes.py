"""The changes that would make a choice fit, cheapest first, each ready to apply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gemma_nb.catalog.registry import variants
from gemma_nb.fit.auto_precision import auto_precision
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.hardware.known_runtimes import runtimes
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gemma_nb.catalog.variant import Variant
    from gemma_nb.fit.choice import Choice
    from gemma_nb.hardware.runtime import Runtime

    #: The status of a choice: "fits", "tight" or "no".
    Judge = Callable[[Choice], str]

#: Shorter than this a conversation hardly starts.
SHORTEST = 512
#: How many runtimes are offered.
_RUNTIMES = 2


@dataclass(frozen=True)
class Fix:
    """One change: its kind, what it does and costs in a sentence, and the choice it leads to."""

    key: str
    label: Message
    choice: Choice

    def apply(self) -> Choice:
        """The changed choice; ``advise`` and ``load`` take it."""
        return self.choice

    def __str__(self) -> str:
        return str(self.label)


def fixes(choice: Choice, judge: Judge) -> tuple[Fix, ...]:
    """The changes that make a choice fit, cheapest first.

    Cheapest means what is lost: nothing (16 bit instead of 32, range instead of float16), images,
    length, exactness, other devices, a smaller model, another machine. A change that does not
    suffice is left out. What costs nothing comes first, and where it does not suffice alone, the
    others are tried on top of it.

    Args:
        choice: what does not fit, or hardly.
        judge: the status of a choice.
    """
    wanted = ("fits",) if judge(choice) == "tight" else ("fits", "tight")
    base = choice
    free = auto_precision(choice.variant, choice.runtime).name
    if not PRECISIONS[choice.precision].quantize and choice.precision != free:
        base = replace(choice, precision=free)
        if judge(base) in wanted:
            return (_fix(f"{choice.precision}_to_{free}", base),)
    steps = (_text_only, _shorter, _smaller_batch, _quantised, _devices, _sibling, _runtime)
    found = [f for step in steps for f in step(base, judge)]
    return tuple(f for f in found if judge(f.choice) in wanted)


def _fix(key: str, choice: Choice, **values: object) -> Fix:
    told = {
        "variant": choice.variant.name,
        "precision": choice.precision,
        "max_length": choice.max_length,
        "batch_size": choice.batch_size,
        "runtime": choice.runtime.name,
        "devices": choice.devices,
    }
    return Fix(key, Message(f"fix_{key}", {**told, **values}), choice)


def _first(choices: Iterable[Choice], judge: Judge) -> Choice | None:
    """The first that fits, else the first that is tight."""
    judged = [(judge(c), c) for c in choices]
    for status in ("fits", "tight"):
        for told, choice in judged:
            if told == status:
                return choice
    return None


def _text_only(choice: Choice, _: Judge) -> Iterator[Fix]:
    """The preset without the towers, where there is one (``gemma3_*_text``)."""
    same = (v for v in variants() if v.name == f"{choice.variant.name}_text" and v.loadable)
    for variant in same:
        yield _fix("text_only", replace(choice, variant=variant))


def _shorter(choice: Choice, judge: Judge) -> Iterator[Fix]:
    lengths = []
    length = choice.max_length // 2
    while length >= SHORTEST:
        lengths.append(length)
        length //= 2
    found = _first((replace(choice, max_length=n) for n in lengths), judge)
    if found:
        yield _fix("shorter", found)


def _smaller_batch(choice: Choice, _: Judge) -> Iterator[Fix]:
    if choice.batch_size > 1:
        yield _fix("batch", replace(choice, batch_size=1))


def _quantised(choice: Choice, _: Judge) -> Iterator[Fix]:
    if choice.precision == "int4":
        return
    for name in ("int8", "int4"):
        if name != choice.precision:
            yield _fix(name, replace(choice, precision=name))


def _devices(choice: Choice, judge: Judge) -> Iterator[Fix]:
    counts = (n for n in (2, 4, 8) if choice.devices < n <= choice.runtime.devices)
    found = _first((replace(choice, devices=n) for n in counts), judge)
    if found:
        yield _fix("devices", found)


def _sibling(choice: Choice, judge: Judge) -> Iterator[Fix]:
    """The largest smaller variant of the same family, generation, tuning and role that fits."""
    mine = choice.variant
    smaller = [
        v
        for v in variants(family=mine.family, tuning=mine.tuning, loadable=True)
        if v.generation == mine.generation
        and v.role == mine.role
        and v.parameters < mine.parameters
        and v.size != mine.size
    ]
    smaller.sort(key=lambda v: v.parameters, reverse=True)
    found = _first((_with_variant(choice, v) for v in smaller), judge)
    if found:
        yield _fix("smaller", found)


def _with_variant(choice: Choice, variant: Variant) -> Choice:
    length = min(choice.max_length, variant.context_length or choice.max_length)
    return replace(choice, variant=variant, max_length=length)


def _runtime(choice: Choice, judge: Judge) -> Iterator[Fix]:
    """The cheapest known runtimes on which it fits, with price and date."""
    others = [r for r in runtimes() if r.price and r.runs_keras and r.name != choice.runtime.name]
    offered = 0
    for runtime in sorted(others, key=_price):
        precision = choice.precision
        if not PRECISIONS[precision].quantize:
            precision = auto_precision(choice.variant, runtime).name
        moved = replace(choice, runtime=runtime, devices=1, precision=precision)
        if judge(moved) != "no":
            yield _fix(
                "runtime", moved, host=runtime.host, price=runtime.price, date=runtime.price_date
            )
            offered += 1
        if offered == _RUNTIMES:
            return


def _price(runtime: Runtime) -> float:
    """Order of prices: free, by units an hour, then what has no number."""
    assert runtime.price is not None
    if runtime.price.key in ("price_free", "price_free_or_units", "price_free_hours"):
        return 0.0
    return float(runtime.price.values.get("units", 1000))
