"""What every test run shares, the notebooks' kernels and other child processes too."""

import os
from pathlib import Path

#: What XLA compiled, for all processes of a run and for the next run; git ignores the folder.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parent / ".jax_cache"))
# every program, however short its compile and however small
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
