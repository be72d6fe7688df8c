"""The functions of a decoder that JAX compiles, and the shapes that they are compiled for.

There are few programs: ``prefill_step`` for each padded length of a prompt's chunk, ``decode_steps``
for the tokens of the reply, ``sample_tokens`` where the first two leave it to a program of its own, and
those of ``kv_cache`` that create and copy caches. All are pure
functions of the weights and the caches; the caches are donated, so that XLA updates them in place.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from gemma_nb.fit.cache_layout import TOKENS_PER_CALL
from gemma_nb.generation.adapters import create_adapter
from gemma_nb.generation.attention import ForwardContext, KeyValue
from gemma_nb.generation.compilation import ProgramSpec, SpecFactory
from gemma_nb.generation.keras_internals import all_layers, is_distributed
from gemma_nb.generation.kv_cache import CacheLayout
from gemma_nb.generation.partitioning import gather_logits
from gemma_nb.generation.prefill import chunk_shapes, prefill_buckets
from gemma_nb.generation.processor_products import on_processor
from gemma_nb.generation.sampling import Sampling, greedy_tokens, sample_tokens
from gemma_nb.loading import relayout
from gemma_nb.loading.sharding import DeviceLayout


class DecodePrograms:
    """The programs of one model.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: tokens that the KV cache holds, prompt and reply together.
        steps_per_call: tokens that one call of ``decode_steps`` generates.
        devices: the devices that the model is laid out over; None for one.

    Attributes:
        adapter: runs the task's forward pass.
        cache_layout: the shapes of the caches.
        variables: the Keras variables whose arrays the programs take as their first argument.
    """

    def __init__(
        self, lm: Any, max_length: int, steps_per_call: int, devices: DeviceLayout | None = None
    ) -> None:
        self.lm = lm
        self.devices = devices
        self.max_length = max_length
        self.steps_per_call = steps_per_call
        self.adapter = create_adapter(lm)
        self.cache_layout = CacheLayout(
            self.adapter.layers, lm.compute_dtype, max_length, steps_per_call
        )
        self.variables = [*lm.trainable_variables, *lm.non_trainable_variables]

    # --- specs: what each program is compiled for

    def specs(
        self, prompts: Sequence[Sequence[int]], start: int, *, decode: bool
    ) -> dict[Hashable, SpecFactory]:
        """Returns the specs of the programs that prompts need, by name.

        Args:
            prompts: the token ids of each.
            start: tokens that are in the cache already.
            decode: whether to include the program that generates the reply.
        """
        batch = len(prompts)
        specs: dict[Hashable, SpecFactory] = {("empty", batch): self.zero_caches_spec(batch)}
        for shape in chunk_shapes(prompts, start, self.adapter.bidirectional, prefill_buckets()):
            specs["prefill", *shape] = self.prefill_spec(shape)
        if decode:
            specs |= self.decode_specs(batch)
        return specs

    def decode_specs(self, batch: int) -> dict[Hashable, SpecFactory]:
        """Returns the specs of the programs that generate the reply, by name."""
        specs: dict[Hashable, SpecFactory] = {("decode", batch): self.decode_spec(batch)}
        return specs | (self.sample_specs() if self.samples_apart(batch) else {})

    def samples_apart(self, batch: int) -> bool:
        """Whether prefill and decode steps pick greedily, and sampling is a program of its own.

        It is for one conversation on one processor. There XLA takes as long to compile the sampling
        as the six layers of the demo model, and would compile it with every prompt length (jax
        0.10.2: 1.4 of 2.9 s, 2026-11-30). The first token of a greedy reply does not wait for it.
        """
        one = self.devices is None and not is_distributed(self.variables)
        return batch == 1 and self.steps_per_call == 1 and one and on_processor()

    def first_prompt_specs(self) -> dict[Hashable, SpecFactory]:
        """Returns the specs of the programs that a short first prompt needs, by name."""
        if self.adapter.bidirectional == "prompt":
            # the prompt comes with an image, and its length is not known yet
            return {("empty", 1): self.zero_caches_spec(1), **self.decode_specs(1)}
        return self.specs([[0]], 0, decode=True)

    def zero_caches_spec(self, batch: int) -> SpecFactory:
        """Spec of the program that creates empty caches."""
        return lambda: ProgramSpec(lambda: self.cache_layout.zeros(batch), ())

    def prefill_spec(self, shape: tuple[int, int, bool, bool]) -> SpecFactory:
        """Spec of ``prefill_step`` for chunks of a ``PrefillChunk.shape``."""
        batch = shape[0]

        def make_spec() -> ProgramSpec:
            arguments = self._forward_specs(shape)
            donated = (len(arguments) - 1,)
            arguments = (*arguments, array_spec(batch), *self._sampling_specs(batch))
            return ProgramSpec(self.prefill_step, arguments, donated, row_axes=(0, 0, 0, 0))

        return make_spec

    def logits_spec(self, shape: tuple[int, int, bool, bool]) -> SpecFactory:
        """Spec of ``next_token_logits`` for chunks of a ``PrefillChunk.shape``."""

        def make_spec() -> ProgramSpec:
            arguments = self._forward_specs(shape)
            return ProgramSpec(self.exact_logits, arguments, (len(arguments) - 1,))

        return make_spec

    def decode_spec(self, batch: int) -> SpecFactory:
        """Spec of ``decode_steps``."""

        def make_spec() -> ProgramSpec:
            row, weights = array_spec(batch), self.weight_specs()
            offset = row if batch > 1 else None
            caches = self.cache_layout.specs(batch)
            arguments = (weights, row, row, offset, caches, *self._sampling_specs(batch))
            return ProgramSpec(self.decode_steps, arguments, donated=(4,), row_axes=(1, 0, 0, 0))

        return make_spec

    def sample_specs(self) -> dict[Hashable, SpecFactory]:
        """Returns the spec of the program that samples apart, by name."""

        def make_spec() -> ProgramSpec:
            logits = array_spec(1, self.adapter.vocabulary_size, dtype="float32")
            return ProgramSpec(sample_tokens, (logits, array_spec(1), *sampling_specs(1)))

        return {"sample": make_spec}

    def _sampling_specs(self, batch: int) -> tuple[Any, ...]:
        """Descriptions of the arguments of ``_next_tokens`` for sampling."""
        return () if self.samples_apart(batch) else sampling_specs(batch)

    def _forward_specs(self, shape: tuple[int, int, bool, bool]) -> tuple[Any, ...]:
        """Descriptions of the arguments of ``forward``."""
        batch, size, has_media, has_groups = shape
        row, tokens = array_spec(batch), array_spec(batch, size)
        media = (
            array_spec(batch, size, self.adapter.hidden_size, dtype="float32"),
            array_spec(batch, size, dtype="bool"),
        )
        return (
            self.weight_specs(),
            tokens,
            row,
            row,
            *(media if has_media else (None, None)),
            tokens if has_groups else None,
            row if batch > 1 else None,
            self.cache_layout.specs(batch),
        )

    def weight_specs(self) -> list[Any]:
        """The weights, or their descriptions where they are not loaded yet."""
        return relayout.compile_arguments(self.variables, all_layers(self.lm))

    # --- the programs; JAX traces what follows

    def forward(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        media: Any,
        is_media: Any,
        groups: Any,
        caches: dict[int, KeyValue],
        *,
        all_logits: bool = False,
        offset: Any = None,
    ) -> tuple[Any, Any, dict[int, KeyValue]]:
        """Runs the model on some tokens and writes their keys and values to the caches.

        Args:
            weights: arrays of ``variables``.
            tokens: int32 (batch, size); 0 at media tokens and padding.
            start: as ``ForwardContext.start``.
            length: as ``ForwardContext.length``.
            media: as ``ForwardContext.media``.
            is_media: as ``ForwardContext.is_media``.
            groups: as ``ForwardContext.groups``.
            caches: layer -> keys and values.
            all_logits: as ``ForwardContext.all_logits``.
            offset: as ``ForwardContext.offset``.

        Returns:
            As ``ModelAdapter.forward``; and the new caches.
        """
        import jax
        import jax.numpy as jnp

        context = ForwardContext(
            start=start,
            length=length,
            size=tokens.shape[1],
            caches=dict(caches),
            windows={i: c.window for i, c in self.adapter.layers.items()},
            media=media,
            is_media=is_media,
            groups=groups,
            groups_beyond_window=self.adapter.groups_beyond_window,
            all_logits=all_logits,
            offset=offset,
        )
        with self.stateless_scope(weights):
            logits, hidden = self.adapter.forward(tokens, context)
        if jax.default_backend() != "gpu":  # a GPU samples 16-bit logits in half the passes
            logits = logits.astype(jnp.float32)
        logits = gather_logits(logits, self.devices)
        return logits, hidden, context.caches

    def next_token_logits(
        self, weights: Any, *arguments_and_caches: Any
    ) -> tuple[Any, dict[int, KeyValue]]:
        """Runs ``forward``; returns the logits of each row's next token, and the new caches.

        Args:
            weights: as in ``forward``.
            *arguments_and_caches: ``PrefillChunk.arguments`` and the caches.
        """
        *arguments, offset, caches = arguments_and_caches
        forward: Any = self.forward
        logits, _, caches = forward(weights, *arguments, caches, offset=offset)
        return logits[:, 0], caches

    def exact_logits(self, weights: Any, *arguments: Any) -> tuple[Any, dict[int, KeyValue]]:
        """As ``next_token_logits``, in float32: XLA then need not round them in between."""
        import jax.numpy as jnp

        logits, caches = self.next_token_logits(weights, *arguments)
        return logits.astype(jnp.float32), caches

    def prefill_step(
        self,
        weights: Any,
        tokens: Any,
        start: Any,
        length: Any,
        media: Any,
        is_media: Any,
        groups: Any,
        offset: Any,
        caches: dict[int, KeyValue],
        previous: Any,
        *sampling: Any,
    ) -> tuple[Any, ...]:
        """Runs a chunk of the prompts and samples the token that follows it.

        Args:
            weights: as in ``forward``, like the next six.
            tokens: the chunk.
            start: its first positions.
            length: its real tokens; 0 for a prompt that ended in an earlier chunk.
            media: embeddings of images and sound.
            is_media: which tokens they belong to.
            groups: which tokens attend to each other in both directions.
            offset: as ``ForwardContext.offset``.
            caches: layer -> keys and values.
            previous: int32 (batch,): the tokens sampled after the chunk before; a prompt with
                ``length`` 0 keeps it.
            *sampling: seeds and ``sampling_scalars``; none with ``samples_apart``.

        Returns:
            The sampled tokens, int32 (batch,); their positions, int32 (batch,); the hidden states
            that they were sampled from, (batch, 1, hidden size); the new caches. With
            ``samples_apart`` the tokens are the most likely ones, and their logits come last,
            (batch, vocabulary).
        """
        import jax.numpy as jnp

        media_arguments = (media, is_media, groups)
        logits, hidden, caches = self.forward(
            weights, tokens, start, length, *media_arguments, caches, offset=offset
        )
        end = start + length
        last = jnp.take_along_axis(hidden, (length - 1)[:, None, None], axis=1)
        if not sampling:
            return greedy_tokens(logits[:, 0]), end, last, caches, logits[:, 0]
        sampled = sample_tokens(logits[:, 0], end, *sampling)
        return jnp.where(length > 0, sampled, previous), end, last, caches

    def decode_steps(
        self,
        weights: Any,
        token: Any,
        position: Any,
        offset: Any,
        caches: dict[int, KeyValue],
        *sampling: Any,
    ) -> tuple[Any, ...]:
        """Generates ``steps_per_call`` tokens for each row.

        Args:
            weights: as in ``forward``.
            token: int32 (batch,): the last sampled tokens; they are not in the caches yet.
            position: int32 (batch,): their positions.
            offset: as ``ForwardContext.offset``.
            caches: layer -> keys and values.
            *sampling: seeds and ``sampling_scalars``; none with ``samples_apart``.

        Returns:
            The new tokens, int32 (steps, batch); the last of them, int32 (batch,), and their
            positions, int32 (batch,); the new caches. With ``samples_apart`` as ``prefill_step``.
        """
        import jax
        import jax.numpy as jnp

        one = jnp.ones_like(position)

        def next_logits(state: Any) -> Any:
            token, position, caches = state
            return self.next_token_logits(
                weights, token[:, None], position, one, None, None, None, offset, caches
            )

        if not sampling:
            logits, caches = next_logits((token, position, caches))
            token = greedy_tokens(logits)
            return token[None], token, position + 1, caches, logits

        def decode_step(state: Any, _: None) -> Any:
            logits, caches = next_logits(state)
            position = state[1]
            token = sample_tokens(logits, position + 1, *sampling)
            return (token, position + 1, caches), token

        state = token, position, caches
        if self.steps_per_call == 1:  # a loop would copy the caches in and out
            last, tokens = decode_step(state, None)
            return tokens[None], *last
        last, tokens = jax.lax.scan(decode_step, state, None, length=self.steps_per_call)
        return tokens, *last

    def stateless_scope(self, weights: list[Any]) -> Any:
        """Returns the Keras scope in which the task's layers use these arrays as weights."""
        import keras

        mapping = zip(self.variables, self._with_layouts(weights), strict=True)
        return keras.StatelessScope(state_mapping=mapping)

    def _with_layouts(self, weights: list[Any]) -> list[Any]:
        """Weights that keep their memory layout: in a loop, XLA would copy them to its default."""
        return relayout.keep_layouts(weights, self.weight_specs())


def default_steps_per_call() -> int:
    """Returns the tokens to generate per call of the device.

    A call costs a GPU a third of the time of a token, so it generates several. On a CPU a call costs
    next to nothing, and one token per call reaches the reader sooner.
    """
    import jax

    return 1 if jax.default_backend() == "cpu" else TOKENS_PER_CALL


def array_spec(*shape: int, dtype: str = "int32") -> Any:
    """Describes an array for compilation."""
    import jax

    return jax.ShapeDtypeStruct(shape, dtype)


def sampling_scalars(sampling: Sampling) -> tuple[Any, Any, Any]:
    """Returns temperature, top_k and top_p as the programs take them, after the seeds."""
    import numpy as np

    return (
        np.float32(sampling.temperature),
        np.int32(sampling.top_k),
        np.float32(sampling.top_p),
    )


def sampling_specs(batch: int) -> tuple[Any, ...]:
    """Describes the seeds and the ``sampling_scalars`` for compilation."""
    import jax
    import numpy as np

    kinds = (np.float32, np.int32, np.float32)
    scalars = (jax.ShapeDtypeStruct((), kind) for kind in kinds)
    return jax.ShapeDtypeStruct((batch,), np.uint32), *scalars
