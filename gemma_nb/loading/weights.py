"""Fills a backbone that was built without weights from a preset's files."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from gemma_nb.loading import quantize as quantizing
from gemma_nb.loading import relayout
from gemma_nb.loading.tensor_files import (
    BLOCK,
    StoredTensor,
    cast_block,
    open_tensor,
    stored_bytes,
    stream_to_device,
)

#: Called with the bytes of each layer's weights as they are read.
BytesCallback = Callable[[int], None]

#: KerasHub's names of a preset's weights: one file, or a map of shards.
SINGLE, SHARDED = "model.weights.h5", "model.weights.json"


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
        plain: the backbone built without weights and not quantised: Keras walks this one, because
            each look at a quantised layer's kernel unpacks it.
        target: the backbone that is filled; ``plain`` itself where nothing is quantised.
        directory: the preset.
        quantize: whether the checkpoint is not quantised and the target is.
        watch: told how many bytes were read.

    Raises:
        ValueError: the files do not hold this backbone's weights (Keras's own message).
        OSError: a file is missing, cut or corrupt.
    """
    import jax

    path = directory / SINGLE
    flight = LoadPipeline(watch)
    pairs = list(zip(plain._flatten_layers(), target._flatten_layers(), strict=True))  # noqa: SLF001
    changed = {id(layer) for layer in quantizing.quantizable_layers(plain)} if quantize else set()
    if relayout.relayout_pays():
        relayout.reserve_region([filled for _, filled in pairs])
    # Keras asks each layer to load itself from the store: what it does then is ours
    for layer, filled in pairs:
        make = _quantizing if id(layer) in changed else _reading
        layer.load_own_variables = _firm(make(filled, flight))
    try:
        plain.load_weights(str(path if path.exists() else directory / SHARDED))
        flight.settle()
    except _StopError as stop:
        raise stop.error from None
    finally:
        for layer, _ in pairs:
            del layer.load_own_variables
        flight.wait()
    missing = [v.path for v in target.variables if v._value is None]  # noqa: SLF001 - .value makes one up
    if missing:
        raise ValueError(f"not in the checkpoint: {', '.join(missing[:5])}")
    jax.block_until_ready([v.value for v in target.variables])
    flight.finish(weight_file_bytes(directory))


class _StopError(BaseException):
    """Passes through Keras, which would try the layer again and go on with the others."""

    def __init__(self, error: Exception) -> None:
        self.error = error


def _firm(load: Callable[[Any], None]) -> Callable[[Any], None]:
    """A ``load_own_variables`` that ends everything where memory or the disk fails."""
    import jax

    def load_own_variables(store: Any) -> None:
        try:
            load(store)
        except (MemoryError, OSError, jax.errors.JaxRuntimeError) as error:
            raise _StopError(error) from None

    return load_own_variables


class LoadPipeline:
    """What is on its way from the file to the device.

    What is read is counted here; what is made of it goes on in a thread behind the reader, one
    layer at a time, so that the next layer is read meanwhile.

    Args:
        watch: told how many bytes were read, by the reader's own thread.
    """

    def __init__(self, watch: BytesCallback | None) -> None:
        self._waiting = self._read = 0
        self._watch = watch or (lambda _: None)
        self._arranges = relayout.relayout_pays()
        self._behind: Future[None] | None = None

    def read(self, count: int) -> None:
        """Notes that so many bytes were read."""
        self._read += count
        if count:
            self._watch(count)

    def behind(self, work: Callable[[], None]) -> None:
        """Does work behind the reader, once what was there before is done.

        Raises:
            _StopError: that failed.
        """
        self.settle()
        self._behind = _thread().submit(work)

    def sent(self, layer: Any) -> None:
        """Lays a filled layer out; waits for the device once a block, so that little waits for it."""
        import jax

        if self._arranges:
            relayout.relayout_layers([layer])
        values = [v.value for v in layer._trainable_variables + layer._non_trainable_variables]  # noqa: SLF001
        self._waiting += sum(v.nbytes for v in values)
        if self._waiting >= BLOCK:
            jax.block_until_ready(values)
            self._waiting = 0

    def finish(self, total: int) -> None:
        """The files' own tables are no weights, but they are bytes of the files."""
        self.settle()
        self._watch(max(0, total - self._read))

    def wait(self) -> None:
        """Waits for the thread, whatever became of its work."""
        work, self._behind = self._behind, None
        if work is not None and not work.cancel():
            work.exception()

    def settle(self) -> None:
        """Waits for what is behind the reader.

        Raises:
            _StopError: it failed.
        """
        work, self._behind = self._behind, None
        if work is not None:
            try:
                work.result()
            except Exception as error:  # noqa: BLE001 - whatever it is, it ends the reading
                raise _StopError(error) from None


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread for all loads: each new one would keep memory of its own."""
    return ThreadPoolExecutor(1, "gemma_nb-load")


def _reading(layer: Any, flight: LoadPipeline) -> Callable[[Any], None]:
    """A layer's ``load_own_variables`` with large tensors read in blocks."""

    def load_own_variables(store: Any) -> None:
        source = _Source(store, layer)
        type(layer).load_own_variables(layer, source)
        flight.read(source.bytes)
        flight.sent(layer)

    return load_own_variables


def _quantizing(layer: Any, flight: LoadPipeline) -> Callable[[Any], None]:
    """A quantised layer's ``load_own_variables`` from a checkpoint that is not."""

    def load_own_variables(store: Any) -> None:
        names = quantizing.tensor_names(layer)
        if len(store.keys()) != len(names):
            raise ValueError(
                f"{layer.path}: {len(names)} tensors wanted, {len(store.keys())} found"
            )
        tensors = {}
        for index, name in enumerate(names):
            tensor = open_tensor(store, str(index))
            check_shape(layer, name, tensor)
            flight.read(stored_bytes(tensor))
            # a large one is read as it is quantised, block by block
            tensors[name] = tensor if stored_bytes(tensor) > BLOCK else tensor[:]

        def make() -> None:
            for name, tensor in tensors.items():
                fill_quantized(layer, name, tensor)
            flight.sent(layer)

        flight.behind(make)
        if any(stored_bytes(tensor) > BLOCK for tensor in tensors.values()):
            flight.settle()  # the file is read by one thread at a time

    return load_own_variables


def check_shape(layer: Any, name: str, tensor: Any) -> None:
    """Makes sure that a tensor has the shape that a layer had before it was quantised.

    Raises:
        ValueError: it has another.
    """
    if not quantizing.is_quantized_tensor(layer, name):
        return
    shape = tuple(getattr(layer, "original_kernel_shape", None) or tensor.shape)
    if shape != tuple(tensor.shape):  # int4 flattens a kernel: its own shape would not be checked
        raise ValueError(f"{layer.path}: {name} has shape {tuple(tensor.shape)}, wanted {shape}")


def fill_quantized(layer: Any, name: str, tensor: Any) -> None:
    """Assigns one tensor of a 16-bit checkpoint to a quantised layer.

    Args:
        layer: a layer that was built quantised.
        name: the variable's name before quantising.
        tensor: a NumPy array or what ``stored`` gives.
    """
    import jax

    if not quantizing.is_quantized_tensor(layer, name):
        getattr(layer, name).assign(tensor[:])
        return
    check_shape(layer, name, tensor)
    for part, value in quantizing.quantize_tensor(layer, name, tensor).items():
        # "kernel" and "embeddings" themselves unpack: the variable stands behind them
        held = f"_{part}" if part in {"kernel", "embeddings"} else part
        getattr(layer, held).assign(jax.device_put(value))


class _Source:
    """The store that a layer reads itself from: Keras's, with large tensors already sent."""

    def __init__(self, store: Any, layer: Any) -> None:
        self._store = store
        self._layer = layer
        self.bytes = 0

    def __getitem__(self, key: str) -> Any:
        import jax

        tensor = open_tensor(self._store, key)
        self.bytes += stored_bytes(tensor)
        # a variable that is laid out over several devices is sent to them by Keras, whole
        spread = any(v._layout is not None for v in self._layer.variables)  # noqa: SLF001
        if spread or not isinstance(tensor, StoredTensor):
            return tensor[:] if isinstance(tensor, StoredTensor) else tensor
        if stored_bytes(tensor) <= BLOCK:
            same = tensor.dtype == _final(tensor.dtype, self._layer.variable_dtype)
            # sent as it is: Keras's own conversion is a program for each shape
            return jax.device_put(tensor[:]) if same else tensor[:]
        return stream_to_device(
            tensor, cast_block(_final(tensor.dtype, self._layer.variable_dtype))
        )[0]

    def __contains__(self, key: str) -> bool:
        return key in self._store

    def __len__(self) -> int:
        return len(self._store)

    def keys(self) -> Any:
        return self._store.keys()


def assign_in_blocks(variable: Any, tensor: Any) -> None:
    """Assigns a NumPy array to a variable, a large one in blocks."""
    if stored_bytes(tensor) <= BLOCK or variable._layout is not None:  # noqa: SLF001
        variable.assign(tensor)
    else:
        variable.assign(
            stream_to_device(tensor, cast_block(_final(tensor.dtype, variable.dtype)))[0]
        )


def _final(dtype: Any, wanted: str) -> Any:
    """The dtype on the device: ``wanted`` for floats, integers as they are."""
    import ml_dtypes
    import numpy as np

    integer = dtype.kind in "iub" and dtype != ml_dtypes.bfloat16
    return dtype if integer else np.dtype(getattr(ml_dtypes, wanted, wanted))


def weight_file_bytes(directory: Path) -> int:
    """Bytes of a preset's weights files."""
    files = [p for kind in ("*.h5", "*.safetensors") for p in directory.glob(kind)]
    return sum(p.stat().st_size for p in files)
