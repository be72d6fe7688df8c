"""Does it fit, why, what would change that, and what to take instead."""

from gemma_nb.advice.choice import Choice
from gemma_nb.advice.precision import auto_precision
from gemma_nb.advice.recommend import TASKS, Recommendation, recommend, suited
from gemma_nb.advice.verdict import Check, Verdict, advise

__all__ = [
    "TASKS",
    "Check",
    "Choice",
    "Recommendation",
    "Verdict",
    "advise",
    "auto_precision",
    "recommend",
    "suited",
]
