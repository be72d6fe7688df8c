"""What is known of a download without a request: the files on disk, a network, a login."""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import GemmaError
from gemma_nb.hardware.environment import has_route
from gemma_nb.hub.credential_sources import has_login, in_colab
from gemma_nb.hub.credentials import HUGGING_FACE, KAGGLE
from gemma_nb.hub.fetch import local_directory

#: Scheme of a handle -> service.
_SERVICES = {"kaggle": KAGGLE, "hf": HUGGING_FACE}


def is_on_disk(variant: Variant) -> bool:
    """Whether every file of a variant is on disk."""
    try:
        return (variant.handle or "").startswith("demo://") or local_directory(variant) is not None
    except (GemmaError, OSError):
        return False


def find_obstacle(variant: Variant) -> str:
    """What prevents the download of a variant here, as far as it is known without a request.

    Args:
        variant: the variant.

    Returns:
        "login", "network", or "" where no obstacle is known, or where every file is on disk.
    """
    if is_on_disk(variant):
        return ""
    if has_route() is False:
        return "network"
    service = _SERVICES.get((variant.handle or "").partition("://")[0])
    if not variant.gated or service is None or has_login(service):
        return ""
    # Colab's secrets may hold a login; Colab asks its user before it hands one over
    return "" if in_colab() else "login"
