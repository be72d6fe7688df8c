"""What happens inside a decoder: the residual stream after each layer, and the attention weights.

The forward pass is the one that generates (``ModelAdapter.forward``), with a ``RecordingContext``
in place of its context. A text is read in chunks, so that the memory of a pass stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.generation.adapters import ModelAdapter
from gemma_nb.generation.attention import ForwardContext, KeyValue, attention_weights
from gemma_nb.generation.compilation import ProgramSpec, next_power_of_two
from gemma_nb.generation.decode_programs import DecodePrograms, array_spec
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.keras_hub_layers import PatchedProxy
from gemma_nb.generation.keras_internals import variable_arrays

#: The largest number of tokens of a text. For Gemma 3 27B, the residual streams of 1,024 tokens
#: take 0.6 GiB of host memory in bfloat16, and the attention weights of one layer 0.1 GiB.
MAX_TOKENS = 1024
#: The largest number of tokens of one pass.
_CHUNK = 128
#: The number of tokens whose logits are in memory at once. With the 262,144 tokens of Gemma 3, they
#: take 32 MiB in float32.
_LENS_CHUNK = 32
#: The number of layers whose attention weights are kept.
_KEPT_LAYERS = 4


@dataclass
class RecordingContext(ForwardContext):
    """The context of a forward pass of one conversation that records what happens in its layers.

    Args:
        layer: int32: the layer whose attention weights are recorded.
        text_length: tokens of the whole text, padding included.
        states: the residual stream after each layer, in the order of the layers.
        weights: float32 (heads, size, text length): the attention weights of ``layer``.
    """

    layer: Any = None
    text_length: int = 0
    states: list[Any] = field(default_factory=list)
    weights: Any = None

    def compute_attention(
        self,
        layer: int,
        query: Any,
        visible: KeyValue,
        mask: Any,
        scale: float,
        soft_cap: float | None,
    ) -> Any:
        """As ``ForwardContext.compute_attention``."""
        import jax
        import jax.numpy as jnp

        heads = query.shape[2]
        if self.weights is None:
            self.weights = jnp.zeros((heads, self.size, self.text_length), jnp.float32)
        at = self.key_positions[layer][0]
        at = jnp.where(at < 0, self.text_length, at)  # dropped: an empty slot

        def record() -> Any:
            weights = attention_weights(query, visible.key, mask, scale, soft_cap)
            weights = weights.reshape(heads, self.size, -1)
            empty = jnp.zeros((heads, self.size, self.text_length), jnp.float32)
            return empty.at[:, :, at].add(weights, mode="drop")

        kept = self.weights
        self.weights = jax.lax.cond(self.layer == layer, record, lambda: kept)
        return super().compute_attention(layer, query, visible, mask, scale, soft_cap)

    def watch_blocks(self, blocks: list[Any]) -> list[Any]:
        """As ``ForwardContext.watch_blocks``."""
        return [_RecordedBlock(block, self.states) for block in blocks]


class _RecordedBlock:
    """Stands in for a transformer block and records its output; all attributes are the block's.

    Args:
        block: a proxy of KerasHub's block.
        states: the list that the output is appended to.
    """

    def __init__(self, block: Any, states: list[Any]) -> None:
        self._block = block
        self._states = states

    def __getattr__(self, name: str) -> Any:
        return getattr(self._block, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outputs = self._block(*args, **kwargs)
        self._states.append(outputs[0])
        return outputs


class TraceReader:
    """Reads a text with a decoder and keeps what happened in its layers.

    Args:
        ids: the token ids, ``<bos>`` first; at most ``MAX_TOKENS``.
        count: the number of likeliest tokens that are kept for each token and layer.
    """

    def __init__(self, ids: Sequence[int], count: int) -> None:
        self.ids = tuple(ids)
        self.count = count
        self._padded = next_power_of_two(len(self.ids), shortest=32)
        self._chunk = min(self._padded, _CHUNK)
        self._states: Any = None
        self._lenses: dict[int, tuple[Any, Any, Any]] = {}
        self._attention: dict[int, Any] = {}

    def states(self, engine: Decoder) -> Any:
        """The residual stream after each layer.

        Args:
            engine: the decoder.

        Returns:
            A NumPy array in the model's compute dtype, (layers, streams, tokens, hidden size).
            Gemma 3n has several streams, which its AltUp layers mix; the others have one.
        """
        if self._states is None:
            self._read(engine, layer=0, keep_states=True)
        return self._states

    def attention(self, engine: Decoder, layer: int) -> Any:
        """The attention weights of one layer.

        Args:
            engine: the decoder.
            layer: the layer's index.

        Returns:
            A NumPy float32 array, (heads, tokens, tokens): how much each token attends to each
            token. The weights of the last few layers are kept, those of others computed again.
        """
        if layer not in self._attention:
            self._read(engine, layer, keep_states=self._states is None)
        return self._attention[layer]

    def lens(self, engine: Decoder, layer: int) -> tuple[Any, Any, Any]:
        """What the model would say next if it ended after a layer (the "logit lens").

        The model's own last steps are applied to the residual stream after that layer: the final
        norm, the unembedding and the soft cap of the logits
        (https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens). After
        the last layer this is what the model says.

        Args:
            engine: the decoder.
            layer: the layer's index.

        Returns:
            NumPy arrays: int32 (tokens, count), the ids of the likeliest next tokens after each
            token, the likeliest first; float32 (tokens, count), their probabilities; and float32
            (tokens,), the probability of the token that follows in the text, 0 for the last.
        """
        if layer not in self._lenses:
            self._lenses[layer] = self._read_lens(engine, layer)
        return self._lenses[layer]

    def _read_lens(self, engine: Decoder, layer: int) -> tuple[Any, Any, Any]:
        import numpy as np

        states = self.states(engine)[layer]
        programs = DecodePrograms(engine.lm, self._padded, steps_per_call=1)
        parts = []
        for start in range(0, len(self.ids), _LENS_CHUNK):
            part = states[:, start : start + _LENS_CHUNK]
            real = part.shape[1]
            targets = np.zeros(_LENS_CHUNK, np.int32)
            following = self.ids[start + 1 : start + 1 + real]
            targets[: len(following)] = following
            part = np.pad(part, [(0, 0), (0, _LENS_CHUNK - real), (0, 0)])
            name = ("lens", self.count, part.shape[0])
            spec = _lens_spec(programs, part, self.count)
            engine.compiled.ensure({name: spec})
            outputs = engine.compiled[name](variable_arrays(programs.variables), part, targets)
            parts.append([np.asarray(output)[:real] for output in outputs])
        ids, probabilities, following_probability = map(np.concatenate, zip(*parts, strict=True))
        following_probability[-1] = 0
        return ids, probabilities, following_probability

    def _read(self, engine: Decoder, layer: int, *, keep_states: bool) -> None:
        """Runs the text through the model once."""
        import numpy as np

        programs = DecodePrograms(engine.lm, self._padded, steps_per_call=1)
        name = ("trace", self._padded)
        engine.compiled.ensure({name: lambda: _trace_spec(programs, self._padded, self._chunk)})
        weights = variable_arrays(programs.variables)
        caches = programs.cache_layout.zeros(1)
        states, attention = [], []
        for start in range(0, len(self.ids), self._chunk):
            part = self.ids[start : start + self._chunk]
            tokens = np.zeros((1, self._chunk), np.int32)
            tokens[0, : len(part)] = part
            at, length = np.array([start], np.int32), np.array([len(part)], np.int32)
            new, rows, caches = engine.compiled[name](
                weights, tokens, at, length, np.int32(layer), caches
            )
            if keep_states:
                states.append(np.asarray(new)[:, :, : len(part)])
            attention.append(np.asarray(rows)[:, : len(part), : len(self.ids)])
        if keep_states:
            self._states = np.concatenate(states, axis=2)
        while len(self._attention) >= _KEPT_LAYERS:
            self._attention.pop(next(iter(self._attention)))
        self._attention[layer] = np.concatenate(attention, axis=1)


def layer_windows(adapter: ModelAdapter) -> tuple[int | None, ...]:
    """The window of each layer in tokens; None for a global layer.

    Args:
        adapter: the adapter of the model.
    """
    backbone = adapter.lm.backbone
    text = getattr(backbone, "language_model", backbone)  # Gemma 3n's decoder
    return tuple(map(_window, text.transformer_layers))


def _window(block: Any) -> int | None:
    attention = block.attention
    if hasattr(attention, "sliding_window"):  # Gemma 3n
        window = attention.sliding_window
    elif getattr(block, "is_global_attention", False):  # Gemma 4
        return None
    else:
        slides = attention.use_sliding_window_attention
        window = attention.sliding_window_size if slides else None
    return None if window is None else int(window)


def _trace_spec(programs: DecodePrograms, text_length: int, chunk: int) -> ProgramSpec:
    """Spec of the program that runs one chunk of a text."""
    row = array_spec(1)
    arguments = (
        programs.weight_specs(),
        array_spec(1, chunk),
        row,
        row,
        array_spec(),
        programs.cache_layout.specs(1),
    )

    def trace_chunk(
        weights: Any, tokens: Any, start: Any, length: Any, layer: Any, caches: Any
    ) -> tuple[Any, Any, Any]:
        import jax.numpy as jnp

        context = RecordingContext(
            start=start,
            length=length,
            size=chunk,
            caches=dict(caches),
            windows={i: c.window for i, c in programs.adapter.layers.items()},
            layer=layer,
            text_length=text_length,
        )
        with programs.stateless_scope(weights):
            programs.adapter.forward(tokens, context)
        # the batch is one conversation; Gemma 3n's streams are its first axis
        states = jnp.stack([s.reshape(-1, chunk, s.shape[-1]) for s in context.states])
        return states, context.weights, context.caches

    return ProgramSpec(trace_chunk, arguments, donated=(5,))


def _lens_spec(programs: DecodePrograms, part: Any, count: int) -> Any:
    """Returns how to make the spec of the program that computes the lens of a few tokens."""
    import jax

    def lens(weights: Any, states: Any, targets: Any) -> tuple[Any, Any, Any]:
        import jax.numpy as jnp

        with programs.stateless_scope(weights):
            hidden = final_hidden(programs.adapter, states)
            logits = programs.adapter.logits(hidden)[0]
        probabilities = jax.nn.softmax(logits, axis=-1)
        likeliest, ids = jax.lax.top_k(probabilities, min(count, probabilities.shape[-1]))
        following = jnp.take_along_axis(probabilities, targets[:, None], axis=-1)[:, 0]
        return ids.astype(jnp.int32), likeliest, following

    states = jax.ShapeDtypeStruct(part.shape, part.dtype)
    arguments = (programs.weight_specs(), states, array_spec(part.shape[1]))
    return lambda: ProgramSpec(lens, arguments)


def final_hidden(adapter: ModelAdapter, states: Any) -> Any:
    """Applies what a model does between its last layer and its unembedding.

    Args:
        adapter: the adapter of the model.
        states: the residual stream after any layer, (streams, tokens, hidden size).

    Returns:
        (1, tokens, hidden size).
    """
    import jax.numpy as jnp

    backbone = adapter.lm.backbone
    text = getattr(backbone, "language_model", None)
    if text is None:
        return backbone.layer_norm(states)
    # Gemma 3n averages its streams: its own ``call``, with one layer that returns these streams
    # (keras-hub 0.32, ``Gemma3nTextModel.call``)
    streams = states[:, None]
    decoder = PatchedProxy(
        text, transformer_layers=[lambda *_, **__: (streams, None)], altup_projections=[]
    )
    per_layer_inputs = jnp.zeros((1, states.shape[1], 1, 1), states.dtype)
    return decoder(None, None, streams[0], per_layer_inputs)
