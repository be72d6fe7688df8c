"""A chat to take away: as JSON, and as the lines of Python that hold it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

from gemma_nb.errors import InvalidInput
from gemma_nb.strings import text

if TYPE_CHECKING:
    from gemma_nb.chat import Chat

#: Longer data: URLs are shortened where they are only looked at.
_LONGEST = 200


def as_json(chat: Chat) -> tuple[str, bool]:
    """A chat as JSON to look at, and whether images or sounds are shortened in it.

    Args:
        chat: the conversation.
    """
    whole = chat.to_dict()
    short = _shortened(whole)
    return json.dumps(short, ensure_ascii=False, indent=2, default=repr), short != whole


def as_code(chat: Chat, options: Mapping[str, Any]) -> str:
    """The lines of Python that hold the same conversation again.

    Args:
        chat: the conversation.
        options: what its answers are made with, as ``Chat.send`` takes it.
    """
    model = chat.model
    given = ["model"]
    if chat.system:
        given.append(f"system={chat.system!r}")
    if chat.tools:
        given.append("tools=tools")
    if chat.thinking:
        given.append("thinking=True")
    load = f"{model.variant.name!r}, {model.precision!r}, max_length={model.max_length}"
    lines = ["import gemma_nb as gnb", "", f"model = gnb.load({load})"]
    if chat.tools:
        lines.append(f"tools = {pformat(list(chat.tools), width=88, sort_dicts=False)}")
    asked = [_sent(m) for m in chat.messages if m["role"] in ("user", "tool")]
    lines += [
        f"chat = gnb.Chat({', '.join(given)})",
        f"options = {pformat(dict(options), width=88, sort_dicts=False)}",
        f"for content in {pformat(asked, width=88, sort_dicts=False)}:",
        "    for piece in chat.send(content, **options):",
        '        print(piece, end="", flush=True)',
        "    print()",
    ]
    return "\n".join(lines) + "\n"


def free_path(folder: Path) -> Path:
    """A file's name in a folder that is not taken yet."""
    number = 1
    while (path := folder / (f"chat-{number}.json" if number > 1 else "chat.json")).exists():
        number += 1
    return path


def save(chat: Chat, folder: Path) -> Path:
    """Writes a chat to a new file of a folder.

    Args:
        chat: the conversation.
        folder: where.

    Raises:
        InvalidInput: it cannot be written, or the conversation holds what JSON has no form for.
    """
    path = free_path(folder)
    try:
        return chat.save(path)
    except OSError as error:
        raise InvalidInput("chat_not_saved", path=str(path), why=error) from error


def _sent(message: Mapping[str, Any]) -> Any:
    """What ``Chat.send`` is given for a message; media become the name of a file to put there."""
    content = message["content"]
    if isinstance(content, list):
        hint = text("chat_code_media")
        content = [
            {**part, part["type"]: f"… ({hint})"}
            if part.get("type") in ("image", "audio")
            else part
            for part in content
        ]
    return {**message, "content": content} if message["role"] == "tool" else content


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: _shortened(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_shortened(v) for v in value]
    if isinstance(value, str) and value.startswith("data:") and len(value) > _LONGEST:
        return f"{value[:40]}… ({len(value):,})"
    return value
