"""Numbers that a caller gives: NumPy's are taken, all others are refused by name."""

import numpy as np
import pytest

from gemma_nb.arguments import MAX_INT, real_number, whole_number
from gemma_nb.errors import InvalidInput, shown, shown_path
from gemma_nb.generation.sampling import Sampling


class Hostile:
    def __repr__(self):
        raise RuntimeError


def kind(value):
    return type(value).__name__


CYCLE: list = []
CYCLE.append(CYCLE)
NO_NUMBERS = (
    None, True, np.True_, "3", b"3", [], [3], {}, {3}, object(), Hostile(), CYCLE, 3j, np.array([3, 4]),
    float("nan"), float("inf"), np.float32("nan"), "x" * 10**6, lambda: 3,
)  # fmt: skip


@pytest.mark.parametrize("value", [3, np.int64(3), np.int8(3), np.uint32(3)])
def test_whole_numbers_of_numpy_are_taken(value):
    number = whole_number(value, "bad_top_k", 0)
    assert (number, type(number)) == (3, int)


@pytest.mark.parametrize("value", [3, 3.0, np.float32(3), np.float16(3), np.int64(3)])
def test_numbers_of_numpy_are_taken(value):
    number = real_number(value, "bad_temperature")
    assert (number, type(number)) == (3.0, float)


@pytest.mark.parametrize(
    "value", [*NO_NUMBERS, 2.0, -1, MAX_INT + 1, 10**400, 10**5000, 2**64], ids=kind
)
def test_what_is_no_whole_number_of_the_range_is_refused(value):
    with pytest.raises(InvalidInput, match="top_k") as caught:
        whole_number(value, "bad_top_k", 0)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [*NO_NUMBERS, 10**400, -(10**400), 1e39, 10**5000], ids=kind)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(InvalidInput, match="temperature") as caught:
        real_number(value, "bad_temperature")
    assert len(str(caught.value)) < 300


def test_sampling_holds_python_numbers():
    sampling = Sampling(np.float32(0.5), np.int64(40), np.float64(0.9))
    assert sampling == Sampling(0.5, 40, 0.9)
    assert {type(sampling.temperature), type(sampling.top_p)} == {float}
    assert type(sampling.top_k) is int
    for bad in ({"top_k": 2**31}, {"temperature": 10**400}, {"top_p": 10**400}, {"top_p": "x"}):
        with pytest.raises(InvalidInput, match=next(iter(bad))):
            Sampling(**bad)


def test_a_value_in_a_message_is_short():
    assert shown([1, 2]) == [1, 2]
    assert shown("x" * 1000) == "'" + "x" * 79 + "…"
    assert shown(10**5000) == "int"


def test_a_long_path_keeps_the_name_of_its_file():
    assert shown_path("notes/chat.json") == "notes/chat.json"
    assert shown_path(f"{'folder/' * 12}chat.json").startswith("folder/")
    cut = shown_path(f"{'folder/' * 10_000}chat.json")
    assert cut.startswith("…")
    assert cut.endswith("/chat.json")
    assert len(cut) < 400
    assert shown_path(10**5000) == "int"
    assert shown_path(["x"]) == ["x"]
