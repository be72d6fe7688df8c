"""Memory given back: after a model is unloaded, and after a load that failed."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from gemma_nb.errors import GemmaError, LoadError
from gemma_nb.i18n import Message

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant
    from gemma_nb.fit.verdict import Verdict

#: What XLA and TensorFlow's allocators write when a device is full.
_FULL = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory")


def free_memory() -> None:
    """Frees what is no longer referred to, and hands free host memory back to the system."""
    if jax := sys.modules.get("jax"):
        # what it traced of a model's layers; programs that are compiled for live models stay
        jax.clear_caches()
    gc.collect()
    if sys.platform == "linux":
        # glibc keeps freed pages; other C libraries have no malloc_trim
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def cleaned_up_on_failure(variant: Variant, verdict: Verdict) -> Iterator[None]:
    """Turns what goes wrong in a block into one message; nothing it made stays in memory.

    Args:
        variant: what is loaded.
        verdict: what ``advise`` said of it, for the fixes.

    Raises:
        LoadError: memory ran out, or anything else went wrong.
    """
    try:
        yield
    except BaseException as error:
        # the frames below hold the half-made model, and IPython holds the last traceback
        for met in (error, error.__cause__, error.__context__):
            _clear(met.__traceback__ if met else None)
        told = _told(error, variant, verdict)
        error.__traceback__ = None
        free_memory()
        if told is None:
            raise
        raise told from error


def _clear(trace: TracebackType | None) -> None:
    """Empties the frames of a traceback, and those that Keras left out of it, which they hold."""
    while trace:
        frame: FrameType | None = trace.tb_frame
        while frame:
            try:
                frame.clear()
            except RuntimeError:  # still running, and so are its callers
                break
            frame = frame.f_back
        trace = trace.tb_next


def _told(error: BaseException, variant: Variant, verdict: Verdict) -> LoadError | None:
    """The error that is shown in place of ``error``; None where it speaks for itself."""
    if isinstance(error, GemmaError) or not isinstance(error, Exception):
        return None
    text = " ".join(str(error).split()) or type(error).__name__
    host = isinstance(error, MemoryError)
    if host or any(sign in text for sign in _FULL):
        fixes = "; ".join(str(fix) for fix in verdict.fixes)
        advice = Message("load_fixes", {"fixes": fixes}) if fixes else Message("load_no_fixes")
        return LoadError(
            "load_out_of_memory",
            name=variant.name,
            precision=verdict.choice.precision,
            where=Message("load_where_host" if host else "load_where_device"),
            fixes=advice,
        )
    why = text if text.endswith((".", "!", "。")) else f"{text}."
    return LoadError("load_failed", name=variant.name, why=why)
