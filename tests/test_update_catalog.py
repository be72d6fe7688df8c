"""The catalog compared with the installed keras-hub: its registry and its classes, built here."""

import json
import sys
from pathlib import Path

import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.catalog.data_files import load_catalog
from gemma_nb.catalog.registry import demo_directory

pytestmark = pytest.mark.slow  # keras-hub takes seconds to import

DATA = Path(gnb.__file__).parent / "catalog" / "variants.json"


@pytest.fixture(scope="module")
def tool():
    """tools/update_catalog.py as a module."""
    place = str(Path(__file__).parent.parent / "tools")
    sys.path.insert(0, place)
    try:
        import update_catalog
    finally:
        sys.path.remove(place)
    return update_catalog


@pytest.fixture(scope="module")
def presets(tool):
    return tool.registry()


def test_every_preset_and_no_other(presets):
    ours = {v.name for v in gnb.variants() if (v.handle or "").startswith("kaggle://")}
    assert ours == set(presets)


def test_no_gemma_preset_is_of_an_unknown_class(tool):
    assert tool.unknown_presets() == []


def test_handles_and_modalities_are_the_registrys(presets):
    for name, preset in presets.items():
        assert gnb.variant(name).handle == preset["kaggle_handle"]


def test_counts_are_the_registrys_or_listed(presets):
    listed = {row["preset"]: row for row in load_catalog().disagreements}
    for name, preset in presets.items():
        published, ours = preset["metadata"]["params"], gnb.variant(name).parameters
        if name in listed:
            assert (listed[name]["registry"], listed[name]["built"]) == (published, ours)
        else:
            assert ours == published, name


def test_made_with_the_installed_keras_hub(tool):
    assert load_catalog().header["keras_hub"] == tool.keras_hub.__version__


@pytest.mark.parametrize(
    "shape",
    [
        "vault_gemma_1b",
        "gemma3_1b",
        "gemma3_4b",
        "gemma4_26b_a4b",
        "gemma4_4b_assistant",
        "pali_gemma2_28b_448",
        "t5gemma2_270m_270m",
    ],
)
def test_the_classes_still_build_to_these_numbers(tool, shape):
    written = json.loads(DATA.read_text(encoding="utf-8"))["shapes"][shape]
    assert tool.shape_of(tool.CONFIGS[shape]) == written


@pytest.mark.parametrize("name", [v.name for v in gnb.variants(family="Demo")])
def test_demos_build_to_these_numbers(tool, name):
    import keras_hub

    backbone = keras_hub.models.Backbone.from_preset(str(demo_directory(name)))
    assert backbone.count_params() == gnb.variant(name).parameters


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_quantised_bytes_are_those_of_a_model_that_was_quantised(tool, mode, monkeypatch):
    import keras
    import keras_hub

    monkeypatch.setattr("gc.collect", lambda *_: 0)  # keras collects once a layer
    name = "demo_gemma3_1m"
    backbone = keras_hub.models.Backbone.from_preset(str(demo_directory(name)), dtype="bfloat16")
    tiny.quantize(backbone, mode)
    assert [tool.count(backbone)[1], 0] == list(getattr(gnb.variant(name), f"{mode}_bytes"))
    assert keras.config.dtype_policy().name == "float32"


def test_a_drafters_own_layers_are_counted(tool):
    config = tool.CONFIGS["gemma4_2b_assistant"]
    with tool.shapes_only("bfloat16"):
        backbone = tool.build(config)
    task = tool.keras_hub.models.Gemma4AssistantCausalLM(backbone=backbone, **config["task"])
    assert task.count_params() == gnb.variant("gemma4_instruct_2b_assistant").parameters


def test_the_scope_leaves_keras_as_it_was(tool):
    import keras

    before = (keras.Variable, keras.Model.quantize, keras.config.dtype_policy().name)
    with pytest.raises(ZeroDivisionError), tool.shapes_only("int8_from_bfloat16"):
        raise ZeroDivisionError
    assert (keras.Variable, keras.Model.quantize, keras.config.dtype_policy().name) == before


def test_the_file_is_as_the_tool_writes_it(tool):
    text = DATA.read_text(encoding="utf-8")
    assert tool.dumps(json.loads(text)) == text
    assert max(map(len, text.splitlines())) < 1000


def test_task_class_names_the_class_that_loads_the_variant():
    import keras_hub

    for variant in gnb.variants(loadable=True):
        if variant.architecture is None:
            assert variant.task_class == variant.task
            continue
        task = getattr(keras_hub.models, variant.task_class)
        assert task.backbone_cls.__name__ == variant.architecture.backbone
        assert issubclass(task, getattr(keras_hub.models, variant.task))


def test_check_prints_what_the_catalog_lacks(tool, monkeypatch, capsys):
    assert tool.missing() == []
    monkeypatch.setattr(tool.keras_hub.models, "DiffusionGemmaBackbone", object, raising=False)
    known = tool.registry()
    monkeypatch.setattr(tool, "registry", lambda: {**known, "gemma5_1b": {}})
    monkeypatch.setattr(sys, "argv", ["update_catalog.py", "--check"])
    assert tool.main() == 1
    printed = capsys.readouterr().out
    assert "- preset gemma5_1b" in printed
    assert "- class DiffusionGemmaBackbone" in printed
