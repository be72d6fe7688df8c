"""Fills a backbone that was built without weights from the files of a Keras preset."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.catalog.gguf_header import split_files
from gemma_nb.catalog.weight_files import WEIGHTS, WEIGHTS_INDEX, weight_files
from gemma_nb.loading import quantize as quantize_tensors
from gemma_nb.loading import relayout
from gemma_nb.loading.tensor_files import (
    BLOCK,
    StoredTensor,
    cast_block,
    open_tensor,
    send,
    sharding_of,
    stored_bytes,
    stream_to_device,
)

#: A callback that is given the number of bytes of each part that was read.
BytesCallback = Callable[[int], None]
#: Bytes of a tensor that NumPy converts in less time than XLA compiles a conversion (6 ms).
SMALL = 2**20


def read_weights(
    plain: Any,
    target: Any,
    directory: Path,
    *,
    quantize: bool = False,
    watch: BytesCallback | None = None,
) -> None:
    """Reads a Keras preset's weights into a backbone, layer by layer.

    Args:
        plain: the backbone built without weights and not quantised. Keras walks this one, because
            each access to the kernel of a quantised layer unpacks it.
        target: the backbone that is filled; ``plain`` itself where nothing is quantised.
        directory: the preset.
        quantize: whether to quantise: the preset is not quantised and the target is.
        watch: called with the number of bytes of each layer that was read.

    Raises:
        ValueError: the files do not hold the weights of this backbone (Keras's own message).
        OSError: a file is missing, cut or corrupt.
    """
    import jax

    path = directory / WEIGHTS
    pipeline = LoadPipeline(watch)
    pairs = list(zip(plain._flatten_layers(), target._flatten_layers(), strict=True))  # noqa: SLF001
    quantized = (
        {id(layer) for layer in quantize_tensors.quantizable_layers(plain)} if quantize else set()
    )
    if relayout.reserves_regions():
        relayout.reserve_region([filled for _, filled in pairs])
    # Keras calls load_own_variables of each layer with its part of the file
    for layer, filled in pairs:
        make = _quantizing_loader if id(layer) in quantized else _plain_loader
        layer.load_own_variables = _stopping(make(filled, pipeline))
    try:
        plain.load_weights(str(path if path.exists() else directory / WEIGHTS_INDEX))
        pipeline.join()
    except _StopLoading as stop:
        raise stop.error from None
    finally:
        for layer, _ in pairs:
            del layer.load_own_variables
        pipeline.drain()
    missing = [v.path for v in target.variables if v._value is None]  # noqa: SLF001 - .value makes one up
    if missing:
        raise ValueError(f"not in the checkpoint: {', '.join(missing[:5])}")
    jax.block_until_ready([v.value for v in target.variables])
    pipeline.finish(weight_file_bytes(directory))


class _StopLoading(BaseException):
    """Carries an error through Keras, which would retry the layer and continue with the others."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _stopping(load: Callable[[Any], None]) -> Callable[[Any], None]:
    """A ``load_own_variables`` that stops the whole load when memory or the disk fails."""
    import jax

    def load_own_variables(store: Any) -> None:
        try:
            load(store)
        except (MemoryError, OSError, jax.errors.JaxRuntimeError) as error:
            raise _StopLoading(error) from None

    return load_own_variables


class LoadPipeline:
    """Overlaps reading a layer from the file with quantising and sending the one before.

    The caller reads and counts; a single worker thread quantises and sends one layer at a time.

    Args:
        watch: called in the reading thread with the number of bytes of each part that was read.
    """

    def __init__(self, watch: BytesCallback | None) -> None:
        self._unsynced = self._read = 0
        self._watch = watch or (lambda _: None)
        self._relayouts = relayout.relayout_pays()
        self._job: Future[None] | None = None

    def count(self, count: int) -> None:
        """Counts bytes that were read."""
        self._read += count
        if count:
            self._watch(count)

    def submit(self, work: Callable[[], None]) -> None:
        """Runs ``work`` in the worker thread, after the job before it has ended.

        Raises:
            _StopLoading: the job before it failed.
        """
        self.join()
        self._job = _worker().submit(work)

    def finish_layer(self, layer: Any) -> None:
        """Lays out a filled layer, and waits for the device once a block of bytes."""
        import jax

        if self._relayouts:
            relayout.relayout_layers([layer])
        values = [v.value for v in layer._trainable_variables + layer._non_trainable_variables]  # noqa: SLF001
        self._unsynced += sum(v.nbytes for v in values)
        if self._unsynced >= BLOCK:
            jax.block_until_ready(values)
            self._unsynced = 0

    def finish(self, total: int) -> None:
        """Counts the rest of the files, which is their own tables and no weights."""
        self.join()
        self._watch(max(0, total - self._read))

    def drain(self) -> None:
        """Waits for the worker and ignores how its job ended."""
        job, self._job = self._job, None
        if job is not None and not job.cancel():
            job.exception()

    def join(self) -> None:
        """Waits for the job in the worker thread.

        Raises:
            _StopLoading: it failed.
        """
        job, self._job = self._job, None
        if job is not None:
            try:
                job.result()
            except Exception as error:  # noqa: BLE001 - any error ends the load
                raise _StopLoading(error) from None


@cache
def _worker() -> ThreadPoolExecutor:
    """One thread for all loads: each new thread would keep memory of its own."""
    return ThreadPoolExecutor(1, "gemma_nb-load")


def _plain_loader(layer: Any, pipeline: LoadPipeline) -> Callable[[Any], None]:
    """A layer's ``load_own_variables`` that reads large tensors in blocks."""

    def load_own_variables(store: Any) -> None:
        blocks = _BlockStore(store, layer)
        type(layer).load_own_variables(layer, blocks)
        pipeline.count(blocks.bytes)
        pipeline.finish_layer(layer)

    return load_own_variables


def _quantizing_loader(layer: Any, pipeline: LoadPipeline) -> Callable[[Any], None]:
    """A quantised layer's ``load_own_variables`` that reads a preset which is not quantised."""

    def load_own_variables(store: Any) -> None:
        names = quantize_tensors.tensor_names(layer)
        if len(store.keys()) != len(names):
            raise ValueError(
                f"{layer.path}: {len(names)} tensors wanted, {len(store.keys())} found"
            )
        tensors = {}
        for index, name in enumerate(names):
            tensor = open_tensor(store, str(index))
            check_shape(layer, name, tensor)
            pipeline.count(stored_bytes(tensor))
            # a large tensor is read while it is quantised, block by block
            tensors[name] = tensor if stored_bytes(tensor) > BLOCK else tensor[:]

        def quantize_and_send() -> None:
            for name, tensor in tensors.items():
                fill_quantized(layer, name, tensor)
            pipeline.finish_layer(layer)

        pipeline.submit(quantize_and_send)
        if any(stored_bytes(tensor) > BLOCK for tensor in tensors.values()):
            pipeline.join()  # only one thread reads the file at a time

    return load_own_variables


def check_shape(layer: Any, name: str, tensor: Any) -> None:
    """Makes sure that a tensor has the shape of the layer's tensor before quantising.

    Raises:
        ValueError: it has another shape.
    """
    if not quantize_tensors.is_quantized_tensor(layer, name):
        return
    shape = tuple(getattr(layer, "original_kernel_shape", None) or tensor.shape)
    if shape != tuple(tensor.shape):  # int4 flattens a kernel, so Keras would not check its shape
        raise ValueError(f"{layer.path}: {name} has shape {tuple(tensor.shape)}, wanted {shape}")


def fill_quantized(layer: Any, name: str, tensor: Any) -> None:
    """Assigns one tensor of a 16-bit checkpoint to a quantised layer.

    Args:
        layer: a layer that was built quantised.
        name: the name of the tensor before quantising.
        tensor: a NumPy array, or what ``open_tensor`` returns.
    """
    if not quantize_tensors.is_quantized_tensor(layer, name):
        assign_in_blocks(getattr(layer, name), tensor[:])
        return
    check_shape(layer, name, tensor)
    for part, value in quantize_tensors.quantize_tensor(layer, name, tensor).items():
        # the properties "kernel" and "embeddings" unpack; their variables have an underscore
        variable = getattr(layer, f"_{part}" if part in {"kernel", "embeddings"} else part)
        variable.assign(send(value, sharding_of(variable)))


class _BlockStore:
    """The part of a weights file that a layer reads; large tensors are sent to the device first."""

    def __init__(self, store: Any, layer: Any) -> None:
        self._store = store
        self._layer = layer
        self._variables = dict(enumerate(_stored_variables(layer)))
        self.bytes = 0

    def __getitem__(self, key: str) -> Any:
        import jax

        tensor = open_tensor(self._store, key)
        self.bytes += stored_bytes(tensor)
        variable = self._variables.get(int(key)) if key.isdigit() else None
        sharding = variable is not None and sharding_of(variable)
        # Keras itself sends a variable that keras.distribution shards over several devices
        by_keras = not sharding and any(v._layout is not None for v in self._layer.variables)  # noqa: SLF001
        if by_keras or not isinstance(tensor, StoredTensor):
            return tensor[:] if isinstance(tensor, StoredTensor) else tensor
        dtype = _device_dtype(tensor.dtype, self._layer.variable_dtype)
        if sharding:
            return stream_to_device(tensor, cast_block(dtype), sharding=sharding)[0]
        if stored_bytes(tensor) <= BLOCK:
            # for a conversion Keras would compile a program for each shape: not for a small tensor
            if tensor.dtype == dtype or stored_bytes(tensor) <= SMALL:
                return jax.device_put(tensor[:].astype(dtype, copy=False))
            return tensor[:]
        return stream_to_device(tensor, cast_block(dtype))[0]

    def __contains__(self, key: str) -> bool:
        return key in self._store

    def __len__(self) -> int:
        return len(self._store)

    def keys(self) -> Any:
        return self._store.keys()


def assign_in_blocks(variable: Any, tensor: Any) -> None:
    """Assigns a NumPy array to a Keras variable; a large or sharded array is sent in blocks."""
    sharding = sharding_of(variable)
    by_keras = variable._layout is not None and not sharding  # noqa: SLF001
    if by_keras or not tensor.shape or (stored_bytes(tensor) <= BLOCK and not sharding):
        variable.assign(tensor)
    else:
        convert = cast_block(_device_dtype(tensor.dtype, variable.dtype))
        variable.assign(stream_to_device(tensor, convert, sharding=sharding)[0])


def _stored_variables(layer: Any) -> list[Any]:
    """The variables of a layer in the order of its checkpoint (keras 3.15.1)."""
    specification = getattr(layer, "variable_serialization_spec", None)
    if specification is None:
        return [*layer._trainable_variables, *layer._non_trainable_variables]  # noqa: SLF001
    names = specification.get(layer.quantization_mode, ())
    # the properties "kernel" and "embeddings" unpack; their variables have an underscore
    names = (f"_{name}" if name in {"kernel", "embeddings"} else name for name in names)
    variables = (getattr(layer, name, None) for name in names)
    return [variable for variable in variables if variable is not None]


def _device_dtype(dtype: Any, float_dtype: str) -> Any:
    """The dtype on the device: ``float_dtype`` for floats; integers keep theirs."""
    import ml_dtypes
    import numpy as np

    integer = dtype.kind in "iub" and dtype != ml_dtypes.bfloat16
    return dtype if integer else np.dtype(getattr(ml_dtypes, float_dtype, float_dtype))


def weight_file_bytes(directory: Path) -> int:
    """The size of the weights files of a directory that are read, or of a GGUF model, in bytes."""
    if not directory.is_dir():
        names = split_files(directory.name)
        return sum(directory.with_name(name).stat().st_size for name in names)
    return sum(path.stat().st_size for path in weight_files(directory))
