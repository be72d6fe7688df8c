"""Tiny presets, made on the spot: Keras's in one file and in shards, and safetensors."""

import io
import json

import h5py
import numpy as np

CONFIG = {
    "module": "keras_hub.src.models.gemma3.gemma3_backbone",
    "class_name": "Gemma3Backbone",
    "config": {
        "name": "gemma3_backbone",
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "bfloat16"},
            "registered_name": None,
        },
        "num_layers": 2,
    },
    "registered_name": "keras_hub>Gemma3Backbone",
}


def hdf5(seed, count=100_000):
    """An HDF5 file of noise: nothing in it compresses or repeats."""
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for layer in range(2):
            values = rng.normal(size=count // 2).astype("float32")
            file.create_dataset(f"layers/layer_{layer}/vars/0", data=values)
    return buffer.getvalue()


def safetensors(names, seed=0, count=20_000):
    """A safetensors file with these tensors (format: huggingface/safetensors, README)."""
    rng = np.random.default_rng(seed)
    header, blobs, at = {}, [], 0
    for name in names:
        data = rng.normal(size=count).astype("float32").tobytes()
        header[name] = {"dtype": "F32", "shape": [count], "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + b"".join(blobs)


def dumps(value):
    return json.dumps(value, indent=1).encode()


def keras(seed=0):
    return {
        "config.json": dumps(CONFIG),
        "metadata.json": dumps({"keras_version": "3.15.1", "parameter_count": 100_000}),
        "tokenizer.json": dumps(
            {
                "module": "keras_hub.src.models.gemma3.gemma3_tokenizer",
                "class_name": "Gemma3Tokenizer",
                "config": {"name": "gemma3_tokenizer"},
                "registered_name": "keras_hub>Gemma3Tokenizer",
            }
        ),
        "assets/tokenizer/vocabulary.spm": bytes(range(256)) * 40,
        "model.weights.h5": hdf5(seed),
        "README.md": b"a preset",
        "weights.bin": b"a pickle that nobody fetches",
    }


def sharded(seed=0):
    files = keras(seed)
    files.pop("model.weights.h5")
    names = ["model_00000.weights.h5", "model_00001.weights.h5"]
    for number, name in enumerate(names):
        files[name] = hdf5(seed + number, 50_000)
    shards = {"metadata": {"total_size": 400_000}, "weight_map": {"/a": names[:1], "/b": names[1:]}}
    files["model.weights.json"] = dumps(shards)
    return files


def transformers():
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    return {
        "config.json": dumps({"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"]}),
        "tokenizer.json": dumps({"version": "1.0"}),
        "tokenizer.model": bytes(range(256)) * 10,
        names[0]: safetensors(["model.embed_tokens.weight"], 1),
        names[1]: safetensors(["model.norm.weight"], 2),
        "model.safetensors.index.json": dumps(
            {
                "metadata": {"total_size": 160_000},
                "weight_map": {
                    "model.embed_tokens.weight": names[0],
                    "model.norm.weight": names[1],
                },
            }
        ),
        "pytorch_model.bin": b"a pickle that nobody fetches",
        "modeling_custom.py": b"raise SystemExit('code from a checkpoint ran')",
        "consolidated.safetensors": safetensors(["again"], 3),
    }
