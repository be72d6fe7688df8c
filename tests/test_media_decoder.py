"""Prompts with images and sound: the ids that KerasHub's own generate function gives."""

import numpy as np
import pytest
import tiny
import tiny_media
from tiny_media import picture, tone

from gemma_nb.generation import prefill
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.media_encoders import create_media_encoder
from gemma_nb.generation.prefill import MediaEmbeddings
from gemma_nb.generation.sampling import Sampling
from gemma_nb.prompts.prompt import Media

pytestmark = pytest.mark.slow

LENGTH = 72
COUNT = 16
MODELS = {
    "gemma3": tiny_media.gemma3,
    "gemma3n": tiny_media.gemma3n,
    "gemma4": tiny_media.gemma4,
    "pali_gemma": tiny_media.pali_gemma,
    "pali_gemma2": lambda: tiny_media.pali_gemma(second=True),
}


def words(count, seed=0):
    return np.random.default_rng(seed).integers(60, 600, count).tolist()


class MediaCase:
    """A tiny model, its decoder, and its media by name."""

    def __init__(self, name, make=None):
        self.lm, converters = (make or MODELS[name])()
        encoder = create_media_encoder(self.lm, converters)
        request = {f"image{i}": Media("image", picture(20, 28, i)) for i in range(2)}
        if converters.audio:
            request["audio"] = Media("audio", tone(0.4, converters.audio.sampling_rate))
        self.clips = {k: encoder.read(v) for k, v in request.items()}
        self.media = {
            c.id: MediaEmbeddings(c.kind, np.asarray(encoder.embeddings(c)))
            for c in self.clips.values()
        }
        self.decoder = Decoder(self.lm, LENGTH)
        self.second_decoder = Decoder(self.lm, LENGTH)
        self.lm.compile(sampler="greedy")

    def ids(self, *parts):
        """``<bos>`` and parts: names of media, or numbers of words; PaliGemma's image in front."""
        made, front = [2], []
        for i, part in enumerate(parts):
            if isinstance(part, int):
                made += words(part, i)
                continue
            clip = self.clips[part]
            here = front if hasattr(self.lm.backbone, "vit_encoder") else made
            here += [clip.id] * clip.tokens
        return [*front, *made]

    def ours(self, ids, count=COUNT, **options):
        return list(self.decoder.tokens(ids, Sampling(), 0, count, media=self.media, **options))

    def anew(self, ids, count):
        """The same by a decoder that keeps no cache."""
        tokens = self.second_decoder.tokens(ids, Sampling(), 0, count, media=self.media)
        return list(tokens)


@pytest.fixture(scope="module", params=MODELS)
def case(request):
    return MediaCase(request.param)


def kerashub_ids(case, ids, count=COUNT):
    """What KerasHub's generate function adds, given the media's inputs themselves."""
    lm, b = case.lm, case.lm.backbone
    used = [case.clips[k] for k in case.clips if case.clips[k].id in ids]
    used.sort(key=lambda c: ids.index(c.id))
    images = [c for c in used if c.kind == "image"]
    audio = [c for c in used if c.kind == "audio"]
    pali = hasattr(b, "vit_encoder")
    text = [i for i in ids if i >= 0] if pali else ids
    tokens = np.zeros((1, LENGTH), "int32")  # one shape: its function compiles once
    mask = np.zeros(tokens.shape, "bool")
    tokens[0, : len(text)], mask[0, : len(text)] = text, True
    where = {
        kind: np.isin(tokens, [c.id for c in clips]) for kind, clips in
        (("image", images), ("audio", audio))
    }  # fmt: skip
    indices = {k: np.nonzero(v[0])[0][None].astype("int32") for k, v in where.items()}
    inputs = {"padding_mask": mask}
    kind = type(lm).__name__
    soft = {"image": 0, "audio": 0}
    if kind == "Gemma3nCausalLM":
        p = b.embedding_processor
        soft = {"image": p.image_token_id, "audio": p.audio_token_id}
        if images:
            inputs["images"] = np.stack([c.inputs["images"][0] for c in images])[None]
            inputs["vision_indices"], inputs["vision_mask"] = indices["image"], where["image"]
        if audio:
            inputs["input_features"] = audio[0].inputs["features"][None]
            inputs["input_features_mask"] = audio[0].inputs["silent"][None]
            inputs["audio_indices"], inputs["audio_mask"] = indices["audio"], where["audio"]
    elif kind == "Gemma4CausalLM":
        if images:
            for name in ("pixel_values", "pixel_position_ids"):
                inputs[name] = np.concatenate([c.inputs[name] for c in images], 1)
            inputs["vision_indices"], inputs["vision_mask"] = indices["image"], where["image"]
        if audio:
            inputs |= {k: audio[0].inputs[k] for k in ("audio_mel", "audio_mel_mask")}
            inputs["audio_indices"], inputs["audio_mask"] = indices["audio"], where["audio"]
    elif pali:
        inputs["images"] = images[0].inputs["images"]
    else:
        inputs["images"] = np.concatenate([c.inputs["images"] for c in images], 1)
        inputs["vision_indices"], inputs["vision_mask"] = indices["image"], where["image"]
    for name, places in where.items():
        tokens[places] = soft[name]
    inputs["token_ids"] = tokens
    made = lm.make_generate_function()(inputs, stop_token_ids=None)
    return np.asarray(made["token_ids"])[0, len(text) : len(text) + count].tolist()


# the sliding window is 8 tokens, an image 4 (Gemma 4: 8, PaliGemma: 16)
@pytest.mark.parametrize(("before", "behind"), [(0, 3), (3, 1), (5, 20), (30, 7)])
def test_an_image_gives_the_ids_of_kerashub(case, before, behind):
    ids = case.ids(before, "image0", behind)
    assert case.ours(ids) == kerashub_ids(case, ids)


def test_another_image_gives_other_logits(case):
    ids = case.ids(3, "image0", 4)
    other = [i if i >= 0 else case.clips["image1"].id for i in ids]
    one, two = (case.decoder.logits(i, case.media) for i in (ids, other))
    assert np.abs(one - two).max() > 1e-3


def test_two_images(case):
    if hasattr(case.lm.backbone, "vit_encoder"):
        pytest.skip("PaliGemma takes one image")
    ids = case.ids(4, "image0", 3, "image1", 9)
    assert case.ours(ids) == kerashub_ids(case, ids)


@pytest.mark.parametrize("parts", [(3, "audio", 12), (3, "image0", 2, "audio", 2)])
def test_sound_gives_the_ids_of_kerashub(case, parts):
    if "audio" not in case.clips:
        pytest.skip("this family hears nothing")
    ids = case.ids(*parts)
    assert case.ours(ids) == kerashub_ids(case, ids)


def test_an_image_stays_whole_where_a_prompt_is_cut(case, monkeypatch):
    ids = case.ids(14, "image0", 20)
    whole = case.ours(ids, 8)
    for buckets in ((4, 16), (8,)):
        monkeypatch.setattr(prefill, "PREFILL_BUCKETS", buckets)
        assert case.anew(ids, 8) == whole


def test_a_conversation_goes_on_behind_an_image(case):
    first = case.ids(4, "image0", 5)
    said = case.ours(first, 6, reuse=True)
    ids = [*first, *said, *words(4, 9)]
    expected = case.anew(ids, 8)
    assert case.ours(ids, 8, reuse=True) == expected
    # another image in its place: nothing from there on may be taken from the cache
    other = [i if i >= 0 else case.clips["image1"].id for i in ids]
    expected = case.anew(other, 8)
    assert case.ours(other, 8, reuse=True) == expected


def test_text_alone_gives_the_ids_of_kerashub(case):
    if hasattr(case.lm.backbone, "vit_encoder"):
        pytest.skip("KerasHub's PaliGemma wants an image")
    ids = case.ids(12)
    made = case.ours(ids)
    if type(case.lm).__name__ == "Gemma3CausalLM":
        assert made == tiny.keras_hub_ids(case.lm, ids, COUNT, length=LENGTH)
    else:
        assert made == kerashub_ids(case, ids)


def test_an_image_compiles_as_often_as_its_prompts_length_asks(case):
    decoder = Decoder(case.lm, LENGTH)
    for i, count in enumerate((3, 4, 5)):
        ids = case.ids(2, f"image{i % 2}", count)
        list(decoder.tokens(ids, Sampling(), 0, 3, media=case.media))
        if not i:
            compiled = decoder.compilations
    assert decoder.compilations == compiled


def test_pixels_of_larger_gemma4_see_each_other_as_in_kerashubs_own_forward():
    """KerasHub's generate leaves the two-way attention out; its call without a cache has it."""
    case = MediaCase("gemma4", lambda: tiny_media.gemma4(use_vision_bidirectional_attention=True))
    ids = case.ids(5, "image0", 6)
    clip = case.clips["image0"]
    tokens = np.array([ids], "int32")
    where = tokens == clip.id
    inputs = {
        "token_ids": np.where(where, 0, tokens),
        "padding_mask": np.ones_like(tokens),
        "position_ids": np.arange(len(ids))[None],
        **clip.inputs,
        "vision_indices": np.nonzero(where[0])[0][None].astype("int32"),
        "vision_mask": where,
        "audio_mel": np.zeros((1, 0, 4, 16), "float32"),
        "audio_mel_mask": np.zeros((1, 0, 4), "int32"),
        "audio_indices": np.zeros((1, 0), "int32"),
        "audio_mask": np.zeros_like(tokens),
    }
    theirs = tiny.call(case.lm, inputs)[0, -1]
    ours = case.decoder.logits(ids, case.media)
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-5)
    causal = MediaCase("gemma4").decoder.logits(ids, case.media)
    assert np.abs(causal - ours).max() > 2e-4  # ten times what is let pass above
