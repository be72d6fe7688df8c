"""The chat template and the stop tokens that a checkpoint brings itself."""

import json

import pytest
from test_catalog_unlisted import GEMMA4_E2B, gemma3_1b, header, tensor, write

import gemma_nb as gnb
from gemma_nb.catalog.chat_template import _template_in, template_format
from gemma_nb.errors import InvalidInput
from gemma_nb.loading.stop_tokens import stop_token_ids

TURNS = "{{ bos_token }}{{ '<start_of_turn>' + (message['role'] == 'assistant' and 'model') }}<end_of_turn>"
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
GEMMA4 = "{{ '<|turn>model\n' }}{{ m.content }}<turn|>"


@pytest.mark.parametrize(
    ("template", "generation", "name"),
    [
        (TURNS, "3", "turns"),
        (TURNS, "2", "turns"),
        (TURNS + "<start_function_declaration>", "3", "functiongemma"),
        (TURNS + "{{ content.source_lang_code }}", "3", "translategemma"),
        (TURNS + "{{ guideline }}", "2", "shieldgemma"),
        (GEMMA4, "4", "gemma4_large"),
        (CHATML, "3", "unknown_template"),
        (CHATML, "4", "unknown_template"),
        (TURNS + CHATML, "3", "unknown_template"),
        (TURNS, "4", "unknown_template"),
        (GEMMA4, "3", "unknown_template"),
        ("{{ messages[0].content }}", "3", "unknown_template"),
        ("", "3", "unknown_template"),
    ],
)
def test_a_template_is_known_by_its_marks(template, generation, name):
    assert template_format(template, generation, small=False) == name


def test_the_small_gemma_4_models_have_a_format_of_their_own():
    assert template_format(GEMMA4, "4", small=True) == "gemma4_small"


NAMED = [{"name": "tool_use", "template": "x"}, {"name": "default", "template": CHATML}]


@pytest.mark.parametrize(
    "files",
    [
        {"tokenizer_config.json": json.dumps({"chat_template": CHATML})},
        {"tokenizer_config.json": json.dumps({"chat_template": NAMED})},
        {"chat_template.json": json.dumps({"chat_template": CHATML})},
        {"chat_template.jinja": CHATML},
        # transformers takes the file before the field
        {"chat_template.jinja": CHATML, "tokenizer_config.json": '{"chat_template": "<x>"}'},
    ],
)
@pytest.mark.parametrize("name", ["mine", "mine-it"])
def test_a_template_of_its_own_is_told_and_raw_is_the_way(tmp_path, files, name):
    more = {k: v.encode() for k, v in files.items()}
    found = gnb.variant(write(tmp_path / name, {**gemma3_1b(), **more}))
    assert (found.tuning, found.prompt_format) == ("IT", "unknown_template")
    with pytest.raises(InvalidInput, match="raw=True"):
        gnb.format_prompt("Hi", found)
    assert gnb.check_prompt("<|im_start|>user", found) == ()


def test_a_template_of_the_format_here_is_taken(tmp_path):
    files = {**gemma3_1b(), "chat_template.jinja": TURNS.encode()}
    assert gnb.variant(write(tmp_path / "mine", files)).prompt_format == "turns"
    small = {
        "config.json": json.dumps(GEMMA4_E2B).encode(),
        "model.safetensors": header({"model.language_model.norm.weight": tensor(1536)}),
        "tokenizer_config.json": json.dumps({"chat_template": GEMMA4}).encode(),
    }
    assert gnb.variant(write(tmp_path / "four", small)).prompt_format == "gemma4_small"


def test_templates_whose_names_are_no_names_count_as_others():
    template = "<start_of_turn>model<end_of_turn>"
    named = [{"name": ["x"], "template": 5}, 5, {"name": "default", "template": template}]
    config = json.dumps({"chat_template": named}).encode()
    assert _template_in(config) == template
    assert _template_in(json.dumps({"chat_template": [{"name": {}}]}).encode()) is None


def test_a_pretrained_model_stays_one(tmp_path):
    files = {**gemma3_1b(), "chat_template.jinja": CHATML.encode()}
    found = gnb.variant(write(tmp_path / "mine-pt", files))
    assert (found.tuning, found.prompt_format) == ("PT", "plain")


class Tokens:
    pieces = ("<pad>", "<eos>", "<bos>", "<unk>", "<end_of_turn>", "<|im_end|>")

    def vocabulary_size(self):
        return len(self.pieces)

    def token_to_id(self, token):
        return self.pieces.index(token) if token in self.pieces else 3

    def id_to_token(self, token):
        return self.pieces[token]


@pytest.mark.parametrize(
    ("files", "ids"),
    [
        ({}, set()),
        ({"generation_config.json": {"eos_token_id": 4}}, {4}),
        ({"generation_config.json": {"eos_token_id": [1, 5]}}, {1, 5}),
        # with a generation config, transformers does not read the field of config.json
        ({"generation_config.json": {}, "config.json": {"model_type": "x", "eos_token_id": 4}}, set()),
        ({"config.json": {"model_type": "x", "eos_token_id": [1, 4]}}, {1, 4}),
        ({"config.json": {"model_type": "x", "text_config": {"eos_token_id": 4}}}, {4}),
        ({"tokenizer_config.json": {"eos_token": "<|im_end|>"}}, {5}),
        ({"tokenizer_config.json": {"eos_token": {"content": "<end_of_turn>"}}}, {4}),
        ({"tokenizer_config.json": {"eos_token": "</s>"}}, set()),
        ({"tokenizer_config.json": {"eos_token": None}}, set()),
        # Keras presets have no such files; a record of save has the ids
        ({"config.json": {"class_name": "x"}, "generation_config.json": {"eos_token_id": 4}}, set()),
        ({"gemma_nb.json": {"stop_token_ids": [4, 5]}, "config.json": {"class_name": "x"}}, {4, 5}),
    ],
)  # fmt: skip
def test_stop_tokens_of_a_checkpoint(tmp_path, files, ids):
    for name, value in {"config.json": {"model_type": "gemma3_text"}, **files}.items():
        (tmp_path / name).write_text(json.dumps(value))
    assert stop_token_ids(tmp_path, Tokens()) == ids


@pytest.mark.parametrize("wrong", [6, -1, "1", True, [1, 2.5]])
def test_a_stop_token_outside_the_vocabulary_is_named(tmp_path, wrong):
    (tmp_path / "config.json").write_text('{"model_type": "gemma3_text"}')
    (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": wrong}))
    with pytest.raises(InvalidInput, match=r"generation_config\.json: eos_token_id"):
        stop_token_ids(tmp_path, Tokens())


@pytest.mark.slow
def test_a_saved_model_stops_where_its_checkpoint_did(tmp_path):
    model = gnb.load("demo_gemma3_instruct_1m", "float32", progress=False)
    whole = list(model.stream_ids("What is the capital of Japan?", 8, temperature=0))
    own = gnb.Model(
        model.lm, model.tokenizer, model.variant, "float32", 256, stop_ids=frozenset({whole[3]})
    )
    assert list(own.stream_ids("What is the capital of Japan?", 8, temperature=0)) == whole[:3]
    again = gnb.load(own.save(tmp_path / "saved"), progress=False)
    assert again.stop_ids == {whole[3]}
    assert list(again.stream_ids("What is the capital of Japan?", 8, temperature=0)) == whole[:3]
