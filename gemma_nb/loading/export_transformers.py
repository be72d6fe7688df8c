"""Writes a model as a checkpoint that Hugging Face transformers loads: safetensors and vocabulary."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import IO, Any

from gemma_nb.errors import InvalidInput, shown
from gemma_nb.loading.dequantize import float_weight
from gemma_nb.loading.export_config import expect, transformers_config
from gemma_nb.loading.tokenizer_json import tokenizer_json
from gemma_nb.loading.weight_names import NamedWeight, named_weights

#: The precisions of ``export`` -> the dtype's name in a safetensors header.
SAFETENSORS_DTYPES = {"float32": "F32", "bfloat16": "BF16", "float16": "F16"}
#: The folders of the two layers after EmbeddingGemma's pooling; sentence-transformers has them so.
_DENSE_FOLDERS = ("2_Dense", "3_Dense")


def check_transformers_export(backbone: Any, precision: str) -> None:
    """Makes sure that a backbone can be written as a text-only checkpoint.

    Args:
        backbone: a KerasHub backbone of the Gemma family.
        precision: one of ``SAFETENSORS_DTYPES``.

    Raises:
        InvalidInput: the class has no exporter, or something of it cannot be written.
    """
    config = transformers_config(backbone)
    if config["model_type"] == "gemma3n_text":
        # transformers reads it; KerasHub's converter wants the encoders too
        raise InvalidInput("export_gemma3n", kind=type(backbone).__name__)
    if config.get("use_bidirectional_attention") is True:
        # the widths that KerasHub's converter builds, whatever the files say
        expect(backbone, pooling_intermediate_dim=3072, embedding_dim=backbone.hidden_dim)
    if precision not in SAFETENSORS_DTYPES:
        known = ", ".join(SAFETENSORS_DTYPES)
        raise InvalidInput("export_precision", precision=shown(precision), all=known)


def write_checkpoint(
    folder: Path,
    backbone: Any,
    proto: bytes,
    precision: str,
    *,
    stop_ids: list[int],
    context_length: int,
    chat_template: str | None,
) -> None:
    """Writes config, weights and vocabulary; one tensor is in memory at a time.

    Args:
        folder: an empty directory.
        backbone: a KerasHub backbone of the Gemma family; a quantised one is written dequantised.
        proto: the serialized SentencePiece model.
        precision: one of ``SAFETENSORS_DTYPES``.
        stop_ids: the tokens that end a reply.
        context_length: the longest context, in tokens.
        chat_template: the Jinja template of conversations; None for none.

    Raises:
        InvalidInput: as in ``check_transformers_export``.
        OSError: a file cannot be written.
    """
    config = {**transformers_config(backbone), "torch_dtype": precision}
    if config["model_type"] != "t5gemma":
        config["max_position_embeddings"] = context_length
    tensors: dict[str, list[NamedWeight]] = {}
    for weight in named_weights(backbone):
        tensors.setdefault(weight.name, []).append(weight)
    for dense in _DENSE_FOLDERS:
        name = f"{dense}.linear.weight"
        if name in tensors:
            _write_dense(folder / dense, {"linear.weight": tensors.pop(name)}, precision)
    if config.get("use_bidirectional_attention") is True:
        # sentence-transformers' checkpoints name the tensors of the bare model
        tensors = {name.removeprefix("model."): weights for name, weights in tensors.items()}
        _write_pooling(folder, backbone)
    with (folder / "model.safetensors").open("wb") as file:
        _write_safetensors(file, tensors, precision)
    _write_json(folder / "config.json", config)
    ends = {"bos_token_id": 2, "eos_token_id": stop_ids, "pad_token_id": 0}
    _write_json(folder / "generation_config.json", ends)
    _write_tokenizer(folder, proto, chat_template)


def _write_safetensors(
    file: IO[bytes], tensors: dict[str, list[NamedWeight]], precision: str
) -> None:
    """Writes a safetensors file: the header's length, a JSON header, then the numbers.

    Source: https://github.com/huggingface/safetensors#format. That package writes from a dict of all
    tensors, which would hold the whole model in host memory.
    """
    import ml_dtypes
    import numpy as np

    dtype = np.dtype(getattr(ml_dtypes, precision, precision))
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name, weights in tensors.items():
        size = prod(weights[0].shape) * dtype.itemsize
        header[name] = {
            "dtype": SAFETENSORS_DTYPES[precision],
            "shape": weights[0].shape,
            "data_offsets": [offset, offset + size],
        }
        offset += size
    raw = json.dumps(header, separators=(",", ":")).encode()
    raw += b" " * (-len(raw) % 8)
    file.write(len(raw).to_bytes(8, "little") + raw)
    for weights in tensors.values():
        parts = [w.layout.from_keras(float_weight(w.layer, w.attribute)) for w in weights]
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=-2)
        file.write(np.ascontiguousarray(whole).astype(dtype).tobytes())


def _write_dense(folder: Path, tensors: dict[str, list[NamedWeight]], precision: str) -> None:
    """A Dense module of sentence-transformers."""
    folder.mkdir()
    with (folder / "model.safetensors").open("wb") as file:
        _write_safetensors(file, tensors, precision)
    outputs, inputs = tensors["linear.weight"][0].shape
    fields = {
        "in_features": inputs,
        "out_features": outputs,
        "bias": False,
        "activation_function": "torch.nn.modules.linear.Identity",
    }
    _write_json(folder / "config.json", fields)


def _write_pooling(folder: Path, backbone: Any) -> None:
    """The modules of sentence-transformers: the model, the mean, two layers, and length 1."""
    names = ("Transformer", "Pooling", "Dense", "Dense", "Normalize")
    modules = [
        {
            "idx": i,
            "name": str(i),
            "path": f"{i}_{name}" if i else "",
            "type": f"sentence_transformers.models.{name}",
        }
        for i, name in enumerate(names)
    ]
    (folder / "modules.json").write_text(json.dumps(modules, indent=1), encoding="utf-8")
    (folder / "1_Pooling").mkdir()
    (folder / "4_Normalize").mkdir()
    pooling = {"word_embedding_dimension": backbone.hidden_dim, "pooling_mode_mean_tokens": True}
    _write_json(folder / "1_Pooling" / "config.json", pooling)


def _write_tokenizer(folder: Path, proto: bytes, chat_template: str | None) -> None:
    (folder / "tokenizer.model").write_bytes(proto)
    _write_json(folder / "tokenizer.json", tokenizer_json(proto))
    fields: dict[str, Any] = {
        "tokenizer_class": "GemmaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<bos>",
        "eos_token": "<eos>",
        "pad_token": "<pad>",
        "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False,
        "spaces_between_special_tokens": False,
    }
    if chat_template:
        fields["chat_template"] = chat_template
    _write_json(folder / "tokenizer_config.json", fields)


def _write_json(path: Path, fields: dict[str, Any]) -> None:
    path.write_text(json.dumps(fields, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
