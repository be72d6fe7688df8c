"""A real Gemma, 270M: transformers' replies and log-likelihood, and what each precision costs.

The weights are those of a GGUF file (Q4_K_M), dequantised; transformers reads the same float32
numbers in an environment of its own. benchmarks/quality.md shows what is compared here.
"""

import importlib.util
import json
import os

import numpy as np
import pytest
import real_gemma

import gemma_nb as gnb

pytestmark = [pytest.mark.slow_suite, pytest.mark.real, pytest.mark.timeout(1800)]

PROMPTS = (
    "Water boils at",
    "The capital of Japan is",
    "The first man on the moon was",
    "Once upon a time, there was a",
    "The opposite of hot is",
    "Two plus two is",
    "def fibonacci(n):\n",
    "import numpy as np\n",
    "Dear Sir or Madam,\n\n",
    "To be, or not to be,",
    "La capitale de la France est",
    "Die Hauptstadt von Deutschland ist",
    "日本の首都は",
    "Столица России",
    "1, 2, 3, 4,",
    "Monday, Tuesday,",
    "<h1>Welcome to",
    "The recipe needs flour, sugar and",
    "In 1969,",
    "Q: Who wrote Romeo and Juliet?\nA:",
)
COUNT = 16
#: How far the perplexity of each precision may be from float32's.
BOUNDS = {"bfloat16": 0.01, "float16": 0.06, "int8": 0.005, "int4": 0.35}

BENCHMARKS = real_gemma.ROOT / "benchmarks"


def _quality():
    spec = importlib.util.spec_from_file_location("quality_benchmark", BENCHMARKS / "quality.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


quality = _quality()


@pytest.fixture(scope="module")
def float32():
    """The ids of the prompts, the replies, the ids of the page, its log-probabilities."""
    model = gnb.load(real_gemma.converted_folder(), "float32", max_length=64, progress=False)
    prompts = [model.prompt_ids(text, raw=True) for text in PROMPTS]
    greedy = {"temperature": 0, "ignore_eos": True, "raw": True}
    replies = [list(model.stream_ids(text, COUNT, **greedy)) for text in PROMPTS]
    page, log_probs = quality.page_log_probs(model)
    model.unload()
    return prompts, replies, page, log_probs


@pytest.fixture(scope="module")
def reference(float32, tmp_path_factory):
    """What transformers makes of the same ids."""
    prompts, _, page, _ = float32
    folder = tmp_path_factory.mktemp("reference")
    asked = {"prompts": prompts, "count": COUNT, "text": page}
    (folder / "asked.json").write_text(json.dumps(asked))
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    script = real_gemma.TESTS / "real" / "reference.py"
    checkpoint = real_gemma.converted_folder()
    real_gemma.run(real_gemma.reference_python(), script, checkpoint, folder, env=environment)
    return json.loads((folder / "reference.json").read_text())


def test_greedy_replies_equal_transformers(float32, reference):
    _, replies, _, _ = float32
    assert dict(zip(PROMPTS, replies, strict=True)) == dict(
        zip(PROMPTS, reference["replies"], strict=True)
    )
    assert {len(reply) for reply in replies} == {COUNT}
    assert len({tuple(reply) for reply in replies}) == len(PROMPTS)


def test_the_log_likelihood_of_a_page_equals_transformers(float32, reference):
    _, _, page, log_probs = float32
    assert len(page) > 900
    mine = log_probs[np.arange(len(page) - 1), page[1:]]
    np.testing.assert_allclose(mine, reference["log_probs"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("precision", BOUNDS)
def test_what_a_precision_costs(float32, precision):
    _, _, page, log_probs = float32
    _, lower = quality.measure(real_gemma.converted_folder(), precision)
    found = quality.figures(page, lower, log_probs)
    print(precision, found)
    assert abs(found["perplexity_change"]) < BOUNDS[precision]
    # the table is what is measured, but for a fifth; where few tokens differ, 5 of 1000 may be others
    committed = json.loads((BENCHMARKS / "quality.json").read_text())[precision]
    assert found["kl"] == pytest.approx(committed["kl"], rel=0.2)
    assert 1 - found["same_token"] == pytest.approx(1 - committed["same_token"], rel=0.2, abs=0.005)
