"""Images and sound as messages carry them, as arrays.

An image or a clip is a path, bytes, a data: URL, a PIL image or an array, or the mapping in which
OpenAI's and Hugging Face's messages wrap one of these.
"""

from __future__ import annotations

import base64
import binascii
import io
import os
import wave
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gemma_nb.errors import InvalidInput

#: Keys under which a mapping holds the data itself.
_WITHIN = ("array", "bytes", "data", "base64", "url", "path")

#: Shortest string that is taken for base64 where no file has its name.
_BASE64 = 64


def read_image(data: Any) -> Any:
    """An image's pixels.

    Args:
        data: the image. An array is (height, width), (height, width, 1), (height, width, 3) or
            (height, width, 4): whole numbers 0 to 255, or floats 0 to 1.

    Returns:
        A NumPy uint8 array, shape (height, width, 3). A photo is turned as its camera noted.

    Raises:
        InvalidInput: it cannot be read.
    """
    import numpy as np
    from PIL import Image, ImageOps, UnidentifiedImageError

    data = _unwrapped(data, "image")
    if isinstance(data, Image.Image):
        found = data
    elif isinstance(data, bytes):
        try:
            found = Image.open(io.BytesIO(data))
            found.load()
        except UnidentifiedImageError:
            raise InvalidInput("media_not_an_image") from None
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            raise InvalidInput("media_unreadable", kind="image", why=error) from None
    else:
        found = Image.fromarray(_pixels(np, data))
    return np.asarray(ImageOps.exif_transpose(found).convert("RGB"))


def _pixels(np: Any, data: Any) -> Any:
    """An array of whole numbers 0 to 255 that PIL takes."""
    pixels = _array(np, data, "image")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[..., 0]
    flat = pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in {3, 4})
    if not flat or not pixels.size:
        raise InvalidInput("media_image_shape", shape=pixels.shape)
    if pixels.dtype.kind == "f":
        if not np.isfinite(pixels).all() or pixels.min() < 0 or pixels.max() > 1:
            raise InvalidInput("media_image_range")
        return np.round(pixels * 255).astype(np.uint8)
    if pixels.dtype.kind not in "uib" or pixels.min() < 0 or pixels.max() > 255:
        raise InvalidInput("media_image_range")
    return (pixels * 255 if pixels.dtype.kind == "b" else pixels).astype(np.uint8)


def read_sound(data: Any, rate: int) -> Any:
    """A clip's samples.

    Args:
        data: the clip. An array is (samples,) or (samples, channels), floats -1 to 1 or 16-bit
            whole numbers, at ``rate``; {"array": …, "sampling_rate": …} says its own. Files are
            WAV, or whatever the package soundfile reads where it is installed.
        rate: samples a second that are wanted.

    Returns:
        A NumPy float32 array, shape (samples,), -1 to 1: the mean of the channels, at ``rate``.

    Raises:
        InvalidInput: it cannot be read.
    """
    import numpy as np

    its_rate = data.get("sampling_rate", rate) if isinstance(data, Mapping) else rate
    data = _unwrapped(data, "audio")
    if isinstance(data, bytes):
        samples, its_rate = _decoded(np, data)
    else:
        samples = _array(np, data, "audio")
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
    if type(its_rate) is not int or its_rate < 1:
        raise InvalidInput("media_audio_rate", value=its_rate)
    return _resampled(np, samples, its_rate, rate)


def _decoded(np: Any, data: bytes) -> tuple[Any, int]:
    """Samples (frames, channels) and their rate."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            raw = np.frombuffer(file.readframes(file.getnframes()), np.uint8)
    except (wave.Error, EOFError):
        return _decoded_by_soundfile(data)
    raw = raw[: len(raw) // (width * channels) * width * channels].reshape(-1, width)
    if width == 1:  # the only one without a sign
        whole = raw[:, 0].astype(np.float64) - 128
    else:
        # the low bytes first; shifted up, so that the sign comes along
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 4 - width :] = raw
        whole = wide.view("<i4")[:, 0] / 2.0 ** (8 * (4 - width))
    return (whole / 2.0 ** (8 * width - 1)).astype(np.float32).reshape(-1, channels), rate


def _decoded_by_soundfile(data: bytes) -> tuple[Any, int]:
    try:
        import soundfile
    except ImportError:
        raise InvalidInput("media_not_wav") from None
    try:
        samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    except (RuntimeError, ValueError) as error:
        raise InvalidInput("media_unreadable", kind="audio", why=error) from None
    return samples, int(rate)


def _resampled(np: Any, samples: Any, rate: int, wanted: int) -> Any:
    if rate == wanted:
        return samples
    from math import gcd

    from scipy.signal import resample_poly  # JAX brings scipy

    common = gcd(rate, wanted)
    made = resample_poly(samples, wanted // common, rate // common)
    return np.clip(made, -1, 1).astype(np.float32)


def _array(np: Any, data: Any, kind: str) -> Any:
    if not isinstance(data, (list, tuple)) and not hasattr(data, "__array__"):
        raise InvalidInput("media_type", kind=kind, type=type(data).__name__)
    try:
        found = np.asarray(data)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InvalidInput("media_unreadable", kind=kind, why=error) from None
    if found.dtype.kind not in "uifb":
        raise InvalidInput("media_type", kind=kind, type=type(data).__name__)
    return found


def _unwrapped(data: Any, kind: str) -> Any:
    """The data itself; of a file or a data: URL its bytes."""
    if data is None:
        raise InvalidInput("media_missing", kind=kind)
    if isinstance(data, Mapping):
        within = next((data[k] for k in _WITHIN if data.get(k) is not None), None)
        if within is None or isinstance(within, Mapping):
            raise InvalidInput("media_missing", kind=kind)
        return _unwrapped(within, kind)
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    if isinstance(data, (str, os.PathLike)):
        return _from_text(os.fspath(data), kind)
    return data


def _from_text(text: str | bytes, kind: str) -> bytes:
    name = os.fsdecode(text)
    if name[:5].lower() == "data:":
        head, _, body = name.partition(",")
        if not head.lower().endswith(";base64"):
            raise InvalidInput("media_data_url", kind=kind)
        return _from_base64(body, kind)
    if name.lower().startswith(("http://", "https://", "ftp://", "gs://")):
        raise InvalidInput("media_url", kind=kind, url=name[:80])
    path = Path(name.removeprefix("file://")).expanduser()
    try:
        if path.is_file():
            return path.read_bytes()
    except (OSError, ValueError) as error:
        if len(name) < _BASE64:
            raise InvalidInput("media_no_file", kind=kind, path=name[:80], why=error) from None
    if len(name) >= _BASE64 and "." not in name:
        return _from_base64(name, kind)
    raise InvalidInput("media_no_file", kind=kind, path=name[:80], why="–")


def _from_base64(text: str, kind: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("media_data_url", kind=kind) from None
