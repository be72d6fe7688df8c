"""``python -m gemma_nb fit``: the variants that fit a machine, as a table or as JSON."""

from __future__ import annotations

import argparse
import json

from gemma_nb.catalog.registry import variants
from gemma_nb.fit.options import best_verdict
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.recommend import recommend
from gemma_nb.fit.tasks import TASKS, variants_for_task
from gemma_nb.fit.verdict import Verdict
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.i18n import text
from gemma_nb.text_utils import align_columns, format_bytes, wrap_text

MAX_LENGTH = 2048


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command ``fit`` and its arguments."""
    parser = subparsers.add_parser("fit", help=text("fit_help"), description=text("fit_help"))
    parser.add_argument("--runtime", metavar="NAME", help=text("fit_help_runtime"))
    parser.add_argument(
        "--task", default="chat", help=text("fit_help_task", tasks=", ".join(TASKS))
    )
    parser.add_argument(
        "--max-length",
        type=int,
        default=MAX_LENGTH,
        metavar="N",
        help=text("fit_help_max_length", default=MAX_LENGTH),
    )
    parser.add_argument(
        "--precision",
        metavar="P",
        help=text("fit_help_precision", precisions=", ".join(PRECISIONS)),
    )
    parser.add_argument("--all", action="store_true", help=text("fit_help_all"))
    parser.add_argument("--json", action="store_true", help=text("fit_help_json"))


def run(args: argparse.Namespace) -> int:
    """Prints the table, or the JSON.

    Returns:
        The exit status, 0.

    Raises:
        InvalidInput: an unknown runtime, task or precision, or a length out of range.
    """
    runtime = find_runtime(args.runtime)
    best = recommend(runtime, args.task, args.max_length)
    verdicts = [
        best_verdict(v, runtime, args.max_length, args.precision)
        for v in (variants() if args.all else variants_for_task(args.task))
    ]
    if args.json:
        print(json.dumps([_json_object(v) for v in verdicts], indent=1, ensure_ascii=False))
        return 0
    print(text("fit_head", runtime=runtime.name, available=format_bytes(runtime.usable_bytes)))
    headings = ("fit_variant", "fit_precision", "fit_status", "fit_needed", "fit_available")
    rows = [tuple(text(h) for h in headings), *(_table_row(v) for v in verdicts)]
    print(align_columns(rows, right={3, 4}, indent=0))
    print()
    print(text("fit_take", variant=best.variant.name, precision=best.precision))
    print(align_columns(best.table(), indent=0))
    for reason in best.reasons:
        print(wrap_text(str(reason)))
    return 0


def _table_row(verdict: Verdict) -> tuple[str, ...]:
    return (
        verdict.choice.variant.name,
        verdict.choice.precision,
        text(f"fit_{verdict.status}"),
        format_bytes(verdict.bytes_needed),
        format_bytes(verdict.bytes_available),
    )


def _json_object(verdict: Verdict) -> dict[str, str | int]:
    return {
        "name": verdict.choice.variant.name,
        "precision": verdict.choice.precision,
        "status": verdict.status,
        "bytes_needed": verdict.bytes_needed,
        "reason": str(verdict.reason),
    }
