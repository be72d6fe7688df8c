"""The tests of loading and of media where TensorFlow is installed.

The compiled programs are those of the other tests: the jax is the same.
"""

import pytest
from slow_suites import pytest_in, with_tensorflow

pytestmark = [pytest.mark.slow_suite, pytest.mark.timeout(2400)]

#: Where keras-hub itself differs beside TensorFlow: presets, tokenizers, media. What runs on JAX
#: alone (the decoder, quantised layers, encoders) is the same.
NAMES = (
    "load_from_hubs",
    "media_encoders",
    "media_model",
    "code_snippets",
    "safe_tokenizer",
    "score",
)


def test_beside_tensorflow():
    """Nothing hides TensorFlow: keras-hub reads presets and tokenises by it where it is installed."""
    seen = ("import gemma_nb, keras_hub, sys", "assert 'tensorflow_text' in sys.modules")
    pytest_in(with_tensorflow(), NAMES, *seen)
