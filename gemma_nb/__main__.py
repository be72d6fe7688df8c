"""``python -m gemma_nb``: the command line of ``gemma_nb.cli.main``."""

import sys

from gemma_nb.cli.main import main

sys.exit(main())
