"""Decoding on a processor: this package's precisions, llama.cpp and transformers, step by step in turn.

    python benchmarks/processor.py [--seconds S] [--llama PYTHON FILE.gguf …] [--transformers PYTHON]
        [--shape NAME]

Shapes of a catalogue variant with constant weights, `max_length` 512, batch 1, greedy. All precisions
lie in one process and take turns, four decode steps and one prompt of 256 tokens each; a plain read of
1 GiB by NumPy's dot product (all cores) says what memory gives at the same moments; "float32, Keras's layout" is float32 as it
was before kernels were laid out (`relayout` off, logits by Keras). llama.cpp runs beside it in a process
of its own with PYTHON, an interpreter that has `xllamacpp`, on one thread, so that threads do not wait
for each other; transformers likewise with one that has `torch`, the same shape with random weights, and
its default cache and threads. What is compared is processor time: on a machine that others use, seconds on the clock
say how busy it was. The script prints the table; `benchmarks/processor.md` has it with what it says.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tools")]
PRECISIONS = ("float32, Keras's layout", "float32", "bfloat16", "int8", "int4")
READ = "a plain read of 1 GiB"
PROMPT = "The history of the town begins with the arrival of the first settlers"
LENGTH, STEPS, TOKENS, CHUNK = 512, 4, 8, 256
READ_BYTES = 2**30


def build_steps(
    shape: str, side: str
) -> tuple[Callable[[], None], Callable[[], None], dict[str, int]]:
    """A decode step and a prompt of one side; the bytes of its weights, KV cache and temporaries."""
    import jax
    import memory
    import numpy as np

    from gemma_nb.generation import adapters
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.loading import relayout

    pays, logits = relayout.relayout_pays, adapters.build_logits
    if "," in side:
        relayout.relayout_pays, adapters.build_logits = (lambda: False), (lambda _: None)
    lm = memory.constant_model(shape, side.partition(",")[0])
    decoder = Decoder(lm, LENGTH)
    chunk = 1, CHUNK, False, False
    decoder.compiled.ensure(
        {
            ("decode", 1): decoder.programs.decode_spec(1),
            ("prefill", *chunk): decoder.programs.prefill_spec(chunk),
        }
    )
    relayout.relayout_pays, adapters.build_logits = pays, logits
    program, weights = decoder.compiled["decode", 1], decoder._weights()  # noqa: SLF001
    prefill = decoder.compiled["prefill", *chunk]
    one = np.ones(1, np.int32)
    state = [one, one, decoder.programs.cache_layout.zeros(1)]

    def step() -> None:
        token, position, caches = state
        tokens, *state[:], _ = program(weights, token, position, None, caches)
        jax.block_until_ready(tokens)

    def prompt() -> None:
        tokens, start, length = np.ones((1, CHUNK), np.int32), 0 * one, CHUNK * one
        caches = decoder.programs.cache_layout.zeros(1)
        token, *_ = prefill(weights, tokens, start, length, None, None, None, None, caches, one)
        jax.block_until_ready(token)

    step()
    prompt()
    caches = jax.tree_util.tree_leaves(state[2])
    return (
        step,
        prompt,
        {
            "weights": sum(array.nbytes for array in weights),
            "kv_cache": sum(array.nbytes for array in caches),
            "temporaries": program.memory_analysis().temp_size_in_bytes,
        },
    )


def build_read() -> Callable[[], None]:
    """A read of ``READ_BYTES``: the dot product of two arrays of half of them."""
    import numpy as np

    halves = [np.ones(READ_BYTES // 8, np.float32) for _ in range(2)]

    def read() -> None:
        np.dot(*halves)

    return read


def serve_llama(path: str) -> None:
    """The process of llama.cpp: answers each line with the seconds a token took, and its work."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel = path, LENGTH, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(params)

    def complete(count: int) -> tuple[float, float]:
        request = {"prompt": PROMPT, "n_predict": count, "temperature": 0, "ignore_eos": True}
        clock, work = time.perf_counter(), time.process_time()
        server.handle_completions({**request, "cache_prompt": False})
        return time.perf_counter() - clock, time.process_time() - work

    serve(complete)


def serve_transformers(shape: str, dtype: str) -> None:
    """The process of transformers: as that of llama.cpp."""
    import torch
    from generation import transformers_config
    from transformers import Gemma3ForCausalLM

    config = transformers_config(shape, LENGTH)
    model = Gemma3ForCausalLM(config).to(getattr(torch, dtype)).eval()
    ids = torch.arange(5, 5 + len(PROMPT.split()))[None]

    def complete(count: int) -> tuple[float, float]:
        clock, work = time.perf_counter(), time.process_time()
        made = model.generate(ids, max_new_tokens=count, min_new_tokens=count, do_sample=False)
        assert made.shape[1] == ids.shape[1] + count
        return time.perf_counter() - clock, time.process_time() - work

    serve(complete)


def serve(complete: Callable[[int], tuple[float, float]]) -> None:
    """Answers each line with the seconds of a token after the first one, on the clock and of work."""
    complete(2)
    print("READY", flush=True)
    for _ in sys.stdin:
        one, many = complete(1), complete(1 + TOKENS)
        print(json.dumps([(b - a) / TOKENS for a, b in zip(one, many, strict=True)]), flush=True)


def start(python: str, kind: str, *arguments: str) -> subprocess.Popen[str]:
    command = [python, "-W", "ignore", __file__, "--serve", kind, *arguments]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    while (line := process.stdout.readline()).strip() != "READY":
        if not line:
            sys.exit(f"{kind} {arguments} did not start")
    return process


def timed(call: Callable[[], None]) -> tuple[float, float]:
    """The seconds of a call on the clock, and of the processor."""
    clock, work = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - clock, time.process_time() - work


def measure(told: argparse.Namespace) -> list[dict]:
    python, *files = told.llama or [""]
    others = {Path(file).name: start(python, "llama", file) for file in files}
    if told.transformers:
        for dtype in ("float32", "bfloat16"):
            others[f"transformers, {dtype}"] = start(
                told.transformers, "transformers", told.shape, dtype
            )
    os.environ["JAX_PLATFORMS"] = "cpu"
    from gemma_nb import backend

    backend.prepare()
    sides, prompts, facts = {}, {}, {}
    for side in PRECISIONS:
        sides[side], prompts[side], facts[side] = build_steps(told.shape, side)
        print(side, "compiled", file=sys.stderr, flush=True)
    sides[READ] = build_read()
    turns = {name: [] for name in (*sides, *others)}
    prompt_turns = {name: [] for name in prompts}
    end = time.perf_counter() + told.seconds
    while time.perf_counter() < end:
        for name, step in sides.items():
            for _ in range(STEPS):
                turns[name].append(timed(step))
            if name in prompts:
                prompt_turns[name].append(timed(prompts[name]))
        for name, process in others.items():
            process.stdin.write("\n")
            process.stdin.flush()
            turns[name].append(tuple(json.loads(process.stdout.readline())))
    return [
        {
            "side": name,
            "turns": len(made),
            "work": min(work for _, work in made),
            "median_work": statistics.median(work for _, work in made),
            "fastest": min(clock for clock, _ in made),
            "prompt_work": min((work for _, work in prompt_turns.get(name, ())), default=None),
            **facts.get(name, {}),
        }
        for name, made in turns.items()
    ]


def table(rows: list[dict]) -> str:
    base = next(row for row in rows if row["side"] == "float32")
    held = sum(base[key] for key in ("weights", "kv_cache", "temporaries"))
    lines = [
        "| | processor time a token, ms: least, median | float32's by it | fastest token, ms "
        "| GB/s of weights then | 256 tokens of a prompt, processor time, ms "
        "| weights, KV cache, temporaries, MB | of float32's |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        parts = [row.get(key, 0) for key in ("weights", "kv_cache", "temporaries")]
        memory = ", ".join(f"{part / 1e6:.0f}" for part in parts) if "weights" in row else ""
        share = f"{sum(parts) / held:.2f}" if "weights" in row else ""
        held_bytes = READ_BYTES if row["side"] == READ else row.get("weights")
        rate = f"{held_bytes / row['fastest'] / 1e9:.1f}" if held_bytes else ""
        prompt = f"{1e3 * row['prompt_work']:.0f}" if row["prompt_work"] else ""
        factor = "" if row["side"] == READ else f"{base['work'] / row['work']:.2f}"
        lines.append(
            f"| {row['side']} | {1e3 * row['work']:.1f}, {1e3 * row['median_work']:.1f} "
            f"| {factor} | {1e3 * row['fastest']:.1f} | {rate} | {prompt} | {memory} | {share} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", default="gemma3_270m")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--llama", nargs="+", metavar=("PYTHON", "FILE"))
    parser.add_argument("--transformers", metavar="PYTHON")
    parser.add_argument("--serve", nargs="+", help="used by the script itself")
    told = parser.parse_args()
    if told.serve:
        kind, *arguments = told.serve
        {"llama": serve_llama, "transformers": serve_transformers}[kind](*arguments)
    else:
        print(table(measure(told)))


if __name__ == "__main__":
    main()
