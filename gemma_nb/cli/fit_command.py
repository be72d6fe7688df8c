"""``python -m gemma_nb fit``: the variants that fit a machine, as a table or as JSON."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass

from gemma_nb.catalog.registry import variants
from gemma_nb.catalog.variant import Variant
from gemma_nb.fit.best_verdict import best_verdict_on_devices
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.recommend import recommend
from gemma_nb.fit.tasks import TASKS, ModelTask, find_task, variants_for_task
from gemma_nb.fit.tuning import tuning_check, tuning_sentence
from gemma_nb.hardware.known_runtimes import runtime as find_runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message, text
from gemma_nb.text_utils import fit_columns, format_gib, terminal_width, wrap_text

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
    runtime, task = find_runtime(args.runtime), find_task(args.task)
    best = recommend(runtime, task.key, args.max_length)
    rows = [
        _judge(v, runtime, task, args)
        for v in (variants() if args.all else variants_for_task(task))
    ]
    if args.json:
        print(
            json.dumps([_json_object(row, runtime) for row in rows], indent=1, ensure_ascii=False)
        )
        return 0
    width = terminal_width()
    head = text("fit_head", runtime=runtime.name, available=format_gib(runtime.usable_bytes))
    print(wrap_text(head, width, indent=0))
    if runtime.notes:
        print(wrap_text(str(runtime.notes), width, indent=0))
    several = ("show_devices",) if runtime.devices > 1 else ()
    headings = (
        "fit_variant",
        "fit_precision",
        "fit_status",
        *several,
        "fit_needed",
        "fit_available",
    )
    table = [tuple(text(h) for h in headings), *(_table_row(row, runtime) for row in rows)]
    print(fit_columns(table, width, right={3, 4, 5}))
    print()
    take = text("fit_take", variant=best.variant.name, precision=best.precision)
    print(wrap_text(take, width, indent=0))
    print(fit_columns(best.table(), width))
    for said in best.sentences:
        print(wrap_text(str(said), width))
    return 0


@dataclass(frozen=True)
class _Row:
    """One variant of the table.

    Args:
        name: the variant's name.
        precision: the Keras dtype name.
        needed: bytes that it needs of the resource that decides.
        available: bytes of that resource.
        status: "fits", "tight" or "no".
        reason: the sentence that explains the status.
        devices: the fewest devices that hold it; 1 where none do.
    """

    name: str
    precision: str
    needed: int
    available: int
    status: str
    reason: Message
    devices: int


def _judge(variant: Variant, runtime: Runtime, task: ModelTask, args: argparse.Namespace) -> _Row:
    """The verdict for the task that was asked for; for tuning, on the memory that LoRA takes."""
    precision = args.precision or task.precision
    verdict = best_verdict_on_devices(variant, runtime, args.max_length, precision, task=task.key)
    needed, available = verdict.bytes_needed, verdict.bytes_available
    status, reason = verdict.status, verdict.reason
    if task.key == "tuning" and verdict.fits:
        check = tuning_check(verdict)
        needed, available, status = check.needed, check.available, check.status
        reason = tuning_sentence(verdict)
    choice = verdict.choice
    return _Row(variant.name, choice.precision, needed, available, status, reason, choice.devices)


def _table_row(row: _Row, runtime: Runtime) -> tuple[str, ...]:
    devices = (str(row.devices),) if runtime.devices > 1 else ()
    return (
        row.name,
        row.precision,
        text(f"fit_{row.status}"),
        *devices,
        format_gib(row.needed),
        format_gib(row.available),
    )


def _json_object(row: _Row, runtime: Runtime) -> dict[str, str | int]:
    devices: dict[str, str | int] = {"devices": row.devices} if runtime.devices > 1 else {}
    return devices | {
        "name": row.name,
        "precision": row.precision,
        "status": row.status,
        "bytes_needed": row.needed,
        "reason": str(row.reason),
    }
