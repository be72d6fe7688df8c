"""What a variant's download would lack, known without asking anybody."""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.hardware.network import has_route
from gemma_nb.hub import credentials
from gemma_nb.hub.fetch import local_directory

_SERVICES = {"kaggle": credentials.KAGGLE, "hf": credentials.HUGGING_FACE}


def is_on_disk(variant: Variant) -> bool:
    """Whether a variant's files are on this disk, whole."""
    try:
        return (variant.handle or "").startswith("demo://") or local_directory(variant) is not None
    except (GemmaError, OSError):
        return False


def find_obstacle(variant: Variant) -> str:
    """What a download lacks here: "login", "network" or "" where nothing is known to.

    Args:
        variant: what would be downloaded.
    """
    if is_on_disk(variant):
        return ""
    if has_route() is False:
        return "network"
    service = _SERVICES.get((variant.handle or "").partition("://")[0])
    if not variant.gated or service is None or credentials.has_login(service):
        return ""
    # Colab may keep one among its secrets, which it asks its user for
    return "" if credentials.in_colab() else "login"
