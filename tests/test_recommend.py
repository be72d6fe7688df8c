"""Recommendations: they follow Google's rule, and they always fit."""

import dataclasses
import re
from pathlib import Path

import pytest

from gemma_nb import advise, recommend, set_language, variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.frameworks import frameworks_for
from gemma_nb.fit.quality import quality_figure
from gemma_nb.fit.recommend import DEMO
from gemma_nb.fit.tasks import GUIDE_URL, TASKS, find_task, is_core, variants_for_task
from gemma_nb.fit.tuning import tuning_check
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
    # what fits without room to spare is not it: in bfloat16 it is tight here, so it comes in int8
    smaller = card(66)
    largest = recommend(smaller).alternative
    assert (largest.variant.name, largest.precision) == ("gemma4_instruct_31b", "int8")
    assert advise("gemma4_instruct_31b", "bfloat16", smaller).status == "tight"
    # and where no precision of it fits with room, the next smaller one
    assert advise("gemma4_instruct_31b", "int4", card(20.5)).status == "tight"
    assert recommend(card(20.5)).alternative.variant.name == "gemma4_instruct_4b"


def test_the_order_of_the_rule():
    """Newest generation, no login, 16 bit before int8 before int4, then the smallest."""
    took = {}
    for gib in (16, 10, 5, 4, 1.5, 0.6, 0.5):
        found = recommend(card(gib))
        took[gib] = (found.variant.name, found.precision)
    assert took == {
        16: ("gemma4_instruct_2b", "bfloat16"),  # and not E4B, which is larger
        10: ("gemma4_instruct_2b", "int8"),  # and not Gemma 3 in bfloat16, which is older
        5: ("gemma4_instruct_2b", "int4"),
        4: ("gemma3_instruct_270m", "bfloat16"),  # and not 1B, which is larger
        1.5: ("gemma3_instruct_270m", "bfloat16"),
        0.6: ("gemma3_instruct_270m", "int8"),
        0.5: (DEMO, "bfloat16"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "RTX 8 GB",
        "RTX 12 GB",
        "T4",
        "L4",
        "Apple 16 GB",
        "laptop 16 GB",
        "colab-cpu",
        "laptop 8 GB",
    ],
)
def test_a_gemma_4_without_a_login(name):
    found = recommend(name)
    assert found.variant.generation == "4"
    assert not found.variant.gated
    assert found.licence == "Apache-2.0"


def test_the_alternatives_carry_their_facts():
    for runtime in runtimes():
        found = recommend(runtime)
        kinds = [a.kind for a in found.alternatives]
        assert kinds == [k for k in ("largest", "fastest", "no_login") if k in kinds]
        choices = [(r.variant, r.precision) for r in (found, *found.alternatives)]
        assert len(set(choices)) == len(choices)
        for one in (found, *found.alternatives):
            assert one.verdict.status == "fits"
            assert one.memory_bytes == one.verdict.bytes_needed
            assert one.licence == one.variant.licence
            divided = one.verdict.choice.devices > 1  # its speed is not estimated
            assert (one.speed is None) == (runtime.bandwidth_gb_s is None or divided)
            assert one.reason.text("en") != one.reason.text("ja")
            if one.precision in ("int8", "int4"):
                assert f"What {one.precision} costs" in str(one.reason)
        # who needs an account is told what does not
        free = [r for r in (found, *found.alternatives) if not r.variant.gated]
        assert free, runtime.name


def test_two_devices_make_larger_variants_possible():
    found = recommend("T4 x2")
    assert found.verdict.choice.devices == 1
    largest = next(a for a in found.alternatives if a.kind == "largest")
    assert (largest.variant.name, largest.precision) == ("gemma4_instruct_31b", "int4")
    assert largest.verdict.choice.devices == 2
    # the table and the plot say that it takes both
    row = next(row for row in found.table() if row[0] == "Largest")
    assert row[3:5] == ("2 x 10.1 GiB", "?")
    # 27B fits in int4, and with little to spare in int8; not in 16 bit
    for precision, status in (("bfloat16", "no"), ("int8", "tight"), ("int4", "fits")):
        v = advise("gemma3_instruct_27b_text", precision, "T4 x2", devices=2)
        assert v.status == status


def test_the_fastest_is_good_enough():
    best = recommend("T4")
    fastest = next(a for a in best.alternatives if a.kind == "fastest")
    assert (fastest.variant.name, fastest.precision) == ("gemma4_instruct_2b", "int8")
    assert fastest.speed.low > best.speed.high
    # int4 would be faster by the estimate, and costs too much to be offered as such
    assert all(a.precision != "int4" for a in best.alternatives if a.kind == "fastest")


def test_it_prints_a_table_and_every_reason():
    found = recommend("T4")
    shown = str(found)
    heads, *rows = found.table()
    assert heads[1:] == ("Variant", "Precision", "Memory", "Tokens/s", "Licence")
    assert [row[1] for row in rows] == [r.variant.name for r in (found, *found.alternatives)]
    for row in rows:
        assert all(cell in shown for cell in row)
    for reason in found.reasons:
        assert str(reason) in shown
    assert rows[0][3:] == ("9.76 GiB", found.speed.range_text, "Apache-2.0")
    assert recommend("T4", "code").table()[1][-1] == "Gemma, login"


@pytest.mark.parametrize(
    ("name", "basis"),
    [
        (
            "T4",
            "in float16, which this GPU computes itself; it rests on what llama.cpp reached on a T4",
        ),
        ("L4", "it rests on what Transformers reached on an L4"),
        ("H200 x2", "it rests on this package's measurements on an H200"),
        ("v5e-1", "not measured on a TPU"),
        ("laptop 16 GB", "not measured on this kind of processor"),
    ],
)
def test_speeds_say_what_they_rest_on(name, basis):
    found = recommend(name)
    for said in (str(found), repr(found)):
        assert f"bytes that are read for each token; {basis}." in " ".join(said.split())
    # where the bandwidth is not known, there is no estimate to speak of
    assert recommend("colab-cpu").speed_note is None
    assert "estimated" not in str(recommend("colab-cpu"))


@pytest.mark.parametrize("task", ["chat", "image", "audio"])
def test_on_a_phone_what_a_framework_runs_there_without_a_login(task):
    found = recommend("phone 8 GB", task)
    assert (found.variant.name, found.precision) == ("gemma4_instruct_2b", "int4")
    assert not found.variant.gated
    assert found.alternatives == ()  # no other Gemma 4 that fits exists for a phone
    runs = {o.framework: o for o in frameworks_for(found.variant, "phone 8 GB")}
    assert runs["LiteRT-LM"].runs_here
    # the memory is that of LiteRT-LM's file, here, in the list of frameworks and for advise
    assert found.memory_bytes == runs["LiteRT-LM"].memory_bytes
    verdict = advise(found.verdict.choice)
    assert verdict.bytes_needed == found.memory_bytes
    # what is said of Keras's int4 is not said of that file
    assert {w.key for w in verdict.warnings} == {"no_keras"}
    assert sum(part.size for part in found.verdict.memory_bar if part.key != "free") == (
        found.memory_bytes
    )
    assert "LiteRT-LM" in str(found.reason)
    assert "4.5 bits" in found.reason.text("en")
    assert "4.5 ビット" in found.reason.text("ja")


def test_on_a_smaller_phone_an_older_one_that_exists_for_it():
    """Gemma 3 4B would fit too, but nobody has published it for a phone."""
    found = recommend(Runtime("phone", "phone", 3 * GIB, native_dtypes=("float32",)))
    assert found.variant.name == "gemma3_instruct_270m"
    assert [a.variant.name for a in found.alternatives] == ["gemma3_instruct_1b"]
    assert "Nothing newer" in str(found)
    # KerasHub's figures have no part in it
    assert recommend("phone 8 GB", "tuning").verdict.task == "chat"


@pytest.mark.parametrize("name", ["binder", "laptop 4 GB"])
def test_what_would_change_the_demo(name):
    """A small machine is told how much memory which Gemma takes, and it is true."""
    values = recommend(name).reason.values
    for which in ("any", "newest"):
        needed, unit = values[f"{which}_bytes"].split()
        assert unit == "GiB"
        enough = Runtime("enough", "cpu", round((float(needed) + 0.06) * GIB))
        assert advise(values[which], values[f"{which}_precision"], enough).status == "fits"
        assert f"{needed} GiB" in str(recommend(name))
        # with that memory it is what is recommended
        took = recommend(enough)
        assert (took.variant.name, took.precision) == (values[which], values[f"{which}_precision"])
        assert took.variant.generation == ("4" if which == "newest" else "3")
    assert values["newest"] == "gemma4_instruct_2b"


def test_the_newest_then_older_ones_then_the_demo():
    names = []
    for gib in (16, 8, 1.2, 0.7, 0.2):
        found = recommend(card(gib))
        names.append(found.variant.name)
    assert names == [
        "gemma4_instruct_2b",
        "gemma4_instruct_2b",
        "gemma3_instruct_270m",
        "gemma3_instruct_270m",
        DEMO,
    ]


def test_an_older_one_says_that_nothing_newer_fits():
    found = recommend(card(4))
    assert found.variant.generation == "3"
    assert "Nothing newer" in str(found)
    assert found.alternative.variant.parameters > found.variant.parameters


@pytest.mark.parametrize("task", TASKS)
def test_what_is_recommended_fits(task):
    for r in runtimes():
        for length in (512, 8192):
            found = recommend(r, task, length)
            for one in (found, *found.alternatives):
                told = find_task(task).key if find_task(task).suits(one.variant) else "chat"
                length_here = min(length, one.variant.context_length)
                devices = one.verdict.choice.devices
                v = advise(one.variant, one.precision, r, length_here, devices=devices, task=told)
                assert v.status == "fits", (r.name, task, one.variant.name)
                if devices > 1:  # as few as it takes
                    v = advise(one.variant, one.precision, r, length_here, task=told)
                    assert v.status != "fits", (r.name, task, one.variant.name)
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


def test_on_a_processor_the_guides_16_bit_rule_holds():
    found = recommend("desktop 32 GB")
    assert found.precision == "bfloat16"
    assert "float32" not in str(found.reason)


def test_on_a_processor_an_embedding_model_is_in_float32_and_says_why():
    found = recommend("desktop 32 GB", "embedding")
    assert found.precision == "float32"
    assert "16-bit" in str(found)
    set_language("ja")
    assert "16 ビット" in str(found)


def test_on_a_processor_tuning_stays_in_float32():
    assert recommend("desktop 32 GB", "tuning").precision == "float32"


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


def test_what_int8_and_int4_cost_is_what_was_measured():
    """benchmarks/quality.md may be measured again: its figures are those of the sentences."""
    page = Path(__file__).parent.parent / "benchmarks" / "quality.md"
    for precision in ("int8", "int4"):
        row = re.search(rf"^\| {precision} \|(.*)\|$", page.read_text(), re.MULTILINE)
        _, _, change, same, _ = (cell.strip().rstrip("%") for cell in row[1].split("|"))
        figure = quality_figure(variant("gemma3_instruct_270m"), precision)
        assert figure.perplexity == pytest.approx(float(change) / 100, abs=0.00005)
        assert figure.same_token == pytest.approx(float(same) / 100, abs=0.0005)
        assert figure.source == "benchmarks/quality.md"


def test_what_is_recommended_for_tuning_is_judged_by_the_memory_of_tuning():
    for runtime in runtimes():
        found = recommend(runtime, "tuning")
        for one in (found, *found.alternatives):
            if one.verdict.task != "tuning":
                continue  # nothing can be tuned there, or what needs no login is for chat
            check = tuning_check(one.verdict)
            assert check.status == "fits", (runtime.name, one.variant.name)
            assert one.memory_bytes == check.needed >= one.verdict.bytes_needed
            assert one.speed is None  # it generates nothing
    found = recommend("T4", "tuning")
    assert found.table()[1][3:5] == ("2.54 GiB", "?")
    assert "2.54 GiB of 13.5 GiB" in str(found.reason)


def test_what_needs_no_login_says_when_it_is_for_another_task():
    found = recommend("RTX 8 GB", "embedding")
    free = next(a for a in found.alternatives if a.kind == "no_login")
    assert free.variant.name == "gemma4_instruct_2b"
    assert "This needs none, and is for chat" in str(free.reason)
    # for chat itself there is nothing to say
    chat = recommend(card(1.5))
    free = next(a for a in chat.alternatives if a.kind == "no_login")
    assert "The best here that needs no account" in str(free.reason)


def test_every_size_in_a_recommendation_has_three_digits():
    for runtime in runtimes():
        for task in ("chat", "tuning", "embedding"):
            said = str(recommend(runtime, task))
            for size, unit in re.findall(r"([\d.]+) ([GM])iB", said):
                assert len(size.replace(".", "").lstrip("0")) == 3, (runtime.name, size)
                assert float(size) >= (0.1 if unit == "G" else 1), (runtime.name, size)
