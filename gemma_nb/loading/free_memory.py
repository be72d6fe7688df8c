"""Gives memory back: after a model is unloaded, and after a load that failed."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.fit.verdict import Verdict
from gemma_nb.i18n import Message

#: What the allocators of XLA and TensorFlow write when a device is full.
_OUT_OF_MEMORY = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


def free_memory() -> None:
    """Frees unreferenced objects and hands free host memory back to the system.

    JAX's compiled functions are left alone: those of a model go with it, and ``jax.clear_caches``
    would make the user's functions compile again.
    """
    if jax := sys.modules.get("jax"):
        # jnp.einsum makes a function at each call, of which JAX keeps the arguments (jax 0.10.2,
        # ``_infer_params_cached``, which this empties): 0.3 MiB a load
        jax.jit(lambda: None).clear_cache()
    gc.collect()
    if sys.platform == "linux":
        # glibc keeps freed pages; other C libraries have no malloc_trim
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def cleaned_up_on_failure(variant: Variant, verdict: Verdict) -> Iterator[None]:
    """Turns any failure in a block into one message and frees what the block allocated.

    Args:
        variant: the variant that is loaded.
        verdict: the verdict of ``advise`` on it, whose fixes the message names.

    Raises:
        LoadError: memory ran out, or anything else went wrong.
    """
    try:
        yield
    except BaseException as error:
        # the frames below hold the half-built model, and IPython keeps the last traceback
        for one in (error, error.__cause__, error.__context__):
            _clear_frames(one.__traceback__ if one else None)
        load_error = _load_error(error, variant, verdict)
        error.__traceback__ = None
        free_memory()
        if load_error is None:
            raise
        raise load_error from error


def _clear_frames(trace: TracebackType | None) -> None:
    """Clears the frames of a traceback, and the frames that Keras removed from it."""
    while trace:
        frame: FrameType | None = trace.tb_frame
        while frame:
            try:
                frame.clear()
            except RuntimeError:  # still running, as are its callers
                break
            frame = frame.f_back
        trace = trace.tb_next


def _load_error(error: BaseException, variant: Variant, verdict: Verdict) -> LoadError | None:
    """The error to raise in place of ``error``; None where ``error`` itself is to be raised."""
    if isinstance(error, GemmaError) or not isinstance(error, Exception):
        return None
    text = " ".join(str(error).split()) or type(error).__name__
    on_host = isinstance(error, MemoryError)
    if on_host or any(sign in text for sign in _OUT_OF_MEMORY):
        fixes = "; ".join(str(fix) for fix in verdict.fixes)
        advice = Message("load_fixes", {"fixes": fixes}) if fixes else Message("load_no_fixes")
        return LoadError(
            "load_out_of_memory",
            name=variant.name,
            precision=verdict.choice.precision,
            where=Message("load_where_host" if on_host else "load_where_device"),
            fixes=advice,
        )
    why = text if text.endswith((".", "!", "。")) else f"{text}."
    return LoadError("load_failed", name=variant.name, why=why)
