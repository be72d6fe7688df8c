"""The command line: the main job, and a command for each thing a program may want of it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from gemma_nb.cli import compare_command, fit_command, prompt_command, tour_command
from gemma_nb.errors import GemmaError
from gemma_nb.i18n import LANGUAGES, text
from gemma_nb.language import set_language


class _Parser(argparse.ArgumentParser):
    """Tells a wrong argument in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message} (see {self.prog} -h)\n")


def parser() -> argparse.ArgumentParser:
    """The arguments that the command line takes."""
    top = _Parser(
        prog="python -m gemma_nb",
        description=text("cli_description"),
    )
    top.add_argument("--lang", choices=LANGUAGES, help=text("cli_help_lang"))
    tour_command.add_arguments(top)
    commands: Any = top.add_subparsers(
        title=text("cli_commands"), dest="command", parser_class=_Parser
    )
    fit_command.add_parser(commands)
    prompt_command.add_parser(commands)
    compare_command.add_parser(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: those after the program's name; ``sys.argv``'s when None.

    Returns:
        The exit status: 0 done, 1 failed, 2 a wrong argument, 130 interrupted.
    """
    args = parser().parse_args(arguments)
    if args.lang:
        set_language(args.lang)
    run = {
        "fit": fit_command.run,
        "prompt": prompt_command.run,
        "compare": compare_command.run,
    }.get(args.command, tour_command.run)
    try:
        return run(args)
    except GemmaError as error:
        print(f"gemma_nb: {' '.join(str(error).split())}", file=sys.stderr)
        return 2 if isinstance(error, ValueError) else 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has gone (| head); what is buffered has no reader either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
