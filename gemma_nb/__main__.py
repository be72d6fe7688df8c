"""``python -m gemma_nb``."""

import sys

from gemma_nb.cli import main

sys.exit(main())
