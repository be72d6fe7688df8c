"""What transformers makes of exported models: the ids of texts, and greedy ids after prompts.

Run in its own environment: ``python exported.py FOLDER``; reads ``asked.json`` there and writes
``made.json``.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer


@torch.no_grad()
def greedy(model, prompt, count, seq2seq):
    """The ids that follow a prompt, every step computed anew."""
    ids = [2] if seq2seq else list(prompt)
    start = len(ids)
    for _ in range(count):
        more = {"input_ids": torch.tensor([ids])}
        if seq2seq:
            more = {"input_ids": torch.tensor([prompt]), "decoder_input_ids": more["input_ids"]}
        ids.append(int(model(**more, use_cache=False).logits[0, -1].argmax()))
    return ids[start:]


folder = Path(sys.argv[1])
made = []
for one in json.loads((folder / "asked.json").read_text()):
    config = AutoConfig.from_pretrained(one["folder"])
    seq2seq = bool(config.is_encoder_decoder)
    auto = AutoModelForSeq2SeqLM if seq2seq else AutoModelForCausalLM
    # transformers knows the metadata of published sizes alone: the config names the rest
    source = {"gguf_file": one["gguf"], "config": config} if one["gguf"] else {}
    where = folder if one["gguf"] else one["folder"]
    model = auto.from_pretrained(
        where, dtype=torch.float32, attn_implementation="eager", **source
    ).eval()
    tokenizer = AutoTokenizer.from_pretrained(one["folder"])
    ids = [greedy(model, prompt, one["count"], seq2seq) for prompt in one["prompts"]]
    tokenized = [tokenizer(text).input_ids for text in one["texts"]]
    made.append(
        {"family": one["family"], "format": one["format"], "ids": ids, "tokenized": tokenized}
    )
(folder / "made.json").write_text(json.dumps(made))
