"""Conversations as the ecosystem's chat templates take them, read and checked once for all formats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.prompt import Media, Part

#: Role as written -> role as the formats know it.
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
}

#: Type of a content part -> kind, in Hugging Face's and OpenAI's spelling.
KINDS = {
    "text": "text",
    "image": "image",
    "image_url": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "fim": "fim",
}

#: Where a part of each kind keeps its data, besides the key of its own type.
_DATA_KEYS = ("url", "path", "base64", "data")


@dataclass(frozen=True)
class Item:
    """One part of a message's content: its kind, its text, its data (media) or fields."""

    kind: str
    text: str = ""
    data: Any = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Turn:
    """One message: ``role`` is "system", "user", "assistant" or "tool"."""

    role: str
    items: tuple[Item, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All its text, joined."""
        return "".join(item.text for item in self.items)


@dataclass(frozen=True)
class Request:
    """What a format renders: the conversation and what was asked besides.

    ``chat`` is False where the caller gave a bare string or bare content parts, not messages.
    """

    turns: tuple[Turn, ...]
    variant: Variant
    tools: tuple[Mapping[str, Any], ...] = ()
    thinking: bool = False
    guideline: str | None = None
    chat: bool = True

    @property
    def media(self) -> tuple[Media, ...]:
        """The images, clips and videos, in order."""
        return tuple(
            Media(item.kind, item.data)
            for turn in self.turns
            for item in turn.items
            if item.kind in {"image", "audio", "video"}
        )


def read(messages: Any) -> tuple[tuple[Turn, ...], bool]:
    """Turns of ``messages``, and whether they were chat messages.

    Args:
        messages: a string (one user turn), one message, a list of messages, or a list of bare
            content parts (one user turn).

    Raises:
        InvalidInput: empty, of another type, an unknown role, or content of an unknown kind.
    """
    if isinstance(messages, str):
        return (Turn("user", (Item("text", checked_text(messages)),)),), False
    if isinstance(messages, Mapping):
        messages = [messages]
    if not isinstance(messages, Sequence) or isinstance(messages, bytes):
        raise InvalidInput("prompt_messages_type", kind=type(messages).__name__)
    if not messages:
        raise InvalidInput("prompt_empty")
    if all(isinstance(m, Mapping) and "role" not in m and "type" in m for m in messages):
        return (Turn("user", tuple(_items(messages))),), False
    return tuple(_turn(m, i) for i, m in enumerate(messages)), True


def _turn(message: Any, index: int) -> Turn:
    if not isinstance(message, Mapping) or "role" not in message:
        raise InvalidInput("prompt_not_a_message", index=index)
    role = message["role"]
    if not isinstance(role, str) or role not in ROLES:
        raise InvalidInput("prompt_unknown_role", role=role, roles=", ".join(ROLES))
    return Turn(ROLES[role], tuple(_items(message.get("content"))), message)


def _items(content: Any) -> Iterator[Item]:
    if content is None:
        return
    if isinstance(content, str):
        yield Item("text", checked_text(content))
        return
    if isinstance(content, Mapping) or not isinstance(content, Sequence):
        raise InvalidInput("prompt_content_type", kind=type(content).__name__)
    for part in content:
        kind = KINDS.get(str(part.get("type"))) if isinstance(part, Mapping) else None
        if kind is None:
            shown = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            raise InvalidInput("prompt_content_kind", kind=shown, kinds=", ".join(KINDS))
        if kind == "text":
            yield Item("text", checked_text(part.get("text")), fields=part)
        else:
            keys = (str(part["type"]), kind, *_DATA_KEYS)
            data = next((part[k] for k in keys if part.get(k) is not None), None)
            yield Item(kind, data=data, fields=part)


def checked_text(text: Any) -> str:
    """``text`` itself, once it is known to be a string that UTF-8 can hold.

    Raises:
        InvalidInput: it is not a string, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise InvalidInput("prompt_text_type", kind=type(text).__name__)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("prompt_bad_character", position=error.start) from None
    return text


def refuse_tools(request: Request) -> None:
    """Raises InvalidInput where tools, tool calls or tool answers were given."""
    if request.tools or any(
        turn.role == "tool" or turn.fields.get("tool_calls") for turn in request.turns
    ):
        raise InvalidInput("prompt_no_tools", variant=request.variant.name)


def refuse_thinking(request: Request) -> None:
    """Raises InvalidInput where thinking was asked for."""
    if request.thinking:
        raise InvalidInput("prompt_no_thinking", variant=request.variant.name)


def refuse_media(request: Request, placeholders: Mapping[str, str]) -> None:
    """Raises InvalidInput where the conversation holds media that the variant does not take.

    Args:
        request: the conversation.
        placeholders: kind of media -> what stands for it in this format.
    """
    takes = ("text", *(k for k in placeholders if k in request.variant.modalities))
    if "image" in takes and "video" in placeholders:
        takes = (*takes, "video")  # a video is sent as its frames
    for medium in request.media:
        if medium.kind not in takes:
            raise InvalidInput(
                "prompt_no_media",
                variant=request.variant.name,
                kind=medium.kind,
                takes=", ".join(takes),
            )


def refuse_fim(request: Request) -> None:
    """Raises InvalidInput where the conversation holds code to fill in."""
    if any(item.kind == "fim" for turn in request.turns for item in turn.items):
        raise InvalidInput("prompt_no_fim", variant=request.variant.name)


def split_system(turns: Sequence[Turn]) -> tuple[Turn | None, Sequence[Turn]]:
    """The system turn at the head, None where there is none or it is empty, and the rest.

    Raises:
        InvalidInput: a system turn stands elsewhere, or holds something else than text.
    """
    system, rest = (turns[0], turns[1:]) if turns[0].role == "system" else (None, turns)
    if any(turn.role == "system" for turn in rest):
        raise InvalidInput("prompt_system_late")
    if not rest:
        raise InvalidInput("prompt_only_system")
    if system and any(item.kind != "text" for item in system.items):
        raise InvalidInput("prompt_system_media")
    return (system if system and system.text.strip() else None), rest


def check_alternation(turns: Sequence[Turn]) -> None:
    """Raises InvalidInput unless user and assistant take turns, the user first and last."""
    for i, turn in enumerate(turns):
        wanted = "assistant" if i % 2 else "user"
        if turn.role != wanted:
            raise InvalidInput(
                "prompt_roles_alternate", position=i + 1, role=turn.role, wanted=wanted
            )
    if turns[-1].role != "user":
        raise InvalidInput("prompt_ends_with_model")


def content(turn: Turn, placeholders: Mapping[str, str]) -> Iterable[Part]:
    """A turn's content: text trimmed, as the publishers' templates do, media as placeholders."""
    for item in turn.items:
        if item.kind == "text":
            yield Part(item.text.strip())
        else:
            yield Part(placeholders[item.kind], control=True)
