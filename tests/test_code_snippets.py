"""The code that the picker offers to copy: it is Python, and it runs."""

import re
from dataclasses import replace

import pytest

import gemma_nb as gnb
from gemma_nb.fit.choice import Choice
from gemma_nb.i18n import using_language
from gemma_nb.widgets.picker.code_snippets import gemma_nb_code, keras_hub_code

L4 = gnb.runtime("L4")


@pytest.mark.parametrize("name", [v.name for v in gnb.variants(loadable=True)])
def test_the_code_of_every_variant_is_python(name):
    variant = gnb.variant(name)
    start = Choice(name, "int4", runtime=L4, max_length=min(512, variant.context_length or 512))
    for code in (gemma_nb_code(start), keras_hub_code(start)):
        compile(code, name, "exec")
        assert re.search(r"\b(load|from_preset)\(", code)


@pytest.mark.parametrize("lang", ["en", "ja"])
def test_the_question_and_the_comments_are_in_the_users_language(lang):
    choices = [
        Choice(v, "bfloat16", runtime=L4, max_length=min(512, v.context_length or 512))
        for v in gnb.variants(loadable=True)
    ]
    adapter = replace(gnb.variant("gemma3_270m"), name="hf://a/b", adapter_of="hf://org/base")
    with using_language(lang):
        codes = [
            keras_hub_code(choice) for choice in [*choices, Choice(adapter, "int8", runtime=L4)]
        ]
    asked = [code for code in codes if "prompt = " in code]
    assert len(asked) > 50
    capital = {"en": "the capital of Japan", "ja": "日本の首都"}[lang]
    assert all(capital in code for code in asked)
    comments = [comment for code in codes for comment in re.findall(r"  # (.+)", code)]
    assert len(comments) >= len(codes)
    assert all(("は" in c or "に" in c) is (lang == "ja") for c in comments), set(comments)


@pytest.mark.parametrize(
    "changes",
    [
        {
            "name": "hf://org/tiny-gguf:tiny-Q4_0.gguf",
            "handle": "hf://org/tiny-gguf:tiny-Q4_0.gguf",
        },
        {"name": "/models/tiny.GGUF", "handle": "/models/tiny.GGUF"},
        {"name": "hf://org/lora", "handle": "hf://org/lora", "adapter_of": "hf://org/base"},
    ],
)
def test_what_keras_hub_does_not_read_is_loaded_by_this_package(changes):
    start = Choice(replace(gnb.variant("gemma3_270m"), **changes), "int8", runtime=L4)
    code = keras_hub_code(start)
    compile(code, "code", "exec")
    assert "from_preset" not in code
    assert gemma_nb_code(start) in code
    assert "lm = model.lm" in code


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize(
    "make", [gemma_nb_code, pytest.param(keras_hub_code, marks=pytest.mark.tensorflow)]
)
def test_the_code_of_a_demo_model_runs_as_it_stands(make, precision, capsys):
    start = Choice("demo_gemma3_instruct_4m", precision, runtime=L4, max_length=256)
    code = make(start)
    names = {}
    exec(code, names)
    if make is gemma_nb_code:
        assert len(code.strip().splitlines()) == 2
        print(names["model"].generate("What is the capital of Japan?"))
        names["model"].unload()
    assert "Tokyo" in capsys.readouterr().out
