"""A preset's tensors, read from disk onto the device a block at a time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

#: Bytes of one block. Host memory holds one while it is read and one while it is sent.
BLOCK = 256 * 2**20
#: Bytes that one thread reads at once.
SPAN = 16 * 2**20


class StoredTensor:
    """One tensor of a weights file that Keras wrote. Slicing it reads the rows from the file.

    Args:
        dataset: the h5py dataset. Keras stores bfloat16 as two opaque bytes and names the dtype
            in an attribute (keras 3.15.1, ``H5IOStore``).
    """

    def __init__(self, dataset: Any) -> None:
        import ml_dtypes
        import numpy as np

        self._dataset = dataset
        opaque = dataset.attrs.get("dtype") == "bfloat16"
        self.dtype = np.dtype(ml_dtypes.bfloat16) if opaque else dataset.dtype
        self.shape: tuple[int, ...] = dataset.shape
        self._offset = _offset(dataset)

    def __getitem__(self, rows: slice) -> Any:
        """Reads rows.

        Raises:
            OSError: the file cannot be read, or ends before them.
        """
        import numpy as np

        start, stop, _ = rows.indices(self.shape[0])
        out = np.empty((stop - start, *self.shape[1:]), self.dtype)
        if self._offset is None or not out.nbytes:
            self._dataset.read_direct(out.view(self._dataset.dtype), np.s_[start:stop])
        else:
            at = self._offset + start * (out.nbytes // len(out))
            read_into(self._dataset.file.filename, at, out)
        return out


def _offset(dataset: Any) -> int | None:
    """The offset of a dataset that lies in its file contiguously and unencoded; otherwise None.

    Such a dataset is read without h5py, which reads in one thread and blocks all other threads.
    """
    contiguous = dataset.chunks is None and not dataset.is_virtual and not dataset.external
    readable = dataset.dtype.isnative and dataset.file.driver == "sec2" and hasattr(os, "preadv")
    if not (contiguous and readable):
        return None
    return dataset.id.get_offset()


def read_into(path: str, offset: int, out: Any) -> None:
    """Fills an array from a file in several threads."""
    import numpy as np

    whole = memoryview(out.reshape(-1).view(np.uint8))

    def span(start: int) -> None:
        end = min(start + SPAN, len(whole))
        while start < end:
            count = os.preadv(file, [whole[start:end]], offset + start)
            if not count:
                raise OSError(f"{path} ends before its tensors do")
            start += count

    file = os.open(path, os.O_RDONLY)
    try:
        list(_readers().map(span, range(0, len(whole), SPAN)))
    finally:
        os.close(file)


@cache
def _readers() -> ThreadPoolExecutor:
    """The threads for all loads: each new thread would keep memory of its own."""
    return ThreadPoolExecutor(min(8, os.cpu_count() or 1), "gemma_nb-read")


def open_tensor(store: Any, key: str) -> Any:
    """The tensor ``key`` of a Keras weights store.

    Args:
        store: a ``H5IOStore`` or ``ShardedH5IOStore``, positioned at a layer.
        key: the number of the tensor in the layer.

    Returns:
        An object with ``shape`` and ``dtype`` that reads rows when it is sliced.

    Raises:
        KeyError: the file does not hold the tensor.
        ValueError: the file links to another one, or declares a huge shape (Keras's own checks).
    """
    from keras.src.saving.saving_lib import safe_get_h5_dataset

    group = store._h5_entry_group  # noqa: SLF001 - private: keras 3.15.1; the store itself returns whole arrays only
    if key in group:
        dataset = safe_get_h5_dataset(group, key)
        if dataset.shape:
            return StoredTensor(dataset)
    return store[key]


def stored_bytes(tensor: Any) -> int:
    """The size of a tensor in the file, in bytes."""
    import math

    return math.prod(tensor.shape) * tensor.dtype.itemsize


def sharding_of(variable: Any) -> Any:
    """The sharding that ``DeviceLayout`` gave a Keras variable; None for any other variable.

    The layout of a variable that ``keras.distribution`` made is a ``TensorLayout`` of Keras.
    """
    import jax

    layout = variable._layout  # noqa: SLF001 - private: keras 3.15.1
    return layout if isinstance(layout, jax.sharding.Sharding) else None


def send(value: Any, sharding: Any = None) -> Any:
    """Sends an array to the devices of a sharding, to each its part.

    Args:
        value: a NumPy array or an array of this process, the same in every process.
        sharding: the sharding; None for the default device.
    """
    import jax
    import numpy as np

    if sharding is None or sharding.is_fully_addressable:
        return jax.device_put(value, sharding)
    if isinstance(value, jax.Array) and value.sharding == sharding:
        return value
    host = np.asarray(value)
    return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])


def stream_to_device(
    tensor: Any,
    convert: Callable[[Any], tuple[Any, ...]],
    block: int = BLOCK,
    *,
    sharding: Any = None,
) -> tuple[Any, ...]:
    """Sends a tensor to the default device, or to several devices, in blocks of whole rows.

    Args:
        tensor: what ``open_tensor`` returns, or a NumPy array; at least one axis.
        convert: turns a block of rows into one or more arrays, each with these rows as its first
            axis. The results of all blocks are concatenated along it.
        block: the size of a block in the file, in bytes.
        sharding: the sharding of the first result; the others are divided along the first axis as
            it is. None for the default device.

    Returns:
        The arrays on the device, which never holds more than them and one block. Of several
        devices each holds its part; rows that no device of this process holds are not read.
    """
    if sharding is None:
        return _stream_rows(tensor, convert, block, 0, tensor.shape[0], [None])[0]
    from jax import make_array_from_single_device_arrays
    from jax.sharding import NamedSharding, PartitionSpec

    parts: list[tuple[Any, ...]] = []  # of each device
    by_rows: dict[tuple[int, int], list[Any]] = {}
    for device, index in sharding.addressable_devices_indices_map(tuple(tensor.shape)).items():
        start, stop, _ = (index[0] if index else slice(None)).indices(tensor.shape[0])
        by_rows.setdefault((start, stop), []).append((device, tuple(index[1:])))
    for (start, stop), places in by_rows.items():
        parts += _stream_rows(tensor, convert, block, start, stop, places)
    first, *others = zip(*parts, strict=True)
    rows_only = NamedSharding(sharding.mesh, PartitionSpec(*sharding.spec[:1]))
    return (
        make_array_from_single_device_arrays(tuple(tensor.shape), sharding, list(first)),
        *(
            make_array_from_single_device_arrays(
                (tensor.shape[0], *other[0].shape[1:]), rows_only, list(other)
            )
            for other in others
        ),
    )


def _stream_rows(
    tensor: Any,
    convert: Callable[[Any], tuple[Any, ...]],
    block: int,
    first: int,
    last: int,
    places: list[Any],
) -> list[tuple[Any, ...]]:
    """Sends the rows from ``first`` to ``last`` to one or more devices.

    Args:
        tensor: as in ``stream_to_device``.
        convert: as in ``stream_to_device``.
        block: as in ``stream_to_device``.
        first: the first row.
        last: the row after the last one.
        places: a device and the slices of the other axes of the first result that it takes; None
            for the default device and all of it.

    Returns:
        The arrays of each place.
    """
    import jax
    import jax.numpy as jnp

    def at(parts: tuple[Any, ...], place: Any) -> list[Any]:
        """The part of a block that a device takes, on that device."""
        if place is None:
            return [jnp.asarray(part) for part in parts]
        device, others = place
        taken = [parts[0][(slice(None), *others)], *parts[1:]]
        return [jax.device_put(part, device) for part in taken]

    rows = last - first
    step = max(1, block * tensor.shape[0] // max(1, stored_bytes(tensor)))
    if step >= rows:
        parts = convert(tensor[first:last])
        return [tuple(at(parts, place)) for place in places]
    # prefer blocks of one length: each length compiles a program of its own
    step = next((n for n in range(step, step // 2, -1) if not rows % n), step)
    whole: list[list[Any]] = []
    for start in range(first, last, step):
        parts = convert(tensor[start : min(start + step, last)])
        for number, place in enumerate(places):
            here = at(parts, place)
            if start == first:
                device = None if place is None else place[0]
                with jax.default_device(device):
                    whole.append([jnp.zeros((rows, *p.shape[1:]), p.dtype) for p in here])
            whole[number] = [
                _write()(old, part, start - first)
                for old, part in zip(whole[number], here, strict=True)
            ]
        jax.block_until_ready(whole)  # frees the host memory of the block
    return [tuple(parts) for parts in whole]


def cast_block(dtype: Any) -> Callable[[Any], tuple[Any, ...]]:
    """A ``convert`` for ``stream_to_device`` that changes the dtype, on the host."""
    return lambda block: (block.astype(dtype, copy=False),)


@cache
def _write() -> Any:
    """A compiled function that writes a block of rows into an array in place (it is donated)."""
    import jax

    def write(old: Any, part: Any, start: Any) -> Any:
        return jax.lax.dynamic_update_slice_in_dim(old, part, start, 0)

    return jax.jit(write, donate_argnums=0)
