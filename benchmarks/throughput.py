"""The rows of ``generation.py`` beyond one conversation in bfloat16.

Several conversations side by side against KerasHub's own ``generate``; a list of prompts of mixed
lengths against one after the other; quantised models and a mixture of experts against bfloat16;
sampling alone. Each row is a process of its own, started by ``generation.py measure --throughput``.
"""

from __future__ import annotations

import platform
import statistics
import time

import numpy as np

PROMPT, NEW, REPEATS = 64, 128, 3
GIB = 2**30

#: What ``generation.py measure --throughput`` runs, the kind first; a wave compiles at once.
WAVES = [
    [
        *(("batch", "gemma3_1b", "bfloat16", "512", str(rows)) for rows in (2, 8, 16, 64)),
        ("batch", "gemma3_4b_text", "int8", "512", "16"),
        ("list", "gemma3_1b", "bfloat16", "512"),
        ("rate", "gemma3_12b_text", "bfloat16", "2048"),
        ("rate", "gemma3_12b_text", "int8", "2048"),
        ("rate", "gemma3_12b_text", "int4", "2048"),
        ("rate", "gemma4_26b_a4b", "bfloat16", "2048"),
        ("sampling", "gemma3_1b", "bfloat16", "0"),
    ],
    [
        *(
            ("rate", name, precision, "2048")
            for name in ("gemma3_1b", "gemma4_2b")
            for precision in ("bfloat16", "int8", "int4")
        ),
        ("rate", "gemma4_31b", "int4", "2048"),
    ],
]


def start(name: str, precision: str, max_length: int) -> tuple[dict, object]:
    """The head of a row, and the model, in memory."""
    import jax
    import keras_hub
    import memory

    row = {
        "name": name,
        "precision": precision,
        "max_length": max_length,
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
        "keras_hub": keras_hub.__version__,
        "python": platform.python_version(),
    }
    lm = memory.constant_model(name, precision)
    row["weights"] = sum(v.value.nbytes for v in lm.backbone.variables)
    jax.block_until_ready([v.value for v in lm.backbone.variables])
    return row, lm


def peak() -> int | None:
    """The peak of device memory so far."""
    import jax

    stats = jax.devices()[0].memory_stats()
    return None if stats is None else int(stats["peak_bytes_in_use"])


def run_batch(name: str, precision: str, max_length: int, rows: int, turn) -> dict:
    """Tokens per second of ``rows`` conversations together, here and with KerasHub's generate."""
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.sampling import Sampling

    row, lm = start(name, precision, max_length)
    decoder = Decoder(lm, max_length)
    prompts, new = [[7] * PROMPT] * rows, min(NEW, max_length - PROMPT - 1)

    def ours() -> float:
        tokens = decoder.batch_tokens(prompts, Sampling(), [0] * rows, new + 1)
        next(tokens)
        started = time.perf_counter()
        assert len(list(tokens)) == new
        return rows * new / (time.perf_counter() - started)

    ours()
    row["peak"] = peak()
    lm.compile(sampler="greedy")
    function = lm.make_generate_function()

    def call(count: int) -> float:
        tokens = np.full((rows, max_length), 7, "int32")
        mask = np.zeros(tokens.shape, "bool")
        mask[:, : max_length - count] = True
        started = time.perf_counter()
        made = function({"token_ids": tokens, "padding_mask": mask}, stop_token_ids=None)
        np.asarray(made["token_ids"])
        return time.perf_counter() - started

    def bare() -> float:
        one, many = call(1), call(new + 1)
        return rows * new / (many - one)

    call(1)
    row["bare_peak"] = peak()
    turn()
    sides: dict = {"ours": [], "bare": []}
    for repeat in range(REPEATS):
        for side in sorted(sides, reverse=bool(repeat % 2)):
            sides[side].append({"ours": ours, "bare": bare}[side]())
    rates = {side: statistics.median(values) for side, values in sides.items()}
    return {**row, "rows": rows, **rates}


def run_list(name: str, precision: str, max_length: int, turn) -> dict:
    """Twenty prompts of mixed lengths, greedy: as ``generate`` of a list, and one by one."""
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.sampling import Sampling

    row, lm = start(name, precision, max_length)
    decoder = Decoder(lm, max_length)
    rng = np.random.default_rng(0)
    longest = max_length // 2 - 1
    lengths, counts = (rng.integers(low, longest, 20).tolist() for low in (8, 16))
    prompts = [[7] * length for length in lengths]

    def together(rows: int) -> float:
        started = time.perf_counter()
        steps = decoder.side_by_side(prompts, Sampling(), range(20), counts, rows, set())
        assert sum(map(len, steps)) == sum(counts)
        return time.perf_counter() - started

    def alone() -> float:
        started = time.perf_counter()
        for prompt, count in zip(prompts, counts, strict=True):
            assert len(list(decoder.tokens(prompt, Sampling(), 0, count))) == count
        return time.perf_counter() - started

    sides = {"alone": alone, "rows 8": lambda: together(8), "rows 32": lambda: together(32)}
    for side in sides.values():
        side()
    turn()
    times = {
        name: statistics.median(side() for _ in range(REPEATS)) for name, side in sides.items()
    }
    return {**row, "prompts": lengths, "counts": counts, "seconds": times}


def run_rate(name: str, precision: str, max_length: int, turn) -> dict:
    """Tokens per second of one conversation, its first token, the peak above the weights."""
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.sampling import Sampling

    row, lm = start(name, precision, max_length)
    decoder = Decoder(lm, max_length)

    def timed() -> tuple[float, float]:
        started = time.perf_counter()
        tokens = decoder.tokens([7] * PROMPT, Sampling(), 0, NEW + 1)
        next(tokens)
        first = time.perf_counter()
        assert len(list(tokens)) == NEW
        return first - started, NEW / (time.perf_counter() - first)

    timed()
    row["peak"] = peak()
    turn()
    pairs = [timed() for _ in range(2 * REPEATS + 1)]
    row["first_token"], row["rate"] = (
        statistics.median(values) for values in zip(*pairs, strict=True)
    )
    return row


def run_sampling(turn, vocabulary: int = 262_144, steps: int = 32) -> dict:
    """Microseconds that sampling one row takes within a compiled loop, logits in bfloat16."""
    import jax
    import jax.numpy as jnp

    from gemma_nb.generation import sampling

    logits = jnp.asarray(np.random.default_rng(0).normal(0, 2, (1, vocabulary)), jnp.bfloat16)

    def loop(sample, logits, *parameters):
        def step(token, at):  # each step depends on the last one's token
            changed = logits + (token % 2)[:, None].astype(logits.dtype)
            token = sample(changed, at[None], jnp.zeros(1, jnp.uint32), *parameters)
            return token, None

        return jax.lax.scan(step, jnp.zeros(1, jnp.int32), jnp.arange(steps))[0]

    def sorting(logits, *rest):
        return sampling.sample_tokens(logits.astype(jnp.float32), *rest)

    def likeliest(logits, *_):
        return jnp.argmax(logits, axis=-1).astype(jnp.int32)

    sides = {"search": sampling.sample_tokens, "sort": sorting, "argmax": likeliest}
    settings = {"top-k 64, top-p 0.95": (1.0, 64, 0.95), "top-p 0.95": (1.0, 0, 0.95)}
    compiled = {s: jax.jit(lambda *a, f=f: loop(f, *a)) for s, f in sides.items()}
    arguments = {
        name: (logits, np.float32(t), np.int32(k), np.float32(p))
        for name, (t, k, p) in settings.items()
    }
    for function in compiled.values():
        for given in arguments.values():
            function(*given).block_until_ready()
    turn()
    seconds: dict = {}
    for setting, given in arguments.items():
        for side, function in compiled.items():
            times = []
            for _ in range(7):
                started = time.perf_counter()
                for _ in range(5):
                    last = function(*given)
                last.block_until_ready()
                times.append((time.perf_counter() - started) / 5 / steps)
            seconds[f"{side}, {setting}"] = statistics.median(times)
    return {
        "name": "sampling",
        "precision": "bfloat16",
        "max_length": vocabulary,
        "device": jax.devices()[0].device_kind,
        "jax": jax.__version__,
        "seconds": seconds,
    }


def run(arguments: list[str], turn) -> dict:
    """Runs one row of ``WAVES``."""
    kind, name, precision, length, *rest = arguments
    if kind == "sampling":
        return run_sampling(turn)
    functions = {"batch": run_batch, "list": run_list, "rate": run_rate}
    return functions[kind](name, precision, int(length), *map(int, rest), turn)


# --- the tables


def tables(rows: list[dict], limit) -> list[str]:
    """The report's lines.

    Args:
        rows: what was measured.
        limit: gives a row's tokens per second that reading the weights alone allows.
    """
    lines: list[str] = []
    batches = sorted(
        (r for r in rows if r["kind"] == "batch"), key=lambda r: (r["name"], r["rows"])
    )
    if batches:
        lines += [
            "## Conversations side by side",
            "",
            f"Tokens per second together, prompts of {PROMPT}, {NEW} tokens each, greedy.",
            "",
            "| variant | precision | max_length | conversations | tokens/s | bare | ratio"
            " | above, GiB | bare, GiB |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        for r in batches:
            gib = [
                "" if r[key] is None else f"{(r[key] - r['weights']) / GIB:.2f}"
                for key in ("peak", "bare_peak")
            ]
            lines.append(
                f"| {r['name']} | {r['precision']} | {r['max_length']} | {r['rows']} |"
                f" {r['ours']:.0f} | {r['bare']:.0f} | {r['ours'] / r['bare']:.2f} |"
                f" {gib[0]} | {gib[1]} |"
            )
        lines.append("")
    for r in (r for r in rows if r["kind"] == "list"):
        seconds = r["seconds"]
        parts = [
            f"{time:.2f} s with {side[5:]} rows ({seconds['alone'] / time:.1f} ×)"
            for side, time in seconds.items()
            if side != "alone"
        ]
        lines += [
            f"Twenty prompts of {min(r['prompts'])} to {max(r['prompts'])} tokens, replies of"
            f" {min(r['counts'])} to {max(r['counts'])}, {r['name']} {r['precision']}:"
            f" {seconds['alone']:.2f} s one after the other, {', '.join(parts)}.",
            "",
        ]
    rates = [r for r in rows if r["kind"] == "rate"]
    if rates:
        lines += [
            "## Quantised models and experts, one conversation",
            "",
            f"max_length 2048, greedy, prompt of {PROMPT}, {NEW} tokens; *against* is the ratio to the same"
            " shape in bfloat16 in the same run; *steps* is the first token in decode steps.",
            "",
            "| variant | precision | weights, GiB | tokens/s | against | limit | first token, ms | steps"
            " | above, GiB |",
            "|---|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        plain = {r["name"]: r["rate"] for r in rates if r["precision"] == "bfloat16"}
        for r in rates:
            most = limit(r)
            against = plain.get(r["name"])
            ratio = f"{r['rate'] / against:.2f}" if against else ""
            share = f"{r['rate'] / most:.0%}" if most else ""
            above = "" if r["peak"] is None else f"{(r['peak'] - r['weights']) / GIB:.2f}"
            lines.append(
                f"| {r['name']} | {r['precision']} | {r['weights'] / GIB:.2f} | {r['rate']:.1f} |"
                f" {ratio} | {share} | {r['first_token'] * 1e3:.1f} |"
                f" {r['first_token'] * r['rate']:.1f} | {above} |"
            )
        lines.append("")
    for r in (r for r in rows if r["kind"] == "sampling"):
        parts = [f"{what}: {time * 1e6:.0f}" for what, time in r["seconds"].items()]
        lines += [
            f"Sampling one of {r['max_length']:,} logits in a compiled loop, microseconds:"
            f" {'; '.join(parts)}.",
            "",
        ]
    return lines
