"""What happens inside a model: equal to KerasHub's own layers, and refused where it means nothing."""

from functools import cached_property

import numpy as np
import prompt_helpers
import pytest
import tiny
from test_comparison import kerashubs_logits

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.trace_programs import TraceReader, layer_windows

pytestmark = pytest.mark.slow

FAMILIES = ("gemma1", "gemma2", "gemma3", "gemma3n", "gemma4", "gemma4_moe")
#: Longer than the windows of 8 tokens, and than one pass of 128.
LENGTH = 140
QUESTION = "What is the capital of Japan?"


def softmax(logits):
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


class Case:
    """A tiny model of a family, a text, and what was read of it."""

    def __init__(self, family):
        self.family = family
        self.lm = getattr(tiny, family)()
        self.ids = [2, *np.random.default_rng(0).integers(5, 90, LENGTH - 1).tolist()]
        self.engine = Decoder(self.lm, 256)
        self.reader = TraceReader(self.ids, 5)
        backbone = self.lm.backbone
        self.blocks = getattr(backbone, "language_model", backbone).transformer_layers

    @cached_property
    def kerashub(self):
        """Logits, and the output of each block, as KerasHub itself computes them."""
        import jax

        outputs = []
        kind = type(self.blocks[0])
        own_call = kind.call

        def call(block, *args, **kwargs):
            result = own_call(block, *args, **kwargs)
            outputs.append(np.asarray(result[0] if isinstance(result, tuple) else result))
            return result

        with pytest.MonkeyPatch.context() as patch, jax.disable_jit():
            patch.setattr(kind, "call", call)
            logits = kerashubs_logits(self.lm, self.ids)
        # Gemma 3n's pass that builds the cache comes first
        return logits, outputs[-len(self.blocks) :]


@pytest.fixture(scope="module", params=FAMILIES)
def case(request):
    return Case(request.param)


def test_residual_streams_are_kerashubs_own(case):
    _, expected = case.kerashub
    states = case.reader.states(case.engine)
    assert len(states) == len(expected) == len(case.blocks)
    for ours, theirs in zip(states, expected, strict=True):
        streams = theirs.reshape(ours.shape)  # a batch of one; Gemma 3n has two streams
        np.testing.assert_allclose(ours, streams, rtol=0, atol=1e-5 * np.abs(streams).max())
    assert states.shape[1] == (2 if case.family == "gemma3n" else 1)


def test_after_the_last_layer_it_is_the_softmax_of_kerashubs_logits(case):
    expected = softmax(case.kerashub[0])
    ids, probabilities, following = case.reader.lens(case.engine, len(case.blocks) - 1)
    np.testing.assert_allclose(probabilities, -np.sort(-expected)[:, :5], atol=2e-5)
    np.testing.assert_allclose(
        np.take_along_axis(expected, ids, 1), probabilities, atol=2e-5
    )  # the ids belong to the probabilities
    of_text = expected[np.arange(LENGTH - 1), case.ids[1:]]
    np.testing.assert_allclose(following[:-1], of_text, atol=2e-5)
    assert following[-1] == 0


def kerashubs_end(case, streams):
    """The final norm's output; Gemma 3n first averages its streams at the first one's magnitude."""
    backbone = case.lm.backbone
    if case.family != "gemma3n":
        return backbone.layer_norm(streams), backbone.token_embedding
    text = backbone.language_model

    def magnitude(x):
        return np.sqrt((np.asarray(x) ** 2).mean(-1, keepdims=True))

    merged = [streams[0]]
    for project, stream in zip(text.altup_unembed_projections, streams[1:], strict=True):
        projected = np.asarray(project(stream))
        merged.append(projected * magnitude(streams[0]) / magnitude(projected))
    return text.final_normalization(np.mean(merged, axis=0)[None]), text.token_embedding


def test_an_earlier_layer_says_what_kerashubs_norm_and_embedding_make_of_it(case):
    hidden, embedding = kerashubs_end(case, case.reader.states(case.engine)[1])
    logits = np.asarray(embedding(hidden, reverse=True))[0]
    expected = softmax(logits)
    _, probabilities, _ = case.reader.lens(case.engine, 1)
    np.testing.assert_allclose(probabilities, -np.sort(-expected)[:, :5], atol=2e-5)


def test_attention_adds_up_to_one_within_the_window(case):
    windows = layer_windows(case.engine.adapter)
    assert {None} < set(windows) or case.family == "gemma1"
    at = np.arange(LENGTH)
    for layer, window in enumerate(windows):
        weights = case.reader.attention(case.engine, layer)
        assert weights.shape == (4, LENGTH, LENGTH)
        np.testing.assert_allclose(weights.sum(-1), 1, atol=1e-5)
        distance = at[:, None] - at[None, :]
        hidden = (distance < 0) | (distance >= (window or LENGTH))
        assert (weights[:, hidden] == 0).all()
        # sharp heads underflow; the farthest token in reach has some weight all the same
        edge = distance == (window or LENGTH) - 1
        assert weights[:, edge].sum() > 0


def numpy_attention(case, layer):
    """A layer's weights from KerasHub's queries and keys; the rest in NumPy."""
    states = case.reader.states(case.engine)
    positions = np.arange(LENGTH)[None]

    def rotated(block_index, kind):
        """Queries or keys: (tokens, heads, head size)."""
        block = case.blocks[block_index]
        attention = block.attention
        x = getattr(attention, f"{kind}_dense")(block.pre_attention_norm(states[block_index - 1]))
        if case.family != "gemma2":
            x = getattr(attention, f"{kind}_norm")(x)
        if case.family == "gemma3":
            return np.asarray(attention.rope_layer(x, positions=positions))[0]
        return np.asarray(attention._apply_rope(x, 0, positions=positions))[0]

    source = getattr(case.blocks[layer], "kv_shared_layer_index", None)
    query, key = rotated(layer, "query"), rotated(layer if source is None else source, "key")
    key = np.repeat(key, query.shape[1] // key.shape[1], axis=1)
    attention = case.blocks[layer].attention
    scale = 1 if case.family == "gemma4" else query.shape[-1] ** -0.5
    logits = np.einsum("qhd,khd->hqk", query, key) * scale
    if cap := attention.logit_soft_cap:
        logits = np.tanh(logits / cap) * cap
    distance = positions.T - positions
    window = layer_windows(case.engine.adapter)[layer] or LENGTH
    logits = np.where((distance >= 0) & (distance < window), logits, -np.inf)
    return softmax(logits)


@pytest.mark.parametrize(
    ("family", "layer"),
    [("gemma2", 1), ("gemma2", 2), ("gemma3", 3), ("gemma3", 5), ("gemma4", 3), ("gemma4", 5)],
)
def test_attention_is_that_of_kerashubs_queries_and_keys(family, layer):
    """Sliding and global layers; the last of Gemma 4 shares the keys of another."""
    one = Case(family)
    expected = numpy_attention(one, layer)
    np.testing.assert_allclose(one.reader.attention(one.engine, layer), expected, atol=1e-5)
    assert expected.max(-1).mean() < 0.99, "weights of one would prove little"


def test_a_few_layers_weights_are_kept():
    one = Case("gemma3")
    first = one.reader.attention(one.engine, 0)
    for layer in range(6):
        one.reader.attention(one.engine, layer)
    assert len(one.reader._attention) == 4
    np.testing.assert_array_equal(one.reader.attention(one.engine, 0), first)
    assert one.engine.compilations == 1


# --- the function


@pytest.fixture(scope="module")
def model():
    return gnb.load("demo_gemma3_instruct_1m", max_length=512)


def test_the_tokens_of_prompt_and_reply(model):
    seen = gnb.trace(model, QUESTION, max_new_tokens=6)
    ids = model.prompt_ids(QUESTION)
    reply = list(model.stream_ids(QUESTION, 6, temperature=0))
    assert [t.id for t in seen.tokens] == [*ids, *reply]
    assert seen.prompt_length == len(ids)
    assert [t.in_reply for t in seen.tokens] == [False] * len(ids) + [True] * len(reply)
    assert seen.tokens[0].piece == "<bos>"
    assert seen.tokens[0].probability is None
    assert seen.tokens[0].alternatives == ()
    assert [t.piece for t in seen.tokens if t.is_control][1] == "<start_of_turn>"
    # the reply is greedy: each of its tokens was the likeliest
    for token in seen.tokens[len(ids) :]:
        assert token.alternatives[0].id == token.id
        assert token.probability == pytest.approx(token.alternatives[0].probability)


def test_it_agrees_with_next_tokens(model):
    seen = gnb.trace(model, QUESTION, reply="The capital")
    found = gnb.next_tokens(model, QUESTION, 5, begun="The capital")
    assert [g.id for g in seen.next] == [t.id for t in found]
    expected = [t.probability for t in found]
    assert [g.probability for g in seen.next] == pytest.approx(expected, abs=1e-4)
    assert [g.piece for g in seen.lens(seen.layers - 1)[-1]] == [t.piece for t in found]


def test_following_is_the_probability_of_the_text(model):
    seen = gnb.trace(model, QUESTION, reply="The capital of Japan is Tokyo.")
    last = seen.following(seen.layers - 1)
    assert last[-1] is None
    assert list(last[:-1]) == pytest.approx([t.probability for t in seen.tokens[1:]])
    assert list(seen.following(0)[:-1]) != pytest.approx(list(last[:-1]), abs=1e-3)


def test_control_tokens_in_a_reply_are_text(model):
    seen = gnb.trace(model, QUESTION, reply="<end_of_turn>")
    assert not [t for t in seen.tokens if t.in_reply and t.is_control]
    assert "".join(t.piece for t in seen.tokens if t.in_reply) == "<end_of_turn>"


def test_a_prompt_alone_and_raw_text(model):
    assert not gnb.trace(model, QUESTION, reply="").tokens[-1].in_reply
    raw = gnb.trace(model, "The capital of", reply="", raw=True)
    assert [t.piece for t in raw.tokens][:2] == ["<bos>", "The"]


def test_layers_and_heads(model):
    seen = gnb.trace(model, QUESTION, reply="", count=3)
    config = model.lm.backbone
    assert seen.layers == config.num_layers
    assert seen.heads == config.num_query_heads
    kinds = [layer.use_sliding_window_attention for layer in config.transformer_layers]
    assert [not seen.is_global(i) for i in range(seen.layers)] == kinds
    assert {len(guesses) for guesses in seen.lens(0)} == {3}
    weights = seen.attention(1)
    weights[:] = 0  # a copy
    assert seen.attention(1).sum() > 0
    for bad in (-1, seen.layers, 1.0, True, None):
        for method in (seen.lens, seen.attention, seen.following, seen.is_global):
            with pytest.raises(InvalidInput, match=f"0 to {seen.layers - 1}"):
                method(bad)


def test_what_it_shows_of_itself(model):
    seen = gnb.trace(model, QUESTION, reply="<img src=x>")
    assert "demo_gemma3_instruct_1m" in repr(seen)
    assert "sliding" in repr(seen)
    assert "<img" not in seen._repr_html_()
    assert seen == gnb.trace(model, QUESTION, reply="<img src=x>")


def test_it_computes_what_is_asked_for_only():
    own = gnb.load("demo_gemma3_1m", max_length=128)
    seen = gnb.trace(own, "The capital of", reply="", raw=True)
    assert set(seen._reader._lenses) == {seen.layers - 1}
    assert set(seen._reader._attention) == {0}
    before = own.compilations
    seen.lens(0)
    seen.attention(2)
    assert own.compilations == before, "one program serves all layers"
    own.unload()
    assert seen.tokens[1].piece == "The"
    for method in (seen.lens, seen.following, seen.attention):
        with pytest.raises(InvalidInput, match="unloaded"):
            method(0)
    with pytest.raises(InvalidInput, match="unloaded"):
        gnb.trace(own, "The capital of")


# --- refusals


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reply": 3}, "reply"),
        ({"reply": "x", "count": 0}, "count"),
        ({"count": 51}, "count"),
        ({"count": True}, "count"),
        ({"max_new_tokens": 0}, "max_new_tokens"),
        ({"reply": " of" * 600}, "more than trace can read"),
    ],
)
def test_arguments_out_of_range(model, arguments, words):
    with pytest.raises(InvalidInput, match=words):
        gnb.trace(model, QUESTION, **arguments)


def test_a_text_that_is_too_long(model):
    short = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 16)
    with pytest.raises(InvalidInput, match=r"\(16\)"):
        gnb.trace(short, QUESTION * 2)
    long = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 4096)
    with pytest.raises(InvalidInput, match=r"\(1024\)"):
        gnb.trace(long, QUESTION * 200)


def test_other_kinds_of_models():
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    size = tokenizer.vocabulary_size()
    embedder = gnb.from_keras(
        tiny.embedder(vocabulary=size),
        prompt_helpers.variant("embedding", role="embed"),
        max_length=64,
        tokenizer=tokenizer,
    )
    with pytest.raises(InvalidInput, match="not a decoder"):
        gnb.trace(embedder, "Mars.")
    tokenizer = prompt_helpers.tokenizer("T5GemmaTokenizer")
    seq2seq = gnb.from_keras(
        tiny.t5gemma(vocabulary=tokenizer.vocabulary_size()),
        prompt_helpers.variant("turns_t5", encoder_decoder=True),
        max_length=64,
        tokenizer=tokenizer,
    )
    with pytest.raises(InvalidInput, match="not a decoder"):
        gnb.trace(seq2seq, "Mars.")
    for bad in ("gemma3_1b", None, seq2seq.lm):
        with pytest.raises(InvalidInput, match="loaded model"):
            gnb.trace(bad, "Mars.")


def test_a_model_that_reads_in_both_directions():
    import tiny_media

    tokenizer = prompt_helpers.tokenizer("PaliGemmaTokenizer")
    lm, _ = tiny_media.pali_gemma()
    own = gnb.Model(lm, tokenizer, prompt_helpers.variant("paligemma"), "float32", 64)
    with pytest.raises(InvalidInput, match="both directions"):
        gnb.trace(own, "answer en What?", raw=True)


def test_logits_that_are_not_numbers():
    own = gnb.load("demo_gemma3_1m", max_length=64)
    norm = own.lm.backbone.layer_norm.weights[0]
    norm.assign(np.full(norm.shape, np.nan, "float32"))
    with pytest.raises(GenerationError):
        gnb.trace(own, "The capital", reply="", raw=True)
