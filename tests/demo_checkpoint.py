"""The demo model as a Hugging Face checkpoint of Gemma 3, and Gemma 3's equations in NumPy."""

import json
import random
import shutil

from gemma_nb.catalog.registry import demo_directory

DEMO = demo_directory("demo_gemma3_instruct_1m")
QUESTION, ANSWER = "What is the capital of Japan?", "Tokyo"
_WORDS = "river stone seven lantern Tokyo capital Japan what is blue Paris France city the of a and green"
_random = random.Random(2)
#: Longer than the sliding window, and hard to continue.
TEXT = " ".join(_random.choice(_WORDS.split()) for _ in range(170))

_NAMES = {
    "attention/query_dense": "self_attn.q_proj",
    "attention/key_dense": "self_attn.k_proj",
    "attention/value_dense": "self_attn.v_proj",
    "attention/output_dense": "self_attn.o_proj",
    "gating_ffw": "mlp.gate_proj",
    "gating_ffw_2": "mlp.up_proj",
    "ffw_linear": "mlp.down_proj",
    "pre_attention_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "pre_ffw_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attention/query_norm": "self_attn.q_norm",
    "attention/key_norm": "self_attn.k_norm",
}


def tensors():
    """The demo model's weights under Hugging Face's names and in its layout, float32."""
    import h5py
    import ml_dtypes
    import numpy as np

    made = {}
    with h5py.File(DEMO / "model.weights.h5") as file:
        layers = file["layers"]

        def read(path):
            return layers[f"{path}/vars/0"][()].view(ml_dtypes.bfloat16).astype(np.float32)

        made["model.embed_tokens.weight"] = read("reversible_embedding")
        made["model.norm.weight"] = read("rms_normalization")
        for block in (n for n in layers if "decoder_block" in n):
            number = layers[f"{block}/vars"].attrs["name"].rpartition("_")[2]
            for keras, name in _NAMES.items():
                w = read(f"{block}/{keras}")
                if keras.endswith("output_dense"):
                    w = w.reshape(-1, w.shape[-1]).T  # heads, size, hidden
                elif w.ndim == 3:
                    w = w.transpose(0, 2, 1).reshape(-1, w.shape[1])  # heads, hidden, size
                elif w.ndim == 2:
                    w = w.T
                made[f"model.layers.{number}.{name}.weight"] = np.ascontiguousarray(w)
    return made


def config(**changes):
    """The config.json that belongs to them."""
    c = json.loads((DEMO / "config.json").read_text())["config"]
    return {
        "model_type": "gemma3_text",
        "architectures": ["Gemma3ForCausalLM"],
        "vocab_size": c["vocabulary_size"],
        "num_hidden_layers": c["num_layers"],
        "num_attention_heads": c["num_query_heads"],
        "num_key_value_heads": c["num_key_value_heads"],
        "hidden_size": c["hidden_dim"],
        "intermediate_size": c["intermediate_dim"],
        "head_dim": c["head_dim"],
        "query_pre_attn_scalar": c["head_dim"],
        "sliding_window": c["sliding_window_size"],
        "rms_norm_eps": c["layer_norm_epsilon"],
        "rope_theta": 1e6,
        "rope_local_base_freq": 1e4,
        **changes,
    }


def checkpoint(folder, weights=None, fields=None, **texts):
    """Writes a checkpoint; ``texts`` are more files: tokenizer_config="…" makes tokenizer_config.json.

    Returns:
        The folder, which is created.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True)
    save_file(tensors() if weights is None else weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config() if fields is None else fields))
    shutil.copy(DEMO / "assets/tokenizer/vocabulary.spm", folder / "tokenizer.model")
    for stem, text in texts.items():
        (folder / f"{stem}.json").write_text(text)
    return folder


def probabilities(ids, weights, fields):
    """The probabilities of the next token by Gemma 3's equations, every field of the config honoured.

    Source: transformers 5.24, ``models/gemma3/modeling_gemma3.py``.
    """
    import numpy as np

    n, size, eps = len(ids), fields["head_dim"], fields["rms_norm_eps"]
    heads, kv = fields["num_attention_heads"], fields["num_key_value_heads"]
    w = {k: v.astype(np.float64) for k, v in weights.items()}
    at = np.arange(n)
    rope = fields.get("rope_parameters") or {"full_attention": fields.get("rope_scaling") or {}}

    def norm(x, name):
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * (1 + w[name])

    def turn(x, kind):
        theta = 1e4 if kind == "sliding_attention" else 1e6
        factor = rope.get(kind, {}).get("factor", 1)
        angle = at[:, None] / factor * theta ** (-np.arange(size // 2) * 2 / size)
        a, b = x[..., : size // 2], x[..., size // 2 :]
        cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
        return np.concatenate([a * cos - b * sin, b * cos + a * sin], -1)

    def gelu(x):
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))

    def capped(x, cap):
        return np.tanh(x / cap) * cap if cap else x

    kinds = fields.get("layer_types") or [
        "sliding_attention" if (i + 1) % 6 else "full_attention"
        for i in range(fields["num_hidden_layers"])
    ]
    x = w["model.embed_tokens.weight"][ids] * np.sqrt(fields["hidden_size"])
    for i, kind in enumerate(kinds):
        p = f"model.layers.{i}."
        h = norm(x, p + "input_layernorm.weight")
        q, k, v = ((h @ w[f"{p}self_attn.{s}_proj.weight"].T).reshape(n, -1, size) for s in "qkv")
        q = turn(norm(q, p + "self_attn.q_norm.weight"), kind)
        k = turn(norm(k, p + "self_attn.k_norm.weight"), kind)
        k, v = np.repeat(k, heads // kv, 1), np.repeat(v, heads // kv, 1)
        score = np.einsum("qhd,khd->hqk", q, k) * fields["query_pre_attn_scalar"] ** -0.5
        score = capped(score, fields.get("attn_logit_softcapping"))
        far = at[:, None] - at[None]
        seen = (far >= 0) & ((far < fields["sliding_window"]) | (kind == "full_attention"))
        score = np.where(seen, score, -np.inf)
        score = np.exp(score - score.max(-1, keepdims=True))
        o = np.einsum("hqk,khd->qhd", score / score.sum(-1, keepdims=True), v).reshape(n, -1)
        x = x + norm(o @ w[p + "self_attn.o_proj.weight"].T, p + "post_attention_layernorm.weight")
        h = norm(x, p + "pre_feedforward_layernorm.weight")
        h = gelu(h @ w[p + "mlp.gate_proj.weight"].T) * (h @ w[p + "mlp.up_proj.weight"].T)
        h = h @ w[p + "mlp.down_proj.weight"].T
        x = x + norm(h, p + "post_feedforward_layernorm.weight")
    logits = norm(x[-1], "model.norm.weight") @ w["model.embed_tokens.weight"].T
    logits = capped(logits, fields.get("final_logit_softcapping"))
    power = np.exp(logits - logits.max())
    return power / power.sum()
