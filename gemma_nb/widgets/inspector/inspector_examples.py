"""The example conversations of the prompt inspector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from gemma_nb.i18n import text
from gemma_nb.prompts.formats.fim import fim


@dataclass(frozen=True)
class ExamplePrompt:
    """A conversation with its tools.

    Attributes:
        messages: the conversation.
        variant: the name of a variant that takes it; None for any chat model.
        tools: as in ``format_prompt``.
        thinking: as in ``format_prompt``.
    """

    messages: tuple[Mapping[str, Any], ...]
    variant: str | None = None
    tools: tuple[Mapping[str, Any], ...] = ()
    thinking: bool = False


#: A tool as OpenAI's and Hugging Face's libraries describe one.
WEATHER_TOOL = {
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


def _turns() -> ExamplePrompt:
    answer = {"role": "assistant", "content": text("inspector_ex_answer")}
    system = {"role": "system", "content": text("inspector_ex_system")}
    return ExamplePrompt((system, _user("tour_question"), answer, _user("inspector_ex_more")))


def _image() -> ExamplePrompt:
    parts = [{"type": "image"}, {"type": "text", "text": text("inspector_ex_image")}]
    return ExamplePrompt(({"role": "user", "content": parts},), "gemma3_instruct_4b")


def _tools() -> ExamplePrompt:
    call = {"function": {"name": "get_weather", "arguments": {"city": "Tokyo"}}}
    return ExamplePrompt(
        (
            _user("inspector_ex_weather"),
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "name": "get_weather", "content": {"celsius": 21, "sky": "clear"}},
        ),
        "gemma4_instruct_2b",
        (WEATHER_TOOL,),
    )


def _translate() -> ExamplePrompt:
    part = {
        "type": "text",
        "text": text("inspector_ex_answer"),
        "source_lang_code": text("inspector_ex_from"),
        "target_lang_code": text("inspector_ex_to"),
    }
    return ExamplePrompt(({"role": "user", "content": [part]},), "translategemma_4b_it")


#: The name of an example -> a function that makes it in the language in force.
EXAMPLES: dict[str, Callable[[], ExamplePrompt]] = {
    "question": lambda: ExamplePrompt((_user("tour_question"),)),
    "turns": _turns,
    "attack": lambda: ExamplePrompt((_user("inspector_ex_attack"),)),
    "image": _image,
    "tools": _tools,
    "thinking": lambda: ExamplePrompt(
        (_user("inspector_ex_riddle"),), "gemma4_instruct_2b", thinking=True
    ),
    "translate": _translate,
    "fim": lambda: ExamplePrompt(
        (fim("def mean(values):\n    return ", " / len(values)\n"),), "code_gemma_2b_en"
    ),
}
