"""Checks a prompt that was written by hand."""

from __future__ import annotations

from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.prompts.formats import format_of
from gemma_nb.prompts.lint_rules import Finding, check_bos


def check_prompt(text: str, variant: str | Variant) -> tuple[Finding, ...]:
    """The faults of a hand-written prompt, in the order they stand; empty where it is sound.

    Args:
        text: the prompt, as it would go to the tokenizer.
        variant: the variant it is for, or its name.

    Raises:
        InvalidInput: the variant takes no text prompt.
    """
    variant = registry.variant(variant)
    found = [*check_bos(text), *format_of(variant).lint(text, variant)]
    return tuple(sorted(found, key=lambda finding: finding.position))
