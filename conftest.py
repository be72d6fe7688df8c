"""What every test run shares, the notebooks' kernels and other child processes too."""

import os

from kept import KEPT

# JAX finds a compiled program by its code and its versions: an old one is never taken for another
(KEPT / "xla").mkdir(mode=0o700, parents=True, exist_ok=True)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(KEPT / "xla"))
# every program, however short its compile and however small
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
