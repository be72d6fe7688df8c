"""Soft tokens: KerasHub's own embeddings, at the places where its own preprocessors put them."""

import functools

import numpy as np
import prompt_helpers
import pytest
import tiny
import tiny_media
from tiny_media import picture, tone

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.media_encoders import create_media_encoder
from gemma_nb.generation.media_inputs import Converters, load_converters, prompt_token_ids
from gemma_nb.prompts.prompt import Media

pytestmark = pytest.mark.slow

MODELS = {
    "gemma3": ("Gemma3", "turns", tiny_media.gemma3),
    "gemma3n": ("Gemma3n", "turns_3n", tiny_media.gemma3n),
    "gemma4": ("Gemma4", "gemma4_small", tiny_media.gemma4),
    "pali_gemma": ("PaliGemma", "paligemma", tiny_media.pali_gemma),
}
PICTURES = [picture(20, 28), picture(28, 20, 1)]


class MediaCase:
    """A tiny model of one family, what reads for it, and KerasHub's own preprocessor."""

    def __init__(self, name):
        self.family, self.format, make = MODELS[name]
        self.lm, self.converters = make()
        self.encoder = create_media_encoder(self.lm, self.converters, name)
        self.tokenizer = prompt_helpers.tokenizer(f"{self.family}Tokenizer")
        self.variant = prompt_helpers.variant(self.format)

    @functools.cached_property
    def preprocessor(self):
        import keras_hub

        options = {"tokenizer": self.tokenizer, "image_converter": self.converters.image}
        if self.converters.audio:
            options["audio_converter"] = self.converters.audio
        if self.family in {"Gemma3", "Gemma3n"}:
            options["num_vision_tokens_per_image"] = 4
        if self.family == "Gemma3n":
            options |= {"num_audio_tokens_per_audio": 12, "max_audios_per_prompt": 1}
        if self.family == "Gemma4":
            options |= {"num_vision_tokens_per_image": 8, "audio_input_feat_size": 16}
        make = getattr(keras_hub.models, f"{self.family}CausalLMPreprocessor")
        return make(sequence_length=128, **options)

    def prompt(self, *media, text="What is it?"):
        content = [*({"type": kind, kind: data} for kind, data in media), text]
        content[-1] = {"type": "text", "text": text}
        return gnb.format_prompt([{"role": "user", "content": content}], self.variant)

    def ids(self, prompt):
        clips = [self.encoder.read(medium) for medium in prompt.media]
        return prompt_token_ids(prompt, clips, self.encoder.placeholders, self.tokenizer), clips


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    return MediaCase(request.param)


def kerashub_prompt(case, prompt):
    """The prompt as a person writes it for KerasHub, whose preprocessor expands placeholders."""
    text = str(prompt)
    if case.family == "Gemma3n":
        text = text.replace("<image_soft_token>", "<start_of_image>")
        text = text.replace("<audio_soft_token>", "<start_of_audio>")
    return text


def with_soft_ids(case, ids):
    """Our ids with the tokenizer's own in place of the media's."""
    names = {"Gemma3": "<img>", "Gemma3n": "<image_soft_token>", "Gemma4": "<|image|>"}
    return [case.tokenizer.token_to_id(names[case.family]) if i < -1 else i for i in ids]


def images_of(inputs):
    names = ("images", "pixel_values", "pixel_position_ids")
    return {name: np.asarray(inputs[name]) for name in names if name in inputs}


@pytest.mark.tensorflow
def test_image_inputs_and_embeddings_equal_kerashub(case):
    """What KerasHub's preprocessor makes of two pictures, and its encoder of that."""
    for pixels in PICTURES:
        clip = case.encoder.read(Media("image", pixels))
        prompt = case.prompt(("image", pixels))
        text = kerashub_prompt(case, prompt)
        request = {"prompts": [text], "images": pixels[None]}
        theirs = images_of(case.preprocessor.generate_preprocess(request, sequence_length=128))
        for name, value in clip.inputs.items():
            # KerasHub pads to two images a prompt
            np.testing.assert_array_equal(value.ravel(), theirs[name].ravel()[: value.size])
        ours = np.asarray(case.encoder.embeddings(clip))
        assert ours.shape == (clip.tokens, 32)
        np.testing.assert_allclose(ours, encoded(case, clip), rtol=0, atol=1e-5)
        assert np.std(ours) > 0.1


def encoded(case, clip):
    """What KerasHub's own encoder gives."""
    b = case.lm.backbone
    if case.family == "PaliGemma":
        return tiny.call(b.vit_encoder, clip.inputs["images"])[0]
    if case.family == "Gemma3n":
        ids = np.full((1, clip.tokens), b.embedding_processor.image_token_id)
        inputs = {"token_ids": ids, "pixel_values": clip.inputs["images"][None]}
        return tiny.call(b.embedding_processor, inputs)[0][0]
    given = clip.inputs["images"] if case.family == "Gemma3" else dict(clip.inputs)
    made = tiny.call(b.vision_encoder, given)
    return made.reshape(-1, 32)[: clip.tokens]


@pytest.mark.tensorflow
def test_token_ids_equal_kerashub(case):
    prompt = case.prompt(("image", PICTURES[0]))
    ids, clips = case.ids(prompt)
    assert ids.count(clips[0].id) == clips[0].tokens
    request = {"prompts": [kerashub_prompt(case, prompt)], "images": PICTURES[0][None]}
    theirs = case.preprocessor.generate_preprocess(request, sequence_length=128)
    expected = np.asarray(theirs["token_ids"])[0][np.asarray(theirs["padding_mask"])[0]].tolist()
    if case.family == "PaliGemma":  # the image stands in front, and is in no ids of KerasHub's
        assert ids[: clips[0].tokens] == [clips[0].id] * clips[0].tokens
        assert ids[clips[0].tokens :] == expected
    else:
        assert with_soft_ids(case, ids) == expected


def test_each_medium_has_its_own_id(case):
    one, same, other = (
        case.encoder.read(Media("image", pixels))
        for pixels in (PICTURES[0], PICTURES[0].copy(), PICTURES[1])
    )
    assert one.id == same.id != other.id
    assert max(one.id, other.id) < -1


def test_two_images_stand_in_order():
    case = MediaCase("gemma3")
    prompt = case.prompt(*(("image", p) for p in PICTURES))
    ids, clips = case.ids(prompt)
    order = [i for i in ids if i < -1]
    assert order == [clips[0].id] * 4 + [clips[1].id] * 4


def test_text_cannot_stand_for_an_image(case):
    names = ["<img>", "<image_soft_token>", "<|image|>", "<start_of_image>", "<|audio|>"]
    prompt = case.prompt(("image", PICTURES[0]), text=" ".join(names))
    ids, clips = case.ids(prompt)
    assert sum(i < -1 for i in ids) == clips[0].tokens


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", ["gemma3n", "gemma4"])
@pytest.mark.parametrize("seconds", [0.2, 0.53, 1.5])
def test_sound_equals_kerashub(name, seconds, audio_case):
    case = audio_case(name)
    rate = case.converters.audio.sampling_rate
    samples = tone(seconds, rate)
    clip = case.encoder.read(Media("audio", samples))
    ours = np.asarray(case.encoder.embeddings(clip))
    prompt = case.prompt(("audio", samples))
    key = "audios" if name == "gemma3n" else "audio"
    request = {"prompts": [kerashub_prompt(case, prompt)], key: samples[None]}
    theirs = case.preprocessor.generate_preprocess(request, sequence_length=128)
    b = case.lm.backbone
    if name == "gemma4":
        heard = np.asarray(theirs["audio_mel"]), np.asarray(theirs["audio_mel_mask"], bool)
        expected = tiny.call(b.audio_encoder, *heard).reshape(-1, 32)[: clip.tokens]
        indices = np.asarray(theirs["audio_indices"])
        assert indices.shape[1] == clip.tokens
    else:
        ids = np.full((1, clip.tokens), b.embedding_processor.audio_token_id)
        given = {k: np.asarray(theirs[k]) for k in ("input_features", "input_features_mask")}
        expected = tiny.call(b.embedding_processor, {"token_ids": ids, **given})[0][0]
    assert ours.shape == expected.shape == (clip.tokens, 32)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-5)
    ids, _ = case.ids(prompt)
    theirs = np.asarray(theirs["token_ids"])[0][np.asarray(theirs["padding_mask"])[0]].tolist()
    soft = case.tokenizer.token_to_id("<audio_soft_token>" if name == "gemma3n" else "<|audio|>")
    assert [soft if i < -1 else i for i in ids] == theirs


@pytest.fixture(scope="module")
def audio_case():
    made = {}
    return lambda name: made.setdefault(name, MediaCase(name)) if name not in made else made[name]


def test_one_program_serves_images_of_any_size(case):
    compiled = case.encoder._compiled.compilations
    for height, width in ((9, 40), (16, 16), (40, 9)):
        clip = case.encoder.read(Media("image", picture(height, width)))
        assert np.isfinite(case.encoder.embeddings(clip)).all()
    assert case.encoder._compiled.compilations <= max(compiled, 1)


def test_gemma4_takes_as_many_tokens_as_the_picture_fills():
    case = MediaCase("gemma4")
    tokens = [
        case.encoder.read(Media("image", picture(h, w))).tokens for h, w in ((30, 40), (9, 9))
    ]
    assert tokens == [12, 9]  # 3 by 4 and 3 by 3 of at most 12


def test_refusals(case):
    with pytest.raises(InvalidInput, match="frames"):
        case.encoder.read(Media("video", PICTURES[0]))
    blind = create_media_encoder(case.lm, Converters(), case.family)
    with pytest.raises(InvalidInput, match="no encoder"):
        blind.read(Media("image", PICTURES[0]))
    with pytest.raises(InvalidInput, match="no image file"):
        case.encoder.read(Media("image", "none.png"))
    if not case.converters.audio:
        with pytest.raises(InvalidInput, match="audio"):
            case.encoder.read(Media("audio", tone(1, 1000)))


@pytest.mark.parametrize(("name", "most"), [("gemma4", "2 s"), ("gemma3n", "30 s")])
def test_a_clip_of_the_wrong_length_is_refused(name, most, audio_case):
    encoder = audio_case(name).encoder
    rate = encoder.converters.audio.sampling_rate
    with pytest.raises(InvalidInput, match=f"takes at most {most}"):
        encoder.read(Media("audio", tone(31, rate)))
    with pytest.raises(InvalidInput, match="too short"):
        encoder.read(Media("audio", tone(0.02, rate)))


def test_a_text_model_takes_no_media():
    encoder = create_media_encoder(tiny.gemma1(), Converters())
    with pytest.raises(InvalidInput, match="no encoder"):
        encoder.read(Media("image", PICTURES[0]))


def test_converters_come_with_the_preset(tmp_path):
    case = MediaCase("gemma4")
    case.lm.save_to_preset(str(tmp_path))
    assert load_converters(tmp_path) == Converters()
    case.converters.image.save_to_preset(str(tmp_path))
    case.converters.audio.save_to_preset(str(tmp_path))
    found = load_converters(tmp_path)
    assert found.image.patch_size == 4
    assert found.audio.sampling_rate == 1000
