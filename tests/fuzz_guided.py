"""Runs a target of the fuzz suite with atheris, which looks for inputs that reach new code.

``python tests/fuzz_guided.py TARGET [libFuzzer's options]``, for example ``messages -runs=10000``.
"""

import sys
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]

with atheris.instrument_imports(include=["gemma_nb"]):
    import test_fuzz

target = getattr(test_fuzz, f"test_{sys.argv[1]}")
atheris.Setup(
    [sys.argv[0], "-max_len=4096", "-len_control=0", "-rss_limit_mb=4096", *sys.argv[2:]],
    target.hypothesis.fuzz_one_input,
)
atheris.Fuzz()
