"""What may come next: the model's own probabilities, and what sampling leaves of them."""

import numpy as np
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.decoder import Decoder

pytestmark = pytest.mark.slow

BEGUN = "The capital of"


@pytest.fixture(scope="module")
def model():
    return gnb.load("demo_gemma3_1m", max_length=256)


def test_is_the_softmax_of_kerashub_s_logits(model):
    found = gnb.next_tokens(model, BEGUN, 5, raw=True)
    ids = np.array([model.prompt_ids(BEGUN, raw=True)])
    logits = tiny.call(model.lm, {"token_ids": ids, "padding_mask": np.ones_like(ids)})
    logits = logits[0, -1].astype(np.float64)
    wanted = np.exp(logits - logits.max())
    wanted /= wanted.sum()
    order = np.argsort(-wanted)[:5]
    assert [t.id for t in found] == list(order)
    assert [t.probability for t in found] == pytest.approx(wanted[order], abs=1e-4)


def test_greedy_keeps_one(model):
    found = gnb.next_tokens(model, BEGUN, 4, raw=True, temperature=0)
    assert [t.kept for t in found] == [1, 0, 0, 0]


def test_what_is_kept_sums_to_one_and_grows_sharper(model):
    warm = gnb.next_tokens(model, BEGUN, 2048, raw=True, temperature=1.0)
    assert [t.kept for t in warm] == pytest.approx([t.probability for t in warm], abs=1e-5)
    assert sum(t.kept for t in warm) == pytest.approx(1)
    cold = gnb.next_tokens(model, BEGUN, 2048, raw=True, temperature=0.5, top_k=3)
    assert sum(t.kept > 0 for t in cold) == 3
    assert sum(t.kept for t in cold) == pytest.approx(1)
    assert cold[0].kept > warm[0].kept
    few = gnb.next_tokens(model, BEGUN, 2048, raw=True, temperature=1.0, top_p=0.5)
    share = np.cumsum([t.probability for t in few])
    assert sum(t.kept > 0 for t in few) == int((share < 0.5).sum()) + 1


def test_goes_on_from_what_was_begun(model):
    one = gnb.next_tokens(model, "The capital", 3, raw=True, begun=" of")
    assert [t.piece for t in one] == [t.piece for t in gnb.next_tokens(model, BEGUN, 3, raw=True)]


def test_the_likeliest_is_what_greedy_writes(model):
    first = next(iter(model.stream_ids(BEGUN, 1, raw=True, temperature=0)))
    assert gnb.next_tokens(model, BEGUN, 1, raw=True)[0].id == first


def test_refuses_what_has_no_meaning(model):
    for bad in (0, 1.5, True):
        with pytest.raises(InvalidInput, match="count"):
            gnb.next_tokens(model, BEGUN, bad)
    with pytest.raises(InvalidInput, match="temperature"):
        gnb.next_tokens(model, BEGUN, temperature=-1)
    with pytest.raises(InvalidInput, match="max_length"):
        gnb.next_tokens(model, BEGUN, raw=True, begun=" of" * 300)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_not_finite_is_told(model, monkeypatch, wrong):
    logits = np.zeros(model.tokenizer.vocabulary_size(), "float32")
    logits[-1] = wrong
    monkeypatch.setattr(Decoder, "logits", lambda *_: logits)
    with pytest.raises(GenerationError, match="float32"):
        gnb.next_tokens(model, BEGUN)
