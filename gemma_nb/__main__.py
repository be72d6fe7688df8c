"""``python -m gemma_nb``."""

import sys

from gemma_nb.cli.main import main

sys.exit(main())
