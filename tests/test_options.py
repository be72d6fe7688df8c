"""What else could be chosen, what the memory is made of, Google's figures, code to paste."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gemma_nb as gnb
from gemma_nb.catalog.data_files import published_memory
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.options import SETTINGS, change_setting, options, setting
from gemma_nb.fit.verdict import memory_breakdown
from gemma_nb.widgets.code_snippets import gemma_nb_code, keras_hub_code

L4 = gnb.runtime("L4")


def choice(name="gemma3_instruct_4b", precision="bfloat16", **more):
    return Choice(name, precision, runtime=more.pop("runtime", L4), **more)


@pytest.mark.parametrize("name", SETTINGS[1:])
def test_every_value_leads_where_it_says(name):
    start = choice()
    found = options(start, name)
    assert setting(start, name) in [o.value for o in found]
    assert len({o.value for o in found}) == len(found)
    for option in found:
        if option.choice is None:
            assert option.note
            assert option.status == "none"
        else:
            assert setting(option.choice, name) == option.value
            assert option.status == gnb.advise(option.choice).status


@settings(max_examples=40)
@given(st.sampled_from([v.name for v in gnb.variants()]), st.sampled_from(SETTINGS[1:]), st.data())
def test_from_any_variant_any_step_can_be_taken(name, step, data):
    variant = gnb.variant(name)
    start = choice(name, max_length=min(2048, variant.context_length or 2048))
    option = data.draw(st.sampled_from(options(start, step)))
    if option.choice is not None:
        gnb.advise(option.choice)
        back = options(option.choice, step)
        assert setting(option.choice, step) in [o.value for o in back]


def test_what_does_not_exist_together_is_told_with_what_does():
    found = change_setting(choice("code_gemma_instruct_7b_en"), "size", "2B")
    assert found.choice.variant.name == "code_gemma_2b_en"
    assert "There is no CodeGemma 1 2B as IT. 2B goes with: PT" in str(found.note)
    found = change_setting(choice("code_gemma_2b_en"), "tuning", "IT")
    assert found.choice.variant.name == "code_gemma_instruct_7b_en"
    assert "7B now" in str(found.note)


def test_a_shorter_context_shortens_and_a_longer_one_is_refused():
    long = choice("gemma3_instruct_1b", max_length=32768)
    found = change_setting(long, "family", ("Gemma", "2"))
    assert found.choice.max_length == 8192
    assert "8192" in str(found.note)
    refused = change_setting(found.choice, "max_length", 16384)
    assert refused.choice is None
    assert "8192" in str(refused.note)
    with pytest.raises(ValueError, match="-5"):
        change_setting(long, "batch_size", -5)


def test_a_size_keeps_its_tuning_and_what_goes_in():
    found = change_setting(choice("gemma3_instruct_4b"), "size", "12B")
    assert found.choice.variant.name == "gemma3_instruct_12b"
    found = change_setting(choice("gemma3_instruct_4b_text"), "size", "12B")
    assert found.choice.variant.name == "gemma3_instruct_12b_text"
    assert found.note is None


def test_another_runtime_takes_its_own_default_precision():
    here = choice("gemma3_instruct_1b", "float32", runtime="laptop 16 GB")
    assert change_setting(here, "runtime", "L4").choice.precision == "bfloat16"
    quantised = replace(here, precision="int8")
    assert change_setting(quantised, "runtime", "L4").choice.precision == "int8"
    two = choice("gemma3_instruct_1b", runtime="T4 x2", devices=2)
    assert change_setting(two, "runtime", "T4").choice.devices == 1


def test_a_variant_from_outside_the_catalog_stays_what_it_is():
    own = replace(gnb.variant("gemma3_instruct_1b"), name="hf://x/y", family="Own", generation="9")
    start = choice(own)
    for name in ("family", "size", "tuning", "variant"):
        assert setting(start, name) in [o.value for o in options(start, name)]
    assert change_setting(start, "size", "1B").choice == start


@pytest.mark.parametrize("runtime", ["L4", "laptop 16 GB", "T4 x2", "Apple 16 GB", "phone 8 GB"])
@pytest.mark.parametrize("name", ["gemma3_instruct_4b", "gemma3_instruct_27b", "recurrentgemma_2b"])
@pytest.mark.parametrize("devices", [1, 2])
def test_the_parts_add_up_to_what_is_needed(runtime, name, devices):
    place = gnb.runtime(runtime)
    verdict = gnb.advise(name, "bfloat16", place, devices=min(devices, place.devices))
    parts = {p.key: p.size for p in memory_breakdown(verdict)}
    check = verdict.checks[0]
    missing, free = parts.pop("missing", 0), parts.pop("free", 0)
    assert abs(sum(parts.values()) - check.needed) <= devices
    assert check.available - check.needed == free - missing
    assert not (missing and free)
    assert ("host" in parts) == place.is_processor


def test_googles_figures_carry_their_date():
    four = published_memory(gnb.variant("gemma4_instruct_2b"), "bfloat16")
    assert (four.gigabytes, four.form, four.table) == ("11.4", "BF16", "2026-09")
    assert "2026-09" in str(four.message)
    three = published_memory(gnb.variant("gemma3_1b"), "int4")
    assert (three.gigabytes, three.form) == ("0.892", "Q4_0")
    assert "archived" in str(three.message)
    assert published_memory(gnb.variant("gemma3_1b"), "float32") is None
    assert published_memory(gnb.variant("code_gemma_2b_en"), "bfloat16") is None
    assert published_memory(gnb.variant("gemma4_instruct_2b_assistant"), "bfloat16") is None


@pytest.mark.parametrize("name", [v.name for v in gnb.variants(loadable=True)])
def test_the_code_of_every_variant_is_python(name):
    variant = gnb.variant(name)
    start = choice(name, "int4", max_length=min(512, variant.context_length or 512))
    for code in (gemma_nb_code(start), keras_hub_code(start)):
        compile(code, name, "exec")
        assert re.search(r"\b(load|from_preset)\(", code)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("precision", ["float32", "int8"])
@pytest.mark.parametrize("make", [gemma_nb_code, keras_hub_code])
def test_the_code_of_a_demo_model_runs_as_it_stands(make, precision, capsys):
    start = choice("demo_gemma3_instruct_4m", precision, max_length=256)
    code = make(start)
    names = {}
    exec(code, names)
    if make is gemma_nb_code:
        assert len(code.strip().splitlines()) == 2
        print(names["model"].generate("What is the capital of Japan?"))
        names["model"].unload()
    assert "Tokyo" in capsys.readouterr().out
