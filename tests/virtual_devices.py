"""Models on one and on several virtual devices; ``test_devices.py`` runs each check in a process.

    python tests/virtual_devices.py CHECK [ARGUMENT …]

XLA makes eight devices of one processor. The tiny models have float32 weights, so that the greedy
ids are the same however the sums are split.
"""

import os
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    # one of several processes has one device; compiled as unit tests are (conftest.py)
    devices = 1 if sys.argv[1] == "process" else 8
    flags = f"--xla_force_host_platform_device_count={devices} --xla_cpu_use_fusion_emitters=false"
    os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {flags}"
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
    os.environ["KERAS_BACKEND"] = "jax"

import tiny
import tiny_media

VOCABULARY = 96
#: Longer than the windows of the tiny models.
PROMPT = [*range(3, 23)]


def layout(count, parallel="model"):
    import jax

    from gemma_nb.loading.sharding import DeviceLayout

    return DeviceLayout(tuple(jax.devices()[:count]), parallel)


def ids_of(lm, devices=None):
    """The greedy reply of a task's engine."""
    from gemma_nb.generation.embedder import Embedder
    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.sampling import Sampling

    engine = create_engine(lm, 48, devices=devices)
    if isinstance(engine, Embedder):
        return engine.vectors([PROMPT]).round(3).tolist()
    return list(engine.tokens(PROMPT, Sampling(), 0, 10))


def check_bytes(lm, devices):
    """Each device holds its share of the divided weights, and the rest whole; counted."""
    from gemma_nb.loading.sharding import device_bytes

    count = len(devices.devices)
    divided = [v for v in lm.backbone.variables if any(v._layout.spec)]
    share = sum(v.value.nbytes for v in divided) / count
    whole = sum(v.value.nbytes for v in lm.backbone.variables) - share * count
    sizes = device_bytes(lm.backbone.variables)
    assert len(sizes) == count
    assert set(sizes.values()) == {share + whole}
    return divided


def check_families(*names):
    for name in names:
        one, two = (family(name) for _ in range(2))
        expected, devices = ids_of(one), layout(2)
        uneven = devices.apply(two)
        assert check_bytes(two, devices), name
        assert ids_of(two, devices) == expected, name
        print(name, "equal; whole on each device:", len(uneven), flush=True)


def family(name):
    if name == "pali_gemma":
        return tiny_media.pali_gemma()[0]
    return getattr(tiny, name)(vocabulary=VOCABULARY)


def wide(kind, **changes):
    """A model of which int4 divides every kernel over eight devices, in blocks of 32."""
    import keras_hub

    common = {
        "vocabulary_size": VOCABULARY, "image_size": 16, "num_layers": 6, "num_query_heads": 8,
        "hidden_dim": 256, "intermediate_dim": 512, "head_dim": 32, "dtype": "float32", **changes,
    }  # fmt: skip
    if kind == "gemma4":
        heads = {"num_key_value_heads": 2, "global_head_dim": 32, "num_kv_shared_layers": 0}
        return tiny.gemma4(vocabulary=VOCABULARY, **{**common, **heads, "num_layers": 3})
    backbone = keras_hub.models.Gemma3Backbone(
        **common, num_key_value_heads=4, use_query_key_norm=True, use_post_ffw_norm=True,
        use_post_attention_norm=True, use_sliding_window_attention=True, sliding_window_size=8,
        vision_encoder=None,
    )  # fmt: skip
    return tiny.shaken(keras_hub.models.Gemma3CausalLM(backbone=backbone, preprocessor=None), 0)


def check_quantized(kind, mode, *counts):
    from gemma_nb.loading.quantize import finish_quantized_layers

    def quantized():
        lm = wide(kind)
        tiny.quantize(lm.backbone, mode)
        finish_quantized_layers(lm.backbone)
        return lm

    expected = ids_of(quantized())
    for count in map(int, counts):
        lm, devices = quantized(), layout(count)
        uneven = devices.apply(lm)
        divided = {v.path.rpartition("/")[2] for v in check_bytes(lm, devices)}
        assert {"kernel", "kernel_scale", "embeddings", "embeddings_scale"} <= divided
        assert mode == "int8" or {"kernel_zero", "g_idx"} <= divided
        # only heads that are fewer than the devices are repeated
        heads = lm.backbone.num_key_value_heads
        assert bool(uneven) == bool(heads % count)
        assert all(path.endswith(("/key", "/value")) for path in uneven)
        assert ids_of(lm, devices) == expected, (kind, mode, count)
        print(kind, mode, count, "equal", flush=True)


def check_lookup():
    """Embeddings of a divided table are the layer's own, and no device gets another's rows."""
    import re

    import jax
    import keras
    import numpy as np

    from gemma_nb.generation.optimized_layers import DividedEmbedding, optimize_embedding

    devices = layout(4)
    configs = {
        "int8": keras.quantizers.Int8QuantizationConfig(activation_quantizer=None),
        "int4": keras.quantizers.Int4QuantizationConfig(block_size=32),
    }
    ids = np.array([[0, 23, 24, 95], [50, 7, 71, 72]])
    for mode in (None, *configs):
        layer = keras.layers.ReversibleEmbedding(VOCABULARY, 64, name="token_embedding")
        layer.build()
        layer._embeddings.assign(np.random.default_rng(0).normal(size=(VOCABULARY, 64)))
        if mode:
            layer.quantize(config=configs[mode])
        expected = np.asarray(layer(ids))
        assert optimize_embedding(layer) is layer
        for variable in layer.variables:
            whole = variable.path.endswith("g_idx")
            variable._layout = devices.sharding(None if whole else 0)
            variable.assign(jax.device_put(variable.value, variable._layout))
        divided = optimize_embedding(layer)
        assert isinstance(divided, DividedEmbedding)
        for some in (ids, ids[:1, :1]):
            program = jax.jit(divided).lower(some).compile()
            assert (np.asarray(program(some)) == expected[: len(some), : some.shape[1]]).all(), mode
            assert not re.search("all-gather|all-to-all|collective-permute", program.as_text())
        hidden = np.ones((1, 64), "float32")
        assert np.allclose(divided(hidden, reverse=True), layer(hidden, reverse=True))
    print("lookup equal")


def check_replies():
    """A chat that rewinds past its window, a batch, an image, and a batch by rows."""
    import jax
    import numpy as np

    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.prefill import MediaEmbeddings
    from gemma_nb.generation.sampling import Sampling

    def engines(**kwargs):
        one, two = (tiny.gemma3(vocabulary=VOCABULARY) for _ in range(2))
        devices = layout(**kwargs)
        devices.apply(two)
        return create_engine(one, 64), create_engine(two, 64, devices=devices)

    one, two = engines(count=2)
    for ids in ([*range(3, 20)], [*range(3, 40)], [*range(3, 20), 50, 51], [5, 6]):
        replies = [list(e.tokens(ids, Sampling(), 0, 6, reuse=True)) for e in (one, two)]
        assert replies[0] == replies[1], ids
    compiled = two.compilations
    list(two.tokens([5, 6], Sampling(), 0, 6, reuse=True))
    assert two.compilations == compiled
    # caches lie as they are compiled for, by heads
    for cache in jax.tree.leaves(two._cache.layers):
        assert cache.sharding.is_equivalent_to(two.devices.sharding(1), 4)
    image = np.random.default_rng(0).normal(size=(4, 32)).astype("float32")
    media = {-2: MediaEmbeddings("image", image)}
    ids = [3, 4, -2, -2, -2, -2, 5]
    replies = [list(e.tokens(ids, Sampling(), 0, 6, media=media)) for e in (one, two)]
    assert replies[0] == replies[1]
    prompts, sampling = [[3, 4, 5], [*range(6, 30)], [40, 41]], Sampling(1.0)
    expected = list(one.batch_tokens(prompts, sampling, [1, 2, 3], 5))
    assert list(two.batch_tokens(prompts, sampling, [1, 2, 3], 5)) == expected

    one, rows = engines(count=2, parallel="data")
    expected = list(one.batch_tokens([*prompts, [7]], sampling, [1, 2, 3, 4], 5))
    assert list(rows.batch_tokens([*prompts, [7]], sampling, [1, 2, 3, 4], 5)) == expected
    # three prompts are filled up to four rows, two for each device
    assert list(rows.batch_tokens(prompts, sampling, [1, 2, 3], 5)) == [r[:3] for r in expected]
    whole, half = (e.compiled["decode", 4].cost_analysis()["flops"] for e in (one, rows))
    assert half < 0.52 * whole
    assert list(rows.tokens([5, 6], Sampling(), 0, 6)) == replies_of(one, [5, 6])
    print("replies equal")


def check_time():
    """A batch that is divided by rows takes the processor time that it takes on one device.

    What is counted are seconds of all cores, which other processes do not change: one JAX device
    uses every core here, so that two are not sooner. Each device reads all weights, which counts
    less the more rows there are: 16 rows took 1.5 times one device's seconds, 64 take 1.1 times.
    """
    import statistics
    import time

    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.sampling import Sampling

    one, two = (wide("gemma3", intermediate_dim=1024) for _ in range(2))
    devices = layout(2, "data")
    devices.apply(two)
    engines = create_engine(one, 96), create_engine(two, 96, devices=devices)
    prompts = [[3 + row, *PROMPT] for row in range(64)]
    seconds, replies = ([], []), ([], [])
    for repeat in range(4):
        for engine, spent, reply in zip(engines, seconds, replies, strict=True):
            started = time.process_time()
            reply[:] = engine.batch_tokens(prompts, Sampling(), [0] * len(prompts), 48)
            if repeat:  # the first one compiles
                spent.append(time.process_time() - started)
    assert replies[0] == replies[1]
    share = statistics.median(seconds[1]) / statistics.median(seconds[0])
    assert share <= 1.15, seconds
    print(f"time equal: {share:.2f}")


def replies_of(engine, ids):
    from gemma_nb.generation.sampling import Sampling

    return list(engine.tokens(ids, Sampling(), 0, 6))


def check_speculative():
    from gemma_nb.generation.engine import create_engine
    from gemma_nb.generation.sampling import Sampling

    target = tiny.gemma4(vocabulary=VOCABULARY, num_key_value_heads=2)
    assistant = tiny.gemma4_assistant(target)
    expected = list(create_engine(target, 48).tokens(PROMPT, Sampling(), 0, 10))
    devices = layout(2)
    devices.apply(target)
    devices.repeat(assistant)
    engine = create_engine(target, 48, assistant, devices)
    assert list(engine.tokens(PROMPT, Sampling(), 0, 10)) == expected
    assert engine.verify_passes
    print("speculative equal")


def own_model():
    """A Keras model that has nothing to do with this package."""
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def train(model):
    """The loss of the last step."""
    import numpy as np

    inputs = np.eye(4, dtype="float32")
    return model.fit(inputs, inputs[:, :1], epochs=20, verbose=0).history["loss"][-1]


def check_load(precision):
    """``load`` over two devices, from files; nothing else in the process is laid out."""
    import jax
    import keras
    import pytest

    import gemma_nb as gnb
    from gemma_nb.errors import InvalidInput
    from gemma_nb.loading.tensor_files import sharding_of

    name, notes = "demo_gemma3_instruct_1m", []
    before = own_model()
    one = gnb.load(name, precision, 128, progress=False)
    two = gnb.load(name, precision, 128, devices=2, progress=lambda s: notes.append(s.note))
    assert any("2 devices" in note for note in notes if note)
    check_bytes(two.lm, two._decoder.devices)
    for a, b in zip(one.lm.variables, two.lm.variables, strict=True):
        assert (jax.device_get(a.value) == jax.device_get(b.value)).all(), a.path
    if precision == "float32":
        question = "What is the capital of France?"
        assert two.generate(question, 12) == one.generate(question, 12)
        # the rows of a batch, each device with the whole model
        rows = gnb.load(name, precision, 128, devices="all", parallel="data", progress=False)
        assert len(rows._decoder.devices.devices) == 8
        questions = [question, "What is the capital of Japan?"]
        assert rows.generate(questions, 12) == one.generate(questions, 12)
    # as transformers writes it
    with tempfile.TemporaryDirectory() as folder:
        path = gnb.load(name, "float32", 128, progress=False).export(Path(folder) / "exported")
        converted = gnb.load(path, precision, 128, devices=2, progress=False)
    check_bytes(converted.lm, converted._decoder.devices)
    for a, b in zip(one.lm.variables, converted.lm.variables, strict=True):
        assert (jax.device_get(a.value) == jax.device_get(b.value)).all(), a.path
    # neither a model of the user's own, nor one that was loaded before or is loaded afterwards
    after = own_model()
    third = gnb.load(name, precision, 128, progress=False)
    assert keras.distribution.distribution() is None
    for variable in (*before.variables, *after.variables, *one.lm.variables, *third.lm.variables):
        assert sharding_of(variable) is None
        assert variable.value.devices() == {jax.devices()[0]}
    assert train(before) == train(after) < 1
    for wrong in (0, 9, True, "two", [0, 0], [8], 1.5):
        with pytest.raises(InvalidInput):
            gnb.load(name, devices=wrong)
    with pytest.raises(InvalidInput, match="both"):
        gnb.load(name, devices=2, parallel="both")
    print("loaded", precision)


def check_stream():
    """Tensors that are sent in blocks, each device its part, and the scales of their rows."""
    import numpy as np

    from gemma_nb.loading.tensor_files import stream_to_device

    tensor = np.arange(48 * 8, dtype="float32").reshape(48, 8)
    read = []

    class Stored:
        shape, dtype = tensor.shape, tensor.dtype

        def __getitem__(self, rows):
            read.append(rows)
            return tensor[rows]

    def with_scales(rows):
        return rows.astype("int8"), rows.max(1)

    for axis in (None, 0, 1):
        for block in (64, 10**6):
            read.clear()
            sharding = layout(4).sharding(axis)
            values, scales = stream_to_device(Stored(), with_scales, block, sharding=sharding)
            assert values.sharding == sharding
            assert (np.asarray(values) == tensor.astype("int8")).all()
            assert (np.asarray(scales) == tensor.max(1)).all()
            # every row is read once, in blocks
            assert sorted(i for rows in read for i in range(48)[rows]) == [*range(48)]
            assert all(len(range(48)[rows]) == 2 for rows in read) == (block == 64)
    print("streamed")


def check_process(address, count, rank):
    """One of several processes, with one device each; prints the reply."""
    import jax

    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(address, int(count), int(rank))
    import gemma_nb as gnb

    assert jax.device_count() == int(count)
    model = gnb.load("demo_gemma3_instruct_1m", "float32", 128, devices="all", progress=False)
    print("REPLY", repr(model.generate("What is the capital of France?", 12, temperature=0)))


if __name__ == "__main__":
    globals()[f"check_{sys.argv[1]}"](*sys.argv[2:])
