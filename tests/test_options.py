"""The options of each setting of a choice, and where each leads."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gemma_nb as gnb
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.options import SETTINGS, change_setting, fitting_options, options, setting

L4 = gnb.runtime("L4")


def choice(name="gemma3_instruct_4b", precision="bfloat16", **more):
    return Choice(name, precision, runtime=more.pop("runtime", L4), **more)


@pytest.mark.parametrize("name", SETTINGS[1:])
def test_every_option_has_its_value_and_status(name):
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
def test_every_setting_of_every_variant_can_be_changed(name, step, data):
    variant = gnb.variant(name)
    start = choice(name, max_length=min(2048, variant.context_length or 2048))
    option = data.draw(st.sampled_from(options(start, step)))
    if option.choice is not None:
        gnb.advise(option.choice)
        back = options(option.choice, step)
        assert setting(option.choice, step) in [o.value for o in back]


def test_a_missing_combination_names_the_existing_ones():
    found = change_setting(choice("code_gemma_instruct_7b_en"), "size", "2B")
    assert found.choice.variant.name == "code_gemma_2b_en"
    assert "CodeGemma 1 2B does not exist as IT. 2B goes with: PT" in str(found.note)
    found = change_setting(choice("code_gemma_2b_en"), "tuning", "IT")
    assert found.choice.variant.name == "code_gemma_instruct_7b_en"
    assert "changed to 7B" in str(found.note)


def test_families_that_fit_come_first():
    found = options(choice(), "family")
    statuses = [option.status for option in found]
    assert statuses == sorted(statuses, key=("fits", "tight", "no").index)
    assert {"fits", "no"} <= set(statuses)
    fitting = [o.value for o in found if o.status == "fits"]
    listed = [(v.family, v.generation) for v in gnb.variants()]
    assert fitting == sorted(fitting, key=listed.index)  # the newest first among them


def test_another_family_is_entered_by_a_variant_that_fits():
    large = choice("gemma3_instruct_27b", precision="int4")
    into = change_setting(large, "family", ("Gemma", "2")).choice
    assert into.variant.name == "gemma2_instruct_27b_en"  # it fits in int4
    into = change_setting(replace(large, precision="bfloat16"), "family", ("Gemma", "2")).choice
    assert into.variant.name == "gemma2_instruct_9b_en"
    assert gnb.advise(into).fits
    # where none fits, the nearest
    into = change_setting(large, "family", ("EmbeddingGemma", "1")).choice
    assert not gnb.advise(into).fits
    into = change_setting(large, "family", ("EmbeddingGemma", "1"), "embedding").choice
    assert gnb.advise(into, task="embedding").fits


def test_only_what_fits_keeps_the_present_value():
    large = choice("gemma3_instruct_27b")
    sizes = options(large, "size")
    assert [o.value for o in fitting_options(sizes, "27B")] == [
        *(o.value for o in sizes if gnb.advise(o.choice).fits),
        "27B",
    ]
    assert fitting_options(sizes, "1B") == tuple(o for o in sizes if gnb.advise(o.choice).fits)


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


def test_another_size_keeps_tuning_and_modalities():
    found = change_setting(choice("gemma3_instruct_4b"), "size", "12B")
    assert found.choice.variant.name == "gemma3_instruct_12b"
    found = change_setting(choice("gemma3_instruct_4b_text"), "size", "12B")
    assert found.choice.variant.name == "gemma3_instruct_12b_text"
    assert found.note is None


def test_another_runtime_gets_its_own_default_precision():
    here = choice("t5gemma_2b_2b_ul2_it", "float32", runtime="laptop 16 GB")
    assert change_setting(here, "runtime", "L4").choice.precision == "bfloat16"
    quantised = replace(here, precision="int8")
    assert change_setting(quantised, "runtime", "L4").choice.precision == "int8"
    two = choice("gemma3_instruct_1b", runtime="T4 x2", devices=2)
    assert change_setting(two, "runtime", "T4").choice.devices == 1


def test_what_fits_only_on_more_devices_is_listed_with_them():
    now = choice("gemma3_instruct_1b", "int4", runtime="T4 x2")
    sizes = {o.value: o for o in options(now, "size")}
    assert [sizes[size].choice.devices for size in ("1B", "12B", "27B")] == [1, 1, 2]
    assert gnb.advise(sizes["27B"].choice).status == sizes["27B"].status == "fits"
    # what no number of devices holds stays on the present one
    precisions = {o.value: o for o in options(sizes["27B"].choice, "precision")}
    assert (precisions["float32"].status, precisions["float32"].choice.devices) == ("no", 2)
    # the present value is judged as it is, and so is each number of devices
    large = replace(sizes["27B"].choice, devices=1)
    assert next(o for o in options(large, "size") if o.value == "27B").status == "no"
    assert [o.status for o in options(large, "devices")] == ["no", "fits"]


def test_a_variant_from_outside_the_catalog_stays_what_it_is():
    own = replace(gnb.variant("gemma3_instruct_1b"), name="hf://x/y", family="Own", generation="9")
    start = choice(own)
    for name in ("family", "size", "tuning", "variant"):
        assert setting(start, name) in [o.value for o in options(start, name)]
    assert change_setting(start, "size", "1B").choice == start
