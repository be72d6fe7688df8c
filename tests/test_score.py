"""ShieldGemma's verdict as a probability."""

import numpy as np
import prompt_helpers
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.decoder import Decoder

pytestmark = pytest.mark.slow

POLICY = "* No Harassment: the prompt shall not insult anybody."


@pytest.fixture(scope="module")
def judge():
    import keras_hub

    tokens = prompt_helpers.TOKENS
    tokens["Judge"] = (*tokens["GemmaTokenizer"], "Yes", "No")
    tokenizer = keras_hub.tokenizers.GemmaTokenizer(proto=prompt_helpers.train("Judge"))
    lm = tiny.gemma2(vocabulary=tokenizer.vocabulary_size())
    return gnb.Model(lm, tokenizer, prompt_helpers.variant("shieldgemma"), "float32", 1024)


def test_is_the_softmax_over_yes_and_no(judge):
    ids = judge.prompt_ids("You fool!", guideline=POLICY)
    tokens = np.array([ids])
    inputs = {"token_ids": tokens, "padding_mask": np.ones_like(tokens)}
    logits = tiny.call(judge.lm, inputs)[0, -1]
    yes, no = (float(logits[judge.tokenizer.token_to_id(w)]) for w in ("Yes", "No"))
    expected = np.exp(yes) / (np.exp(yes) + np.exp(no))
    scored = judge.score("You fool!", guideline=POLICY)
    assert scored == pytest.approx(expected, abs=1e-5)
    assert abs(scored - 0.5) > 1e-3, "an even score would prove nothing"
    assert scored != judge.score("How are you?", guideline=POLICY)


def test_the_vocabulary_is_not_copied(judge, monkeypatch):
    expected = judge.score("You fool!", guideline=POLICY)
    monkeypatch.setattr(type(judge.tokenizer), "get_vocabulary", lambda _: 1 / 0)
    assert judge.score("You fool!", guideline=POLICY) == expected


def test_an_answer_is_judged_too(judge):
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "You fool!"}]
    assert 0 < judge.score(said, guideline=POLICY) < 1


def test_refusals(judge):
    with pytest.raises(InvalidInput, match="too long"):
        judge.score("insult " * 1000, guideline=POLICY)
    with pytest.raises(InvalidInput, match="guideline"):
        judge.score("Hi", guideline="")
    model = gnb.load("demo_gemma3_1m", max_length=64)
    with pytest.raises(InvalidInput, match="ShieldGemma"):
        model.score("Hi", guideline=POLICY)
    variable = judge.lm.backbone.weights[0]
    kept = np.asarray(variable.value)
    variable.assign(kept * np.nan)
    with pytest.raises(GenerationError, match="float32"):
        judge.score("Hi", guideline=POLICY)
    variable.assign(kept)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_verdict_that_is_not_finite_is_told(judge, monkeypatch, wrong):
    logits = np.zeros(judge.tokenizer.vocabulary_size(), "float32")
    logits[judge.tokenizer.token_to_id("Yes")] = wrong
    monkeypatch.setattr(Decoder, "logits", lambda *_: logits)
    with pytest.raises(GenerationError, match="float32"):
        judge.score("Hi", guideline=POLICY)
