"""Checks of the numbers that a caller gives, those of NumPy included.

An argument becomes a Python number of a known range at the front door, or ``InvalidInput``.
"""

from __future__ import annotations

import math
import numbers
from typing import Any

from gemma_nb.errors import InvalidInput, shown

#: The largest whole number that a device computes with: JAX's integers have 32 bits.
MAX_INT = 2**31 - 1
#: The largest number that float32 holds is 3.4e38.
MAX_FLOAT = 3e38


def whole_number(value: Any, key: str, least: int, most: int = MAX_INT, **values: Any) -> int:
    """A whole number of Python or NumPy as an ``int``.

    Args:
        value: what the caller gave.
        key: the message if it cannot be used, with the placeholder ``value``.
        least: the smallest number.
        most: the largest number.
        **values: further values of the message.

    Raises:
        InvalidInput: it is no whole number (True and 2.0 are none), or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise InvalidInput(key, value=shown(value), **values)
    number = int(value)
    if not least <= number <= most:
        raise InvalidInput(key, value=shown(value), **values)
    return number


def real_number(value: Any, key: str, **values: Any) -> float:
    """A finite number of Python or NumPy as a ``float`` that float32 holds.

    Args:
        value: what the caller gave.
        key: the message if it cannot be used, with the placeholder ``value``.
        **values: further values of the message.

    Raises:
        InvalidInput: it is no number, or not finite on the device.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise InvalidInput(key, value=shown(value), **values)
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond 1e308
        number = math.inf
    if not -MAX_FLOAT <= number <= MAX_FLOAT:  # NaN is not either
        raise InvalidInput(key, value=shown(value), **values)
    return number


def text_argument(value: Any, name: str) -> str:
    """A text.

    Args:
        value: what the caller gave.
        name: the argument's name.

    Raises:
        InvalidInput: it is no string.
    """
    if not isinstance(value, str):
        raise InvalidInput("not_a_text", name=name, kind=type(value).__name__)
    return value


def flag_argument(value: Any, name: str) -> bool:
    """A truth value, of Python or NumPy.

    Args:
        value: what the caller gave.
        name: the argument's name.

    Raises:
        InvalidInput: it is neither true nor false, as an array of two is.
    """
    try:
        return bool(value)
    except Exception:  # noqa: BLE001 - a stranger's __bool__
        raise InvalidInput("not_a_flag", name=name, kind=type(value).__name__) from None
