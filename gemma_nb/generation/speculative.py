"""Speculative decoding: a small model guesses several tokens, one pass of the model checks them.

What comes out is what the model alone would pick: a guess stays where it is the token that would
have been picked there anyhow, with the same random numbers. Gemma 4's assistants keep no cache:
their layers look into the model's own, and begin from its last hidden state (keras-hub 0.32,
``Gemma4AssistantCausalLM``; transformers, ``SinglePositionMultiTokenCandidateGenerator``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation.adapters import (
    PatchedProxy,
    as_block_attention,
    gemma4_attention,
    unused_cache,
)
from gemma_nb.generation.attention import ForwardContext, KeyValue
from gemma_nb.generation.compilation import ProgramSpec
from gemma_nb.generation.decoder import Decoder, array_spec, sampling_scalars, sampling_specs
from gemma_nb.generation.kv_cache import KVCache
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings
from gemma_nb.generation.sampling import Sampling, sample_tokens


class DraftModel:
    """Guesses tokens from a model's caches and hidden state; lives while tracing.

    Args:
        lm: KerasHub's ``Gemma4AssistantCausalLM``; it is read, never changed.
        decoder: of the ``Gemma4CausalLM`` that it was trained for.

    Raises:
        InvalidInput: it is no assistant of this model: another class, or other sizes.
    """

    def __init__(self, lm: Any, decoder: Decoder) -> None:
        self.lm = lm
        self._target = decoder.lm
        layers = decoder.family.layers
        #: whether a layer is global -> the last of the model's caches of that kind
        self._sources = {cache.window is None: i for i, cache in layers.items()}
        if type(lm).__name__ != "Gemma4AssistantCausalLM" or not self._fits(decoder):
            raise InvalidInput(
                "assistant_mismatch", kind=type(lm).__name__, target=type(decoder.lm).__name__
            )

    def _fits(self, decoder: Decoder) -> bool:
        layers, blocks = decoder.family.layers, self.lm.backbone.transformer_layers
        needed = {bool(block.is_global_attention) for block in blocks}
        return (
            type(decoder.lm).__name__ == "Gemma4CausalLM"
            and self.lm.backbone_hidden_size == decoder.family.hidden
            and self.lm.backbone.vocabulary_size == decoder.lm.backbone.vocabulary_size
            and needed <= self._sources.keys()
            and all(
                block.attention.head_dim == layers[self._source(block)].head_dim
                and not block.attention.num_query_heads % layers[self._source(block)].heads
                for block in blocks
            )
        )

    def _source(self, block: Any) -> int:
        return self._sources[bool(block.is_global_attention)]

    def guess(
        self, token: Any, hidden: Any, position: Any, caches: dict[int, KeyValue], count: int
    ) -> Any:
        """The tokens that may follow.

        Args:
            token: int32 (1,): the last one that was picked; not in the caches yet.
            hidden: (1, 1, hidden size): the model's state that it was picked from.
            position: int32 (1,): where it stands; all guesses are made from there.
            caches: the model's.
            count: how many.

        Returns:
            int32 (count,).
        """
        import jax.numpy as jnp

        step = ForwardContext(position, jnp.ones_like(position), 1, {}, {})
        blocks = self.lm.backbone.transformer_layers
        for block in blocks:
            source = self._source(block)
            window = None if block.is_global_attention else block.attention.sliding_window_size
            step.recall(source, caches[source], window)
        views = [
            PatchedProxy(
                block,
                attention=as_block_attention(self._attention(block, i, step), ()),
                _compute_attention_mask=lambda *_: None,
            )
            for i, block in enumerate(blocks)
        ]
        lm = PatchedProxy(
            self.lm, backbone=PatchedProxy(self.lm.backbone, transformer_layers=views)
        )
        guessed = []
        for _ in range(count):
            seen = self._embedded(token), hidden, unused_cache(2), 0
            logits, hidden = type(self.lm).call_with_cache(lm, *seen)
            token = jnp.argmax(logits[:, 0], axis=-1).astype(jnp.int32)
            guessed.append(token)
        return jnp.concatenate(guessed)

    def _attention(self, block: Any, layer: int, step: ForwardContext) -> Callable[[Any], Any]:
        source = self._source(block)
        return lambda x: gemma4_attention(PatchedProxy(block.attention), x, step, layer, source)

    def _embedded(self, token: Any) -> Any:
        import jax.numpy as jnp

        backbone = self._target.backbone
        vector = backbone.token_embedding(token[:, None])
        return vector * jnp.sqrt(jnp.asarray(backbone.hidden_dim, vector.dtype))


class SpeculativeDecoder(Decoder):
    """A decoder whose single replies are made with the help of an assistant.

    Several conversations side by side are made without it.

    Args:
        lm: as ``Decoder``.
        max_length: as ``Decoder``.
        assistant: KerasHub's ``Gemma4AssistantCausalLM``; it is read, never changed.
        count: tokens that it guesses at a time; None for what its publisher says.

    Attributes:
        passes: how often the model checked guesses.
        accepted: how many guesses stayed.

    Raises:
        InvalidInput: it is no assistant of this model.
    """

    def __init__(self, lm: Any, max_length: int, assistant: Any, count: int | None = None) -> None:
        self.count = count or int(getattr(assistant, "num_speculative_tokens", 0)) or 1
        # what a pass writes ahead is the rings' room to spare
        super().__init__(lm, max_length, chunk=self.count + 1)
        self.drafter = DraftModel(assistant, self)
        self._weights_of += [*assistant.trainable_variables, *assistant.non_trainable_variables]
        self.passes = self.accepted = 0

    def _rows(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        context: KVCache,
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[list[int]]:
        import jax
        import numpy as np

        if len(prompts) > 1:
            yield from super()._rows(weights, prompts, context, sampling, seeds, count, media)
            return
        self._make(prompts, len(context.ids))
        how = jax.device_put((np.array(seeds, np.uint32), *sampling_scalars(sampling)))
        state = self._prompt(weights, prompts, context, how, media)
        waiting: deque[tuple[Any, Any]] = deque([(state[0], np.ones(1, np.int32))])
        position, left, first = len(prompts[0]), count, True
        while True:
            # one pass ahead of what is read; each makes one token at the least
            if len(waiting) < left:
                made, kept, *state, context.caches = self.programs["chunk", 1](
                    weights, *state, context.caches, *how
                )
                for part in (made, kept):
                    part.copy_to_host_async()
                waiting.append((made, kept))
                context.wrote(position + self.chunk * (len(waiting) - first))
            made, kept = waiting.popleft()
            tokens = np.asarray(made)[: int(np.asarray(kept)[0])].tolist()
            if not first:
                position += len(tokens)
                self.passes += 1
                self.accepted += len(tokens) - 1
            first = False
            for index, token in enumerate(tokens):
                # the last that was picked is taken in by the next pass
                if waiting or index + 1 < len(tokens):
                    context.ids.append(token)
                yield [token]
                left -= 1
                if not left:
                    return

    def _chunk_recipe(self, batch: int) -> Any:
        if batch > 1:
            return super()._chunk_recipe(batch)

        def recipe() -> ProgramSpec:
            state = (
                array_spec(1),
                array_spec(1),
                array_spec(1, 1, self.family.hidden, dtype=self.lm.compute_dtype),
            )
            arguments = (self._described(), *state, self._caches(1), *sampling_specs(1))
            return ProgramSpec(self._checked, arguments, donated=(4,))

        return recipe

    def _checked(
        self,
        weights: Any,
        token: Any,
        position: Any,
        hidden: Any,
        caches: dict[int, KeyValue],
        seeds: Any,
        *how: Any,
    ) -> tuple[Any, ...]:
        """Guesses, and one pass that picks a token behind each.

        Returns:
            The picked tokens, (count + 1,); how many of them hold, (1,); the last of those, where
            it will stand, and the state that it was picked from; the caches.
        """
        import jax.numpy as jnp

        with self._scope(weights):
            guessed = self.drafter.guess(token, hidden, position, caches, self.count)
        tokens = jnp.concatenate([token, guessed])
        size = self.chunk
        logits, states, caches = self._pass(
            weights,
            tokens[None],
            position,
            position * 0 + size,
            None,
            None,
            None,
            caches,
            every=True,
        )
        behind = position + 1 + jnp.arange(size, dtype=jnp.int32)
        picked = sample_tokens(logits[0], behind, jnp.repeat(seeds, size), *how)
        right = jnp.cumprod((guessed == picked[:-1]).astype(jnp.int32))
        kept = 1 + jnp.sum(right, dtype=jnp.int32)[None]
        state = jnp.take_along_axis(states, (kept - 1)[:, None, None], axis=1)
        return picked, kept, picked[kept - 1], position + kept, state, caches
