"""Times what Python does before a chat's turn reaches the device: template, ids, checks.

    python benchmarks/turns.py [CHECKOUT …]    writes turns.md; other checkouts are measured beside

Twenty turns with the demo model (its answers are long enough for 1,500 tokens in the end), a
process a round, the checkouts in turn; medians of turns 2 to 4 and 18 to 20.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = 5
QUESTION = "What is the capital of country number {}? Tell me also something about its history."


def run() -> None:
    """Prints the seconds before each turn's call of the decoder, and the tokens in the end."""
    import gemma_nb as gnb

    model = gnb.load()
    decoder, called = model._decoder, []  # noqa: SLF001 - what lies before it is measured
    tokens = decoder.tokens

    def timed(*arguments, **options):
        called.append(time.perf_counter())
        return tokens(*arguments, **options)

    decoder.tokens = timed
    chat, begun = gnb.Chat(model), []
    for turn in range(20):
        begun.append(time.perf_counter())
        for _ in chat.send(QUESTION.format(turn), max_new_tokens=40, seed=turn):
            pass
    seconds = [after - before for before, after in zip(begun, called, strict=True)]
    left = model.max_length - chat.context_left
    print(json.dumps({"seconds": seconds, "tokens": left}))


def main(checkouts: list[Path]) -> None:
    found = {checkout: [] for checkout in checkouts}
    for _ in range(ROUNDS):
        for checkout, rounds in found.items():
            command = [sys.executable, __file__, "run"]
            paths = {"PYTHONPATH": str(checkout), "GEMMA_NB_LANG": "en"}
            made = subprocess.run(
                command, env={**os.environ, **paths}, capture_output=True, text=True, check=True
            )
            rounds.append(json.loads(made.stdout.splitlines()[-1]))
    lines = [
        "# What Python does before a turn reaches the device",
        "",
        "`python benchmarks/turns.py [CHECKOUT …]`: `Chat.send` up to the decoder's call, demo model, ms;",
        f"{ROUNDS} processes a side, in turn, medians. {os.cpu_count()} cores, Python "
        f"{platform.python_version()}.",
        "",
        "| which | turns 2 to 4 | turns 18 to 20 | tokens in the end |",
        "|---|--:|--:|--:|",
    ]
    for checkout, rounds in found.items():
        begin = ["git", "-C", str(checkout), "log", "-1", "--format=%h, %ad", "--date=short"]
        which = subprocess.run(begin, capture_output=True, text=True, check=True).stdout.strip()
        early, late = (
            statistics.median(s * 1e3 for one in rounds for s in one["seconds"][at])
            for at in (slice(1, 4), slice(17, 20))
        )
        tokens = statistics.median(one["tokens"] for one in rounds)
        lines.append(f"| {which} | {early:.2f} | {late:.2f} | {tokens:.0f} |")
    text = "\n".join(lines) + "\n"
    (HERE / "turns.md").write_text(text)
    print(text)


if __name__ == "__main__":
    if sys.argv[1:] == ["run"]:
        run()
    else:
        main([HERE.parent, *map(Path, sys.argv[1:])])
