"""Compares the workspace that ``gemma_nb.estimate_memory`` gives a processor with XLA's own figures.

    python benchmarks/memory_processor.py    writes memory_processor.md

XLA's memory analysis of this package's two programs, prefill (512 tokens) and decode, compiled for a
processor in real shapes, text only. Weights are not needed, so any machine compiles them.
"""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "tools"), str(HERE)]

MIB = 2**20
#: (shape, precision, max_length)
ROWS = [
    ("gemma3_270m", "float32", 2048),
    ("gemma3_270m", "float32", 8192),
    ("gemma3_270m", "bfloat16", 2048),
    ("gemma3_270m", "bfloat16", 8192),
    ("gemma3_270m", "int8", 2048),
    ("gemma3_270m", "int8", 8192),
    ("gemma3_270m", "int4", 2048),
    ("gemma3_1b", "float32", 2048),
    ("gemma3_1b", "bfloat16", 2048),
    ("gemma3_1b", "int8", 2048),
    ("gemma4_2b", "float32", 2048),
    ("gemma4_2b", "bfloat16", 2048),
    ("gemma4_2b", "int8", 2048),
    ("gemma4_2b", "int4", 2048),
]


def temporary_bytes(name, precision, max_length):
    """XLA's temporary memory of the prefill and of the decode program."""
    import jax
    import keras_hub
    import memory

    from gemma_nb.fit.cache_layout import PREFILL_CHUNK
    from gemma_nb.generation import compilation
    from gemma_nb.generation.decode_programs import DecodePrograms

    backbone = memory.unfilled(name, precision)
    task = type(backbone).__name__.replace("Backbone", "CausalLM")
    lm = getattr(keras_hub.models, task)(backbone=backbone, preprocessor=None)
    programs = DecodePrograms(lm, max_length, 1)
    specs = (
        programs.prefill_spec((1, min(PREFILL_CHUNK, max_length), False, False))(),
        programs.decode_spec(1)(),
    )
    return [
        compilation._compile(  # noqa: SLF001 - with the options of this package
            jax.jit(s.function, donate_argnums=s.donated).lower(*s.arguments)
        )
        .memory_analysis()
        .temp_size_in_bytes
        for s in specs
    ]


def estimated_bytes(name, precision, max_length):
    """The workspace of the memory estimate."""
    import memory

    from gemma_nb import estimate_memory
    from gemma_nb.hardware.known_runtimes import runtime

    laptop = runtime("laptop 16 GB")
    variant = memory.text_variant(name)
    return estimate_memory(variant, precision, max_length, runtime=laptop).workspace


def main():
    from gemma_nb import backend

    backend.prepare()
    import jax

    assert jax.default_backend() == "cpu"
    lines = [
        "# Memory on a processor: predicted, and what XLA allocates",
        "",
        "`python benchmarks/memory_processor.py`: XLA's memory analysis of this package's programs in real",
        f"shapes, text only, jax {jax.__version__}, in MiB. The estimate's workspace is to hold the larger one.",
        "",
        "| shape | precision | max_length | prefill | decode | estimate | error |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for row in ROWS:
        prefill, decode = temporary_bytes(*row)
        estimate = estimated_bytes(*row)
        error = estimate / max(prefill, decode) - 1
        sizes = " | ".join(f"{size / MIB:.1f}" for size in (prefill, decode, estimate))
        lines.append(f"| {row[0]} | {row[1]} | {row[2]} | {sizes} | {error:+.1%} |")
        print(lines[-1], flush=True)
    (HERE / "memory_processor.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
