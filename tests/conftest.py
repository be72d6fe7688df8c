"""What several test files share: the language, and how tiny models are compiled."""

import gc
import os
import sys

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("GEMMA_NB_LANG", "en")

import pytest
from hypothesis import settings

from gemma_nb import strings

#: What the slow suites draw for each prompt format; the others say their own numbers.
settings.register_profile("thorough", max_examples=2000)


@pytest.fixture(autouse=True)
def _english():
    """Every test starts in English, whatever the one before chose."""
    yield
    strings._chosen = None


@pytest.fixture(autouse=True, scope="module")
def _frozen():
    """Keras collects garbage once a layer: what lives already is then not looked at again."""
    if "keras" in sys.modules:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module")
def quick_compile():
    """XLA without its optimisations, for tiny models: half the time, which is spent on compiling.

    The slow suites set GEMMA_NB_TESTS_OPTIMISED, which leaves the optimisations on.
    """
    import jax

    quick = not os.environ.get("GEMMA_NB_TESTS_OPTIMISED")
    jax.config.update("jax_disable_most_optimizations", quick)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
