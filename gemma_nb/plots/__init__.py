"""Plots: functions from values to a matplotlib ``Figure``, without the global state of pyplot.

Series differ in hatch or marker as well as in colour, so that they can be distinguished in grey.
The colours are those of Okabe and Ito, which people with any colour vision can distinguish
(https://jfly.uni-koeln.de/color/).
"""

from gemma_nb.plots.canvas import png
from gemma_nb.plots.choice_plot import better_costs
from gemma_nb.plots.comparison_plots import PARTS, latency, memory, speed_quality, tokens_per_second
from gemma_nb.plots.token_plot import next_token_distribution
from gemma_nb.text_utils import visible_piece as visible

__all__ = [
    "PARTS",
    "better_costs",
    "latency",
    "memory",
    "next_token_distribution",
    "png",
    "speed_quality",
    "tokens_per_second",
    "visible",
]
