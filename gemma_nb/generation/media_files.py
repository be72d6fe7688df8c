"""Reads the images and sound clips of messages as arrays.

An image or a clip is a path, bytes, a data: URL, a PIL image or an array, or the mapping in which
OpenAI's and Hugging Face's messages wrap one of these.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import numbers
import os
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemma_nb.errors import InvalidInput, shown_path
from gemma_nb.files import expand_home

#: Keys of a mapping that may hold the data.
_DATA_KEYS = ("array", "bytes", "data", "base64", "url", "path")

#: The formats that PIL reads here. Others run programs (EPS runs Ghostscript) or are no pictures.
_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "DIB", "TIFF", "AVIF", "JPEG2000", "PPM", "TGA",
            "ICO")  # fmt: skip
#: The most bytes of a file, pixels of an image and samples of a clip: about 1 GB of memory at most.
MAX_BYTES, MAX_PIXELS, MAX_SAMPLES = 2**28, 10**8, 2**26
#: The rates that recorders have, in samples a second.
_RATES = range(1_000, 384_001)
#: The most channels of an array; more are the samples.
_MAX_CHANNELS = 8
#: Samples beyond 1 that resampling may add, which are clipped. Larger ones are of another scale.
_LOUDEST = 1.5

#: Shortest string that is read as base64 if no file has that name.
_MIN_BASE64 = 64


def read_image(data: Any) -> Any:
    """Reads an image.

    Args:
        data: the image. An array is (height, width), (height, width, 1), (height, width, 3) or
            (height, width, 4): integers 0 to 255, or floats 0 to 1. At most ``MAX_PIXELS``.

    Returns:
        A NumPy uint8 array, shape (height, width, 3), rotated as the EXIF orientation says; what is
        transparent lies on white.

    Raises:
        InvalidInput: the image cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    data = _unwrap(data, "image")
    try:
        if isinstance(data, bytes):
            Image.init()
            formats = [name for name in _FORMATS if name in Image.OPEN]
            data = Image.open(io.BytesIO(data), formats=formats)
        elif not isinstance(data, Image.Image):
            data = Image.fromarray(_to_pixels(np, data))
        _check_size("image", data.width * data.height, MAX_PIXELS)
        data.load()
        return np.asarray(_to_rgb(np, ImageOps.exif_transpose(data)))
    except InvalidInput:
        raise
    except UnidentifiedImageError:
        raise InvalidInput("media_not_an_image") from None
    except Exception as error:  # noqa: BLE001 - PIL's plugins raise any error for a damaged file
        raise _unreadable("image", error) from None


def _to_rgb(np: Any, image: Any) -> Any:
    """Converts an image to RGB as a viewer shows it, on white where it is transparent."""
    from PIL import Image

    if image.mode[0] in "IF":  # whole numbers of 16 or 32 bits, or floats: PIL cuts them off at 255
        pixels = np.asarray(image)
        deep = image.mode.startswith("I;16") or (image.mode == "I" and 255 < pixels.max() < 65536)
        if deep and pixels.min() >= 0:
            pixels = np.round(pixels / 257).astype(np.uint8)
        return Image.fromarray(_to_pixels(np, pixels)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image)
    return image.convert("RGB")


def _to_pixels(np: Any, data: Any) -> Any:
    """Converts an array to uint8 in a shape that PIL accepts."""
    pixels = _to_array(np, data, "image")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    is_image = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in {3, 4})
    if not is_image or not pixels.size:
        raise InvalidInput("media_image_shape", shape=pixels.shape)
    if pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise InvalidInput("media_image_range")
        return np.round(pixels * 255).astype(np.uint8)
    if pixels.dtype.kind not in "uib" or pixels.min() < 0 or pixels.max() > 255:
        raise InvalidInput("media_image_range")
    return (pixels * 255 if pixels.dtype.kind == "b" else pixels).astype(np.uint8)


def read_sound(data: Any, rate: int) -> Any:
    """Reads a sound clip.

    Args:
        data: the clip. An array is (samples,) or (samples, channels), floats -1 to 1 or 16-bit
            integers, at ``rate``; {"array": …, "sampling_rate": …} states its own rate. Files are
            WAV, or any format that the package soundfile reads if it is installed.
        rate: samples per second of the result.

    Returns:
        A NumPy float32 array, shape (samples,), -1 to 1: the mean of the channels, at ``rate``.

    Raises:
        InvalidInput: the clip cannot be read.
    """
    import numpy as np

    source_rate = data.get("sampling_rate", rate) if isinstance(data, Mapping) else rate
    data = _unwrap(data, "audio")
    if isinstance(data, bytes):
        samples, source_rate = _decode_wav(np, data)
    else:
        samples = _channels_last(_to_array(np, data, "audio"))
    if not isinstance(source_rate, numbers.Integral) or source_rate not in _RATES:
        raise InvalidInput("media_audio_rate", value=source_rate)
    if samples.ndim not in {1, 2} or not samples.size:
        raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
    _check_size("audio", samples.size, MAX_SAMPLES)
    if samples.dtype.kind in "iu":
        if samples.dtype != np.int16:
            raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
        samples = samples.astype(np.float32) / 32768
    if not np.isfinite(samples).all():
        raise InvalidInput("media_unreadable", kind="audio", why="NaN")
    if np.abs(samples).max() > _LOUDEST:
        raise InvalidInput("media_audio_range", value=f"{np.abs(samples).max():.3g}")
    samples = samples.astype(np.float32)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    return _resample(np, samples, int(source_rate), rate)


def _channels_last(samples: Any) -> Any:
    """An array as (samples,) or (samples, channels); librosa and torchaudio put channels first.

    Raises:
        InvalidInput: neither axis can be that of the channels.
    """
    if samples.dtype.kind == "b" or samples.ndim not in {1, 2}:
        raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
    if samples.ndim == 2 and samples.shape[0] <= _MAX_CHANNELS < samples.shape[1]:
        return samples.T
    if samples.ndim == 2 and samples.shape[1] > _MAX_CHANNELS:
        raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
    return samples


def _decode_wav(np: Any, data: bytes) -> tuple[Any, int]:
    """Returns the samples, (frames, channels), and their rate."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    except (wave.Error, EOFError):
        return _decode_with_soundfile(data)
    except Exception as error:  # noqa: BLE001 - a damaged header fails in struct, seek or int
        raise _unreadable("audio", error) from None
    if width not in (1, 2, 3, 4):
        raise InvalidInput("media_unreadable", kind="audio", why=f"{8 * width} bit")
    _check_size("audio", len(raw) // width, MAX_SAMPLES)
    raw = raw[: len(raw) // (width * channels) * width * channels].reshape(-1, width)
    if width == 1:  # 8-bit samples are unsigned, all others are signed
        values = raw[:, 0].astype(np.float32) - 128
    else:
        # little endian; in the upper bytes of 32 bits, so that the sign bit is in its place
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 4 - width :] = raw
        values = wide.view("<i4")[:, 0].astype(np.float32) / 2.0 ** (8 * (4 - width))
    return (values / 2.0 ** (8 * width - 1)).reshape(-1, channels), rate


def _decode_with_soundfile(data: bytes) -> tuple[Any, int]:
    try:
        import soundfile
    except ImportError:
        raise InvalidInput("media_not_wav") from None
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            # a compressed file of a few bytes may hold hours
            _check_size("audio", file.frames * file.channels, MAX_SAMPLES)
            return file.read(dtype="float32", always_2d=True), int(file.samplerate)
    except InvalidInput:
        raise
    except Exception as error:  # noqa: BLE001 - libsndfile's wrapper raises several kinds
        raise _unreadable("audio", error) from None


def _check_size(kind: str, count: int, most: int) -> None:
    """Refuses what a header promises, before memory is taken for it.

    Raises:
        InvalidInput: ``count`` pixels or samples are more than ``most``.
    """
    if count > most:
        raise InvalidInput("media_too_large", kind=kind, count=count, most=most)


def _unreadable(kind: str, error: Exception) -> InvalidInput:
    """The error of a medium that a decoder could not read, in one line."""
    why = " ".join(str(error).split())[:200] or type(error).__name__
    return InvalidInput("media_unreadable", kind=kind, why=why)


def _resample(np: Any, samples: Any, rate: int, new_rate: int) -> Any:
    if rate == new_rate:
        return np.clip(samples, -1, 1)
    from scipy.signal import resample_poly  # scipy is installed with JAX

    divisor = math.gcd(rate, new_rate)
    resampled = resample_poly(samples, new_rate // divisor, rate // divisor)
    return np.clip(resampled, -1, 1).astype(np.float32)


def _to_array(np: Any, data: Any, kind: str) -> Any:
    if not isinstance(data, (list, tuple)) and not hasattr(data, "__array__"):
        raise InvalidInput("media_type", kind=kind, type=type(data).__name__)
    try:
        array = np.asarray(data)
    except Exception as error:  # noqa: BLE001 - a stranger's __array__ may raise any
        raise _unreadable(kind, error) from None
    if array.dtype.kind not in "uifb":
        raise InvalidInput("media_type", kind=kind, type=type(data).__name__)
    return array


def _unwrap(data: Any, kind: str) -> Any:
    """Returns the data itself, or the bytes of a file or a data: URL."""
    if data is None:
        raise InvalidInput("media_missing", kind=kind)
    if isinstance(data, Mapping):
        value = next((data[k] for k in _DATA_KEYS if data.get(k) is not None), None)
        if value is None or isinstance(value, Mapping):
            raise InvalidInput("media_missing", kind=kind)
        return _unwrap(value, kind)
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, (str, os.PathLike)):
        return _read_string(os.fspath(data), kind)
    return data


def _read_string(text: str | bytes, kind: str) -> bytes:
    """Reads a data: URL, a file, or base64."""
    name = os.fsdecode(text)
    if name[:5].lower() == "data:":
        head, _, body = name.partition(",")
        if not head.lower().endswith(";base64"):
            raise InvalidInput("media_data_url", kind=kind)
        return _decode_base64(body, kind)
    if name.lower().startswith(("http://", "https://", "ftp://", "gs://")):
        raise InvalidInput("media_url", kind=kind, url=name[:80])
    try:
        path = expand_home(name.removeprefix("file://"))
        if path.is_file():
            return _read_file(path, kind)
    except InvalidInput:
        raise
    except (OSError, ValueError) as error:
        if len(name) < _MIN_BASE64:
            raise InvalidInput(
                "media_no_file", kind=kind, path=shown_path(name), why=error
            ) from None
    if len(name) >= _MIN_BASE64 and "." not in name:
        return _decode_base64(name, kind)
    raise InvalidInput("media_no_file", kind=kind, path=shown_path(name), why="–")


def _read_file(path: Path, kind: str) -> bytes:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    _check_size(kind, len(data), MAX_BYTES)
    return data


def _decode_base64(text: str, kind: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("media_data_url", kind=kind) from None
