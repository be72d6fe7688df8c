"""Images and sound in messages: read, sent and answered by the same calls as text."""

import numpy as np
import prompt_helpers
import pytest
import tiny
import tiny_media
from tiny_media import picture, tone

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.media_inputs import Converters, load_converters

pytestmark = pytest.mark.slow

GREEDY = {"temperature": 0, "ignore_eos": True}


def asked(data, text="What is it?", kind="image"):
    return [
        {"role": "user", "content": [{"type": kind, kind: data}, {"type": "text", "text": text}]}
    ]


@pytest.fixture(scope="module")
def model():
    lm, converters = tiny_media.gemma3()
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    return gnb.Model(lm, tokenizer, prompt_helpers.variant("turns"), "float32", 160, converters)


def test_an_image_is_answered_as_the_decoder_does(model):
    ids = list(model.stream_ids(asked(picture()), 12, **GREEDY))
    assert len(ids) == 12
    assert ids == list(model.stream_ids(asked(picture()), 12, **GREEDY))
    assert ids != list(model.stream_ids(asked(picture(seed=1)), 12, **GREEDY))
    prompt = model.prompt_ids(asked(picture()))
    assert sum(i < -1 for i in prompt) == 4
    assert model.last.prompt_tokens == len(prompt)


def test_every_call_takes_images(model):
    one, other = asked(picture()), asked(picture(seed=1))
    text = model.generate(one, 12, **GREEDY)
    assert text == "".join(model.stream(one, 12, **GREEDY))
    both = model.generate([one, other, "And now?"], 12, **GREEDY)
    prompts = sum(len(model.prompt_ids(m)) for m in (one, other, "And now?"))
    assert model.last.prompt_tokens == prompts
    assert both == [model.generate(m, 12, **GREEDY) for m in (one, other, "And now?")]


def test_a_chat_remembers_its_images(model):
    chat = gnb.Chat(model)
    first = "".join(chat.send(asked(picture())[0]["content"], 6, **GREEDY))
    second = "".join(chat.send("And its colour?", 6, **GREEDY))
    whole = [*asked(picture()), {"role": "assistant", "content": first}]
    whole.append({"role": "user", "content": "And its colour?"})
    assert model.generate(whole, 6, **GREEDY) == second


def test_an_encoded_image_is_not_encoded_again(model, monkeypatch):
    model.generate(asked(picture(seed=5)), 2, **GREEDY)
    monkeypatch.setattr(type(model._media_encoder), "embeddings", None)
    again = model.generate(asked(picture(seed=5), "And now?"), 2, **GREEDY)
    assert isinstance(again, str)


def test_bad_images_are_refused_by_the_call_itself(model):
    for call in (model.stream, model.stream_ids, model.generate):
        with pytest.raises(InvalidInput, match="no image file"):
            call(asked("none.png"))
    with pytest.raises(InvalidInput, match="too long"):
        model.stream(asked(picture(), "word " * 200))
    text = gnb.Model(tiny.gemma3(layers=1), model.tokenizer, model.variant, "float32", 64)
    with pytest.raises(InvalidInput, match="no encoder"):
        text.stream(asked(picture()))


def test_sound(tmp_path):
    lm, converters = tiny_media.gemma4()
    tokenizer = prompt_helpers.tokenizer("Gemma4Tokenizer")
    variant = prompt_helpers.variant("gemma4_small")
    model = gnb.Model(lm, tokenizer, variant, "float32", 160, converters)
    made = list(model.stream_ids(asked(tone(0.5, 1000), "Say it.", "audio"), 8, **GREEDY))
    assert len(made) == 8
    again = load_converters(model.save(tmp_path / "saved"))
    assert again.audio.sampling_rate == 1000
    assert again.image.patch_size == 4


def test_an_image_goes_into_an_encoder():
    lm = tiny.t5gemma2(seed=7, vocabulary=700, vision=True)
    tokenizer = prompt_helpers.tokenizer("Gemma3Tokenizer")
    assert tokenizer.vocabulary_size() <= 700
    variant = prompt_helpers.variant(
        "plain", name="t5", family="T5Gemma", generation="2", base="3", encoder_decoder=True
    )
    _, converters = tiny_media.gemma3()
    model = gnb.Model(lm, tokenizer, variant, "float32", 96, Converters(converters.image))
    parts = asked(picture())[0]["content"]
    ids = model.prompt_ids(parts)
    ours = list(model.stream_ids(parts, 12, **GREEDY))
    tokens = np.maximum([ids], 0).astype("int32")
    inputs = {
        "encoder_token_ids": tokens,
        "encoder_padding_mask": np.ones_like(tokens, "bool"),
        "decoder_token_ids": np.array([[2] + [0] * 12], "int32"),
        "decoder_padding_mask": np.array([[True] + [False] * 12]),
        "images": model._media_encoder.read(gnb.format_prompt(parts, variant).media[0]).inputs[
            "images"
        ],
        "vision_indices": np.nonzero(np.array(ids) < -1)[0][None].astype("int32"),
    }
    lm.compile(sampler="greedy")
    theirs = lm.make_generate_function()(inputs, stop_token_ids=None)["decoder_token_ids"]
    assert ours == np.asarray(theirs)[0, 1:].tolist()
    assert ours != list(model.stream_ids(asked(picture(seed=1))[0]["content"], 12, **GREEDY))
