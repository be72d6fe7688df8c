"""Tensors of a Hugging Face checkpoint that nothing reads, from its headers alone."""

import json

import pytest
from test_catalog_unlisted import GEMMA4_E2B, T5GEMMA_2B_2B, gemma3_1b, header, tensor, write
from test_config_fields import GEMMA3_4B, GEMMA3N

import gemma_nb as gnb
from gemma_nb.catalog.checkpoint_tensors import check_tensors, missing_tensors, unread_tensors
from gemma_nb.catalog.config_rules import complete_config
from gemma_nb.catalog.safetensors_header import TensorInfo
from gemma_nb.errors import InvalidInput

Q = "layers.0.self_attn.q_proj"


def checked(config, *names):
    check_tensors(
        {name: TensorInfo("BF16", 1) for name in names}, complete_config(config, "here"), "here"
    )


@pytest.mark.parametrize(
    "name",
    [
        f"model.{Q}.lora_A.default.weight",
        f"model.{Q}.base_layer.weight",
        f"model.{Q}.bias",
        "model.layers.26.mlp.up_proj.weight",
        "model.layers.0.mlp.new_proj.weight",
        "score.weight",
        "classifier.out_proj.weight",
        "model.embed_tokens.bias",
        "vision_tower.vision_model.post_layernorm.weight",
        "language_model.model.embed_tokens.weight",
        "v_head.summary.weight",
    ],
)
def test_a_tensor_that_nothing_reads_is_named(tmp_path, name):
    files, third = gemma3_1b(), "model-00003-of-00003.safetensors"
    index = json.loads(files["model.safetensors.index.json"])
    index["weight_map"][name] = third
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    files[third] = header({name: tensor(3)})
    with pytest.raises(InvalidInput) as error:
        gnb.variant(write(tmp_path / "model", files))
    assert repr(name) in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_an_adapter_beside_the_model_is_none_of_its_tensors(tmp_path):
    lora = {"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight": tensor(4, 1152)}
    files = {**gemma3_1b(), "adapter_model.safetensors": header(lora)}
    assert gnb.variant(write(tmp_path / "model", files)).loadable


def test_a_tensor_of_another_shape_is_named(tmp_path):
    directory = write(tmp_path / "model", gemma3_1b(intermediate_size=6913))
    with pytest.raises(InvalidInput, match=r"6912, 1152\].*6913, 1152\]") as error:
        gnb.variant(directory)
    assert "mlp" in str(error.value)


GEMMA4_26B = json.loads(json.dumps(GEMMA4_E2B))
GEMMA4_26B["text_config"].update(enable_moe_block=True, num_experts=8, moe_intermediate_size=64)


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (GEMMA3_4B, [f"language_model.model.{Q}.weight", "language_model.lm_head.weight",
                     "vision_tower.vision_model.post_layernorm.weight",
                     "multi_modal_projector.mm_input_projection_weight"]),
        (GEMMA3_4B, [f"model.language_model.{Q}.weight", "lm_head.weight",
                     "model.vision_tower.vision_model.embeddings.position_ids"]),
        (GEMMA3N, [f"model.language_model.{Q}.weight", "model.embed_vision.embedding.weight",
                   "model.language_model.altup_projections.2.weight",
                   "model.language_model.layers.3.altup.correct_output_scale",
                   "model.language_model.layers.3.laurel.linear_left.weight",
                   "model.audio_tower.conformer.0.norm.weight"]),
        (GEMMA4_E2B, [f"model.language_model.{Q}.weight",
                      "model.language_model.layers.34.layer_scalar",
                      "model.language_model.embed_tokens_per_layer.weight",
                      "model.embed_audio.embedding_projection.weight"]),
        (GEMMA4_26B, ["model.language_model.layers.1.experts.gate_up_proj",
                      "model.language_model.layers.1.router.per_expert_scale"]),
        (T5GEMMA_2B_2B, ["model.encoder.layers.0.pre_self_attn_layernorm.weight",
                         "decoder.layers.25.cross_attn.k_proj.weight", "encoder.norm.weight",
                         "model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight",
                         "lm_head.out_proj.weight"]),
    ],
)  # fmt: skip
def test_published_names_are_read(config, names):
    checked(config, *names)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (GEMMA3_4B, "language_model.model.layers.34.self_attn.q_proj.weight"),
        (GEMMA3_4B, "audio_tower.x.weight"),
        (GEMMA4_E2B, "model.language_model.layers.35.layer_scalar"),
        (GEMMA4_E2B, "model.language_model.mtp.weight"),
        (T5GEMMA_2B_2B, "encoder.layers.26.mlp.up_proj.weight"),
        (T5GEMMA_2B_2B, "pooler.dense.weight"),
    ],
)
def test_and_others_are_not(config, name):
    with pytest.raises(InvalidInput, match=name):
        checked(config, name)


def test_what_is_missing_is_listed():
    config = complete_config(json.loads(gemma3_1b()["config.json"]), "here")
    names = set(json.loads(gemma3_1b()["model.safetensors.index.json"])["weight_map"])
    assert missing_tensors(names, config) == []
    gone = "model.layers.7.mlp.up_proj.weight"
    assert missing_tensors(names - {gone}, config) == ["layers.7.mlp.up_proj.weight"]


def test_what_a_converter_left_out():
    names = ["model.a", "model.rotary_emb.inv_freq", "lm_head.weight", "vision_tower.b", "model.c"]
    assert unread_tensors(names, {"model.a"}) == ["model.c"]
