"""How prompts are cut where images must stay whole, and what stands at their soft tokens."""

import numpy as np

from gemma_nb.generation.prefill import (
    MediaEmbeddings,
    media_embeddings_at,
    media_start,
    prefill_chunks,
    split_prompt,
)

BUCKETS = (4, 8)
MEDIA = {
    -5: MediaEmbeddings("image", np.arange(12.0).reshape(6, 2)),
    -6: MediaEmbeddings("image", -np.arange(12.0).reshape(6, 2)),
    -7: MediaEmbeddings("audio", np.full((3, 2), 9.0)),
}


def test_plain_prompts_are_cut_at_the_longest_bucket():
    assert split_prompt(range(20), 0, "", BUCKETS) == [(8, 8), (8, 8), (4, 4)]
    assert split_prompt(range(20), 15, "image", BUCKETS) == [(5, 8)]


def test_an_image_stays_whole_where_its_tokens_see_each_other():
    ids = [2, 3, 4, 5, 6, *[-5] * 6, 7]
    assert split_prompt(ids, 0, "", BUCKETS) == [(8, 8), (4, 4)]
    assert split_prompt(ids, 0, "image", BUCKETS) == [(5, 8), (7, 8)]
    long = [2, *[-5] * 12, 3]  # longer than any bucket
    assert split_prompt(long, 0, "image", BUCKETS) == [(1, 4), (12, 16), (1, 4)]


def test_a_prompt_that_is_seen_both_ways_is_one_pass():
    assert split_prompt([-5] * 6 + [2] * 20, 0, "prompt", BUCKETS) == [(26, 32)]


def test_where_an_image_begins():
    ids = [2, -5, -5, -6, -6, 3]
    assert [media_start(ids, i) for i in range(6)] == [0, 1, 1, 3, 3, 5]


def test_soft_tokens_go_on_where_the_last_pass_stopped():
    ids = [2, *[-5] * 6, 3, *[-7] * 3]
    whole, images = media_embeddings_at(ids, 0, 16, MEDIA)
    np.testing.assert_array_equal(whole[0, 1:7], MEDIA[-5].embeddings)
    np.testing.assert_array_equal(whole[0, 8:11], MEDIA[-7].embeddings)
    assert images[0].tolist() == [0, *[1] * 6, *[0] * 9]
    for start in range(1, 10):
        part, _ = media_embeddings_at(ids, start, 16, MEDIA)
        np.testing.assert_array_equal(part[0, : 16 - start], whole[0, start:])


def test_pieces():
    ids = [2, *[-5] * 6, 3, *[-6] * 6, 4, 5]
    made = list(prefill_chunks([ids], 0, "image", BUCKETS, MEDIA))
    assert [p.tokens.shape[1] for p in made] == [8, 8]
    assert [p.length.tolist() for p in made] == [[8], [8]]
    assert [i for p in made for i in p.ids] == ids
    assert made[0].tokens[0].tolist() == [2, 0, 0, 0, 0, 0, 0, 3]
    assert made[1].groups[0].tolist() == [*[1] * 6, 0, 0]
    np.testing.assert_array_equal(made[1].media[0, :6], MEDIA[-6].embeddings)
    assert made[1].is_media[0].tolist() == [*[True] * 6, False, False]
    plain = list(prefill_chunks([[2, 3], [2, 3, 4, 5, 6]], 0, "image", BUCKETS, {}))
    assert plain[0].media is plain[0].groups is None
    assert plain[0].length.tolist() == [2, 5]
    (both,) = prefill_chunks([[2, 3, 4]], 0, "prompt", BUCKETS, {})
    assert both.groups[0].tolist() == [1, 1, 1, 0]
    causal = list(prefill_chunks([ids], 0, "", BUCKETS, MEDIA))
    assert all(p.groups is None for p in causal)
