"""Token arrays for training: documents or conversations, packed into rows of one length."""

from __future__ import annotations

import multiprocessing
import os
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import sentencepiece

from .conversations import Conversation, train_conversation
from .corpus import document

ROW = 512  # tokens a row
SHARDS = 64  # fixed, so that the data do not depend on the number of processes
EOS, BOS = 1, 2
_OPEN_ROWS = 16


@dataclass(frozen=True)
class Packed:
    """Rows of several texts.

    Attributes:
        tokens: (rows, ROW) uint16, 0 where empty.
        segments: (rows, ROW) uint8, the text's number in its row from 1; 0 where empty.
        learnt: (rows, ROW) bool, whether the token is to be predicted.
        texts: how many texts a shard held, at most.
    """

    tokens: np.ndarray
    segments: np.ndarray
    learnt: np.ndarray
    texts: int

    def __len__(self) -> int:
        return len(self.tokens)


def processor(proto: bytes) -> sentencepiece.SentencePieceProcessor:
    return sentencepiece.SentencePieceProcessor(model_proto=proto)


def _pack(texts: Iterable[tuple[list[int], list[bool]]]) -> Packed:
    """Puts each text into the first open row with room; texts are at most ROW long."""
    closed: list[list[tuple[list[int], list[bool]]]] = []
    open_rows: list[list[tuple[list[int], list[bool]]]] = []
    room: list[int] = []
    for ids, learnt in texts:
        fits = next((i for i, free in enumerate(room) if free >= len(ids)), None)
        if fits is None:
            if len(open_rows) == _OPEN_ROWS:
                fullest = room.index(min(room))
                closed.append(open_rows.pop(fullest))
                room.pop(fullest)
            open_rows.append([])
            room.append(ROW)
            fits = len(room) - 1
        open_rows[fits].append((ids, learnt))
        room[fits] -= len(ids)
    closed += open_rows
    out = Packed(
        np.zeros((len(closed), ROW), np.uint16),
        np.zeros((len(closed), ROW), np.uint8),
        np.zeros((len(closed), ROW), bool),
        sum(len(row) for row in closed),
    )
    for r, row in enumerate(closed):
        at = 0
        for number, (ids, learnt) in enumerate(row, start=1):
            out.tokens[r, at : at + len(ids)] = ids
            out.segments[r, at : at + len(ids)] = number
            out.learnt[r, at : at + len(ids)] = learnt
            at += len(ids)
    return out


def encode_conversation(
    conversation: Conversation, sp: sentencepiece.SentencePieceProcessor
) -> tuple[list[int], list[bool]]:
    """``<bos>`` and the conversation's tokens, cut behind the last turn that fits a row."""
    ids, learnt = [BOS], [False]
    pieces = conversation.pieces()
    encoded = sp.encode([text for text, _ in pieces], num_threads=1)
    for i in range(0, len(pieces), 2):
        user, reply = encoded[i], encoded[i + 1]
        if len(ids) + len(user) + len(reply) > ROW:
            break
        ids += user + reply
        learnt += [False] * len(user) + [True] * len(reply)
    return ids, learnt


def _files(
    rng: random.Random, sp: sentencepiece.SentencePieceProcessor
) -> Iterator[tuple[list[int], list[bool]]]:
    """Files of several documents, in parts of at most a row; all tokens are learnt but <bos>."""
    while True:
        text = "\n\n".join(document(rng) for _ in range(rng.randint(2, 10)))
        ids = [BOS, *sp.encode(text), EOS]
        for at in range(0, len(ids), ROW):
            part = ids[at : at + ROW]
            yield part, [True] * len(part)


def _shard(args: tuple[bytes, str, int, int, int]) -> Packed:
    proto, phase, seed, shard, tokens = args
    rng = random.Random(f"{phase} {seed} {shard}")
    sp = processor(proto)

    def texts() -> Iterator[tuple[list[int], list[bool]]]:
        if phase == "pretrain":
            source = _files(rng, sp)
        else:
            source = (encode_conversation(train_conversation(rng), sp) for _ in iter(int, 1))
        made = 0
        while made < tokens:
            text = next(source)
            made += len(text[0])
            if len(text[0]) > 1:
                yield text

    return _pack(texts())


def training_texts(phase: str, seed: int, shard: int) -> Iterator[str]:
    """The same texts as the arrays', as strings, for looking for overlap; endless."""
    rng = random.Random(f"{phase} {seed} {shard}")
    while True:
        if phase == "pretrain":
            yield "\n\n".join(document(rng) for _ in range(rng.randint(2, 10)))
        else:
            yield "".join(text for text, _ in train_conversation(rng).pieces())


def build(proto: bytes, phase: str, seed: int, tokens: int) -> Packed:
    """Generates, tokenises and packs a training set, on all cores.

    Args:
        proto: the tokenizer.
        phase: "pretrain" or "instruct".
        seed: with the phase it fixes every text.
        tokens: about how many.
    """
    jobs = [(proto, phase, seed, shard, tokens // SHARDS) for shard in range(SHARDS)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(os.cpu_count() or 1, 16)) as pool:
        parts = pool.map(_shard, jobs, chunksize=1)
    return Packed(
        np.concatenate([p.tokens for p in parts]),
        np.concatenate([p.segments for p in parts]),
        np.concatenate([p.learnt for p in parts]),
        max(p.texts for p in parts),
    )


def tokenizer_lines(seed: int) -> list[str]:
    """What the tokenizer is trained on: lines of both phases' texts.

    Scripts other than Latin and Japanese are left to byte fallback. Japanese is cut where hiragana
    meet other characters, so that pieces are words and endings rather than whole phrases.
    """
    lines: list[str] = []
    for phase, count in (("pretrain", 4000), ("instruct", 12000)):
        texts = training_texts(phase, seed, shard=0)
        for _ in range(count):
            text = next(texts).replace("<start_of_turn>", "\n").replace("<end_of_turn>", "\n")
            for line in text.split("\n"):
                if line and _known_script(line):
                    lines += _RUNS.findall(line)
    return lines


def _known_script(line: str) -> bool:
    return all(
        c < "\u0080" or "\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" or c in _MORE
        for c in line
    )


_RUNS = re.compile(
    r"[\u3041-\u3096]+|[\u30a1-\u30ff\u4e00-\u9fff]+|[^\u3041-\u3096\u30a1-\u30ff\u4e00-\u9fff]+"
)
_MORE = "".join(chr(c) for c in range(0xFF01, 0xFF5F)) + "×÷−"
#: Characters with a piece of their own whatever their frequency: ASCII, kana, full-width digits.
REQUIRED = (
    "".join(chr(c) for c in range(0x21, 0x7F))
    + "".join(chr(c) for c in range(0x3041, 0x3094))
    + "".join(chr(c) for c in range(0x30A1, 0x30F5))
    + "ー、。「」・！？：（）０１２３４５６７８９＋－＝×÷−éèñüöäçßáíóú’“”–—…"
)
