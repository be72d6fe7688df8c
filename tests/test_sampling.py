"""The sampler against a plain NumPy reference."""

import numpy as np
import pytest

from gemma_nb.catalog.registry import variant
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.sampling import Sampling, default_sampling, filter_logits, sample_token


def reference(logits, temperature, top_k, top_p):
    """The distribution that is drawn from: temperature, then top-k, then top-p."""
    x = np.asarray(logits, "float64") / temperature
    if top_k:
        x = np.where(x < np.sort(x)[-min(top_k, x.size)], -np.inf, x)
    p = np.exp(x - x.max())
    p /= p.sum()
    order = np.argsort(-p, kind="stable")
    kept = order[np.cumsum(p[order]) - p[order] < top_p]
    q = np.zeros_like(p)
    q[kept] = p[kept]
    return q / q.sum()


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("top_k", [0, 1, 5, 64, 1000])
@pytest.mark.parametrize("top_p", [0.1, 0.5, 0.95, 1.0])
def test_distribution_equals_numpy(temperature, top_k, top_p):
    import jax

    logits = np.random.default_rng(top_k).normal(0, 3, (2, 50)).astype("float32")
    ours = jax.nn.softmax(filter_logits(logits / np.float32(temperature), top_k, np.float32(top_p)))
    for row, made in zip(logits, np.asarray(ours), strict=True):
        np.testing.assert_allclose(made, reference(row, temperature, top_k, top_p), atol=2e-6)


def test_draws_follow_the_distribution():
    import jax

    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]], "float32"))
    drawn = jax.vmap(lambda k: sample_token(logits, k, np.float32(1), 3, np.float32(1)))(
        jax.random.split(jax.random.key(0), 20_000)
    )
    shares = np.bincount(np.asarray(drawn).ravel(), minlength=4) / 20_000
    # three standard deviations of a share of 20,000 draws are about 0.01
    np.testing.assert_allclose(shares, reference(logits[0], 1, 3, 1), atol=0.0106)
    assert shares[3] == 0


def test_greedy_takes_the_first_of_the_largest():
    import jax

    logits = np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 1.0]], "float32")
    made = sample_token(logits, jax.random.key(0), np.float32(0), 0, np.float32(1))
    assert made.tolist() == [1, 0]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_logit_that_is_not_finite_gives_minus_one(wrong, temperature):
    import jax

    logits = np.array([[1.0, wrong], [0.0, 1.0]], "float32")
    made = sample_token(logits, jax.random.key(0), np.float32(temperature), 1, np.float32(1))
    assert made.tolist() == [-1, 1]


@pytest.mark.parametrize(
    "bad",
    [
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"temperature": True},
        {"temperature": "hot"},
        {"top_k": -1},
        {"top_k": 2.5},
        {"top_k": True},
        {"top_p": 0},
        {"top_p": 1.01},
        {"top_p": float("nan")},
    ],
)
def test_bad_arguments_are_refused(bad):
    with pytest.raises(InvalidInput, match=next(iter(bad))):
        Sampling(**bad)


def test_defaults_are_the_publishers():
    assert default_sampling(variant("gemma3_instruct_1b")) == Sampling(1.0, 64, 0.95)
    assert default_sampling(variant("gemma4_instruct_2b")) == Sampling(1.0, 64, 0.95)
    assert default_sampling(variant("gemma2_instruct_2b_en")) == Sampling(1.0)
    assert default_sampling(variant("gemma3_1b")) == Sampling()
    assert default_sampling(variant("demo_gemma3_instruct_4m")) == Sampling()


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
@pytest.mark.parametrize("rows", [1, 3, 32])
@pytest.mark.parametrize("spread", [0.0, 0.1, 1, 8])
def test_the_search_keeps_what_sorting_keeps(dtype, rows, spread):
    """A GPU samples without sorting; here the same program runs on a processor."""
    import jax
    import jax.numpy as jnp

    from gemma_nb.generation.gpu.sampling_threshold import filter_logits_by_search

    logits = jnp.asarray(np.random.default_rng(0).normal(0, spread, (rows, 777)), dtype)
    search, by_sorting = jax.jit(filter_logits_by_search), jax.jit(filter_logits)
    for temperature in (0.3, 1.0, 1.7):
        scaled = logits.astype("float32") / np.float32(temperature)
        for top_k in (0, 1, 5, 64, 100_000):
            for top_p in (0.05, 0.5, 0.95):
                settings = np.int32(top_k), np.float32(top_p)
                ours = search(logits, np.float32(temperature), *settings)
                theirs = by_sorting(scaled, *settings)
                # two logits that differ in the last bit of float32 alone may be taken for one
                differing = (np.isinf(ours) != np.isinf(theirs)).sum()
                assert differing <= (dtype == "float32"), (temperature, top_k, top_p)
                kept = ~np.isinf(np.asarray(ours) + np.asarray(theirs))
                np.testing.assert_array_equal(np.asarray(ours)[kept], np.asarray(theirs)[kept])


def test_the_search_keeps_all_with_top_k_and_top_p_off():
    """Sorting adds the probabilities up, and so loses the least likely of many tokens."""
    from gemma_nb.generation.gpu.sampling_threshold import filter_logits_by_search

    logits = np.random.default_rng(0).normal(0, 8, (2, 5000)).astype("float32")
    kept = filter_logits_by_search(logits, np.float32(1), np.int32(0), np.float32(1))
    assert np.isfinite(kept).all()
