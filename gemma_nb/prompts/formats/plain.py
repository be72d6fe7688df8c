"""No tags: pretrained models, VaultGemma and the like continue the text as it stands."""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message
from gemma_nb.prompts.lint import Finding, check_tags
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media
from gemma_nb.prompts.prompt import Part, ReplyMarkup

#: Media placeholders by the generation a model is built on: those of its tuned siblings.
_PLACEHOLDERS = {
    "3": {"image": "<start_of_image>"},
    "3n": {"image": "<image_soft_token>", "audio": "<audio_soft_token>"},
    "4": {"image": "<|image|>", "audio": "<|audio|>", "video": "<|video|>"},
}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """How its replies are marked up: not at all."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",))


def placeholders(variant: Variant) -> dict[str, str]:
    """What stands for a medium in this variant's prompts."""
    return _PLACEHOLDERS.get(variant.base or variant.generation, {})


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """Tags, which a model that was never tuned to turns does not know."""
    yield from check_tags(text, tuple(placeholders(variant).values()), "lint_plain_tag")


def render(request: PromptRequest) -> Iterator[Part]:
    """The text to go on with, untouched.

    Raises:
        InvalidInput: chat messages (the message names the instruction-tuned sibling), or what the
            variant does not take.
    """
    if request.chat:
        raise InvalidInput(
            "prompt_plain_chat", variant=request.variant.name, sibling=name_sibling(request.variant)
        )
    stand_ins = placeholders(request.variant)
    refuse_extras(request)
    refuse_media(request, stand_ins)
    for item in request.items:
        if item.medium:
            yield Part(stand_ins[item.kind], control=True, medium=item.medium)
        else:
            yield Part(item.text)


def name_sibling(variant: Variant) -> Message:
    """Names the instruction-tuned variant of the same family, generation and size, if any."""
    near = [v for v in registry.variants(tuning="IT") if v.family == variant.family]
    for field in ("generation", "size", "modalities"):
        near = [v for v in near if getattr(v, field) == getattr(variant, field)] or near
    if near:
        return Message("prompt_plain_sibling", {"sibling": near[0].name})
    return Message("prompt_plain_no_sibling")
