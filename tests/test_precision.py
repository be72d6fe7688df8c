"""Precisions: names, sizes and refused values."""

import dataclasses

import pytest

from gemma_nb.catalog.registry import variant, variants
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.float16 import float16_state, takes_float16
from gemma_nb.fit.precision import (
    PRECISIONS,
    auto_precision,
    is_native,
    precision,
    precisions_to_try,
)
from gemma_nb.hardware.known_runtimes import runtime, runtimes
from gemma_nb.hardware.runtime import Runtime


@pytest.mark.parametrize("name", ["bfloat16", "BFloat16", "  int8 ", "INT4", "float32"])
def test_any_case_is_found(name):
    assert precision(name).name == name.strip().lower()


def test_a_precision_passes_through():
    assert precision(PRECISIONS["int4"]) is PRECISIONS["int4"]


@pytest.mark.parametrize(
    ("wrong", "near"), [("bf16", "bfloat16"), ("int5", "int4"), ("flaot16", "float16")]
)
def test_a_wrong_name_gets_the_nearest(wrong, near):
    with pytest.raises(ValueError, match=near):
        precision(wrong)


@pytest.mark.parametrize("wrong", [None, 16, ["int8"], ""])
def test_no_name_at_all_is_refused(wrong):
    with pytest.raises(InvalidInput):
        precision(wrong)


def test_quantised_precisions_keep_bfloat16_round_the_kernels():
    # Keras's int8 refuses float16, and float16 overflows in Gemma 3
    for name in ("int8", "int4"):
        assert PRECISIONS[name].dtype == "bfloat16"
        assert PRECISIONS[name].quantize == name


def test_int8_from_float16_is_refused_with_the_reason():
    with pytest.raises(ValueError, match="float16"):
        precision("int8_from_float16")
    assert precision("int8_from_bfloat16") is PRECISIONS["int8"]


def test_native_formats():
    t4, l4, laptop = runtime("T4"), runtime("L4"), runtime("laptop 16 GB")
    assert not is_native(PRECISIONS["bfloat16"], t4)
    assert is_native(PRECISIONS["float16"], t4)
    assert is_native(PRECISIONS["bfloat16"], l4)
    assert not is_native(PRECISIONS["bfloat16"], laptop)
    assert not any(is_native(PRECISIONS["int4"], r) for r in (t4, l4, laptop))


#: What is known of float16, and what "auto" is on a T4.
FLOAT16 = {
    "gemma_instruct_2b_en": ("runs", "float16"),
    "gemma2_instruct_9b_en": ("runs", "float16"),
    "gemma2_instruct_27b_en": ("overflows", "bfloat16"),
    "gemma3_instruct_1b": ("clipped", "bfloat16"),
    "gemma3n_e2b_it": ("overflows", "bfloat16"),
    "gemma4_instruct_2b": ("unmeasured", "float16"),
    "t5gemma_2b_2b_ul2_it": ("unknown", "bfloat16"),
    "embedding_gemma3_300m": ("overflows", "bfloat16"),
    "demo_gemma3_instruct_4m": ("runs", "float16"),
}


@pytest.mark.parametrize(("name", "expected"), FLOAT16.items())
def test_float16_on_a_gpu_without_bfloat16(name, expected):
    state, auto = expected
    known = variant(name)
    assert float16_state(known) == state
    assert auto_precision(known, runtime("T4")).name == auto


def test_t5gemma_2_overflows_in_float16():
    found = [
        v for v in variants() if v.architecture and v.architecture.backbone == "T5Gemma2Backbone"
    ]
    assert found
    assert {float16_state(v) for v in found} == {"overflows"}


#: What "auto" is on a processor: 16 bit where that was measured, float32 elsewhere.
ON_A_PROCESSOR = {
    "gemma3_instruct_1b": "bfloat16",
    "gemma4_instruct_2b": "bfloat16",
    "gemma3n_e2b_it": "bfloat16",
    "pali_gemma2_mix_3b_224": "bfloat16",
    "t5gemma_2b_2b_ul2_it": "float32",
    "embedding_gemma3_300m": "float32",
    "demo_gemma3_instruct_4m": "float32",
}


@pytest.mark.parametrize("place", ["laptop 16 GB", "colab-cpu", "Apple 16 GB"])
@pytest.mark.parametrize(("name", "expected"), ON_A_PROCESSOR.items())
def test_auto_on_a_processor(name, expected, place):
    assert auto_precision(variant(name), runtime(place)).name == expected


def test_auto_is_float16_nowhere_else():
    gemma4 = variant("gemma4_instruct_2b")
    taking = {r.name for r in runtimes() if takes_float16(gemma4, r)}
    assert taking == {"T4", "T4 x2"}
    old = ("float32", "float16", "int8")
    # a Pascal computes float16 slower than float32
    for capability, expected in (("7.0", True), ("6.1", False), (None, False)):
        card = Runtime("card", "gpu", 2**34, native_dtypes=old, compute_capability=capability)
        assert takes_float16(gemma4, card) == expected


def test_the_precisions_to_try():
    model = variant("gemma3_instruct_4b")
    assert precisions_to_try(model, runtime("L4")) == ("bfloat16", "int8", "int4")
    # load takes no other one than that of the files
    for saved in ("int8", "int4"):
        preset = dataclasses.replace(model, quantization=("int8", saved))
        assert precisions_to_try(preset, runtime("L4")) == (saved,)
    file = dataclasses.replace(model, stored_type="Q4_0")
    assert precisions_to_try(file, runtime("L4")) == ("int4", "int8")
