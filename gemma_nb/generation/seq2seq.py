"""T5Gemma and T5Gemma 2: KerasHub's own generate step, with this package's sampling in it.

KerasHub encodes the prompt, then runs its decoder from ``<bos>`` in one compiled loop; nothing of
that is replaced but the sampler. The reply comes when it is whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from gemma_nb.generation.adapters import PatchedProxy
from gemma_nb.generation.compilation import CompiledFunctions, next_power_of_two
from gemma_nb.generation.prefill import NO_MEDIA, MediaEmbeddings, media_embeddings_at
from gemma_nb.generation.sampling import Sampling, sample_tokens

#: Shortest padded length of prompt and of reply.
SHORTEST = 32

#: Stop tokens that one program takes; a place that is not used holds no token.
MAX_STOP_TOKENS, NONE = 8, -2


class EncoderDecoder:
    """Runs a KerasHub ``T5GemmaSeq2SeqLM`` or ``T5Gemma2Seq2SeqLM``.

    Args:
        lm: the KerasHub task; it is read, never changed.
        max_length: the most tokens of prompt and reply together.

    Attributes:
        at_once: that a reply comes in one piece, for what times it.
    """

    at_once = True

    def __init__(self, lm: Any, max_length: int) -> None:
        self.lm = lm
        self.max_length = max_length
        self.programs = CompiledFunctions()

    @property
    def compilations(self) -> int:
        """How many programs were compiled."""
        return self.programs.compilations

    @property
    def compile_seconds(self) -> float:
        """How long that took."""
        return self.programs.compile_seconds

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
        """Yields the reply's token ids, all when the last is made; -1 where logits were no numbers.

        Args:
            ids: the prompt's token ids, soft ids among them.
            sampling: how to pick.
            seed: of the random numbers, 0 to 2³² - 1.
            count: the most tokens to make.
            stops: at most ``STOPS`` tokens, one of which ends the reply; it is yielded too.
            start: what the decoder starts from: ``<bos>``.
            media: soft id -> what stands there.
        """
        import numpy as np

        size = next_power_of_two(len(ids), SHORTEST, self.max_length)
        prompt = np.zeros((1, size), np.int32)
        prompt[0, : len(ids)] = ids
        reply = np.zeros((1, next_power_of_two(count, SHORTEST, self.max_length) + 1), np.int32)
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
        ends = np.full(MAX_STOP_TOKENS, NONE, np.int32)
        ends[: len(stops)] = sorted(stops)
        how = (
            np.uint32(seed),
            np.float32(sampling.temperature),
            np.int32(sampling.top_k),
            np.float32(sampling.top_p),
        )
        weights = [v.value for v in self._variables()]
        shape = (prompt.shape, reply.shape, "images" in inputs)
        made, last = self.programs.run(
            ("reply", shape), self._reply, weights, inputs, ends, np.int32(count), how
        )
        yield from np.asarray(made)[0, 1 : int(last)].tolist()

    def _variables(self) -> list[Any]:
        return [*self.lm.trainable_variables, *self.lm.non_trainable_variables]

    def _reply(self, weights: Any, inputs: Any, ends: Any, count: Any, how: Any) -> Any:
        """The decoder's tokens, and where they end."""
        import jax.numpy as jnp
        import keras

        def interleaved(image_embeddings: Any, text_embeddings: Any, vision_indices: Any) -> Any:
            soft = image_embeddings.astype(text_embeddings.dtype)
            return jnp.where(vision_indices[..., None], soft, text_embeddings)

        backbone = self.lm.backbone
        if "images" in inputs:  # encoded already, and in their places
            backbone = PatchedProxy(
                backbone, vision_encoder=lambda soft: soft, interleave_embeddings=interleaved
            )
        elif not getattr(backbone, "text_only_model", True):
            # KerasHub puts an image of zeros through the vision encoder, and nothing in its place
            backbone = PatchedProxy(backbone, text_only_model=True)
        picker = _Picker(ends, count, how)
        # the sampler of the user's own task stays as it is
        lm = PatchedProxy(self.lm, sampler=picker, backbone=backbone)
        lm.__dict__.update(
            {name: _bound(self.lm, name, lm) for name in ("_build_cache", "call_encoder")}
        )
        mapping = zip(self._variables(), weights, strict=True)
        with keras.StatelessScope(state_mapping=mapping):
            made = type(self.lm).generate_step(lm, inputs)
        return made["decoder_token_ids"], picker.last


def _bound(lm: Any, name: str, view: PatchedProxy) -> Any:
    """A method of ``lm`` that runs on its view."""
    return getattr(type(lm), name).__get__(view)


class _Picker:
    """Stands where KerasHub's sampler does, for the length of one trace.

    Args:
        ends: int32 (``STOPS``,): the tokens that end the reply.
        count: scalar int32: the most tokens to make.
        how: seed, temperature, top_k and top_p, each a scalar.
    """

    def __init__(self, ends: Any, count: Any, how: Any) -> None:
        self._ends = ends
        self._count = count
        self._how = how
        self.last: Any = None

    def __call__(self, next: Any, prompt: Any, cache: Any, index: Any, **_: Any) -> Any:  # noqa: A002 - KerasHub's name
        """Runs the decoder from ``index`` until a stop token or ``count`` tokens."""
        import jax
        import jax.numpy as jnp

        seed, *sampling = self._how
        first = index = jnp.asarray(index, jnp.int32)

        def goes_on(state: Any) -> Any:
            _, _, at, token = state
            ended = jnp.any(token == self._ends) | (token < 0)
            return (at < first + self._count) & ~((at > first) & ended)

        def step(state: Any) -> Any:
            prompt, cache, at, _ = state
            logits, _, cache = next(prompt, cache, at)
            token = sample_tokens(logits, at[None], seed[None], *sampling)
            prompt = jax.lax.dynamic_update_slice(prompt, token[:, None], (0, at))
            return prompt, cache, at + 1, token[0]

        state = (jnp.asarray(prompt), cache, index, jnp.int32(NONE - 1))
        prompt, _, self.last, _ = jax.lax.while_loop(goes_on, step, state)
        return prompt
