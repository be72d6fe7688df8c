"""Which weight of a Keras backbone is which tensor of a Hugging Face checkpoint, and in what layout.

One table for both ways: GGUF files are read by it, and models are exported by it. It says what
KerasHub's converters do (keras-hub 0.32, ``utils/transformers/convert_*.py``), which the tests compare
it with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Layout:
    """How the numbers of a tensor are ordered in Keras.

    Args:
        name: for messages and comparisons.
        to_keras: from (the tensor of the checkpoint, the shape in Keras) to the order in Keras.
        from_keras: the inverse; its argument has the shape in Keras.
        shape: from the shape in Keras to that in the checkpoint.
    """

    name: str
    to_keras: Callable[[Any, tuple[int, ...]], Any]
    from_keras: Callable[[Any], Any]
    shape: Callable[[tuple[int, ...]], tuple[int, ...]]


#: As in the checkpoint.
SAME = Layout("same", lambda t, _: t, lambda k: k, lambda s: s)
#: A Dense kernel: (inputs, outputs) in Keras.
TRANSPOSED = Layout("transposed", lambda t, _: t.T, lambda k: k.T, lambda s: s[::-1])
#: Query, key and value: (heads, inputs, size of a head) in Keras, (heads · size, inputs) there.
HEADS = Layout(
    "heads",
    lambda t, shape: t.reshape(shape[0], shape[2], shape[1]).transpose(0, 2, 1),
    lambda k: k.transpose(0, 2, 1).reshape(-1, k.shape[1]),
    lambda s: (s[0] * s[2], s[1]),
)
#: The same, with the inputs first in Keras (T5Gemma): (inputs, heads, size of a head).
INPUTS_FIRST = Layout(
    "inputs first",
    lambda t, shape: t.T.reshape(shape),
    lambda k: k.reshape(k.shape[0], -1).T,
    lambda s: (s[1] * s[2], s[0]),
)
#: The output of attention: (heads, size of a head, outputs) in Keras, (outputs, heads · size) there.
OUTPUT = Layout(
    "output",
    lambda t, shape: t.T.reshape(shape),
    lambda k: k.reshape(-1, k.shape[2]).T,
    lambda s: (s[2], s[0] * s[1]),
)
#: One matrix for each expert: (experts, inputs, outputs) in Keras, the last two exchanged there.
EXPERTS = Layout(
    "experts",
    lambda t, _: t.transpose(0, 2, 1),
    lambda k: k.transpose(0, 2, 1),
    lambda s: (s[0], s[2], s[1]),
)
#: The output scalar of a layer, which has one axis in the checkpoint.
SCALAR = Layout("scalar", lambda t, _: t[0], lambda k: k.reshape(1), lambda _: (1,))


@dataclass(frozen=True)
class NamedWeight:
    """One weight.

    Args:
        name: the tensor's name in a text-only checkpoint.
        layer: the Keras layer that owns it.
        attribute: its name there: "kernel", "embeddings", "scale".
        layout: how its numbers are ordered.
        part: (index, count) where several weights lie one after another in one tensor, along the
            second axis from the end: the experts' gate and up projections.
    """

    name: str
    layer: Any
    attribute: str
    layout: Layout = SAME
    part: tuple[int, int] = (0, 1)

    @property
    def variable(self) -> Any:
        """The Keras variable; the properties ``kernel`` and ``embeddings`` would unpack it."""
        private = f"_{self.attribute}"
        name = private if self.attribute in {"kernel", "embeddings"} else self.attribute
        return getattr(self.layer, name)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor in the checkpoint, with all its parts."""
        shape = self.layout.shape(tuple(self.variable.shape))
        _, count = self.part
        return shape if count == 1 else (*shape[:-2], count * shape[-2], shape[-1])


def named_weights(backbone: Any) -> list[NamedWeight]:
    """The weights of a text backbone, in the order of the model.

    Weights of image and audio encoders are not among them.

    Args:
        backbone: a KerasHub backbone of the Gemma family.

    Raises:
        KeyError: there is no table for this class.
    """
    return list(_TABLES[type(backbone).__name__](backbone))


def has_names(backbone: Any) -> bool:
    """Whether there is a table for a backbone's class."""
    return type(backbone).__name__ in _TABLES


def _gemma(backbone: Any) -> Iterator[NamedWeight]:
    yield NamedWeight("model.embed_tokens.weight", backbone.token_embedding, "embeddings")
    for i, block in enumerate(backbone.transformer_layers):
        at = f"model.layers.{i}"
        yield from _attention(f"{at}.self_attn", block.attention)
        yield from _feed_forward(f"{at}.mlp", block, "gating_ffw", "gating_ffw_2", "ffw_linear")
        yield NamedWeight(f"{at}.input_layernorm.weight", block.pre_attention_norm, "scale")
        # Gemma 1 has two norms a layer, and names the second one for what stands before it
        four = block.use_post_attention_norm
        before = "pre_feedforward_layernorm" if four else "post_attention_layernorm"
        yield NamedWeight(f"{at}.{before}.weight", block.pre_ffw_norm, "scale")
        if four:
            name = f"{at}.post_attention_layernorm.weight"
            yield NamedWeight(name, block.post_attention_norm, "scale")
        if block.use_post_ffw_norm:
            name = f"{at}.post_feedforward_layernorm.weight"
            yield NamedWeight(name, block.post_ffw_norm, "scale")
    yield NamedWeight("model.norm.weight", backbone.layer_norm, "scale")


def _gemma3(backbone: Any) -> Iterator[NamedWeight]:
    yield NamedWeight("model.embed_tokens.weight", backbone.token_embedding, "embeddings")
    for i, block in enumerate(backbone.transformer_layers):
        at = f"model.layers.{i}"
        yield from _attention(f"{at}.self_attn", block.attention)
        yield from _feed_forward(f"{at}.mlp", block, "gating_ffw", "gating_ffw_2", "ffw_linear")
        yield from _four_norms(at, block)
    yield NamedWeight("model.norm.weight", backbone.layer_norm, "scale")
    if backbone.is_embedding_model:
        for name, layer in (("2_Dense", "pooling_dense_1"), ("3_Dense", "embedding_projection")):
            dense = backbone.get_layer(layer)
            yield NamedWeight(f"{name}.linear.weight", dense, "kernel", TRANSPOSED)


def _gemma4(backbone: Any) -> Iterator[NamedWeight]:
    yield NamedWeight("model.embed_tokens.weight", backbone.token_embedding, "embeddings")
    if backbone.hidden_size_per_layer_input:
        yield from _per_layer_inputs(
            backbone.per_layer_token_embedding,
            backbone.per_layer_model_projection,
            backbone.per_layer_projection_norm,
        )
    for i, block in enumerate(backbone.transformer_layers):
        at = f"model.layers.{i}"
        yield from _attention(f"{at}.self_attn", block.attention)
        yield from _feed_forward(f"{at}.mlp", block, "gating_ffw", "gating_ffw_2", "ffw_linear")
        yield from _four_norms(at, block)
        if block.hidden_size_per_layer_input:
            gate, up = block.per_layer_input_gate, block.per_layer_up_proj
            yield NamedWeight(f"{at}.per_layer_input_gate.weight", gate, "kernel", TRANSPOSED)
            yield NamedWeight(f"{at}.per_layer_projection.weight", up, "kernel", TRANSPOSED)
            norm = block.post_per_layer_input_norm
            yield NamedWeight(f"{at}.post_per_layer_input_norm.weight", norm, "scale")
        if block.enable_moe_block:
            yield from _experts(at, block)
        yield NamedWeight(f"{at}.layer_scalar", block, "layer_scalar", SCALAR)
    yield NamedWeight("model.norm.weight", backbone.layer_norm, "scale")


def _experts(at: str, block: Any) -> Iterator[NamedWeight]:
    norms = {
        "post_feedforward_layernorm_1": block.post_ffw_norm_dense,
        "pre_feedforward_layernorm_2": block.pre_ffw_norm_moe,
        "post_feedforward_layernorm_2": block.post_ffw_norm_moe_path,
    }
    for name, layer in norms.items():
        yield NamedWeight(f"{at}.{name}.weight", layer, "scale")
    router, bank = block.moe_router, block.moe_expert_bank
    yield NamedWeight(f"{at}.router.scale", router, "per_dim_scale")
    yield NamedWeight(f"{at}.router.proj.weight", router.proj, "kernel", TRANSPOSED)
    both = f"{at}.experts.gate_up_proj"
    yield NamedWeight(both, bank, "gate_proj", EXPERTS, (0, 2))
    yield NamedWeight(both, bank, "up_proj", EXPERTS, (1, 2))
    yield NamedWeight(f"{at}.experts.down_proj", bank, "down_proj", EXPERTS)
    yield NamedWeight(f"{at}.router.per_expert_scale", bank, "per_expert_scale")


def _gemma3n(backbone: Any) -> Iterator[NamedWeight]:
    model = backbone.language_model
    embedding = model.embed_tokens.embedding
    yield NamedWeight("model.embed_tokens.weight", embedding, "embeddings")
    yield from _per_layer_inputs(
        model.embed_tokens_per_layer.embedding,
        model.per_layer_model_projection,
        model.per_layer_projection_norm,
    )
    for name in ("altup_projections", "altup_unembed_projections"):
        for i, layer in enumerate(getattr(model, name)):
            yield NamedWeight(f"model.{name}.{i}.weight", layer, "kernel", TRANSPOSED)
    for i, block in enumerate(model.transformer_layers):
        at = f"model.layers.{i}"
        attention = block.attention
        for name in ("q_proj", "k_proj", "v_proj", "o_proj"):
            layer = getattr(attention, name)
            yield NamedWeight(f"{at}.self_attn.{name}.weight", layer, "kernel", TRANSPOSED)
        yield NamedWeight(f"{at}.self_attn.q_norm.weight", attention.q_norm, "scale")
        yield NamedWeight(f"{at}.self_attn.k_norm.weight", attention.k_norm, "scale")
        yield from _feed_forward(f"{at}.mlp", block.mlp, "gate_proj", "up_proj", "down_proj")
        for name in ("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                     "post_feedforward_layernorm", "post_per_layer_input_norm"):  # fmt: skip
            yield NamedWeight(f"{at}.{name}.weight", getattr(block, name), "scale")
        altup, laurel = block.altup, block.laurel
        for name in ("correction_coefs", "prediction_coefs", "modality_router"):
            layer = getattr(altup, name)
            yield NamedWeight(f"{at}.altup.{name}.weight", layer, "kernel", TRANSPOSED)
        yield NamedWeight(f"{at}.altup.router_norm.weight", altup.router_norm, "scale")
        if altup.altup_correct_scale:
            yield NamedWeight(f"{at}.altup.correct_output_scale", altup, "correct_output_scale")
        for name in ("linear_left", "linear_right"):
            layer = getattr(laurel, name)
            yield NamedWeight(f"{at}.laurel.{name}.weight", layer, "kernel", TRANSPOSED)
        yield NamedWeight(f"{at}.laurel.post_laurel_norm.weight", laurel.post_laurel_norm, "scale")
        for name in ("per_layer_input_gate", "per_layer_projection"):
            yield NamedWeight(f"{at}.{name}.weight", getattr(block, name), "kernel", TRANSPOSED)
    yield NamedWeight("model.norm.weight", model.final_normalization, "scale")


def _t5gemma(backbone: Any) -> Iterator[NamedWeight]:
    for side, embedding in (
        ("encoder", backbone.token_embedding),
        ("decoder", backbone.decoder_token_embedding),
    ):
        yield NamedWeight(f"model.{side}.embed_tokens.weight", embedding, "embeddings")
        kinds = ["self_attn", *["cross_attn"] * (side == "decoder")]
        norms = [f"{when}_{kind}_layernorm" for kind in kinds for when in ("pre", "post")]
        for i in range(getattr(backbone, f"{side}_num_layers")):
            block, at = backbone.get_layer(f"{side}_layer_{i}"), f"model.{side}.layers.{i}"
            for kind in kinds:
                yield from _attention(f"{at}.{kind}", getattr(block, kind), INPUTS_FIRST)
            yield from _feed_forward(f"{at}.mlp", block.mlp, "gate_proj", "up_proj", "down_proj")
            for name in (*norms, "pre_feedforward_layernorm", "post_feedforward_layernorm"):
                yield NamedWeight(f"{at}.{name}.weight", getattr(block, name), "scale")
        norm = getattr(backbone, f"{side}_norm")
        yield NamedWeight(f"model.{side}.norm.weight", norm, "scale")


def _attention(at: str, attention: Any, heads: Layout = HEADS) -> Iterator[NamedWeight]:
    """The kernels of an attention layer and its norms; a layer without keys of its own has none."""
    shared = getattr(attention, "is_kv_shared_layer", False)
    for name, layer in (("q", "query"), *(() if shared else (("k", "key"), ("v", "value")))):
        dense = getattr(attention, f"{layer}_dense")
        if dense is not None:  # where the values are the keys
            yield NamedWeight(f"{at}.{name}_proj.weight", dense, "kernel", heads)
        norm = getattr(attention, f"{layer}_norm", None)
        if norm is not None and hasattr(norm, "scale"):
            yield NamedWeight(f"{at}.{name}_norm.weight", norm, "scale")
    yield NamedWeight(f"{at}.o_proj.weight", attention.output_dense, "kernel", OUTPUT)


def _feed_forward(at: str, block: Any, gate: str, up: str, down: str) -> Iterator[NamedWeight]:
    for name, layer in (("gate_proj", gate), ("up_proj", up), ("down_proj", down)):
        yield NamedWeight(f"{at}.{name}.weight", getattr(block, layer), "kernel", TRANSPOSED)


def _four_norms(at: str, block: Any) -> Iterator[NamedWeight]:
    norms = {
        "input_layernorm": block.pre_attention_norm,
        "post_attention_layernorm": block.post_attention_norm,
        "pre_feedforward_layernorm": block.pre_ffw_norm,
        "post_feedforward_layernorm": block.post_ffw_norm,
    }
    for name, layer in norms.items():
        yield NamedWeight(f"{at}.{name}.weight", layer, "scale")


def _per_layer_inputs(embedding: Any, projection: Any, norm: Any) -> Iterator[NamedWeight]:
    yield NamedWeight("model.embed_tokens_per_layer.weight", embedding, "embeddings")
    name = "model.per_layer_model_projection.weight"
    yield NamedWeight(name, projection, "kernel", TRANSPOSED)
    yield NamedWeight("model.per_layer_projection_norm.weight", norm, "scale")


_TABLES: dict[str, Callable[[Any], Iterator[NamedWeight]]] = {
    "GemmaBackbone": _gemma,
    "Gemma3Backbone": _gemma3,
    "Gemma3nBackbone": _gemma3n,
    "Gemma4Backbone": _gemma4,
    "T5GemmaBackbone": _t5gemma,
}
