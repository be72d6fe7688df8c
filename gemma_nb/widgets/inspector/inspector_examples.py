"""The conversations that the prompt inspector offers to start from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.prompts import fim
from gemma_nb.strings import text


@dataclass(frozen=True)
class Example:
    """A conversation, what goes with it, and a variant that takes it (None: any chat model)."""

    messages: tuple[Mapping[str, Any], ...]
    variant: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    thinking: bool = False


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city now.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Its name."}},
            "required": ["city"],
        },
    },
}


def _user(key: str) -> dict[str, Any]:
    return {"role": "user", "content": text(key)}


def _turns() -> Example:
    answer = {"role": "assistant", "content": text("inspector_ex_answer")}
    system = {"role": "system", "content": text("inspector_ex_system")}
    return Example((system, _user("tour_question"), answer, _user("inspector_ex_more")))


def _image() -> Example:
    parts = [{"type": "image"}, {"type": "text", "text": text("inspector_ex_image")}]
    return Example(({"role": "user", "content": parts},), "gemma3_instruct_4b")


def _tools() -> Example:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Tokyo"}}}
    return Example(
        (
            _user("inspector_ex_weather"),
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "name": "get_weather", "content": {"celsius": 21, "sky": "clear"}},
        ),
        "gemma4_instruct_2b",
        (WEATHER,),
    )


def _translate() -> Example:
    part = {
        "type": "text",
        "text": text("inspector_ex_answer"),
        "source_lang_code": text("inspector_ex_from"),
        "target_lang_code": text("inspector_ex_to"),
    }
    return Example(({"role": "user", "content": [part]},), "translategemma_4b_it")


#: Name -> what makes it, in the language in force.
EXAMPLES: dict[str, Callable[[], Example]] = {
    "question": lambda: Example((_user("tour_question"),)),
    "turns": _turns,
    "attack": lambda: Example((_user("inspector_ex_attack"),)),
    "image": _image,
    "tools": _tools,
    "thinking": lambda: Example(
        (_user("inspector_ex_riddle"),), "gemma4_instruct_2b", thinking=True
    ),
    "translate": _translate,
    "fim": lambda: Example(
        (fim("def mean(values):\n    return ", " / len(values)\n"),), "code_gemma_2b_en"
    ),
}
