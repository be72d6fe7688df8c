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
class Recipe:
    """How a program is made.

    Args:
        function: what is traced.
        arguments: arrays, or descriptions of arrays, of the shapes that it will be called with.
        donated: positions of the arguments whose memory the results take over.
    """

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    donated: tuple[int, ...] = ()


class Programs:
    """The compiled programs of one model.

    Attributes:
        compilations: how many were compiled.
        compile_seconds: how long that took.
    """

    def __init__(self) -> None:
        self.compilations = 0
        self.compile_seconds = 0.0
        self._made: dict[Hashable, Any] = {}

    def __getitem__(self, name: Hashable) -> Any:
        return self._made[name]

    def make(self, recipes: Mapping[Hashable, Callable[[], Recipe]]) -> None:
        """Compiles the programs that are not there yet, all at once.

        Tracing runs Python and goes one after the other; XLA compiles the ones that are traced
        meanwhile, each in a thread.

        Args:
            recipes: name -> what gives its recipe.
        """
        missing = {name: recipe for name, recipe in recipes.items() if name not in self._made}
        if not missing:
            return
        import jax

        started = time.perf_counter()
        waiting: dict[Hashable, Future[Any]] = {}
        try:
            for left, (name, recipe) in zip(
                range(len(missing))[::-1], missing.items(), strict=True
            ):
                r = recipe()
                traced = jax.jit(r.function, donate_argnums=r.donated).lower(*r.arguments)
                if left and jax.default_backend() != "cpu":
                    waiting[name] = _threads().submit(traced.compile)
                else:  # nothing is left to trace meanwhile; and XLA's processor compiler uses all cores
                    self._made[name] = traced.compile()
            for name, program in waiting.items():
                self._made[name] = program.result()
            self.compilations += len(missing)
        finally:
            # an interrupt does not wait for XLA, which cannot be stopped
            for program in waiting.values():
                program.cancel()
            self.compile_seconds += time.perf_counter() - started

    def run(self, name: Hashable, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a function, compiled for the shapes that ``name`` stands for.

        Args:
            name: tells this program from the model's others; holds the arguments' shapes.
            function: pure; traced once for each ``name``.
            *arguments: what it takes.
        """
        self.make({name: lambda: Recipe(function, arguments)})
        return self._made[name](*arguments)


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads for all models: each new one would keep memory of its own."""
    return ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1) - 1), "gemma_nb-compile")


def bucket(count: int, shortest: int = 1, longest: int | None = None) -> int:
    """The power of two that ``count`` is padded to, ``shortest`` to ``longest``."""
    size = max(1 << (count - 1).bit_length(), shortest)
    return size if longest is None else min(size, longest)
