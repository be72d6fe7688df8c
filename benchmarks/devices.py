"""One device against several: bytes a device, loading, tokens a second, a batch spread over devices.

    python benchmarks/devices.py bytes                  a table of bytes a device (no accelerator)
    python benchmarks/devices.py measure [--out FILE]   on a machine with two GPUs, a process a row
    python benchmarks/devices.py measure --tiny         the same rows in small, on virtual devices
    python benchmarks/devices.py measure --counts 2     without the large models on one device
    python benchmarks/devices.py row KIND COUNT NAME PRECISION

Rows, each on one and on two devices: "ids" compares the ids of a small float32 model; "file" loads a
preset of random bfloat16 weights, which ``benchmarks/loading.py`` writes, and generates; "made"
generates with weights made on the devices, whose load is not measured; "batch" answers 64 and 256
prompts with the whole model on every device; "sum" times one sum over the devices, of which a decode step
has two a layer. A prompt has 64 tokens, a reply 256, greedy; a rate is the median of three replies
without their first token. Peaks are JAX's ``peak_bytes_in_use`` of each device.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tools")]

GIB = 2**30
PROMPT, NEW, REPEATS, LENGTH = 64, 256, 3, 2048
PROMPTS, BATCH_NEW = (64, 256), 128
#: (kind, shape, precision); each on one device and on two
ROWS = (
    ("made", "gemma4_31b", "bfloat16"),
    ("made", "gemma4_26b_a4b", "bfloat16"),
    ("ids", "small", "float32"),
    ("made", "gemma3_12b_text", "int4"),
    ("sum", "3840", "bfloat16"),
    ("batch", "gemma3_1b", "bfloat16"),
)
#: The preset that is written, loaded and run.
FILE = ("file", "12b", "bfloat16")
#: A row that takes longer is stopped.
ROW_SECONDS = 270
#: Of what ``bytes`` makes a table: shapes of each family (``tools/catalog_configs.py``), text only.
TABLE = (
    ("gemma_2b", "bfloat16"),
    ("gemma2_9b", "bfloat16"),
    ("gemma2_27b", "bfloat16"),
    ("gemma3_1b", "bfloat16"),
    ("gemma3_4b_text", "bfloat16"),
    ("gemma3_12b_text", "bfloat16"),
    ("gemma3_12b_text", "int8"),
    ("gemma3_12b_text", "int4"),
    ("gemma3_27b_text", "bfloat16"),
    ("gemma3_27b_text", "int8"),
    ("gemma3_27b_text", "int4"),
    ("gemma3n_e2b", "bfloat16"),
    ("gemma4_2b", "bfloat16"),
    ("gemma4_31b", "bfloat16"),
    ("gemma4_31b", "int4"),
    ("gemma4_26b_a4b", "bfloat16"),
    ("t5gemma_2b_2b", "bfloat16"),
)
#: Names of variants where they differ from the shape's.
VARIANTS = {"gemma_2b": "gemma_2b_en", "gemma2_9b": "gemma2_9b_en", "gemma2_27b": "gemma2_27b_en"}
COUNTS = (1, 2, 4, 8)


def devices_of(count: int, parallel: str = "model"):
    """The layout over the first devices; None for one."""
    import jax

    from gemma_nb.loading.sharding import DeviceLayout

    return DeviceLayout(tuple(jax.devices()[:count]), parallel) if count > 1 else None


def made_model(name: str, precision: str, layout, *, tiny: bool):
    """A KerasHub task of a real shape, every weight the same number, made on its devices."""
    import jax
    import jax.numpy as jnp
    import keras_hub
    import memory

    from gemma_nb.loading import relayout

    backbone = memory.unfilled(name, precision, tiny=tiny)
    task = type(backbone).__name__.replace("Backbone", "CausalLM")
    lm = getattr(keras_hub.models, task)(backbone=backbone, preprocessor=None)
    if layout:
        layout.apply(lm)
    layers = list(backbone._flatten_layers())  # noqa: SLF001
    for layer in layers:
        for v in layer._trainable_variables + layer._non_trainable_variables:  # noqa: SLF001
            number = 0.01 if jnp.issubdtype(v.dtype, jnp.floating) else 17
            full = jax.jit(
                lambda s=tuple(v.shape), n=number, d=v.dtype: jnp.full(s, n, d),
                out_shardings=v._layout,  # noqa: SLF001
            )
            v._value = full()  # noqa: SLF001
        if relayout.relayout_pays():
            relayout.relayout_layers([layer])
    return lm


def peaks() -> list[int | None]:
    """The peak of each device, None where JAX keeps none."""
    import jax

    stats = [device.memory_stats() for device in jax.local_devices()]
    return [None if one is None else int(one["peak_bytes_in_use"]) for one in stats]


def speed(decoder, *, tiny: bool) -> dict:
    """The seconds to the first token, and tokens a second after it: medians."""
    from gemma_nb.generation.sampling import Sampling

    new = 16 if tiny else NEW
    firsts, rates = [], []
    for repeat in range(REPEATS + 2):
        if repeat == 1:
            turn()
        ids = [5 + repeat, *[7] * (PROMPT - 1)]
        started = time.perf_counter()
        reply = decoder.tokens(ids, Sampling(), 0, new)
        next(reply)
        first = time.perf_counter()
        count = sum(1 for _ in reply)
        if repeat > 1:  # the first one compiles, the second is the first that runs alone
            firsts.append(first - started)
            rates.append(count / (time.perf_counter() - first))
    return {"first": statistics.median(firsts), "rate": statistics.median(rates)}


def row_made(name: str, precision: str, count: int, *, tiny: bool) -> dict:
    from gemma_nb.generation.engine import create_engine
    from gemma_nb.loading.sharding import device_bytes

    layout = devices_of(count)
    lm = made_model(name, precision, layout, tiny=tiny)
    weights = max(device_bytes(lm.backbone.variables).values())
    decoder = create_engine(lm, LENGTH, devices=layout)
    row = {"weights": weights, **speed(decoder, tiny=tiny)}
    return {**row, "compile": decoder.compile_seconds, "peaks": peaks()}


def row_file(folder: str, precision: str, count: int, *, tiny: bool) -> dict:
    from loading import HostPeak

    import gemma_nb as gnb
    from gemma_nb import backend
    from gemma_nb.loading.sharding import device_bytes

    backend.import_keras_hub()
    import jax

    jax.block_until_ready(jax.device_put(0.0))
    started = time.perf_counter()
    with HostPeak() as host:
        model = gnb.load(folder, precision, LENGTH, devices=count, progress=False, force=tiny)
    seconds = time.perf_counter() - started
    row = {
        "load_seconds": seconds,
        "load_peaks": peaks(),
        "host_peak": host.peak - host.before,
        "weights": max(device_bytes(model.lm.backbone.variables).values()),
        **speed(model._decoder, tiny=tiny),  # noqa: SLF001
    }
    return {**row, "peaks": peaks()}


def row_batch(name: str, precision: str, count: int, *, tiny: bool) -> dict:
    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.sampling import Sampling

    layout = devices_of(count, "data")
    lm = made_model(name, precision, layout, tiny=tiny)
    decoder = create_engine(lm, LENGTH, devices=layout)
    new, rates = 8 if tiny else BATCH_NEW, {}
    batches = {
        count: [[5 + i, *[7] * (PROMPT - 1)] for i in range(count)]
        for count in ((8, 16) if tiny else PROMPTS)
    }

    def seconds(prompts: list[list[int]]) -> float:
        started = time.perf_counter()
        rows = list(decoder.batch_tokens(prompts, Sampling(), [0] * len(prompts), new))
        assert (len(rows), len(rows[0])) == (new, len(prompts))
        return time.perf_counter() - started

    for prompts in batches.values():
        seconds(prompts)
    turn()
    for size, prompts in batches.items():
        seconds(prompts)
        rates[size] = size * new / statistics.median(seconds(prompts) for _ in range(REPEATS))
    return {"rates": rates, "peaks": peaks()}


def row_sum(width: str, precision: str, count: int, **_: bool) -> dict:
    """Microseconds of one sum over the devices of a hidden state, in a chain of 96."""
    import jax
    import jax.numpy as jnp
    from jax.sharding import PartitionSpec

    layout = devices_of(count)
    if layout is None:
        return {"microseconds": 0.0}

    def chain(x):
        return jax.lax.scan(lambda x, _: (jax.lax.psum(x, "model") * 0.5, None), x, length=96)[0]

    run = jax.jit(
        jax.shard_map(
            chain, mesh=layout.mesh, in_specs=PartitionSpec(), out_specs=PartitionSpec(),
            check_vma=False,
        )
    )  # fmt: skip
    x = jax.device_put(jnp.ones((1, 1, int(width)), precision), layout.sharding())
    run(x).block_until_ready()
    turn()
    times = []
    for _ in range(20):
        started = time.perf_counter()
        run(x).block_until_ready()
        times.append(time.perf_counter() - started)
    return {"microseconds": min(times) / 96 * 1e6}


def row_ids(_: str, precision: str, count: int, **__: bool) -> dict:
    """The greedy ids of a small seeded model, past its windows."""
    import jax

    jax.config.update("jax_default_matmul_precision", "highest")
    import keras_hub
    import numpy as np

    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.sampling import Sampling
    from gemma_nb.loading.relayout import relayout_layers, relayout_pays

    backbone = keras_hub.models.Gemma3Backbone(
        vocabulary_size=4096, image_size=None, num_layers=6, num_query_heads=8,
        num_key_value_heads=4, hidden_dim=256, intermediate_dim=1024, head_dim=64,
        use_query_key_norm=True, use_post_ffw_norm=True, use_post_attention_norm=True,
        use_sliding_window_attention=True, sliding_window_size=32, vision_encoder=None,
        dtype=precision,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for v in backbone.weights:
        scale = 0.3 if len(v.shape) < 2 else 0.02 if v.shape[0] == 4096 else 0.2
        v.assign(rng.normal(0, scale, v.shape).astype(precision))
    lm = keras_hub.models.Gemma3CausalLM(backbone=backbone, preprocessor=None)
    layout = devices_of(count)
    if layout:
        layout.apply(lm)
    if relayout_pays():
        relayout_layers(list(backbone._flatten_layers()))  # noqa: SLF001
    decoder = create_engine(lm, 256, devices=layout)
    ids = list(decoder.tokens(list(range(3, 90)), Sampling(), 0, 64))
    batch = [list(range(3, 30)), list(range(40, 45))]
    rows = list(decoder.batch_tokens(batch, Sampling(), [0, 1], 16))
    return {"ids": [ids, rows]}


def run_row(kind: str, count: int, name: str, precision: str, *, tiny: bool) -> dict:
    os.environ.setdefault("GEMMA_NB_COMPILE_CACHE", "off")
    from gemma_nb import backend

    backend.prepare()
    import jax

    started = time.perf_counter()
    rows = {"ids": row_ids, "sum": row_sum, "file": row_file, "made": row_made, "batch": row_batch}
    row = rows[kind](name, precision, count, tiny=tiny)
    row["all_seconds"] = time.perf_counter() - started
    kinds = sorted({device.device_kind for device in jax.devices()})
    names = {"kind": kind, "count": count, "name": name, "precision": precision}
    return {**names, **row, "device": ", ".join(kinds), "jax": jax.__version__}


class Row:
    """A row that runs in a process of its own.

    Args:
        kind: one of the kinds of rows.
        count: the number of devices.
        name: a shape, or the folder of a preset.
        precision: the precision.
        tiny: whether it is a check of this script.
        gpu: the GPU of a row on one device.
        flags: more flags of XLA.
    """

    def __init__(
        self, kind: str, count: int, name: str, precision: str, *,
        tiny: bool = False, gpu: int = 0, flags: str = "",
    ) -> None:  # fmt: skip
        self.names = {"kind": kind, "count": count, "name": name, "flags": flags}
        self._lines: list[str] = []
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - as long as the row
        environment = {**os.environ, "GEMMA_NB_TURNS": "1"}
        if count == 1 and not tiny:
            environment["CUDA_VISIBLE_DEVICES"] = str(gpu)
        if flags:
            environment["XLA_FLAGS"] = f"{environment.get('XLA_FLAGS', '')} {flags}"
        command = [sys.executable, __file__, "row", kind, str(count), name, precision]
        self._process = subprocess.Popen(
            command + ["--tiny"] * tiny, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, text=True, env=environment,
        )  # fmt: skip
        self._watch = threading.Timer(ROW_SECONDS, self._process.kill)
        self._watch.start()

    def ready(self) -> None:
        """Waits until everything is compiled."""
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.append(line)
            if line.strip() == "READY":
                return

    def result(self) -> dict:
        """Lets the row measure, and returns its figures."""
        try:
            output, _ = self._process.communicate("\n")
        except (BrokenPipeError, ValueError):
            output = ""
        self._process.wait()
        self._watch.cancel()
        if self._process.returncode:
            self._errors.seek(0)
            return {**self.names, "why": self._errors.read()[-1500:] or "too slow"}
        return {**json.loads([*self._lines, *output.splitlines()][-1]), **self.names}


def turn() -> None:
    """Waits until this process alone measures, where several are compiled side by side."""
    if os.environ.get("GEMMA_NB_TURNS"):
        print("READY", flush=True)
        sys.stdin.readline()


def measure(out: Path, *, tiny: bool, only: list[str], counts: list[int], tried: list[str]) -> None:
    """Measures the rows in waves: those of a wave are compiled side by side, and timed in turn.

    A preset is loaded and timed with nothing beside it.
    """
    rows: list[dict] = []

    def wanted(kind: str, name: str) -> bool:
        return not only or kind in only or name in only

    def wave(specs: list[tuple]) -> None:
        running = [
            Row(kind, count, name, precision, tiny=tiny, gpu=i % 2, flags=flags)
            for i, (kind, name, precision, count, flags) in enumerate(specs)
        ]
        for row in running:
            row.ready()
        for row in running:
            keep(row.result())

    def keep(row: dict) -> None:
        rows.append(row)
        print(json.dumps({k: v for k, v in row.items() if k != "ids"})[:1200], flush=True)
        out.write_text(json.dumps(rows, indent=1) + "\n")

    with tempfile.TemporaryDirectory() as folder:
        preset = FILE[1]
        writing = None
        if wanted("file", preset):
            command = [sys.executable, __file__, "preset", "tiny" if tiny else preset, folder]
            environment = {**os.environ, "JAX_PLATFORMS": "cpu", "KERAS_BACKEND": "jax"}
            writing = subprocess.Popen(command, env=environment)
        chosen = [row for row in ROWS if wanted(*row[:2])]
        # both sides of a small row in one wave
        small = [row for row in chosen if row[0] != "made"]
        specs = [(*row, count, "") for row in small for count in (1, 2)]
        for count in (2, 1):
            if count in counts:
                specs += [(*row, count, "") for row in chosen if row[0] == "made"]
            if specs:
                wave(specs)
            specs = []
            if writing:
                assert writing.wait() == 0
                row = Row("file", count, folder, FILE[2], tiny=tiny)
                row.ready()
                keep({**row.result(), "name": preset})
    if tried:
        wave([("made", "gemma3_12b_text", "bfloat16", 2, flags) for flags in tried])
        wave([("sum", "3840", "bfloat16", 2, flags) for flags in tried])
    ids = [row.get("ids") for row in rows if row["kind"] == "ids"]
    if ids:
        print("ids equal:", ids[0] is not None and ids[0] == ids[-1], flush=True)


def table() -> Iterator[str]:
    """Bytes a device by family and count, counted from the shardings; no array is made."""
    import memory
    from catalog_configs import CONFIGS

    from gemma_nb.errors import InvalidInput
    from gemma_nb.fit.device_split import device_weight_bytes
    from gemma_nb.fit.precision import precision

    for encoder in ("vision_encoder_config", "audio_encoder_config"):
        CONFIGS["gemma3n_e2b"].pop(encoder, None)
    yield "| variant | precision | " + " | ".join(map(str, COUNTS)) + " | estimate for 8 |"
    yield "|---|---|" + "--:|" * (len(COUNTS) + 1)
    for name, how in TABLE:
        counted = counted_bytes(name, how)
        cells = [f"{one / GIB:.2f}" for one in counted]
        try:
            variant = memory.text_variant(VARIANTS.get(name, name))
            estimate = device_weight_bytes(variant, precision(how), COUNTS[-1]).text
            cells.append(f"{estimate / GIB:.2f}")
        except InvalidInput:  # a shape of several variants
            cells.append("")
        yield f"| {name} | {how} | {' | '.join(cells)} |"


def counted_bytes(name: str, precision: str) -> list[int]:
    """The bytes of a model's variables on one of 1, 2, 4 and 8 devices."""
    import jax.numpy as jnp
    import memory

    backbone = memory.unfilled(name, precision)
    lm = SimpleNamespace(backbone=backbone, variables=backbone.variables)
    counted = []
    for count in COUNTS:
        layout = devices_of(count)
        if layout:
            layout.apply(lm)
        total = 0
        for v in backbone.variables:
            shape = tuple(v.shape)
            shape = v._layout.shard_shape(shape) if layout else shape  # noqa: SLF001
            total += math.prod(shape) * jnp.dtype(v.dtype).itemsize
        counted.append(total)
    return counted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=("measure", "row", "preset", "bytes"))
    parser.add_argument("arguments", nargs="*")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--counts", nargs="*", type=int, default=[2, 1])
    parser.add_argument("--flags", nargs="*", default=[], help="flags of XLA to try, one row each")
    parser.add_argument("--out", type=Path, default=HERE / "devices.json")
    args = parser.parse_args()
    if args.tiny or args.command == "bytes":
        flag = "--xla_force_host_platform_device_count=8"
        os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flag}"
    if args.command == "bytes":
        from gemma_nb import backend

        backend.prepare()
        for line in table():
            print(line, flush=True)
    elif args.command == "preset":
        import loading

        loading.make(args.arguments[0], Path(args.arguments[1]))
    elif args.command == "row":
        kind, count, name, precision = args.arguments
        print(json.dumps(run_row(kind, int(count), name, precision, tiny=args.tiny)))
    else:
        measure(args.out, tiny=args.tiny, only=args.only, counts=args.counts, tried=args.flags)


if __name__ == "__main__":
    main()
