"""Hugging Face checkpoints that KerasHub converts, read tensor by tensor."""

import json

import pytest
import tiny

pytestmark = pytest.mark.slow
safetensors = pytest.importorskip("safetensors.numpy")

KEYS = {
    "attention.query_dense": "self_attn.q_proj",
    "attention.key_dense": "self_attn.k_proj",
    "attention.value_dense": "self_attn.v_proj",
    "attention.output_dense": "self_attn.o_proj",
    "gating_ffw": "mlp.gate_proj",
    "gating_ffw_2": "mlp.up_proj",
    "ffw_linear": "mlp.down_proj",
}
NORMS = {
    "pre_attention_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "pre_ffw_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attention.query_norm": "self_attn.q_norm",
    "attention.key_norm": "self_attn.k_norm",
}
WIDTH, INNER, HEADS, KV, SIZE, LAYERS, WORDS = 32, 48, 4, 2, 8, 2, 97


def checkpoint(folder, embeds=False):
    """A Gemma 3 text checkpoint of random float32 numbers, in the publisher's own layout.

    EmbeddingGemma's has its last two layers in folders of their own, and no prefix.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    rows = {"q_proj": HEADS * SIZE, "k_proj": KV * SIZE, "v_proj": KV * SIZE, "o_proj": WIDTH,
            "gate_proj": INNER, "up_proj": INNER, "down_proj": WIDTH}  # fmt: skip
    columns = {"o_proj": HEADS * SIZE, "down_proj": INNER}
    tensors = {"model.embed_tokens.weight": (WORDS, WIDTH), "model.norm.weight": (WIDTH,)}
    for i in range(LAYERS):
        for name in KEYS.values():
            last = name.split(".")[1]
            shape = (rows[last], columns.get(last, WIDTH))
            tensors[f"model.layers.{i}.{name}.weight"] = shape
        for name in NORMS.values():
            size = SIZE if name.startswith("self_attn") else WIDTH
            tensors[f"model.layers.{i}.{name}.weight"] = (size,)
    made = {k: rng.normal(0, 0.1, shape).astype("float32") for k, shape in tensors.items()}
    if embeds:
        made = {k.removeprefix("model."): v for k, v in made.items()}
        for name, shape in (("2_Dense", (3072, WIDTH)), ("3_Dense", (WIDTH, 3072))):
            (folder / name).mkdir()
            dense = {"linear.weight": rng.normal(0, 0.1, shape).astype("float32")}
            safetensors.save_file(dense, folder / name / "model.safetensors")
    safetensors.save_file(made, folder / "model.safetensors")
    config = {
        "model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"], "vocab_size": WORDS,
        "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": KV,
        "hidden_size": WIDTH, "intermediate_size": INNER, "head_dim": SIZE,
        "query_pre_attn_scalar": SIZE, "sliding_window": 8, "rms_norm_eps": 1e-6,
        "attn_logit_softcapping": None, "final_logit_softcapping": None, "rope_scaling": None,
        "max_position_embeddings": 64, "rope_theta": 1e6, "rope_local_base_freq": 1e4,
        "use_bidirectional_attention": embeds,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("embeds", [False, True])
@pytest.mark.parametrize("name", ["float32", "bfloat16", "int8", "int4"])
def test_a_converted_checkpoint_is_what_keras_hub_makes_of_it(name, embeds, tmp_path):
    import keras_hub
    import numpy as np
    from keras_hub.src.utils.preset_utils import get_preset_loader

    from gemma_nb.fit.precision import precision
    from gemma_nb.loading import transformers_weights
    from gemma_nb.loading.build import empty_backbones

    checkpoint(tmp_path, embeds)
    wanted = keras_hub.models.Gemma3Backbone.from_preset(str(tmp_path), dtype=precision(name).dtype)
    if precision(name).quantize:
        tiny.quantize(wanted, name)
    read = []
    loader = get_preset_loader(str(tmp_path))
    plain, made = empty_backbones(loader, precision(name))
    transformers_weights.read_transformers_weights(loader, plain, made, read.append)
    if not embeds:
        task = keras_hub.models.Gemma3CausalLM(backbone=made, preprocessor=None)
        assert task.compute_dtype == precision(name).dtype  # in which its caches are kept
    theirs, ours = ({v.path: np.asarray(v.value) for v in b.variables} for b in (wanted, made))
    assert theirs.keys() == ours.keys()
    for path, value in theirs.items():
        assert (value.dtype, value.tobytes()) == (ours[path].dtype, ours[path].tobytes()), path
    assert sum(read) > 0


def test_an_embedding_checkpoint_is_fetched_with_its_last_layers(tmp_path):
    from gemma_nb.hub.checkpoint_files import select_files

    checkpoint(tmp_path, embeds=True)
    names = [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()]
    names += ["1_Pooling/config.json", "onnx/model.safetensors", "tokenizer.json"]
    chosen, missing = select_files(names, tmp_path)
    assert {n for n in chosen if "/" in n} == {f"{i}_Dense/model.safetensors" for i in (2, 3)}
    assert missing == []
    names.remove("3_Dense/model.safetensors")
    assert select_files(names, tmp_path)[1] == ["3_Dense/model.safetensors"]


@pytest.mark.parametrize("shard_is_there", [False, True])
def test_one_file_beside_an_index_is_the_one_that_is_read(tmp_path, shard_is_there):
    """KerasHub reads the index first; it may be out of date, and its shards are not fetched."""
    import numpy as np
    from keras_hub.src.utils.preset_utils import get_preset_loader

    from gemma_nb.fit.precision import precision
    from gemma_nb.loading import transformers_weights
    from gemma_nb.loading.build import empty_backbones
    from gemma_nb.loading.weights import weight_file_bytes

    checkpoint(tmp_path)
    single = safetensors.load_file(tmp_path / "model.safetensors")
    shard = "model-00001-of-00001.safetensors"
    index = {"metadata": {}, "weight_map": dict.fromkeys(single, shard)}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    if shard_is_there:
        other = {name: np.zeros_like(value) for name, value in single.items()}
        safetensors.save_file(other, tmp_path / shard)
    loader = get_preset_loader(str(tmp_path))
    plain, made = empty_backbones(loader, precision("float32"))
    transformers_weights.read_transformers_weights(loader, plain, made)
    embedding = np.asarray(made.token_embedding.embeddings.value)
    assert (embedding == single["model.embed_tokens.weight"]).all()
    assert weight_file_bytes(tmp_path) == (tmp_path / "model.safetensors").stat().st_size
