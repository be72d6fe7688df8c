"""The folder of what a test run leaves for the next one, in whichever checkout that is."""

import os
from pathlib import Path

#: Environments, models and compiled programs.
KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gemma_nb-tests"
