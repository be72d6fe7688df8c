"""``<start_of_turn>`` turns: Gemma 1, 1.1, 2, 3, 3n, MedGemma, T5Gemma, CodeGemma's chat model.

The roles are user and model. A system instruction stands at the start of the first user turn.

Sources: https://ai.google.dev/gemma/docs/core/prompt-structure and the chat templates of
google/gemma-2-2b-it, google/gemma-3-4b-it and google/gemma-3n-E4B-it on Hugging Face.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.prompts.formats import fim
from gemma_nb.prompts.lint import Finding, check_tags, check_turns
from gemma_nb.prompts.messages import (
    PromptRequest,
    check_alternation,
    refuse_extras,
    refuse_media,
    render_content,
    split_system,
)
from gemma_nb.prompts.prompt import Part, ReplyMarkup

OPEN, CLOSE = "<start_of_turn>", "<end_of_turn>"

#: Kind of media -> its placeholder. Gemma 3n's template writes the soft tokens themselves.
PLACEHOLDERS = {"image": "<start_of_image>"}
PLACEHOLDERS_3N = {"image": "<image_soft_token>", "audio": "<audio_soft_token>"}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies. MedGemma 1.5 thinks between two unused tokens."""
    stop_tokens = ("<eos>", CLOSE)
    return ReplyMarkup(
        stop_tokens=(*stop_tokens, *fim.TOKENS) if variant.family == "CodeGemma" else stop_tokens,
        hidden_tokens=(OPEN, *placeholders(variant).values()),
        thought=("<unused94>", "<unused95>") if variant.family == "MedGemma" else None,
    )


def placeholders(variant: Variant) -> dict[str, str]:
    """Kind of media -> its placeholder in prompts of ``variant``."""
    return PLACEHOLDERS_3N if (variant.base or variant.generation) == "3n" else PLACEHOLDERS


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    if variant.family == "CodeGemma" and any(token in text for token in fim.TOKENS):
        yield from fim.lint(text, variant)
        return
    media_tokens = [t for k, t in placeholders(variant).items() if k in variant.modalities]
    yield from check_tags(text, (OPEN, CLOSE, *media_tokens))
    yield from check_turns(text, OPEN, CLOSE, ("user", "model"))


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt.

    Raises:
        InvalidInput: the conversation contains what the format or the variant does not accept.
    """
    codegemma = request.variant.family == "CodeGemma"
    if codegemma and fim.is_infill(request):
        yield from fim.render(request)
        return
    media_placeholders = placeholders(request.variant)
    refuse_extras(request)
    refuse_media(request, media_placeholders)
    system, turns = split_system(request.turns)
    check_alternation(turns)
    for i, turn in enumerate(turns):
        role = "model" if turn.role == "assistant" else "user"
        yield Part(f"{OPEN}{role}\n", by_format=True)
        if system and i == 0:
            yield Part(system.text)
            yield Part("\n\n", by_format=True)
        yield from render_content(turn, media_placeholders)
        yield Part(f"{CLOSE}\n", by_format=True)
    yield Part(f"{OPEN}model\n", by_format=True)
