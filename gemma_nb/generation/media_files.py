"""Reads the images and sound clips of messages as arrays.

An image or a clip is a path, bytes, a data: URL, a PIL image or an array, or the mapping in which
OpenAI's and Hugging Face's messages wrap one of these.
"""

from __future__ import annotations

import base64
import binascii
import io
import math
import os
import wave
from collections.abc import Mapping
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.files import expand_home

#: Keys of a mapping that may hold the data.
_DATA_KEYS = ("array", "bytes", "data", "base64", "url", "path")

#: Shortest string that is read as base64 if no file has that name.
_MIN_BASE64 = 64


def read_image(data: Any) -> Any:
    """Reads an image.

    Args:
        data: the image. An array is (height, width), (height, width, 1), (height, width, 3) or
            (height, width, 4): integers 0 to 255, or floats 0 to 1.

    Returns:
        A NumPy uint8 array, shape (height, width, 3), rotated as the EXIF orientation says.

    Raises:
        InvalidInput: the image cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    data = _unwrap(data, "image")
    if isinstance(data, Image.Image):
        image = data
    elif isinstance(data, bytes):
        try:
            image = Image.open(io.BytesIO(data))
            image.load()
        except UnidentifiedImageError:
            raise InvalidInput("media_not_an_image") from None
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise InvalidInput("media_unreadable", kind="image", why=error) from None
    else:
        image = Image.fromarray(_to_pixels(np, data))
    return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


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
        samples = _to_array(np, data, "audio")
    if samples.ndim not in {1, 2} or not samples.size or samples.dtype.kind not in "fiu":
        raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
    if samples.dtype.kind in "iu":
        if samples.dtype != np.int16:
            raise InvalidInput("media_audio_shape", shape=samples.shape, dtype=samples.dtype)
        samples = samples / 32768
    samples = samples.astype(np.float32)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if not np.isfinite(samples).all():
        raise InvalidInput("media_unreadable", kind="audio", why="NaN")
    if type(source_rate) is not int or source_rate < 1:
        raise InvalidInput("media_audio_rate", value=source_rate)
    return _resample(np, samples, source_rate, rate)


def _decode_wav(np: Any, data: bytes) -> tuple[Any, int]:
    """Returns the samples, (frames, channels), and their rate."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    except (wave.Error, EOFError):
        return _decode_with_soundfile(data)
    raw = raw[: len(raw) // (width * channels) * width * channels].reshape(-1, width)
    if width == 1:  # 8-bit samples are unsigned, all others are signed
        values = raw[:, 0].astype(np.float64) - 128
    else:
        # little endian; in the upper bytes of 32 bits, so that the sign bit is in its place
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 4 - width :] = raw
        values = wide.view("<i4")[:, 0] / 2.0 ** (8 * (4 - width))
    return (values / 2.0 ** (8 * width - 1)).astype(np.float32).reshape(-1, channels), rate


def _decode_with_soundfile(data: bytes) -> tuple[Any, int]:
    try:
        import soundfile
    except ImportError:
        raise InvalidInput("media_not_wav") from None
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (RuntimeError, ValueError) as error:
        raise InvalidInput("media_unreadable", kind="audio", why=error) from None
    return samples, int(rate)


def _resample(np: Any, samples: Any, rate: int, new_rate: int) -> Any:
    if rate == new_rate:
        return samples
    from scipy.signal import resample_poly  # scipy is installed with JAX

    divisor = math.gcd(rate, new_rate)
    resampled = resample_poly(samples, new_rate // divisor, rate // divisor)
    return np.clip(resampled, -1, 1).astype(np.float32)


def _to_array(np: Any, data: Any, kind: str) -> Any:
    if not isinstance(data, (list, tuple)) and not hasattr(data, "__array__"):
        raise InvalidInput("media_type", kind=kind, type=type(data).__name__)
    try:
        array = np.asarray(data)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidInput("media_unreadable", kind=kind, why=error) from None
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
    path = expand_home(name.removeprefix("file://"))
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        if len(name) < _MIN_BASE64:
            raise InvalidInput("media_no_file", kind=kind, path=name[:80], why=error) from None
    if len(name) >= _MIN_BASE64 and "." not in name:
        return _decode_base64(name, kind)
    raise InvalidInput("media_no_file", kind=kind, path=name[:80], why="–")


def _decode_base64(text: str, kind: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("media_data_url", kind=kind) from None
