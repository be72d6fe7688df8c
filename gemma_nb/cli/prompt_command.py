"""``python -m gemma_nb prompt``: messages as JSON in, the prompt out, or its tokens."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.catalog.registry import demo_directory, variant
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt

if TYPE_CHECKING:
    import argparse

    from gemma_nb.catalog.variant import Variant


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command ``prompt`` and its arguments."""
    parser = subparsers.add_parser(
        "prompt", help=text("prompt_help"), description=text("prompt_help")
    )
    parser.add_argument(
        "--variant", required=True, metavar="NAME", help=text("prompt_help_variant")
    )
    parser.add_argument("--tools", metavar="FILE", help=text("prompt_help_tools"))
    parser.add_argument("--guideline", metavar="TEXT", help=text("prompt_help_guideline"))
    parser.add_argument("--thinking", action="store_true", help=text("prompt_help_thinking"))
    parser.add_argument("--tokens", action="store_true", help=text("prompt_help_tokens"))
    parser.add_argument("file", metavar="FILE", help=text("prompt_help_file"))


def run(args: argparse.Namespace) -> int:
    """Prints the prompt as it stands, or a line for each token: id, piece, control or text.

    Raises:
        InvalidInput: an unknown variant, a file that is no JSON, or a conversation that the
            variant cannot take.
        LoadError: the tokenizer cannot be had.
    """
    chosen = variant(args.variant)
    tools = _json(args.tools) if args.tools else None
    if tools is not None and not isinstance(tools, list):
        tools = [tools]
    prompt = format_prompt(_json(args.file), chosen, tools, args.thinking, args.guideline)
    if not args.tokens:
        sys.stdout.write(prompt)
        return 0
    for piece in prompt.pieces(_tokenizer(chosen)):
        shown = json.dumps(piece.piece, ensure_ascii=False)
        print(piece.id, shown, "control" if piece.control else "text", sep="\t")
    return 0


def _json(file: str) -> Any:
    """What a file holds, or the standard input where it is "-"."""
    try:
        read = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput("prompt_file", file=file, why=error) from error
    try:
        return json.loads(read)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidInput("prompt_json", file=file, why=error) from error


class _Vocabulary:
    """A tokenizer's vocabulary alone, which needs no keras."""

    def __init__(self, path: Path) -> None:
        self.proto = path.read_bytes()


def _tokenizer(chosen: Variant) -> Any:
    """The variant's tokenizer: on disk for the demo models, else loaded through KerasHub."""
    if (chosen.handle or "").startswith("demo://"):
        return _Vocabulary(next(demo_directory(chosen.name).rglob("*.spm")))
    from gemma_nb import backend

    try:
        keras_hub = backend.import_keras_hub()
        return keras_hub.tokenizers.Tokenizer.from_preset(chosen.handle or chosen.name)
    except Exception as error:
        raise LoadError("prompt_no_tokenizer", variant=chosen.name, why=error) from error
