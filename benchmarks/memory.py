"""Measures peak device memory and judges ``gemma_nb.estimate_memory`` by it.

    python benchmarks/memory.py measure [--jobs N]   a process a row; resumes memory.json
    python benchmarks/memory.py fit         constants from the calibration rows alone
    python benchmarks/memory.py report      memory.md from memory.json
    python benchmarks/memory.py row NAME PRECISION MAX_LENGTH BATCH [--tiny]

Real shapes, built without weights and filled with a constant (memory does not hang on values). A
prompt that fills max_length but for 16 tokens, then 16 tokens, through this package's own
generation. The peak is ``memory_stats()["peak_bytes_in_use"]``, which JAX keeps on accelerators
only: on a processor the row says so and judges nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tools")]

NEW_TOKENS = 16
GIB = 2**30

#: (shape, precision, max_length, batch). The constant is taken from the first ...
CALIBRATION = [
    ("gemma3_270m", "bfloat16", 512, 1),
    ("gemma3_1b", "bfloat16", 512, 1),
    ("gemma3_1b", "bfloat16", 4096, 4),
    ("gemma3_1b", "int4", 4096, 1),
    ("gemma3_4b_text", "bfloat16", 4096, 1),
    ("gemma3_4b_text", "int8", 4096, 1),
    ("gemma3_12b_text", "int4", 4096, 1),
]
#: ... and judged on these.
JUDGED = [
    ("gemma3_270m", "bfloat16", 8192, 1),
    ("gemma3_270m", "float32", 4096, 1),
    ("gemma3_1b", "float32", 512, 1),
    ("gemma3_1b", "bfloat16", 8192, 1),
    ("gemma3_1b", "int8", 4096, 1),
    ("gemma3_1b", "int8", 8192, 1),
    ("gemma3_4b_text", "float32", 4096, 1),
    ("gemma3_4b_text", "bfloat16", 512, 1),
    ("gemma3_4b_text", "bfloat16", 8192, 1),
    ("gemma3_4b_text", "int4", 512, 1),
    ("gemma3_4b_text", "bfloat16", 4096, 4),
    ("gemma3_12b_text", "bfloat16", 512, 1),
    ("gemma3_12b_text", "bfloat16", 8192, 1),
    ("gemma2_2b_en", "bfloat16", 512, 1),
    ("gemma2_2b_en", "bfloat16", 8192, 1),
    ("gemma2_2b_en", "int8", 4096, 1),
    ("gemma4_2b", "bfloat16", 512, 1),
    ("gemma4_2b", "bfloat16", 4096, 1),
    ("gemma4_2b", "bfloat16", 8192, 1),
    ("gemma4_2b", "int8", 4096, 1),
]
#: The bounds of the judged rows.
MEDIAN, WORST, TOO_LOW = 0.03, 0.08, -0.03

#: Names of the shapes in tools/catalog_configs.py where they differ.
_CONFIG = {"gemma2_2b_en": "gemma2_2b"}


# --- one row, in a process of its own


def run_row(name: str, precision: str, max_length: int, batch: int, *, tiny: bool = False) -> dict:
    from gemma_nb import backend

    backend.prepare()
    import jax

    device = jax.devices()[0]
    row = {
        "name": name,
        "precision": precision,
        "max_length": max_length,
        "batch": batch,
        "device": device.device_kind,
        "jax": jax.__version__,
    }
    if tiny:
        row["why"] = "tiny: a check of this script"
    lm = constant_model(name, precision, tiny=tiny)
    backbone = lm.backbone
    row["weights"] = sum(v.value.nbytes for v in backbone.variables)
    row["parameters"] = int(plain_parameters(name, tiny=tiny))
    started = time.perf_counter()
    generate(lm, max_length, batch)
    row["seconds"] = round(time.perf_counter() - started, 1)
    stats = device.memory_stats()
    if stats is None:
        return {**row, "peak": None, "why": f"memory_stats() is None on {device.platform}"}
    return {**row, "peak": None if tiny else int(stats["peak_bytes_in_use"])}


def generate(lm, max_length: int, batch: int) -> None:
    """Fills the cache through this package's own generation, one conversation in two turns."""
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.sampling import Sampling

    decoder = Decoder(lm, max_length)
    prompt = [7] * (max_length - NEW_TOKENS)
    greedy = Sampling(temperature=0.0, top_k=0, top_p=1.0)
    if batch > 1:
        made = list(decoder.batch_tokens([prompt] * batch, greedy, [0] * batch, NEW_TOKENS))
    else:
        half = prompt[: max_length // 2]
        list(decoder.tokens(half, greedy, 0, NEW_TOKENS, reuse=True))
        made = list(decoder.tokens(prompt, greedy, 0, NEW_TOKENS, reuse=True))
    assert len(made) == NEW_TOKENS


def constant_model(name: str, precision: str, *, tiny: bool = False):
    """The KerasHub task of a shape, text only, every weight the same number."""
    import keras_hub

    from gemma_nb.loading import relayout

    backbone = unfilled(name, precision, tiny=tiny)
    layers = list(backbone._flatten_layers())  # noqa: SLF001
    if relayout.reserves_regions():
        relayout.reserve_region(layers)
    for layer in layers:  # one by one, as loading fills them
        for variable in layer._trainable_variables + layer._non_trainable_variables:  # noqa: SLF001
            variable._value = _full(tuple(variable.shape), variable.dtype)()  # noqa: SLF001
        if relayout.relayout_pays():
            relayout.relayout_layers([layer])
    task = type(backbone).__name__.replace("Backbone", "CausalLM")
    return getattr(keras_hub.models, task)(backbone=backbone, preprocessor=None)


def unfilled(name: str, precision: str, *, tiny: bool = False):
    """The backbone of a shape as loading builds it, quantised or not, before it is filled."""
    from gemma_nb.fit.precision import precision as find
    from gemma_nb.loading import quantize

    how = find(precision)
    backbone = skeleton(name, how.dtype, tiny=tiny)
    if how.quantize:
        policies = quantize.quantized_policies(backbone, how.quantize, how.dtype)
        backbone = skeleton(name, policies, tiny=tiny)
        quantize.finish_quantized_layers(backbone)
    return backbone


@cache
def _full(shape: tuple[int, ...], dtype: str):
    """Makes an array in one program: a conversion would leave a peak of its own."""
    import jax
    import jax.numpy as jnp

    # 17 is 1 in either half of a byte
    number = 0.01 if jnp.issubdtype(dtype, jnp.floating) else 17
    return jax.jit(partial(jnp.full, shape, number, dtype))


def skeleton(name: str, dtype, *, tiny: bool = False):
    """The backbone of a shape with no memory behind its variables."""
    import keras
    import keras_hub
    from catalog_configs import CONFIGS
    from keras.src.backend.common import global_state

    config = dict(CONFIGS[_CONFIG.get(name, name)])
    kind = config.pop("backbone")
    if config.get("vision_encoder") or config.get("audio_encoder"):
        config.update(vision_encoder=None, audio_encoder=None)
    if tiny:
        config = {**config, "vocabulary_size": 512, "hidden_dim": 128, "intermediate_dim": 256}
    waiting = global_state.get_global_attribute("uninitialized_variables", [], True)
    before = list(waiting)
    with keras.StatelessScope(initialize_variables=False):
        backbone = getattr(keras_hub.models, kind)(**config, dtype=dtype)
    global_state.set_global_attribute("uninitialized_variables", before)
    return backbone


def plain_parameters(name: str, *, tiny: bool = False) -> int:
    return skeleton(name, "bfloat16", tiny=tiny).count_params()


# --- prediction


def text_variant(name: str):
    from gemma_nb import variant

    v = variant(name)
    return dataclasses.replace(
        v,
        parameters=v.text_parameters,
        vision_parameters=0,
        audio_parameters=0,
        int8_bytes=v.int8_bytes and (v.int8_bytes[0], 0),
        int4_bytes=v.int4_bytes and (v.int4_bytes[0], 0),
    )


def predicted(row: dict) -> int:
    from gemma_nb import estimate_memory

    variant = text_variant(row["name"])
    if layers := row.get("quantization"):  # measured before int4 had its present layers
        variant = dataclasses.replace(variant, quantization=tuple(layers))
    return estimate_memory(variant, row["precision"], row["max_length"], row["batch"]).total


def plain_guess(row: dict) -> int:
    """Parameters times bytes, which is what most people compute."""
    size = {"float32": 4, "bfloat16": 2, "int8": 1, "int4": 0.5}[row["precision"]]
    return round(row["parameters"] * size)


def accelerate_guess(row: dict) -> int | None:
    """What ``accelerate estimate-memory`` says of the publisher's model, where it answers."""
    from gemma_nb import variant

    model = variant(row["name"]).hf_id
    dtype = {"bfloat16": "float16"}.get(row["precision"], row["precision"])
    command = ["accelerate", "estimate-memory", model, "--library_name", "transformers"]
    try:
        output = subprocess.run(
            [*command, "--dtypes", dtype], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    for line in output.splitlines():
        cells = [c.strip() for c in line.split("│")]
        if dtype in cells:
            number, unit = cells[cells.index(dtype) + 2].split()
            return round(float(number) * {"MB": 2**20, "GB": 2**30}[unit])
    return None


# --- the commands


def key(row) -> tuple:
    return (row["name"], row["precision"], row["max_length"], row["batch"])


def read(path: Path) -> list[dict]:
    return json.loads(path.read_text()) if path.exists() else []


def measure(path: Path, budget: float, jobs: int, *, tiny: bool = False) -> None:
    """Measures the rows that are not in ``path`` yet, ``jobs`` processes at a time.

    A peak is what one process's own allocator counted, so that rows beside each other on one
    device do not touch each other's figure.
    """
    rows = [r for r in read(path) if r.get("peak")]
    done = {key(r) for r in rows}
    waiting = [w for w in [*CALIBRATION, *JUDGED] if w not in done]
    started = time.perf_counter()

    def one(wanted: tuple) -> dict | None:
        return None if time.perf_counter() - started > budget else in_a_process(wanted, tiny=tiny)

    with ThreadPoolExecutor(jobs) as pool:
        for row in pool.map(one, waiting):
            if row is None:
                print("budget spent; run again to go on")
                continue
            rows.append(row)
            print(json.dumps(row), flush=True)
            path.write_text(json.dumps(rows, indent=1) + "\n")


def in_a_process(wanted: tuple, *, tiny: bool) -> dict:
    arguments = [str(w) for w in wanted] + (["--tiny"] if tiny else [])
    command = [sys.executable, __file__, "row", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        tail = (answer.stderr.strip().splitlines() or ["?"])[-1][:300]
        names = ("name", "precision", "max_length", "batch")
        return {**dict(zip(names, wanted, strict=True)), "peak": None, "why": tail}
    row = json.loads(answer.stdout.splitlines()[-1])
    row["accelerate"] = accelerate_guess(row) if row.get("peak") else None
    return row


def split(rows: list[dict]) -> tuple[list[dict], list[dict]]:
    """The measured rows: those that the constant comes from, and those that judge."""
    measured = [r for r in rows if r.get("peak")]
    return (
        [r for r in measured if key(r) in CALIBRATION],
        [r for r in measured if key(r) in JUDGED],
    )


def fit(path: Path) -> None:
    """Prints the constant that fits the calibration rows best."""
    from gemma_nb.fit import memory

    rows, _ = split(read(path))
    if not rows:
        print("no calibration row was measured")
        return
    now = memory.WORKSPACE_CONSTANTS.fixed
    wanted = [row["peak"] - predicted(row) + now for row in rows]
    for row, one in zip(rows, wanted, strict=True):
        print(f"  {key(row)}: {one / GIB:.3f} GiB")
    print(f"fixed = {statistics.median(wanted) / GIB:.3f} GiB, their median (now {now / GIB:.3f})")


def report(path: Path) -> str:
    rows = read(path)
    calibration, judged = split(rows)
    lines = [
        "# Memory: predicted and measured",
        "",
        "`python benchmarks/memory.py measure`, then `report`. Text-only real shapes, every weight a",
        f"constant, a prompt that fills max_length but for {NEW_TOKENS} tokens, through this package's",
        "own generation, one process a row; measured is JAX's `peak_bytes_in_use`. The formula's form was",
        "chosen with all rows in view; its one fitted constant is the median of the calibration rows.",
    ]
    devices = sorted({f"{r['device']}, jax {r['jax']}" for r in calibration + judged})
    lines += [f"Measured on: {'; '.join(devices) or 'nothing yet'}.", ""]
    for title, some in (
        (f"Calibration ({len(calibration)} rows; the constant comes from these)", calibration),
        (f"Judged ({len(judged)} rows)", judged),
    ):
        lines += [f"## {title}", "", *table(some), ""]
    generated = [
        {**row, "batch": row.get("rows", 1), "parameters": text_variant(row["name"]).parameters}
        for row in read(HERE / "generation.json")
        if row["kind"] in ("batch", "rate")
    ]
    lines += [
        "## Rows of generation.md (not judged)",
        "",
        "Their prompts have 64 tokens; the prediction is for prompts that fill max_length.",
        "",
        *table(generated),
        "",
    ]
    waiting = [r for r in rows if not r.get("peak")]
    known = {key(r) for r in rows}
    missing = []
    for wanted in [*CALIBRATION, *JUDGED]:
        why = next((r["why"] for r in waiting if key(r) == wanted), None)
        if why or wanted not in known:
            later = "not run: the time on the device was spent"
            missing.append(f"- {' '.join(map(str, wanted))}: {why or later}")
    if missing:
        lines += ["## Not measured", "", *missing, ""]
    lines += ["## Judgement", "", *judgement(judged), ""]
    text = "\n".join(lines)
    path.with_suffix(".md").write_text(text)
    return text


def table(rows: list[dict]) -> list[str]:
    head = "| shape | precision | max_length | batch | measured GiB | predicted | error |"
    head += " parameters × bytes | accelerate |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        peak, guess = row["peak"], predicted(row)
        told = row.get("accelerate")
        cells = [*key(row), f"{peak / GIB:.2f}", f"{guess / GIB:.2f}", f"{guess / peak - 1:+.1%}"]
        cells.append(f"{plain_guess(row) / peak - 1:+.1%}")
        cells.append(f"{told / peak - 1:+.1%}" if told else "no answer")
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def judgement(rows: list[dict]) -> list[str]:
    if len(rows) < 10:
        return [f"{len(rows)} judged rows are measured; ten are wanted before anything is said."]
    errors = [predicted(r) / r["peak"] - 1 for r in rows]
    plain = [abs(plain_guess(r) / r["peak"] - 1) for r in rows]
    median = statistics.median(map(abs, errors))
    worst, low = max(map(abs, errors)), min(errors)
    return [
        f"- median error {median:.1%} (bound {MEDIAN:.0%}): {_told(median <= MEDIAN)}",
        f"- worst error {worst:.1%} (bound {WORST:.0%}): {_told(worst <= WORST)}",
        f"- lowest {low:+.1%} (bound {TOO_LOW:.0%}): {_told(low >= TOO_LOW)}",
        f"- parameters × bytes on the same rows: median {statistics.median(plain):.1%}, worst "
        f"{max(plain):.1%}",
    ]


def _told(holds: bool) -> str:
    return "holds" if holds else "does not hold"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("measure", "fit", "report"):
        one = commands.add_parser(name)
        one.add_argument("--out", type=Path, default=HERE / "memory.json")
        if name == "measure":
            one.add_argument("--budget", type=float, default=1e9, help="seconds")
            one.add_argument("--jobs", type=int, default=1, help="rows at a time")
            one.add_argument("--tiny", action="store_true")
    row = commands.add_parser("row")
    row.add_argument("name")
    row.add_argument("precision")
    row.add_argument("max_length", type=int)
    row.add_argument("batch", type=int)
    row.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    if args.command == "row":
        found = run_row(args.name, args.precision, args.max_length, args.batch, tiny=args.tiny)
        print(json.dumps(found))
    elif args.command == "measure":
        measure(args.out, args.budget, args.jobs, tiny=args.tiny)
    elif args.command == "fit":
        fit(args.out)
    else:
        print(report(args.out))


if __name__ == "__main__":
    main()
