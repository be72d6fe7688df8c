import dataclasses
import gc
import json
import shutil
import warnings
from pathlib import Path

import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.errors import GenerationError, InvalidInput, LoadError
from gemma_nb.hub.checkpoint_files import quantization_mode
from gemma_nb.hub.sources import find_source

pytestmark = pytest.mark.slow

DEMO = "demo_gemma3_instruct_1m"
QUESTION = "What is the capital of France?"


def demo(precision="bfloat16", **options):
    # forced: in float16 the demo is refused for what it would answer
    return gnb.load(DEMO, precision, progress=False, force=True, **options)


def device_bytes():
    import jax

    gc.collect()
    return sum(array.nbytes for array in jax.live_arrays())


def values(backbone):
    import numpy as np

    return {v.path: np.asarray(v.value) for v in backbone.variables}


def assert_same(a, b):
    assert a.keys() == b.keys()
    for path, value in a.items():
        assert value.dtype == b[path].dtype, path
        assert value.shape == b[path].shape, path
        assert value.tobytes() == b[path].tobytes(), path


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_what_is_loaded_is_what_keras_hub_loads(precision):
    import keras_hub

    from gemma_nb.catalog.registry import demo_directory

    wanted = keras_hub.models.CausalLM.from_preset(
        str(demo_directory(DEMO)), preprocessor=None, dtype=precision
    )
    assert_same(values(wanted.backbone), values(demo(precision).lm.backbone))


def test_nothing_is_initialised_before_it_is_read(monkeypatch):
    import keras

    made = []
    initialise = keras.Variable._initialize_with_initializer

    def noted(self, initializer):
        made.append((self.path, self.shape))
        initialise(self, initializer)

    monkeypatch.setattr(keras.Variable, "_initialize_with_initializer", noted)
    model = demo()
    assert all(shape == () for _, shape in made), made  # counters of the task's metrics
    assert not {path for path, _ in made} & {v.path for v in model.lm.backbone.variables}
    assert model.generate(QUESTION, 8)


def test_blocks_give_what_the_whole_gives(monkeypatch):
    from gemma_nb.loading import quantize, tensor_files, weights

    whole = {p: values(demo(p).lm.backbone) for p in ("bfloat16", "float32", "int8", "int4")}
    monkeypatch.setattr(weights, "BLOCK", 10_000)
    monkeypatch.setattr(tensor_files, "BLOCK", 10_000)
    monkeypatch.setattr(quantize, "BLOCK", 10_000)
    monkeypatch.setattr(quantize, "PART", 1_000)
    monkeypatch.setattr(tensor_files.stream_to_device, "__defaults__", (10_000,))
    for precision, wanted in whole.items():
        assert_same(wanted, values(demo(precision).lm.backbone))


@pytest.mark.parametrize("precision", ["bfloat16", "int8", "int4"])
def test_a_saved_model_comes_back_and_answers_the_same(precision, tmp_path):
    import keras_hub

    model = demo(precision)
    said = model.generate(QUESTION, 12)
    folder = model.save(tmp_path / "mine")
    again = gnb.load(folder, "auto" if precision != "bfloat16" else precision, progress=False)
    assert again.precision == precision
    assert again.variant.prompt_format == model.variant.prompt_format
    assert_same(values(model.lm.backbone), values(again.lm.backbone))
    assert again.generate(QUESTION, 12) == said
    theirs = keras_hub.models.CausalLM.from_preset(str(folder), preprocessor=None)
    if precision != "bfloat16":  # KerasHub casts an unquantised one to its own default
        assert_same(values(model.lm.backbone), values(theirs.backbone))
    # what was loaded quantised can be saved once more
    twice = again.save(tmp_path / "twice")
    assert quantization_mode(twice) == (None if precision == "bfloat16" else precision)
    assert_same(
        values(model.lm.backbone), values(gnb.load(twice, precision, progress=False).lm.backbone)
    )


def rounding_layers(model):
    """The layers of a model that round their inputs to int8."""
    return [
        layer.path
        for layer in model.lm.backbone._flatten_layers()
        if layer.quantization_mode and getattr(layer, "inputs_quantizer", None) is not None
    ]


def test_the_record_says_that_int8_rounds_weights_alone(tmp_path):
    model = demo("int8")
    assert rounding_layers(model) == []
    folder = model.save(tmp_path / "mine")
    again = gnb.load(folder, progress=False)
    assert rounding_layers(again) == []
    # without it (a preset of KerasHub's, or of an earlier version) Keras decides, which rounds
    record = folder / "gemma_nb.json"
    fields = json.loads(record.read_text())
    assert fields.pop("int8_inputs") == []
    record.write_text(json.dumps(fields))
    rounded = gnb.load(folder, progress=False)
    assert len(rounding_layers(rounded)) > 20
    # what is saved once more says what its layers do
    twice = rounded.save(tmp_path / "twice")
    assert rounding_layers(gnb.load(twice, progress=False)) == rounding_layers(rounded)


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_a_preset_that_keras_hub_quantised_answers_as_there(mode, tmp_path):
    import keras
    import keras_hub

    from gemma_nb.catalog.registry import demo_directory

    tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(str(demo_directory(DEMO)))
    lm = keras_hub.models.Gemma3CausalLM.from_preset(
        str(demo_directory(DEMO)), preprocessor=None, dtype="bfloat16"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # norms have no quantize
        lm.backbone.quantize(mode)  # rounds inputs in int8; in int4 blocks of 128, table included
    folder = tmp_path / "demo-it"  # the name says which prompts it takes
    lm.save_to_preset(str(folder))
    tokenizer.save_to_preset(str(folder))
    theirs = keras_hub.models.Gemma3CausalLM.from_preset(str(folder), preprocessor=None)
    ours = gnb.load(folder, progress=False)
    wrapped = gnb.from_keras(theirs, DEMO, tokenizer=tokenizer)
    assert ours.precision == wrapped.precision == mode
    assert rounding_layers(ours) == [
        layer.path
        for layer in theirs.backbone._flatten_layers()
        if layer.quantization_mode and getattr(layer, "inputs_quantizer", None) is not None
    ]
    assert rounding_layers(ours)
    for question in (QUESTION, "What is 2 + 3?"):
        prompt = ours.prompt_ids(question)
        wanted = tiny.keras_hub_ids(theirs, prompt, 12, length=64)
        assert len(set(wanted)) > 6, "a constant reply would prove nothing"
        for model in (ours, wrapped):
            assert model.prompt_ids(question) == prompt
            made = model.stream_ids(question, 12, temperature=0, ignore_eos=True)
            assert list(made) == wanted
    keras.backend.clear_session()


def test_saving_leaves_what_is_there_alone(tmp_path):
    model = demo()
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not an empty directory"):
        model.save(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]
    model.unload()
    with pytest.raises(GenerationError, match="unloaded"):
        model.save(tmp_path / "new")


def test_a_disk_that_is_full_is_told_before_anything_is_written(tmp_path, monkeypatch):
    model = demo()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(LoadError, match="free there"):
        model.save(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_saving_that_fails_leaves_nothing(tmp_path, monkeypatch):
    model = demo()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(model.tokenizer, "save_to_preset", full)
    with pytest.raises(LoadError, match="No space left on device"):
        model.save(tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_a_quantised_preset_has_its_own_precision(tmp_path):
    folder = demo("int8").save(tmp_path / "mine")
    with pytest.raises(InvalidInput, match="saved in int8"):
        gnb.load(folder, "bfloat16", progress=False)


def test_sharded_presets_are_read(tmp_path):
    from gemma_nb.fit.precision import precision
    from gemma_nb.loading.build import build_model

    model = demo()
    model.lm.backbone.save_to_preset(str(tmp_path), max_shard_size=0.0006)
    model.tokenizer.save_to_preset(str(tmp_path))
    assert len(list(tmp_path.glob("*.h5"))) > 2
    for name in ("bfloat16", "int8", "int4"):
        lm, _ = build_model(str(tmp_path), precision(name))
        assert_same(values(demo(name).lm.backbone), values(lm.backbone))


def test_unloading_gives_the_device_memory_back():
    before = device_bytes()
    model = demo("int4")
    model.generate(QUESTION, 4)
    assert device_bytes() > before
    model.unload()
    assert device_bytes() == before


@pytest.mark.parametrize("harm", ["cut", "tensor missing", "other shape"])
@pytest.mark.parametrize("precision", ["bfloat16", "int4"])
def test_a_bad_file_is_told_and_nothing_stays(harm, precision, tmp_path):
    import h5py

    from gemma_nb.catalog.registry import demo_directory, variant

    folder = tmp_path / "bad_it"
    shutil.copytree(demo_directory(DEMO), folder)
    path = folder / "model.weights.h5"
    kernel = "layers/gemma3_decoder_block_5/ffw_linear/vars"
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-200_000])
    else:
        with h5py.File(path, "r+") as file:
            value = file[f"{kernel}/0"][()]
            del file[f"{kernel}/0"]
            if harm == "other shape":
                file[kernel].create_dataset("0", data=value[:, :64]).attrs["dtype"] = "bfloat16"
    variant(DEMO)
    before = device_bytes()
    with pytest.raises(LoadError) as caught:
        gnb.load(folder, precision, progress=False)
    # while the error is held, as IPython does
    assert device_bytes() == before
    assert str(caught.value).count("\n") == 0
    shutil.copy(demo_directory(DEMO) / "model.weights.h5", path)
    assert gnb.load(folder, precision, progress=False).generate(QUESTION, 4)


@pytest.mark.parametrize(
    ("error", "where"),
    [(MemoryError(), "host"), ("RESOURCE_EXHAUSTED: Out of memory", "device")],
)
def test_out_of_memory_is_told_with_fixes_and_nothing_stays(error, where, monkeypatch):
    import jax

    from gemma_nb.loading import tensor_files, weights

    if isinstance(error, str):
        error = jax.errors.JaxRuntimeError(error)

    calls = []

    def stored(store, key):
        calls.append(key)
        if len(calls) == 40:
            raise error
        return tensor_files.open_tensor(store, key)

    before = device_bytes()
    monkeypatch.setattr(weights, "open_tensor", stored)
    with pytest.raises(LoadError, match=f"ran out of {where} memory") as caught:
        demo()
    assert "smaller precision" in str(caught.value) or "What would help" in str(caught.value)
    assert device_bytes() == before
    assert len(calls) == 40  # the other layers are not tried


def test_ctrl_c_leaves_nothing(monkeypatch):
    from gemma_nb.loading import tensor_files, weights

    calls = []

    def stored(store, key):
        calls.append(key)
        if len(calls) == 40:
            raise KeyboardInterrupt
        return tensor_files.open_tensor(store, key)

    before = device_bytes()
    monkeypatch.setattr(weights, "open_tensor", stored)
    with pytest.raises(KeyboardInterrupt):
        demo()
    assert device_bytes() == before
    monkeypatch.undo()
    assert demo().generate(QUESTION, 4)


def test_no_room_beside_a_loaded_model_names_it_and_offers_to_unload(monkeypatch):
    from gemma_nb import load_model
    from gemma_nb.model import live_models

    for model in live_models():
        model.unload()
    first = demo()
    other = "demo_gemma3_4m"
    needed = gnb.advise(other, "float32", "colab-cpu").bytes_needed
    # a machine that lacks a little less than what the first model holds
    runtime = gnb.Runtime("small", "cpu", needed - 2**20)
    monkeypatch.setattr(load_model, "detect_runtime", lambda: runtime)
    with pytest.raises(LoadError, match=rf"not enough room beside {DEMO} \(bfloat16\)") as caught:
        gnb.load(other, "float32", progress=False)
    assert "replace=True" in str(caught.value)
    # unloading would not help here, so it is not offered
    with pytest.raises(LoadError, match="does not fit") as caught:
        gnb.load("gemma4_instruct_31b", "float32", progress=False)
    assert "beside" not in str(caught.value)
    # what does not fit even then, or cannot be fetched, costs no model that is in memory
    with pytest.raises(LoadError, match="does not fit"):
        gnb.load("gemma4_instruct_31b", "float32", replace=True, progress=False)
    with pytest.raises(LoadError, match=r"log in|login|account"):
        gnb.load(
            "gemma3_270m", "float32", replace=True, force=True, progress=False, credentials=None
        )
    assert live_models() == [first]
    assert first.generate(QUESTION, 4)
    # what fits once they are gone is loaded
    detected = [runtime, dataclasses.replace(runtime, memory_bytes=2 * needed)]
    monkeypatch.setattr(load_model, "detect_runtime", lambda: detected.pop(0))
    second = gnb.load(other, "float32", replace=True, progress=False)
    assert not detected
    assert live_models() == [second]
    assert "unloaded" in repr(first)


def test_one_rule_for_names_and_paths(tmp_path, monkeypatch):
    """A name of the catalog is that variant; with a separator, or as a Path, it is a directory."""
    from gemma_nb.hub.fetch import fetch

    monkeypatch.chdir(tmp_path)
    shutil.copytree(demo_directory("demo_gemma3_instruct_4m"), tmp_path / DEMO)
    shutil.copytree(demo_directory("demo_gemma3_instruct_4m"), tmp_path / "mine")

    def load(name):
        return gnb.load(name, download_only=True, progress=False)

    def find(name):
        return Path(find_source(name).handle)

    for name in (DEMO, f" {DEMO.upper()} "):
        assert gnb.variant(name).name == DEMO
        for way in (load, fetch, find):
            assert way(name) == demo_directory(DEMO)
    for path in (f"./{DEMO}", f"{DEMO}/", Path(DEMO), tmp_path / DEMO, "mine", Path("mine")):
        assert gnb.variant(path).parameters == gnb.variant("demo_gemma3_instruct_4m").parameters
        for way in (load, fetch, find):
            assert way(path).resolve() == (tmp_path / Path(path).name)
    for nobody in ("~no-such-user/x", "./nothing", Path("nothing"), Path("demo_gemma3_4m")):
        for way in (gnb.variant, load, fetch):
            with pytest.raises(InvalidInput):
                way(nobody)


def test_a_preset_that_was_saved_quantised_is_known_before_it_is_fetched(tmp_path):
    from gemma_nb.fit.fixes import _load_refuses
    from gemma_nb.load_model import choose_precision

    folder = demo("int8").save(tmp_path / "mine")
    variant = gnb.variant(folder)
    # as a hub tells it: its config, and no file on this disk
    hubs = dataclasses.replace(
        variant, handle="kaggle://me/mine/keras/tiny/1", name="kaggle://me/mine/keras/tiny/1"
    )
    runtime = gnb.runtime("T4")
    assert choose_precision(hubs, runtime) == "int8"
    assert gnb.advise(hubs, None, runtime).choice.precision == "int8"
    assert not _load_refuses(gnb.advise(hubs, "int8", runtime).choice)
    assert _load_refuses(gnb.advise(hubs, "bfloat16", runtime).choice)
    for precision in ("bfloat16", "int4"):
        with pytest.raises(InvalidInput, match="saved in int8"):
            gnb.load(hubs, precision, progress=False)


def test_from_keras_reads_and_never_changes():
    import keras_hub

    from gemma_nb.catalog.registry import demo_directory

    folder = str(demo_directory(DEMO))
    lm = keras_hub.models.CausalLM.from_preset(folder, preprocessor=None, dtype="bfloat16")
    tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(folder)
    before, state = values(lm.backbone), set(vars(lm))
    model = gnb.from_keras(lm, DEMO, tokenizer=tokenizer)
    assert model.precision == "bfloat16"
    assert model.generate(QUESTION, 12) == demo().generate(QUESTION, 12)
    assert_same(before, values(lm.backbone))
    assert set(vars(lm)) == state
    model.unload()
    assert lm.backbone.count_params() == 1_101_312
    with pytest.raises(InvalidInput, match="no preprocessor"):
        gnb.from_keras(lm, DEMO)
    # pretrained and instruction-tuned have one shape
    with pytest.raises(InvalidInput, match=r"variant=…, one of .*demo_gemma3_1m"):
        gnb.from_keras(lm, tokenizer=tokenizer)
    with pytest.raises(InvalidInput, match="GemmaBackbone"):
        gnb.from_keras(lm, "gemma_2b_en", tokenizer=tokenizer)


def test_from_keras_knows_a_shape_that_only_one_variant_has():
    from types import SimpleNamespace

    from gemma_nb.from_keras_model import _variant_of_shape

    shape = gnb.variant("gemma3_270m").architecture
    names = ("num_layers", "num_query_heads", "num_key_value_heads", "hidden_dim", "head_dim",
             "vocabulary_size")  # fmt: skip
    config = {name: getattr(shape, name) for name in names}
    backbone = type("Gemma3Backbone", (SimpleNamespace,), {})(get_config=lambda: config)
    with pytest.raises(InvalidInput, match="gemma3_270m"):
        _variant_of_shape(backbone)


@pytest.mark.parametrize(
    ("make", "generation", "prompt_format"),
    [
        (tiny.gemma1, "1", "turns"),
        (tiny.gemma2, "2", "turns"),
        (tiny.gemma3, "3", "turns"),
        (tiny.gemma4, "4", "gemma4_small"),
    ],
)
def test_from_keras_takes_the_format_of_a_generation(make, generation, prompt_format, tmp_path):
    import keras_hub

    from gemma_nb.catalog.registry import demo_directory

    lm = make()
    tokenizer = keras_hub.tokenizers.Tokenizer.from_preset(str(demo_directory(DEMO)))
    model = gnb.from_keras(lm, max_length=64, tokenizer=tokenizer)
    variant = model.variant
    assert (variant.generation, variant.prompt_format) == (generation, prompt_format)
    assert (variant.tuning, variant.family) == ("IT", "Community")
    assert variant.parameters == lm.backbone.count_params()
    assert variant.architecture.num_layers == lm.backbone.get_config()["num_layers"]
    turn = "<|turn>user" if generation == "4" else "<start_of_turn>user"
    assert turn in gnb.format_prompt("Hi", variant)
    assert gnb.advise(variant, "float32").fits
    assert repr(model) == f"Model({type(lm.backbone).__name__}, float32, max_length=64)"
    model.save(tmp_path / "kept")
    assert gnb.variant(tmp_path / "kept").prompt_format == prompt_format
