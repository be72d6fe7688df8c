"""Conversations in the form that Hugging Face's chat templates accept, read and validated.

Every format gets the same ``PromptRequest``. The checks raise before anything is rendered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput, shown
from gemma_nb.prompts.prompt import Media, Part, Prompt

#: Role in a message -> role in a ``Turn``.
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
}

#: Type of a content part, as Hugging Face and OpenAI spell it -> kind.
KINDS = {
    "text": "text",
    "image": "image",
    "image_url": "image",
    "audio": "audio",
    "input_audio": "audio",
    "video": "video",
    "fim": "fim",
}

MEDIA = frozenset({"image", "audio", "video"})

#: Keys under which a content part may keep its data, besides the key named after its type.
_DATA_KEYS = ("url", "path", "base64", "data")


class ContentPart(NamedTuple):
    """One part of a message's content.

    Args:
        kind: a value of ``KINDS``.
        text: the text of a "text" part.
        medium: the medium of an "image", "audio" or "video" part.
        fields: the part as the message carried it.
    """

    kind: str
    text: str = ""
    medium: Media | None = None
    fields: Mapping[str, Any] = MappingProxyType({})


class Turn(NamedTuple):
    """One message.

    Args:
        role: "system", "user", "assistant" or "tool".
        items: the parts of its content.
        fields: the message as the caller gave it.
    """

    role: str
    items: tuple[ContentPart, ...] = ()
    fields: Mapping[str, Any] = MappingProxyType({})

    @property
    def text(self) -> str:
        """The texts of its parts, joined."""
        return "".join(item.text for item in self.items)


@dataclass(frozen=True)
class PromptRequest:
    """What a format renders.

    Args:
        turns: the conversation, which is not empty.
        variant: the variant that the prompt is for.
        tools: declarations of functions, as JSON schemas.
        thinking: whether the model is asked to think before it answers.
        guideline: the safety principle to judge by.
        chat: False if the caller gave a bare string or bare content parts, not messages.
    """

    turns: tuple[Turn, ...]
    variant: Variant
    tools: tuple[Any, ...] = ()
    thinking: bool = False
    guideline: str | None = None
    chat: bool = True

    @property
    def items(self) -> Iterator[ContentPart]:
        """The content parts of all messages, in order."""
        return (item for turn in self.turns for item in turn.items)


def read_messages(messages: Any) -> tuple[tuple[Turn, ...], bool]:
    """The turns of a conversation.

    Args:
        messages: a string (one user turn), one message, a list of messages, or a list of bare
            content parts (one user turn).

    Returns:
        The turns, and whether ``messages`` were chat messages.

    Raises:
        InvalidInput: ``messages`` is empty, has another type, or contains an unknown role or
            content of an unknown kind.
    """
    if isinstance(messages, str):
        return (Turn("user", (ContentPart("text", check_text(messages)),)),), False
    if isinstance(messages, Mapping):
        messages = [messages]
    if not isinstance(messages, Sequence) or isinstance(messages, bytes):
        raise InvalidInput("prompt_messages_type", kind=type(messages).__name__)
    if not messages:
        raise InvalidInput("prompt_empty")
    if all(isinstance(m, Mapping) and "role" not in m and "type" in m for m in messages):
        return (Turn("user", tuple(_content_parts(messages))),), False
    return tuple(_turn(message, i) for i, message in enumerate(messages)), True


def _turn(message: Any, index: int) -> Turn:
    if not isinstance(message, Mapping) or "role" not in message:
        raise InvalidInput("prompt_not_a_message", index=index)
    role = message["role"]
    if not isinstance(role, str) or role not in ROLES:
        raise InvalidInput("prompt_unknown_role", role=shown(role), roles=", ".join(ROLES))
    for key in ("tool_calls", "tool_responses"):
        _check_list(message, key)
    if not isinstance(message.get("tool_call_id"), str | int | None):
        raise InvalidInput("prompt_tool_call")
    content = message.get("content")
    # A tool may answer with any value; ``tool_calls`` reads what is neither text nor media.
    any_value = ROLES[role] == "tool" and not _is_content(content)
    return Turn(ROLES[role], () if any_value else tuple(_content_parts(content)), message)


def _check_list(message: Mapping[str, Any], key: str) -> None:
    """Checks that a message's tool calls or responses are a list of dicts, with ids to look up."""
    entries = message.get(key)
    if entries is None:
        return
    if not isinstance(entries, Sequence) or isinstance(entries, str | bytes):
        raise InvalidInput("prompt_tool_list", field=key, kind=type(entries).__name__)
    for entry in entries:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str | int | None):
            raise InvalidInput("prompt_tool_call")


def _is_content(content: Any) -> bool:
    """Whether a tool's answer is text and media; a list of other records is its answer as it is."""
    return isinstance(content, str) or (
        isinstance(content, Sequence)
        and not isinstance(content, bytes)
        and len(content) > 0
        and all(isinstance(part, Mapping) and _is_part(part) for part in content)
    )


def _is_part(part: Mapping[str, Any]) -> bool:
    kind = _kind_of(part)
    return isinstance(part.get("text"), str) if kind == "text" else kind is not None


def _content_parts(content: Any) -> Iterator[ContentPart]:
    if content is None:
        return
    if isinstance(content, str):
        yield ContentPart("text", check_text(content))
        return
    if isinstance(content, bytes) or not isinstance(content, Sequence):
        raise InvalidInput("prompt_content_type", kind=type(content).__name__)
    for part in content:
        kind = _kind_of(part)
        if kind is None:
            given = shown(part.get("type")) if isinstance(part, Mapping) else type(part).__name__
            raise InvalidInput("prompt_content_kind", kind=given, kinds=", ".join(KINDS))
        if kind == "text":
            yield ContentPart("text", check_text(part.get("text")), fields=part)
        elif kind in MEDIA:
            keys = (str(part["type"]), kind, *_DATA_KEYS)
            data = next((part[k] for k in keys if part.get(k) is not None), None)
            yield ContentPart(kind, medium=Media(kind, data), fields=part)
        else:
            yield ContentPart(kind, fields=part)


def _kind_of(part: Any) -> str | None:
    kind = part.get("type") if isinstance(part, Mapping) else None
    return KINDS.get(kind) if isinstance(kind, str) else None


def check_text(text: Any) -> str:
    """Returns ``text`` if it is a string that UTF-8 can encode.

    Raises:
        InvalidInput: it is not a string, it contains half of a surrogate pair, or it is a
            ``Prompt``, whose control tokens would become text.
    """
    if not isinstance(text, str):
        raise InvalidInput("prompt_text_type", kind=type(text).__name__)
    if isinstance(text, Prompt):
        raise InvalidInput("prompt_in_a_message")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput("prompt_bad_character", position=error.start) from None
    return text


def render_content(turn: Turn, placeholders: Mapping[str, str]) -> Iterable[Part]:
    """Renders the content of a turn, with its text stripped as in the publishers' templates.

    Args:
        turn: the message.
        placeholders: kind of media -> its placeholder in the format.
    """
    for item in turn.items:
        if item.medium:
            yield Part(placeholders[item.kind], by_format=True, medium=item.medium)
        else:
            yield Part(item.text.strip())


def refuse_extras(
    request: PromptRequest, tools: bool = True, thinking: bool = True, fim: bool = True
) -> None:
    """Refuses what a format cannot express. Each flag says whether to refuse one feature.

    A guideline is always refused.

    Args:
        request: the conversation.
        tools: tool declarations, calls and answers.
        thinking: ``thinking=True``.
        fim: code to fill in.

    Raises:
        InvalidInput: the conversation uses a refused feature.
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


def refuse_media(request: PromptRequest, placeholders: Mapping[str, str]) -> None:
    """Refuses media that the variant does not accept.

    Args:
        request: the conversation.
        placeholders: kind of media -> its placeholder in the format.

    Raises:
        InvalidInput: the conversation contains such a medium. The message says what the variant
            accepts.
    """
    accepted = ["text", *(k for k in placeholders if k in request.variant.modalities)]
    if "image" in accepted and "video" in placeholders:
        accepted.append("video")  # a video is sent as its frames
    for item in request.items:
        if item.medium and item.kind not in accepted:
            raise InvalidInput(
                "prompt_no_media",
                variant=request.variant.name,
                kind=item.kind,
                takes=", ".join(accepted),
            )


def refuse_system(request: PromptRequest) -> None:
    """Refuses a system message, for formats that have no place for one.

    Raises:
        InvalidInput: the conversation contains a system message.
    """
    if any(turn.role == "system" for turn in request.turns):
        raise InvalidInput("prompt_no_system", variant=request.variant.name)


def split_system(turns: Sequence[Turn]) -> tuple[Turn | None, Sequence[Turn]]:
    """Splits off the system turn at the start.

    Args:
        turns: the conversation, which is not empty.

    Returns:
        The system turn, or None if there is none or it is blank; and the other turns.

    Raises:
        InvalidInput: a system turn is not the first turn, is the only turn, or contains something other
            than text.
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
    """Checks that user and assistant alternate, and that the user is first and last.

    Raises:
        InvalidInput: they do not.
    """
    for i, turn in enumerate(turns):
        expected = "assistant" if i % 2 else "user"
        if turn.role != expected:
            raise InvalidInput(
                "prompt_roles_alternate", position=i + 1, role=turn.role, wanted=expected
            )
    if turns[-1].role != "user":
        raise InvalidInput("prompt_ends_with_model")
