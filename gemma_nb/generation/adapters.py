"""Model adapters: run a KerasHub task's own forward pass on this package's KV caches.

There is one adapter for each KerasHub task class that generates token by token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.generation.attention import ForwardContext, LayerCacheSpec
from gemma_nb.generation.gpu.fused_matvec import build_logits_matvec, on_gpu
from gemma_nb.generation.keras_hub_layers import (
    Gemma4BlockProxy,
    PatchedProxy,
    as_block_attention,
    gemma3_attention,
    gemma3n_attention,
    gemma4_attention,
    gemma_attention,
    unused_cache,
)
from gemma_nb.generation.keras_internals import dequantize_int4_blocks, soft_capped, table_of
from gemma_nb.generation.optimized_layers import optimize_embedding
from gemma_nb.generation.processor_products import build_logits, on_processor, table_logits
from gemma_nb.loading.quantize import block_size


class ModelAdapter:
    """What a decoder needs to know about one KerasHub task class, and how to run it.

    Args:
        lm: the KerasHub task; it is read, never changed.

    Attributes:
        layers: layer -> the shape of its cache; layers that share another's cache are left out.
    """

    #: What an attention layer returns between its output and its cache.
    extra_attention_outputs: tuple[Any, ...] = ()
    #: Tokens of a prompt that attend to each other in both directions: "image" for those of one
    #: image, "prompt" for all, "" for none.
    bidirectional: str = ""
    #: As ``ForwardContext.groups_beyond_window``.
    groups_beyond_window: bool = False
    #: The proxy of the task's transformer blocks.
    block_proxy: type[PatchedProxy] = PatchedProxy

    def __init__(self, lm: Any) -> None:
        self.lm = lm
        self.layers = self._layers()

    @property
    def hidden_size(self) -> int:
        """Size of one embedding."""
        return int(self.lm.backbone.hidden_dim)

    @property
    def vocabulary_size(self) -> int:
        """Number of logits."""
        return int(self.lm.backbone.vocabulary_size)

    def _layers(self) -> dict[int, LayerCacheSpec]:
        b = self.lm.backbone
        return {
            i: LayerCacheSpec(_window(block.attention), b.num_key_value_heads, b.head_dim)
            for i, block in enumerate(b.transformer_layers)
        }

    def forward(self, tokens: Any, context: ForwardContext) -> tuple[Any, Any]:
        """Runs the model on the tokens of one pass.

        Args:
            tokens: int32 (batch, size); 0 at media tokens.
            context: positions, masks and caches; the caches are updated.

        Returns:
            The logits of each row's last real token, (batch, 1, vocabulary), or of all tokens with
            ``context.all_logits``; and the hidden states of all tokens, (batch, size, hidden size).
        """
        backbone = self.lm.backbone
        backbone_proxy = PatchedProxy(
            backbone,
            transformer_layers=self._blocks(backbone.transformer_layers, context),
            token_embedding=_last_token_logits(self._token_embedding(), context),
            # KerasHub would scatter the embeddings by index; here they are in place already
            interleave_embeddings=lambda image_embeddings, text_embeddings, **_: replace(
                context, media=image_embeddings
            ).insert_media(text_embeddings),
        )
        lm = PatchedProxy(self.lm, backbone=backbone_proxy)
        logits, hidden, _ = self._run(lm, tokens, len(backbone.transformer_layers), context)
        return logits, hidden

    def logits(self, hidden: Any) -> Any:
        """Computes the logits of hidden states.

        Args:
            hidden: (batch, size, hidden size).

        Returns:
            float32 (batch, size, vocabulary).
        """
        import jax.numpy as jnp

        embedding = self._token_embedding()
        compute = build_logits(embedding)
        logits = compute(hidden) if compute else embedding(hidden, reverse=True)
        logits = logits.astype(jnp.float32)
        # an attribute of the task in Gemma 4
        return soft_capped(logits, getattr(self.lm, "final_logit_cap", None))

    def _token_embedding(self) -> Callable[..., Any]:
        return cast("Callable[..., Any]", optimize_embedding(self.lm.backbone.token_embedding))

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, context: ForwardContext) -> Any:
        media = {} if context.media is None else {"img_embeddings": context.media}
        return type(self.lm).call_with_cache(lm, tokens, unused_cache(layers), 0, **media)

    def _blocks(self, blocks: Any, context: ForwardContext) -> list[PatchedProxy]:
        proxies = [
            self.block_proxy(
                block,
                attention=as_block_attention(
                    self._attention(block, i, context), self.extra_attention_outputs
                ),
                # private: keras-hub 0.32, the method that the blocks build their masks with
                _compute_attention_mask=lambda *_: None,
            )
            for i, block in enumerate(blocks)
        ]
        return context.watch_blocks(proxies)

    def _attention(self, block: Any, layer: int, context: ForwardContext) -> Callable[[Any], Any]:
        return lambda x: gemma_attention(PatchedProxy(block.attention), x, context, layer)


class GemmaAdapter(ModelAdapter):
    """Gemma 1 and 2, CodeGemma, ShieldGemma, VaultGemma."""


class PaliGemmaAdapter(ModelAdapter):
    """PaliGemma 1 and 2: an image first, then a prompt; all of it is bidirectional."""

    bidirectional = "prompt"

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, context: ForwardContext) -> Any:
        image = 0 if context.media is None else self.lm.backbone.image_sequence_length
        media = {"img_embeddings": context.media[:, :image]} if image else {}
        cache = unused_cache(layers)
        return type(self.lm).call_with_cache(lm, tokens[:, image:], cache, 0, **media)


class Gemma3Adapter(ModelAdapter):
    """Gemma 3, MedGemma, TranslateGemma, FunctionGemma."""

    bidirectional = "image"

    def _attention(self, block: Any, layer: int, context: ForwardContext) -> Callable[[Any], Any]:
        return lambda x: gemma3_attention(PatchedProxy(block.attention), x, context, layer)

    def _run(self, lm: PatchedProxy, tokens: Any, layers: int, context: ForwardContext) -> Any:
        media = {} if context.media is None else {"img_embeddings": context.media}
        return type(self.lm).call_with_cache(lm, tokens, ((),) * layers, 0, **media)


class Gemma4Adapter(ModelAdapter):
    """Gemma 4: global layers with wider heads, and layers that share a cache."""

    groups_beyond_window = True
    block_proxy = Gemma4BlockProxy

    def __init__(self, lm: Any) -> None:
        super().__init__(lm)
        if lm.backbone.use_vision_bidirectional_attention:
            self.bidirectional = "image"

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

    def _attention(self, block: Any, layer: int, context: ForwardContext) -> Callable[[Any], Any]:
        source = block.kv_shared_layer_index if block.is_kv_shared_layer else None
        return lambda x: gemma4_attention(PatchedProxy(block.attention), x, context, layer, source)


class Gemma3nAdapter(ModelAdapter):
    """Gemma 3n: its decoder is a layer of its own inside the backbone."""

    extra_attention_outputs = (None,)  # the attention weights

    @property
    def hidden_size(self) -> int:
        """As ``ModelAdapter.hidden_size``."""
        return int(self.lm.backbone.text_hidden_size)

    @property
    def vocabulary_size(self) -> int:
        """As ``ModelAdapter.vocabulary_size``."""
        return int(self.lm.backbone.language_model.embed_tokens.embedding.input_dim)

    def _layers(self) -> dict[int, LayerCacheSpec]:
        b = self.lm.backbone
        text = b.language_model
        first_shared = text.first_kv_shared_layer_idx
        return {
            i: LayerCacheSpec(block.attention.sliding_window, b.num_key_value_heads, b.head_dim)
            for i, block in enumerate(text.transformer_layers)
            if not i >= first_shared > 0
        }

    def forward(self, tokens: Any, context: ForwardContext) -> tuple[Any, Any]:
        """As ``ModelAdapter.forward``."""
        text = self.lm.backbone.language_model
        decoder = PatchedProxy(
            text,
            transformer_layers=self._blocks(text.transformer_layers, context),
            token_embedding=_last_token_logits(self._token_embedding(), context),
        )
        text_proxy = _with_tables(text)
        if context.media is not None:
            # the per-layer inputs are projected from the embeddings, so media must be in them
            embed = text_proxy.embed_tokens
            text_proxy.__dict__["embed_tokens"] = lambda ids: context.insert_media(embed(ids))
        processor = PatchedProxy(self.lm.backbone.embedding_processor, language_model=text_proxy)
        backbone = PatchedProxy(
            self.lm.backbone, language_model=decoder, embedding_processor=processor
        )
        lm = PatchedProxy(self.lm, backbone=backbone)
        layers = len(text.transformer_layers)
        return type(self.lm).call_with_cache(lm, tokens, unused_cache(layers), 0)[:2]

    def _token_embedding(self) -> Callable[..., Any]:
        return _gemma3n_embedding(self.lm.backbone.language_model)

    def _attention(self, block: Any, layer: int, context: ForwardContext) -> Callable[[Any], Any]:
        source = None
        if layer not in self.layers:
            kinds = self.lm.backbone.language_model.layer_types
            source = max(i for i in self.layers if kinds[i] == kinds[layer])
        return lambda x: gemma3n_attention(PatchedProxy(block.attention), x, context, layer, source)


def _window(attention: Any) -> int | None:
    return attention.sliding_window_size if attention.use_sliding_window_attention else None


def _with_tables(text: Any) -> PatchedProxy:
    """Gemma 3n's decoder, with the lookups of its two tables as ``optimize_embedding`` has them."""
    proxy = PatchedProxy(
        text,
        embed_tokens=PatchedProxy(text.embed_tokens),
        embed_tokens_per_layer=PatchedProxy(text.embed_tokens_per_layer),
    )
    proxy.__dict__["get_per_layer_inputs"] = partial(type(text).get_per_layer_inputs, proxy)
    return proxy


def _gemma3n_embedding(text: Any) -> Callable[..., Any]:
    """Gemma 3n's token embedding, with the right logits for a quantized table.

    KerasHub's own computes logits from a quantized table's integers without their scale (keras-hub
    0.32, ``Gemma3nTextModel.token_embedding``).
    """
    table, cap = text.embed_tokens.embedding, text.final_logit_soft_cap

    def call(inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return _with_tables(text).embed_tokens(inputs)
        if table.quantization_mode is None and not on_processor():
            return text.token_embedding(inputs, reverse=True)
        return soft_capped(_embedding_logits(table, inputs), cap)

    return call


def _embedding_logits(table: Any, hidden: Any) -> Any:
    """Logits from an Embedding whose model has no ReversibleEmbedding.

    Args:
        table: a Keras Embedding; not quantized, in int8 or in int4.
        hidden: (…, hidden size).

    Returns:
        (…, vocabulary).
    """
    import jax.numpy as jnp
    from keras import quantizers

    numbers, dtype = jnp.asarray(table_of(table)), table.compute_dtype
    if table.quantization_mode is None:
        return table_logits(numbers, hidden.astype(dtype))
    scale = jnp.asarray(table.embeddings_scale)
    if table.quantization_mode == "int8":
        logits = (
            table_logits(numbers, hidden)
            if on_processor()
            else hidden.astype(dtype) @ numbers.T.astype(dtype)
        )
        return logits.astype(dtype) / scale.astype(dtype)
    numbers = quantizers.unpack_int4(numbers, table.output_dim, axis=-1).astype(dtype)
    if block_size(table):
        zero, blocks = jnp.asarray(table.embeddings_zero), jnp.asarray(table.g_idx)
        return hidden @ dequantize_int4_blocks(numbers, scale, zero, blocks).T
    return hidden @ (numbers / scale[:, None]).T


def _last_token_logits(embedding: Any, context: ForwardContext) -> Callable[..., Any]:
    """The token embedding, whose logits are computed for each row's last real token only."""

    def call(inputs: Any, reverse: bool = False) -> Any:
        import jax.numpy as jnp

        if not reverse:
            return embedding(inputs)
        if not context.all_logits:
            inputs = jnp.take_along_axis(inputs, (context.length - 1)[:, None, None], axis=1)
        compute = build_logits(embedding)
        if on_gpu() and not context.all_logits and inputs.shape[0] == 1:
            compute = build_logits_matvec(embedding)
        return compute(inputs) if compute else embedding(inputs, reverse=True)

    return call


#: KerasHub task class -> its adapter.
ADAPTERS: dict[str, type[ModelAdapter]] = {
    "GemmaCausalLM": GemmaAdapter,
    "Gemma3CausalLM": Gemma3Adapter,
    "Gemma3nCausalLM": Gemma3nAdapter,
    "Gemma4CausalLM": Gemma4Adapter,
    "PaliGemmaCausalLM": PaliGemmaAdapter,
}


def create_adapter(lm: Any) -> ModelAdapter:
    """Creates the adapter of a KerasHub task.

    Args:
        lm: the task.

    Raises:
        InvalidInput: this package has no adapter for its class.
    """
    name = next((c.__name__ for c in type(lm).__mro__ if c.__name__ in ADAPTERS), None)
    if name is None:
        raise _unsupported(type(lm).__name__)
    return ADAPTERS[name](lm)


def check_decodable(variant: Variant) -> None:
    """Checks that this package generates text with a variant, before anything is loaded.

    Args:
        variant: one that KerasHub loads.

    Raises:
        InvalidInput: this package has no adapter for its class.
    """
    backbone = variant.architecture.backbone if variant.architecture else ""
    task = backbone.replace("Backbone", "CausalLM")
    if task not in ADAPTERS or variant.role not in {"generate", "classify"}:
        raise _unsupported(variant.name)


def _unsupported(name: str) -> InvalidInput:
    return InvalidInput("undecodable_class", name=name, known=", ".join(sorted(ADAPTERS)))
