"""T5Gemma and T5Gemma 2: KerasHub's own generate step with this package's sampling.

KerasHub encodes the prompt, then runs its decoder from ``<bos>`` in one compiled loop. Only the
sampler is replaced. The reply is available when it is complete.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.generation.compilation import next_power_of_two
from gemma_nb.generation.keras_hub_layers import PatchedProxy
from gemma_nb.generation.keras_internals import variable_arrays
from gemma_nb.generation.partitioning import compiled_functions, gather_logits
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings, media_embeddings_at
from gemma_nb.generation.sampling import Sampling, sample_tokens
from gemma_nb.loading.relayout import keep_layouts
from gemma_nb.loading.sharding import DeviceLayout

#: Shortest padded length of prompt and of reply.
SHORTEST = 32

#: Stop tokens that a program takes. Unused places hold ``NO_TOKEN``, which is no token's id.
MAX_STOP_TOKENS, NO_TOKEN = 8, -2


class EncoderDecoder:
    """Runs a KerasHub ``T5GemmaSeq2SeqLM`` or ``T5Gemma2Seq2SeqLM``.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: the most tokens of prompt and reply together.
        devices: the devices that the model is laid out over; None for one.

    Attributes:
        returns_whole_reply: true: the reply is not available token by token (``ReplyTimer``).
        compiled: the compiled functions.
    """

    returns_whole_reply = True

    def __init__(self, lm: Any, max_length: int, devices: DeviceLayout | None = None) -> None:
        self.lm = lm
        self.max_length = max_length
        self.devices = devices
        self.compiled = compiled_functions(devices)

    @property
    def compilations(self) -> int:
        """Number of programs that were compiled."""
        return self.compiled.compilations

    @property
    def compile_seconds(self) -> float:
        """Seconds spent on compiling."""
        return self.compiled.compile_seconds

    def tokens(
        self,
        ids: Sequence[int],
        sampling: Sampling,
        seed: int,
        count: int,
        stops: Collection[int] = (),
        start: int = 2,
        media: Mapping[int, MediaEmbeddings] = NO_MEDIA,
    ) -> Iterator[int]:
        """Yields the reply's token ids, once all are generated; -1 if logits were not numbers.

        Args:
            ids: the prompt's token ids, media ids included.
            sampling: how to sample.
            seed: seed of the random numbers, 0 to 2³² - 1.
            count: the most tokens to generate.
            stops: at most ``MAX_STOP_TOKENS`` ids, each of which ends the reply; it is yielded too.
            start: the decoder's first token: ``<bos>``.
            media: media id -> embeddings.
        """
        import numpy as np

        size = next_power_of_two(len(ids), SHORTEST, self.max_length)
        prompt = np.zeros((1, size), np.int32)
        prompt[0, : len(ids)] = ids
        reply_size = next_power_of_two(count, SHORTEST, self.max_length) + 1
        reply = np.zeros((1, reply_size), np.int32)
        reply[0, 0] = start
        inputs: dict[str, Any] = {
            "encoder_token_ids": np.maximum(prompt, 0),
            "encoder_padding_mask": np.arange(size)[None] < len(ids),
            "decoder_token_ids": reply,
            "decoder_padding_mask": np.arange(reply.shape[1])[None] < 1,
        }
        if (prompt < -1).any():
            inputs["images"], _ = media_embeddings_at(ids, 0, size, media)
            inputs["vision_indices"] = prompt < -1
        stop_ids = np.full(MAX_STOP_TOKENS, NO_TOKEN, np.int32)
        stop_ids[: len(stops)] = sorted(stops)
        sampling_args = (
            np.uint32(seed),
            np.float32(sampling.temperature),
            np.int32(sampling.top_k),
            np.float32(sampling.top_p),
        )
        weights = [v.value for v in self._variables()]
        shape = (prompt.shape, reply.shape, "images" in inputs)
        arguments = weights, inputs, stop_ids, np.int32(count), sampling_args
        tokens, end = self.compiled.run(("reply", shape), self._generate_reply, *arguments)
        yield from np.asarray(tokens)[0, 1 : int(end)].tolist()

    def _variables(self) -> list[Any]:
        return [*self.lm.trainable_variables, *self.lm.non_trainable_variables]

    def _generate_reply(
        self, weights: Any, inputs: Any, stop_ids: Any, count: Any, sampling: Any
    ) -> Any:
        """Traced: returns the decoder's tokens, (1, length), and the index of their end."""
        import jax.numpy as jnp
        import keras

        def interleave(image_embeddings: Any, text_embeddings: Any, vision_indices: Any) -> Any:
            images = image_embeddings.astype(text_embeddings.dtype)
            return jnp.where(vision_indices[..., None], images, text_embeddings)

        backbone: Any = PatchedProxy(self.lm.backbone)
        if "images" in inputs:  # the images are encoded already, and in their places
            backbone = PatchedProxy(
                backbone,
                vision_encoder=lambda embeddings: embeddings,
                interleave_embeddings=interleave,
            )
        elif not getattr(backbone, "text_only_model", True):
            # KerasHub would run the vision encoder on an image of zeros, and not use the result
            backbone = PatchedProxy(backbone, text_only_model=True)
        if type(self.lm.backbone).__name__ == "T5GemmaBackbone":
            backbone = _with_sliding_windows(backbone)
        sampler = _LoopSampler(stop_ids, count, sampling, self.devices)
        # the sampler of the user's own task stays as it is
        lm = PatchedProxy(self.lm, sampler=sampler, backbone=backbone)
        # private: keras-hub 0.32, the methods that T5Gemma's generate_step calls on itself
        methods = ("_build_cache", "call_encoder", "call_decoder_with_cache")
        lm.__dict__.update({name: _bind_method(self.lm, name, lm) for name in methods})
        variables = self._variables()
        weights = keep_layouts(weights, variable_arrays(variables))
        mapping = zip(variables, weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            output = type(self.lm).generate_step(lm, inputs)
        return output["decoder_token_ids"], sampler.end


def _with_sliding_windows(backbone: Any) -> PatchedProxy:
    """A T5Gemma backbone whose sliding layers attend as in transformers.

    KerasHub's encoder has no window, and its decoder attends to one token too many (keras-hub 0.32,
    ``T5GemmaEncoderLayer._make_attention_mask``, ``T5GemmaDecoderLayer._make_self_attention_mask``).
    In transformers 5.23 a token of the encoder attends to those at most a window away on both sides,
    and one of the decoder to the last tokens of a window, itself included (``masking_utils``). The
    numbers differ from KerasHub's for prompts and replies longer than the window: 4,096 tokens in
    the published models.
    """
    import jax.numpy as jnp

    def encoder_layer(layer: Any) -> Any:
        if layer.layer_type != "sliding_attention":
            return layer

        def mask(hidden: Any, padding: Any) -> Any:
            at = jnp.arange(hidden.shape[1])
            near = abs(at[:, None] - at) <= layer.sliding_window
            visible = near & jnp.asarray(padding, bool)[:, None, None]
            return jnp.where(visible, 0, -1e9).astype(hidden.dtype)

        return PatchedProxy(layer, _make_attention_mask=mask)

    def decoder_layer(layer: Any) -> Any:
        if layer.layer_type != "sliding_attention":
            return layer
        proxy = PatchedProxy(layer, sliding_window=layer.sliding_window - 1)
        proxy.__dict__["_make_self_attention_mask"] = _bind_method(
            layer, "_make_self_attention_mask", proxy
        )
        return proxy

    return PatchedProxy(
        backbone,
        encoder_layers=[encoder_layer(layer) for layer in backbone.encoder_layers],
        decoder_layers=[decoder_layer(layer) for layer in backbone.decoder_layers],
    )


def _bind_method(target: Any, name: str, proxy: PatchedProxy) -> Any:
    """A method of an object's class, bound to a proxy of the object."""
    return getattr(type(target), name).__get__(proxy)


class _LoopSampler:
    """Replaces KerasHub's sampler during one trace.

    Args:
        stop_ids: int32 (``MAX_STOP_TOKENS``,): the tokens that end the reply.
        count: scalar int32: the most tokens to generate.
        sampling: seed, temperature, top_k and top_p, each a scalar.
        devices: the devices that the model is laid out over; None for one.

    Attributes:
        end: the index after the reply's last token, after the call.
    """

    def __init__(
        self, stop_ids: Any, count: Any, sampling: Any, devices: DeviceLayout | None
    ) -> None:
        self._stop_ids = stop_ids
        self._count = count
        self._sampling = sampling
        self._devices = devices
        self.end: Any = None

    def __call__(self, next: Any, prompt: Any, cache: Any, index: Any, **_: Any) -> Any:  # noqa: A002 - KerasHub's name
        """Runs the decoder from ``index`` to a stop token, or for ``count`` tokens.

        Args:
            next: KerasHub's step, from tokens, cache and index to logits, hidden states and cache.
            prompt: int32 (1, length): the decoder's tokens.
            cache: KerasHub's cache.
            index: the first index to generate.

        Returns:
            The decoder's tokens.
        """
        import jax
        import jax.numpy as jnp

        seed, *sampling = self._sampling
        first = index = jnp.asarray(index, jnp.int32)

        def continues(state: Any) -> Any:
            _, _, at, token = state
            ended = jnp.any(token == self._stop_ids) | (token < 0)
            return (at < first + self._count) & ~((at > first) & ended)

        def step(state: Any) -> Any:
            prompt, cache, at, _ = state
            logits, _, cache = next(prompt, cache, at)
            logits = gather_logits(logits, self._devices)
            token = sample_tokens(logits, at[None], seed[None], *sampling)
            prompt = jax.lax.dynamic_update_slice(prompt, token[:, None], (0, at))
            return prompt, cache, at + 1, token[0]

        state = (jnp.asarray(prompt), cache, index, jnp.int32(NO_TOKEN - 1))
        prompt, _, self.end, _ = jax.lax.while_loop(continues, step, state)
        return prompt
