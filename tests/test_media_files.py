"""Images and sound as messages carry them: one array whatever they came as; one line where not."""

import base64
import io
import struct
import time
import wave
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import media_files
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
        ("no/such/file.png", "no image file 'no/such/file.png'"),
        ("a" * 4999, "base64"),
        ("https://example.org/a.png", "download it"),
        ("data:image/png,xyz", "base64"),
        ("data:image/png;base64,?!", "base64"),
        (b"not an image", "read as an image"),
        (png()[:-30], "cannot be read"),
        (3, "A int is not image data"),
        (["a"], "not image data"),
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
        ("no/such.wav", "no audio file"),
        (b"RIFFnothing", "WAV|cannot be read"),
        (png(), "WAV|cannot be read"),
        (np.zeros((2, 2, 2)), r"\(2, 2, 2\)"),
        (np.zeros(0), r"\(0,\)"),
        (np.zeros(9, "int64"), "int64"),
        (np.full(9, np.nan), "NaN"),
        ({"array": SAMPLES, "sampling_rate": 0}, "sampling_rate"),
        ({"array": SAMPLES, "sampling_rate": "x"}, "sampling_rate"),
        (object(), "A object is not audio data"),
    ],
)
def test_what_is_no_clip_is_refused_in_one_line(data, match):
    with pytest.raises(InvalidInput, match=match) as caught:
        read_sound(data, RATE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["I;16", "I"])
def test_sixteen_bits_become_eight(mode):
    levels = np.array([[0, 257, 20000, 65535]], "uint16")
    deep = Image.fromarray(levels) if mode == "I;16" else Image.fromarray(levels.astype("int32"))
    assert deep.mode == mode
    file = io.BytesIO()
    deep.save(file, "PNG" if mode == "I;16" else "TIFF")
    for form in (deep, file.getvalue()):
        np.testing.assert_array_equal(read_image(form)[..., 0], [[0, 1, 78, 255]])


def test_floats_and_whole_numbers_of_other_ranges_are_right_or_refused():
    np.testing.assert_array_equal(
        read_image(Image.fromarray(np.array([[0.0, 1.0]], "float32")))[..., 0], [[0, 255]]
    )
    for bad in (Image.fromarray(np.full((2, 2), 200.0, "float32")), Image.fromarray(np.full((2, 2), 10**6, "int32")),
                Image.fromarray(np.full((2, 2), -5, "int32"))):  # fmt: skip
        with pytest.raises(InvalidInput, match="out of range"):
            read_image(bad)


def transparent(mode):
    """A black square on nothing, 8 x 8 of 16 x 16, as a picture of that mode."""
    picture = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (4, 4, 12, 12))
    if mode != "P":
        return picture.convert(mode)
    palette = Image.new("P", (16, 16), 0)
    palette.putpalette([0, 0, 0, 0, 0, 0])
    palette.paste(1, (4, 4, 12, 12))
    palette.info["transparency"] = 0
    return palette


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("RGBA", "PNG"), ("RGBA", "GIF"), ("RGBA", None), ("LA", "PNG"), ("LA", None), ("P", "PNG"),
     ("P", "GIF"), ("P", None)],
)  # fmt: skip
def test_what_is_transparent_lies_on_white(mode, kind):
    picture, file = transparent(mode), io.BytesIO()
    if kind:
        options = {"transparency": 0} if mode == "P" else {}
        picture.save(file, kind, **options)
        picture = file.getvalue()
    expected = np.full((16, 16, 3), 255, "uint8")
    expected[4:12, 4:12] = 0
    np.testing.assert_array_equal(read_image(picture), expected)


def test_cmyk_is_the_picture_that_a_person_sees():
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (250, 20, 10)).convert("CMYK").save(file, "JPEG", quality=95)
    red = read_image(file.getvalue())[8, 8].astype(int)
    assert red[0] > 220
    assert red[1:].max() < 60


def test_a_picture_that_was_closed_is_refused():
    picture = Image.open(io.BytesIO(png()))
    picture.close()
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_image(picture)


def test_postscript_is_not_run():
    eps = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    with pytest.raises(InvalidInput, match="read as an image"):
        read_image(eps)


def promising(width, height):
    """A PNG of 60 bytes whose header promises a picture of that size."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return (
        b"\x89PNG\r\n\x1a\n"
        + body
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


@pytest.mark.parametrize("size", [(10_001, 10_000), (100_000, 100_000), (2**31 - 1, 2**31 - 1)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_header_that_promises_gigabytes_costs_nothing(size):
    start = time.process_time()
    with pytest.raises(InvalidInput, match=r"too large|cannot be read"):
        read_image(promising(*size))
    assert time.process_time() - start < 1


@pytest.mark.parametrize("rate", [1, 999, 384_001, 2**31 - 1])
def test_a_rate_that_no_recorder_has_is_refused_at_once(rate):
    for form in (wav(rate=rate), {"array": SAMPLES, "sampling_rate": rate}):
        with pytest.raises(InvalidInput, match="sampling_rate"):
            read_sound(form, RATE)


def test_a_rate_of_numpy_is_a_rate():
    found = read_sound({"array": SAMPLES, "sampling_rate": np.int64(RATE)}, RATE)
    np.testing.assert_array_equal(found, SAMPLES)


def test_channels_may_come_first():
    stereo = np.stack([SAMPLES, -SAMPLES / 2])
    for form in (stereo, stereo.T):
        np.testing.assert_allclose(read_sound(form, RATE), SAMPLES / 4, atol=1e-6)
    with pytest.raises(InvalidInput, match="not a clip"):
        read_sound(np.zeros((100, 100)), RATE)


def test_loud_floats_are_clipped_a_little_and_refused_a_lot():
    assert read_sound(np.array([0.5, 1.2, -1.2], "float32"), RATE).tolist() == [0.5, 1, -1]
    for scale in (2, 32768, 1e300):
        with pytest.raises(InvalidInput, match="from -1 to 1"):
            read_sound(SAMPLES.astype("float64") / 0.5 * scale, RATE)


@pytest.mark.parametrize("width", [0, 5, 9, 255])
def test_a_sample_of_nine_bytes_is_refused(width):
    raw = bytearray(wav())
    raw[34:36] = (8 * width).to_bytes(2, "little")
    with pytest.raises(InvalidInput):
        read_sound(bytes(raw), RATE)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(media_files, "MAX_BYTES", 100)
    (tmp_path / "a.wav").write_bytes(wav())
    with pytest.raises(InvalidInput, match="too large"):
        read_sound(tmp_path / "a.wav", RATE)
    monkeypatch.setattr(media_files, "MAX_SAMPLES", 100)
    for form in (wav(), SAMPLES):
        with pytest.raises(InvalidInput, match="too large"):
            read_sound(form, RATE)


def test_a_path_of_an_unknown_user_is_told():
    with pytest.raises(InvalidInput, match="write the whole path"):
        read_image("~nobody-of-that-name/a.png")


def encoded(kind):
    if kind == "WAV":
        return wav()
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (24, 24, 3)).astype("uint8")
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {} if kind in ("GIF", "BMP", "PPM", "TGA", "ICO") else {"exif": exif}
    Image.fromarray(noise).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    "kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "PPM", "TGA", "ICO", "AVIF", "WAV"]
)
@pytest.mark.filterwarnings("ignore")
def test_a_damaged_file_is_read_or_refused(kind):
    whole, random = encoded(kind), np.random.default_rng(2)
    for _ in range(150):
        raw = bytearray(whole)
        # most of the faults are in the header, where they matter
        reach = len(raw) if random.random() < 0.3 else min(len(raw), 120)
        for at in random.integers(0, reach, random.integers(1, 6)):
            raw[at] = random.integers(0, 256)
        cut = bytes(raw[: random.integers(1, len(raw))]) if random.random() < 0.3 else bytes(raw)
        start = time.process_time()
        with suppress(InvalidInput):
            read_sound(cut, RATE) if kind == "WAV" else read_image(cut)
        assert time.process_time() - start < 1
