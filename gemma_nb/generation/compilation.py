"""Ahead-of-time compilation of JAX functions: each one is compiled once, counted and timed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class ProgramSpec:
    """What XLA needs to compile one program.

    Args:
        function: the Python function to trace.
        arguments: arrays, or ``jax.ShapeDtypeStruct``, with the shapes of later calls.
        donated: positions of the arguments whose memory the results may reuse.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    donated: tuple[int, ...] = ()


#: Returns the spec of a program; called only if the program must be compiled.
SpecFactory = Callable[[], ProgramSpec]


class CompiledFunctions:
    """The compiled programs of one model, by name.

    Attributes:
        compilations: how many programs were compiled.
        compile_seconds: seconds spent on tracing and compiling.
    """

    def __init__(self) -> None:
        self.compilations = 0
        self.compile_seconds = 0.0
        self._compiled: dict[Hashable, Any] = {}
        self._pending: dict[Hashable, Future[Any]] = {}

    def __getitem__(self, name: Hashable) -> Any:
        return self._compiled[name]

    def __contains__(self, name: Hashable) -> bool:
        return name in self._compiled

    def start(self, specs: Mapping[Hashable, SpecFactory]) -> None:
        """Traces the programs that do not exist yet and starts to compile them.

        XLA compiles in background threads where ``compiles_in_background`` allows it, otherwise
        before this function returns.

        Args:
            specs: name -> how to make the program's spec.
        """
        import jax

        started = time.perf_counter()
        for name, make_spec in specs.items():
            if name in self._compiled or name in self._pending:
                continue
            spec = make_spec()
            lowered = jax.jit(spec.function, donate_argnums=spec.donated).lower(*spec.arguments)
            if compiles_in_background():
                self._pending[name] = _threads().submit(_compile, lowered)
            else:
                self._compiled[name] = _compile(lowered)
                self.compilations += 1
        self.compile_seconds += time.perf_counter() - started

    def ensure(self, specs: Mapping[Hashable, SpecFactory]) -> None:
        """Compiles the programs that do not exist yet, in parallel, and waits for them.

        Args:
            specs: name -> how to make the program's spec.
        """
        missing = {name: spec for name, spec in specs.items() if name not in self._compiled}
        if not missing:
            return
        try:
            self.start(missing)
            started = time.perf_counter()
            for name in missing.keys() & self._pending.keys():
                self._compiled[name] = self._pending.pop(name).result()
                self.compilations += 1
            self.compile_seconds += time.perf_counter() - started
        except BaseException:
            # XLA cannot be stopped, and an interrupt must not wait for it
            for program in self._pending.values():
                program.cancel()
            self._pending.clear()
            raise

    def run(self, name: Hashable, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a function, compiled for the shapes of its arguments.

        Args:
            name: identifies the program among the model's others; it contains the shapes.
            function: a pure function; it is traced once per ``name``.
            *arguments: the function's arguments.

        Returns:
            The function's result.
        """
        self.ensure({name: lambda: ProgramSpec(function, arguments)})
        return self._compiled[name](*arguments)


def compiles_in_background() -> bool:
    """Whether XLA compiles in threads while Python continues.

    False on CPU, where the compiler would take the cores that Python needs.
    """
    import jax

    return jax.default_backend() != "cpu"


#: XLA options for GPUs. XLA chooses kernels for matrix products and reductions by running
#: candidates on copies of their inputs, and these copies count toward peak memory. With these
#: options it does not autotune reductions (its own heuristics choose as well), does not merge two
#: products into one (their kernels would be copied side by side), and does not compare the results
#: of candidates. Gemma 3 4B then peaked 0.10 GiB above weights and cache instead of 0.19 GiB, and
#: its prompt took the same time (H100, 2026-11-25).
_GPU_OPTIONS = {
    "xla_gpu_autotune_level": 3,
    "xla_gpu_dot_merger_threshold_mb": 0,
    "xla_gpu_experimental_enable_fusion_autotuner": False,
}
#: XLA options for processors. XLA's default schedule starts what can run in parallel as early as
#: possible: it converts every quantised or 16-bit kernel to float32 before the first product, and
#: keeps them all. The schedule for memory converts each where it is used. For Gemma 3 270M in int8
#: a decode step then takes 5 instead of 383 MiB, and a fifth of the time (jax 0.10.2, 2 cores,
#: 2026-11-29). Older releases of XLA have the first option in place of the second.
_PROCESSOR_OPTIONS = {
    "xla_cpu_enable_concurrency_optimized_scheduler": False,
    "xla_cpu_scheduler_type": "CPU_SCHEDULER_TYPE_MEMORY_OPTIMIZED",
}


def _compile(lowered: Any) -> Any:
    """Compiles a lowered function; leaves out options that this version of XLA does not have."""
    import jax

    options: dict[str, Any] = {}
    if jax.default_backend() == "gpu":
        options.update(_GPU_OPTIONS)
    elif jax.default_backend() == "cpu":
        options.update(_PROCESSOR_OPTIONS)
    while options:
        try:
            return lowered.compile(compiler_options=dict(options))
        except jax.errors.JaxRuntimeError as error:
            unknown = "No such compile option" in str(error)
            option = next((name for name in options if name in str(error)), None)
            if not unknown or option is None:
                raise
            del options[option]
    return lowered.compile()


@cache
def _threads() -> ThreadPoolExecutor:
    """The threads that compile, shared by all models: each new thread would keep its own memory."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1) - 1), "gemma_nb-compile")


def next_power_of_two(count: int, shortest: int = 1, longest: int | None = None) -> int:
    """Rounds up to a power of two, so that few shapes are compiled.

    Args:
        count: at least 1.
        shortest: lower bound of the result.
        longest: upper bound of the result; None for none.

    Returns:
        The smallest power of two that is at least ``count``, within the bounds.
    """
    size = max(1 << (count - 1).bit_length(), shortest)
    return size if longest is None else min(size, longest)
