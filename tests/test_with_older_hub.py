"""The tests of the hubs with Colab's huggingface_hub, whose client is httpx; ``.venv`` has one with httpx2."""

import re
import sys

import pytest
from slow_suites import ROOT, environment, pytest_in

pytestmark = [pytest.mark.slow_suite, pytest.mark.timeout(2400)]

NAMES = (
    "fetch",
    "parallel_download",
    "hub_revisions",
    "hub_networks",
    "cached_models",
    "load_from_hubs",
    "catalog_unlisted",
)


def test_with_the_older_huggingface_hub():
    tests = ROOT / "tests"
    listed = tests / "hub_1_4.txt"
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = environment(here, ROOT / "requirements.txt", tests / "requirements.txt", listed)
    version = re.search(r"^huggingface_hub==(.*)$", listed.read_text(), re.MULTILINE)[1]
    pytest_in(python, NAMES, f"import huggingface_hub as h; assert h.__version__ == {version!r}")


def test_the_older_version_is_the_one_that_colab_has():
    colab = (ROOT / "tests" / "colab.txt").read_text()
    for line in (ROOT / "tests" / "hub_1_4.txt").read_text().splitlines()[1:]:
        assert re.search(rf"^{re.escape(line)}$", colab, re.MULTILINE), line
