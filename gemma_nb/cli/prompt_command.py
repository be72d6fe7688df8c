"""``python -m gemma_nb prompt``: formats messages, read as JSON, into a prompt or its tokens."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from gemma_nb import backend
from gemma_nb.catalog.client_errors import error_name
from gemma_nb.catalog.handles import revision_of
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.catalog.registry import variant as find_variant
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, InvalidInput, LoadError
from gemma_nb.files import expand_home, parse_json
from gemma_nb.i18n import text
from gemma_nb.prompts.formatting import format_prompt


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
    """Prints the prompt, or a line for each token: id, piece, "control" or "text".

    Returns:
        The exit status, 0.

    Raises:
        InvalidInput: an unknown variant, a file that is not JSON, or a conversation that the
            variant cannot take.
        LoadError: the tokenizer cannot be loaded.
    """
    variant = find_variant(args.variant)
    tools = _read_json(args.tools) if args.tools else None
    if tools is not None and not isinstance(tools, list):
        tools = [tools]
    prompt = format_prompt(_read_json(args.file), variant, tools, args.thinking, args.guideline)
    if not args.tokens:
        sys.stdout.write(prompt)
        return 0
    for piece in prompt.pieces(_load_tokenizer(variant)):
        literal = json.dumps(piece.piece, ensure_ascii=False)
        print(piece.id, literal, "control" if piece.control else "text", sep="\t")
    return 0


def _read_json(file: str) -> Any:
    """The value in a JSON file, or in the standard input for "-"."""
    try:
        content = _read_stdin() if file == "-" else expand_home(file).read_bytes()
    except OSError as error:
        raise InvalidInput("prompt_file", file=file, why=error) from error
    try:
        return parse_json(content)
    except ValueError as error:
        raise InvalidInput("prompt_json", file=file, why=error) from error


def _read_stdin() -> str | bytes:
    """The standard input, as bytes: JSON is UTF-8, whatever the console's encoding is."""
    if sys.stdin is None:  # it was closed when the process began
        return b""
    return sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read()


class _Vocabulary:
    """The vocabulary of a tokenizer, which can be read without Keras."""

    def __init__(self, path: Path) -> None:
        self.proto = path.read_bytes()


def _load_tokenizer(variant: Variant) -> Any:
    """The variant's tokenizer: the vocabulary file of a demo model, else KerasHub's tokenizer."""
    if (variant.handle or "").startswith("demo://"):
        return _Vocabulary(next(demo_directory(variant.name).rglob("*.spm")))
    try:
        keras_hub = backend.import_keras_hub()
        preset = variant.handle or variant.name
        if found := revision_of(preset):
            from huggingface_hub import snapshot_download

            # KerasHub's handles at Hugging Face name no revision
            small = ["*.json", "*.model", "*.spm"]
            preset = snapshot_download(found[0], revision=found[1], allow_patterns=small)
        return keras_hub.tokenizers.Tokenizer.from_preset(preset)
    except GemmaError as error:
        raise LoadError("prompt_no_tokenizer", variant=variant.name, why=error) from None
    except Exception as error:  # noqa: BLE001 - KerasHub's clients raise many kinds
        why = f"{error_name(error)}."
        raise LoadError("prompt_no_tokenizer", variant=variant.name, why=why) from None
