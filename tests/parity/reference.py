"""What Hugging Face transformers makes of a checkpoint: last logits and greedy ids of prompts.

Run in its own environment (requirements.txt beside this file):
``python reference.py FOLDER…``; each folder holds a checkpoint and ``prompts.json`` (prompts: lists
of token ids; count: how many ids to add), and gets ``reference.json``.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM


@torch.no_grad()
def answers(folder):
    """Each prompt's last logits, and the ids that follow it, every step computed anew."""
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    asked = json.loads((folder / "prompts.json").read_text())
    for prompt in asked["prompts"]:
        ids = list(prompt)
        first = None
        for _ in range(asked["count"]):
            logits = model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
            first = logits if first is None else first
            ids.append(int(logits.argmax()))
        yield {"logits": first.tolist(), "ids": ids[len(prompt) :]}


for name in sys.argv[1:]:
    folder = Path(name)
    (folder / "reference.json").write_text(json.dumps(list(answers(folder))))
