"""T5Gemma and T5Gemma 2: KerasHub's own ids, by the same calls as every other variant."""

import numpy as np
import prompt_helpers
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.sampling import Sampling
from gemma_nb.generation.seq2seq import EncoderDecoder

pytestmark = pytest.mark.slow

MODELS = {
    # KerasHub and transformers differ past the window: tests/test_export_parity.py slides one
    "t5gemma": lambda **options: tiny.t5gemma(window=256, **options),
    "t5gemma2": tiny.t5gemma2,
    "t5gemma2_vision": lambda **options: tiny.t5gemma2(vision=True, **options),
}
TEXTS = [
    "a",
    "the lazy dog",
    "The quick brown fox jumps over the lazy dog.",
    "What is the answer to life? " * 5,
]


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    tokenizer = prompt_helpers.tokenizer("T5GemmaTokenizer")
    lm = MODELS[request.param](seed=7, vocabulary=tokenizer.vocabulary_size())
    variant = prompt_helpers.variant("turns_t5", encoder_decoder=True)
    return gnb.from_keras(lm, variant, max_length=128, tokenizer=tokenizer)


def kerashub_ids(lm, ids, count, stops=None):
    """What KerasHub's generate function adds, greedy, to ``<bos>`` behind an unpadded prompt."""
    if not isinstance(getattr(lm, "sampler", None), tiny.keras_hub_greedy()):
        lm.compile(sampler="greedy")
    tokens = np.zeros((1, count + 1), "int32")
    mask = np.zeros((1, count + 1), "bool")
    tokens[0, 0], mask[0, 0] = 2, True
    inputs = {
        "encoder_token_ids": np.array([ids], "int32"),
        "encoder_padding_mask": np.ones((1, len(ids)), "bool"),
        "decoder_token_ids": tokens,
        "decoder_padding_mask": mask,
    }
    if not getattr(lm.backbone, "text_only_model", True):
        # what KerasHub's preprocessor sends with a text
        inputs["images"] = np.zeros((1, 1, 16, 16, 3), "float32")
        inputs["vision_indices"] = np.zeros((1, 4), "int32")
    made = lm.make_generate_function()(inputs, stop_token_ids=stops)
    row = np.asarray(made["decoder_token_ids"])[0, 1:].tolist()
    return row[: next((i for i, t in enumerate(row) if t in (stops or ())), count)]


@pytest.mark.parametrize("text", TEXTS)
def test_greedy_ids_equal_kerashub(model, text):
    ids = model.prompt_ids(text)
    assert ids[0] == model.tokenizer.start_token_id
    ours = list(model.stream_ids(text, 30, temperature=0, ignore_eos=True))
    assert ours == kerashub_ids(model.lm, ids, 30)
    assert len(set(ours)) > 2, "a constant reply would prove nothing"


def test_last_holds_every_reply_of_a_list(model):
    prompts = TEXTS[:3]
    each = []
    for text in prompts:
        model.generate(text, 8, temperature=0)
        each.append(model.last)
    model.generate(prompts, 8, temperature=0)
    assert model.last.new_tokens == sum(one.new_tokens for one in each) > each[-1].new_tokens
    assert model.last.prompt_tokens == sum(one.prompt_tokens for one in each)


def test_stop_tokens_and_strings_end_the_reply(model):
    whole = list(model.stream_ids(TEXTS[1], 30, temperature=0, ignore_eos=True))
    stop = whole[12]
    first = whole.index(stop)
    ending = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 128)
    ending._stops = frozenset({stop, 1})
    assert list(ending.stream_ids(TEXTS[1], 30, temperature=0)) == whole[:first]
    assert ending.last.new_tokens == first
    ids = model.prompt_ids(TEXTS[1])
    assert kerashub_ids(model.lm, ids, 30, (1, stop)) == whole[:first]
    text = model.generate(TEXTS[1], 30, temperature=0, ignore_eos=True)
    cut = text[len(text) // 2 : len(text) // 2 + 2]
    ended = model.generate(TEXTS[1], 30, temperature=0, ignore_eos=True, stop=cut)
    assert ended == text[: text.index(cut)]


def test_stream_generate_and_lists_agree(model):
    greedy = {"temperature": 0, "max_new_tokens": 20}
    replies = model.generate(TEXTS[:3], **greedy)
    assert replies == [model.generate(text, **greedy) for text in TEXTS[:3]]
    assert replies[0] == "".join(model.stream(TEXTS[0], **greedy))


def test_max_new_tokens_and_max_length_mean_what_they_say(model):
    options = {"temperature": 0, "ignore_eos": True}
    full = list(model.stream_ids(TEXTS[2], 40, **options))
    assert len(full) == 40
    assert list(model.stream_ids(TEXTS[2], 3, **options)) == full[:3]
    room = 128 - len(model.prompt_ids(TEXTS[3]))
    assert len(list(model.stream_ids(TEXTS[3], 500, **options))) == room
    with pytest.raises(InvalidInput, match="too long"):
        model.stream("the lazy dog " * 100)


def test_seed_and_sampling_compile_nothing(model):
    hot = {"temperature": 3.0, "top_k": 0, "top_p": 1.0, "ignore_eos": True}
    one = list(model.stream_ids(TEXTS[2], 30, seed=3, **hot))
    compiled = model.compilations
    assert compiled > 0
    assert list(model.stream_ids(TEXTS[2], 30, seed=3, **hot)) == one
    assert list(model.stream_ids(TEXTS[2], 30, seed=4, **hot)) != one
    list(model.stream_ids(TEXTS[2], 20, temperature=0.5, top_k=3, top_p=0.5))
    list(model.stream_ids(TEXTS[1], 25, temperature=0))
    assert model.compilations == compiled


def test_the_users_task_is_not_changed(model):
    sampler = getattr(model.lm, "sampler", None)
    before = [np.asarray(v.value) for v in model.lm.variables]
    model.generate(TEXTS[0], 4)
    assert getattr(model.lm, "sampler", None) is sampler
    for old, new in zip(before, model.lm.variables, strict=True):
        np.testing.assert_array_equal(old, np.asarray(new.value))


def test_not_a_number_is_told(model):
    lm = tiny.t5gemma(vocabulary=model.tokenizer.vocabulary_size())
    variable = lm.backbone.decoder_norm.weights[0]
    variable.assign(np.full(variable.shape, np.nan, "float32"))
    assert list(EncoderDecoder(lm, 64).tokens([2, 5], Sampling(), 0, 9)) == [-1]
    broken = gnb.Model(lm, model.tokenizer, model.variant, "float32", 64)
    with pytest.raises(GenerationError, match="float32"):
        broken.generate("Hello")


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
def test_saved_and_loaded(model, name, tmp_path):
    model.lm.save_to_preset(str(tmp_path / "saved"))
    model.tokenizer.save_to_preset(str(tmp_path / "saved"))
    loaded = gnb.load(tmp_path / "saved", name, max_length=128)
    assert loaded.variant.encoder_decoder
    raw = {"raw": True, "temperature": 0, "ignore_eos": True}
    ours = list(loaded.stream_ids(TEXTS[2], 20, **raw))
    assert len(ours) == 20
    if name == "float32":
        assert ours == list(model.stream_ids(TEXTS[2], 20, **raw))
    loaded.unload()


def test_it_is_compared_like_the_others(model, tmp_path):
    model.generate(TEXTS[0], 8, temperature=0, ignore_eos=True)
    # the whole call counts: the tokens of a reply come together
    spent = model.last.first_token_seconds
    assert model.last.tokens_per_second == pytest.approx(8 / spent, rel=0.2)
    found = gnb.compare(
        [model], TEXTS[:2], text="of no tokens' matter", path=tmp_path, progress=False,
        max_new_tokens=6, repeats=1,
    )  # fmt: skip
    (row,) = found.rows
    assert row.status == "done", str(row.reason)
    assert row.bits_per_byte is None
    assert "encoder" in str(row.notes[0])
    assert len(row.outputs) == 2
