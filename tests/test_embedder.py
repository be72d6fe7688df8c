"""EmbeddingGemma: the vectors that KerasHub gives, one by one or together, cut or whole."""

import numpy as np
import prompt_helpers
import pytest
import tiny
from test_public_arguments import assert_clean

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.embedder import TASKS, Embedder

pytestmark = pytest.mark.slow

TEXTS = [
    "Which planet is red?",
    "Mars.",
    "The quick brown fox jumps over the lazy dog. " * 4,
    "日本の首都はどこですか。",
    "the lazy dog " * 30,
    "Mars, known for its colour, is often called the red planet.",
]


@pytest.fixture(scope="module")
def model():
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    lm = tiny.embedder(vocabulary=tokenizer.vocabulary_size())
    variant = prompt_helpers.variant("embedding", role="embed")
    return gnb.from_keras(lm, variant, max_length=512, tokenizer=tokenizer)


def kerashub(model, prompt):
    """KerasHub's own call on the whole prompt as one string, unpadded."""
    tokenizer = model.tokenizer
    ids = [tokenizer.start_token_id, *tokenizer.tokenize(prompt), tokenizer.end_token_id]
    inputs = {"token_ids": np.array([ids]), "padding_mask": np.ones((1, len(ids)), "int32")}
    return tiny.call(model.lm, inputs)[0]


def test_vectors_equal_kerashub(model):
    vectors = model.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 256)
    assert vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        expected = kerashub(model, f"task: search result | query: {text}")
        np.testing.assert_allclose(vector, expected, rtol=0, atol=1e-5)
    products = vectors @ vectors.T
    assert (products - np.eye(len(TEXTS))).max() < 0.999, "equal vectors would prove nothing"


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_its_prompt(model, task):
    """https://ai.google.dev/gemma/docs/embeddinggemma/model_card, "Prompt Instructions"."""
    expected = kerashub(model, f"task: {task} | query: Mars.")
    np.testing.assert_allclose(model.embed("Mars.", task)[0], expected, rtol=0, atol=1e-5)


def test_documents_have_a_title_or_none(model):
    made = model.embed(["Mars.", {"text": "Mars.", "title": "Planets"}], task="document")
    bare, titled = (f"title: {title} | text: Mars." for title in ("none", "Planets"))
    np.testing.assert_allclose(made[0], kerashub(model, bare), rtol=0, atol=1e-5)
    np.testing.assert_allclose(made[1], kerashub(model, titled), rtol=0, atol=1e-5)


def test_a_batch_is_equal_to_one_by_one(model):
    together = model.embed(TEXTS * 3)
    for text, vector in zip(TEXTS * 3, together, strict=True):
        np.testing.assert_allclose(vector, model.embed(text)[0], rtol=0, atol=1e-5)


def test_shorter_vectors_are_cut_and_normalised(model):
    whole = model.embed(TEXTS)
    short = model.embed(TEXTS, dimensions=128)
    np.testing.assert_allclose(np.linalg.norm(whole, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(short, axis=1), 1, atol=1e-6)
    cut = whole[:, :128] / np.linalg.norm(whole[:, :128], axis=1, keepdims=True)
    np.testing.assert_allclose(short, cut, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(model.embed(TEXTS, dimensions=256), whole)


def test_compiles_once_for_each_bucket(model):
    embedder = Embedder(model.lm, 512)
    assert embedder.dimensions == 256
    for lengths in ((3, 4, 30), (31, 2, 9, 9), (33, 60), (64, 40), (512,), (500,)):
        embedder.vectors([[5] * n for n in lengths])
    # 4 rows of 32, 2 rows of 64, 1 row of 512
    assert embedder.compilations == 3


def test_many_texts_are_taken_in_passes(model, monkeypatch):
    from gemma_nb.generation import embedder as embedding

    whole = model.embed(TEXTS)
    monkeypatch.setattr(embedding, "TOKENS_PER_BATCH", 128)
    np.testing.assert_allclose(model.embed(TEXTS), whole, rtol=0, atol=1e-5)


def test_text_cannot_become_control(model):
    (ids,) = gnb.generation.embedder.embedding_token_ids(
        "a<end_of_turn>b<eos>", "clustering", model.variant, model.tokenizer, 512
    )
    assert ids.count(model.tokenizer.end_token_id) == 1
    assert ids[-1] == model.tokenizer.end_token_id
    assert model.tokenizer.token_to_id("<end_of_turn>") not in ids


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"texts": []}, "at least one"),
        ({"texts": 3}, "int"),
        ({"texts": b"Mars"}, "bytes"),
        ({"texts": ["Mars", None]}, "Text 1"),
        ({"texts": ["Mars", " \n"]}, "Text 1 is empty"),
        ({"texts": [{"text": "Mars", "name": "x"}], "task": "document"}, "Text 0"),
        ({"texts": [{"text": "Mars", "title": 3}], "task": "document"}, "Text 0"),
        ({"texts": [{"text": "Mars", "title": "x"}]}, "task='document'"),
        ({"texts": "Mars", "task": "cooking"}, "'cooking'.*clustering.*document"),
        ({"texts": "Mars", "dimensions": 100}, "256, 128"),
        ({"texts": "Mars", "dimensions": 512}, "256, 128"),
        ({"texts": "Mars", "dimensions": True}, "256, 128"),
        ({"texts": ["Mars", "dog " * 600]}, "Text 1 has .* max_length=512"),
    ],
)
def test_bad_input_is_refused(model, arguments, match):
    with pytest.raises(InvalidInput, match=match):
        model.embed(**arguments)


@pytest.mark.parametrize("argument", ["texts", "task", "dimensions"])
def test_wrong_values_of_every_kind(model, argument):
    assert_clean(model.embed, {"texts": "Mars"}, argument)


def test_an_embedding_model_writes_nothing_and_others_embed_nothing(model):
    for call in (model.stream, model.stream_ids, model.generate):
        with pytest.raises(InvalidInput, match="embed"):
            call("Hello")
    with pytest.raises(InvalidInput, match="does not judge"):
        model.score("Hello", guideline="x")
    lm = tiny.gemma3(layers=1)
    writer = gnb.Model(lm, model.tokenizer, prompt_helpers.variant("turns"), "float32", 64)
    with pytest.raises(InvalidInput, match="EmbeddingGemma"):
        writer.embed("Hello")


def test_not_a_number_is_told(model):
    lm = tiny.embedder(vocabulary=model.tokenizer.vocabulary_size())
    broken = gnb.Model(lm, model.tokenizer, model.variant, "float32", 64)
    variable = lm.backbone.get_layer("pooling_dense_1").kernel
    variable.assign(np.asarray(variable.value) * np.nan)
    with pytest.raises(GenerationError, match="float32"):
        broken.embed("Hello")
    broken.unload()
    with pytest.raises(GenerationError, match="load it again"):
        broken.embed("Hello")


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_vector_that_is_not_finite_is_told(model, monkeypatch, wrong):
    monkeypatch.setattr(Embedder, "vectors", lambda *_: np.array([[1, wrong]], "float32"))
    with pytest.raises(GenerationError, match="float32"):
        model.embed("Hello")


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "int8"])
def test_saved_and_loaded(model, tmp_path, precision):
    folder = tmp_path / "saved"
    model.lm.save_to_preset(str(folder))
    model.tokenizer.save_to_preset(str(folder))
    loaded = gnb.load(folder, precision, max_length=128)
    assert loaded.variant.role == "embed"
    close = (model.embed(TEXTS) * loaded.embed(TEXTS)).sum(axis=1)
    assert close.min() > {"float32": 1 - 1e-6, "bfloat16": 0.99, "int8": 0.9}[precision]
    again = gnb.load(loaded.save(tmp_path / "again"), precision, max_length=128)
    np.testing.assert_allclose(again.embed(TEXTS), loaded.embed(TEXTS), rtol=0, atol=1e-5)
    loaded.unload()
    again.unload()


def test_what_has_other_prompts_is_refused():
    with pytest.raises(InvalidInput, match="harrier"):
        gnb.load("harrier_embedding_oss_270m")
    gnb.generation.engine.check_variant(gnb.variant("embedding_gemma3_300m"))
