"""The first answer on a processor: from ``import gemma_nb`` to the first token of the demo model.

    python benchmarks/first_answer.py [--runs N] [--tree CHECKOUT …]

Each run is a fresh process. It imports the package, loads the demo model and asks for one token, and
tells the seconds of each part on the clock and of the processor (all threads, user and system). The
first run of a pair has an empty compilation cache, the second the cache that the first one wrote. A
run before them, which is not counted, brings the files into the page cache. With several checkouts
they take turns. TensorFlow and its relatives are hidden where they are installed, unless
``--tensorflow`` is given. The script prints the table; `benchmarks/first_answer.md` has it with what
it says.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "What is the capital of France?"
PARTS = ("import", "load", "first token", "all", "next token")


def answer() -> dict[str, tuple[float, float]]:
    """The parts of one first answer: seconds on the clock, and of the processor."""
    marks = [(time.perf_counter(), time.process_time())]

    def mark() -> None:
        marks.append((time.perf_counter(), time.process_time()))

    def since(start: int, end: int) -> tuple[float, float]:
        return marks[end][0] - marks[start][0], marks[end][1] - marks[start][1]

    import gemma_nb
    from gemma_nb import backend

    backend.import_keras_hub()
    mark()
    model = gemma_nb.load(progress=False)
    mark()
    tokens = model.stream_ids(QUESTION, max_new_tokens=2)
    next(tokens)
    mark()
    next(tokens)
    mark()
    spans = since(0, 1), since(1, 2), since(2, 3), since(0, 3), since(3, 4)
    return dict(zip(PARTS, spans, strict=True))


def run(tree: Path, cache: str, *, tensorflow: bool) -> dict[str, list[float]]:
    """One run in a process of its own, with a checkout's package."""
    hidden = (
        ""
        if tensorflow
        else "import sys; sys.modules.update(tensorflow=None, tensorflow_text=None);"
    )
    code = f"{hidden} import runpy; runpy.run_path({str(Path(__file__))!r}, run_name='child')"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("JAX_", "PYTHONDONTWRITE"))},
        "PYTHONPATH": str(tree),
        "JAX_PLATFORMS": "cpu",
        "GEMMA_NB_COMPILE_CACHE": cache,
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env=environment,
        cwd=tempfile.gettempdir(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def measure(trees: list[Path], runs: int, *, tensorflow: bool) -> dict:
    """(checkout, cache) -> the runs."""
    taken: dict[tuple[str, str], list] = {}
    for tree in trees:
        run(tree, "off", tensorflow=tensorflow)
    for _ in range(runs):
        for tree in trees:
            with tempfile.TemporaryDirectory() as cache:
                for state in ("empty", "filled"):
                    one = run(tree, cache, tensorflow=tensorflow)
                    taken.setdefault((tree.name, state), []).append(one)
                    print(tree.name, state, one, file=sys.stderr, flush=True)
    return taken


def table(taken: dict) -> str:
    """Least and median of each part, on the clock and of the processor."""
    lines = [
        "| checkout | compilation cache | " + " | ".join(PARTS) + " |",
        "|---|---|" + "--:|" * len(PARTS),
    ]
    for (tree, state), made in taken.items():
        cells = []
        for part in PARTS:
            clock, work = zip(*(one[part] for one in made), strict=True)
            cells.append(
                f"{min(clock):.2f}, {statistics.median(clock):.2f}; "
                f"{min(work):.2f}, {statistics.median(work):.2f}"
            )
        lines.append(f"| {tree} | {state} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tree", type=Path, nargs="+", default=[Path(__file__).parents[1]])
    parser.add_argument("--tensorflow", action="store_true", help="leave TensorFlow visible")
    told = parser.parse_args()
    trees = [tree.resolve() for tree in told.tree]
    print(table(measure(trees, told.runs, tensorflow=told.tensorflow)))


if __name__ == "__main__":
    main()
elif __name__ == "child":
    print(json.dumps(answer()))
