"""The tests of loading and generation beside TensorFlow, and with the newest jax.

The processes that run them compile with XLA's optimisations, which the tests of tiny models leave
out elsewhere.
"""

import os
import re
import sys

import pytest
from legs import ROOT, environment, run

pytestmark = [pytest.mark.leg, pytest.mark.timeout(1800)]

TESTS = ROOT / "tests"
LISTS = (ROOT / "requirements.txt", TESTS / "requirements.txt")
#: The pinned jax, with TensorFlow: what reads files, and tiny models of every kind.
WITH_TENSORFLOW = (
    "loading",
    "loading_converted",
    "load_from_hubs",
    "media_encoders",
    "media_model",
    "media_decoder",
    "code_snippets",
    "safe_tokenizer",
    "decoder",
    "seq2seq",
    "embedder",
    "quantized_models",
    "score",
)
#: The newest jax: what generates.
WITH_NEWEST_JAX = (
    "chat",
    "decoder",
    "speculative",
    "model",
    "fused_matvec",
    "compilation",
    "sampling",
)


def told_by(python, names, *code):
    """What pytest says at the end of these tests' files, run by another Python."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "GEMMA_NB_TESTS_OPTIMISED": "1"}
    run(python, "-c", "\n".join(code), env=env)
    files = [TESTS / f"test_{name}.py" for name in names]
    quiet = ("-q", "-p", "no:cacheprovider", "-m", "not leg")
    told = run(python, "-m", "pytest", *quiet, *files, cwd=ROOT, env=env)
    assert "TensorFlow is not installed" not in told, told
    last = told.splitlines()[-1]
    assert re.match(r"=* ?\d+ passed", last), told
    return last


def test_beside_tensorflow():
    """Nothing hides it: keras-hub reads presets and tokenises by it where it is installed."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = environment(here, *LISTS, TESTS / "tensorflow.txt")
    seen = ("import gemma_nb, keras_hub, sys", "assert 'tensorflow_text' in sys.modules")
    print(told_by(python, WITH_TENSORFLOW, *seen))


def test_with_the_newest_jax():
    python = environment("3.12", *LISTS, TESTS / "next_jax.txt")
    listed = re.search(r"^jax==(.*)$", (TESTS / "next_jax.txt").read_text(), re.MULTILINE)[1]
    print(told_by(python, WITH_NEWEST_JAX, f"import jax; assert jax.__version__ == {listed!r}"))
