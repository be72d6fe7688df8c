"""Variants and precisions side by side: measured one after the other on this machine.

The package is not called ``compare``: a module of that name would stand in the place of the
function ``gemma_nb.compare`` as soon as anything imported it.
"""

from gemma_nb.comparing.comparison import Comparison, Machine
from gemma_nb.comparing.progress import Doing
from gemma_nb.comparing.rows import Agreement, Output, Row
from gemma_nb.comparing.run import compare

__all__ = ["Agreement", "Comparison", "Doing", "Machine", "Output", "Row", "compare"]
