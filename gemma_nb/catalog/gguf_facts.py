"""What the header of a GGUF file tells of its model besides its config: counts, types, tuning."""

from __future__ import annotations

import re
from typing import Any

from gemma_nb.catalog.gguf_header import GgufModel
from gemma_nb.catalog.variant import Variant


def gguf_counts(model: GgufModel) -> dict[str, Any]:
    """The parameter counts of a GGUF file, which holds no encoders.

    Args:
        model: the headers of its files.
    """
    counts = {name: t.elements for name, t in model.tensors.items() if name != "rope_freqs.weight"}
    return {
        "parameters": sum(counts.values()),
        "text_parameters": sum(counts.values()),
        "vision_parameters": 0,
        "audio_parameters": 0,
        "per_layer_embedding_parameters": counts.get("per_layer_token_embd.weight", 0),
    }


def stored_type(model: GgufModel) -> str:
    """The types of the matrices of its layers: "Q4_0", or "Q4_K, Q6_K" for a mix.

    Args:
        model: the headers of its files.
    """
    types = {
        t.type for name, t in model.tensors.items() if name.startswith("blk.") and len(t.shape) > 1
    }
    return ", ".join(sorted(types))


def gguf_template(model: GgufModel) -> str | None:
    """The chat template that it carries; None without one.

    Args:
        model: the headers of its files.
    """
    template = model.metadata.get("tokenizer.chat_template")
    return template if isinstance(template, str) and template else None


def int4_bytes(variant: Variant, model: GgufModel) -> tuple[int, int] | None:
    """The bytes in int4: query, key and value of several heads are int8 (``loading.gguf_int4``).

    Args:
        variant: the variant of the file, with the sizes of its shape.
        model: the headers of its files.

    Returns:
        As ``Variant.int4_bytes``.
    """
    shape = variant.architecture
    if variant.stored_type != "Q4_0" or variant.int4_bytes is None or shape is None:
        return variant.int4_bytes
    heads = {"q": shape.num_query_heads, "k": shape.num_key_value_heads}
    heads["v"] = heads["k"]
    in_int8 = sum(
        tensor.elements
        for name, tensor in model.tensors.items()
        if (match := re.fullmatch(r"blk\.\d+\.attn_([qkv])\.weight", name)) and heads[match[1]] > 1
    )
    text, encoders = variant.int4_bytes
    return text + in_int8 // 2, encoders
