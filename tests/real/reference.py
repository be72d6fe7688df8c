"""What Hugging Face transformers makes of a checkpoint in float32: greedy replies, log-likelihood.

    python reference.py CHECKPOINT FOLDER

FOLDER holds ``asked.json``: ``prompts``, lists of token ids; ``count``, how many ids to add to
each; ``text``, the token ids of a text of one window, ``<bos>`` first. It gets ``reference.json``:
``replies``, lists of ids; ``log_probs``, of each token of the text but the first, natural
logarithms. Runs in the environment of tests/parity/requirements.txt.
"""

import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM

#: How many positions' logits are in memory at once.
POSITIONS = 128


@torch.no_grad()
def replies(model, prompts, count):
    """The ids that follow each prompt; all prompts in one batch, shorter ones padded on the left."""
    longest = max(map(len, prompts))
    padded = [[0] * (longest - len(ids)) + ids for ids in prompts]
    mask = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts]
    made = model.generate(
        input_ids=torch.tensor(padded),
        attention_mask=torch.tensor(mask),
        max_new_tokens=count,
        min_new_tokens=count,
        do_sample=False,
        pad_token_id=0,
    )
    return made[:, longest:].tolist()


@torch.no_grad()
def log_probs(model, ids):
    """The log-probability of each token after those before it."""
    states = model.model(input_ids=torch.tensor([ids]), use_cache=False).last_hidden_state[0]
    found = []
    for at in range(0, len(ids) - 1, POSITIONS):
        following = torch.tensor(ids[at + 1 : at + 1 + POSITIONS])
        logits = model.lm_head(states[at : at + len(following)])
        found += logits.log_softmax(-1).gather(1, following[:, None])[:, 0].tolist()
    return found


def main():
    checkpoint, folder = map(Path, sys.argv[1:])
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    asked = json.loads((folder / "asked.json").read_text())
    answer = {
        "replies": replies(model, asked["prompts"], asked["count"]),
        "log_probs": log_probs(model, asked["text"]),
    }
    (folder / "reference.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main()
