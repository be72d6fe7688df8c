"""What differs from one KerasHub task class to another when it decodes: the shape of its cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput


@dataclass(frozen=True)
class TupleCache:
    """Gemma 3: a (key, value) pair a layer, each (batch, length, key-value heads, head size)."""

    lm: Any

    def empty(self, batch: int, length: int) -> Any:
        """A cache of zeros for ``length`` tokens, in the task's compute dtype."""
        import jax.numpy as jnp

        backbone = self.lm.backbone
        shape = (batch, length, backbone.num_key_value_heads, backbone.head_dim)

        def zeros() -> Any:
            return jnp.zeros(shape, self.lm.compute_dtype)

        return tuple((zeros(), zeros()) for _ in range(backbone.num_layers))

    def grown(self, cache: Any, length: int) -> Any:
        """The same cache with room for ``length`` tokens."""
        import jax

        return jax.tree.map(lambda x: _pad(x, 1, length), cache)


@dataclass(frozen=True)
class StackedCache:
    """Gemma 1 and 2: one array (batch, layers, 2, length, key-value heads, head size)."""

    lm: Any

    def empty(self, batch: int, length: int) -> Any:
        """A cache of zeros for ``length`` tokens, in the task's compute dtype."""
        import jax.numpy as jnp

        backbone = self.lm.backbone
        heads = (backbone.num_key_value_heads, backbone.head_dim)
        return jnp.zeros((batch, backbone.num_layers, 2, length, *heads), self.lm.compute_dtype)

    def grown(self, cache: Any, length: int) -> Any:
        """The same cache with room for ``length`` tokens."""
        return _pad(cache, 3, length)


def _pad(x: Any, axis: int, length: int) -> Any:
    import jax.numpy as jnp

    widths = [(0, 0)] * x.ndim
    widths[axis] = (0, length - x.shape[axis])
    return jnp.pad(x, widths)


#: KerasHub task class -> its cache.
CACHES: dict[str, type[TupleCache | StackedCache]] = {
    "Gemma3CausalLM": TupleCache,
    "GemmaCausalLM": StackedCache,
}


def adapter(lm: Any) -> TupleCache | StackedCache:
    """The cache of a KerasHub task.

    Raises:
        InvalidInput: this package does not decode with that class yet.
    """
    kind = next((c.__name__ for c in type(lm).__mro__ if c.__name__ in CACHES), None)
    if kind is None:
        raise InvalidInput(
            "undecodable_class", name=type(lm).__name__, known=", ".join(sorted(CACHES))
        )
    return CACHES[kind](lm)
