"""An exported model says the same in Hugging Face transformers, from safetensors and from GGUF.

The environment is that of tests/test_parity.py, with what transformers wants for GGUF.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import prompt_helpers
import pytest
from slow_suites import environment
from test_export import FAMILIES, export, tiny

import gemma_nb as gnb

pytestmark = [pytest.mark.slow_suite, pytest.mark.timeout(2400)]

HERE = Path(__file__).parent / "parity"
TEXTS = ["a", "fox", "the lazy dog", "the quick brown fox jumps over the lazy dog. " * 3]
COUNT = 16
#: Family -> what transformers reads of it: "safetensors", "gguf".
READ = {
    "gemma1": ("safetensors",),
    "gemma2": ("safetensors", "gguf"),
    "gemma3": ("safetensors", "gguf"),
    "gemma4": ("safetensors", "gguf"),
    "gemma4_moe": ("safetensors",),
    "t5gemma": ("safetensors",),
}


def build(name):
    """A family's tiny model; its GGUF reader leaves Gemma 4's scalar of a layer at 1."""
    tokenizer_class, make, form, changes = FAMILIES[name]
    tokenizer = prompt_helpers.tokenizer(tokenizer_class)
    seed = {"seed": 4} if name == "t5gemma" else {}  # others of its models repeat one token
    lm = make(vocabulary=tokenizer.vocabulary_size(), **seed)
    if name == "gemma4":
        for block in lm.backbone.transformer_layers:
            block.layer_scalar.assign(np.ones((), "float32"))
    fields = {"modalities": ("text",), "context_length": 256, **changes}
    return lm, tokenizer, prompt_helpers.variant(form, **fields)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """(family, format) -> (our model, its prompts, what transformers makes of them)."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    python = environment(version, HERE / "requirements.txt", HERE / "gguf.txt", needs=True)
    folder = tmp_path_factory.mktemp("exported")
    models, asked = {}, []
    for name, formats in READ.items():
        model = build(name)
        checkpoint = export(model, folder / name, "safetensors")
        if "gguf" in formats:
            export(model, folder / f"{name}.gguf", "gguf")
        ours = gnb.from_keras(model[0], model[2], max_length=128, tokenizer=model[1])
        prompts = [ours.prompt_ids(text, raw=True) for text in TEXTS]
        models[name] = ours, prompts
        asked += [
            {
                "family": name,
                "format": form,
                "folder": str(checkpoint),
                "gguf": f"{name}.gguf" if form == "gguf" else None,
                "prompts": prompts,
                "texts": TEXTS,
                "count": COUNT,
            }
            for form in formats
        ]
    (folder / "asked.json").write_text(json.dumps(asked))
    env = {**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [python, HERE / "exported.py", folder], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr
    made = json.loads((folder / "made.json").read_text())
    return {(one["family"], one["format"]): (*models[one["family"]], one) for one in made}


@pytest.mark.parametrize(
    ("family", "form"),
    [(name, form) for name, forms in READ.items() for form in forms],
)
def test_greedy_ids_equal_transformers(answers, family, form):
    ours, prompts, theirs = answers[family, form]
    if form == "safetensors":
        assert theirs["tokenized"] == prompts
    for text, ids in zip(TEXTS, theirs["ids"], strict=True):
        greedy = {"temperature": 0, "ignore_eos": True, "raw": True}
        assert list(ours.stream_ids(text, COUNT, **greedy)) == ids, text
        assert len(set(ids)) > 3, "a constant reply would prove nothing"


assert tiny  # the models of test_export
