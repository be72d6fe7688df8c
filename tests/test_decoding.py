"""The compiled steps give what KerasHub's own generate function gives."""

import jax
import numpy as np
import pytest
import tiny

from gemma_nb.generation import decoding
from gemma_nb.generation.decoding import Decoder, stretches
from gemma_nb.generation.sampling import Sampling

pytestmark = pytest.mark.slow

MODELS = {
    "gemma1": tiny.gemma1,
    "gemma2": tiny.gemma2,
    "gemma3": tiny.gemma3,
    "gemma3n": tiny.gemma3n,
    "gemma4": tiny.gemma4,
    "gemma4_moe": tiny.gemma4_moe,
}


#: tokens of prompt and reply together
LENGTH = 72


def prompt(length, seed=0):
    return [2, *np.random.default_rng(seed).integers(4, tiny.VOCABULARY, length - 1).tolist()]


@pytest.fixture(scope="module", params=MODELS)
def lm(request):
    return MODELS[request.param]()


@pytest.fixture(scope="module")
def decoder(lm):
    return Decoder(lm, LENGTH)


# the sliding window is 8 tokens: shorter, at its edge, past it by one either way, much longer;
# and past the shortest padded length by one either way
@pytest.mark.parametrize("length", [1, 7, 8, 9, 31, 32, 33, LENGTH - 1])
def test_greedy_ids_equal_kerashub(lm, decoder, length):
    ids = prompt(length)
    count = LENGTH - length
    ours = list(decoder.tokens(ids, Sampling(), 0, count))
    assert ours == tiny.keras_hub_ids(lm, ids, count, length=LENGTH)
    assert len(set(ours)) > 3 or count < 30, "a constant reply would prove nothing"


def test_a_prompt_of_several_stretches(lm, decoder, monkeypatch):
    whole = list(decoder.tokens(prompt(50), Sampling(), 0, 10))
    monkeypatch.setattr(decoding, "BUCKETS", (4, 16))
    assert list(Decoder(lm, LENGTH).tokens(prompt(50), Sampling(), 0, 10)) == whole


def test_a_context_goes_on_where_it_stopped(lm, decoder):
    context = decoder.empty()
    first = list(decoder.tokens(prompt(9), Sampling(), 0, 6, context))
    assert context.ids == [*prompt(9), *first[:-1]]
    ids = [*prompt(9), *first, *prompt(12, seed=1)]
    expected = list(decoder.tokens(ids, Sampling(), 0, 8))
    assert list(decoder.tokens(ids, Sampling(), 0, 8, context)) == expected


def test_same_seed_same_ids_and_no_recompiling(lm, decoder):
    hot = Sampling(1.5, 20, 0.9)
    for length in (5, 33):
        list(decoder.tokens(prompt(length), Sampling(), 0, 2))
    compiled = decoder.compilations
    first = list(decoder.tokens(prompt(5), hot, 7, 16))
    assert first == list(decoder.tokens(prompt(5), hot, 7, 16))
    assert first != list(decoder.tokens(prompt(5), hot, 8, 16))
    list(decoder.tokens(prompt(9), Sampling(0.3, 0, 0.5), 1, 16))
    list(decoder.tokens(prompt(40), Sampling(), 1, 4))
    assert decoder.compilations == compiled


def test_every_compilation_is_counted():
    seen = []

    def listener(name, _seconds, **_):
        if name == "/jax/core/compile/backend_compile_duration":
            seen.append(name)

    lm = tiny.gemma1()
    jax.monitoring.register_event_duration_secs_listener(listener)
    try:
        decoder = Decoder(lm, 64)
        list(decoder.tokens(prompt(4), Sampling(), 0, 4))
        list(decoder.tokens(prompt(40), Sampling(), 0, 4))
        list(decoder.tokens(prompt(41), Sampling(1.0), 5, 4))
        # the empty cache, two lengths of prompt, one token
        assert len(seen) == decoder.compilations == 4
    finally:
        jax.monitoring.clear_event_listeners()


def test_weights_that_are_not_numbers_are_told():
    lm = tiny.gemma1()
    variable = lm.backbone.weights[0]
    variable.assign(np.full(variable.shape, np.nan, "float32"))
    assert list(Decoder(lm, 64).tokens(prompt(4), Sampling(), 0, 1)) == [-1]


def test_stretches():
    assert stretches(1) == [(1, 32)]
    assert stretches(32) == [(32, 32)]
    assert stretches(33) == [(33, 64)]
    assert stretches(512) == [(512, 512)]
    assert stretches(1100) == [(512, 512), (512, 512), (76, 128)]
