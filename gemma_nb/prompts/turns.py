"""``<start_of_turn>`` turns: Gemma 1, 1.1, 2, 3, 3n, MedGemma, T5Gemma, CodeGemma's chat model.

Roles are user and model; a system instruction goes at the head of the first user turn.

Sources: https://ai.google.dev/gemma/docs/core/prompt-structure and the chat templates of
google/gemma-2-2b-it, google/gemma-3-4b-it and google/gemma-3n-E4B-it on Hugging Face.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import (
    Request,
    check_alternation,
    content,
    refuse_fim,
    refuse_media,
    refuse_thinking,
    refuse_tools,
    split_system,
)
from gemma_nb.prompts.prompt import Part

OPEN, CLOSE = "<start_of_turn>", "<end_of_turn>"
STOPS = (CLOSE,)

#: What stands for a medium; Gemma 3n's template names the soft tokens themselves.
PLACEHOLDERS = {"image": "<start_of_image>"}
PLACEHOLDERS_3N = {"image": "<image_soft_token>", "audio": "<audio_soft_token>"}


def render(request: Request) -> Iterator[Part]:
    """The parts of a conversation.

    Raises:
        InvalidInput: the conversation holds what this format or the variant does not take.
    """
    placeholders = PLACEHOLDERS_3N if request.variant.generation == "3n" else PLACEHOLDERS
    refuse_tools(request)
    refuse_thinking(request)
    refuse_fim(request)
    refuse_media(request, placeholders)
    if request.guideline is not None:
        raise InvalidInput("prompt_no_guideline", variant=request.variant.name)
    system, turns = split_system(request.turns)
    check_alternation(turns)
    for i, turn in enumerate(turns):
        role = "model" if turn.role == "assistant" else "user"
        yield Part(f"{OPEN}{role}\n", control=True)
        if system and i == 0:
            yield Part(system.text)
            yield Part("\n\n", control=True)
        yield from content(turn, placeholders)
        yield Part(f"{CLOSE}\n", control=True)
    yield Part(f"{OPEN}model\n", control=True)
