"""``check_prompt`` finds the faults of hand-written prompts."""

import pytest
from prompt_helpers import variant
from test_prompts import PUBLISHED

import gemma_nb as gnb
from gemma_nb.prompts.formatting import check_prompt, format_prompt

TURN = "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n"
TURN4 = "<|turn>user\nHi<turn|>\n<|turn>model\n"
EMPTY = "<|channel>thought\n<channel|>"
FIM = "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
THINK4 = "<|turn>system\n<|think|>\n<turn|>\n"

#: variant, prompt, the faults: key, position, severity
FAULTS = [
    ("turns", "<bos>" + TURN, [("lint_bos", 0, "error")]),
    ("turns", TURN + "<eos>", [("lint_eos", len(TURN), "error")]),
    ("turns", TURN.replace("user\n", "user "), [("lint_newline", 15, "error")]),
    ("turns", TURN.replace("<end_of_turn>\n", "<end_of_turn>"), [("lint_newline", 35, "error")]),
    ("turns", TURN.rstrip(), [("lint_newline", 51, "error")]),
    ("turns", TURN.replace("user", " user"), [("lint_space", 15, "error")]),
    ("turns", TURN.replace("<end_of_turn>\n", ""), [("lint_unclosed", 0, "error")]),
    ("turns", "<start_of_turn>user\nHi", [("lint_unclosed", 0, "error")]),
    ("turns", "Hi<end_of_turn>\n" + TURN, [("lint_outside_turn", 0, "warning"),
                                           ("lint_unopened", 2, "error")]),
    ("turns", "<start_of_turn>system\nX<end_of_turn>\n" + TURN, [("lint_no_system", 0, "error")]),
    ("turns", TURN.replace(">model", ">assistant"), [("lint_role", 36, "error"),
                                                     ("lint_unclosed", 36, "error")]),
    ("turns", TURN[:36], [("lint_no_model_turn", 36, "warning")]),
    ("turns", TURN[:36] + TURN, [("lint_alternate", 36, "warning")]),
    ("turns", "Hi", [("lint_no_turns", 0, "warning")]),
    ("turns", TURN4, [("lint_no_turns", 0, "warning"), ("lint_wrong_tag", 0, "error"),
                      ("lint_wrong_tag", 14, "error"), ("lint_wrong_tag", 22, "error")]),
    ("turns", "[INST] Hi [/INST]", [("lint_no_turns", 0, "warning"),
                                    ("lint_wrong_tag", 0, "error"), ("lint_wrong_tag", 10, "error")]),
    ("turns_2", TURN.replace("Hi", "<start_of_image>"), [("lint_wrong_tag", 20, "error")]),
    ("plain", TURN, [("lint_plain_tag", 0, "error"), ("lint_plain_tag", 22, "error"),
                     ("lint_plain_tag", 36, "error")]),
    ("plain", "<start_of_image> is", []),
    ("gemma4_large", TURN4, [("lint_thought_missing", len(TURN4), "warning")]),
    ("gemma4_small", TURN4 + EMPTY, [("lint_thought_extra", len(TURN4), "warning")]),
    ("gemma4_large", THINK4 + TURN4 + EMPTY, [("lint_thought_closed", len(THINK4 + TURN4), "error")]),
    ("gemma4_small", TURN4.replace("Hi", "<|think|>Hi"), [("lint_think_place", 12, "error")]),
    ("gemma4_small", TURN4.replace("Hi", "<|tool_call>call:f{}"), [("lint_unclosed", 12, "error")]),
    ("gemma4_small", TURN, [("lint_no_turns", 0, "warning"), ("lint_wrong_tag", 0, "error"),
                            ("lint_wrong_tag", 22, "error"), ("lint_wrong_tag", 36, "error")]),
    ("fim", FIM.replace("<|fim_suffix|>b", ""), [("lint_fim_missing", 29, "error")]),
    ("fim", "<|fim_suffix|>b<|fim_prefix|>a<|fim_middle|>", [("lint_fim_order", 0, "error")]),
    ("fim", FIM + "x", [("lint_fim_behind", len(FIM), "error")]),
    ("fim", FIM.replace(">a", "> a"), [("lint_space", 14, "warning")]),
    ("fim", "<|fim_prefix|>" + FIM, [("lint_fim_twice", 14, "error")]),
    ("turns_code", FIM + "x", [("lint_fim_behind", len(FIM), "error")]),
    ("turns_code", TURN.rstrip(), [("lint_newline", 51, "error")]),
    ("paligemma", "detect cat", [("lint_task_newline", 10, "error")]),
    ("paligemma", "ocr\n", [("prompt_pretrained_task", 0, "error")]),
    ("paligemma", "<image>detect cat\n", [("lint_no_tags", 0, "error")]),
    ("functiongemma", TURN.replace(
        "Hi", "<start_function_declaration>declaration:f{}<end_function_declaration>"),
     [("lint_activation", 20, "warning")]),
    ("functiongemma", TURN.replace("user", "system"), [("lint_role", 0, "error")]),
    ("shieldgemma", TURN, [("lint_unclosed", 36, "error"),
                           ("lint_no_principle", len(TURN), "warning")]),
    ("translategemma", TURN, [("lint_no_languages", 0, "warning")]),
    ("embedding", "Mars", [("lint_no_task", 0, "warning")]),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "faults"), FAULTS)
def test_faults(key, text, faults):
    findings = check_prompt(text, variant(key))
    assert sorted((f.message.key, f.position, f.severity) for f in findings) == sorted(faults)
    assert [f.position for f in findings] == sorted(f.position for f in findings)
    for language in ("en", "ja"):
        gnb.set_language(language)
        assert all(str(finding) for finding in findings)


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda v: v["id"])
def test_what_is_rendered_has_no_faults(vector):
    text = vector["expected"].removeprefix("<bos>")
    assert check_prompt(text, variant(vector["variant"])) == ()


@pytest.mark.parametrize("key", ["gemma4_small", "gemma4_large"])
@pytest.mark.parametrize("thinking", [False, True])
def test_gemma4_as_rendered_has_no_faults(key, thinking):
    tool = {"name": "f", "description": "F", "parameters": {"properties": {"a": {}}}}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": "x"}}}]},
        {"role": "tool", "name": "f", "content": "2"},
        {"role": "assistant", "content": "Two."},
        {"role": "user", "content": "Thanks"},
    ]
    prompt = format_prompt(messages, variant(key), tools=[tool], thinking=thinking)
    assert check_prompt(prompt, variant(key)) == ()


def test_names_work_as_variants():
    assert (
        gnb.check_prompt(gnb.format_prompt("Hi", "gemma3_instruct_1b"), "gemma3_instruct_1b") == ()
    )
