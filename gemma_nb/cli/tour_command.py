"""``python -m gemma_nb``: this machine, what fits it, a recommendation, the demo model's answer."""

from __future__ import annotations

import argparse
import time
from typing import Any

from gemma_nb.catalog.registry import DEMO, variants
from gemma_nb.fit.precision import auto_precision
from gemma_nb.fit.recommend import recommend
from gemma_nb.fit.verdict import Verdict, advise
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import text
from gemma_nb.load_model import load
from gemma_nb.model import Model
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.text_utils import align_columns, format_gib, wrap_text

#: How many variants the table shows on either side of the machine's limit.
LARGEST_FITTING, SMALLEST_MISFITS = 5, 3

#: Tokens of prompt and reply that the table's memory is computed for.
MAX_LENGTH = 2048


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the tour."""
    parser.add_argument("--ask", metavar="TEXT", help=text("cli_help_ask"))


def run(args: argparse.Namespace) -> int:
    """Prints the tour; the demo model answers ``args.ask``.

    Returns:
        The exit status, 0.
    """
    question = text("tour_question") if args.ask is None else args.ask
    runtime = detect_runtime()
    _section("tour_hardware")
    print(align_columns([(f.label, f.shown, f"({f.source})") for f in runtime.facts]))

    _section("tour_fits")
    fitting, misfits = around_the_limit(runtime)
    print(align_columns([_table_row(v) for v in (*fitting, *misfits)], right={2, 3}))

    best = recommend(runtime)
    _section("tour_recommended", variant=best.variant.name, precision=best.precision)
    print(align_columns(best.table()))
    for said in best.sentences:
        print(wrap_text(str(said)))
    print(wrap_text(text("tour_load_it", variant=best.variant.name, precision=best.precision)))
    _show_answer(question)
    return 0


def around_the_limit(runtime: Runtime) -> tuple[list[Verdict], list[Verdict]]:
    """Core instruction-tuned variants: the largest that fit, and the smallest that do not.

    Each is judged in the precision that ``load`` would choose on the runtime.

    Args:
        runtime: the machine.

    Returns:
        The variants that fit and those that do not, each by increasing memory. Where none fits,
        the first list holds the demo model.
    """
    core = [v for v in variants(family="Gemma", tuning="IT", loadable=True) if v.role == "generate"]
    verdicts = [
        advise(
            v, auto_precision(v, runtime), runtime, min(MAX_LENGTH, v.context_length or MAX_LENGTH)
        )
        for v in core
    ]
    verdicts.sort(key=lambda v: v.bytes_needed)
    fits = [v for v in verdicts if v.fits]
    if not fits:
        fits = [advise(DEMO, "float32", runtime)]
    return fits[-LARGEST_FITTING:], [v for v in verdicts if not v.fits][:SMALLEST_MISFITS]


def _table_row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.choice.variant.name,
        verdict.choice.precision,
        format_gib(verdict.bytes_needed),
        text("tour_of", available=format_gib(verdict.bytes_available)),
        text(f"tour_{verdict.status}_status"),
    )


def _show_answer(question: str) -> None:
    """Loads the demo model, prints the prompt of a question, and streams the answer."""
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
    print(wrap_text(_describe_speed(model)))


def _describe_speed(model: Model) -> str:
    stats = model.last
    assert stats is not None
    values: dict[str, Any] = {
        "first": f"{stats.first_token_seconds * 1000:.0f}",
        "compile": f"{stats.compile_seconds:.1f}",
        "tokens": stats.new_tokens,
    }
    if stats.tokens_per_second is None:
        return text("tour_speed_one", **values)
    return text("tour_speed", rate=f"{stats.tokens_per_second:.0f}", **values)


def _section(key: str, **values: Any) -> None:
    print(f"\n{text(key, **values)}", flush=True)
