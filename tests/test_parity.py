"""The same weights give the same logits and the same greedy ids as Hugging Face transformers.

transformers and torch stand in an environment of their own, made from
tests/parity/requirements.txt and kept. PyPI's torch for x86-64 Linux is built for CUDA and brings several
gigabytes along, without which it cannot be imported; an index or a folder with the build for
processors (pip's PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS) makes that 190 MB.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import prompt_helpers
import pytest
import tiny
from slow_suites import environment

import gemma_nb as gnb

pytestmark = [pytest.mark.slow_suite, pytest.mark.timeout(1800)]

HERE = Path(__file__).parent / "parity"
WORDS = ("the quick brown fox jumps over the lazy dog. " * 3).split()
#: the sliding window is 8 tokens: a prompt far within it, about its edge, and far past it
TEXTS = ["a", "fox", "the lazy", "you are", " ".join(WORDS[:6]), " ".join(WORDS)]
COUNT = 24


def transformers_gemma2(lm, folder):
    """Writes a Gemma 2 as transformers reads it; KerasHub's own exporter makes a Gemma 1 of it."""
    from safetensors.numpy import save_file

    backbone = lm.backbone
    tensors = {
        "model.embed_tokens.weight": backbone.token_embedding.embeddings,
        "model.norm.weight": backbone.layer_norm.scale,
    }
    for i, block in enumerate(backbone.transformer_layers):
        at, attention = f"model.layers.{i}", block.attention
        for name, dense in (
            ("q", attention.query_dense),
            ("k", attention.key_dense),
            ("v", attention.value_dense),
        ):
            kernel = np.asarray(dense.kernel)  # (heads, hidden, head size)
            rows = kernel.transpose(0, 2, 1).reshape(-1, kernel.shape[1])
            tensors[f"{at}.self_attn.{name}_proj.weight"] = rows
        kernel = np.asarray(attention.output_dense.kernel)  # (heads, head size, hidden)
        tensors[f"{at}.self_attn.o_proj.weight"] = kernel.reshape(-1, kernel.shape[2]).T
        tensors[f"{at}.mlp.gate_proj.weight"] = np.asarray(block.gating_ffw.kernel).T
        tensors[f"{at}.mlp.up_proj.weight"] = np.asarray(block.gating_ffw_2.kernel).T
        tensors[f"{at}.mlp.down_proj.weight"] = np.asarray(block.ffw_linear.kernel).T
        tensors[f"{at}.input_layernorm.weight"] = block.pre_attention_norm.scale
        tensors[f"{at}.post_attention_layernorm.weight"] = block.post_attention_norm.scale
        tensors[f"{at}.pre_feedforward_layernorm.weight"] = block.pre_ffw_norm.scale
        tensors[f"{at}.post_feedforward_layernorm.weight"] = block.post_ffw_norm.scale
    made = {name: np.ascontiguousarray(value) for name, value in tensors.items()}
    save_file(made, folder / "model.safetensors", metadata={"format": "pt"})
    config = {
        "model_type": "gemma2",
        "architectures": ["Gemma2ForCausalLM"],
        "vocab_size": backbone.vocabulary_size,
        "num_hidden_layers": backbone.num_layers,
        "num_attention_heads": backbone.num_query_heads,
        "num_key_value_heads": backbone.num_key_value_heads,
        "hidden_size": backbone.hidden_dim,
        "intermediate_size": backbone.intermediate_dim // 2,
        "head_dim": backbone.head_dim,
        "query_pre_attn_scalar": backbone.head_dim,
        "sliding_window": backbone.sliding_window_size,
        "attn_logit_softcapping": float(backbone.attention_logit_soft_cap),
        "final_logit_softcapping": float(backbone.final_logit_soft_cap),
        "hidden_activation": "gelu_pytorch_tanh",
        "tie_word_embeddings": True,
    }
    (folder / "config.json").write_text(json.dumps(config))


def exported(lm, folder):
    lm.export_to_transformers(str(folder))


def exported_sharing_keys(lm, folder):
    """As KerasHub exports it, and what it leaves out: global layers whose values are their keys."""
    exported(lm, folder)
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "attention_k_eq_v": True}))


FAMILIES = {
    "gemma2": ("GemmaTokenizer", tiny.gemma2, transformers_gemma2),
    "gemma3": ("Gemma3Tokenizer", tiny.gemma3, exported),
    "gemma4": ("Gemma4Tokenizer", tiny.gemma4, exported),
    "gemma4_moe": ("Gemma4Tokenizer", tiny.gemma4_moe, exported_sharing_keys),
}
GENERATIONS = {"gemma2": "2", "gemma3": "3", "gemma4": "4", "gemma4_moe": "4"}


@pytest.fixture(scope="module")
def reference_python():
    """A Python with torch and transformers and nothing else."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return environment(version, HERE / "requirements.txt", needs=True)


@pytest.fixture(scope="module")
def references(reference_python, tmp_path_factory):
    """Family -> (our model, its prompts, what transformers makes of them); one process for all."""
    made = {}
    for name, (tokenizer_class, build, write) in FAMILIES.items():
        tokenizer = prompt_helpers.tokenizer(tokenizer_class)
        lm = build(vocabulary=tokenizer.vocabulary_size())
        variant = prompt_helpers.variant("plain", generation=GENERATIONS[name])
        model = gnb.from_keras(lm, variant, max_length=128, tokenizer=tokenizer)
        prompts = [model.prompt_ids(text, raw=True) for text in TEXTS]
        folder = tmp_path_factory.mktemp(name)
        write(lm, folder)
        asked = json.dumps({"prompts": prompts, "count": COUNT})
        (folder / "prompts.json").write_text(asked)
        made[name] = model, prompts, folder
    folders = [folder for _, _, folder in made.values()]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [reference_python, HERE / "reference.py", *folders]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return {
        name: (model, prompts, json.loads((folder / "reference.json").read_text()))
        for name, (model, prompts, folder) in made.items()
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_logits_and_greedy_ids_equal_transformers(references, family):
    model, prompts, reference = references[family]
    lengths = [len(ids) for ids in prompts]
    assert min(lengths) < 8 < max(lengths) // 3, lengths
    for text, ids, theirs in zip(TEXTS, prompts, reference, strict=True):
        logits = model._decoder.logits(ids)
        np.testing.assert_allclose(logits, theirs["logits"], rtol=0, atol=1e-4, err_msg=text)
        greedy = {"temperature": 0, "ignore_eos": True, "raw": True}
        assert list(model.stream_ids(text, COUNT, **greedy)) == theirs["ids"], text
        assert len(set(theirs["ids"])) > 3, "a constant reply would prove nothing"
