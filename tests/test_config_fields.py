"""Fields of config.json that change the mathematics: transformers' defaults, and what is refused."""

import json
import time
from dataclasses import replace

import pytest
from test_catalog_unlisted import GEMMA2_2B, GEMMA3_1B, GEMMA4_E2B, T5GEMMA_2B_2B

import gemma_nb as gnb
from gemma_nb.catalog.config_bounds import is_possible
from gemma_nb.catalog.config_rules import complete_config
from gemma_nb.catalog.hugging_face_config import read_hugging_face_config
from gemma_nb.catalog.keras_config import read_keras_config
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.errors import InvalidInput

GEMMA1 = {"model_type": "gemma", "num_hidden_layers": 18, "hidden_size": 2048,
          "num_attention_heads": 8, "num_key_value_heads": 1}  # fmt: skip
SIGLIP = {"model_type": "siglip_vision_model", "hidden_size": 1152, "image_size": 896,
          "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27,
          "patch_size": 14}  # fmt: skip
# google/gemma-3-4b-it: transformers writes of a nested config what differs from its defaults
GEMMA3_4B = {
    "model_type": "gemma3",
    "mm_tokens_per_image": 256,
    "text_config": {
        "model_type": "gemma3_text", "hidden_size": 2560, "intermediate_size": 10240,
        "num_hidden_layers": 34, "sliding_window": 1024,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
    },
    "vision_config": SIGLIP,
}  # fmt: skip
GEMMA3N = {"model_type": "gemma3n", "text_config": {}, "vision_config": {}, "audio_config": {}}
PALIGEMMA = {
    "model_type": "paligemma",
    "text_config": {"model_type": "gemma"},
    "vision_config": {},
    "image_token_index": 257152,
}
PATTERN_2 = ["sliding_attention", "full_attention"] * 13


def changed(config, path, value):
    config = json.loads(json.dumps(config))
    *parents, last = path.split(".")
    part = config
    for parent in parents:
        part = part[parent]
    part[last] = value
    return config


def test_the_4b_model_is_read_with_transformers_defaults():
    found = read_hugging_face_config(GEMMA3_4B, "here")
    # the checkpoint has 64 rows more than KerasHub's preset
    preset = replace(gnb.variant("gemma3_4b").architecture, vocabulary_size=262208)
    assert found.architecture == preset
    text = complete_config(GEMMA3_4B, "here")["text_config"]
    assert (text["vocab_size"], text["query_pre_attn_scalar"]) == (262208, 256)
    assert text["rope_parameters"]["full_attention"]["factor"] == 8.0
    assert text["rope_parameters"]["full_attention"]["rope_theta"] == 1e6
    assert text["rope_parameters"]["sliding_attention"]["rope_theta"] == 1e4


def test_the_config_of_the_caller_stays_as_it_is():
    before = json.dumps(GEMMA3_4B)
    complete_config(GEMMA3_4B, "here")
    assert json.dumps(GEMMA3_4B) == before


@pytest.mark.parametrize("model_type", ["gemma3", "gemma4"])
@pytest.mark.parametrize("vision", [{}, {"vision_config": None, "audio_config": None}])
def test_an_image_model_without_its_encoders_is_a_text_model(model_type, vision):
    inner = GEMMA3_1B if model_type == "gemma3" else GEMMA4_E2B["text_config"]
    text = {k: v for k, v in inner.items() if k != "model_type"}
    config = {"model_type": model_type, "text_config": text, **vision}
    assert complete_config(config, "here")["model_type"] == f"{model_type}_text"
    found = read_hugging_face_config(config, "here")
    alone = read_hugging_face_config({**text, "model_type": f"{model_type}_text"}, "here")
    assert (found.architecture, found.modalities) == (alone.architecture, ("text",))


@pytest.mark.parametrize(
    ("config", "path", "value"),
    [
        (GEMMA3_1B, "layer_types", PATTERN_2),
        (GEMMA3_1B, "layer_types", ["full_attention"] * 3),
        (GEMMA3_1B, "layer_types", ["chunked_attention"] * 26),
        (GEMMA3_1B, "sliding_window_pattern", 2),
        (GEMMA3_1B, "sliding_window_pattern", 0),
        (GEMMA3_1B, "sliding_window", None),
        (GEMMA3_1B, "sliding_window", 6.5),
        (GEMMA3_1B, "rope_theta", 5e5),
        (GEMMA3_1B, "rope_local_base_freq", 5e5),
        (GEMMA3_1B, "rope_scaling", {"rope_type": "yarn", "factor": 8.0}),
        (GEMMA3_1B, "rope_scaling", {"rope_type": "linear", "factor": 8.0, "low_freq_factor": 1}),
        (GEMMA3_1B, "rope_scaling", {"rope_type": "linear", "factor": -8.0}),
        (GEMMA3_1B, "rope_parameters", {"full_attention": {"rope_theta": 5e5}}),
        (GEMMA3_1B, "rope_parameters", {"sliding_attention": {"rope_type": "dynamic"}}),
        (GEMMA3_1B, "rope_parameters", {"full_attention": {"partial_rotary_factor": 0.5}}),
        (GEMMA3_1B, "attention_bias", True),
        (GEMMA3_1B, "mlp_bias", True),
        (GEMMA3_1B, "hidden_activation", "silu"),
        (GEMMA3_1B, "query_pre_attn_scalar", 100),
        (GEMMA3_1B, "rms_norm_eps", 1e-5),
        (GEMMA3_1B, "attn_logit_softcapping", -1.0),
        (GEMMA3_1B, "tie_word_embeddings", False),
        (GEMMA3_1B, "num_key_value_heads", 3),
        (GEMMA3_1B, "num_attention_heads", True),
        (GEMMA3_1B, "hidden_size", "1152"),
        (GEMMA3_4B, "tie_word_embeddings", False),
        (GEMMA3_4B, "text_config.tie_word_embeddings", False),
        (GEMMA3_4B, "text_config.model_type", "gemma2"),
        (GEMMA3_4B, "mm_tokens_per_image", 144),
        (GEMMA3_4B, "vision_config.hidden_act", "gelu"),
        (GEMMA3_4B, "vision_config.patch_size", 0),
        (GEMMA2_2B, "layer_types", ["full_attention", "sliding_attention"] * 13),
        (GEMMA2_2B, "rope_theta", 1e6),
        (GEMMA2_2B, "rope_scaling", {"type": "linear", "factor": 2.0}),
        (GEMMA2_2B, "hidden_activation", "relu"),
        (GEMMA2_2B, "use_bidirectional_attention", True),
        (GEMMA1, "hidden_act", "silu"),
        (GEMMA1, "hidden_activation", "gelu"),
        (GEMMA1, "rms_norm_eps", 1e-5),
        (GEMMA1, "rope_theta", 1e6),
        (GEMMA3N, "text_config.rope_local_base_freq", 1e6),
        (GEMMA3N, "text_config.rope_scaling", {"rope_type": "linear", "factor": 2.0}),
        (GEMMA3N, "text_config.hidden_activation", "swish_of_its_own"),
        (GEMMA3N, "text_config.attention_bias", True),
        (GEMMA3N, "vision_config", None),
        (GEMMA3N, "audio_config", None),
        (GEMMA4_E2B, "text_config.hidden_activation", "silu"),
        (GEMMA4_E2B, "text_config.use_bidirectional_attention", "all"),
        (GEMMA4_E2B, "text_config.attn_logit_softcapping", 50.0),
        (GEMMA4_E2B, "text_config.rope_parameters",
         {"full_attention": {"rope_type": "proportional", "rope_theta": 1e6, "factor": 2.0}}),
        (GEMMA4_E2B, "text_config.rope_parameters",
         {"sliding_attention": {"rope_type": "default", "partial_rotary_factor": 0.5}}),
        (GEMMA4_E2B, "vision_config.attention_bias", True),
        (PALIGEMMA, "text_config.model_type", "gemma2"),
        (PALIGEMMA, "vision_config", None),
        (T5GEMMA_2B_2B, "encoder.query_pre_attn_scalar", 100),
        (T5GEMMA_2B_2B, "encoder.rope_theta", 1e6),
        (T5GEMMA_2B_2B, "decoder.attention_bias", True),
        (T5GEMMA_2B_2B, "tie_word_embeddings", False),
    ],
)  # fmt: skip
def test_a_field_that_keras_hub_does_not_compute_is_named(config, path, value):
    read_hugging_face_config(config, "here")
    with pytest.raises(InvalidInput) as error:
        read_hugging_face_config(changed(config, path, value), "here")
    assert path in str(error.value), str(error.value)
    assert "here" in str(error.value)


@pytest.mark.parametrize(
    ("config", "path", "value"),
    [
        (GEMMA3_1B, "layer_types", (["sliding_attention"] * 5 + ["full_attention"]) * 4
         + ["sliding_attention"] * 2),
        (GEMMA3_1B, "layer_types", ["full_attention"] * 26),
        (GEMMA3_1B, "sliding_window_pattern", 6),
        (GEMMA3_1B, "query_pre_attn_scalar", 1152 // 4),
        (GEMMA3_1B, "rope_scaling", {"type": "linear", "factor": 8.0}),
        (GEMMA3_1B, "rope_parameters", {"full_attention": {"rope_type": "linear", "factor": 8.0}}),
        (GEMMA3_1B, "final_logit_softcapping", 30.0),
        (GEMMA3_1B, "unsloth_fixed", True),
        (GEMMA2_2B, "attn_logit_softcapping", None),
        (GEMMA1, "hidden_act", "gelu"),
        (GEMMA3N, "text_config.rope_theta", 5e5),
        (GEMMA3N, "text_config.hidden_activation", "silu"),
        (GEMMA4_E2B, "text_config.rms_norm_eps", 1e-5),
        (T5GEMMA_2B_2B, "dropout_rate", 0.1),
    ],
)  # fmt: skip
def test_a_field_that_keras_hub_computes_is_taken(config, path, value):
    assert read_hugging_face_config(changed(config, path, value), "here").architecture


def test_gemma_4_as_transformers_reads_it():
    sliding_last = changed(GEMMA4_E2B, "text_config.layer_types", ["sliding_attention"] * 35)
    text = complete_config(sliding_last, "here")["text_config"]
    assert text["layer_types"][-2:] == ["sliding_attention", "full_attention"]
    assert text["rope_parameters"]["full_attention"] == {
        "rope_type": "proportional", "partial_rotary_factor": 0.25, "rope_theta": 1e6, "factor": 1.0,
    }  # fmt: skip
    for given, equal, heads in [(2, True, 2), (2, False, None), (None, True, 1)]:
        config = changed(GEMMA4_E2B, "text_config.num_global_key_value_heads", given)
        config = changed(config, "text_config.attention_k_eq_v", equal)
        text = complete_config(config, "here")["text_config"]
        assert text["num_global_key_value_heads"] == heads
    assert complete_config(GEMMA4_E2B, "here")["vision_config"]["use_clipped_linears"] is False


def test_paligemma_gets_the_head_size_that_keras_hub_reads_elsewhere():
    text = complete_config(PALIGEMMA, "here")["text_config"]
    assert text["num_image_tokens"] == text["head_dim"] == 256


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sliding_window_size", 6.5), ("num_layers", 0), ("num_layers", True), ("head_dim", -8),
        ("vocabulary_size", "97"), ("layer_norm_epsilon", 0), ("final_logit_soft_cap", -30.0),
        ("global_rope_scaling_factor", float("inf")), ("hidden_dim", 10**3 + 0.5),
    ],
)  # fmt: skip
def test_an_impossible_value_of_a_keras_preset_is_named(field, value):
    config = json.loads((demo_directory("demo_gemma3_1m") / "config.json").read_text())
    config["config"][field] = value
    with pytest.raises(InvalidInput, match=rf"config\.{field}"):
        read_keras_config(config, "here")


#: What a stranger may write in the place of any field.
ANYTHING = (
    None, True, False, 0, -1, 1, 2.5, 10**12, 2**31, -(10**400), 10**400, float("nan"), float("inf"),
    1e308, "", "12", "sliding_attention", [], [1], [[]], [{}], {}, {"a": 1}, "x" * 10**4,
)  # fmt: skip
KERAS_GEMMA3 = json.loads((demo_directory("demo_gemma3_1m") / "config.json").read_text())
READ = {
    "gemma": GEMMA1, "gemma2": GEMMA2_2B, "gemma3_text": GEMMA3_1B, "gemma3": GEMMA3_4B,
    "gemma3n": GEMMA3N, "gemma4": GEMMA4_E2B, "paligemma": PALIGEMMA, "t5gemma": T5GEMMA_2B_2B,
    "keras": KERAS_GEMMA3, "vaultgemma": {"model_type": "vaultgemma", "vocab_size": 1},
}  # fmt: skip


def paths(fields, above=""):
    """The path of every field."""
    for name, value in fields.items():
        yield f"{above}{name}"
        if isinstance(value, dict):
            yield from paths(value, f"{above}{name}.")


@pytest.mark.parametrize("kind", READ)
def test_whatever_a_field_holds_is_read_or_refused_at_once(kind):
    read = read_keras_config if kind == "keras" else read_hugging_face_config
    config = READ[kind]
    whole = config if kind in ("keras", "vaultgemma") else complete_config(config, "here")
    for path in {*paths(config), *paths(whole)}:
        for value in ANYTHING:
            try:
                fields = changed(whole, path, value)
            except KeyError:
                continue
            start = time.process_time()
            try:
                read(fields, "here")
            except InvalidInput as error:
                assert len(str(error)) < 1000, path  # noqa: PT017 - it may be read, too
            assert time.process_time() - start < 1, (path, value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_layers", 10**12), ("num_layers", 10**400), ("num_query_heads", 10**6),
        ("hidden_dim", 2**31), ("intermediate_dim", float("nan")), ("layer_norm_epsilon", 10**400),
        ("head_dim", [8]), ("use_post_ffw_norm", "yes"), ("vocabulary_size", {}),
    ],
)  # fmt: skip
def test_a_number_that_is_out_of_bounds_is_named(field, value):
    config = changed(KERAS_GEMMA3, f"config.{field}", value)
    with pytest.raises(InvalidInput, match=rf"config\.{field}"):
        read_keras_config(config, "here")


def test_bounds_hold_in_nested_objects_and_a_list_for_each_layer_is_a_size():
    config = changed(GEMMA3_4B, "vision_config.num_hidden_layers", 10**12)
    with pytest.raises(InvalidInput, match=r"vision_config\.num_hidden_layers"):
        read_hugging_face_config(config, "here")
    assert is_possible("intermediate_size", [16384] * 35)
    assert not is_possible("intermediate_size", [16384, None])
    assert not is_possible("hidden_size", [16384])


@pytest.mark.parametrize("field", ["class_name", "registered_name"])
def test_a_class_that_is_no_text_is_named(field):
    with pytest.raises(InvalidInput, match=field):
        read_keras_config(changed(KERAS_GEMMA3, field, ["Gemma3Backbone"]), "here")
