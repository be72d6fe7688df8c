"""What several test files share: the language, and how tiny models are compiled."""

import gc
import importlib.util
import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("GEMMA_NB_LANG", "en")

import pytest
import tiny
from hypothesis import settings

from gemma_nb import i18n

#: What the slow suites draw for each prompt format; the others say their own numbers.
settings.register_profile("thorough", max_examples=2000)

#: The files that take longest: where two processes share the work, they begin with these.
LONGEST = (
    "with_tensorflow",
    "with_newest_jax",
    "with_older_hub",
    "comparison",
    "media_decoder",
    "loading",
    "decoder",
    "loading_quantizing",
    "speculative",
    "compilation",
    "chat",
    "quantized_models",
    "seq2seq",
)


def pytest_collection_modifyitems(items):
    """The longest files first, then the others that need a model; skips what lacks TensorFlow."""
    if importlib.util.find_spec("tensorflow_text") is None:
        skip = pytest.mark.skip(
            reason="TensorFlow is not installed: test_with_tensorflow.py runs it"
        )
        for item in items:
            if item.get_closest_marker("tensorflow"):
                item.add_marker(skip)
    longest = [f"test_{name}.py" for name in LONGEST]
    slow = {item.path for item in items if item.get_closest_marker("slow")}

    def rank(item):
        if item.path.name in longest:
            return longest.index(item.path.name)
        return len(longest) + (item.path not in slow)

    items.sort(key=rank)


def pytest_collection_finish(session):
    """Makes XLA compile without its optimisations: tiny models cost less to run than to compile.

    JAX reads these variables when it is imported, which a test does; child processes inherit them.
    Where a slow suite was selected, or ``GEMMA_NB_TESTS_OPTIMISED`` is set, everything is compiled
    as for users. So are the notebooks, which do not read this file.
    """
    optimised = os.environ.get("GEMMA_NB_TESTS_OPTIMISED")
    if optimised or any(item.get_closest_marker("slow_suite") for item in session.items):
        return
    flags = (os.environ.get("XLA_FLAGS"), "--xla_cpu_use_fusion_emitters=false")
    os.environ["XLA_FLAGS"] = " ".join(filter(None, flags))
    os.environ["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"


@pytest.fixture
def optimised():
    """For a test that runs its programs for longer than optimising them takes."""
    with tiny.optimised():
        yield


@pytest.fixture(autouse=True)
def _english():
    """Every test starts in English, whatever the one before chose."""
    yield
    i18n.choose_language(None)


@pytest.fixture(autouse=True)
def _frozen(request):
    """Keras collects garbage once a layer: what lived before a test is then not looked at."""
    if request.node.get_closest_marker("slow"):
        import keras_hub  # noqa: F401 - its modules are most of what lives

        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True, scope="module")
def _thawed():
    """The models of one file are let go of before the next."""
    yield
    if gc.get_freeze_count():  # a file without models has none: to look through all costs a second
        gc.unfreeze()
        gc.collect()
