"""``python -m gemma_nb chat``: a conversation with a model in the terminal."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from gemma_nb.chat import Chat
from gemma_nb.errors import GemmaError
from gemma_nb.generation.stats import cut_note
from gemma_nb.i18n import text
from gemma_nb.load_model import load
from gemma_nb.prompts.reply_parser import Chunk
from gemma_nb.text_utils import closest_matches, wrap_text

#: The most tokens of one answer, where the command line does not say.
MAX_NEW_TOKENS = 512


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command ``chat`` and its arguments."""
    parser = subparsers.add_parser(
        "chat", help=text("terminal_help"), description=text("terminal_help")
    )
    parser.add_argument("--variant", metavar="NAME", help=text("terminal_help_variant"))
    parser.add_argument("--precision", default="auto", help=text("terminal_help_precision"))
    parser.add_argument(
        "--max-length", type=int, default=2048, metavar="N", help=text("terminal_help_max_length")
    )
    parser.add_argument(
        "--max-new-tokens",
        type=int,
        default=MAX_NEW_TOKENS,
        metavar="N",
        help=text("terminal_help_max_new_tokens", default=MAX_NEW_TOKENS),
    )
    parser.add_argument("--system", metavar="TEXT", help=text("terminal_help_system"))
    parser.add_argument("--thinking", action="store_true", help=text("prompt_help_thinking"))


def run(args: argparse.Namespace) -> int:
    """Loads the model and converses until the input ends.

    Returns:
        The exit status, 0.

    Raises:
        InvalidInput: an argument is out of range, or the variant takes no conversation.
        LoadError: the model cannot be loaded.
    """
    model = load(args.variant, args.precision, args.max_length)
    chat = Chat(model, args.system, thinking=args.thinking, overflow="drop")
    print(text("terminal_begin", name=model.variant.name, precision=model.precision))
    TerminalChat(chat, args.max_new_tokens).run()
    return 0


class TerminalChat:
    """A conversation whose lines come from ``input`` and go to the standard output.

    Args:
        chat: the conversation.
        max_new_tokens: the most tokens of one answer.
        read: reads a line, given the prompt; ``input`` when None. It raises ``EOFError`` at the end.
    """

    def __init__(
        self, chat: Chat, max_new_tokens: int, read: Callable[[str], str] | None = None
    ) -> None:
        self.chat = chat
        self.max_new_tokens = max_new_tokens
        self._read = read or input
        self._commands: dict[str, Callable[[str], None]] = {
            "/help": self._help,
            "/system": self._system,
            "/again": self._again,
            "/new": self._new,
            "/save": self._save,
            "/open": self._open,
            "/quit": self._quit,
        }

    def run(self) -> None:
        """Answers each line, or does what a command says, until the input ends."""
        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - history and editing for input; Windows has none
        while True:
            try:
                line = self._read_turn()
                if line:
                    self.take(line)
            except EOFError:
                print()
                return
            except KeyboardInterrupt:  # at the prompt; one in an answer ends the answer
                print(f"\n{text('terminal_how_to_quit')}")

    def take(self, line: str) -> None:
        """Does what one line says: a command, or a turn of the conversation.

        Args:
            line: what was typed; "//" at its start stands for "/".

        Raises:
            EOFError: it ends the conversation.
        """
        try:
            if line.startswith("/") and not line.startswith("//"):
                self._do(line)
            else:
                turn = line.removeprefix("/") if line.startswith("//") else line
                self._show(lambda: self.chat.chunks(turn, self.max_new_tokens))
        except BrokenPipeError:
            raise
        except (GemmaError, OSError) as error:
            print(wrap_text(str(error)), file=sys.stderr)

    def _read_turn(self) -> str:
        """A line, and those after it as long as each ends in a backslash."""
        lines = [self._read("> ")]
        while lines[-1].endswith("\\"):
            lines[-1] = lines[-1][:-1]
            lines.append(self._read(". "))
        return "\n".join(lines).strip()

    def _do(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        name = {"/exit": "/quit", "/?": "/help"}.get(name, name)
        if name in self._commands:
            self._commands[name](rest.strip())
        else:
            near = closest_matches(name, self._commands, 1)
            print(text("terminal_no_command", name=_safe(name), near=near))

    def _show(self, start: Callable[[], Iterator[Chunk]]) -> None:
        """Streams an answer; an interrupt ends it and keeps the part so far."""
        dropped = self.chat.dropped
        chunks: Any = start()
        kind = "answer"
        try:
            for chunk in chunks:
                if chunk.kind != kind and "thought" in {chunk.kind, kind}:
                    key = "terminal_thinking" if chunk.kind == "thought" else "terminal_answer"
                    print(f"\n{text(key)}")
                kind = chunk.kind
                print(_safe(chunk.text), end="", flush=True)
        except KeyboardInterrupt:
            print(f"\n{text('terminal_stopped')}", end="")
        else:
            model = self.chat.model
            if note := cut_note(model.last, self.max_new_tokens, model.max_length):
                print(f"\n({note})", end="")
        finally:
            chunks.close()  # records the answer
            print("\n")
        if self.chat.dropped > dropped:
            print(text("terminal_dropped", count=self.chat.dropped - dropped))

    # --- commands

    def _help(self, _: str) -> None:
        for name in self._commands:
            print(f"  {name:9}{text(f'terminal_command_{name[1:]}')}")
        print(text("terminal_help_more"))

    def _system(self, rest: str) -> None:
        if rest:
            self.chat.system = None if rest == "-" else rest
        shown = self.chat.system
        print(text("terminal_system", system=_safe(shown)) if shown else text("terminal_no_system"))

    def _again(self, _: str) -> None:
        self._show(lambda: self.chat.regenerate_chunks(self.max_new_tokens))

    def _new(self, _: str) -> None:
        system = self.chat.system
        self.chat.messages, self.chat.dropped = [], 0
        self.chat.system = system
        print(text("terminal_new"))

    def _save(self, rest: str) -> None:
        if not rest:
            print(text("terminal_wants_file", command="/save"))
        else:
            print(text("terminal_saved", path=self.chat.save(rest)))

    def _open(self, rest: str) -> None:
        if not rest:
            print(text("terminal_wants_file", command="/open"))
            return
        self.chat = Chat.load(rest, self.chat.model)
        turns = [one for one in self.chat.messages if one["role"] != "system"]
        print(text("terminal_opened", path=rest, count=len(turns)))

    def _quit(self, _: str) -> None:
        raise EOFError


def _safe(said: str) -> str:
    """Text without the characters that steer a terminal, such as those that move its cursor."""
    return "".join(c if c in "\n\t" or c.isprintable() or c == "\u3000" else "\ufffd" for c in said)
