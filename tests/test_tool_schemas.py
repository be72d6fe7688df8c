"""Schemas of tools: rendered as the publishers' templates do, or refused; nothing is lost in silence."""

import enum
from decimal import Decimal

import numpy as np
import pytest
from prompt_helpers import variant

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.tool_schemas import MAX_VALUES, json_value

USER = {"role": "user", "content": "q"}
CALL = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": {"q": "x"}}}


def declared(schema, **more):
    """How Gemma 4 writes one parameter."""
    parameters = {"type": "object", "properties": {"p": schema}, **more}
    tool = {"name": "f", "description": "d", "parameters": parameters}
    prompt = str(format_prompt("q", variant("gemma4_small"), tools=[tool]))
    return prompt[prompt.index("{p:") + 3 : prompt.rindex("},type:")].replace('<|"|>', "'")


OPTIONAL = {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None, "description": "n"}
DEFS = {
    "Unit": {"enum": ["C", "F"], "title": "Unit", "type": "string"},
    "Place": {"type": "object", "properties": {"unit": {"$ref": "#/$defs/Unit"}}},
    "Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}},
}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (OPTIONAL, "{description:'n',nullable:true,type:'INTEGER'}"),
        ({"oneOf": OPTIONAL["anyOf"]}, "{nullable:true,type:'INTEGER'}"),
        ({"allOf": [{"type": "integer"}]}, "{type:'INTEGER'}"),
        ({"const": "a"}, "{enum:['a'],type:'STRING'}"),
        ({"enum": ["a", "b"]}, "{enum:['a','b'],type:'STRING'}"),
        ({"enum": ["a", None]}, "{enum:['a'],nullable:true,type:'STRING'}"),
        ({"type": ["null", "number"]}, "{nullable:true,type:'NUMBER'}"),
        ({"$ref": "#/$defs/Unit"}, "{enum:['C','F'],type:'STRING'}"),
        (
            {"$ref": "#/$defs/Place", "description": "w"},
            "{description:'w',properties:{unit:{enum:['C','F'],type:'STRING'}},type:'OBJECT'}",
        ),
        (
            {"anyOf": [{"$ref": "#/$defs/Unit"}, {"type": "null"}]},
            "{enum:['C','F'],nullable:true,type:'STRING'}",
        ),
        (
            {"type": "array", "items": {"$ref": "#/$defs/Unit"}},
            "{items:{enum:['C','F'],title:'Unit',type:'STRING'},type:'ARRAY'}",
        ),
        # below items the templates write every key
        (
            {"type": "array", "items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}},
            "{items:{anyOf:[{'type':'integer'},{'type':'string'}]},type:'ARRAY'}",
        ),
        ({"type": "array", "items": {"const": 3}}, "{items:{const:3},type:'ARRAY'}"),
        ({"properties": {"a": {"type": "integer"}}}, "{properties:{a:{type:'INTEGER'}},type:'OBJECT'}"),
        (True, "{type:''}"),
    ],
)  # fmt: skip
def test_a_schema_is_written_as_the_template_writes_it(schema, expected):
    assert declared(schema, **{"$defs": DEFS}) == expected


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "anyOf"),
        ({"allOf": [{"type": "integer"}, {"minimum": 3}]}, "allOf"),
        ({"type": ["integer", "string"]}, "type"),
        ({"type": 5}, "type"),
        ({"enum": [1, 2]}, "enum"),
        ({"type": "integer", "enum": [1, 2]}, "enum"),
        ({"enum": "ab"}, "enum"),
        ({"const": 3}, "const"),
        ({"$ref": "#/$defs/Node"}, "ref"),
        ({"$ref": "#/$defs/None"}, "ref"),
        ({"$ref": "https://example.org/schema.json"}, "ref"),
        ({"$ref": 5}, "ref"),
        ({"$ref": "#"}, "ref"),
        ({"not": {"type": "null"}}, "not"),
        ({"type": "array", "prefixItems": []}, "prefixItems"),
        ({"type": "array", "items": [{}]}, "items"),
        ({"type": "object", "properties": []}, "properties"),
        ({"type": "object", "properties": {"a": 5}}, "p.a"),
        ({"type": "object", "required": "a"}, "required"),
        ({"type": "object", "required": [None]}, "required"),
        ({"description": ["x"]}, "description"),
        ("string", "string"),
        (False, "False"),
    ],
)
def test_what_the_template_would_lose_is_refused_by_name(schema, word):
    with pytest.raises(InvalidInput, match=word) as caught:
        declared(schema, **{"$defs": DEFS})
    assert len(str(caught.value)) < 500


def test_references_that_multiply_are_refused():
    defs = {"d0": {"type": "string"}}
    for i in range(1, 40):
        both = {"type": "object", "properties": {k: {"$ref": f"#/$defs/d{i - 1}"} for k in "ab"}}
        defs[f"d{i}"] = both
    with pytest.raises(InvalidInput, match=r"\$ref"):
        declared({"$ref": "#/$defs/d39"}, **{"$defs": defs})
    assert "STRING" in declared({"$ref": "#/$defs/d5"}, **{"$defs": defs})


DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]
CYCLE: dict = {}
CYCLE["again"] = CYCLE


@pytest.mark.parametrize(
    "tools",
    [
        *(5, b"x", "x", object(), {"name": "f"}, [5], [None], [[]], [{}], [{"name": 5}], [{"name": ""}, 5]),
        *([{"function": 5}], [{"name": "f", "description": 5}], [{"name": "f", "parameters": "x"}]),
        *([{"name": "f", "parameters": ["x"]}], [{"name": "f", "response": "x"}], [DEEP], [CYCLE]),
        *([{"name": "f", "response": {"type": 5}}], [{"name": "f", "parameters": {"properties": DEEP}}]),
        [{"name": "f", "parameters": {"x": {3}}}],
        [{"name": "f", "parameters": {"x": [0] * (MAX_VALUES + 1)}}],
        [{"name": "f", "parameters": {"x": 10**5000}}],
        [{"name": "f\ud800"}],
    ],
    ids=lambda tools: type(tools).__name__,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["gemma4_small", "functiongemma"])
def test_tools_that_are_none_are_refused(kind, tools):
    with pytest.raises(InvalidInput, match=r"tool|surrogate") as caught:
        format_prompt("q", variant(kind), tools=tools)
    assert len(str(caught.value)) < 500


def answered(content, **fields):
    """How Gemma 4 writes a tool's answer."""
    tool = {"role": "tool", "tool_call_id": "c1", "content": content, **fields}
    messages = [USER, {"role": "assistant", "content": "", "tool_calls": [CALL]}, tool]
    prompt = str(format_prompt(messages, variant("gemma4_small"))).replace('<|"|>', "'")
    assert prompt.count("<|tool_response>") == 1
    return prompt.partition("<|tool_response>")[2].removesuffix("<tool_response|>")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([1, 2, 3], "{value:[1,2,3]}"),
        ([], "{value:[]}"),
        ((1, "a"), "{value:[1,'a']}"),
        (None, "{value:null}"),
        ([{"a": 1}, {"a": 2}], "{value:[{a:1},{a:2}]}"),
        ([{"type": "bar", "n": 1}], "{value:[{n:1,type:'bar'}]}"),
        ({"name": "x", "response": "y"}, "{name:'x',response:'y'}"),
        ([{"name": "x", "response": "y"}], "{value:[{name:'x',response:'y'}]}"),
        (np.array([1.5, 2.5]), "{value:[1.5,2.5]}"),
        (np.float32(0.1), "{value:0.1}"),
        ({"n": np.int64(3), "ok": np.True_, 5: Decimal("1.50")}, "{5:1.50,n:3,ok:true}"),
        ("<tool_response|>", "{value:'<tool_response|>'}"),
    ],
)
def test_one_answer_a_call_with_lists_and_records_as_they_are(content, expected):
    assert answered(content) == f"response:search{expected}"


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    "content",
    [b"x", {3}, object(), 3j, Colour.RED, DEEP, CYCLE, 10**5000, {(1, 2): 3}, np.array([b"x"]),
     np.zeros(MAX_VALUES + 1), range(10**9), "\ud800", {"a": "\ud800"}, np.array(["2026-11-29"], "M8[D]")],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_an_answer_without_a_form_is_refused(content):
    with pytest.raises(InvalidInput, match=r"content|surrogate"):
        answered(content)


@pytest.mark.parametrize(
    "fields",
    [
        *({"tool_calls": 5}, {"tool_calls": "x"}, {"tool_calls": {"a": 1}}, {"tool_calls": [5]}),
        *({"tool_calls": [{"id": []}]}, {"tool_calls": [{"function": 5}]}, {"tool_calls": [CYCLE]}),
        {"tool_calls": [{"function": {"name": "f", "arguments": {"a": DEEP}}}]},
        {"tool_calls": [{"function": {"name": "f", "arguments": [1]}}]},
        {"tool_calls": [CALL], "tool_responses": 5},
        {"tool_calls": [CALL], "tool_responses": [5]},
        {"tool_calls": [CALL], "tool_responses": [{"name": 5}]},
        {"tool_calls": [CALL], "tool_responses": [{"response": CYCLE}]},
    ],
)
def test_calls_that_are_none_are_refused(fields):
    messages = [USER, {"role": "assistant", "content": "", **fields}]
    with pytest.raises(InvalidInput, match=r"tool|content"):
        format_prompt([*messages, {"role": "tool", "content": "x"}], variant("gemma4_small"))
    for extra in ({"tool_call_id": []}, {"tool_call_id": None, "name": 5}):
        with pytest.raises(InvalidInput, match="tool"):
            answered("x", **extra)


def test_a_value_is_copied():
    value = {"a": [1, {"b": (True, None, 2.5)}]}
    assert json_value(value, "tools") == {"a": [1, {"b": [True, None, 2.5]}]}
