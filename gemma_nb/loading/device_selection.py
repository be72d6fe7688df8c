"""Which devices ``load(…, devices=…)`` means, and what the layout over them costs."""

from __future__ import annotations

import numbers
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from gemma_nb import backend
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.i18n import Message
from gemma_nb.loading.sharding import PARALLEL, DeviceLayout


def select_devices(devices: Any, parallel: str) -> DeviceLayout | None:
    """The layout that the arguments of ``load`` ask for.

    Args:
        devices: None for one device; "all"; a number, which takes the first ones; a list of JAX
            devices, or of their indices in ``jax.devices()``. With ``jax.distributed`` these are
            the devices of all processes.
        parallel: one of ``PARALLEL``.

    Returns:
        The layout; None where one device is asked for by its number.

    Raises:
        InvalidInput: there are no such devices, or ``parallel`` is unknown.
        BackendError: as ``backend.prepare``.
    """
    if not isinstance(parallel, str) or parallel not in PARALLEL:
        raise InvalidInput("bad_parallel", value=shown(parallel), all=", ".join(PARALLEL))
    if devices is None or (_is_whole(devices) and devices == 1):
        return None
    is_list = isinstance(devices, Sequence) and not isinstance(devices, str)
    is_all = isinstance(devices, str) and devices == "all"
    if not (is_list or is_all or _is_whole(devices)):
        raise InvalidInput("bad_devices", value=shown(devices))
    backend.prepare()
    import jax

    known = jax.devices()
    if is_all:
        chosen = known
    elif is_list:
        chosen = [_find(one, known, devices) for one in devices]
    elif 1 <= devices <= len(known):
        chosen = known[:devices]
    else:
        chosen = []
    if not chosen or len(set(chosen)) != len(chosen):
        raise InvalidInput("devices_unknown", value=shown(devices), there=_names(known))
    return DeviceLayout(tuple(chosen), parallel) if len(chosen) > 1 or is_list else None


def _find(wanted: Any, known: Sequence[Any], devices: Any) -> Any:
    if any(wanted is one for one in known):
        return wanted
    if _is_whole(wanted) and 0 <= wanted < len(known):
        return known[wanted]
    raise InvalidInput("devices_unknown", value=shown(devices), there=_names(known))


def _names(known: Sequence[Any]) -> str:
    return ", ".join(f"{i}: {device.device_kind}" for i, device in enumerate(known))


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number, of Python or NumPy."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def with_devices(runtime: Runtime, count: int) -> Runtime:
    """A runtime that has as many devices as JAX found: those of other hosts are not detected.

    Args:
        runtime: the detected runtime.
        count: the devices of the layout.
    """
    return runtime if count <= runtime.devices else replace(runtime, devices=count)


def uneven_note(uneven: Sequence[str], count: int) -> Message | None:
    """What is repeated on every device because it does not divide; None for nothing.

    Args:
        uneven: the result of ``DeviceLayout.apply``.
        count: the number of devices.
    """
    if not uneven:
        return None
    names = dict.fromkeys(re.sub(r"_\d+(?=/)", "_*", path) for path in uneven)
    return Message("devices_uneven", {"count": count, "layers": ", ".join(names)})
