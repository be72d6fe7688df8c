"""Measures loading: device peak, host peak and seconds, against the bounds and KerasHub's own way.

    python benchmarks/loading.py                  # a small shape and 270M: a CPU, three minutes
    python benchmarks/loading.py 1b 4b 12b        # real Gemma 3 shapes: a GPU; stops after --budget

Makes presets of random bfloat16 weights in real shapes (text only) in a temporary directory, then
loads each in bfloat16, int8 and int4, in a process of its own each, and KerasHub's from_preset and
quantize for one of them. Prints a table in Markdown, and writes it where ``--out`` says.

What is counted: "device" is the peak of the device's allocator less what it held before; "host" the
most anonymous memory (RssAnon) that the process had while loading, less what it had before, keras
and the device being up already; on a CPU the weights are in it. Bounds are the project's: device
final weights + 2 % + the largest tensor (int8 and int4: 1.15 × the final weights + the largest
16-bit tensor); host the largest shard or twice the largest tensor, on a CPU plus the final weights.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

#: Gemma 3's text decoders: layers, width, feed-forward width, query heads, key-value heads, head
#: size, window (the publisher's configs).
SHAPES = {
    "tiny": (4, 256, 512, 4, 1, 64, 512),
    "270m": (18, 640, 2048, 4, 1, 256, 512),
    "1b": (26, 1152, 6912, 4, 1, 256, 512),
    "4b": (34, 2560, 10240, 8, 4, 256, 1024),
    "12b": (48, 3840, 15360, 16, 8, 256, 1024),
}
PRECISIONS = ("bfloat16", "int8", "int4")
MODE = {"bfloat16": None, "int8": "int8", "int4": "int4"}


def make(name, folder):
    """Writes a preset of random bfloat16 weights, tensor by tensor, without building the model."""
    import h5py
    import keras
    import ml_dtypes
    import numpy as np

    backbone = _skeleton(name)
    rng = np.random.default_rng(0)
    # one pool of normal numbers, of which every tensor takes a stretch: drawing is slow
    pool = rng.normal(0, 0.02, 2**24 + 1).astype(ml_dtypes.bfloat16)
    store = _store(folder / "model.weights.h5")

    class Random:
        def __init__(self, shape):
            self.shape = shape

        def __array__(self, *_, **__):
            count = int(np.prod(self.shape))
            tiles = np.resize(pool, count)
            return tiles.reshape(self.shape)

    for layer in backbone._flatten_layers():  # noqa: SLF001
        _own(layer, Random)
    from keras.src.saving.saving_lib import _save_state

    _save_state(backbone, store, None, "", set())
    store.close()
    config = keras.saving.serialize_keras_object(backbone)
    for key in ("build_config", "compile_config"):
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "metadata.json").write_text(json.dumps({"parameter_count": backbone.count_params()}))
    from gemma_nb.catalog.registry import demo_directory

    demo = demo_directory("demo_gemma3_instruct_1m")
    shutil.copy(demo / "tokenizer.json", folder)
    shutil.copytree(demo / "assets", folder / "assets")
    assert h5py.is_hdf5(folder / "model.weights.h5")


def _own(layer, random):
    def save_own_variables(store):
        # its own, not those of the layers in it
        own = layer._trainable_variables + layer._non_trainable_variables  # noqa: SLF001
        for i, v in enumerate(own):
            import numpy as np

            store[str(i)] = np.asarray(random(tuple(v.shape)))

    layer.save_own_variables = save_own_variables


def _store(path):
    from keras.src.saving.saving_lib import H5IOStore

    return H5IOStore(path, mode="w")


def _skeleton(name):
    import keras

    from gemma_nb import backend

    keras_hub = backend.import_keras_hub()
    layers, width, inner, heads, kv, size, window = SHAPES[name]
    with keras.StatelessScope(initialize_variables=False):
        backbone = keras_hub.models.Gemma3Backbone(
            vocabulary_size=262144 if name != "tiny" else 8192,
            image_size=None,
            num_layers=layers,
            num_query_heads=heads,
            num_key_value_heads=kv,
            hidden_dim=width,
            intermediate_dim=inner,
            head_dim=size,
            use_query_key_norm=True,
            use_post_ffw_norm=True,
            use_post_attention_norm=True,
            use_sliding_window_attention=True,
            sliding_window_size=window,
            vision_encoder=None,
            dtype="bfloat16",
        )
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("uninitialized_variables", [])
    return backbone


class HostPeak:
    """The most anonymous memory of this process, looked at a hundred times a second."""

    def __enter__(self):
        self.before = self.peak = self.now()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self.peak = max(self.peak, self.now())

    def _watch(self):
        while not self._stop.wait(0.01):
            self.peak = max(self.peak, self.now())

    @staticmethod
    def now():
        status = Path("/proc/self/status").read_text()
        return int(status.split("RssAnon:")[1].split()[0]) * 1024


def load(folder, precision, way, digest):
    """Loads once and prints what it took, in one line of JSON."""
    import jax
    import jax.numpy as jnp

    from gemma_nb import backend

    keras_hub = backend.import_keras_hub()
    if way == "ours":
        from gemma_nb.loading.compile_cache import enable_compile_cache

        enable_compile_cache("off")
    device = jax.devices()[0]
    jnp.zeros((256, 256)).dot(jnp.ones((256, 256))).block_until_ready()
    held = (device.memory_stats() or {}).get("bytes_in_use", 0)
    with HostPeak() as host:
        started = time.perf_counter()
        backbone = (_ours if way == "ours" else _theirs)(keras_hub, folder, precision)
        values = [v.value for v in backbone.variables]
        jax.block_until_ready(values)
        seconds = time.perf_counter() - started
    stats = device.memory_stats() or {}
    shapes = [v.shape for v in backbone.variables]
    embedding = backbone.token_embedding
    found = {
        "seconds": seconds,
        "weights": sum(v.nbytes for v in values),
        "largest": 2 * embedding.input_dim * embedding.output_dim,
        "tensors": len(shapes),
        "host": host.peak - host.before,
        "device": stats["peak_bytes_in_use"] - held if "peak_bytes_in_use" in stats else None,
        "kind": device.device_kind,
        "platform": device.platform,
        "digest": _digest(backbone) if digest else "",
    }
    print("RESULT " + json.dumps(found))


#: What the first answer is asked of.
FIRST_LENGTH = 4096


def first_token(folder, cache):
    """Times a load and the first token behind it, programs kept in ``cache``."""
    from gemma_nb import backend, load

    backend.import_keras_hub()
    ends = {}

    def note(step):
        if step.finished:
            ends[step.stage] = time.perf_counter()

    started = time.perf_counter()
    model = load(folder, "bfloat16", FIRST_LENGTH, force=True, progress=note, compile_cache=cache)
    loaded = time.perf_counter()
    next(model.stream_ids("Hello", 1, raw=True, temperature=0))
    answered = time.perf_counter()
    found = {
        "load": loaded - started,
        "first": answered - loaded,
        "behind": answered - ends["weights"],
    }
    print("RESULT " + json.dumps(found))


def rounds(folder, cache, count=20):
    """Loads, answers and unloads again and again; what host and device hold behind each round."""
    import jax

    from gemma_nb import backend, load

    backend.import_keras_hub()
    device = jax.devices()[0]
    seen = []
    for _ in range(count):
        before = (device.memory_stats() or {}).get("bytes_in_use", 0)
        model = load(folder, "bfloat16", 512, force=True, progress=False, compile_cache=cache)
        next(model.stream_ids("Hello", 1, raw=True, temperature=0))
        model.unload()
        del model
        after = (device.memory_stats() or {}).get("bytes_in_use", 0)
        seen.append({"host": HostPeak.now(), "left": after - before})
    print("RESULT " + json.dumps({"rounds": seen}))


def many_rounds(name, place, seconds):
    """A sentence on what is left behind twenty rounds."""
    found, why = child(["--round", place, str(Path(place) / "cache")], seconds)
    if found is None:
        return f"{name}, twenty rounds: not measured: {why}"
    seen = found["rounds"]
    second, last = seen[1]["host"], seen[-1]["host"]
    left = max(one["left"] for one in seen[1:])
    return (
        f"{name} bfloat16, {len(seen)} rounds of load, a token and unload in one process: host "
        f"{second / 2**20:.0f} MiB behind round 2, {last / 2**20:.0f} behind the last "
        f"({last / second - 1:+.1%}); on the device a round leaves at most {left} bytes (the first "
        f"{seen[0]['left']})."
    )


def their_first_token(folder):
    """Times KerasHub's ``from_preset`` and the first call of its ``generate``, for one token."""
    import jax
    import numpy as np

    from gemma_nb import backend

    keras_hub = backend.import_keras_hub()
    started = time.perf_counter()
    task = keras_hub.models.Gemma3CausalLM.from_preset(
        str(folder), preprocessor=None, dtype="bfloat16"
    )
    jax.block_until_ready([v.value for v in task.backbone.variables])
    loaded = time.perf_counter()
    task.compile(sampler="greedy")
    tokens = np.full((1, FIRST_LENGTH), 7, "int32")
    mask = np.zeros(tokens.shape, "bool")
    mask[:, : FIRST_LENGTH - 1] = True
    inputs = {"token_ids": tokens, "padding_mask": mask}
    np.asarray(task.make_generate_function()(inputs, stop_token_ids=None)["token_ids"])
    answered = time.perf_counter()
    print("RESULT " + json.dumps({"load": loaded - started, "first": answered - loaded}))


def first_answers(name, place, seconds):
    """A sentence on a fresh process, one that finds its programs, and KerasHub's way."""
    cache = str(Path(place) / "cache")
    ways = [["--first", place, cache], ["--first", place, cache], ["--their-first", place]]
    found, whys = zip(*(child(way, seconds()) for way in ways), strict=True)
    if not all(found):
        return f"{name}, first answer: not measured: {next(filter(None, whys))}"
    fresh, again, theirs = found
    return (
        f"{name} bfloat16, max_length {FIRST_LENGTH}, a process each. Fresh: load {fresh['load']:.1f} s, "
        f"then the first token in {fresh['first']:.2f} s. With programs kept: load {again['load']:.1f} s, "
        f"then {again['first']:.2f} s. From weights in place to the first token: {fresh['behind']:.2f} s "
        f"fresh, {again['behind']:.2f} s kept ({again['behind'] / fresh['behind']:.0%}). KerasHub: "
        f"from_preset {theirs['load']:.1f} s, then its first call, for one token, {theirs['first']:.1f} s: "
        f"ours takes {fresh['first'] / theirs['first']:.0%} of that call, and "
        f"{(fresh['load'] + fresh['first']) / (theirs['load'] + theirs['first']):.0%} with loading."
    )


def _ours(_, folder, precision):
    from gemma_nb.fit.precision import precision as find
    from gemma_nb.loading.build import build_model

    return build_model(str(folder), find(precision))[0].backbone


def _theirs(keras_hub, folder, precision):
    task = keras_hub.models.CausalLM.from_preset(str(folder), preprocessor=None, dtype="bfloat16")
    if MODE[precision]:
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            task.backbone.quantize(MODE[precision])
    return task.backbone


def _digest(backbone):
    """A hash of every variable, to hold both ways against each other."""
    import hashlib

    import numpy as np

    made = hashlib.sha256()
    for variable in sorted(backbone.variables, key=lambda v: v.path):
        made.update(variable.path.encode())
        made.update(np.ascontiguousarray(np.asarray(variable.value)).view(np.uint8).data)
    return made.hexdigest()[:16]


def child(arguments, seconds):
    environment = {**os.environ, "KERAS_BACKEND": "jax", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment["XLA_PYTHON_CLIENT_PREALLOCATE"] = "false"
    root = str(Path(__file__).resolve().parent.parent)
    environment["PYTHONPATH"] = os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-W", "ignore", __file__, *arguments]
    try:
        ran = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"not done after {seconds:.0f} s"
    line = next((x for x in ran.stdout.splitlines() if x.startswith("RESULT ")), None)
    if line:
        return json.loads(line[7:]), ""
    return None, (ran.stderr.strip().splitlines() or ["ended without a word"])[-1][:200]


def gib(count):
    return "–" if count is None else f"{count / 2**30:.2f}"


def row(name, precision, way, found):
    quantised = MODE[precision] is not None
    weights, largest = found["weights"], found["largest"]
    device_bound = (1.15 if quantised else 1.02) * weights + largest
    host_bound = 2 * largest + (weights if found["platform"] == "cpu" else 0)
    # presets made here are one file: the bound is the narrower of the two that the project allows
    device = found["device"]
    kept = found["host"] <= host_bound and (device is None or device <= device_bound)
    # below that, building the layers' Python objects is what host memory goes to
    judged = ("yes" if kept else "no") if largest > 2**26 else "too small to judge"
    return (
        f"| {name} | {precision} | {way} | {gib(weights)} | {gib(device)} | {gib(device_bound)} "
        f"| {gib(found['host'])} | {gib(host_bound)} | {found['seconds']:.1f} "
        f"| {judged} | {found['digest'] or '–'} |"
    )


HEAD = (
    "| shape | precision | way | weights GiB | device peak GiB | bound | host peak GiB | bound "
    "| seconds | within | digest |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shapes", nargs="*", default=["tiny", "270m"])
    parser.add_argument("--against", default="", help="shape for KerasHub's way; the last but one")
    parser.add_argument("--precisions", nargs="+", default=PRECISIONS, choices=PRECISIONS)
    parser.add_argument("--mode", default="int8", choices=("int8", "int4"))
    parser.add_argument("--no-answers", action="store_true", help="leave the first answers out")
    parser.add_argument("--rounds", action="store_true", help="load and unload the first again")
    parser.add_argument("--budget", type=float, default=450, help="seconds in all")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--make", nargs=2, metavar=("SHAPE", "FOLDER"))
    parser.add_argument("--load", nargs=3, metavar=("FOLDER", "PRECISION", "WAY"))
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--first", nargs=2, metavar=("FOLDER", "CACHE"))
    parser.add_argument("--round", nargs=2, metavar=("FOLDER", "CACHE"))
    parser.add_argument("--their-first", metavar="FOLDER")
    options = parser.parse_args()
    if options.make:
        make(options.make[0], Path(options.make[1]))
        print('RESULT {"made": true}')
        return
    if options.load:
        load(Path(options.load[0]), options.load[1], options.load[2], options.digest)
        return
    if options.first:
        first_token(Path(options.first[0]), options.first[1])
        return
    if options.round:
        rounds(Path(options.round[0]), options.round[1])
        return
    if options.their_first:
        their_first_token(Path(options.their_first))
        return
    ends = time.monotonic() + options.budget
    lines, kinds = [HEAD], set()
    print(HEAD, flush=True)
    against = options.against or options.shapes[-2:][0]

    def told(line):
        lines.append(line)
        print(line, flush=True)

    def run(name, precision, way, folder):
        left = ends - time.monotonic()
        # a hash of 24 GB takes half a minute: only where two are held against each other
        digest = ["--digest"] if name == against and precision == options.mode else []
        found, why = child(["--load", str(folder), precision, way, *digest], max(1, left))
        if found is None:
            told(f"| {name} | {precision} | {way} | not measured: {why} |")
            return None
        kinds.add(found["kind"])
        told(row(name, precision, way, found))
        return found

    for name in options.shapes:
        with tempfile.TemporaryDirectory(prefix="gemma_nb-") as place:
            made, why = child(["--make", name, place], max(1, ends - time.monotonic()))
            if made is None:
                told(f"| {name} | – | preset not made: {why} |")
                continue
            if name == options.shapes[0] and not options.no_answers:
                lines.append(first_answers(name, place, lambda: max(1, ends - time.monotonic())))
                print(lines[-1], flush=True)
            if name == options.shapes[0] and options.rounds:
                lines.append(many_rounds(name, place, max(1, ends - time.monotonic())))
                print(lines[-1], flush=True)
            found = {p: run(name, p, "ours", Path(place)) for p in options.precisions}
            if name == against and (ours := found[options.mode]):
                theirs = run(name, options.mode, "KerasHub", Path(place))
                if theirs:
                    times = theirs["seconds"] / ours["seconds"]
                    same = theirs["digest"] == ours["digest"]
                    sentence = (
                        f"{name} {options.mode}: KerasHub takes {times:.1f} times as long; every "
                        f"variable is {'the same' if same else 'NOT the same'}."
                    )
                    lines.append(sentence)
                    print(sentence, flush=True)
    if options.out:
        sentences = [x for x in lines if not x.startswith("|")]
        table = [x for x in lines if x.startswith("|")]
        about = f"On {', '.join(sorted(kinds)) or 'nothing'}, {os.cpu_count()} CPU cores."
        parts = [about, "\n".join(table), *sentences]
        options.out.write_text("# Loading\n\n" + "\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
