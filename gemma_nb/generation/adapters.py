"""What differs from one KerasHub task class to another when it decodes: the shape of its cache.

Shapes as in keras-hub 0.32, each class's ``_build_cache``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant


@dataclass(frozen=True)
class Cache:
    """A task's KV cache.

    Args:
        lm: the KerasHub task.
        shapes: the shape of each of its arrays for one token and one row.
        axis: which axis of them counts tokens.
        stacked: one array for all layers, or a (key, value) pair for each.
    """

    lm: Any
    shapes: tuple[tuple[int, ...], ...]
    axis: int
    stacked: bool

    def empty(self, length: int) -> Any:
        """A cache of zeros for one row of ``length`` tokens, in the task's compute dtype."""
        import jax.numpy as jnp

        def zeros(shape: tuple[int, ...]) -> Any:
            long = (*shape[: self.axis], length, *shape[self.axis + 1 :])
            return jnp.zeros(long, self.lm.compute_dtype)

        if self.stacked:
            return zeros(self.shapes[0])
        return tuple((zeros(shape), zeros(shape)) for shape in self.shapes)

    def grown(self, cache: Any, length: int) -> Any:
        """The same cache with room for ``length`` tokens."""
        import jax
        import jax.numpy as jnp

        def pad(x: Any) -> Any:
            widths = [(0, 0)] * x.ndim
            widths[self.axis] = (0, length - x.shape[self.axis])
            return jnp.pad(x, widths)

        return jax.tree.map(pad, cache)


def _gemma(lm: Any) -> Cache:
    """Gemma 1 and 2: one array (batch, layers, 2, length, key-value heads, head size)."""
    b = lm.backbone
    return Cache(lm, ((1, b.num_layers, 2, 1, b.num_key_value_heads, b.head_dim),), 3, stacked=True)


def _gemma3(lm: Any) -> Cache:
    """Gemma 3: a (key, value) pair a layer, (batch, length, key-value heads, head size)."""
    b = lm.backbone
    shape = (1, 1, b.num_key_value_heads, b.head_dim)
    return Cache(lm, (shape,) * b.num_layers, 1, stacked=False)


def _gemma3n(lm: Any) -> Cache:
    """Gemma 3n: one array (batch, layers, 2, key-value heads, length, head size)."""
    b = lm.backbone
    shape = (1, b.num_hidden_layers, 2, b.num_key_value_heads, 1, b.head_dim)
    return Cache(lm, (shape,), 4, stacked=True)


def _gemma4(lm: Any) -> Cache:
    """Gemma 4: as Gemma 1 and 2, every layer as wide as the widest head."""
    b = lm.backbone
    wide = max(b.head_dim, b.global_head_dim or 0)
    return Cache(lm, ((1, b.num_layers, 2, 1, b.num_key_value_heads, wide),), 3, stacked=True)


#: KerasHub task class -> its cache.
CACHES = {
    "GemmaCausalLM": _gemma,
    "Gemma3CausalLM": _gemma3,
    "Gemma3nCausalLM": _gemma3n,
    "Gemma4CausalLM": _gemma4,
}


def cache_of(lm: Any) -> Cache:
    """The cache of a KerasHub task.

    Raises:
        InvalidInput: this package does not generate with that class.
    """
    name = next((c.__name__ for c in type(lm).__mro__ if c.__name__ in CACHES), None)
    if name is None:
        raise _unknown(type(lm).__name__)
    return CACHES[name](lm)


def check_decodable(variant: Variant) -> None:
    """Makes sure that this package generates with a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: it does not.
    """
    backbone = variant.architecture.backbone if variant.architecture else ""
    task = backbone.replace("Backbone", "CausalLM")
    if task not in CACHES or variant.role not in {"generate", "classify"}:
        raise _unknown(variant.name)


def _unknown(name: str) -> InvalidInput:
    return InvalidInput("undecodable_class", name=name, known=", ".join(sorted(CACHES)))
