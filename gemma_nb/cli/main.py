"""The parser of ``python -m gemma_nb``, and the exit status."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from gemma_nb import __version__
from gemma_nb.cli import (
    chat_command,
    compare_command,
    fit_command,
    prompt_command,
    tour_command,
)
from gemma_nb.errors import GemmaError
from gemma_nb.i18n import LANGUAGES, text
from gemma_nb.language import set_language

#: Ways in which a stream treats characters that its encoding lacks: an error, also (in the locales C
#: and POSIX) for all but bytes of file names.
_FAILING = ("strict", "surrogateescape")

COMMANDS = {
    "fit": fit_command,
    "prompt": prompt_command,
    "compare": compare_command,
    "chat": chat_command,
}


class _Parser(argparse.ArgumentParser):
    """Reports a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, text("cli_wrong_argument", command=self.prog, message=message) + "\n")


def create_parser() -> argparse.ArgumentParser:
    """The parser of the command line; without a command, ``tour_command`` runs."""
    parser = _Parser(prog="python -m gemma_nb", description=text("cli_description"))
    parser.add_argument(
        "--version",
        action="version",
        version=f"gemma_nb {__version__}",
        help=text("cli_help_version"),
    )
    parser.add_argument("--lang", choices=LANGUAGES, help=text("cli_help_lang"))
    tour_command.add_arguments(parser)
    subparsers: Any = parser.add_subparsers(
        title=text("cli_commands"), dest="command", parser_class=_Parser
    )
    for command in COMMANDS.values():
        command.add_parser(subparsers)
    for subparser in subparsers.choices.values():
        # after the command, too; SUPPRESS keeps what was said before it
        subparser.add_argument(
            "--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=text("cli_help_lang")
        )
    return parser


def _asked_language(arguments: Sequence[str] | None) -> str | None:
    """The language that the arguments ask for, so that help and errors are in it too."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False, allow_abbrev=False)
    parser.add_argument("--lang")
    try:
        known, _ = parser.parse_known_args(arguments)
    except (argparse.ArgumentError, SystemExit):
        return None  # the parser of the command line says what is wrong
    return known.lang if known.lang in LANGUAGES else None


def _prepare_streams() -> None:
    """Makes the standard streams take whatever is printed.

    A console of another encoding (ASCII, cp1252) gets what it does not have as an escape. What goes
    to a stream that was closed (``2>&-``) goes nowhere.
    """
    # else the next file that is opened gets the number of a closed stream, and what is written to it
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper) and stream.errors in _FAILING:
            stream.reconfigure(errors="backslashreplace")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: the arguments after the program's name; those of ``sys.argv`` when None.

    Returns:
        The exit status: 0 success, 1 failure, 2 a wrong argument, 130 interrupted.
    """
    _prepare_streams()
    if lang := _asked_language(arguments):
        set_language(lang)
    args = create_parser().parse_args(arguments)
    command = COMMANDS.get(args.command, tour_command)
    try:
        return command.run(args)
    except GemmaError as error:
        print(f"gemma_nb: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader has closed the pipe (| head); what is still buffered goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
