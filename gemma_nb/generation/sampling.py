"""Sampling of the next token: temperature, then top-k, then top-p, as in transformers and vLLM.

The parameters are arguments of the compiled programs, so changing one compiles nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gemma_nb.arguments import real_number, whole_number
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GenerationError, InvalidInput
from gemma_nb.generation.gpu.sampling_threshold import filter_logits_by_search
from gemma_nb.i18n import Message


@dataclass(frozen=True)
class Sampling:
    """Parameters of sampling.

    Args:
        temperature: divisor of the logits; 0 picks the most likely token (greedy).
        top_k: keep only the k most likely tokens; 0 keeps all.
        top_p: of those, keep the fewest tokens whose probabilities sum to p; 1 keeps all.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        """Checks the parameters.

        Raises:
            InvalidInput: a negative or not finite temperature, a negative or fractional top_k, a
                top_p outside (0, 1].
        """
        temperature = real_number(self.temperature, "bad_temperature")
        top_p = real_number(self.top_p, "bad_top_p")
        if temperature < 0:
            raise InvalidInput("bad_temperature", value=self.temperature)
        if not 0 < top_p <= 1:
            raise InvalidInput("bad_top_p", value=self.top_p)
        object.__setattr__(self, "temperature", temperature)
        object.__setattr__(self, "top_k", whole_number(self.top_k, "bad_top_k", 0))
        object.__setattr__(self, "top_p", top_p)


#: Sampling that Google publishes in the generation configs of Gemma 3, 3n and 4 (temperature 1.0,
#: top_k 64, top_p 0.95). Gemma 1 and 2 publish none; transformers' default for them is temperature
#: 1.0 without top-k and top-p.
PUBLISHED = {
    "3": Sampling(1.0, 64, 0.95),
    "3n": Sampling(1.0, 64, 0.95),
    "4": Sampling(1.0, 64, 0.95),
}


def default_sampling(variant: Variant) -> Sampling:
    """Returns the publisher's sampling for a chat model, and greedy for all other variants.

    Args:
        variant: the variant. The demo models are greedy: their replies are single facts.
    """
    if variant.family == "Demo" or variant.prompt_format not in {
        "turns",
        "gemma4_small",
        "gemma4_large",
    }:
        return Sampling()
    return PUBLISHED.get(variant.generation, Sampling(1.0))


def sample_tokens(
    logits: Any, position: Any, seeds: Any, temperature: Any, top_k: Any, top_p: Any
) -> Any:
    """Samples one token per row; traced within the compiled programs.

    Args:
        logits: float array, shape (batch, vocabulary).
        position: int32 (batch,): positions of the sampled tokens. The random numbers depend only on
            position and seed, not on how the prompt was split nor on the other rows.
        seeds: uint32 (batch,).
        temperature: scalar float32; 0 is greedy.
        top_k: scalar int32; 0 keeps all.
        top_p: scalar float32 in (0, 1].

    Returns:
        int32 array, shape (batch,); -1 for a row whose logits are not all finite.
    """
    import jax

    def draw(logits: Any) -> Any:
        keys = jax.vmap(lambda seed, at: jax.random.fold_in(jax.random.key(seed), at))
        return jax.vmap(jax.random.categorical)(keys(seeds, position), logits)

    return _sample(logits, draw, temperature, top_k, top_p)


def sample_token(logits: Any, key: Any, temperature: Any, top_k: Any, top_p: Any) -> Any:
    """Samples one token per row, with one random key for all rows; traced within programs.

    Args:
        logits: as in ``sample_tokens``.
        key: a JAX random key.
        temperature: as in ``sample_tokens``, like the next two.
        top_k: scalar int32.
        top_p: scalar float32.

    Returns:
        As ``sample_tokens``.
    """
    import jax

    def draw(logits: Any) -> Any:
        return jax.random.categorical(key, logits, axis=-1)

    return _sample(logits, draw, temperature, top_k, top_p)


def _sample(
    logits: Any, draw: Callable[[Any], Any], temperature: Any, top_k: Any, top_p: Any
) -> Any:
    import jax
    import jax.numpy as jnp

    on_cpu = jax.default_backend() == "cpu"

    def sample(logits: Any) -> Any:
        divisor = jnp.maximum(temperature, 1e-6)
        if logits.dtype == jnp.bfloat16 and not on_cpu:
            token = draw(filter_logits_by_search(logits, divisor, top_k, top_p))
        else:
            scaled = logits.astype(jnp.float32) / divisor
            token = draw(filter_logits(scaled, top_k, top_p))
        return token.astype(jnp.int32)

    if on_cpu or logits.shape[0] > 1:  # both take long: a vocabulary on a processor, many rows
        token = jax.lax.cond(temperature > 0, sample, _argmax, logits)
    else:  # a condition ends the CUDA graph of a decode step: 0.2 ms, where sampling takes 0.07
        token = jnp.where(temperature > 0, sample(logits), _argmax(logits))
    return _checked(token, logits)


def greedy_tokens(logits: Any) -> Any:
    """Picks the most likely token of each row; traced within the compiled programs.

    Args:
        logits: as in ``sample_tokens``.

    Returns:
        As ``sample_tokens``.
    """
    return _checked(_argmax(logits), logits)


def _argmax(logits: Any) -> Any:
    import jax.numpy as jnp

    return jnp.argmax(logits, axis=-1).astype(jnp.int32)


def _checked(token: Any, logits: Any) -> Any:
    """The tokens; -1 for a row whose logits are not all finite."""
    import jax.numpy as jnp

    return jnp.where(jnp.all(jnp.isfinite(logits), axis=-1), token, -1)


def filter_logits(logits: Any, top_k: Any, top_p: Any) -> Any:
    """Sets the logits of tokens that top-k, then top-p, leave out to minus infinity.

    Args:
        logits: float32 array, shape (batch, vocabulary), already divided by the temperature.
        top_k: scalar int32; 0 keeps all; tokens with the same logit as the k-th are kept.
        top_p: scalar float32; a token is kept if the tokens above it sum to less than p, so the
            most likely one is always kept.

    Returns:
        float32 array of the same shape.
    """
    import jax
    import jax.numpy as jnp

    size = logits.shape[-1]
    ranked = jnp.flip(jnp.sort(logits, axis=-1), axis=-1)
    count = jnp.where(top_k > 0, jnp.minimum(top_k, size), size)
    kth = jnp.take(ranked, count - 1, axis=-1)[:, None]
    ranked = jnp.where(ranked < kth, -jnp.inf, ranked)
    probabilities = jax.nn.softmax(ranked, axis=-1)
    above = jnp.cumsum(probabilities, axis=-1) - probabilities
    lowest = jnp.min(jnp.where(above < top_p, ranked, jnp.inf), axis=-1, keepdims=True)
    # rounding may leave the sum of all kept tokens below p; top-k must still hold then
    return jnp.where(logits < jnp.maximum(lowest, kth), -jnp.inf, logits)


def not_a_number(precision: str) -> GenerationError:
    """The error for logits that are not finite, with what would help.

    Args:
        precision: the name of the model's precision.
    """
    more_exact = [name for name in ("bfloat16", "float32") if name != precision]
    if precision == "float32":
        advice = Message("not_a_number_weights")
    else:
        advice = Message("not_a_number_load_in", {"precisions": " / ".join(map(repr, more_exact))})
    return GenerationError("not_a_number", precision=precision, advice=advice)
