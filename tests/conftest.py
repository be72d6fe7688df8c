"""What several test files share: the language, and tiny seeded models."""

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("GEMMA_NB_LANG", "en")

import pytest

from gemma_nb import i18n


@pytest.fixture(autouse=True)
def _english():
    """Every test starts in English, whatever the one before chose."""
    yield
    i18n.choose_language(None)
