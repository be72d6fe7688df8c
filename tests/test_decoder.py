"""The compiled steps give what KerasHub's own generate function gives."""

import numpy as np
import pytest
import tiny

from gemma_nb.generation import decoder as decoder_module
from gemma_nb.generation import prefill
from gemma_nb.generation.decoder import Decoder
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


def test_a_prompt_of_several_stretches(decoder, monkeypatch):
    whole = list(decoder.tokens(prompt(50), Sampling(), 0, 10))
    monkeypatch.setattr(prefill, "PREFILL_BUCKETS", (4, 16))
    assert list(decoder.tokens(prompt(50), Sampling(), 0, 10)) == whole


# --- several conversations at once


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(1.0, 40, 0.9)], ids=["greedy", "hot"])
def test_a_batch_of_unequal_prompts(decoder, sampling):
    """Each row is what its prompt alone gives, which is compared with KerasHub above."""
    prompts = [prompt(length) for length in (33, 1, 31, 9, 8)]
    rows = list(decoder.batch_tokens(prompts, sampling, range(len(prompts)), 20))
    for i, (ids, made) in enumerate(zip(prompts, zip(*rows, strict=True), strict=True)):
        assert list(made) == list(decoder.tokens(ids, sampling, i, 20))


# --- what is kept from one reply to the next


def turns(decoder, *lengths, count=6):
    """A conversation through the cache: of each turn the prompt and the reply."""
    ids = []
    for i, length in enumerate(lengths):
        ids = [*ids, *prompt(length, seed=i)[0 if i == 0 else 1 :]]
        made = list(decoder.tokens(ids, Sampling(), 0, count, reuse=True))
        yield list(ids), made
        ids = [*ids, *made]


def fresh(decoder, ids, count=6):
    return list(decoder.tokens(ids, Sampling(), 0, count))


@pytest.fixture(scope="module")
def of_three(lm):
    """Three tokens at a call, as an accelerator makes several; tests of Chat make one."""
    return Decoder(lm, LENGTH, steps_per_call=3)


@pytest.fixture
def chunked(of_three):
    of_three._cache = None
    return of_three


def test_tokens_several_at_a_call_are_the_same(lm, decoder, chunked):
    for length in (5, 60):
        count = LENGTH - length
        assert fresh(chunked, prompt(length), count) == fresh(decoder, prompt(length), count)


def test_a_conversation_goes_on_from_the_cache(decoder, chunked):
    for ids, made in turns(chunked, 9, 5, 12, 4):
        assert made == fresh(decoder, ids)


def computed(chunked, monkeypatch):
    """Counts the prompt's tokens that are computed."""
    counts = []
    pieces = decoder_module.prefill_chunks

    def counting(prompts, start, *rest):
        counts.append(len(prompts[0]) - start)
        return pieces(prompts, start, *rest)

    monkeypatch.setattr(decoder_module, "prefill_chunks", counting)
    return counts


def test_only_the_new_turn_is_computed(chunked, monkeypatch):
    counts = computed(chunked, monkeypatch)
    conversation = list(turns(chunked, 9, 5, 12, 4))
    assert counts == [9, 4, 11, 3]
    counts.clear()
    fresh(chunked, conversation[-1][0])
    assert counts == [len(conversation[-1][0])]


@pytest.mark.parametrize("lengths", [(3, 2), (9, 5, 12, 4)], ids=["in the window", "past it"])
def test_editing_regenerating_and_dropping_go_back(decoder, chunked, monkeypatch, lengths):
    *before, (ids, made) = turns(chunked, *lengths)
    start = len(before[-1][0]) + 6  # where the last turn began
    counts = computed(chunked, monkeypatch)

    def reply(ids, *, new_turn):
        return list(chunked.tokens(ids, Sampling(), 0, 6, reuse=True, new_turn=new_turn))

    assert reply(ids, new_turn=False) == made  # again
    edited = [*ids[:start], 7, 8, 9, 10]
    expected = fresh(decoder, edited)
    counts.clear()
    assert reply(edited, new_turn=False) == expected
    assert max(counts) <= 5 + 1  # nothing before the turn was computed again
    # the reply's first tokens are dropped, as thoughts are, and the conversation goes on
    stripped = [*edited, *expected[3:], 11, 12, 13]
    wanted = fresh(decoder, stripped)
    counts.clear()
    assert reply(edited, new_turn=False) == expected
    assert reply(stripped, new_turn=True) == wanted
    # and once more behind it
    longer = [*stripped, *wanted[2:], 14, 15]
    expected = fresh(decoder, longer)
    reply(stripped, new_turn=False)
    assert reply(longer, new_turn=True) == expected


def test_another_conversation_begins_anew(decoder, chunked):
    list(turns(chunked, 9, 5, 30))
    other = prompt(20, seed=9)
    assert list(chunked.tokens(other, Sampling(), 0, 6, reuse=True)) == fresh(decoder, other)


def test_a_reply_within_a_reply(decoder, chunked):
    ids = prompt(20)
    whole = fresh(decoder, ids, 12)
    outer = chunked.tokens(ids, Sampling(), 0, 12)
    begun = [next(outer), next(outer)]
    assert fresh(chunked, prompt(9)) == fresh(decoder, prompt(9))
    assert begun + list(outer) == whole


def test_one_left_unread_is_gone_on_from(decoder, chunked):
    """Behind a short prompt the first token is read before it is taken in."""
    for length, read in ((20, 1), (20, 5), (40, 1)):
        ids = prompt(length)
        whole = fresh(decoder, ids)
        left = chunked.tokens(ids, Sampling(), 0, 12, reuse=True)
        assert [next(left) for _ in range(read)] == whole[:read]
        left.close()
        longer = [*ids, *whole[:read], 9, 9]
        made = list(chunked.tokens(longer, Sampling(), 0, 6, reuse=True))
        assert made == fresh(decoder, longer), (length, read)


def test_trained_weights_are_not_mixed_with_an_old_cache():
    lm = tiny.gemma1()
    decoder = Decoder(lm, LENGTH)
    list(decoder.tokens(prompt(9), Sampling(), 0, 6, reuse=True))
    table = lm.backbone.token_embedding.embeddings
    table.assign(np.asarray(table)[::-1])
    expected = list(Decoder(lm, LENGTH).tokens(prompt(9), Sampling(), 0, 6))
    assert list(decoder.tokens(prompt(9), Sampling(), 0, 6, reuse=True)) == expected


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
    import jax

    seen = []

    def listener(name, _seconds, **_):
        if name == "/jax/core/compile/backend_compile_duration":
            seen.append(name)

    # a vocabulary of its own: JAX compiles the sampling of one size once in a process
    lm = tiny.gemma1(vocabulary=tiny.VOCABULARY + 1)
    jax.monitoring.register_event_duration_secs_listener(listener)
    try:
        decoder = Decoder(lm, 64)
        list(decoder.tokens(prompt(4), Sampling(), 0, 4))
        list(decoder.tokens(prompt(40), Sampling(), 0, 4))
        list(decoder.tokens(prompt(41), Sampling(1.0), 5, 4))
        # the empty cache, two lengths of prompt, the next tokens, sampling
        assert len(seen) == decoder.compilations == 5
        list(decoder.tokens(prompt(60), Sampling(), 0, 4, reuse=True))
        list(decoder.tokens([*prompt(60), 5], Sampling(), 0, 2, reuse=True))
        assert len(seen) == decoder.compilations
        list(decoder.batch_tokens([prompt(4), prompt(9)], Sampling(), [1, 2], 4))
        assert len(seen) == decoder.compilations == 8
    finally:
        jax.monitoring.clear_event_listeners()


def test_weights_that_are_not_numbers_are_told():
    lm = tiny.gemma1()
    variable = lm.backbone.weights[0]
    variable.assign(np.full(variable.shape, np.nan, "float32"))
    decoder = Decoder(lm, 64)
    assert list(decoder.tokens(prompt(4), Sampling(), 0, 1)) == [-1]
    assert decoder._cache is None, "what is not a number would spread from the cache"
