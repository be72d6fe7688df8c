"""FunctionGemma: ``<start_of_turn>`` turns with a developer turn that declares functions.

Sources: https://ai.google.dev/gemma/docs/functiongemma/formatting-and-best-practices and
https://ai.google.dev/gemma/docs/functiongemma/full-function-calling-sequence-with-functiongemma
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.prompts.formats.turns import CLOSE, OPEN
from gemma_nb.prompts.lint import Finding, check_pair, check_tags, check_turns, warning
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media, split_system
from gemma_nb.prompts.prompt import Part, ReplyMarkup
from gemma_nb.prompts.tool_calls import group_exchanges, render_tools
from gemma_nb.prompts.tools import Grammar

#: The sentence that switches function calling on; a system message takes its place.
ACTIVATION = "You are a model that can do function calling with the following functions"

GRAMMAR = Grammar(
    declaration=("<start_function_declaration>", "<end_function_declaration>"),
    call=("<start_function_call>", "<end_function_call>"),
    response=("<start_function_response>", "<end_function_response>"),
    quote="<escape>",
)


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies. The start of a function's answer ends a reply too."""
    del variant
    return ReplyMarkup(
        stop_tokens=("<eos>", CLOSE, GRAMMAR.response[0]),
        hidden_tokens=(OPEN,),
        call=GRAMMAR.call,
        quote=GRAMMAR.quote,
    )


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    del variant
    pairs = (GRAMMAR.declaration, GRAMMAR.call, GRAMMAR.response)
    tokens = (token for pair in pairs for token in pair)
    yield from check_tags(text, {OPEN, CLOSE, GRAMMAR.quote, *tokens})
    yield from check_turns(text, OPEN, CLOSE, ("developer", "user", "model"))
    for pair in pairs:
        yield from check_pair(text, *pair)
    declared = text.find(GRAMMAR.declaration[0])
    if declared >= 0 and ACTIVATION not in text:
        yield warning(declared, "lint_activation", sentence=ACTIVATION)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt.

    Raises:
        InvalidInput: the conversation contains what the format or the variant does not accept.
    """
    refuse_extras(request, tools=False)
    refuse_media(request, {})
    system, turns = split_system(request.turns)
    exchanges = group_exchanges(turns)
    if system or request.tools:
        yield Part(f"{OPEN}developer\n", by_format=True)
        yield Part(system.text.strip()) if system else Part(ACTIVATION, by_format=True)
        for tool in request.tools:
            yield from GRAMMAR.declare(tool)
        yield Part(f"{CLOSE}\n", by_format=True)
    for exchange in exchanges:
        if not exchange.continues:
            role = "model" if exchange.turn.role == "assistant" else "user"
            yield Part(f"{OPEN}{role}\n", by_format=True)
        yield from render_tools(exchange, GRAMMAR, {})
        for item in exchange.turn.items:
            yield Part(item.text.strip())
        if not exchange.open:
            yield Part(f"{CLOSE}\n", by_format=True)
    if exchanges[-1].turn.role == "user":
        yield Part(f"{OPEN}model\n", by_format=True)
