"""No tags: pretrained models, VaultGemma and the like continue the text as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb import catalog
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import (
    Request,
    refuse_fim,
    refuse_media,
    refuse_thinking,
    refuse_tools,
)
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.turns import PLACEHOLDERS, PLACEHOLDERS_3N
from gemma_nb.strings import Message

STOPS = ()

#: Media placeholders by generation.
_PLACEHOLDERS = {
    "3n": PLACEHOLDERS_3N,
    "4": {"image": "<|image|>", "audio": "<|audio|>", "video": "<|video|>"},
}


def render(request: Request) -> Iterator[Part]:
    """The text to go on with.

    Raises:
        InvalidInput: chat messages (the message names the instruction-tuned sibling), or what the
            variant does not take.
    """
    if request.chat:
        raise InvalidInput(
            "prompt_plain_chat", variant=request.variant.name, sibling=_hint(request.variant)
        )
    placeholders = _PLACEHOLDERS.get(request.variant.generation, PLACEHOLDERS)
    refuse_tools(request)
    refuse_thinking(request)
    refuse_fim(request)
    refuse_media(request, placeholders)
    if request.guideline is not None:
        raise InvalidInput("prompt_no_guideline", variant=request.variant.name)
    for item in request.turns[0].items:
        if item.kind == "text":
            yield Part(item.text)
        else:
            yield Part(placeholders[item.kind], control=True)


def _hint(variant: Variant) -> Message:
    """Names the instruction-tuned variant of the same family, generation and size, if any."""
    siblings = [v for v in catalog.variants(tuning="IT") if v.family == variant.family]
    near = [v for v in siblings if v.generation == variant.generation] or siblings
    same = [v for v in near if v.size == variant.size] or near
    found = next((v for v in same if v.modalities == variant.modalities), None)
    if found := found or next(iter(same), None):
        return Message("prompt_plain_sibling", {"sibling": found.name})
    return Message("prompt_plain_no_sibling")
