"""Variants outside the catalog: directories, and handles on test hubs on the loopback address."""

import dataclasses
import json
import shutil
import struct

import pytest
from hubs.server import HF_LOGIN

import gemma_nb as gnb
from gemma_nb.catalog import unlisted
from gemma_nb.catalog.data_files import VARIANT_RECORD, recorded_variant
from gemma_nb.catalog.hugging_face_config import read_hugging_face_config
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.catalog.safetensors_header import read_safetensors_header
from gemma_nb.catalog.weight_files import shard_names
from gemma_nb.errors import InvalidInput, LoadError

pytest_plugins = ["hubs.plugin"]

SHARD = "model-00002-of-00002.safetensors"
GEMMA3_1B = {
    "model_type": "gemma3_text",
    "vocab_size": 262144,
    "num_hidden_layers": 26,
    "num_attention_heads": 4,
    "num_key_value_heads": 1,
    "hidden_size": 1152,
    "intermediate_size": 6912,
    "head_dim": 256,
    "sliding_window": 512,
    "max_position_embeddings": 32768,
}
GEMMA2_2B = {
    "model_type": "gemma2",
    "vocab_size": 256000,
    "num_hidden_layers": 26,
    "num_attention_heads": 8,
    "num_key_value_heads": 4,
    "hidden_size": 2304,
    "intermediate_size": 9216,
    "head_dim": 256,
    "sliding_window": 4096,
    "attn_logit_softcapping": 50.0,
    "max_position_embeddings": 8192,
}
GEMMA4_E2B = {
    "model_type": "gemma4",
    "text_config": {
        "vocab_size": 262144,
        "num_hidden_layers": 35,
        "num_attention_heads": 8,
        "num_key_value_heads": 1,
        "hidden_size": 1536,
        "intermediate_size": 6144,
        "head_dim": 256,
        "global_head_dim": 512,
        "sliding_window": 512,
        "layer_types": (4 * ["sliding_attention"] + ["full_attention"]) * 7,
        "num_kv_shared_layers": 20,
        "hidden_size_per_layer_input": 256,
        "use_double_wide_mlp": True,
        "max_position_embeddings": 131072,
    },
    "vision_config": {"hidden_size": 768},
    "audio_config": {"hidden_size": 1024},
    "vision_soft_tokens_per_image": 280,
}
T5GEMMA_2B_2B = {
    "model_type": "t5gemma",
    "encoder": (side := {**GEMMA2_2B, "layer_types": ["sliding_attention", "full_attention"] * 13}),
    "decoder": side,
}


def header(tensors):
    """A safetensors file's header, without the weights behind it."""
    text = json.dumps({"__metadata__": {"format": "pt"}, **tensors}).encode()
    return struct.pack("<Q", len(text)) + text


def tensor(*shape, dtype="BF16"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, 0]}


def gemma3_1b(**config):
    """A checkpoint of Gemma 3 1B's shape, its tensors named as on Hugging Face."""
    layers = {}
    for i in range(26):
        for name, shape in {
            "self_attn.q_proj": (1024, 1152), "self_attn.k_proj": (256, 1152),
            "self_attn.v_proj": (256, 1152), "self_attn.o_proj": (1152, 1024),
            "self_attn.q_norm": (256,), "self_attn.k_norm": (256,),
            "mlp.gate_proj": (6912, 1152), "mlp.up_proj": (6912, 1152),
            "mlp.down_proj": (1152, 6912), "input_layernorm": (1152,),
            "post_attention_layernorm": (1152,), "pre_feedforward_layernorm": (1152,),
            "post_feedforward_layernorm": (1152,),
        }.items():  # fmt: skip
            layers[f"model.layers.{i}.{name}.weight"] = tensor(*shape)
    embedding = {"model.embed_tokens.weight": tensor(262144, 1152)}
    tied = {"lm_head.weight": tensor(262144, 1152)}
    return {
        "config.json": json.dumps({**GEMMA3_1B, **config}).encode(),
        "model-00001-of-00002.safetensors": header({**embedding, **tied}),
        "model-00002-of-00002.safetensors": header({**layers, "model.norm.weight": tensor(1152)}),
        "model.safetensors.index.json": json.dumps(
            {
                "metadata": {"total_size": 1},
                "weight_map": {
                    **dict.fromkeys((*embedding, *tied), "model-00001-of-00002.safetensors"),
                    **dict.fromkeys(
                        (*layers, "model.norm.weight"), "model-00002-of-00002.safetensors"
                    ),
                },
            }
        ).encode(),
    }


def write(directory, files):
    directory.mkdir()
    for name, data in files.items():
        (directory / name).write_bytes(data)
    return directory


@pytest.fixture(autouse=True)
def _forget(monkeypatch, tmp_path_factory):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hf")))
    unlisted._from_host.cache_clear()
    yield
    unlisted._from_host.cache_clear()


# --- directories -------------------------------------------------------------------------------


def test_a_checkpoint_has_the_numbers_of_its_shape(tmp_path):
    found = gnb.variant(write(tmp_path / "my-tuned-gemma-it", gemma3_1b()))
    known = gnb.variant("gemma3_instruct_1b")
    for field in ("parameters", "text_parameters", "vision_parameters", "architecture",
                  "int8_bytes", "int4_bytes", "context_length", "modalities"):  # fmt: skip
        assert getattr(found, field) == getattr(known, field), field
    assert found.name == found.handle == str(tmp_path / "my-tuned-gemma-it")
    assert (found.family, found.base, found.size) == ("Community", "3", "1B")
    assert (found.tuning, found.prompt_format, found.role) == ("IT", "turns", "generate")
    assert found.loadable
    assert not found.rough


def test_a_string_with_a_separator_is_a_directory(tmp_path, monkeypatch):
    write(tmp_path / "base", gemma3_1b())
    monkeypatch.chdir(tmp_path)
    for written in ("./base", "base", str(tmp_path / "base")):
        assert gnb.variant(written).parameters == 999_885_952
    assert gnb.variant("base").tuning == "PT"


def test_a_chat_template_says_that_it_is_tuned(tmp_path):
    jinja = "{{ '<start_of_turn>model' }}<end_of_turn>"
    template = {"tokenizer_config.json": json.dumps({"chat_template": jinja}).encode()}
    found = gnb.variant(write(tmp_path / "mine", {**gemma3_1b(), **template}))
    assert (found.tuning, found.prompt_format) == ("IT", "turns")


@pytest.mark.parametrize("name", [v.name for v in gnb.variants(family="Demo")])
def test_a_keras_preset_gives_the_variant_of_the_catalog(tmp_path, name):
    directory = shutil.copytree(
        demo_directory(name), tmp_path / name, ignore=shutil.ignore_patterns("*.h5")
    )
    found, known = gnb.variant(directory), gnb.variant(name)
    assert (found.parameters, found.architecture) == (known.parameters, known.architecture)
    assert (found.tuning, found.prompt_format) == (known.tuning, known.prompt_format)
    assert found.int8_bytes == known.int8_bytes


def test_towers_and_per_layer_embeddings_are_counted_separately(tmp_path):
    tensors = {
        "model.language_model.embed_tokens.weight": tensor(100, 10),
        "model.language_model.embed_tokens_per_layer.weight": tensor(100, 70),
        "model.vision_tower.patch.weight": tensor(7, 3),
        "model.embed_vision.projection.weight": tensor(2, 5),
        "model.audio_tower.conv.weight": tensor(11),
    }
    files = {"config.json": json.dumps(GEMMA4_E2B).encode(), "model.safetensors": header(tensors)}
    found = gnb.variant(write(tmp_path / "gemma-4-tuned-it", files))
    assert found.vision_parameters == 31
    assert found.audio_parameters == 11
    assert found.text_parameters == 1000 + 7000
    assert found.parameters == 8042
    assert found.per_layer_embedding_parameters == 7000
    assert found.modalities == ("text", "image", "audio")
    assert found.prompt_format == "gemma4_small"
    assert found.image_tokens == 280
    assert found.int8_bytes is None
    assert found.architecture == gnb.variant("gemma4_2b").architecture


@pytest.mark.parametrize(
    ("config", "shape"),
    [
        (GEMMA3_1B, "gemma3_1b"),
        (GEMMA2_2B, "gemma2_2b_en"),
        (GEMMA4_E2B, "gemma4_2b"),
        (T5GEMMA_2B_2B, "t5gemma_2b_2b_ul2"),
    ],
)
def test_configs_read_as_keras_hub_converts_them(config, shape):
    assert read_hugging_face_config(config, "here").architecture == gnb.variant(shape).architecture


@pytest.mark.parametrize(
    ("config", "path"),
    [
        (GEMMA3_1B, "model_type"),
        (GEMMA4_E2B, "text_config"),
        (T5GEMMA_2B_2B, "encoder"),
    ],
)
def test_a_missing_field_is_named(config, path):
    broken = json.loads(json.dumps(config))
    *parents, last = path.split(".")
    part = broken
    for parent in parents:
        part = part[parent]
    del part[last]
    with pytest.raises(ValueError, match="has no") as error:
        read_hugging_face_config(broken, "here")
    assert repr(path) in str(error.value)
    assert "here" in str(error.value)


def without(files, *names):
    return {k: v for k, v in files.items() if k not in names}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "no config.json"),
        ({"adapter_config.json": b"{}"}, "an adapter"),
        ({"config.json": b"{"}, "not valid JSON"),
        ({"config.json": b"[]"}, "not valid JSON"),
        ({"config.json": b"{}"}, "'model_type'"),
        ({"config.json": b'{"model_type": "llama"}'}, "'llama'"),
        ({"config.json": b'{"class_name": "BertBackbone", "config": {}}'}, "'BertBackbone'"),
        ({"config.json": b'{"class_name": "Gemma3Backbone", "config": 3}'}, "'config'"),
        ({"config.json": gemma3_1b()["config.json"]}, "no \\*.safetensors"),
        ({**gemma3_1b(), SHARD: b"\xff" * 20}, "complete safetensors"),
        ({**gemma3_1b(), SHARD: b""}, "complete safetensors"),
        ({**gemma3_1b(), SHARD: header({})[:-1]}, "complete safetensors"),
        ({**gemma3_1b(), SHARD: header({"a": tensor(3, dtype="U8")})}, "quantised"),
        (gemma3_1b(quantization_config={"quant_method": "gptq"}), r"quantised \(gptq\)"),
    ],
)  # fmt: skip
def test_an_unreadable_source_says_why(tmp_path, files, says):
    directory = write(tmp_path / "model", files)
    with pytest.raises(ValueError, match=says) as error:
        gnb.variant(directory)
    assert str(directory) in str(error.value)


def test_only_the_files_that_are_read_are_counted(tmp_path):
    """One file counts before shards, as it is fetched and read; another file beside them does not."""
    both = {**gemma3_1b(), "consolidated.safetensors": header({"a": tensor(3, dtype="U8")})}
    assert gnb.variant(write(tmp_path / "shards", both)).parameters == 999_885_952
    both["model.safetensors"] = header({"model.embed_tokens.weight": tensor(262144, 1152)})
    assert gnb.variant(write(tmp_path / "one", both)).parameters == 262144 * 1152


def test_a_keras_preset_without_its_count(tmp_path):
    directory = shutil.copytree(demo_directory("demo_gemma3_1m"), tmp_path / "preset")
    (directory / "metadata.json").write_text("{}")
    with pytest.raises(ValueError, match="parameter_count"):
        gnb.variant(directory)
    (directory / "metadata.json").unlink()
    with pytest.raises(ValueError, match=r"no metadata\.json"):
        gnb.variant(directory)


def test_a_member_of_the_family_that_keras_hub_does_not_convert(tmp_path):
    config = json.dumps({"model_type": "recurrent_gemma"}).encode()
    files = {**without(gemma3_1b(), "config.json"), "config.json": config}
    found = gnb.variant(write(tmp_path / "griffin", files))
    assert (found.loadable, found.rough, found.architecture) == (False, True, None)
    assert found.runs_with == ("Transformers",)
    assert found.parameters == 999_885_952


# --- hubs --------------------------------------------------------------------------------------


def test_hugging_face_without_weights(hubs):
    hubs.presets["someone/gemma-tuned-it"] = gemma3_1b()
    found = gnb.variant("hf://someone/gemma-tuned-it")
    known = gnb.variant("gemma3_1b")
    assert (found.parameters, found.architecture) == (known.parameters, known.architecture)
    assert (found.name, found.hf_id) == ("hf://someone/gemma-tuned-it", "someone/gemma-tuned-it")
    assert (found.tuning, found.gated, found.licence) == ("IT", False, "unknown")
    weights = hubs.bodies(".safetensors")
    assert weights
    assert all(asked.range for asked in weights), "only ranges of the weights' files"
    asked_before = len(hubs.asked)
    assert gnb.variant("HF://someone/gemma-tuned-it") is found
    assert len(hubs.asked) == asked_before, "asked once"


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("consent_needed", "accept its terms"),
        ("login_needed", "accept its terms"),
    ],
)
def test_gated_on_hugging_face(hubs, fault, says):
    hubs.presets["someone/gated"] = gemma3_1b()
    setattr(hubs.faults, fault, True)
    with pytest.raises(ValueError, match=says) as error:
        gnb.variant("hf://someone/gated")
    assert "https://huggingface.co/someone/gated" in str(error.value)


@pytest.mark.usefixtures("hubs")
def test_unknown_model_on_hugging_face():
    with pytest.raises(ValueError, match="no model at hf://someone/nothing"):
        gnb.variant("hf://someone/nothing")


def test_a_token_with_characters_that_nobody_sees(hubs, monkeypatch):
    hubs.presets["someone/gemma-it"] = gemma3_1b()
    monkeypatch.setenv("HF_TOKEN", f"\ufeff{HF_LOGIN}\u200b")
    assert gnb.variant("hf://someone/gemma-it").tuning == "IT"
    monkeypatch.setenv("HF_TOKEN", f"“{HF_LOGIN}”")
    with pytest.raises(ValueError, match="characters that no token contains"):
        gnb.variant("hf://someone/other-it")


def test_a_busy_hub_is_not_reported_as_a_wrong_name(hubs):
    hubs.presets["someone/busy"] = gemma3_1b()
    hubs.faults.api_status = 500
    with pytest.raises(LoadError, match="could not be read"):
        gnb.variant("hf://someone/busy")


def test_no_connection(hubs, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(LoadError, match="Check the connection"):
        gnb.variant("hf://someone/anything")


def keras_files():
    directory = demo_directory("demo_gemma3_instruct_4m")
    return {p.name: p.read_bytes() for p in directory.glob("*.json")}


def test_kaggle_without_weights(hubs):
    handle = "someone/gemma/keras/gemma_tuned_it"
    hubs.presets[handle] = {**keras_files(), "model.weights.h5": b"0" * 1000}
    found, known = gnb.variant(f"kaggle://{handle}"), gnb.variant("demo_gemma3_instruct_4m")
    assert (found.parameters, found.architecture) == (known.parameters, known.architecture)
    assert (found.tuning, found.prompt_format) == ("IT", "turns")
    assert not hubs.bodies(".h5")


def test_gated_on_kaggle(hubs):
    hubs.presets["someone/gemma/keras/gated"] = keras_files()
    hubs.faults.consent_needed = True
    with pytest.raises(ValueError, match="accept its terms") as error:
        gnb.variant("kaggle://someone/gemma/keras/gated")
    assert "https://www.kaggle.com/models/someone/gemma" in str(error.value)


@pytest.mark.usefixtures("hubs")
def test_unknown_model_on_kaggle():
    with pytest.raises(ValueError, match="someone/gemma/keras/none"):
        gnb.variant("kaggle://someone/gemma/keras/none")


@pytest.mark.parametrize(
    "wrong", ["hf://", "hf://name", "hf://a/b/c", "kaggle://a/b", "kaggle://a//b/c", "s3://a/b"]
)
def test_malformed_handles(wrong):
    with pytest.raises(ValueError, match="is not a handle"):
        gnb.variant(wrong)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 100_000 + b"]" * 100_000, b"{}", b'{"a": 5}', b'{"a": {"dtype": ["F32"], "shape": [1]}}',
        b'{"a": {"dtype": "F32", "shape": "12"}}', b'{"a": {"dtype": "F32", "shape": [1e9]}}',
        b'{"a": {"dtype": "F32", "shape": [-1]}}', b'{"a": {"dtype": "F32", "shape": [2147483648]}}',
        b'{"a": {"dtype": "F32", "shape": [%s]}}' % b",".join([b"2147483647"] * 100_000),
        b'{"a": {"dtype": "F32", "shape": [[1]]}}', b'{"a": {"dtype": "F32", "shape": null}}', b"[]",
        b"\xff\xff",
    ],
)  # fmt: skip
def test_a_header_of_tensors_that_cannot_be_is_refused(tmp_path, raw):
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(raw).to_bytes(8, "little") + raw)
    if raw == b"{}":
        assert read_safetensors_header(path) == {}
        return
    with pytest.raises(InvalidInput, match="not a complete safetensors file"):
        read_safetensors_header(path)
    path.write_bytes((2**63).to_bytes(8, "little") + raw)
    with pytest.raises(InvalidInput, match="not a complete safetensors file"):
        read_safetensors_header(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5), ("modalities", "text"), ("modalities", [5]), ("parameters", -1),
        ("parameters", 10**400), ("parameters", True), ("gated", "no"), ("int8_bytes", ["a", "b"]),
        ("context_length", [1]), ("architecture", {"num_layers": 5}), ("architecture.num_layers", 10**12),
        ("architecture.num_layers", "6"), ("architecture.head_dim", 2.5),
        ("architecture.attention_logit_soft_cap", float("nan")),
    ],
)  # fmt: skip
def test_a_record_of_a_variant_that_cannot_be_counts_for_nothing(tmp_path, field, value):
    variant = dataclasses.asdict(gnb.variant("gemma3_instruct_1b"))
    (tmp_path / VARIANT_RECORD).write_text(json.dumps({"variant": variant}))
    assert recorded_variant(tmp_path).name == "gemma3_instruct_1b"
    part, _, name = field.rpartition(".")
    (variant[part] if part else variant)[name] = value
    (tmp_path / VARIANT_RECORD).write_text(json.dumps({"variant": variant}))
    assert recorded_variant(tmp_path) is None


def test_every_variant_of_the_catalog_can_be_recorded(tmp_path):
    for variant in gnb.variants():
        text = json.dumps({"variant": dataclasses.asdict(variant)})
        (tmp_path / VARIANT_RECORD).write_text(text)
        assert recorded_variant(tmp_path) == dataclasses.replace(variant, handle=str(tmp_path))


@pytest.mark.parametrize("index", [{}, {"weight_map": 5}, {"weight_map": {"a": 5, "b": None}}])
def test_an_index_that_names_no_file_names_none(index):
    assert shard_names(index) == set()
    assert shard_names({"weight_map": {"a": "x.safetensors", "b": ["y", "../z", 5]}}) == {
        "x.safetensors",
        "y",
    }
