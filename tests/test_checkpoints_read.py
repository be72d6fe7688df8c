"""Hugging Face checkpoints give the numbers that their config and their tensors describe."""

import json

import demo_checkpoint
import pytest
from demo_checkpoint import ANSWER, QUESTION, TEXT, checkpoint, config, tensors

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput

pytestmark = pytest.mark.slow


def load(folder):
    return gnb.load(folder, "float32", 1024, progress=False)


@pytest.fixture(scope="module")
def weights():
    return tensors()


C = config()
LINEAR = {"rope_type": "linear", "factor": 4.0}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"rope_scaling": LINEAR},
        {"rope_parameters": {"full_attention": LINEAR, "sliding_attention": {**LINEAR, "factor": 2.0}}},
        {"layer_types": ["full_attention"] * C["num_hidden_layers"]},
        {"attn_logit_softcapping": 2.0, "final_logit_softcapping": 5.0},
        {"sliding_window": 16},
    ],
)  # fmt: skip
def test_fields_of_the_config_are_honoured(tmp_path, weights, changes):
    check_probabilities(tmp_path, weights, config(**changes), config() if changes else None)


def check_probabilities(tmp_path, weights, fields, others=None):
    """A checkpoint gives the probabilities of the equations, which differ with the fields ``others``."""
    model = load(checkpoint(tmp_path / "tiny-it", weights, fields))
    ids = model.prompt_ids(TEXT, raw=True)
    expected = demo_checkpoint.probabilities(ids, weights, fields)
    if others:
        plain = demo_checkpoint.probabilities(ids, weights, others)
        assert abs(plain - expected).max() > 1e-3
    for token in gnb.next_tokens(model, TEXT, 30, temperature=0, raw=True):
        assert token.probability == pytest.approx(expected[token.id], abs=2e-4)


def test_queries_are_scaled_as_the_config_says(tmp_path, weights):
    # as in the 27B models: the width for each head is not the head size
    size = C["head_dim"]
    half = {
        name: w[: 2 * size]
        if "q_proj" in name
        else w[:, : 2 * size].copy()
        if "o_proj" in name
        else w
        for name, w in weights.items()
    }
    heads = {"num_attention_heads": 2}
    fields = config(**heads, query_pre_attn_scalar=C["hidden_size"] // 2)
    check_probabilities(tmp_path, half, fields, config(**heads))


@pytest.mark.parametrize("prefix", ["", "language_model.model.", "model.language_model."])
@pytest.mark.parametrize("model_type", ["gemma3_text", "gemma3"])
def test_every_prefix_of_the_text_model(tmp_path, weights, prefix, model_type):
    renamed = {k.replace("model.", prefix, 1): v for k, v in weights.items()}
    fields = config() if model_type == "gemma3_text" else {"text_config": config()}
    folder = checkpoint(tmp_path / "tiny-it", renamed, {**fields, "model_type": model_type})
    assert gnb.variant(folder).modalities == ("text",)
    assert ANSWER in load(folder).generate(QUESTION, 12, temperature=0)


def test_an_output_matrix_is_compared_with_the_embedding(tmp_path, weights):
    table = weights["model.embed_tokens.weight"]
    copy = checkpoint(tmp_path / "copy-it", {**weights, "lm_head.weight": table.copy()})
    assert ANSWER in load(copy).generate(QUESTION, 12, temperature=0)
    other = table.copy()
    other[7] += 1
    own = checkpoint(tmp_path / "own-it", {**weights, "lm_head.weight": other})
    with pytest.raises(InvalidInput, match=r"lm_head\.weight"):
        load(own)


def test_a_missing_tensor_is_named(tmp_path, weights):
    name = "model.layers.3.mlp.up_proj.weight"
    less = {k: v for k, v in weights.items() if k != name}
    with pytest.raises(InvalidInput, match=r"layers\.3\.mlp\.up_proj\.weight"):
        load(checkpoint(tmp_path / "tiny-it", less))


def test_weights_that_are_no_numbers_get_no_advice_to_load_them_again(tmp_path, weights):
    broken = {**weights, "model.norm.weight": weights["model.norm.weight"] * float("nan")}
    model = load(checkpoint(tmp_path / "tiny-it", broken))
    with pytest.raises(GenerationError, match="weights are damaged") as error:
        model.generate(QUESTION, 5)
    assert "precision=" not in str(error.value)


def test_stop_tokens_of_its_own(tmp_path, weights):
    whole = list(
        load(checkpoint(tmp_path / "a-it", weights)).stream_ids(QUESTION, 12, temperature=0)
    )
    stop = json.dumps({"eos_token_id": [whole[3]]})
    model = load(checkpoint(tmp_path / "b-it", weights, generation_config=stop))
    assert list(model.stream_ids(QUESTION, 12, temperature=0)) == whole[:3]
    assert list(model.stream_ids(QUESTION, 5, temperature=0, ignore_eos=True)) == whole[:5]


def test_a_template_of_its_own_loads_and_takes_raw_prompts(tmp_path, weights):
    template = json.dumps({"chat_template": "<|im_start|>{{ m.role }}"})
    model = load(checkpoint(tmp_path / "mine", weights, tokenizer_config=template))
    with pytest.raises(InvalidInput, match="raw=True"):
        model.generate(QUESTION, 5)
    prompt = f"<start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n"
    assert ANSWER in model.generate(prompt, 12, temperature=0, raw=True)
