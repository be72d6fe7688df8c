"""Generation against KerasHub's own ``generate`` and transformers, all sides in one run.

    python benchmarks/generation.py measure [--rows N] [--only NAME] [--budget S] [--compare]
    python benchmarks/generation.py report      generation.md from generation.json
    python benchmarks/generation.py row NAME PRECISION MAX_LENGTH
    python benchmarks/generation.py transformers NAME MAX_LENGTH
    python benchmarks/generation.py measure --throughput [--budget S]   throughput.py's rows

Real shapes, every weight the same number (speed does not hang on values), batch 1, greedy, a
prompt of 64 tokens; a process a row. Both sides run on the same weights in the same process:
what one row says of them is comparable, what two rows say hardly. ``tokens per second`` leaves
the prompt out on both sides; KerasHub's is what 256 tokens take more than one.
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
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tools")]

GIB = 2**30
PROMPT, NEW, REPEATS = 64, 256, 3
#: Replies that are begun for the first token's time, and how many before those.
FIRSTS, WARM = 9, 3
DEMO = "demo_gemma3_instruct_1m"
#: What a chat is asked, 28 to 30 tokens.
QUESTION = "What is the capital of country number {}? Tell me also something about its history."
#: Bytes a second that an H200 copies (PyTorch, device to device, read and written, 2026-10-28).
BANDWIDTH = {"NVIDIA H200": 4.3e12}

#: (shape, precision, max_length)
ROWS = [
    ("gemma3_1b", "bfloat16", 4096),
    ("gemma3_4b_text", "bfloat16", 4096),
    ("gemma4_2b", "bfloat16", 4096),
    ("gemma3_1b", "int8", 4096),
    ("gemma3_1b", "int4", 4096),
    ("gemma3_1b", "bfloat16", 512),
    ("gemma3_4b_text", "bfloat16", 512),
    ("gemma4_2b", "bfloat16", 512),
    ("gemma3_1b", "bfloat16", 8192),
    ("gemma3_4b_text", "bfloat16", 8192),
    ("gemma4_2b", "bfloat16", 8192),
    ("gemma3_4b_text", "int8", 4096),
    ("gemma3_4b_text", "int4", 4096),
    ("gemma4_2b", "int8", 4096),
    ("gemma4_2b", "int4", 4096),
]
#: What a processor measures.
PROCESSOR_ROWS = [("gemma3_270m", "float32", 512)]


def run_row(name: str, precision: str, max_length: int) -> dict:
    os.environ.setdefault("GEMMA_NB_COMPILE_CACHE", "off")
    from gemma_nb import backend

    backend.prepare()
    import jax
    import keras_hub
    import memory

    device = jax.devices()[0]
    lm = memory.constant_model(name, precision)
    row = {
        "name": name,
        "precision": precision,
        "max_length": max_length,
        "device": device.device_kind,
        "jax": jax.__version__,
        "keras_hub": keras_hub.__version__,
        "python": platform.python_version(),
        "weights": sum(v.value.nbytes for v in lm.backbone.variables),
    }
    jax.block_until_ready([v.value for v in lm.backbone.variables])
    favour(lm)
    ours, bare = Ours(lm, max_length), Bare(lm, max_length)
    row["ours"] = {"first": ours.first(), "peak": above(device, row["weights"])}
    row["cache"] = ours.cache_bytes()
    row["bare"] = {"first": bare.first(), "peak": above(device, row["weights"])}
    turn()
    sides = {"ours": ours, "bare": bare}
    times: dict = {side: [] for side in sides}
    for repeat in range(REPEATS):  # in turn, each the first as often
        for side in sorted(sides, reverse=bool(repeat % 2)):
            times[side].append(sides[side].timed())
    for side, pairs in times.items():
        row[side]["after_other"] = statistics.median(first for first, _ in pairs)
        row[side]["rate"] = statistics.median(rate for _, rate in pairs)
    row["bare"]["first_token"] = row["bare"].pop("after_other")
    row["ours"]["first_token"] = ours.first_token()
    row["ours"]["compilations"] = ours.decoder.compilations
    if max_length >= 4096:
        row["turns"] = chat_turns(ours.decoder, lm, precision)
    return row


def turn() -> None:
    """Waits until this process alone measures, where several are compiled side by side."""
    if os.environ.get("GEMMA_NB_TURNS"):
        print("READY", flush=True)
        sys.stdin.readline()


def read_bytes(row: dict) -> int:
    """Bytes of weights that a decode step reads: all but tables of which it looks up a row."""
    import memory

    from gemma_nb.fit.precision import precision
    from gemma_nb.fit.weight_shapes import text_weight_shapes, weight_shape_bytes

    matrices, _ = text_weight_shapes(memory.text_variant(row["name"]))
    how = precision(row["precision"])
    variant = memory.text_variant(row["name"])
    routed = variant.architecture.active_experts / max(1, variant.architecture.experts)
    return sum(
        weight_shape_bytes(m, how) * (routed if m.use == "expert" else 1)
        for m in matrices
        if m.use != "lookup"
    )


def above(device, weights: int) -> int | None:
    """The peak above the weights; None on a processor, where JAX keeps none."""
    stats = device.memory_stats()
    return None if stats is None else int(stats["peak_bytes_in_use"]) - weights


def favour(lm) -> None:
    """Makes one token likelier than all others, so that what a chat answers is text."""
    import jax
    import jax.numpy as jnp

    table = lm.backbone.token_embedding
    # the scales of its rows are what int8's numbers are divided by
    usual, rare = (100, 50) if table.quantization_mode == "int8" else (0.01, 0.02)
    for variable in table.variables:
        shape, dtype = tuple(variable.shape), variable.dtype
        if shape[:1] == (table.input_dim,) and jnp.issubdtype(dtype, jnp.floating):
            variable._value = None  # noqa: SLF001 - first: both at once would be the peak
            full = jax.jit(lambda s=shape, d=dtype: jnp.full(s, usual, d).at[word()].set(rare))
            variable._value = full()  # noqa: SLF001


@lru_cache
def tokenizer():
    """The demo model's."""
    import keras_hub

    from gemma_nb.catalog.registry import demo_directory

    return keras_hub.models.Tokenizer.from_preset(str(demo_directory(DEMO)))


def word() -> int:
    """A token that a chat reads again as the one it wrote, however often it follows itself."""
    return int(tokenizer().tokenize("111")[-1])


def chat_turns(decoder, lm, precision: str) -> list[float]:
    """Seconds from a question to the first text of its answer, twenty turns of one conversation.

    Some 40 tokens in and 40 out, each turn, in the demo model's words and template.
    """
    from gemma_nb import Chat, variant
    from gemma_nb.model import Model

    length = decoder.max_length
    model = Model(lm, tokenizer(), variant(DEMO), precision, length, engine=decoder)
    chat, seconds = Chat(model), []
    for turn in range(20):
        started = time.perf_counter()
        answer = chat.send(QUESTION.format(turn), 40, temperature=0, ignore_eos=True)
        next(answer)
        seconds.append(time.perf_counter() - started)
        for _ in answer:
            pass
        # a person reads; what later turns need is compiled behind the first
        time.sleep(1 if turn == 0 else 0.1)
    return seconds


class Ours:
    def __init__(self, lm, max_length: int) -> None:
        from gemma_nb.generation.decoder import Decoder

        self.decoder = Decoder(lm, max_length)
        self.max_length = max_length

    def tokens(self, prompt, count, **options):
        from gemma_nb.generation.sampling import Sampling

        return self.decoder.tokens(prompt, Sampling(), 0, count, **options)

    def first(self) -> float:
        """Seconds from the model in memory to its first token, compiling included."""
        started = time.perf_counter()
        next(self.tokens([7] * PROMPT, 2))
        return time.perf_counter() - started

    def timed(self) -> tuple[float, float]:
        started = time.perf_counter()
        tokens = self.tokens([7] * PROMPT, NEW + 1)
        next(tokens)
        first = time.perf_counter()
        assert len(list(tokens)) == NEW
        return first - started, NEW / (time.perf_counter() - first)

    def first_token(self) -> float:
        """Seconds to the first token, warm: the median of replies that follow each other."""
        import jax

        seconds = []
        for _ in range(WARM + FIRSTS):
            tokens = self.tokens([7] * PROMPT, NEW + 1)
            started = time.perf_counter()
            next(tokens)
            seconds.append(time.perf_counter() - started)
            tokens.close()
            jax.block_until_ready(jax.tree_util.tree_leaves(self.decoder._cache.layers))  # noqa: SLF001
        return statistics.median(seconds[WARM:])

    def cache_bytes(self) -> int:
        import jax

        caches = jax.tree_util.tree_leaves(self.decoder._cache.layers)  # noqa: SLF001
        return sum(cache.nbytes for cache in caches)


class Bare:
    def __init__(self, lm, max_length: int) -> None:
        lm.compile(sampler="greedy")
        self.function = lm.make_generate_function()
        self.max_length = max_length

    def call(self, new: int) -> float:
        """Seconds of a whole call that makes so many tokens: it gives nothing before its end."""
        import numpy as np

        tokens = np.full((1, self.max_length), 7, "int32")
        mask = np.zeros(tokens.shape, "bool")
        mask[:, : self.max_length - new] = True
        started = time.perf_counter()
        made = self.function({"token_ids": tokens, "padding_mask": mask}, stop_token_ids=None)
        np.asarray(made["token_ids"])
        return time.perf_counter() - started

    def first(self) -> float:
        return self.call(1)

    def timed(self) -> tuple[float, float]:
        one, many = self.call(1), self.call(NEW + 1)
        return one, NEW / (many - one)


def transformers_config(name: str, max_length: int):
    """Transformers' own description of a shape of Gemma 3."""
    import transformers
    from catalog_configs import CONFIGS

    c = CONFIGS[name]
    return transformers.Gemma3TextConfig(
        vocab_size=c["vocabulary_size"],
        hidden_size=c["hidden_dim"],
        intermediate_size=c["intermediate_dim"],
        num_hidden_layers=c["num_layers"],
        num_attention_heads=c["num_query_heads"],
        num_key_value_heads=c["num_key_value_heads"],
        head_dim=c["head_dim"],
        sliding_window=c["sliding_window_size"],
        max_position_embeddings=max_length,
    )


def run_transformers(name: str, max_length: int) -> dict:
    """Transformers' own generate on the same shape: a cache that grows, and one that is compiled."""
    turn()
    import torch
    import transformers

    config = transformers_config(name, max_length)
    cuda = torch.cuda.is_available()
    with torch.device("cuda" if cuda else "cpu"):
        model = transformers.Gemma3ForCausalLM(config)
    model = model.to(torch.bfloat16 if cuda else torch.float32).eval()
    ids = torch.full((1, PROMPT), 7, device=model.device)
    row = {
        "name": name,
        "max_length": max_length,
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "device": torch.cuda.get_device_name() if cuda else platform.machine(),
    }

    def call(new: int, cache: str | None) -> float:
        if cuda:
            torch.cuda.synchronize()
        started = time.perf_counter()
        model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            min_new_tokens=new,
            max_new_tokens=new,
            do_sample=False,
            cache_implementation=cache,
        )
        if cuda:
            torch.cuda.synchronize()
        return time.perf_counter() - started

    new = min(NEW, max_length - PROMPT - 1)
    for kind, cache in (("dynamic", None), ("static", "static")):
        first = call(2, cache)
        ones, many = (statistics.median(call(n, cache) for _ in range(3)) for n in (1, new + 1))
        row[kind] = {"first": first, "first_token": ones, "rate": new / (many - ones)}
    return row


# --- the commands


def measure(path: Path, rows: list, budget: float, jobs: int, *, compare: bool) -> None:
    kept = json.loads(path.read_text()) if path.exists() else []
    started = time.perf_counter()
    if compare:
        same = [row for row in rows if row[1] in {"bfloat16", "float32"} and "gemma3" in row[0]]
        wanted = [["transformers", name, str(length)] for name, _, length in same]
    else:
        wanted = [["row", *map(str, row)] for row in rows]
    for first in range(0, len(wanted), jobs):
        if time.perf_counter() - started > budget:
            print("budget spent")
            break
        for command, lines in side_by_side(wanted[first : first + jobs]):
            if not lines:
                print(command, "failed", flush=True)
                continue
            row = {"kind": command[0], **json.loads(lines[-1])}
            if jobs > 1:
                row["jobs"] = jobs
            kept = [k for k in kept if key(k) != key(row)] + [row]
            print(json.dumps(row), flush=True)
            path.write_text(json.dumps(kept, indent=1) + "\n")


def measure_throughput(path: Path, budget: float) -> None:
    """The rows of ``throughput.py``, a wave of processes at a time."""
    import throughput

    started = time.perf_counter()
    for wave in throughput.WAVES:
        if time.perf_counter() - started > budget:
            print("budget spent")
            break
        for command, lines in side_by_side([["throughput", *row] for row in wave]):
            if not lines:
                print(command, "failed", flush=True)
                continue
            kept = json.loads(path.read_text()) if path.exists() else []
            row = {"kind": command[1], **json.loads(lines[-1])}
            kept = [k for k in kept if key(k) != key(row)] + [row]
            print(json.dumps(row), flush=True)
            path.write_text(json.dumps(kept, indent=1) + "\n")


def run_throughput(arguments: list[str]) -> dict:
    os.environ.setdefault("GEMMA_NB_COMPILE_CACHE", "off")
    from gemma_nb import backend

    backend.prepare()
    import throughput

    return throughput.run(arguments, turn)


def side_by_side(commands: list):
    """Runs processes that compile at the same time and measure one after the other.

    Yields each command with what it printed, nothing where it failed.
    """
    several = {"GEMMA_NB_TURNS": "1"} if len(commands) > 1 else {}
    running = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", __file__, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **several},
            text=True,
        )
        for command in commands
    ]
    if several:
        for process in running:  # all of them, before the first measures
            while process.stdout.readline().strip() not in {"READY", ""}:
                pass
    for command, process in zip(commands, running, strict=True):
        output, _ = process.communicate("go\n")
        yield command, [] if process.returncode else output.splitlines()


def key(row: dict) -> tuple:
    device = row["device"]
    size = row["max_length"], row.get("rows")
    return row["kind"], row["name"], row.get("precision"), size, device


def report(path: Path) -> str:
    """The table, from what was measured."""
    import throughput

    rows = json.loads(path.read_text())
    own = [r for r in rows if r["kind"] == "row"]
    lines = [
        "# Generation: this package and what it stands on",
        "",
        "`python benchmarks/generation.py measure`, then `report`. Real shapes with constant weights,",
        f"batch 1, greedy, a prompt of {PROMPT} tokens, {NEW} tokens made; medians of {REPEATS}, the sides",
        "in turn in one process. *Bare* is KerasHub's own compiled `generate`: its first token comes",
        f"with its last, so *first token* is its whole call for one token; ours is the median of {FIRSTS}",
        "replies behind each other, and *after bare* the one that follows such a call. *First answer* is the",
        "first call of a fresh process with no compilation cache, compiling included (others compiled beside",
        "it; what `load` brings in was compiled while its weights were read: loading.md). *Above* is peak",
        "memory above the weights (bare runs second: its peak holds ours where ours is higher). *Limit* is",
        "the share of the tokens per second that reading the weights alone allows at 4.3 TB/s.",
        "",
    ]
    for device in sorted({r["device"] for r in own}):
        mine = [r for r in own if r["device"] == device]
        versions = sorted(
            {f"jax {r['jax']}, keras-hub {r['keras_hub']}, Python {r['python']}" for r in mine}
        )
        lines += [
            f"## {device}",
            "",
            "; ".join(versions) + ".",
            "",
            "| variant | precision | max_length | tokens/s | bare | ratio | limit | first token, ms | steps"
            " | after bare, ms | bare, ms | first answer, s | bare, s | above, GiB | of it KV | bare, GiB |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        ]
        order = {row: i for i, row in enumerate([*ROWS, *PROCESSOR_ROWS])}
        mine.sort(key=lambda r: order.get((r["name"], r["precision"], r["max_length"]), 99))
        lines += [line(r) for r in mine]
        turns = [r for r in mine if r.get("turns")]
        if turns:
            lines += [
                "",
                "Turns of a chat (`Chat.send`), some 40 tokens in and 40 out: first text of turn 2 and of 20, ms.",
                "",
            ]
            for r in turns:
                second, last = (
                    statistics.median(r["turns"][1:4]),
                    statistics.median(r["turns"][-3:]),
                )
                lines.append(
                    f"- {r['name']} {r['precision']} {r['max_length']}: {second * 1e3:.1f} and"
                    f" {last * 1e3:.1f} ({last / second:.2f} ×; medians of turns 2 to 4 and 18 to 20)"
                )
        lines.append("")
    other = [r for r in rows if r["kind"] == "transformers"]
    if other:
        lines += [
            "## transformers, the same shapes",
            "",
            "| variant | max_length | cache | tokens/s | first token, ms | first call, s | where |",
            "|---|--:|---|--:|--:|--:|---|",
        ]
        for r in other:
            for kind in ("dynamic", "static"):
                t = r[kind]
                lines.append(
                    f"| {r['name']} | {r['max_length']} | {kind} | {t['rate']:.0f} |"
                    f" {t['first_token'] * 1e3:.1f} | {t['first']:.1f} | {r['device']}, torch {r['torch']},"
                    f" transformers {r['transformers']} |"
                )
        lines.append("")
    lines += throughput.tables(rows, limit_rate)
    notes = HERE / "generation_notes.md"
    if notes.exists():
        lines.append(notes.read_text().rstrip() + "\n")
    return "\n".join(lines)


def limit_rate(row: dict) -> float | None:
    """Tokens per second that reading the weights alone allows."""
    bandwidth = next((b for d, b in BANDWIDTH.items() if row["device"].startswith(d)), None)
    return bandwidth and bandwidth / read_bytes(row)


def line(r: dict) -> str:
    ours, bare = r["ours"], r["bare"]
    bandwidth = next((b for d, b in BANDWIDTH.items() if r["device"].startswith(d)), None)
    limit = f"{ours['rate'] * read_bytes(r) / bandwidth:.0%}" if bandwidth else ""

    def gib(count: int | None) -> str:
        return "" if count is None else f"{count / GIB:.2f}"

    cells = [
        r["name"],
        r["precision"],
        r["max_length"],
        f"{ours['rate']:.0f}",
        f"{bare['rate']:.0f}",
        f"{ours['rate'] / bare['rate']:.2f}",
        limit,
        f"{ours['first_token'] * 1e3:.1f}",
        f"{ours['first_token'] * ours['rate']:.1f}",
        f"{ours['after_other'] * 1e3:.1f}",
        f"{bare['first_token'] * 1e3:.0f}",
        f"{ours['first']:.1f}",
        f"{bare['first']:.1f}",
        gib(ours["peak"]),
        gib(r["cache"]),
        gib(bare["peak"]),
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("row")
    one.add_argument("name")
    one.add_argument("precision")
    one.add_argument("max_length", type=int)
    other = commands.add_parser("transformers")
    other.add_argument("name")
    other.add_argument("max_length", type=int)
    several = commands.add_parser("measure")
    several.add_argument("--rows", type=int, default=len(ROWS))
    several.add_argument("--skip", type=int, default=0)
    several.add_argument("--only", default="")
    several.add_argument("--processor", action="store_true")
    several.add_argument("--compare", action="store_true", help="transformers, in place of ours")
    several.add_argument("--jobs", type=int, default=1, help="rows compiled at a time")
    several.add_argument("--budget", type=float, default=1e9, help="seconds")
    several.add_argument("--out", type=Path, default=HERE / "generation.json")
    several.add_argument("--throughput", action="store_true", help="the rows of throughput.py")
    commands.add_parser("throughput").add_argument("arguments", nargs="+")
    commands.add_parser("report")
    told = parser.parse_args()
    if told.command == "row":
        print(json.dumps(run_row(told.name, told.precision, told.max_length)))
    elif told.command == "transformers":
        print(json.dumps(run_transformers(told.name, told.max_length)))
    elif told.command == "throughput":
        print(json.dumps(run_throughput(told.arguments)))
    elif told.command == "measure" and told.throughput:
        measure_throughput(told.out, told.budget)
    elif told.command == "measure":
        rows = PROCESSOR_ROWS if told.processor else ROWS[told.skip : told.rows]
        rows = [row for row in rows if told.only in " ".join(map(str, row))]
        measure(told.out, rows, told.budget, told.jobs, compare=told.compare)
    else:
        (HERE / "generation.md").write_text(report(HERE / "generation.json"))


if __name__ == "__main__":
    main()
