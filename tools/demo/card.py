"""The model card and the evaluation's figures, written from what training and evaluation left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .tasks import COMPUTED, TAUGHT

SIZES = ("1m", "4m")
_WHAT = {
    "arithmetic": "add and subtract, 0 to 99 (unseen pairs)",
    "count": "count from a to b, up and down (unseen pairs)",
    "repeat": "repeat a word n times (unseen words)",
    "upper": "a word in capital letters (unseen words)",
    "remember": "a name or colour told 1 to 6 turns earlier (unseen names and colours)",
    "system": "the three system instructions with all kinds (unseen combinations and operands)",
    "other": "anything else: say plainly that it cannot (unseen questions)",
    "greet": "greetings, thanks, goodbyes (unseen phrasings)",
    "about": "what it is and can do (unseen phrasings)",
    "capital": "capitals of 172 countries (unseen phrasings)",
    "opposite": "opposites (unseen phrasings)",
    "translate": "250 words between English and Japanese (unseen phrasings)",
}


def table(figures: dict[str, Any]) -> str:
    """The evaluation by kind as a Markdown table, from ``evaluation.json``'s content."""
    rows = ["| kind | asked | 1m exact | 4m exact |", "|---|---|---|---|"]
    kinds = {size: figures["sizes"][size]["kinds"] for size in SIZES}
    for kind in (*COMPUTED, *TAUGHT):
        shares = [f"{100 * k[kind]['right'] / k[kind]['asked']:.1f} %" for k in kinds.values()]
        rows.append(
            f"| {kind}: {_WHAT[kind]} | {kinds['4m'][kind]['asked']} | {' | '.join(shares)} |"
        )
    overall = [f"{100 * figures['sizes'][size]['overall']:.2f} %" for size in SIZES]
    asked = sum(k["asked"] for k in kinds["4m"].values())
    rows.append(f"| **overall** | {asked} | {' | '.join(overall)} |")
    return "\n".join(rows)


def pretrained_table(figures: dict[str, Any]) -> str:
    """The pretrained pair's figures as a Markdown table."""
    rows = ["| | 1m | 4m |", "|---|---|---|"]
    plain = [figures["sizes"][size]["pretrained"] for size in SIZES]
    bits = " | ".join(f"{p['bits_per_byte']:.3f}" for p in plain)
    rows.append(f"| bits a byte on new documents of the same generator | {bits} |")
    for fact, prompt in (
        ("capitals", "The capital of France is"),
        ("opposites", "The opposite of hot is"),
        ("translations", "The Japanese word for cat is"),
    ):
        shares = " | ".join(
            f"{p['facts'][fact]['right']} of {p['facts'][fact]['asked']}" for p in plain
        )
        rows.append(f"| {fact} completed (“{prompt}”), seen in training | {shares} |")
    return "\n".join(rows)


def failures(figures: dict[str, Any], size: str, each: int = 2) -> str:
    """Wrong replies of a size, some of each kind, as a Markdown list."""
    lines = []
    for kind, wrong in figures["sizes"][size]["wrong"].items():
        for one in wrong[:each]:
            asked, wanted, got = (
                str(one[k]).replace("\n", " ")[:100] for k in ("asked", "wanted", "got")
            )
            lines.append(f"- {kind}: `{asked}` → `{got}` (wanted `{wanted}`)")
    return "\n".join(lines)


def evaluation(notes: Path, overlap: dict[str, int]) -> dict[str, Any]:
    """``evaluation.json``'s content, from the notes that training and evaluation left.

    Args:
        notes: the folder with ``results_SIZE.json`` and ``training_SIZE*.json``.
        overlap: what of the held-out questions was found in the training text.
    """
    sizes = {}
    for size in SIZES:
        result = json.loads((notes / f"results_{size}.json").read_text())
        instruct = result["instruct"]
        sizes[size] = {
            "kinds": instruct["kinds"],
            "overall": instruct["overall"],
            "wrong": {kind: wrong[:5] for kind, wrong in instruct["wrong"].items()},
            "pretrained": result["pretrained"],
            "training": [
                json.loads(path.read_text())
                for path in sorted(notes.glob(f"training_{size}*.json"))
            ],
        }
    return {"overlap_with_training_text": overlap, "sizes": sizes}


def _training_table(figures: dict[str, Any]) -> str:
    rows = [
        "| size | phase | steps | rows a step | tokens generated | seed | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    rows += [
        f"| {size} | {phase} | {p['steps']} | {p['batch']} | {p['generated_tokens']:,} | "
        f"{note['seed']} | {p['data_seconds'] + p['training_seconds']:.0f} |"
        for size in SIZES
        for note in figures["sizes"][size]["training"]
        for phase in ("pretrain", "instruct", "polish")
        if (p := note.get(phase))
    ]
    return "\n".join(rows)


def text(figures: dict[str, Any]) -> str:
    """The model card, Markdown."""
    large = figures["sizes"]["4m"]
    first = large["training"][0]
    versions = ", ".join(f"{name} {version}" for name, version in first["versions"].items())
    commands = "\n".join(
        dict.fromkeys(
            note["command"] for size in SIZES for note in figures["sizes"][size]["training"]
        )
    )
    overlap = figures["overlap_with_training_text"]
    values = {
        "table": table(figures),
        "pretrained": pretrained_table(figures),
        "training": _training_table(figures),
        "failures": failures(figures, "4m"),
        "commands": commands,
        "machine": first["machine"],
        "versions": versions,
        "finished": first["finished"],
        "overlap": ", ".join(f"{overlap[k]} {k}" for k in ("prompts", "turns", "sums", "words")),
        "texts": f"{overlap['texts']:,}",
        "question": large["pretrained"]["sample"]["prompt"],
        "continued": large["pretrained"]["sample"]["continues"].strip("\n").replace("\n", "\n    "),
    }
    card = (Path(__file__).parent / "card.md").read_text()
    for name, value in values.items():
        card = card.replace(f"<<{name}>>", str(value))
    return card
