"""The compiled steps give what KerasHub's own generate function gives."""

import jax
import numpy as np
import pytest
import tiny

from gemma_nb.generation.decoding import SHORTEST_BUCKET, Decoder, bucket
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


def prompt(length, seed=0):
    return [2, *np.random.default_rng(seed).integers(4, tiny.VOCABULARY, length - 1).tolist()]


@pytest.fixture(scope="module", params=MODELS)
def lm(request):
    return MODELS[request.param]()


# the sliding window is 8 tokens: shorter, at its edge, past it by one either way, much longer;
# and past the shortest padded length
@pytest.mark.parametrize("length", [1, 7, 8, 9, SHORTEST_BUCKET + 1])
def test_greedy_ids_equal_kerashub(lm, length):
    ids = prompt(length)
    ours = list(Decoder(lm, 128).tokens(ids, Sampling(), 0, 24))
    assert ours == tiny.keras_hub_ids(lm, ids, 24)
    assert len(set(ours)) > 3, "a constant reply would prove nothing"


def test_reply_fills_max_length(lm):
    ids = prompt(10)
    assert list(Decoder(lm, 16).tokens(ids, Sampling(), 0, 6)) == tiny.keras_hub_ids(lm, ids, 6)


def test_same_seed_same_ids_and_no_recompiling(lm):
    decoder = Decoder(lm, 64)
    hot = Sampling(1.5, 20, 0.9)
    first = list(decoder.tokens(prompt(5), hot, 7, 16))
    compiled = decoder.compilations
    assert compiled == 2
    assert first == list(decoder.tokens(prompt(5), hot, 7, 16))
    assert first != list(decoder.tokens(prompt(5), hot, 8, 16))
    list(decoder.tokens(prompt(9), Sampling(0.3, 0, 0.5), 1, 16))
    list(decoder.tokens(prompt(SHORTEST_BUCKET), Sampling(), 1, 4))
    assert decoder.compilations == compiled


def test_compilations_are_counted(lm):
    seen = []

    def listener(name, _seconds, **_):
        if name == "/jax/core/compile/backend_compile_duration":
            seen.append(name)

    decoder = Decoder(lm, 64)
    list(decoder.tokens(prompt(4), Sampling(), 0, 4))  # small helpers of jax compile once
    jax.monitoring.register_event_duration_secs_listener(listener)
    try:
        before = decoder.compilations
        list(decoder.tokens(prompt(40), Sampling(), 0, 4))
        list(decoder.tokens(prompt(41), Sampling(1.0), 5, 4))
        assert len(seen) == decoder.compilations - before == 1
    finally:
        jax.monitoring.clear_event_listeners()


def test_weights_that_are_not_numbers_are_told():
    lm = tiny.gemma1()
    variable = lm.backbone.weights[0]
    variable.assign(np.full(variable.shape, np.nan, "float32"))
    assert list(Decoder(lm, 64).tokens(prompt(4), Sampling(), 0, 1)) == [-1]


def test_bucket():
    assert [bucket(n, 2048) for n in (1, 32, 33, 64, 65, 1500, 2048)] == [
        32, 32, 64, 64, 128, 2048, 2048,
    ]  # fmt: skip
    assert bucket(40, 50) == 50
