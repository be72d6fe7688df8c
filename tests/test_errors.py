"""The package's errors: a sentence in two languages, and a round trip through pickle."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

import gemma_nb as gnb
from gemma_nb.errors import BackendError, GemmaError, GenerationError, InvalidInput, LoadError
from gemma_nb.i18n import Message, using_language


class Awkward(Exception):
    """Pickles, but cannot be rebuilt: its constructor needs a keyword."""

    def __init__(self, text, *, response):
        super().__init__(text)
        self.response = response


def sentences(error):
    result = []
    for lang in ("en", "ja"):
        with using_language(lang):
            result.append(str(error))
    return result


ERRORS = (
    InvalidInput("bad_top_k", value=-1),
    InvalidInput("bad_top_k", value=lambda: None),
    InvalidInput("runtime_number", name="devices", value="two"),
    BackendError("backend_fixed", backend="torch"),
    GenerationError("unloaded", name="gemma3_1b"),
    LoadError("load_failed", name="gemma3_1b", why=Awkward("no answer", response=object())),
    LoadError("does_not_fit", name="x", reason=Message("fix_devices", {"devices": 2, "runtime": "T4"})),
    LoadError("load_fixes", fixes=Message("load_fixes", {"fixes": Awkward("a", response=None)})),
)  # fmt: skip


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("rebuild", [*range(pickle.HIGHEST_PROTOCOL + 1), copy.copy, copy.deepcopy])
def test_an_error_survives_pickle_and_copy(error, rebuild):
    if isinstance(rebuild, int):
        twin = pickle.loads(pickle.dumps(error, rebuild))
    else:
        twin = rebuild(error)
    assert type(twin) is type(error)
    assert twin.message.key == error.message.key
    assert twin.message.values.keys() == error.message.values.keys()
    assert twin.args[0] == error.args[0]
    assert sentences(twin) == sentences(error)


def test_values_that_can_be_pickled_stay_as_they_are():
    twin = pickle.loads(pickle.dumps(InvalidInput("bad_top_k", value=[1, None])))
    assert twin.message.values == {"value": [1, None]}
    assert twin.args == ("bad_top_k", {"value": [1, None]})


def test_what_was_added_to_an_error_survives():
    error = InvalidInput("bad_top_k", value=-1)
    error.add_note("from the panel")
    assert pickle.loads(pickle.dumps(error)).__notes__ == ["from the panel"]


def subclasses(kind):
    return [kind, *(c for child in kind.__subclasses__() for c in subclasses(child))]


def test_every_kind_of_error_survives_pickle():
    import gemma_nb.comparison.comparison  # noqa: F401 - defines one

    kinds = subclasses(GemmaError)
    assert len(kinds) > 5
    for kind in kinds:
        twin = pickle.loads(pickle.dumps(kind("bad_top_k", value=-1)))
        assert type(twin) is kind
        assert "top_k" in str(twin)


def test_an_error_crosses_a_process_boundary():
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(InvalidInput, match="nearest names: T4") as caught,
    ):
        pool.submit(gnb.runtime, "T5").result()
    assert isinstance(caught.value, GemmaError)
    assert caught.value.message.values["name"] == "T5"


def test_errors_are_told_in_the_language_in_force():
    error = InvalidInput("bad_top_k", value=-1)
    assert "whole number" in str(error)
    gnb.set_language("ja")
    assert "整数" in str(error)
