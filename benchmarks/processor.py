"""Decoding on a processor: the precisions of this package, llama.cpp and Transformers in one run.

    python benchmarks/processor.py measure SIDE [SIDE …] [--rounds N] [--tokens N] [--out FILE]
    python benchmarks/processor.py report

A side is ``ours:PRECISION:PATH`` (PATH a checkpoint or GGUF file), ``llama:PATH`` (a GGUF file),
``transformers:DTYPE:PATH`` (a checkpoint), and may end in ``@COMMAND``, the interpreter that runs it
(for another environment), or ``@COMMAND@DIRECTORY`` with the checkout that is imported.

Each side is a process of its own. All are loaded first, then they take turns: one generates a few
tokens while the others wait. So whatever else the machine does meets all sides alike; what the table
compares are the medians and the fastest turns of the same rounds. Greedy, the same prompt, the same
number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
PROMPT = "The history of the town begins with the arrival of the first settlers"
THREADS = int(os.environ.get("THREADS", os.cpu_count() or 1))
#: Tokens of the KV cache.
LENGTH = 512


def side(kind: str, path: str, precision: str) -> Callable[[int], tuple]:
    """Loads a side; returns a function that generates so many tokens, as ``timed``."""
    return {"ours": ours, "llama": llama, "transformers": torch_side}[kind](path, precision)


def peak() -> int:
    """The process's largest resident size so far, in bytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def timed(stream, count: int) -> tuple[float, float, float, list[int]]:
    """Seconds to the first token, seconds and processor seconds of the others, and the ids."""
    started = time.perf_counter()
    ids = [next(stream)]
    first, work = time.perf_counter(), time.process_time()
    ids += [token for _, token in zip(range(count - 1), stream, strict=False)]
    return first - started, time.perf_counter() - first, time.process_time() - work, ids


def ours(path: str, precision: str):
    os.environ.setdefault("GEMMA_NB_COMPILE_CACHE", "off")
    import gemma_nb as gnb
    from gemma_nb import backend

    backend.import_keras_hub()
    import jax

    jax.devices()
    before = peak()
    model = gnb.load(path, precision, max_length=LENGTH, progress=False, force=True)
    options = {"temperature": 0, "ignore_eos": True, "raw": True}

    def call(count: int):
        return timed(model.stream_ids(PROMPT, max_new_tokens=count, **options), count)

    def facts() -> dict:
        decoder = model._decoder  # noqa: SLF001
        weights = sum(v._value.nbytes for v in model.lm.variables)  # noqa: SLF001
        program = decoder.compiled["decode", 1]
        caches = jax.tree_util.tree_leaves(decoder._cache.layers)  # noqa: SLF001
        prompt = [v for k, v in decoder.compiled._compiled.items() if k[0] == "prefill"]  # noqa: SLF001
        return {
            "weights": weights,
            "kv_cache": sum(c.nbytes for c in caches),
            "temporaries": program.memory_analysis().temp_size_in_bytes,
            "prompt_temporaries": max(p.memory_analysis().temp_size_in_bytes for p in prompt),
            "peak_above_imports": peak() - before,
            "versions": f"jax {jax.__version__}",
        }

    call.facts = facts
    return call


def llama(path: str, _: str):
    """llama.cpp through xllamacpp, whose wheels are compiled; it reports its own times."""
    import xllamacpp

    before = peak()
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx = path, LENGTH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = THREADS
    params.n_parallel, params.warmup, params.verbosity = 1, True, -1
    server = xllamacpp.Server(params)

    def complete(count: int) -> tuple[float, float, list[int]]:
        request = {"prompt": PROMPT, "n_predict": count, "temperature": 0, "ignore_eos": True}
        started, work = time.perf_counter(), time.process_time()
        made = server.handle_completions({**request, "cache_prompt": False, "return_tokens": True})
        ids = made.get("tokens") or [-1] * count
        return time.perf_counter() - started, time.process_time() - work, ids

    def call(count: int):
        first, first_work, _ = complete(1)
        whole, work, ids = complete(count)
        return first, whole - first, work - first_work, ids

    call.facts = lambda: {
        "weights": Path(path).stat().st_size,
        "peak_above_imports": peak() - before,
        "versions": f"xllamacpp {xllamacpp.__version__}",
    }
    return call


def torch_side(path: str, precision: str):
    """Transformers' own generate."""
    import sentencepiece
    import torch
    import transformers

    before = peak()
    torch.set_num_threads(THREADS)
    tokenizer = sentencepiece.SentencePieceProcessor(str(Path(path) / "tokenizer.model"))
    model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=getattr(torch, precision))
    prompt = torch.tensor([[tokenizer.bos_id(), *tokenizer.encode(PROMPT)]])

    def generate(count: int):
        options = {"min_new_tokens": count, "max_new_tokens": count, "do_sample": False}
        started, work = time.perf_counter(), time.process_time()
        ids = model.generate(prompt, attention_mask=torch.ones_like(prompt), **options)[0]
        seconds, work = time.perf_counter() - started, time.process_time() - work
        return seconds, work, ids[prompt.shape[1] :].tolist()

    def call(count: int):
        first, first_work, _ = generate(1)
        whole, work, ids = generate(count)
        return first, whole - first, work - first_work, ids

    call.facts = lambda: {
        "weights": sum(p.nbytes for p in model.parameters()),
        "peak_above_imports": peak() - before,
        "versions": f"torch {torch.__version__}, transformers {transformers.__version__}",
    }
    return call


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command")
    parser.add_argument("sides", nargs="*")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--out", type=Path, default=HERE / "processor.json")
    told = parser.parse_args()
    if told.command == "side":
        serve(*told.sides)
    elif told.command == "measure":
        measure(told)


def serve(kind: str, path: str, precision: str) -> None:
    """The process of one side: answers each line of input with one line of JSON."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
    call = side(kind, path, precision)
    call(4)
    print("READY", flush=True)
    for line in sys.stdin:
        if line.strip() == "facts":
            print(json.dumps(call.facts()), flush=True)
            continue
        first, rest, work, ids = call(int(line))
        made = len(ids) - 1
        turn = {"first": first, "rate": made / rest, "work": work / made, "ids": ids}
        print(json.dumps(turn), flush=True)


def measure(told) -> None:
    processes = {}
    for name in told.sides:
        spec, _, rest = name.partition("@")
        command, _, checkout = rest.partition("@")
        kind, *parts = spec.split(":")
        precision, path = parts if len(parts) == 2 else ("", parts[0])
        env = {**os.environ, "OMP_NUM_THREADS": str(THREADS)}
        env["PYTHONPATH"] = checkout or str(HERE.parent)
        processes[name] = subprocess.Popen(
            [command or sys.executable, "-W", "ignore", __file__, "side", kind, path, precision],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            text=True,
        )
        while (line := processes[name].stdout.readline()).strip() != "READY":
            if not line:
                sys.exit(f"{name} ended before it was loaded")
        print(name, "loaded", flush=True)

    def ask(name: str, line: str) -> dict:
        processes[name].stdin.write(line + "\n")
        processes[name].stdin.flush()
        return json.loads(processes[name].stdout.readline())

    turns = {name: [] for name in processes}
    for number in range(told.rounds):
        for name in sorted(processes, reverse=bool(number % 2)):
            turns[name].append(ask(name, str(told.tokens)))
    results = []
    for name, made in turns.items():
        facts = ask(name, "facts")
        processes[name].stdin.close()
        processes[name].wait()
        rates = [turn["rate"] for turn in made]
        result = {
            "side": name,
            "rate": statistics.median(rates),
            "fastest": max(rates),
            "work": min(turn["work"] for turn in made),
            "first": min(turn["first"] for turn in made),
            "ids": made[0]["ids"],
            **facts,
        }
        results.append(result)
        print({k: v for k, v in result.items() if k != "ids"}, made[0]["ids"][:8], flush=True)
    told.out.write_text(json.dumps({"machine": platform.processor(), "rows": results}, indent=1))


if __name__ == "__main__":
    main()
