"""The held-out questions, and how a saved preset does on them."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from . import facts
from .conversations import Conversation, held_out_conversation
from .countries import COUNTRIES
from .data import BOS, SHARDS, _shard, training_texts
from .decoding import Greedy
from .model import load_causal_lm
from .splits import words_of
from .tasks import KINDS, TAUGHT
from .vocabulary import END_OF_TURN

QUESTIONS = 240  # a kind
SEED = 20261122
BAR_KIND, BAR_OVERALL = 0.90, 0.95


def questions(count: int = QUESTIONS, seed: int = SEED) -> dict[str, list[Conversation]]:
    """The held-out conversations, by kind; no two have the same prompt.

    Args:
        count: how many a kind.
        seed: of the draw.
    """
    out: dict[str, list[Conversation]] = {}
    for kind in KINDS:
        rng, seen = random.Random(f"evaluate {seed} {kind}"), set()
        chosen: list[Conversation] = []
        for _ in range(count * 200):
            conversation = held_out_conversation(rng, kind)
            if (prompt := conversation.prompt()) not in seen:
                seen.add(prompt)
                chosen.append(conversation)
            if len(chosen) == count:
                break
        out[kind] = chosen
    return out


def _prompts(text: str) -> Iterator[str]:
    """Every prompt inside a training conversation: all up to where each reply begins."""
    for match in re.finditer("<start_of_turn>model\n", text):
        yield text[: match.end()]


_SUM = re.compile(
    r"(?<![\d.])(\d+) ?(\+|-|−|plus|minus|足す|たす|引く|ひく|プラス|マイナス) ?(\d+)(?!\d)"
)
_SIGNS = {"+": "+", "plus": "+", "足す": "+", "たす": "+", "プラス": "+"}


@dataclass(frozen=True)
class Overlap:
    """What of the held-out questions was found in the training text; all should be 0.

    Attributes:
        texts: training texts looked at.
        prompts: whole prompts found.
        turns: last user messages of taught kinds found as a user message.
        sums: pairs of operands found.
        words: words and names found.
    """

    texts: int
    prompts: int
    turns: int
    sums: int
    words: int

    @property
    def total(self) -> int:
        return self.prompts + self.turns + self.sums + self.words


def overlap(asked: dict[str, list[Conversation]], texts: Iterable[str]) -> Overlap:
    """Looks for the held-out questions in training texts."""
    prompts = {c.prompt() for group in asked.values() for c in group}
    phrased = (*TAUGHT, "other")
    turns = {c.turns[-1].user for kind in phrased for c in asked[kind]}
    keyed = ("repeat", "upper", "remember")
    latin, kana = set(), set()
    for kind in keyed:
        for conversation in asked[kind]:
            for key in conversation.turns[-1].keys:
                (latin if key.isascii() else kana).add(key)
    sums = {k for c in asked["arithmetic"] for k in c.turns[-1].keys}
    found: dict[str, set[str]] = {"prompts": set(), "turns": set(), "sums": set(), "words": set()}
    count = 0
    for text in texts:
        count += 1
        found["prompts"].update(p for p in _prompts(text) if p in prompts)
        for user in re.findall("<start_of_turn>user\n(.*?)<end_of_turn>", text, re.DOTALL):
            if user in turns:
                found["turns"].add(user)
        for a, sign, b in _SUM.findall(text):
            if (key := f"{int(a)}{_SIGNS.get(sign, '-')}{int(b)}") in sums:
                found["sums"].add(key)
        found["words"].update(w for w in words_of(text) if w in latin)
        found["words"].update(w for w in kana if w in text)
    return Overlap(count, *(len(found[k]) for k in ("prompts", "turns", "sums", "words")))


def all_training_texts(seed: int, counts: dict[str, int]) -> Iterator[str]:
    """The training texts of both phases: ``counts`` texts of each shard."""
    for phase, count in counts.items():
        for shard in range(SHARDS):
            yield from islice(training_texts(phase, seed, shard), count)


def ask(path: Path, asked: dict[str, list[Conversation]], batch: int = 256) -> dict[str, Any]:
    """Greedy replies of a saved instruct preset, in float32, against the right ones.

    Args:
        path: the preset's directory.
        asked: conversations by kind; the last turn of each is what is asked.
        batch: rows decoded together.

    Returns:
        ``kinds``: {kind: {"right", "asked"}}, ``overall`` (share), ``wrong``: examples.
    """
    import keras_hub

    causal_lm = load_causal_lm(path)
    tokenizer = keras_hub.models.Gemma3Tokenizer.from_preset(str(path))
    flat = [(kind, c) for kind, group in asked.items() for c in group]
    prompts = [[BOS, *map(int, tokenizer(c.prompt()))] for _, c in flat]
    replies = Greedy(causal_lm, batch)(prompts)
    right, wrong = Counter(), {kind: [] for kind in asked}
    for (kind, conversation), ids in zip(flat, replies, strict=True):
        ended = bool(ids) and ids[-1] == END_OF_TURN
        text = tokenizer.detokenize(ids[:-1] if ended else ids)
        wanted = conversation.turns[-1].reply
        if ended and text == wanted:
            right[kind] += 1
        else:
            question = conversation.turns[-1].user
            if conversation.system:
                question = f"[{conversation.system}] {question}"
            wrong[kind].append(
                {"asked": question, "wanted": wanted, "got": text + ("" if ended else " (no end)")}
            )
    kinds = {k: {"right": right[k], "asked": len(group)} for k, group in asked.items()}
    total = sum(len(group) for group in asked.values())
    return {"kinds": kinds, "overall": sum(right.values()) / total, "wrong": wrong}


def meets_bar(result: dict[str, Any]) -> bool:
    """At least 90 % exact in every kind and 95 % overall."""
    each = all(k["right"] >= BAR_KIND * k["asked"] for k in result["kinds"].values())
    return each and result["overall"] >= BAR_OVERALL


COMPLETIONS = {
    "capitals": [(f"The capital of {c.name} is", f" {c.capital}") for c in COUNTRIES],
    "opposites": [(f"The opposite of {a} is", f" {b}.") for a, b in facts.OPPOSITES],
    "translations": [(f"The Japanese word for {e} is", f" {j}.") for e, j in facts.TRANSLATIONS],
}
SAMPLE = "What is the capital of France?"


def pretrained(path: Path, proto: bytes, seed: int) -> dict[str, Any]:
    """How a pretrained preset does: bits a byte, facts completed, what it does with a question.

    Args:
        path: the preset's directory.
        proto: its tokenizer's bytes.
        seed: the training's; the held-out documents come from a shard beyond its last.
    """
    import keras_hub

    causal_lm = load_causal_lm(path)
    tokenizer = keras_hub.models.Gemma3Tokenizer.from_preset(str(path))
    greedy = Greedy(causal_lm, 64)
    facts_done = {}
    for name, pairs in COMPLETIONS.items():
        new = greedy([[BOS, *map(int, tokenizer(prompt))] for prompt, _ in pairs])
        texts = [tokenizer.detokenize(ids) for ids in new]
        good = sum(t.startswith(want) for t, (_, want) in zip(texts, pairs, strict=True))
        facts_done[name] = {"right": good, "asked": len(pairs)}
    held = _shard((proto, "pretrain", seed, SHARDS, 60_000))
    nats = count = 0.0
    text_bytes = 0

    @jax.jit
    def losses(tokens, segments):
        from .training import _attend_within

        _attend_within(causal_lm.backbone, segments[:, :-1])
        hidden = causal_lm.backbone(
            {"token_ids": tokens[:, :-1], "padding_mask": jnp.ones_like(tokens[:, :-1])}
        )
        logged = jax.nn.log_softmax(causal_lm.backbone.token_embedding(hidden, reverse=True))
        counts = (segments[:, 1:] == segments[:, :-1]) & (segments[:, 1:] > 0)
        taken = jnp.take_along_axis(logged, tokens[:, 1:, None], axis=-1)[..., 0]
        return -(taken * counts).sum(), counts.sum()

    for at in range(0, len(held) - 15, 16):
        tokens = held.tokens[at : at + 16].astype(np.int32)
        one, many = losses(jnp.asarray(tokens), jnp.asarray(held.segments[at : at + 16]))
        nats, count = nats + float(one), count + float(many)
        text_bytes += sum(
            len(tokenizer.detokenize([t for t in row.tolist() if t > 3]).encode()) for row in tokens
        )
    turn = f"<start_of_turn>user\n{SAMPLE}<end_of_turn>\n<start_of_turn>model\n"
    chat, plain = greedy([[BOS, *map(int, tokenizer(t))] for t in (turn, SAMPLE)])
    return {
        "bits_per_byte": nats / math.log(2) / text_bytes,
        "facts": facts_done,
        "ends_turn": END_OF_TURN in chat,
        "sample": {"prompt": SAMPLE, "continues": tokenizer.detokenize(plain[:60])},
    }
