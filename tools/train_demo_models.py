"""Makes the demo models: generates their text, trains tokenizer and models, evaluates them.

    python tools/train_demo_models.py                     # everything, both sizes
    python tools/train_demo_models.py --card              # overlap with the training text, the card
    python tools/train_demo_models.py --size 4m           # one size
    python tools/train_demo_models.py --evaluate          # only evaluate what is saved
    python tools/train_demo_models.py --device cpu        # without a GPU

The same seed gives the same text; a tokenizer that is in place is kept. Weights differ in their
last digits from machine to machine. Notes and results go to ``build/demo``, from where ``--card``
puts them into the model card.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
sys.path.insert(0, str(Path(__file__).resolve().parent))

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "gemma_nb" / "demo"
STEPS = (1500, 6500)
TOKENS = {"pretrain": 15_000_000, "instruct": 90_000_000}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=("1m", "4m", "both"), default="both")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the presets go")
    parser.add_argument(
        "--notes", type=Path, default=ROOT / "build" / "demo", help="where notes go"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--device", choices=("auto", "cpu"), default="auto")
    parser.add_argument(
        "--evaluate", action="store_true", help="evaluate what is saved, no training"
    )
    parser.add_argument("--card", action="store_true", help="look for overlap, write the card")
    parser.add_argument(
        "--polish", type=Path, metavar="DIR", help="only tune the instruct presets in DIR further"
    )
    parser.add_argument("--steps", type=int, nargs=2, metavar=("PRETRAIN", "INSTRUCT"))
    parser.add_argument("--tokens", type=int, nargs=2, metavar=("PRETRAIN", "INSTRUCT"))
    parser.add_argument("--batch", type=int, default=64, help="rows of 512 tokens a step")
    parser.add_argument("--questions", type=int, default=240, help="held-out questions a kind")
    return parser.parse_args()


def _machine() -> str:
    import jax

    device = jax.devices()[0]
    kind = device.device_kind if device.platform != "cpu" else f"{os.cpu_count()} CPU cores"
    return f"{kind}, {platform.system()} {platform.machine()}"


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("jax", "keras", "keras-hub", "numpy", "sentencepiece")
    return {"python": platform.python_version(), **{n: version(n) for n in names}}


def tokenizer_bytes(seed: int, out: Path) -> bytes:
    """The tokenizer: that of a preset in place, or else a newly trained one."""
    for kept in sorted(out.glob("*/assets/tokenizer/vocabulary.spm")):
        return kept.read_bytes()
    from demo import data, vocabulary

    return vocabulary.train_tokenizer(data.tokenizer_lines(seed), data.REQUIRED)


def polish(size: str, args: argparse.Namespace, proto: bytes) -> dict[str, object]:
    """Tunes a saved instruct preset further, gently, on fresh text; returns what was done."""
    from demo import data, model, training

    backbone = model.backbone(size, _dtype())
    saved = model.load_causal_lm(args.polish / model.preset_name(size, instruct=True)).backbone
    for variable, value in zip(backbone.weights, saved.weights, strict=True):
        variable.assign(value)
    steps, tokens = (args.steps or (0, 1000))[1], (args.tokens or (0, 20_000_000))[1]
    seed = args.seed + 100
    begun = time.perf_counter()
    packed = data.build(proto, "instruct", seed, tokens)
    plan = training.Schedule(steps, args.batch, {"1m": 8e-4, "4m": 6e-4}[size])
    losses = training.fit(backbone, packed, plan, seed, f"{size} polish")
    weights = [w.numpy() for w in backbone.weights]
    model.save_preset(weights, size, instruct=True, proto=proto, folder=args.out)
    return {"polish": _phase(plan, packed, losses, 0.0, time.perf_counter() - begun), "seed": seed}


def _dtype() -> str:
    import jax

    return "float32" if jax.devices()[0].platform == "cpu" else "mixed_bfloat16"


def _phase(plan, packed, losses, made: float, trained: float) -> dict[str, object]:
    return {
        "steps": plan.steps,
        "batch": f"{plan.batch} rows of {packed.tokens.shape[1]} tokens",
        "learning_rate": plan.rate,
        "texts_per_shard": packed.texts,
        "generated_tokens": int((packed.segments > 0).sum()),
        "last_loss": round(sum(losses[-4:]) / len(losses[-4:]), 4),
        "data_seconds": round(made, 1),
        "training_seconds": round(trained, 1),
    }


def train(size: str, args: argparse.Namespace, proto: bytes) -> dict[str, object]:
    """Pretrains, saves, tunes and saves one size; returns what the card tells of it."""
    from demo import data, model, training

    model.seed_everything(args.seed)
    backbone = model.backbone(size, _dtype())
    steps = args.steps or STEPS
    tokens = args.tokens or tuple(TOKENS.values())
    rates = {"1m": (4e-3, 3e-3), "4m": (3e-3, 2e-3)}[size]
    told: dict[str, object] = {"parameters": backbone.count_params()}
    for i, phase in enumerate(("pretrain", "instruct")):
        begun = time.perf_counter()
        packed = data.build(proto, phase, args.seed, tokens[i])
        made = time.perf_counter()
        print(f"{size} {phase}: {len(packed)} rows in {made - begun:.0f} s", flush=True)
        plan = training.Schedule(steps[i], args.batch, rates[i])
        losses = training.fit(backbone, packed, plan, args.seed + i, f"{size} {phase}")
        spent = (made - begun, time.perf_counter() - made)
        told[phase] = _phase(plan, packed, losses, *spent)
        weights = [w.numpy() for w in backbone.weights]
        model.save_preset(weights, size, phase == "instruct", proto, args.out)
    return told


def evaluate(sizes: list[str], args: argparse.Namespace, proto: bytes) -> dict[str, object]:
    """Evaluates saved presets; prints and returns the results."""
    from demo import evaluate as held
    from demo import model

    asked = held.questions(args.questions)
    out: dict[str, dict[str, object]] = {}
    for size in sizes:
        begun = time.perf_counter()
        result = held.ask(args.out / model.preset_name(size, instruct=True), asked)
        print(f"\n{size} instruct, exact match by greedy decoding in float32:")
        for kind, k in result["kinds"].items():
            print(
                f"  {kind:<12}{k['right']:>5} of {k['asked']}  {100 * k['right'] / k['asked']:5.1f} %"
            )
        print(f"  overall {100 * result['overall']:.2f} %; bar met: {held.meets_bar(result)}")
        for kind, examples in result["wrong"].items():
            for example in examples[:5]:
                print(f"    {kind}: {json.dumps(example, ensure_ascii=False)[:260]}")
        out[size] = {"instruct": result}
        if not (args.out / model.preset_name(size, instruct=False)).exists():
            continue
        plain = held.pretrained(
            args.out / model.preset_name(size, instruct=False), proto, args.seed
        )
        print(f"{size} pretrained: {json.dumps(plain, ensure_ascii=False)}")
        print(f"{size} evaluated in {time.perf_counter() - begun:.0f} s", flush=True)
        out[size]["pretrained"] = plain
    return out


def _write(notes: Path, name: str, content: object) -> None:
    notes.mkdir(parents=True, exist_ok=True)
    (notes / name).write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_card(args: argparse.Namespace) -> None:
    """Looks for held-out questions in all training text, then writes card and figures."""
    from demo import card
    from demo import evaluate as held

    asked = held.questions(args.questions)
    total: dict[str, int] = {}
    for note in (json.loads(p.read_text()) for p in sorted(args.notes.glob("training_4m*.json"))):
        phases = {
            phase.replace("polish", "instruct"): note[phase]["texts_per_shard"]
            for phase in ("pretrain", "instruct", "polish")
            if phase in note
        }
        found = held.overlap(asked, held.all_training_texts(note["seed"], phases))
        for key, value in (*vars(found).items(), ("total", found.total)):
            total[key] = total.get(key, 0) + value
    print(f"overlap of the held-out questions with the training text: {total}")
    figures = card.evaluation(args.notes, total)
    (args.out / "evaluation.json").write_text(
        json.dumps(figures, indent=1, ensure_ascii=False) + "\n"
    )
    (args.out / "README.md").write_text(card.text(figures))


def main() -> int:
    args = _arguments()
    if args.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
    if args.card:
        write_card(args)
        return 0
    proto = tokenizer_bytes(args.seed, args.out)
    sizes = ["1m", "4m"] if args.size == "both" else [args.size]
    for size in sizes if not args.evaluate else ():
        done = (polish if args.polish else train)(size, args, proto)
        facts = {
            "command": " ".join(["python tools/train_demo_models.py", *sys.argv[1:]]),
            "seed": args.seed,
            "machine": _machine(),
            "versions": _versions(),
            "finished": datetime.now(UTC).strftime("%Y-%m-%d"),
        }
        _write(args.notes, f"training_{size}{'_polish' if args.polish else ''}.json", facts | done)
    for size, result in evaluate(sizes, args, proto).items():
        _write(args.notes, f"results_{size}.json", result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
