"""Memory: every part against something that was counted or measured apart from it."""

import dataclasses
import importlib.util
import json
from pathlib import Path

import pytest
import tiny

from gemma_nb import estimate_memory, estimate_speed, variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.cache_layout import (
    FULL_LENGTH,
    LOAD_BLOCK_BYTES,
    WINDOWED,
    CachePlan,
    cache_bytes,
    padded_slots,
)
from gemma_nb.fit.memory import workspace_bytes
from gemma_nb.fit.precision import PRECISIONS
from gemma_nb.fit.tuning import tuning_bytes
from gemma_nb.fit.weight_shapes import (
    WeightShape,
    text_weight_shapes,
    weight_bytes,
    weight_shape_bytes,
)
from gemma_nb.hardware.known_runtimes import runtime
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.loading import relayout
from gemma_nb.text_utils import GIB

H200 = Runtime(
    "H200",
    "gpu",
    140 * GIB,
    bandwidth_gb_s=4800,
    compute_capability="9.0",
    native_dtypes=("float32", "bfloat16", "float16", "int8"),
)


def text_only(name):
    v = variant(name)
    return dataclasses.replace(
        v, parameters=v.text_parameters, vision_parameters=0, audio_parameters=0
    )


# --- the cache

#: (full length at 1024, window only at 1024, full at 8192, window at 8192) in bytes, bfloat16, one
#: conversation; computed apart from this package from KerasHub 0.32's ``_build_cache`` (2026-11-22).
CACHES = {
    "gemma_7b_en": (469762048, 469762048, 3758096384, 3758096384),
    "gemma2_2b_en": (109051904, 109051904, 872415232, 654311424),
    "gemma2_27b_en": (385875968, 385875968, 3087007744, 2315255808),
    "gemma3_1b": (27262976, 15728640, 218103808, 45088768),
    "gemma3_4b_text": (142606336, 142606336, 1140850688, 289406976),
    "gemma3_27b_text": (520093696, 520093696, 4160749568, 1107296256),
    "gemma3n_e2b": (62914560, 25165824, 503316480, 83886080),
    "gemma3n_e4b": (73400320, 25165824, 587202560, 83886080),
    "gemma4_2b": (73400320, 12582912, 587202560, 56623104),
    "gemma4_4b": (176160768, 37748736, 1409286144, 155189248),
    "gemma4_26b_a4b": (503316480, 230686720, 4026531840, 377487360),
    "gemma4_31b": (2013265920, 922746880, 16106127360, 1509949440),
}


@pytest.mark.parametrize("name", CACHES)
def test_the_cache_of_each_family(name):
    a = variant(name).architecture
    bare = CachePlan(windowed=True)
    found = tuple(
        cache_bytes(a, length, plan=plan) for length in (1024, 8192) for plan in (FULL_LENGTH, bare)
    )
    assert found == CACHES[name]


def test_a_snapshot_is_one_more_window():
    a = variant("gemma3_1b").architecture
    each = 2 * a.num_key_value_heads * a.head_dim * 2
    slides, sees = 22, 4
    plan = dataclasses.replace(WINDOWED, snapshots=1, ahead=16, padded=False)
    assert cache_bytes(a, 8192, plan=plan) == each * (slides * 2 * 528 + sees * 8208)
    # a turn that overwrites nothing keeps nothing beside
    assert cache_bytes(a, 512, plan=plan) == each * (slides + sees) * 528
    assert cache_bytes(a, 513, plan=plan) == each * (slides * 2 * 528 + sees * 529)
    # several conversations at once are no chat
    assert cache_bytes(a, 8192, 3, plan=plan) == 3 * each * (slides * 528 + sees * 8208)


def test_the_cache_grows_with_conversations_and_with_the_dtype():
    a = variant("gemma3_4b").architecture
    one = cache_bytes(a, 2048)
    assert cache_bytes(a, 2048, batch_size=4) == 2 * cache_bytes(a, 2048, batch_size=2) > 2 * one
    assert cache_bytes(a, 2048, dtype_bytes=4) == 2 * one


def test_an_encoder_decoder_keeps_the_encoders_keys_too():
    a = variant("t5gemma_2b_2b_prefixlm").architecture
    assert cache_bytes(a, 512) == 2 * cache_bytes(dataclasses.replace(a, encoder=None), 512)


# --- the weights


def quantised():
    return [v for v in variants() if v.int8_bytes and v.architecture]


def test_the_catalog_counts_most_of_what_is_loadable():
    assert len(quantised()) > 100


@pytest.mark.parametrize("name", ["int8", "int4"])
def test_two_ways_to_count_quantised_bytes_agree(name):
    """The catalog's come from KerasHub's classes, the formula's from the architecture."""
    for v in quantised():
        counted = weight_bytes(v, PRECISIONS[name])
        formula = weight_bytes(
            dataclasses.replace(v, int8_bytes=None, int4_bytes=None), PRECISIONS[name]
        )
        assert formula.text == pytest.approx(counted.text, rel=1e-3), v.name
        assert formula.total == pytest.approx(counted.total, rel=5e-3), v.name


def test_the_architecture_tells_where_all_parameters_are():
    for v in variants():
        if v.architecture and v.role == "generate":
            _, rest = text_weight_shapes(v)
            assert 0 <= rest <= 0.004 * v.text_parameters, v.name


def test_unquantised_weights_are_parameters_times_bytes():
    v = variant("gemma3_4b")
    for name, size in (("float32", 4), ("bfloat16", 2), ("float16", 2)):
        found = weight_bytes(v, PRECISIONS[name])
        assert found.total == v.parameters * size
        assert found.text == v.text_parameters * size


def test_quantised_sizes_are_those_that_were_saved():
    # saved files of Gemma 3 270M: bfloat16 536 MB, int8 269 MB (2026-11-22); int4 is counted: 228 MB
    v = variant("gemma3_270m")
    for name, megabytes in (("bfloat16", 536), ("int8", 269), ("int4", 228)):
        assert weight_bytes(v, PRECISIONS[name]).total / 1e6 == pytest.approx(megabytes, abs=0.6)


def test_a_saved_preset_is_counted_with_its_own_blocks():
    # KerasHub's own int4 of Gemma 3 270M, with 128 numbers in a block: 141 MB (2026-11-22)
    v = dataclasses.replace(variant("gemma3_270m"), quantization=("int4/128", "int4/128"))
    assert weight_bytes(v, PRECISIONS["int4"]).total / 1e6 == pytest.approx(141, abs=0.6)
    assert weight_bytes(v, PRECISIONS["int8"]) == weight_bytes(
        variant("gemma3_270m"), PRECISIONS["int8"]
    )
    finer = dataclasses.replace(v, quantization=("int8", "int4/32"))
    assert weight_bytes(finer, PRECISIONS["int4"]) == weight_bytes(
        variant("gemma3_270m"), PRECISIONS["int4"]
    )
    kernel = WeightShape(640, 2048)
    for block, blocks in ((32, 20), (128, 5), (-1, None)):
        size = 640 * 1024 + (blocks * 2048 * 3 + 640 * 4 if blocks else 2048 * 2)
        modes = ("int8", f"int4/{block}")
        assert weight_shape_bytes(kernel, PRECISIONS["int4"], modes) == size


def test_keras_leaves_experts_in_16_bit():
    v = variant("gemma4_26b_a4b")
    experts = 30 * 128 * 3 * 2816 * 704 * 2
    assert weight_bytes(v, PRECISIONS["int4"]).total > experts


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_bytes_of_a_really_quantised_model(mode):
    import keras_hub

    from gemma_nb.fit.weight_shapes import decoder_weight_shapes

    shape = {
        "num_layers": 2,
        "num_query_heads": 2,
        "num_key_value_heads": 1,
        "hidden_dim": 192,
        "intermediate_dim": 384,
        "head_dim": 64,
        "vocabulary_size": 300,
    }
    backbone = keras_hub.models.Gemma3Backbone(
        **shape, image_size=None, use_query_key_norm=True, dtype="bfloat16"
    )
    norms = sum(v.value.nbytes for v in backbone.variables if v.name == "scale")
    tiny.quantize(backbone, mode)
    real = sum(v.value.nbytes for v in backbone.variables)
    a = dataclasses.replace(
        variant("gemma3_1b").architecture, **shape, sliding_window=None, global_every=None
    )
    assert (
        sum(weight_shape_bytes(k, PRECISIONS[mode]) for k in decoder_weight_shapes(a)) + norms
        == real
    )


def test_on_an_accelerator_a_layer_has_room_that_products_divide():
    a = variant("gemma3_1b").architecture
    each = 2 * a.num_key_value_heads * a.head_dim * 2
    assert cache_bytes(a, 8192) == each * (22 * 2 * 576 + 4 * 8448)
    assert [padded_slots(n) for n in (1, 64, 65, 528, 2048, 2049)] == [64, 64, 128, 576, 2048, 2304]
    for length in (512, 4096, 8192, 131072):
        assert padded_slots(length + 16) <= 1.13 * (length + 16)


@pytest.mark.slow
@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("length", [4, 64])
def test_the_cache_is_what_the_package_allocates(length, padded, monkeypatch):
    import jax
    from tiny import gemma2, gemma3

    from gemma_nb.fit.cache_layout import TOKENS_PER_CALL
    from gemma_nb.generation import kv_cache
    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.sampling import Sampling

    monkeypatch.setattr(kv_cache, "pads_caches", lambda: padded)
    for lm, every in ((gemma3(), 6), (gemma2(), 2)):
        b = lm.backbone
        a = dataclasses.replace(
            variant("gemma3_1b").architecture,
            backbone=type(b).__name__,
            num_layers=b.num_layers,
            num_key_value_heads=b.num_key_value_heads,
            head_dim=b.head_dim,
            sliding_window=b.sliding_window_size,
            global_every=every,
        )
        decoder = Decoder(lm, length, steps_per_call=TOKENS_PER_CALL)
        real = sum(x.nbytes for x in jax.tree.leaves(decoder._empty_cache().layers))
        plan = dataclasses.replace(WINDOWED, snapshots=0, padded=padded)
        assert cache_bytes(a, length, dtype_bytes=4, plan=plan) == real
        # a turn that may wrap the rings keeps the sliding layers' as they were
        list(decoder.tokens([2, *[5] * (length - 3)], Sampling(), 0, 1, reuse=True))
        list(decoder.tokens([2, *[5] * (length - 2)], Sampling(), 0, 1, reuse=True))
        held = [
            decoder._cache.layers,
            decoder._cache.snapshot and decoder._cache.snapshot.layers,
        ]
        if length > b.sliding_window_size:
            plan = dataclasses.replace(WINDOWED, padded=padded)
            real = sum(x.nbytes for x in jax.tree.leaves(held))
            assert cache_bytes(a, length, dtype_bytes=4, plan=plan) == real


# --- the whole

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def benchmark(name):
    spec = importlib.util.spec_from_file_location(f"{name}_benchmark", BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def measured():
    """Peaks of this package's own generation on an H200, every row that was measured."""
    rows = [r for r in json.loads((BENCHMARKS / "memory.json").read_text()) if r.get("peak")]
    assert len(rows) == 27
    return [pytest.param(row, id=f"{row['name']}-{row['precision']}-{row['max_length']}-{row['batch']}")
            for row in rows]  # fmt: skip


@pytest.mark.parametrize("row", measured())
def test_the_rows_that_were_measured(row):
    assert -0.03 <= benchmark("memory").predicted(row) / row["peak"] - 1 <= 0.08


def test_the_judgement_on_them():
    memory = benchmark("memory")
    _, judged = memory.split(json.loads((BENCHMARKS / "memory.json").read_text()))
    assert len(judged) == 20
    told = memory.judgement(judged)
    assert [line.rpartition(": ")[2] for line in told[:3]] == ["holds"] * 3


def test_a_replayed_allocator_gives_and_takes():
    allocator = benchmark("holes").Allocator()
    mib = 2**20
    allocator.give(allocator.take(1024 * mib))  # one region
    assert allocator.used == 0
    places = [allocator.take(n * mib) for n in (60, 10, 60)]
    assert allocator.used == 130 * mib
    for place in places[:2]:  # they join: 70 MiB
        allocator.give(place)
    assert allocator.used == 60 * mib
    assert allocator.take(36 * mib) == places[0]  # given away whole
    assert allocator.used == 130 * mib
    allocator.give(places[0])
    assert allocator.take(35 * mib) == places[0]  # cut
    assert allocator.used == 95 * mib


@pytest.mark.slow
def test_kernels_that_are_put_back_leave_no_holes():
    holes = benchmark("holes").holes
    assert holes("gemma3_12b_text", "bfloat16", cared=False) > 1.2 * GIB
    assert holes("gemma3_12b_text", "bfloat16", cared=True) < 0.13 * GIB
    # the table, which int4 has in int8, is given no more than it takes
    for precision in ("int8", "int4"):
        assert holes("gemma3_270m", precision, cared=False) > 0.04 * GIB
        assert holes("gemma3_270m", precision, cared=True) < 0.01 * GIB
    assert holes("gemma3_12b_text", "int8", cared=False) > 0.5 * GIB
    assert holes("gemma3_12b_text", "int8", cared=True) < 0.1 * GIB


@pytest.mark.slow
def test_room_is_made_where_a_table_would_be_given_more_than_it_takes(monkeypatch):
    import jax

    mib = 2**20
    assert relayout.region_bytes([1, 144 * mib, 500 * mib]) == (144 + 128) * mib
    assert relayout.region_bytes([80 * mib]) == 160 * mib
    # of these, what is left of the region is a hole that others fill, or nothing
    for size in (63, 64, 128, 576, 1920):
        assert relayout.region_bytes([size * mib]) == 0
    assert relayout.region_bytes([]) == 0
    taken = []
    put = jax.device_put
    monkeypatch.setattr(relayout, "region_bytes", lambda sizes: taken.append(sizes) or 4)
    monkeypatch.setattr(jax, "device_put", lambda x: taken.append(put(x)) or taken[-1])
    lm = tiny.gemma1()
    layers = lm.backbone._flatten_layers()
    relayout.reserve_region(layers)
    sizes, block = taken
    assert sum(sizes) == sum(v.value.nbytes for v in lm.backbone.variables)
    assert block.is_deleted()


def test_several_conversations_cost_a_copy_of_the_table():
    one, four = (estimate_memory("gemma3_1b", "bfloat16", 512, n) for n in (1, 4))
    table = 2 * 262144 * 1152
    assert four.kv_cache + four.workspace == table
    assert one.kv_cache + one.workspace < table / 8
    # a long one has the cache instead
    many = estimate_memory("gemma3_4b", "bfloat16", 32768, 8)
    assert many.kv_cache > 2 * 262144 * 2560


def test_the_parts_make_the_total():
    e = estimate_memory("gemma4_instruct_2b", "int8", 4096, 2)
    parts = (e.weights, e.encoders, e.kv_cache, e.workspace, e.overhead)
    assert all(isinstance(p, int) and p > 0 for p in parts)
    assert e.total == sum(parts)
    assert e.peak_device == max(e.total, e.load_peak_device)
    assert isinstance(e.load_peak_host, int)


def test_more_of_anything_takes_more():
    base = estimate_memory("gemma3_4b", "bfloat16", 2048)
    assert estimate_memory("gemma3_4b", "float32", 2048).total > base.total
    assert estimate_memory("gemma3_4b", "bfloat16", 8192).total > base.total
    assert estimate_memory("gemma3_4b", "bfloat16", 2048, 4).total > base.total
    assert estimate_memory("gemma3_12b", "bfloat16", 2048).total > base.total
    assert estimate_memory("gemma3_4b", "int8", 2048).total < base.total
    assert (
        estimate_memory("gemma3_4b", "int4", 2048).weights
        < estimate_memory("gemma3_4b", "int8").weights
    )


def test_the_windowed_plan_is_smaller_where_layers_slide():
    full = estimate_memory("gemma3_12b", "bfloat16", 32768, plan=FULL_LENGTH)
    window = estimate_memory("gemma3_12b", "bfloat16", 32768, plan=WINDOWED)
    assert window.kv_cache < 0.3 * full.kv_cache
    assert window.workspace < full.workspace


def test_a_whole_prompt_at_once_takes_the_square():
    short, long = (
        estimate_memory("gemma3_4b_text", "bfloat16", n, plan=FULL_LENGTH) for n in (8192, 32768)
    )
    assert long.workspace > 12 * short.workspace
    short, long = (estimate_memory("gemma3_4b_text", "bfloat16", n) for n in (8192, 32768))
    assert long.workspace < 4 * short.workspace


def test_kerashub_runs_every_expert():
    mixture = variant("gemma4_26b_a4b")
    dense = dataclasses.replace(mixture.architecture, experts=0, expert_dim=0)
    whole = estimate_memory(mixture, "bfloat16", 4096, plan=FULL_LENGTH).workspace
    without = dataclasses.replace(mixture, architecture=dense)
    extra = whole - estimate_memory(without, "bfloat16", 4096, plan=FULL_LENGTH).workspace
    assert extra > 128 * 4096 * 2816


#: (shape, precision, max_length): MiB that XLA allocates, the larger of prefill and decode
#: (benchmarks/memory_processor.md).
PROCESSOR_MIB = {
    ("gemma3_270m", "float32", 2048): 71.6,
    ("gemma3_270m", "float32", 8192): 215.6,
    ("gemma3_270m", "bfloat16", 2048): 59.3,
    ("gemma3_270m", "bfloat16", 8192): 203.3,
    ("gemma3_270m", "int8", 2048): 59.3,
    ("gemma3_270m", "int8", 8192): 203.3,
    ("gemma3_270m", "int4", 2048): 60.3,
    ("gemma3_1b", "float32", 2048): 105.7,
    ("gemma3_1b", "bfloat16", 2048): 73.6,
    ("gemma3_1b", "int8", 2048): 84.9,
    ("gemma4_2b", "float32", 2048): 203.9,
    ("gemma4_2b", "bfloat16", 2048): 160.9,
    ("gemma4_2b", "int8", 2048): 181.9,
    ("gemma4_2b", "int4", 2048): 145.9,
}


@pytest.mark.parametrize(("row", "measured"), PROCESSOR_MIB.items())
def test_the_workspace_of_a_processor_is_what_xla_allocates(row, measured):
    found = estimate_memory(*row, runtime=runtime("laptop 16 GB")).workspace / 2**20
    assert -0.05 < found / measured - 1 < 0.2


def test_a_processor_multiplies_in_float32():
    """XLA's memory analysis of this package's decode step: see ``WORKSPACE_CONSTANTS``."""
    v = variant("gemma3_270m")
    a = dataclasses.replace(v.architecture, vocabulary_size=16384)
    matrices, _ = text_weight_shapes(dataclasses.replace(v, architecture=a))
    laptop = runtime("laptop 16 GB")

    def mib(name):
        found = workspace_bytes(
            a, matrices, PRECISIONS[name], 256, 1, plan=FULL_LENGTH, runtime=laptop
        )
        return found / 2**20

    # measured: the larger of the two programs' temporary memory (2026-11-30)
    sizes = {"float32": 23.2, "bfloat16": 14.6, "float16": 41.0, "int8": 16.0, "int4": 13.6}
    for name, measured in sizes.items():
        assert mib(name) == pytest.approx(measured, rel=0.2)


def test_no_architecture_makes_a_rough_estimate():
    bare = dataclasses.replace(variant("gemma3_1b"), architecture=None)
    e = estimate_memory(bare, "bfloat16")
    assert e.rough
    assert e.total > 2 * bare.parameters
    assert not estimate_memory("gemma3_1b").rough


# --- loading


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "int4"])
def test_loading_holds_the_weights_and_a_block(precision):
    e = estimate_memory("gemma3_12b", precision)
    assert e.load_peak_device == e.weights + e.encoders + LOAD_BLOCK_BYTES
    assert e.load_peak_host < 2 * GIB


@pytest.mark.slow
def test_the_block_is_the_one_that_is_loaded_by():
    from gemma_nb.loading import tensor_files

    assert tensor_files.BLOCK == LOAD_BLOCK_BYTES


def test_tuning_takes_more_than_running():
    v = variant("gemma3_1b")
    whole, lora = tuning_bytes(v), tuning_bytes(v, whole=False)
    assert whole > 16 * v.parameters > lora > 4 * v.parameters


# --- what is refused


@pytest.mark.parametrize("value", [0, -1, True, 2048.0, "2048", None, 10**9])
def test_bad_lengths(value):
    with pytest.raises(InvalidInput):
        estimate_memory("gemma3_1b", "bfloat16", value)


@pytest.mark.parametrize("value", [0, -1, False, 1.5, "1", None])
def test_bad_batches(value):
    with pytest.raises(InvalidInput):
        estimate_memory("gemma3_1b", "bfloat16", 2048, value)


def test_beyond_the_context_names_the_limit():
    with pytest.raises(ValueError, match="8192"):
        estimate_memory("gemma2_2b_en", "bfloat16", 8193)
    assert estimate_memory("gemma2_2b_en", "bfloat16", 8192).total > 0


def test_names_in_any_case():
    assert estimate_memory("GEMMA3_1B", "BFLOAT16") == estimate_memory("gemma3_1b", "bfloat16")


# --- speed


def speeds():
    """Tokens a second of this package's own generation on an H200, every row that was measured."""
    rows = json.loads((BENCHMARKS / "generation.json").read_text())
    here = [r for r in rows if r["kind"] == "row" and r["device"] == "NVIDIA H200"]
    assert len(here) == 15
    return [(r["name"], r["precision"], r["max_length"], r["ours"]["rate"]) for r in here]


@pytest.mark.parametrize(("name", "precision", "length", "rate"), speeds())
def test_the_measured_speeds_lie_in_the_range(name, precision, length, rate):
    found = estimate_speed(text_only(name), precision, H200, length)
    assert found.low <= rate <= found.high <= found.limit


def test_speed_follows_the_memory():
    t4, h100 = (estimate_speed("gemma3_4b", "bfloat16", r) for r in ("T4", "H100"))
    assert t4.high < h100.low
    # per-layer embeddings are looked up, not read
    e2b = estimate_speed("gemma4_2b", "bfloat16", "T4", 512)
    assert e2b.bytes_per_token < 2 * 2.4e9
    # of a mixture the routed experts are read: 4 of 26 billion parameters
    mixture = estimate_speed("gemma4_26b_a4b", "bfloat16", "H100")
    assert 2 * 3e9 < mixture.bytes_per_token < 2 * 5e9
    rows = json.loads((BENCHMARKS / "generation.json").read_text())
    measured = [r for r in rows if r["kind"] == "rate" and r["name"] == "gemma4_26b_a4b"]
    found = estimate_speed("gemma4_26b_a4b", "bfloat16", H200)
    assert all(found.low <= r["rate"] <= found.high <= found.limit for r in measured)
    assert measured


def test_an_unknown_bandwidth_makes_no_estimate():
    assert estimate_speed("gemma3_1b", "bfloat16", "binder") is None
    bare = dataclasses.replace(variant("gemma3_1b"), architecture=None)
    assert estimate_speed(bare, "bfloat16", "T4") is None


def test_the_estimate_calls_itself_one():
    assert "estimate" in str(estimate_speed("gemma3_1b", "bfloat16", "T4"))


@pytest.mark.parametrize("value", [0, True, 10**9])
def test_speed_refuses_bad_lengths(value):
    with pytest.raises(InvalidInput):
        estimate_speed("gemma3_1b", "bfloat16", "T4", value)


def test_two_devices_need_what_was_measured_on_two_h200():
    rows = json.loads((Path(__file__).parents[1] / "benchmarks" / "devices.json").read_text())
    rows = [row for row in rows if row["kind"] in ("made", "file")]
    assert {row["count"] for row in rows} == {1, 2}
    for row in rows:
        name = {"12b": "gemma3_12b_text"}.get(row["name"], row["name"])
        found = estimate_memory(name, row["precision"], 2048, devices=row["count"])
        assert found.weights == pytest.approx(row["weights"], rel=1e-3), name
        assert found.total - found.encoders == pytest.approx(max(row["peaks"]), rel=0.05), name


def test_no_estimate_is_below_what_generation_took_on_an_h200():
    """Short prompts, for which the estimate may be higher: it counts prompts that fill the cache."""
    rows = json.loads((Path(__file__).parents[1] / "benchmarks" / "generation.json").read_text())
    rows = [row for row in rows if row["kind"] in ("batch", "rate")]
    assert {row.get("rows", 1) for row in rows} == {1, 2, 8, 16, 64}
    for row in rows:
        count = row.get("rows", 1)
        found = estimate_memory(row["name"], row["precision"], row["max_length"], count)
        assert 0.97 * row["peak"] <= found.total - found.encoders <= 1.2 * row["peak"], row


def test_a_device_holds_its_share_and_the_whole_of_what_does_not_divide():
    def weights(name, precision, devices):
        return estimate_memory(name, precision, devices=devices).weights

    for precision in ("bfloat16", "int8", "int4"):
        whole = weights("gemma3_27b_text", precision, 1)
        for devices in (2, 4, 8):
            assert whole / devices < weights("gemma3_27b_text", precision, devices)
            assert weights("gemma3_27b_text", precision, devices) < 1.01 * whole / devices
    # the one key-value head of 1B is held by both, and the cache with it
    one, two = (estimate_memory("gemma3_1b", "bfloat16", devices=n) for n in (1, 2))
    keys = 2 * 26 * 2 * 1152 * 256
    assert 2 * two.weights - one.weights > keys
    assert two.kv_cache == one.kv_cache
    with pytest.raises(InvalidInput):
        estimate_memory("gemma3_1b", devices=0)
