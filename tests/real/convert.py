"""Writes the real Gemma 3 270M as a Hugging Face checkpoint in float32.

    python convert.py FILE.gguf FOLDER

Reads the file with llama.cpp's own ``gguf``. In Gemma's GGUF files a norm's weight is stored as
1 + w, ``<unk>`` and the tokens of turns are typed as control pieces, and user-defined pieces of
spaces hold spaces. Runs in an environment of its own (tests/real.txt).
"""

import json
import re
import sys
from pathlib import Path

import numpy as np
from gguf import GGUFReader, dequantize
from safetensors.numpy import save_file
from sentencepiece import sentencepiece_model_pb2 as sp

BLOCK = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "attn_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
TOP = {"token_embd": "embed_tokens", "output_norm": "norm"}


def name_of(tensor):
    """The Hugging Face name of a tensor of the GGUF file."""
    if found := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor):
        return f"model.layers.{found[1]}.{BLOCK[found[2]]}.weight"
    return f"model.{TOP[tensor.removesuffix('.weight')]}.weight"


def tensors(reader):
    """Every tensor in float32, as Hugging Face names and stores it."""
    for one in reader.tensors:
        values = dequantize(one.data, one.tensor_type).astype(np.float32)
        name = name_of(one.name)
        yield name, values - 1 if name.endswith("norm.weight") else values


def config(reader):
    """The config.json of the file's metadata."""

    def value(key):
        return reader.fields[f"gemma3.{key}"].contents()

    return {
        "architectures": ["Gemma3ForCausalLM"],
        "model_type": "gemma3_text",
        "vocab_size": len(reader.fields["tokenizer.ggml.tokens"].data),
        "num_hidden_layers": value("block_count"),
        "hidden_size": value("embedding_length"),
        "intermediate_size": value("feed_forward_length"),
        "num_attention_heads": value("attention.head_count"),
        "num_key_value_heads": value("attention.head_count_kv"),
        "head_dim": value("attention.key_length"),
        "query_pre_attn_scalar": value("attention.key_length"),
        "sliding_window": value("attention.sliding_window"),
        "max_position_embeddings": value("context_length"),
        "rope_theta": value("rope.freq_base"),
        "rope_local_base_freq": 10000.0,
        "rope_scaling": None,
        "rms_norm_eps": round(value("attention.layer_norm_rms_epsilon"), 9),  # kept in float32
        "hidden_activation": "gelu_pytorch_tanh",
        "attention_bias": False,
        "attn_logit_softcapping": None,
        "final_logit_softcapping": None,
        "tie_word_embeddings": True,
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "torch_dtype": "float32",
    }


def vocabulary(reader):
    """The SentencePiece model of the file's vocabulary."""
    texts, scores, kinds = (
        reader.fields[f"tokenizer.ggml.{key}"].contents()
        for key in ("tokens", "scores", "token_type")
    )
    model = sp.ModelProto()
    trainer, normalizer = model.trainer_spec, model.normalizer_spec
    trainer.model_type, trainer.vocab_size, trainer.byte_fallback = 2, len(texts), True
    trainer.pad_id, trainer.eos_id, trainer.bos_id, trainer.unk_id = 0, 1, 2, 3
    trainer.pad_piece, trainer.eos_piece, trainer.bos_piece = "<pad>", "<eos>", "<bos>"
    normalizer.name = "identity"
    normalizer.add_dummy_prefix = normalizer.remove_extra_whitespaces = False
    typed_otherwise = {"<unk>": 2, "<start_of_turn>": 4, "<end_of_turn>": 4}
    for text, score, stored in zip(texts, scores, kinds, strict=True):
        kind = typed_otherwise.get(text, stored)
        spelt = text.replace(" ", "▁") if kind == 4 else text
        model.pieces.add(piece=spelt, score=score, type=kind)
    return model.SerializeToString()


def main():
    file, folder = map(Path, sys.argv[1:])
    folder.mkdir(parents=True)
    reader = GGUFReader(file)
    save_file(dict(tensors(reader)), folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "config.json").write_text(json.dumps(config(reader), indent=1))
    (folder / "tokenizer.model").write_bytes(vocabulary(reader))


if __name__ == "__main__":
    main()
