"""Images and sound as messages carry them: one array whatever they came as; one line where not."""

import base64
import io
import wave

import numpy as np
import pytest
from PIL import Image

from gemma_nb.errors import InvalidInput
from gemma_nb.generation.media_files import read_image, read_sound

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3)).astype("uint8")
RATE = 16000
SAMPLES = np.sin(np.arange(1600) / 20).astype("float32") * 0.5


def png(pixels=PIXELS, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **options)
    return file.getvalue()


def wav(samples=SAMPLES, width=2, channels=1, rate=RATE):
    whole = np.round(np.repeat(samples[:, None], channels, 1) * (2 ** (8 * width - 1) - 1))
    whole = whole.astype("int64") + (128 if width == 1 else 0)
    raw = whole.astype("<i8")[..., None].view("uint8")[..., :width].tobytes()
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((channels, width, rate, 0, "NONE", ""))
        out.writeframes(raw)
    return file.getvalue()


def test_every_form_of_an_image_gives_its_pixels(tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    url = "data:image/png;base64," + base64.b64encode(png()).decode()
    forms = [
        png(),
        bytearray(png()),
        tmp_path / "a.png",
        str(tmp_path / "a.png"),
        f"file://{tmp_path}/a.png",
        url,
        {"url": url},
        {"bytes": png(), "path": None},
        base64.b64encode(png()).decode(),
        Image.fromarray(PIXELS),
        PIXELS,
        PIXELS.astype("int64"),
        PIXELS / 255,
        PIXELS.tolist(),
        np.dstack([PIXELS, np.full((5, 7), 255, "uint8")]),
    ]
    for form in forms:
        np.testing.assert_array_equal(read_image(form), PIXELS)


def test_a_grey_image_gets_three_channels():
    grey = PIXELS[..., 0]
    for form in (grey, grey[..., None], Image.fromarray(grey)):
        np.testing.assert_array_equal(read_image(form), np.repeat(grey[..., None], 3, 2))
    assert read_image(grey > 99).max() == 255


def test_a_photo_is_turned_as_its_camera_noted():
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is on the right
    np.testing.assert_array_equal(read_image(png(exif=exif)), np.rot90(PIXELS, -1))


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (None, "without any data"),
        ({}, "without any data"),
        ({"url": {"url": "x"}}, "without any data"),
        ("no/such/file.png", "no file 'no/such/file.png'"),
        ("a" * 4999, "base64"),
        ("https://example.org/a.png", "download it"),
        ("data:image/png,xyz", "base64"),
        ("data:image/png;base64,?!", "base64"),
        (b"not an image", "no image"),
        (png()[:-30], "cannot be read"),
        (3, "A int is no image"),
        (["a"], "no image"),
        ([[1], [2, 3]], "cannot be read"),
        (np.zeros((2, 2, 2)), r"\(2, 2, 2\)"),
        (np.zeros((0, 2, 3)), r"\(0, 2, 3\)"),
        (np.zeros(4), r"\(4,\)"),
        (np.full((2, 2, 3), 300), "0 to 255"),
        (np.full((2, 2, 3), -1), "0 to 255"),
        (np.full((2, 2, 3), 127.5), "0 to 1"),
        (np.full((2, 2, 3), np.nan), "0 to 1"),
    ],
)
def test_what_is_no_image_is_refused_in_one_line(data, match):
    with pytest.raises(InvalidInput, match=match) as caught:
        read_image(data)
    assert "\n" not in str(caught.value)


def test_a_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_image(png())


def test_every_form_of_a_clip_gives_its_samples(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav())
    forms = [
        (wav(), 1e-4),
        (tmp_path / "a.wav", 1e-4),
        (wav(width=1), 1e-2),
        (wav(width=3), 1e-6),
        (wav(width=4), 1e-6),
        (wav(channels=2), 1e-4),
        ({"data": base64.b64encode(wav()).decode(), "format": "wav"}, 1e-4),
        (SAMPLES, 0),
        (SAMPLES.tolist(), 1e-7),
        (np.stack([SAMPLES, SAMPLES], 1), 0),
        ((SAMPLES * 32768).astype("int16"), 1e-4),
        ({"array": SAMPLES, "sampling_rate": RATE}, 0),
    ]
    for form, close in forms:
        found = read_sound(form, RATE)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, SAMPLES, rtol=0, atol=close)


def test_another_rate_is_resampled():
    for rate in (8000, 44100, 48000):
        at = np.arange(rate) / rate
        tone = (0.5 * np.sin(2 * np.pi * 440 * at)).astype("float32")
        for form in ({"array": tone, "sampling_rate": rate}, wav(tone, rate=rate)):
            found = read_sound(form, RATE)
            assert found.shape == (RATE,)
            expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
            np.testing.assert_allclose(found[500:-500], expected[500:-500], rtol=0, atol=5e-3)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (None, "without any data"),
        ("no/such.wav", "no file"),
        (b"RIFFnothing", "WAV|cannot be read"),
        (png(), "WAV|cannot be read"),
        (np.zeros((2, 2, 2)), r"\(2, 2, 2\)"),
        (np.zeros(0), r"\(0,\)"),
        (np.zeros(9, "int64"), "int64"),
        (np.full(9, np.nan), "NaN"),
        ({"array": SAMPLES, "sampling_rate": 0}, "sampling_rate"),
        ({"array": SAMPLES, "sampling_rate": "x"}, "sampling_rate"),
        (object(), "A object is no audio"),
    ],
)
def test_what_is_no_clip_is_refused_in_one_line(data, match):
    with pytest.raises(InvalidInput, match=match) as caught:
        read_sound(data, RATE)
    assert "\n" not in str(caught.value)
