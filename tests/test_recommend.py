"""Recommendations: they follow Google's rule, and they always fit."""

import dataclasses

import pytest

from gemma_nb import advise, recommend, set_language, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.recommend import DEMO
from gemma_nb.fit.tasks import GUIDE_URL, TASKS, find_task, is_core, variants_for_task
from gemma_nb.hardware.known_runtimes import runtimes
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import table
from gemma_nb.text_utils import GIB


def card(gib, **changes):
    told = {"memory_fraction": 1.0, "native_dtypes": ("float32", "bfloat16")}
    return Runtime("card", "gpu", round(gib * GIB), compute_capability="8.9", **{**told, **changes})


def test_googles_rule_on_a_large_gpu():
    found = recommend("H100")
    assert found.variant.name == "gemma4_instruct_2b"  # newest core, fewest parameters
    assert found.precision == "bfloat16"
    assert found.source == GUIDE_URL
    assert "newest core" in str(found)
    # and beside it the largest that fits comfortably
    assert found.alternative.variant.name == "gemma4_instruct_31b"
    assert advise("gemma4_instruct_31b", "bfloat16", "H100").status == "fits"
    # what fits without room to spare is not it
    smaller = card(66)
    assert recommend(smaller).alternative.variant.name == "gemma4_instruct_26b_a4b"
    assert advise("gemma4_instruct_26b_a4b", "bfloat16", smaller).status == "fits"
    assert advise("gemma4_instruct_31b", "bfloat16", smaller).status == "tight"


def test_the_newest_then_older_ones_then_the_demo():
    names = []
    for gib in (16, 8, 1.2, 0.7, 0.2):
        found = recommend(card(gib))
        names.append(found.variant.name)
    assert names == [
        "gemma4_instruct_2b",
        "gemma3_instruct_270m",
        "gemma3_instruct_270m",
        DEMO,
        DEMO,
    ]


def test_an_older_one_says_that_nothing_newer_fits():
    found = recommend("RTX 8 GB")
    assert found.variant.generation == "3"
    assert "Nothing newer" in str(found)
    assert found.alternative.variant.parameters > found.variant.parameters


@pytest.mark.parametrize("task", TASKS)
def test_what_is_recommended_fits(task):
    for r in runtimes():
        for length in (512, 8192):
            found = recommend(r, task, length)
            for one in (found, found.alternative):
                if one:
                    told = find_task(task).key if find_task(task).suits(one.variant) else "chat"
                    length_here = min(length, one.variant.context_length)
                    v = advise(one.variant, one.precision, r, length_here, task=told)
                    assert v.status == "fits", (r.name, task, one.variant.name)
                    assert one.variant.loadable


@pytest.mark.parametrize(
    ("task", "family"),
    [
        ("chat", "Gemma"),
        ("code", "CodeGemma"),
        ("image", "Gemma"),
        ("audio", "Gemma"),
        ("translation", "TranslateGemma"),
        ("functions", "FunctionGemma"),
        ("safety", "ShieldGemma"),
        ("embedding", "EmbeddingGemma"),
        ("medical", "MedGemma"),
        ("statistics", "DataGemma"),
        ("tuning", "Gemma"),
    ],
)
def test_each_task_gets_its_family(task, family):
    found = recommend("H100", task)
    assert found.variant.family == family
    assert found.source.startswith("https://")
    kind = {"image": "image", "audio": "audio"}.get(task)
    assert kind is None or kind in found.variant.modalities
    smaller = [v for v in variants_for_task(task) if v.generation == found.variant.generation]
    assert found.variant.parameters == min(v.parameters for v in smaller)


def test_code_completion_is_filling_in_the_middle():
    assert recommend("T4", "code completion").variant.name == "code_gemma_1.1_2b_en"


def test_tuning_is_in_full_precision():
    found = recommend("H100", "tuning")
    assert found.precision == "float32"
    assert found.variant.tuning == "PT"
    assert "quantise afterwards" in str(found)
    assert "not measured" in str(found)
    small = recommend("RTX 8 GB", "tuning")
    assert small.variant.parameters < found.variant.parameters


def test_if_nothing_fits_the_task_chat_is_recommended_instead():
    found = recommend("T4", "statistics")
    assert found.variant.name == recommend("T4").variant.name
    assert "No DataGemma fits" in str(found)
    assert "images" in str(recommend("laptop 8 GB", "image"))


def test_on_a_processor_it_is_float32_and_says_why():
    found = recommend("laptop 16 GB")
    assert found.precision == "float32"
    assert "16-bit" in str(found)


def test_a_length_beyond_a_variants_context_is_cut_to_it():
    assert recommend("H100", "embedding", 8192).variant.name == "embedding_gemma3_300m"
    assert recommend("H100", "chat", 100_000).variant.generation == "4"


def test_longer_conversations_need_smaller_models():
    short, long = (recommend("L4", "chat", n) for n in (512, 131072))
    assert short.alternative.variant.parameters > long.variant.parameters


def test_binder_gets_the_demo():
    found = recommend("binder")
    assert found.variant.name == DEMO
    assert found.source == "gemma_nb"


def test_it_is_an_error_if_not_even_the_demo_fits():
    with pytest.raises(ValueError, match="Not even the demo"):
        recommend(Runtime("thimble", "cpu", 10**6))


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Chat", "chat"),
        ("code completion", "code"),
        ("image understanding", "image"),
        ("function calling", "functions"),
        ("safety classification", "safety"),
        ("Statistics Questions", "statistics"),
        ("function_calling", "functions"),
    ],
)
def test_other_names_of_tasks(name, key):
    assert find_task(name).key == key


@pytest.mark.parametrize(
    ("wrong", "near"), [("chatt", "chat"), ("translat", "translation"), ("vison", "vision")]
)
def test_a_wrong_task_gets_the_nearest(wrong, near):
    with pytest.raises(ValueError, match=near):
        recommend("T4", wrong)


@pytest.mark.parametrize(
    "arguments",
    [
        ("T4", None),
        ("T4", 3),
        ("T5",),
        ("T4", "chat", 0),
        ("T4", "chat", True),
        ("T4", "chat", 1.5),
    ],
)
def test_bad_arguments(arguments):
    with pytest.raises(InvalidInput):
        recommend(*arguments)


def test_core_is_the_general_family():
    assert {v.family for v in variants() if is_core(v)} == {"Gemma"}
    names = {v.name for v in variants() if is_core(v)}
    assert "gemma4_instruct_2b" in names
    assert "gemma2_jpn_2b_it" not in names
    assert "gemma3n_e2b_it" not in names
    assert "gemma4_instruct_2b_assistant" not in names


def test_every_task_has_its_sentences():
    for task in TASKS:
        assert f"why_{task}" in table()
        assert f"why_{task}_older" in table()
        if task != "chat":
            assert f"none_{task}" in table()


def test_sentences_in_both_languages():
    for task in TASKS:
        for r in ("H100", "RTX 8 GB", "binder"):
            english = recommend(r, task).reason.text("en")
            japanese = recommend(r, task).reason.text("ja")
            assert english != japanese
            assert any(ord(c) > 0x3000 for c in japanese)
    set_language("ja")
    assert "最新" in str(recommend("H100"))


def test_others_on_the_gpu_change_the_recommendation():
    alone = card(24, memory_fraction=0.92)
    shared = dataclasses.replace(alone, memory_bytes=6 * GIB, memory_total_bytes=24 * GIB)
    assert recommend(alone).variant.generation == "4"
    assert recommend(shared).variant.generation == "3"
