"""Compiled programs, each made once and counted."""

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
    """How a program is made.

    Args:
        function: what is traced.
        arguments: arrays, or descriptions of arrays, of the shapes that it will be called with.
        donated: positions of the arguments whose memory the results take over.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    donated: tuple[int, ...] = ()


class CompiledFunctions:
    """The compiled programs of one model.

    Attributes:
        compilations: how many were compiled.
        compile_seconds: how long that took.
    """

    def __init__(self) -> None:
        self.compilations = 0
        self.compile_seconds = 0.0
        self._made: dict[Hashable, Any] = {}
        self._waiting: dict[Hashable, Future[Any]] = {}

    def __getitem__(self, name: Hashable) -> Any:
        return self._made[name]

    def start(self, recipes: Mapping[Hashable, Callable[[], ProgramSpec]]) -> None:
        """Traces the programs that are not there yet, and has XLA compile them ``beside`` it.

        Args:
            recipes: name -> what gives its recipe.
        """
        import jax

        started = time.perf_counter()
        for name, recipe in recipes.items():
            if name in self._made or name in self._waiting:
                continue
            r = recipe()
            traced = jax.jit(r.function, donate_argnums=r.donated).lower(*r.arguments)
            if compiles_in_background():
                self._waiting[name] = _threads().submit(_compile, traced)
            else:
                self._made[name] = _compile(traced)
                self.compilations += 1
        self.compile_seconds += time.perf_counter() - started

    def make(self, recipes: Mapping[Hashable, Callable[[], ProgramSpec]]) -> None:
        """Compiles the programs that are not there yet, all at once.

        Args:
            recipes: name -> what gives its recipe.
        """
        missing = {name: recipe for name, recipe in recipes.items() if name not in self._made}
        if not missing:
            return
        try:
            self.start(missing)
            started = time.perf_counter()
            for name in missing.keys() & self._waiting.keys():
                self._made[name] = self._waiting.pop(name).result()
                self.compilations += 1
            self.compile_seconds += time.perf_counter() - started
        except BaseException:
            # an interrupt does not wait for XLA, which cannot be stopped
            for program in self._waiting.values():
                program.cancel()
            self._waiting.clear()
            raise

    def run(self, name: Hashable, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a function, compiled for the shapes that ``name`` stands for.

        Args:
            name: tells this program from the model's others; holds the arguments' shapes.
            function: pure; traced once for each ``name``.
            *arguments: what it takes.
        """
        self.make({name: lambda: ProgramSpec(function, arguments)})
        return self._made[name](*arguments)


def compiles_in_background() -> bool:
    """Whether XLA compiles while Python goes on: a processor's compiler takes all cores."""
    import jax

    return jax.default_backend() != "cpu"


#: What XLA is told for a GPU. It picks code for products and sums by trying some, on copies of what
#: they read, and each copy counts in the peak of memory. It tries neither sums (left to its own rules
#: it picks as well) nor two products as one (their kernels would be copied side by side), and does
#: not compare the results. Above weights and cache Gemma 3 4B then peaked at 0.10 GiB, not 0.19,
#: and its prompt was ready as soon (H100, 2026-11-25).
_GPU = {
    "xla_gpu_autotune_level": 3,
    "xla_gpu_dot_merger_threshold_mb": 0,
    "xla_gpu_experimental_enable_fusion_autotuner": False,
}


def _compile(traced: Any) -> Any:
    """What was lowered, compiled."""
    import jax

    options = dict(_GPU) if jax.default_backend() == "gpu" else {}
    while options:
        try:
            return traced.compile(compiler_options=dict(options))
        except jax.errors.JaxRuntimeError as error:
            unknown = "No such compile option" in str(error)
            named = next((name for name in options if name in str(error)), None)
            if not unknown or named is None:
                raise
            del options[named]  # another version's
    return traced.compile()


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for all models: each new one would keep memory of its own."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1) - 1), "gemma_nb-compile")


def next_power_of_two(count: int, shortest: int = 1, longest: int | None = None) -> int:
    """The power of two that ``count`` is padded to, ``shortest`` to ``longest``."""
    size = max(1 << (count - 1).bit_length(), shortest)
    return size if longest is None else min(size, longest)
