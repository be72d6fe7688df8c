"""The main job: hardware, what fits, the recommendation, then an answer from the demo model."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns, format_bytes, wrap_text

if TYPE_CHECKING:
    from gemma_nb.fit.verdict import Verdict
    from gemma_nb.hardware.runtime import Runtime
    from gemma_nb.model import Model

#: How many variants are shown that fit, and how many that just do not.
FITTING, JUST_NOT = 5, 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the main job's own arguments."""
    parser.add_argument("--ask", metavar="TEXT", help=text("cli_help_ask"))


def run(args: argparse.Namespace) -> int:
    """Prints the main job; the demo model answers ``args.ask``."""
    from gemma_nb import recommend
    from gemma_nb.hardware.detect import detect_runtime

    question = text("tour_question") if args.ask is None else args.ask
    runtime = detect_runtime()
    _section("tour_hardware")
    print(align_columns([(f.label, f.shown, f"({f.source})") for f in runtime.facts]))

    fitting, just_not = around_the_limit(runtime)
    _section("tour_fits")
    print(align_columns([_row(v) for v in (*fitting, *just_not)], right={2, 3}))

    best = recommend(runtime)
    _section("tour_recommended", variant=best.variant.name, precision=best.precision)
    print(wrap_text(str(best.reason)))
    if best.alternative:
        print(wrap_text(str(best.alternative.reason)))
    print(wrap_text(text("tour_load_it", variant=best.variant.name)))
    _answer(question)
    return 0


def around_the_limit(runtime: Runtime) -> tuple[list[Verdict], list[Verdict]]:
    """Core instruction-tuned variants: the largest that fit, the smallest that do not.

    Each in the precision that ``load`` would take here.

    Args:
        runtime: where.

    Returns:
        Those that fit, and those that just do not, smallest need first; the demo model, which
        fits wherever Python runs, where no other does.
    """
    from gemma_nb import advise, variants
    from gemma_nb.catalog.registry import DEMO
    from gemma_nb.fit.auto_precision import auto_precision

    core = [v for v in variants(family="Gemma", tuning="IT", loadable=True) if v.role == "generate"]
    verdicts = [
        advise(v, auto_precision(v, runtime), runtime, min(2048, v.context_length or 2048))
        for v in core
    ]
    verdicts.sort(key=lambda v: v.bytes_needed)
    fits = [v for v in verdicts if v.fits]
    if not fits:
        fits = [advise(DEMO, "float32", runtime)]
    return fits[-FITTING:], [v for v in verdicts if not v.fits][:JUST_NOT]


def _row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.choice.variant.name,
        verdict.choice.precision,
        format_bytes(verdict.bytes_needed),
        text("tour_of", available=format_bytes(verdict.bytes_available)),
        text(f"tour_{verdict.status}_status"),
    )


def _answer(question: str) -> None:
    from gemma_nb import format_prompt, load

    _section("tour_loading")
    started = time.perf_counter()
    model = load()
    seconds = time.perf_counter() - started
    print(wrap_text(text("tour_loaded", model=model.variant.name, seconds=f"{seconds:.1f}",
                       parameters=f"{model.variant.parameters:,}", precision=model.precision)))  # fmt: skip
    _section("tour_prompt")
    prompt = format_prompt(question, model.variant)
    print("\n".join(f"  {line}" for line in f"<bos>{prompt}".splitlines()))
    _section("tour_answer")
    print("  ", end="", flush=True)
    for piece in model.stream(question):
        print(piece.replace("\n", "\n  "), end="", flush=True)
    print("\n")
    print(wrap_text(_speed(model)))


def _speed(model: Model) -> str:
    stats = model.last
    assert stats is not None
    told: dict[str, Any] = {
        "first": f"{stats.first_token_seconds * 1000:.0f}",
        "compile": f"{stats.compile_seconds:.1f}",
        "tokens": stats.new_tokens,
    }
    if stats.tokens_per_second is None:
        return text("tour_speed_one", **told)
    return text("tour_speed", rate=f"{stats.tokens_per_second:.0f}", **told)


def _section(key: str, **values: Any) -> None:
    print(f"\n{text(key, **values)}", flush=True)
