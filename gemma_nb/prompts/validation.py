"""What a conversation may not hold: each check raises before anything is rendered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import Request, Turn


def refuse_extras(
    request: Request, tools: bool = True, thinking: bool = True, fim: bool = True
) -> None:
    """Refuses what a format has no words for; each flag says whether to refuse that.

    Args:
        request: the conversation.
        tools: tool declarations, calls and answers.
        thinking: ``thinking=True``.
        fim: code to fill in.

    Raises:
        InvalidInput: the conversation holds it.
    """
    name = request.variant.name
    if tools and (
        request.tools
        or any(turn.role == "tool" or turn.fields.get("tool_calls") for turn in request.turns)
    ):
        raise InvalidInput("prompt_no_tools", variant=name)
    if thinking and request.thinking:
        raise InvalidInput("prompt_no_thinking", variant=name)
    if fim and any(item.kind == "fim" for item in request.items):
        raise InvalidInput("prompt_no_fim", variant=name)
    if request.guideline is not None:
        raise InvalidInput("prompt_no_guideline", variant=name)


def refuse_media(request: Request, placeholders: Mapping[str, str]) -> None:
    """Refuses media that the variant does not take.

    Args:
        request: the conversation.
        placeholders: kind of media -> what stands for it in this format.

    Raises:
        InvalidInput: such a medium; the message says what the variant takes.
    """
    takes = ["text", *(k for k in placeholders if k in request.variant.modalities)]
    if "image" in takes and "video" in placeholders:
        takes.append("video")  # a video is sent as its frames
    for item in request.items:
        if item.medium and item.kind not in takes:
            raise InvalidInput(
                "prompt_no_media",
                variant=request.variant.name,
                kind=item.kind,
                takes=", ".join(takes),
            )


def split_system(turns: Sequence[Turn]) -> tuple[Turn | None, Sequence[Turn]]:
    """The system turn at the head, None where there is none or it is empty, and the rest.

    Raises:
        InvalidInput: a system turn stands elsewhere or alone, or holds something else than text.
    """
    system, rest = (turns[0], turns[1:]) if turns[0].role == "system" else (None, turns)
    if any(turn.role == "system" for turn in rest):
        raise InvalidInput("prompt_system_late")
    if not rest:
        raise InvalidInput("prompt_only_system")
    if system and any(item.kind != "text" for item in system.items):
        raise InvalidInput("prompt_system_media")
    return (system if system and system.text.strip() else None), rest


def refuse_system(request: Request) -> None:
    """Refuses a system message where the format has no place for one.

    Raises:
        InvalidInput: there is one.
    """
    if any(turn.role == "system" for turn in request.turns):
        raise InvalidInput("prompt_no_system", variant=request.variant.name)


def check_alternation(turns: Sequence[Turn]) -> None:
    """Makes sure that user and assistant take turns, the user first and last.

    Raises:
        InvalidInput: they do not.
    """
    for i, turn in enumerate(turns):
        wanted = "assistant" if i % 2 else "user"
        if turn.role != wanted:
            raise InvalidInput(
                "prompt_roles_alternate", position=i + 1, role=turn.role, wanted=wanted
            )
    if turns[-1].role != "user":
        raise InvalidInput("prompt_ends_with_model")
