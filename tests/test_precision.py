"""Precisions: names, sizes and refused values."""

import pytest

from gemma_nb.errors import InvalidInput
from gemma_nb.fit.precision import PRECISIONS, is_native, precision
from gemma_nb.hardware.known_runtimes import runtime


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
