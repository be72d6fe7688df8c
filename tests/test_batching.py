"""Conversations side by side: each gets the ids that it gets alone, whatever shares its batch."""

import numpy as np
import pytest
import tiny

from gemma_nb import variant
from gemma_nb.generation import batching
from gemma_nb.generation.batching import RowSchedule, choose_rows
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import Sampling

LENGTH = 48
#: prompt lengths and the tokens of each reply: past the window of 8 and the ring buffers, at once
#: over, and one that runs to the end
LENGTHS = [20, 1, 9, 33, 3, 12, 40]
COUNTS = [3, 12, 1, 15, 6, 2, 8]


def prompt(length, seed):
    return [2, *np.random.default_rng(seed).integers(4, tiny.VOCABULARY, length - 1).tolist()]


PROMPTS = [prompt(length, i) for i, length in enumerate(LENGTHS)]


@pytest.fixture(scope="module", params=["gemma3", "gemma4"])
def lm(request):
    return getattr(tiny, request.param)()


@pytest.fixture(scope="module")
def alone(lm):
    """A decoder, and what it makes of each prompt by itself."""
    decoder = Decoder(lm, LENGTH)

    def reply(sampling, i):
        return list(decoder.tokens(PROMPTS[i], sampling, i, COUNTS[i]))

    return {s: [reply(s, i) for i in range(len(PROMPTS))] for s in (Sampling(), HOT)}


HOT = Sampling(1.0, 40, 0.9)


@pytest.fixture(scope="module")
def decoder(lm):
    """Three tokens at a call, as an accelerator makes several."""
    return Decoder(lm, LENGTH, steps_per_call=3)


def side_by_side(decoder, sampling, rows, ended=(), stop=lambda index, made: False):
    ended, made = set(ended), [[] for _ in PROMPTS]
    seeds = range(len(PROMPTS))
    for step in decoder.side_by_side(PROMPTS, sampling, seeds, COUNTS, rows, ended):
        for index, token in step:
            made[index].append(token)
            if stop(index, made[index]):
                ended.add(index)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("rows", [2, 4])
@pytest.mark.parametrize("sampling", [Sampling(), HOT], ids=["greedy", "hot"])
def test_rows_are_given_on(decoder, alone, sampling, rows):
    assert side_by_side(decoder, sampling, rows) == alone[sampling]


@pytest.mark.slow
def test_one_that_ends_early_gives_its_row_on(decoder, alone):
    """A stop token is seen after further calls were sent; nothing of those reaches the next."""
    made = side_by_side(decoder, Sampling(), 2, stop=lambda _, made: len(made) == 2)
    assert made == [reply[:2] for reply in alone[Sampling()]]


@pytest.mark.slow
def test_more_rows_than_conversations(decoder, alone):
    assert side_by_side(decoder, Sampling(), 8) == alone[Sampling()]


@pytest.mark.slow
def test_nothing_is_compiled_for_a_second_list(decoder, alone):
    side_by_side(decoder, Sampling(), 2)
    compiled = decoder.compilations
    assert side_by_side(decoder, HOT, 2) == alone[HOT]
    assert decoder.compilations == compiled


class Tokens:
    """Stands for an array on a device."""

    def __init__(self, array):
        self.array, self.ndim = np.asarray(array), np.ndim(array)

    def copy_to_host_async(self):
        pass

    def __array__(self, dtype=None, copy=None):
        return self.array


def test_a_schedule_requests_no_more_than_is_needed():
    schedule, ended = RowSchedule([3, 9], 2), set()
    schedule.request(Tokens([1, 2]))
    sent = 0
    while schedule.pending:
        while schedule.lacks_tokens(4) and schedule.calls < 2:
            schedule.request(Tokens(np.full((4, 2), 7)))
            sent += 1
        list(schedule.read(ended))
        assert not list(schedule.next_rows(ended))
    assert sent == 2
    assert ended == {0, 1}


def test_as_many_rows_as_the_memory_holds(monkeypatch):
    one = variant("gemma3_1b")
    estimate = batching.estimate_memory
    monkeypatch.setattr(batching, "MOST_ROWS_PROCESSOR", 64)

    def rows(free, conversations=40):
        monkeypatch.setattr(batching, "_free_bytes", lambda _: free)
        return choose_rows(one, "bfloat16", 2048, conversations)

    assert rows(None) == 64
    assert rows(None, 5) == 8
    assert rows(0) == 1
    needed = estimate(one, "bfloat16", 2048, 16)
    enough = needed.kv_cache + needed.workspace
    assert rows(enough) == 16
    assert rows(enough - 1) == 8
