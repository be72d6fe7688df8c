"""``python -m gemma_nb compare``: measures variants and precisions on this machine."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.run import compare
from gemma_nb.errors import InvalidInput
from gemma_nb.files import expand_user
from gemma_nb.i18n import text

MAX_NEW_TOKENS, MAX_LENGTH, REPEATS = 64, 2048, 5

#: The default choices: the four demo models in float32 and int8.
DEMOS = tuple(
    f"{name}:{precision}"
    for name in (
        "demo_gemma3_1m",
        "demo_gemma3_instruct_1m",
        "demo_gemma3_4m",
        "demo_gemma3_instruct_4m",
    )
    for precision in ("float32", "int8")
)
#: The default prompts, each with its reference answer.
QUESTIONS = (
    ("What is the capital of Japan?", "The capital of Japan is Tokyo."),
    ("What is 12 + 30?", "12 + 30 = 42."),
    ("Count from 3 to 9.", "3, 4, 5, 6, 7, 8, 9"),
    ("What is the opposite of hot?", "The opposite of hot is cold."),
    ("日本の首都はどこですか？", "日本の首都は東京です。"),
    ("The capital of France is", "Paris"),
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command ``compare`` and its arguments."""
    about = text("compare_help")
    parser = subparsers.add_parser("compare", help=about, description=about)
    parser.add_argument("choices", nargs="*", metavar="CHOICE", help=text("compare_help_choices"))
    for name, key in (("--prompt", "prompt"), ("--reference", "reference")):
        parser.add_argument(
            name, action="append", metavar="TEXT", default=[], help=text(f"compare_help_{key}")
        )
    parser.add_argument("--text", metavar="FILE", help=text("compare_help_text"))
    parser.add_argument("--out", metavar="DIR", help=text("compare_help_out"))
    for name, key, default in (
        ("--max-new-tokens", "max_new_tokens", MAX_NEW_TOKENS),
        ("--max-length", "max_length", MAX_LENGTH),
        ("--repeats", "repeats", REPEATS),
    ):
        usage = text(f"compare_help_{key}", default=default)
        parser.add_argument(name, type=int, default=default, metavar="N", help=usage)
    parser.add_argument("--fresh", action="store_true", help=text("compare_help_fresh"))
    parser.add_argument("--force", action="store_true", help=text("compare_help_force"))


def run(args: argparse.Namespace) -> int:
    """Measures, prints the tables, and writes the files into the folder of ``--out``.

    Returns:
        The exit status: 0, 1 where nothing could be measured, 130 where the run was interrupted.

    Raises:
        InvalidInput: as in ``compare``, or a text file that cannot be read.
    """
    prompts, references = args.prompt, args.reference or None
    if not prompts and references is None:
        prompts, references = map(list, zip(*QUESTIONS, strict=True))
    out = expand_user(args.out) if args.out else None
    comparison = compare(
        args.choices or DEMOS,
        prompts,
        references,
        _read_text(args.text) if args.text else None,
        max_new_tokens=args.max_new_tokens,
        max_length=args.max_length,
        repeats=args.repeats,
        path=out / "rows" if out else None,
        fresh=args.fresh,
        force=args.force,
    )
    print(comparison)
    if out:
        files = _write_files(comparison, out, _command_line(args))
        print("\n" + text("compare_written", files=", ".join(map(str, files))))
    if not comparison.complete:
        return 130
    return 0 if comparison.measured else 1


def _read_text(file: str) -> str:
    try:
        return expand_user(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise InvalidInput("compare_text_file", file=file, why=why) from None


def _write_files(comparison: Comparison, out: Path, command: str) -> list[Path]:
    """Writes the comparison into a folder, in every format."""
    files = [out / f"comparison.{kind}" for kind in ("html", "md", "csv", "json")]
    page, markdown, table, values = files
    comparison.to_html(page, command=command)
    comparison.to_markdown(markdown)
    comparison.to_csv(table)
    comparison.to_json(values)
    return files


def _command_line(args: argparse.Namespace) -> str:
    """The shell command that makes this comparison."""
    words = ["python", "-m", "gemma_nb", *(["--lang", args.lang] if args.lang else []), "compare"]
    words += args.choices
    for name, values in (("--prompt", args.prompt), ("--reference", args.reference)):
        words += [word for value in values for word in (name, value)]
    words += [w for n, v in (("--text", args.text), ("--out", args.out)) if v for w in (n, v)]
    for name, default in (
        ("max_new_tokens", MAX_NEW_TOKENS),
        ("max_length", MAX_LENGTH),
        ("repeats", REPEATS),
    ):
        value = getattr(args, name)
        words += [f"--{name.replace('_', '-')}", str(value)] if value != default else []
    return shlex.join(words + (["--force"] if args.force else []))
