"""No tags: pretrained models, VaultGemma and similar variants continue the text as it is."""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog import registry
from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message
from gemma_nb.prompts.lint import Finding, check_tags
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media
from gemma_nb.prompts.prompt import Part, ReplyMarkup

#: Generation that a model is built on -> placeholders of media, those of its tuned siblings.
_PLACEHOLDERS = {
    "3": {"image": "<start_of_image>"},
    "3n": {"image": "<image_soft_token>", "audio": "<audio_soft_token>"},
    "4": {"image": "<|image|>", "audio": "<|audio|>", "video": "<|video|>"},
}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",))


def placeholders(variant: Variant) -> dict[str, str]:
    """Kind of media -> its placeholder in prompts of ``variant``."""
    return _PLACEHOLDERS.get(variant.base or variant.generation, {})


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt: tags, which a model that is not tuned does not know."""
    yield from check_tags(text, tuple(placeholders(variant).values()), "lint_plain_tag")


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt: the text to continue, unchanged.

    Raises:
        InvalidInput: the request consists of chat messages (the error names the instruction-tuned
            sibling), or contains what the variant does not accept.
    """
    if request.chat:
        sibling = name_sibling(request.variant)
        raise InvalidInput("prompt_plain_chat", variant=request.variant.name, sibling=sibling)
    media = placeholders(request.variant)
    refuse_extras(request)
    refuse_media(request, media)
    for item in request.items:
        if item.medium:
            yield Part(media[item.kind], by_format=True, medium=item.medium)
        else:
            yield Part(item.text)


def name_sibling(variant: Variant) -> Message:
    """Names the instruction-tuned variant that is nearest in generation, size and modalities.

    It is of the same family. If the family has none, the message says so.
    """
    candidates = [v for v in registry.variants(tuning="IT") if v.family == variant.family]
    for field in ("generation", "size", "modalities"):
        equal = [v for v in candidates if getattr(v, field) == getattr(variant, field)]
        candidates = equal or candidates
    if candidates:
        return Message("prompt_plain_sibling", {"sibling": candidates[0].name})
    return Message("prompt_plain_no_sibling")
