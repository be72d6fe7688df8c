"""Speculative decoding: a small model proposes several tokens, one pass of the model verifies them.

The result is what the model alone would generate: a proposed token is accepted if the model samples
the same token at that place, with the same random numbers. Gemma 4's assistants have no cache of
their own: their layers attend to the model's caches, and start from its last hidden state
(keras-hub 0.32, ``Gemma4AssistantCausalLM``; transformers,
``SinglePositionMultiTokenCandidateGenerator``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.generation.adapters import ModelAdapter
from gemma_nb.generation.attention import ForwardContext, KeyValue
from gemma_nb.generation.compilation import ProgramSpec, SpecFactory
from gemma_nb.generation.decode_programs import (
    DecodePrograms,
    array_spec,
    sampling_scalars,
    sampling_specs,
)
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.keras_hub_layers import (
    PatchedProxy,
    as_block_attention,
    gemma4_attention,
    unused_cache,
)
from gemma_nb.generation.kv_cache import KVCache
from gemma_nb.generation.optimized_layers import optimize_embedding
from gemma_nb.generation.partitioning import same_seeds, send_inputs
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings
from gemma_nb.generation.sampling import Sampling, sample_tokens
from gemma_nb.loading.sharding import DeviceLayout


class DraftModel:
    """Proposes tokens from a model's caches and hidden states, within a traced program.

    Args:
        lm: KerasHub's ``Gemma4AssistantCausalLM``; it is read, never changed.
        adapter: the adapter of the ``Gemma4CausalLM`` that it was trained for.

    Raises:
        InvalidInput: it is not an assistant of this model: its class or its sizes differ.
    """

    def __init__(self, lm: Any, adapter: ModelAdapter) -> None:
        self.lm = lm
        self._target = adapter.lm
        self._layers = adapter.layers
        #: whether a layer is global -> the last layer of that kind that has a cache
        self._sources = {cache.window is None: i for i, cache in self._layers.items()}
        if type(lm).__name__ != "Gemma4AssistantCausalLM" or not self._fits(adapter):
            raise InvalidInput(
                "assistant_mismatch", kind=type(lm).__name__, target=type(self._target).__name__
            )

    def _fits(self, adapter: ModelAdapter) -> bool:
        layers, blocks = self._layers, self.lm.backbone.transformer_layers
        needed = {bool(block.is_global_attention) for block in blocks}
        return (
            type(self._target).__name__ == "Gemma4CausalLM"
            and self.lm.backbone_hidden_size == adapter.hidden_size
            and self.lm.backbone.vocabulary_size == self._target.backbone.vocabulary_size
            and needed <= self._sources.keys()
            and all(
                block.attention.head_dim == layers[self._source(block)].head_dim
                and not block.attention.num_query_heads % layers[self._source(block)].heads
                for block in blocks
            )
        )

    def _source(self, block: Any) -> int:
        """The model's layer to whose cache an assistant's block attends."""
        return self._sources[bool(block.is_global_attention)]

    def propose(
        self, token: Any, hidden: Any, position: Any, caches: dict[int, KeyValue], count: int
    ) -> Any:
        """Proposes the tokens that may follow.

        Args:
            token: int32 (1,): the last sampled token; it is not in the caches yet.
            hidden: (1, 1, hidden size): the model's hidden state that it was sampled from.
            position: int32 (1,): the token's position; all tokens are proposed from there.
            caches: the model's caches.
            count: number of tokens to propose.

        Returns:
            int32 (count,).
        """
        import jax.numpy as jnp

        context = ForwardContext(position, jnp.ones_like(position), 1, {}, {})
        blocks = self.lm.backbone.transformer_layers
        for block in blocks:
            source = self._source(block)
            window = None if block.is_global_attention else block.attention.sliding_window_size
            context.attend(source, caches[source], window)
        proxies = [
            PatchedProxy(
                block,
                attention=as_block_attention(self._attention(block, i, context), ()),
                # private: keras-hub 0.32, the method that the blocks build their masks with
                _compute_attention_mask=lambda *_: None,
            )
            for i, block in enumerate(blocks)
        ]
        backbone = PatchedProxy(self.lm.backbone, transformer_layers=proxies)
        lm = PatchedProxy(self.lm, backbone=backbone)
        proposed = []
        for _ in range(count):
            arguments = self._embed(token), hidden, unused_cache(2), 0
            logits, hidden = type(self.lm).call_with_cache(lm, *arguments)
            token = jnp.argmax(logits[:, 0], axis=-1).astype(jnp.int32)
            proposed.append(token)
        return jnp.concatenate(proposed)

    def _attention(self, block: Any, layer: int, context: ForwardContext) -> Callable[[Any], Any]:
        source = self._source(block)
        return lambda x: gemma4_attention(PatchedProxy(block.attention), x, context, layer, source)

    def _embed(self, token: Any) -> Any:
        """The model's own embedding of a token, scaled, (1, 1, hidden size)."""
        import jax.numpy as jnp

        backbone = self._target.backbone
        vector = optimize_embedding(backbone.token_embedding)(token[:, None])
        return vector * jnp.sqrt(jnp.asarray(backbone.hidden_dim, vector.dtype))


class SpeculativePrograms(DecodePrograms):
    """The programs of a model with an assistant: a batch of one decodes speculatively.

    Args:
        lm: as ``DecodePrograms``.
        max_length: as ``DecodePrograms``.
        assistant: KerasHub's ``Gemma4AssistantCausalLM``; it is read, never changed.
        count: tokens to propose per pass.
        devices: as ``DecodePrograms``.

    Raises:
        InvalidInput: it is not an assistant of this model.
    """

    def __init__(
        self,
        lm: Any,
        max_length: int,
        assistant: Any,
        count: int,
        devices: DeviceLayout | None = None,
    ) -> None:
        # the tokens that a pass writes ahead determine how much longer the ring buffers are
        super().__init__(lm, max_length, steps_per_call=count + 1, devices=devices)
        self.count = count
        self.draft_model = DraftModel(assistant, self.adapter)
        self.variables += [*assistant.trainable_variables, *assistant.non_trainable_variables]

    def decode_spec(self, batch: int) -> SpecFactory:
        """As ``DecodePrograms.decode_spec``; for a batch of one, of ``speculative_step``."""
        if batch > 1:
            return super().decode_spec(batch)

        def make_spec() -> ProgramSpec:
            hidden = array_spec(1, 1, self.adapter.hidden_size, dtype=self.lm.compute_dtype)
            state = array_spec(1), array_spec(1), hidden
            arguments = (
                self.weight_specs(),
                *state,
                self.cache_layout.specs(1),
                *sampling_specs(1),
            )
            return ProgramSpec(self.speculative_step, arguments, donated=(4,))

        return make_spec

    def speculative_step(
        self,
        weights: Any,
        token: Any,
        position: Any,
        hidden: Any,
        caches: dict[int, KeyValue],
        seeds: Any,
        *sampling: Any,
    ) -> tuple[Any, ...]:
        """Proposes tokens, and verifies them with one pass that samples a token after each.

        Args:
            weights: as in ``DecodePrograms.forward``.
            token: int32 (1,): the last sampled token; it is not in the caches yet.
            position: int32 (1,): its position.
            hidden: (1, 1, hidden size): the hidden state that it was sampled from.
            caches: layer -> keys and values.
            seeds: uint32 (1,).
            *sampling: ``sampling_scalars``.

        Returns:
            The sampled tokens, (count + 1,); how many of them are accepted, (1,); the last accepted
            token, its position, and the hidden state that it was sampled from; the new caches.
        """
        import jax.numpy as jnp

        with self.stateless_scope(weights):
            proposed = self.draft_model.propose(token, hidden, position, caches, self.count)
        tokens = jnp.concatenate([token, proposed])
        size = self.steps_per_call
        logits, states, caches = self.forward(
            weights,
            tokens[None],
            position,
            position * 0 + size,
            None,
            None,
            None,
            caches,
            all_logits=True,
        )
        next_positions = position + 1 + jnp.arange(size, dtype=jnp.int32)
        sampled = sample_tokens(logits[0], next_positions, jnp.repeat(seeds, size), *sampling)
        correct = jnp.cumprod((proposed == sampled[:-1]).astype(jnp.int32))
        accepted = 1 + jnp.sum(correct, dtype=jnp.int32)[None]
        state = jnp.take_along_axis(states, (accepted - 1)[:, None, None], axis=1)
        return sampled, accepted, sampled[accepted - 1], position + accepted, state, caches


class SpeculativeDecoder(Decoder):
    """A decoder that generates single replies with the help of an assistant.

    A batch of several conversations is generated without it.

    Args:
        lm: as ``Decoder``.
        max_length: as ``Decoder``.
        assistant: KerasHub's ``Gemma4AssistantCausalLM``; it is read, never changed.
        count: tokens to propose per pass; None for its publisher's number.
        devices: as ``Decoder``.

    Attributes:
        verify_passes: passes of the model that verified proposed tokens.
        accepted_tokens: proposed tokens that were accepted.

    Raises:
        InvalidInput: it is not an assistant of this model.
    """

    def __init__(
        self,
        lm: Any,
        max_length: int,
        assistant: Any,
        count: int | None = None,
        devices: DeviceLayout | None = None,
    ) -> None:
        count = count or int(getattr(assistant, "num_speculative_tokens", 0)) or 1
        programs = SpeculativePrograms(lm, max_length, assistant, count, devices)
        super().__init__(lm, max_length, programs=programs, devices=devices)
        self.verify_passes = self.accepted_tokens = 0

    def _generate(
        self,
        weights: list[Any],
        prompts: Sequence[Sequence[int]],
        cache: KVCache,
        sampling: Sampling,
        seeds: Sequence[int],
        count: int,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[list[int]]:
        import numpy as np

        self._ensure_compiled(prompts, len(cache.ids))
        seeds = same_seeds(seeds, self.devices)
        sampling_args = (np.array(seeds, np.uint32), *sampling_scalars(sampling))
        sampling_args = send_inputs(sampling_args, self.devices)
        state = self._prefill(weights, prompts, cache, sampling_args, media)
        pending: deque[tuple[Any, Any]] = deque([(state[0], np.ones(1, np.int32))])
        position, left, is_first = len(prompts[0]), count, True
        while True:
            # one pass is sent before the last one is read; each gives at least one token
            if len(pending) < left:
                sampled, accepted, *state, cache.layers = self.compiled["decode", 1](
                    weights, *state, cache.layers, *sampling_args
                )
                for array in (sampled, accepted):
                    array.copy_to_host_async()
                pending.append((sampled, accepted))
                cache.mark_written(position + self.steps_per_call * (len(pending) - is_first))
            sampled, accepted = pending.popleft()
            tokens = np.asarray(sampled)[: int(np.asarray(accepted)[0])].tolist()
            if not is_first:
                position += len(tokens)
                self.verify_passes += 1
                self.accepted_tokens += len(tokens) - 1
            is_first = False
            for index, token in enumerate(tokens):
                # the last sampled token is written to the cache by the next pass
                if pending or index + 1 < len(tokens):
                    cache.ids.append(token)
                yield [token]
                left -= 1
                if not left:
                    return
