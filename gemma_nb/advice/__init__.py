"""Does it fit, why, what would change that, and what to take instead."""

from gemma_nb.advice.choice import Choice
from gemma_nb.advice.fixes import Fix
from gemma_nb.advice.guards import Guard
from gemma_nb.advice.precision import auto_precision
from gemma_nb.advice.recommend import Recommendation, recommend
from gemma_nb.advice.tasks import TASKS, suited
from gemma_nb.advice.verdict import Check, Verdict, advise

__all__ = [
    "TASKS",
    "Check",
    "Choice",
    "Fix",
    "Guard",
    "Recommendation",
    "Verdict",
    "advise",
    "auto_precision",
    "recommend",
    "suited",
]
