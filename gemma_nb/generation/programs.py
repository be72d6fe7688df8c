"""Compiled programs, counted: what compiles is told, and nothing compiles twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any


class Programs:
    """The programs compiled for one model.

    Attributes:
        compilations: how many there are.
        compile_seconds: how long compiling took.
    """

    def __init__(self) -> None:
        self.compilations = 0
        self.compile_seconds = 0.0
        self._made: dict[Hashable, Any] = {}

    def run(self, name: Hashable, function: Callable[..., Any], *arguments: Any) -> Any:
        """Runs a function, compiled for the shapes that ``name`` stands for.

        Args:
            name: tells this program from the model's others; holds the arguments' shapes.
            function: pure; traced once for each ``name``.
            *arguments: what it takes.
        """
        if name not in self._made:
            import jax

            started = time.perf_counter()
            self._made[name] = jax.jit(function).lower(*arguments).compile()
            self.compilations += 1
            self.compile_seconds += time.perf_counter() - started
        return self._made[name](*arguments)


def bucket(count: int, shortest: int, longest: int) -> int:
    """The power of two that ``count`` is padded to, ``shortest`` to ``longest``."""
    return min(max(1 << (count - 1).bit_length(), shortest), longest)
