"""One module a format; ``Variant.prompt_format`` names the module.

Each has ``render(request)``, the parts of a conversation; ``markup(variant)``, how its replies are
marked up; and ``lint(text, variant)``, the faults of a prompt written by hand.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput


def format_of(variant: Variant) -> Any:
    """The module of ``variant``'s format.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    name = f"{__name__}.{variant.prompt_format}"
    if not variant.prompt_format.isidentifier() or find_spec(name) is None:
        raise InvalidInput("prompt_no_format", variant=variant.name)
    return import_module(name)
