"""Every format renders its publisher's prompts exactly, and refuses what the variant cannot take."""

import json
import pickle
from pathlib import Path

import pytest
from prompt_helpers import variant

import gemma_nb as gnb
from gemma_nb.catalog import registry
from gemma_nb.prompts.formatting import format_prompt, stop_tokens
from gemma_nb.prompts.tools import Grammar

VECTORS = Path(__file__).parent / "vectors"
PUBLISHED = json.loads((VECTORS / "prompts_published.json").read_text(encoding="utf-8"))
GIVEN = json.loads((VECTORS / "prompts.json").read_text(encoding="utf-8"))

#: Family of a given vector -> the catalog's variants of that format.
FAMILIES = {
    "gemma2": ("gemma_instruct_2b_en", "gemma_1.1_instruct_7b_en", "gemma2_instruct_9b_en"),
    "gemma3": ("gemma3_instruct_4b",),
    "gemma4_small": ("gemma4_instruct_2b", "gemma4_instruct_4b"),
    "gemma4_large": ("gemma4_instruct_26b_a4b", "gemma4_instruct_31b"),
}

USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello"}
IMAGE = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What?"}]}
AUDIO = {"role": "user", "content": [{"type": "audio"}]}
SYSTEM = {"role": "system", "content": "Be brief."}
CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}
TOOL = {"role": "tool", "name": "f", "content": "2"}


@pytest.mark.parametrize("vector", GIVEN, ids=lambda v: v["id"])
def test_given_vectors(vector):
    options = {"tools": vector.get("tools"), "thinking": vector.get("enable_thinking", False)}
    for name in FAMILIES[vector["family"]]:
        prompt = format_prompt(vector["messages"], name, **options)
        assert "<bos>" + prompt == vector["expected"]


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda v: v["id"])
def test_published_vectors(vector):
    assert vector["source"].startswith("https://")
    messages = gnb.fim(**vector["fim"]) if "fim" in vector else vector["messages"]
    options = {k: vector[k] for k in ("tools", "guideline") if k in vector}
    prompt = format_prompt(messages, variant(vector["variant"]), **options)
    assert "<bos>" + prompt == vector["expected"]


def test_every_format_of_the_catalog_has_a_module():
    for one in registry.variants():
        if one.prompt_format == "none":
            with pytest.raises(ValueError, match="no text prompt"):
                stop_tokens(one)
        else:
            assert stop_tokens(one)[0] == "<eos>"


def test_a_prompt_is_a_string_with_parts():
    prompt = format_prompt([SYSTEM, IMAGE], variant("turns"))
    assert isinstance(prompt, str)
    assert "".join(part.text for part in prompt.parts) == prompt
    assert [part.text for part in prompt.parts if not part.by_format] == ["Be brief.", "What?"]
    assert [medium.kind for medium in prompt.media] == ["image"]
    again = pickle.loads(pickle.dumps(prompt))
    assert again == prompt
    assert again.parts == prompt.parts


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "image": "cat.png"},
        {"type": "image", "url": "cat.png"},
        {"type": "image", "path": "cat.png"},
        {"type": "image_url", "image_url": "cat.png"},
    ],
)
def test_media_travel_with_the_prompt(part):
    prompt = format_prompt([{"role": "user", "content": [part]}], variant("turns"))
    assert [m.data for m in prompt.media] == ["cat.png"]
    paligemma = [{"type": "text", "text": "detect cat"}, part]
    prompt = format_prompt(paligemma, variant("paligemma"))
    assert prompt == "detect cat\n"
    assert prompt.parts[0].medium.data == "cat.png"


def test_media_stand_in_the_order_of_their_placeholders():
    first, second = ({"type": "image", "image": name} for name in ("one.png", "two.png"))
    tool = {"role": "tool", "name": "f", "content": [{"type": "text", "text": "x"}, second]}
    user = {"role": "user", "content": [first, {"type": "text", "text": "Look"}]}
    prompt = format_prompt([user, CALL, tool], variant("gemma4_large"))
    assert [m.data for m in prompt.media] == ["one.png", "two.png"]
    assert prompt.endswith('{value:<|"|>x<|"|>}<tool_response|><|image|>')


def test_messages_come_in_the_ecosystems_forms():
    expected = format_prompt("Hi", variant("turns"))
    for messages in (USER, [USER], [{"type": "text", "text": "Hi"}], (USER,)):
        assert format_prompt(messages, variant("turns")) == expected
    assert format_prompt(
        [{"role": "developer", "content": [{"type": "text", "text": "S"}]}, USER], variant("turns")
    ).startswith("<start_of_turn>user\nS\n\nHi")
    assert format_prompt([{"role": "system", "content": ""}, USER], variant("turns")) == expected


def test_gemma4_keeps_the_reasoning_of_the_present_tool_loop_only():
    thought = {**CALL, "reasoning_content": "First."}
    messages = [USER, thought, TOOL, ASSISTANT, USER, {**CALL, "reasoning": "Second."}, TOOL]
    prompt = format_prompt(messages, variant("gemma4_small"), thinking=True)
    assert "First." not in prompt
    assert "<|turn>model\n<|channel>thought\nSecond.\n<channel|><|tool_call>call:f" in prompt
    assert prompt.endswith("<tool_response|><|channel>thought\n")
    assert not format_prompt(messages, variant("gemma4_large")).endswith("<channel|>")


def test_arguments_may_be_a_json_string():
    for arguments in ('{"b": "x", "a": [1, null, true]}', {"b": "x", "a": [1, None, True]}):
        call = {
            "role": "assistant",
            "tool_calls": [{"function": {"name": "f", "arguments": arguments}}],
        }
        prompt = format_prompt([USER, call, TOOL], variant("gemma4_small"))
        assert '<|tool_call>call:f{a:[1,null,true],b:<|"|>x<|"|>}<tool_call|>' in prompt
    broken = {
        "role": "assistant",
        "tool_calls": [{"function": {"name": "f", "arguments": "{oops"}}],
    }
    assert "call:f{oops}" in format_prompt([USER, broken, TOOL], variant("gemma4_small"))


def test_a_schemas_type_may_allow_null_or_hold_other_keys():
    grammar = Grammar(("[", "]"), ("(", ")"), ("{", "}"), '"')

    def declared(schema):
        tool = {"name": "f", "parameters": {"properties": {"p": schema}}}
        text = "".join(part.text for part in grammar.declare(tool))
        return text[text.index("p:{") : text.rindex("},type")]

    assert declared({"type": ["string", "null"]}) == 'p:{nullable:true,type:"STRING"}'
    assert declared({"type": "object", "q": {"type": "number"}}).startswith(
        'p:{properties:{q:{type:"NUMBER"'
    )
    assert declared({"type": "array", "items": {"type": "string", "enum": ["b"]}}) == (
        'p:{items:{enum:["b"],type:"STRING"},type:"ARRAY"}'
    )
    assert declared({"anyOf": []}) == 'p:{type:""}'


def test_shieldgemma_judges_answers_too():
    guideline = '* "No Harassment": The chatbot shall not generate harassment.'
    prompt = format_prompt([USER, ASSISTANT], variant("shieldgemma"), guideline=guideline)
    question = "<start_of_turn>\nHuman Question: Hi\n<end_of_turn>\n\n"
    answer = "<start_of_turn>\nChatbot Response: Hello\n<end_of_turn>\n\n"
    assert question + answer in prompt
    assert f"in the below:\n\n{guideline}\n\n===\n\nDoes the Chatbot Response violate" in prompt


def test_a_file_of_fim_may_have_a_path():
    message = gnb.fim("a", "b", files=[("lib/x.py", "X = 1\n"), "y"])
    assert format_prompt([message], variant("fim")) == (
        "lib/x.py\nX = 1\n<|file_separator|>y<|file_separator|>"
        "<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"
    )
    assert format_prompt("def f(", variant("fim")) == "def f("


#: variant, messages, options, what the message says
REFUSED = [
    ("turns", [], {}, "empty"),
    ("turns", {}, {}, "not a"),
    ("turns", 3, {}, "not int"),
    ("turns", ["Hi"], {}, "Message 0"),
    ("turns", [{"role": "wizard", "content": "x"}], {}, "no role 'wizard'.*system"),
    ("turns", [{"role": "user", "content": 3}], {}, "not int"),
    ("turns", [{"role": "user", "content": [{"type": "smell"}]}], {}, "'smell'.*text"),
    ("turns", [{"role": "user", "content": [{"type": "text", "text": None}]}], {}, "not NoneType"),
    ("turns", "half \ud800", {}, "position 5"),
    ("turns", [USER, USER], {}, "alternate.*'assistant' belongs"),
    ("turns", [ASSISTANT, USER], {}, "alternate"),
    ("turns", [USER, ASSISTANT], {}, "own turn"),
    ("turns", [USER, SYSTEM], {}, "first"),
    ("turns", [SYSTEM], {}, "add a user"),
    ("turns", [{"role": "system", "content": [{"type": "image"}]}, USER], {}, "text only"),
    ("turns", AUDIO, {}, "no audio. It takes: text, image"),
    ("turns_2", IMAGE, {}, "no image. It takes: text"),
    ("turns", "Hi", {"tools": [{"name": "f"}]}, "Gemma 4 or FunctionGemma"),
    ("turns", [USER, CALL, TOOL], {}, "no format for tools"),
    ("turns", "Hi", {"thinking": True}, "no thinking"),
    ("turns", "Hi", {"guideline": "x"}, "ShieldGemma"),
    ("turns", gnb.fim("a", "b"), {}, "CodeGemma"),
    ("turns_code", [USER, ASSISTANT, gnb.fim("a", "b")], {}, "alone"),
    ("plain", [USER], {}, "gemma3_instruct_4b"),
    ("plain", AUDIO["content"], {}, "no audio"),
    ("plain", "Hi", {"thinking": True}, "no thinking"),
    ("gemma4_large", AUDIO, {}, "no audio. It takes: text, image, video"),
    ("gemma4_small", [USER, USER], {}, "alternate"),
    ("gemma4_small", [USER, ASSISTANT], {}, "own turn"),
    ("gemma4_small", [USER, CALL], {}, "no answer"),
    ("gemma4_small", [USER, CALL, USER], {}, "no answer"),
    ("gemma4_small", [USER, TOOL], {}, "before it"),
    ("gemma4_small", "Hi", {"tools": ["f"]}, "JSON schema"),
    ("gemma4_small", [USER, {"role": "assistant", "tool_calls": [{}]}, TOOL], {}, "tool call is"),
    ("functiongemma", IMAGE, {}, "no image"),
    ("functiongemma", "Hi", {"thinking": True}, "no thinking"),
    ("fim", [USER], {}, "not tuned to chat"),
    ("fim", "Hi", {"tools": [{"name": "f"}]}, "no format for tools"),
    ("paligemma", [SYSTEM, USER], {}, "no place for a system"),
    ("paligemma", [USER, ASSISTANT, USER], {}, "one user message"),
    ("paligemma", [*IMAGE["content"], {"type": "image"}], {}, "one image"),
    ("paligemma", [{"type": "image"}], {}, "task line.*detect"),
    ("paligemma", "describe en", {}, "Only the pretrained.*'describe'"),
    ("paligemma", "ocr\n", {}, "Only the pretrained"),
    ("paligemma", "question en brown", {}, "Only the pretrained.*'question'"),
    ("paligemma", AUDIO, {}, "no audio"),
    ("shieldgemma", "Hi", {}, "guideline="),
    ("shieldgemma", [USER, ASSISTANT, USER], {"guideline": "x"}, "one user message"),
    ("shieldgemma", [SYSTEM, USER], {"guideline": "x"}, "no place for a system"),
    ("shieldgemma", "Hi", {"guideline": "x", "thinking": True}, "no thinking"),
    ("translategemma", "Hi", {}, "source_lang_code"),
    ("translategemma", [SYSTEM, USER], {}, "no place for a system"),
    ("translategemma", [{"role": "user", "content": []}], {}, "exactly one"),
    (
        "translategemma",
        [{"type": "text", "text": "x", "source_lang_code": "xx", "target_lang_code": "de"}],
        {},
        "'xx'",
    ),
    ("embedding", [USER, ASSISTANT], {}, "one text"),
    ("embedding", [{"type": "text", "text": "x", "task": "cooking"}], {}, "'cooking'.*clustering"),
    ("none", "Hi", {}, "no text prompt"),
]


@pytest.mark.parametrize(("key", "messages", "options", "says"), REFUSED)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_refusals(key, messages, options, says, language):
    gnb.set_language(language)
    with pytest.raises(ValueError, match=says if language == "en" else None) as caught:
        format_prompt(messages, variant(key), **options)
    assert str(caught.value)


def test_mixed_models_still_take_natural_language():
    for line in ("describe this image", "question the cow", "describe en route", "ocr this sign"):
        assert format_prompt(line, variant("paligemma")) == line + "\n"


def test_the_sibling_of_a_lonely_pretrained_model():
    with pytest.raises(ValueError, match=r"instruction-tuned \(IT\)"):
        format_prompt([USER], variant("plain", name="vault_gemma", family="VaultGemma"))
