"""Runs KerasHub's own forward pass with its attention's cache handling replaced.

KerasHub's blocks, norms, projections and embeddings are called as they are, through views that
stand in for the objects whose attention is replaced, so that nothing of the user's model changes.
One attention adapter a KerasHub attention class.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from gemma_nb.errors import InvalidInput
from gemma_nb.generation import fused_matvec
from gemma_nb.generation.attention import ForwardContext, LayerCacheSpec, dot_product_attention
from gemma_nb.generation.fused_matvec import build_logits_matvec, on_gpu, optimize_layer

if TYPE_CHECKING:
    from gemma_nb.catalog.variant import Variant


class PatchedProxy:
    """An object with some attributes replaced; calling it runs the object's own ``call``.

    Its matrix products are ``products.quick``.
    """

    def __init__(self, target: Any, **replaced: Any) -> None:
        self.__dict__.update(replaced)
        self.__dict__["_target"] = target

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        return optimize_layer(value) if type(value).__name__ in {"Dense", "EinsumDense"} else value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the object's own ``call`` on the view."""
        return type(self._target).call(self, *args, **kwargs)


class Gemma4BlockProxy(PatchedProxy):
    """A Gemma 4 block whose feed-forward layers are called.

    KerasHub multiplies by their kernels itself (keras-hub 0.32, ``Gemma4TextDecoderBlock.call``); of
    a quantised layer those are whole numbers without their scale, and the model says nonsense.
    """

    def __getattr__(self, name: str) -> Any:
        value = super().__getattr__(name)
        return SimpleNamespace(kernel=value) if name in _FEED_FORWARD else value

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Runs KerasHub's ``call``, in which a product with a kernel is a call of its layer."""
        call = type(self._target).call
        names = call.__globals__
        names = {**names, "ops": PatchedProxy(names["ops"], matmul=lambda x, layer: layer(x))}
        made = FunctionType(call.__code__, names, None, call.__defaults__, call.__closure__)
        return made(self, *args, **kwargs)


_FEED_FORWARD = {"gating_ffw", "gating_ffw_2", "ffw_linear"}


def gemma_attention(attention: Any, x: Any, step: ForwardContext, layer: int) -> Any:
    """Gemma 1 and 2, and PaliGemma's decoder."""

    def rotated(y: Any) -> Any:
        return attention._apply_rope(y, 0, positions=step.positions)  # noqa: SLF001

    query = rotated(attention.query_dense(x))
    seen, mask = step.remember(layer, rotated(attention.key_dense(x)), attention.value_dense(x))
    made = dot_product_attention(query, seen, mask, _scale(attention), attention.logit_soft_cap)
    return attention.output_dense(made)


def gemma3_attention(attention: Any, x: Any, step: ForwardContext, layer: int) -> Any:
    """Gemma 3: normed queries and keys."""

    def rotated(y: Any, norm: str) -> Any:
        if attention.use_query_key_norm:
            y = getattr(attention, norm)(y)
        return attention.rope_layer(y, positions=step.positions)

    query = rotated(attention.query_dense(x), "query_norm")
    key = rotated(attention.key_dense(x), "key_norm")
    seen, mask = step.remember(layer, key, attention.value_dense(x))
    made = dot_product_attention(query, seen, mask, _scale(attention), attention.logit_soft_cap)
    return attention.output_dense(made)


def gemma4_attention(
    attention: Any, x: Any, step: ForwardContext, layer: int, source: int | None
) -> Any:
    """Gemma 4: normed queries, keys and values, unscaled; some layers share another's cache."""

    def rotated(y: Any) -> Any:
        return attention._apply_rope(y, 0, positions=step.positions)  # noqa: SLF001

    query = rotated(attention.query_norm(attention.query_dense(x)))
    if source is not None:
        seen, mask = step.seen[source]
    else:
        raw = attention.key_dense(x)
        value = raw if attention.attention_k_eq_v else attention.value_dense(x)
        key = rotated(attention.key_norm(raw))
        seen, mask = step.remember(layer, key, attention.value_norm(value))
    return attention.output_dense(
        dot_product_attention(query, seen, mask, 1.0, attention.logit_soft_cap)
    )


def gemma3n_attention(
    attention: Any, x: Any, step: ForwardContext, layer: int, source: int | None
) -> Any:
    """Gemma 3n: as Gemma 4, with its own names."""
    shape = tuple(x.shape[:-1])

    def headed(projection: Any, norm: Any) -> Any:
        return norm(projection(x).reshape(*shape, -1, attention.head_dim))

    def rotated(y: Any) -> Any:
        return attention.rotary_embedding(y, positions=step.positions)

    query = rotated(headed(attention.q_proj, attention.q_norm))
    if source is not None:
        seen, mask = step.seen[source]
    else:
        key = rotated(headed(attention.k_proj, attention.k_norm))
        seen, mask = step.remember(layer, key, headed(attention.v_proj, attention.v_norm))
    made = dot_product_attention(query, seen, mask, 1.0, None)
    return attention.o_proj(made.reshape(*shape, -1))


def _scale(attention: Any) -> float:
    if attention.query_head_dim_normalize:
        return float(attention.head_dim**-0.5)
    return float((attention.hidden_dim // attention.num_query_heads) ** -0.5)


class ModelAdapter:
    """What decoding needs to know of one KerasHub task class.

    Args:
        lm: the KerasHub task; it is read, never changed.
    """

    #: what an attention gives back between its output and its cache
    between: tuple[Any, ...] = ()
    #: which tokens of a prompt see each other both ways: "image", those of one; "prompt", all
    both_ways: str = ""
    #: as ``Step.beyond``
    beyond: bool = False
    #: what its blocks are seen through
    block: type[PatchedProxy] = PatchedProxy

    def __init__(self, lm: Any) -> None:
        self.lm = lm
        self.layers = self._layers()

    @property
    def hidden(self) -> int:
        """Numbers of one embedding."""
        return int(self.lm.backbone.hidden_dim)

    def _layers(self) -> dict[int, LayerCacheSpec]:
        b = self.lm.backbone
        return {
            i: LayerCacheSpec(_window(block.attention), b.num_key_value_heads, b.head_dim)
            for i, block in enumerate(b.transformer_layers)
        }

    def forward(self, tokens: Any, step: ForwardContext) -> tuple[Any, Any]:
        """The logits of each row's last real token, and what they are made from.

        Args:
            tokens: int32 (batch, size); 0 where soft tokens stand.
            step: where they stand; its caches are updated.

        Returns:
            Logits, (batch, 1, vocabulary), of all tokens with ``step.every``; the hidden states of
            all tokens, (batch, size, hidden size).
        """
        backbone = self.lm.backbone
        view = PatchedProxy(
            backbone,
            transformer_layers=self._blocks(backbone.transformer_layers, step),
            token_embedding=_last_only(backbone.token_embedding, step),
            # KerasHub scatters what it is given; here it lies in place already
            interleave_embeddings=lambda image_embeddings, text_embeddings, **_: replace(
                step, soft=image_embeddings
            ).embedded(text_embeddings),
        )
        lm = PatchedProxy(self.lm, backbone=view)
        logits, hidden, _ = self._run(lm, tokens, len(backbone.transformer_layers), step)
        return logits, hidden

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, step: ForwardContext) -> Any:
        soft = {} if step.soft is None else {"img_embeddings": step.soft}
        return type(self.lm).call_with_cache(lm, tokens, unused_cache(layers), 0, **soft)

    def _blocks(self, blocks: Any, step: ForwardContext) -> list[PatchedProxy]:
        return [
            self.block(
                block,
                attention=as_block_attention(self._attention(block, i, step), self.between),
                _compute_attention_mask=lambda *_: None,
            )
            for i, block in enumerate(blocks)
        ]

    def _attention(self, block: Any, layer: int, step: ForwardContext) -> Callable[[Any], Any]:
        return lambda x: gemma_attention(PatchedProxy(block.attention), x, step, layer)


class GemmaAdapter(ModelAdapter):
    """Gemma 1 and 2, CodeGemma, ShieldGemma, VaultGemma."""


class PaliGemmaAdapter(ModelAdapter):
    """PaliGemma 1 and 2: an image in front, then a prompt that is seen both ways."""

    both_ways = "prompt"

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, step: ForwardContext) -> Any:
        front = 0 if step.soft is None else self.lm.backbone.image_sequence_length
        soft = {"img_embeddings": step.soft[:, :front]} if front else {}
        return type(self.lm).call_with_cache(lm, tokens[:, front:], unused_cache(layers), 0, **soft)


class Gemma3Adapter(ModelAdapter):
    """Gemma 3, MedGemma, TranslateGemma, FunctionGemma."""

    both_ways = "image"

    def _attention(self, block: Any, layer: int, step: ForwardContext) -> Callable[[Any], Any]:
        return lambda x: gemma3_attention(PatchedProxy(block.attention), x, step, layer)

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, step: ForwardContext) -> Any:
        soft = {} if step.soft is None else {"img_embeddings": step.soft}
        return type(self.lm).call_with_cache(lm, tokens, ((),) * layers, 0, **soft)


class Gemma4Adapter(ModelAdapter):
    """Gemma 4: global layers with wider heads, layers that share a cache."""

    beyond = True
    block = Gemma4BlockProxy

    def __init__(self, lm: Any) -> None:
        super().__init__(lm)
        if lm.backbone.use_vision_bidirectional_attention:
            self.both_ways = "image"

    def _layers(self) -> dict[int, LayerCacheSpec]:
        return {
            i: LayerCacheSpec(
                None if block.is_global_attention else block.attention.sliding_window_size,
                block.attention.effective_num_kv_heads,
                block.attention.head_dim,
            )
            for i, block in enumerate(self.lm.backbone.transformer_layers)
            if not block.is_kv_shared_layer
        }

    def _attention(self, block: Any, layer: int, step: ForwardContext) -> Callable[[Any], Any]:
        source = block.kv_shared_layer_index if block.is_kv_shared_layer else None
        return lambda x: gemma4_attention(PatchedProxy(block.attention), x, step, layer, source)


class Gemma3nAdapter(ModelAdapter):
    """Gemma 3n: its decoder is a layer of its own inside the backbone."""

    between = (None,)  # the attention weights

    @property
    def hidden(self) -> int:
        """As ``Family.hidden``."""
        return int(self.lm.backbone.text_hidden_size)

    def _layers(self) -> dict[int, LayerCacheSpec]:
        b = self.lm.backbone
        text = b.language_model
        first_shared = text.first_kv_shared_layer_idx
        return {
            i: LayerCacheSpec(block.attention.sliding_window, b.num_key_value_heads, b.head_dim)
            for i, block in enumerate(text.transformer_layers)
            if not i >= first_shared > 0
        }

    def forward(self, tokens: Any, step: ForwardContext) -> tuple[Any, Any]:
        """As ``Family.forward``."""
        text = self.lm.backbone.language_model
        decoder = PatchedProxy(
            text,
            transformer_layers=self._blocks(text.transformer_layers, step),
            token_embedding=_last_only(_tied(text), step),
        )
        processor = self.lm.backbone.embedding_processor
        if step.soft is not None:
            # before the per-layer inputs are projected from it
            embed = PatchedProxy(
                text, embed_tokens=lambda ids: step.embedded(text.embed_tokens(ids))
            )
            processor = PatchedProxy(processor, language_model=embed)
        view = PatchedProxy(self.lm.backbone, language_model=decoder, embedding_processor=processor)
        lm = PatchedProxy(self.lm, backbone=view)
        layers = len(text.transformer_layers)
        return type(self.lm).call_with_cache(lm, tokens, unused_cache(layers), 0)[:2]

    def _attention(self, block: Any, layer: int, step: ForwardContext) -> Callable[[Any], Any]:
        source = None
        if layer not in self.layers:
            kinds = self.lm.backbone.language_model.layer_types
            source = max(i for i in self.layers if kinds[i] == kinds[layer])
        return lambda x: gemma3n_attention(PatchedProxy(block.attention), x, step, layer, source)


def unused_cache(layers: int) -> Any:
    """KerasHub slices this and stacks what the blocks give back: the real caches are in the step."""
    import jax.numpy as jnp

    return jnp.zeros((1, layers, 1), jnp.int8)


def _window(attention: Any) -> int | None:
    return attention.sliding_window_size if attention.use_sliding_window_attention else None


def as_block_attention(run: Callable[[Any], Any], extra: tuple[Any, ...]) -> Callable[..., Any]:
    """Takes what KerasHub's blocks pass to their attention and gives what they expect back."""

    def call(x: Any, *_: Any, cache: Any = None, **__: Any) -> Any:
        return run(x), *extra, cache

    return call


def _tied(text: Any) -> Callable[..., Any]:
    """Gemma 3n's token embedding.

    KerasHub's own makes logits of a quantised table's whole numbers without their scale (keras-hub
    0.32, ``Gemma3nTextModel.token_embedding``).
    """
    table, cap = text.embed_tokens.embedding, text.final_logit_soft_cap
    if table.quantization_mode is None:
        return cast("Callable[..., Any]", text.token_embedding)

    def call(inputs: Any, reverse: bool = False) -> Any:
        import jax.numpy as jnp

        if not reverse:
            return text.embed_tokens(inputs)
        logits = fused_matvec.dequantized_table_logits(table, inputs)
        return jnp.tanh(logits / cap) * cap if cap else logits

    return call


def _last_only(embedding: Any, step: ForwardContext) -> Callable[..., Any]:
    """The token embedding, whose logits are computed for each row's last real token alone."""

    def call(inputs: Any, reverse: bool = False) -> Any:
        import jax.numpy as jnp

        if not reverse or step.every:
            return embedding(inputs, reverse=reverse)
        last = jnp.take_along_axis(inputs, (step.length - 1)[:, None, None], axis=1)
        quick = build_logits_matvec(embedding) if last.shape[0] == 1 and on_gpu() else None
        return quick(last) if quick else embedding(last, reverse=True)

    return call


#: KerasHub task class -> how it decodes.
ADAPTERS: dict[str, type[ModelAdapter]] = {
    "GemmaCausalLM": GemmaAdapter,
    "Gemma3CausalLM": Gemma3Adapter,
    "Gemma3nCausalLM": Gemma3nAdapter,
    "Gemma4CausalLM": Gemma4Adapter,
    "PaliGemmaCausalLM": PaliGemmaAdapter,
}


def create_adapter(lm: Any) -> ModelAdapter:
    """How a KerasHub task decodes.

    Raises:
        InvalidInput: this package does not generate with that class.
    """
    name = next((c.__name__ for c in type(lm).__mro__ if c.__name__ in ADAPTERS), None)
    if name is None:
        raise _unknown(type(lm).__name__)
    return ADAPTERS[name](lm)


def check_decodable(variant: Variant) -> None:
    """Makes sure that this package generates with a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: it does not.
    """
    backbone = variant.architecture.backbone if variant.architecture else ""
    task = backbone.replace("Backbone", "CausalLM")
    if task not in ADAPTERS or variant.role not in {"generate", "classify"}:
        raise _unknown(variant.name)


def _unknown(name: str) -> InvalidInput:
    return InvalidInput("undecodable_class", name=name, known=", ".join(sorted(ADAPTERS)))
