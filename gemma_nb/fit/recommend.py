"""Recommends a variant and a precision for a runtime and a task, and the alternatives to it."""

from __future__ import annotations

from dataclasses import replace

from gemma_nb.catalog.registry import DEMO
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.best_verdict import on_fewest_devices
from gemma_nb.fit.choice import clip_to_context
from gemma_nb.fit.frameworks import frameworks_for
from gemma_nb.fit.memory import LITERT_BITS
from gemma_nb.fit.options import family_line
from gemma_nb.fit.precision import QUANTISED, auto_precision, precisions_to_try
from gemma_nb.fit.quality import price_of
from gemma_nb.fit.recommendation import Recommendation
from gemma_nb.fit.tasks import ModelTask, find_task, variants_for_task
from gemma_nb.fit.tuning import tuning_check, tuning_sentence
from gemma_nb.fit.verdict import TIGHT_SHARE, Verdict, advise
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.text_utils import GIB, format_gib

#: A processor with less memory gets the demo model: XLA's compiler (about 0.3 GiB for Gemma 3 270M,
#: measured 2026-11-29) and the notebook's server are not in the estimate.
LEAST_PROCESSOR_BYTES = 3 * GIB


def recommend(
    runtime: str | Runtime | None = None, task: str = "chat", max_length: int = 2048
) -> Recommendation:
    """Recommends a variant and a precision that fit with room to spare.

    The rule is Google's ("the newest core instruction-tuned variant with the fewest parameters, in
    16 bit"), made definite. Of everything that fits with room, in the precision of
    ``auto_precision``, in int8 and in int4, the best is:

    1. of the newest generation of the family made for the task (for chat: core Gemma);
    2. one that needs no login before one that does;
    3. in the precision of ``auto_precision`` before int8 before int4;
    4. the smallest.

    On a phone, where KerasHub does not run, a choice must exist for a framework that does.

    If nothing made for the task fits, the recommendation for chat is given; if no Gemma fits, the
    demo model. For tuning only float32 counts: tune in full precision, quantise afterwards.

    Args:
        runtime: a runtime or its name; None for the present one.
        task: what the model is for, one of ``TASKS``.
        max_length: tokens of prompt and reply together; cut to the context of each variant.

    Returns:
        The recommendation, with its reason, source and alternatives.

    Raises:
        InvalidInput: the runtime or task is unknown, the length is not allowed, or not even the
            demo model fits.
    """
    runtime, model_task = find_runtime(runtime), find_task(task)
    best = _best(model_task, runtime, max_length)
    if best is None and model_task.key != "chat":
        for_chat = _best(find_task("chat"), runtime, max_length)
        if for_chat:
            because = Message(f"none_{model_task.key}", {"runtime": runtime.name})
            reason = Message("recommend_instead", {"because": because, "instead": for_chat.reason})
            return replace(for_chat, reason=reason)
    return best or _demo(runtime, max_length)


def what_fits(
    runtime: str | Runtime | None = None, task: str = "chat", max_length: int = 2048
) -> list[Recommendation]:
    """Lists all that fits with room in the recommended generation, for a look at what better costs.

    Args:
        runtime: a runtime or its name; None for the present one.
        task: what the model is for, one of ``TASKS``.
        max_length: tokens of prompt and reply together; cut to the context of each variant.

    Returns:
        The choices by quality class: the larger model is better, then the more exact precision;
        the best comes last. Empty if nothing fits.

    Raises:
        InvalidInput: the runtime or task is unknown, or the length is not allowed.
    """
    runtime, model_task = find_runtime(runtime), find_task(task)
    candidates = _candidates(model_task, runtime, max_length)
    fitting = [v for v in candidates if _fits_with_room(v, model_task)]
    line = fitting and family_line(fitting[0].choice.variant)
    relatives = [v for v in reversed(fitting) if family_line(v.choice.variant) == line]
    # sorted() is stable: of one variant the more exact precision stays last
    relatives.sort(key=lambda v: v.choice.variant.parameters)
    return [Recommendation(v, v.reason, "gemma_nb", "fits") for v in relatives]


def _candidates(task: ModelTask, runtime: Runtime, max_length: int) -> list[Verdict]:
    """Every variant of a task in every precision, whether it fits or not, the best first."""
    variants = variants_for_task(task)
    generations = list(dict.fromkeys(family_line(v) for v in variants))

    def rank(verdict: Verdict) -> tuple[int, bool, int, int]:
        variant, precision = verdict.choice.variant, verdict.choice.precision
        loss = QUANTISED.index(precision) + 1 if precision in QUANTISED else 0
        return generations.index(family_line(variant)), variant.gated, loss, variant.parameters

    return sorted(
        (
            _on_fewest_devices(v, p, runtime, clip_to_context(v, max_length), task)
            for v in variants
            for p in ((task.precision,) if task.precision else precisions_to_try(v, runtime))
        ),
        key=rank,
    )


def _on_fewest_devices(
    variant: Variant, precision: str, runtime: Runtime, max_length: int, task: ModelTask
) -> Verdict:
    """The verdict on as few devices as hold the choice with room."""

    def judge(devices: int) -> Verdict:
        return advise(variant, precision, runtime, max_length, devices=devices, task=task.key)

    return on_fewest_devices(judge, runtime, task.key, statuses=("fits",))


def _fits_with_room(verdict: Verdict, task: ModelTask) -> bool:
    """Whether the status is "fits"; a tight choice may fail as soon as anything else runs."""
    runtime = verdict.choice.runtime
    if runtime.is_processor and runtime.usable_bytes < LEAST_PROCESSOR_BYTES:
        return False
    if not runtime.runs_keras and not _runs_without_keras(verdict):
        return False
    status = tuning_check(verdict).status if task.key == "tuning" else verdict.status
    return verdict.status == status == "fits"


def _runs_without_keras(verdict: Verdict) -> bool:
    """Whether a framework is known to run a choice on a runtime without KerasHub, such as a phone."""
    if verdict.choice.precision != "int4":  # no other format is judged there
        return False
    options = frameworks_for(verdict.choice.variant, verdict.choice.runtime)
    return any(option.runs_here for option in options)


def _best(task: ModelTask, runtime: Runtime, max_length: int) -> Recommendation | None:
    candidates = _candidates(task, runtime, max_length)
    fitting = [v for v in candidates if _fits_with_room(v, task)]
    if not fitting:
        return None
    best = fitting[0]
    newest = family_line(candidates[0].choice.variant) == family_line(best.choice.variant)
    return Recommendation(
        best,
        _reason(best, task, newest=newest),
        task.source,
        alternatives=_alternatives(best, fitting, task, max_length),
    )


def _alternatives(
    best: Verdict, fitting: list[Verdict], task: ModelTask, max_length: int
) -> tuple[Recommendation, ...]:
    """The largest, the fastest that is good enough, and what needs no login, without repetition."""
    line = family_line(best.choice.variant)
    relatives = [v for v in fitting if family_line(v.choice.variant) == line]
    # of equal ones max() takes the first, which is the best by the rule
    largest = max(relatives, key=lambda v: v.choice.variant.parameters)
    found = [
        Recommendation(largest, _with_price("why_largest", largest, task), "gemma_nb", "largest")
    ]
    good_enough = [v for v in relatives if v.choice.precision != "int4"]
    if good_enough and best.choice.runtime.bandwidth_gb_s:
        offers = [Recommendation(v, v.reason, "gemma_nb", "fastest") for v in good_enough]
        fastest = max(offers, key=lambda r: r.speed.low * r.speed.high if r.speed else 0.0)
        reason = _with_price("why_fastest", fastest.verdict, task, speed=fastest.speed)
        found.append(replace(fastest, reason=reason))
    if best.choice.variant.gated and best.choice.runtime.runs_keras:
        free = [v for v in fitting if not v.choice.variant.gated]
        other = free[0] if free else _without_login(best.choice.runtime, task, max_length)
        made_for_it = free or task.key == "chat"
        reason = _with_price("why_no_login" if made_for_it else "why_no_login_chat", other, task)
        found.append(Recommendation(other, reason, "gemma_nb", "no_login"))
    seen, alternatives = {(best.choice.variant, best.choice.precision)}, []
    for one in found:
        if (one.variant, one.precision) not in seen:
            seen.add((one.variant, one.precision))
            alternatives.append(one)
    return tuple(alternatives)


def _without_login(runtime: Runtime, task: ModelTask, max_length: int) -> Verdict:
    """The best choice for chat that needs no login, at last the demo model."""
    chat = find_task("chat")
    for verdict in _candidates(chat, runtime, max_length) if task.key != "chat" else ():
        if not verdict.choice.variant.gated and _fits_with_room(verdict, chat):
            return verdict
    return _demo_verdict(runtime, max_length)


def _reason(verdict: Verdict, task: ModelTask, *, newest: bool) -> Message:
    reason = Message(
        f"why_{task.key}" if newest else "why_older",
        {
            "variant": verdict.choice.variant.name,
            "fit": _fit_sentence(verdict, task),
            "why": Message(f"why_{task.key}_older"),
        },
    )
    runtime = verdict.choice.runtime
    if not runtime.runs_keras:
        values = {"reason": reason, "bits": LITERT_BITS, "price": price_of(verdict.choice)}
        return Message("why_phone", values)
    if verdict.choice.precision == "float16":
        values = {"reason": reason, "capability": runtime.compute_capability or "?"}
        return Message("why_float16", values)
    if task.precision is None and verdict.choice.precision == "float32":
        return Message("why_processor", {"reason": reason})
    if verdict.choice.precision in QUANTISED:
        values = {"reason": reason, "precision": verdict.choice.precision}
        return Message("why_quantised", {**values, "price": price_of(verdict.choice)})
    return reason


def _with_price(key: str, verdict: Verdict, task: ModelTask, **values: object) -> Message:
    """The reason of an alternative, with what its precision costs."""
    values |= {"fit": _fit_sentence(verdict, task), "price": price_of(verdict.choice)}
    return Message(key, values)


def _fit_sentence(verdict: Verdict, task: ModelTask) -> Message:
    """The sentence of the verdict; for tuning, a sentence with the memory that tuning takes."""
    tunes = task.key == "tuning" and task.suits(verdict.choice.variant)
    return tuning_sentence(verdict) if tunes else verdict.reason


def _demo_verdict(runtime: Runtime, max_length: int) -> Verdict:
    variant = find_variant(DEMO)
    length = clip_to_context(variant, max_length)
    return advise(variant, auto_precision(variant, runtime), runtime, length)


def _demo(runtime: Runtime, max_length: int) -> Recommendation:
    """The demo model, with what it would take to run a released one."""
    verdict = _demo_verdict(runtime, max_length)
    if not verdict.fits:
        raise InvalidInput(
            "nothing_fits",
            runtime=runtime.name,
            needed=format_gib(verdict.bytes_needed),
            available=format_gib(verdict.bytes_available),
        )
    candidates = _candidates(find_task("chat"), runtime, max_length)
    line = family_line(candidates[0].choice.variant)
    newest = [v for v in candidates if family_line(v.choice.variant) == line]

    def memory_for(wanted: Verdict) -> int:
        """Bytes of memory with which a choice would be recommended."""
        enough = round(wanted.bytes_needed / TIGHT_SHARE)
        return max(enough, LEAST_PROCESSOR_BYTES) if runtime.is_processor else enough

    values: dict[str, object] = {"variant": verdict.choice.variant.name, "fit": verdict.reason}
    for which, verdicts in (("any", candidates), ("newest", newest)):
        least = min(verdicts, key=memory_for)  # of equal ones the first, which is the best
        values[which] = least.choice.variant.name
        values[f"{which}_precision"] = least.choice.precision
        values[f"{which}_bytes"] = format_gib(memory_for(least))
    return Recommendation(verdict, Message("why_demo", values), "gemma_nb")
