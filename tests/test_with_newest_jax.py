"""The tests of generation with the newest jax, which needs Python 3.12, with XLA's optimisations."""

import re

import pytest
from slow_suites import ROOT, environment, pytest_in

pytestmark = [pytest.mark.slow_suite, pytest.mark.timeout(2400)]

#: The files that compile the programs; those that call them (chat, model) add none.
NAMES = ("decoder", "speculative", "fused_matvec", "compilation", "sampling")


def test_with_the_newest_jax():
    tests = ROOT / "tests"
    listed = tests / "next_jax.txt"
    python = environment("3.12", ROOT / "requirements.txt", tests / "requirements.txt", listed)
    version = re.search(r"^jax==(.*)$", listed.read_text(), re.MULTILINE)[1]
    same = f"import jax; assert jax.__version__ == {version!r}"
    pytest_in(python, NAMES, same, env={"GEMMA_NB_TESTS_OPTIMISED": "1"})
