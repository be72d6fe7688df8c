"""What a variant takes in memory: weights, key-value cache, workspace; at load and while running."""

from gemma_nb.memory.cache import cache_bytes
from gemma_nb.memory.estimate import MemoryEstimate, estimate_memory
from gemma_nb.memory.plan import FULL_LENGTH, WINDOWED, CachePlan, cache_plan
from gemma_nb.memory.tuning import tuning_bytes
from gemma_nb.memory.weights import WeightBytes, weight_bytes

__all__ = [
    "FULL_LENGTH",
    "WINDOWED",
    "CachePlan",
    "MemoryEstimate",
    "WeightBytes",
    "cache_bytes",
    "cache_plan",
    "estimate_memory",
    "tuning_bytes",
    "weight_bytes",
]
