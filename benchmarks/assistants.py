"""Gemma 4's assistants on a processor: what a pass costs, and from which acceptance on it pays.

    python benchmarks/assistants.py [--rounds N] [--layers N]

The widths of Gemma 4 E2B and of its assistant, in fewer layers and with a smaller vocabulary, constant
weights. The assistant computes its proposals; then each is replaced by the model's own next token with
the stated probability, and by another one otherwise. So acceptance is as stated, and the passes cost
what they cost. Replies of both sides take turns in one process; what is compared is processor time.
The script prints the table; `benchmarks/assistants.md` has it with what it says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "tools")]
LENGTH, PROMPT, TOKENS, VOCABULARY = 256, 16, 40, 32768
ACCEPTANCES = (0.3, 0.6, 0.9)
#: The publisher's number of proposals (``num_speculative_tokens``), and fewer.
COUNTS = (5, 2)


def models(precision: str, layers: int) -> tuple[Any, Any]:
    """The model and its assistant, with constant weights that lie as ``load`` lays them out."""
    import keras_hub
    import memory
    from catalog_configs import CONFIGS

    from gemma_nb.loading import relayout

    def backbone(name: str, count: int, **changes: Any) -> Any:
        kinds = CONFIGS["gemma4_2b_assistant"]["layer_types"] * (count // 4)
        config = {k: v for k, v in CONFIGS[name].items() if k != "task"}
        size = {"vocabulary_size": VOCABULARY, "num_layers": count, "layer_types": kinds}
        CONFIGS["in small"] = {**config, **size, "sliding_window_pattern": 4, **changes}
        return memory.skeleton("in small", precision)

    large, small = (
        backbone("gemma4_2b", layers, num_kv_shared_layers=0),
        backbone("gemma4_2b_assistant", 4),
    )
    target = keras_hub.models.Gemma4CausalLM(backbone=large, preprocessor=None)
    task = {**CONFIGS["gemma4_2b_assistant"]["task"], "num_centroids": VOCABULARY // 128}
    helper = keras_hub.models.Gemma4AssistantCausalLM(backbone=small, preprocessor=None, **task)
    for lm in (target, helper):
        for variable in lm.variables:
            variable._value = memory._full(tuple(variable.shape), variable.dtype)()  # noqa: SLF001
    relayout.relayout_layers(list(target._flatten_layers()))  # noqa: SLF001
    return target, helper


def scripted(decoder: Any) -> Any:
    """Lets a table decide which proposals are right; the assistant still computes its own."""
    import keras
    import numpy as np

    draft, table = decoder.programs.draft_model, np.zeros(LENGTH + 16, np.int32)
    variable = keras.Variable(table, trainable=False, dtype="int32")
    decoder.programs.variables.append(variable)
    compute = draft.propose

    def propose(token: Any, hidden: Any, position: Any, caches: Any, count: int) -> Any:
        import jax.numpy as jnp

        own = compute(token, hidden, position, caches, count)
        known = jnp.take(variable.value, position + 1 + jnp.arange(count)).astype(jnp.int32)
        return jnp.where(own >= 0, known, own)  # XLA does not know that they are never negative

    draft.propose = propose
    return variable


def timed(decoder: Any, ids: list[int]) -> tuple[list[int], float]:
    """A reply, and the processor seconds of a token after the first."""
    from gemma_nb.generation.sampling import Sampling

    stream = decoder.tokens(ids, Sampling(), 0, TOKENS)
    reply, start = [next(stream)], time.process_time()
    reply += stream
    return reply, (time.process_time() - start) / (TOKENS - 1)


def break_even(cost: float, count: int) -> float | None:
    """The acceptance with which a pass gives as many tokens as the decode steps that it costs.

    With acceptance a, a pass of ``count`` proposals gives 1 + a + … + a^count tokens (Leviathan et al.
    2023, arXiv:2211.17192, equation 1).
    """
    if cost >= count + 1:
        return None
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        tokens = sum(middle**i for i in range(count + 1))
        low, high = (middle, high) if tokens < cost else (low, middle)
    return high


def measure(precision: str, layers: int, rounds: int) -> list[str]:
    """The table's rows of one precision."""
    import numpy as np

    from gemma_nb.generation.decoder import Decoder
    from gemma_nb.generation.speculative import SpeculativeDecoder

    target, helper = models(precision, layers)
    plain = Decoder(target, LENGTH)
    ids = [2] * PROMPT
    truth, _ = timed(plain, ids)
    rows = []
    for count in COUNTS:
        decoder = SpeculativeDecoder(target, LENGTH, helper, count)
        variable = scripted(decoder)
        timed(decoder, ids)
        steps: list[float] = []
        tokens: dict[float, list[float]] = {a: [] for a in ACCEPTANCES}
        passes: list[float] = []
        shares = {}
        for turn in range(rounds):
            steps.append(timed(plain, ids)[1])
            for acceptance in ACCEPTANCES:
                right = np.random.default_rng(turn).random(TOKENS) < acceptance
                table = np.zeros(LENGTH + 16, np.int32)
                table[PROMPT : PROMPT + TOKENS] = np.where(right, truth, np.add(truth, 1))
                variable.assign(table)
                decoder.verify_passes = decoder.accepted_tokens = 0
                reply, seconds = timed(decoder, ids)
                assert reply == truth
                tokens[acceptance].append(seconds)
                passes.append(seconds * (TOKENS - 1) / decoder.verify_passes)
                shares[acceptance] = decoder.accepted_tokens / decoder.verify_passes
        step = statistics.median(steps)
        cost = statistics.median(passes) / step
        rates = " | ".join(f"{step / statistics.median(tokens[a]):.2f}" for a in ACCEPTANCES)
        even = break_even(cost, count)
        told = "none" if even is None else f"{even:.0%}"
        rows.append(f"| {precision} | {count} | {1e3 * step:.1f} | {cost:.2f} | {rates} | {told} |")
        print(rows[-1], {a: round(n, 2) for a, n in shares.items()}, file=sys.stderr, flush=True)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=8, help="a multiple of 4")
    told = parser.parse_args()
    os.environ["JAX_PLATFORMS"] = "cpu"
    from gemma_nb import backend

    backend.prepare()
    lines = [
        "| precision | proposals a pass | decode step, ms | a pass, in decode steps "
        + "".join(f"| rate at {a:.0%} " for a in ACCEPTANCES)
        + "| break-even |",
        "|---|" + "--:|" * (4 + len(ACCEPTANCES)),
    ]
    for precision in ("bfloat16", "float32"):
        lines += measure(precision, told.layers, told.rounds)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
