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


def stream_to_device(
    tensor: Any, convert: Callable[[Any], tuple[Any, ...]], block: int = BLOCK
) -> tuple[Any, ...]:
    """Sends a tensor to the default device in blocks of whole rows.

    Args:
        tensor: what ``open_tensor`` returns, or a NumPy array; at least one axis.
        convert: turns a block of rows into one or more arrays, each with these rows as its first
            axis. The results of all blocks are concatenated along it.
        block: the size of a block in the file, in bytes.

    Returns:
        The arrays on the device, which never holds more than them and one block.
    """
    import jax
    import jax.numpy as jnp

    rows = tensor.shape[0]
    step = max(1, block * rows // max(1, stored_bytes(tensor)))
    # prefer blocks of one length: each length compiles a program of its own
    step = next((n for n in range(step, step // 2, -1) if not rows % n), step)
    if step >= rows:
        return tuple(jnp.asarray(part) for part in convert(tensor[:]))
    whole: list[Any] = []
    for start in range(0, rows, step):
        parts = convert(tensor[start : start + step])
        if not whole:
            whole = [jnp.zeros((rows, *part.shape[1:]), part.dtype) for part in parts]
        whole = [_write()(old, part, start) for old, part in zip(whole, parts, strict=True)]
        jax.block_until_ready(whole)  # frees the host memory of the block
    return tuple(whole)


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
