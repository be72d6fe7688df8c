"""ShieldGemma judges whether a prompt, or an answer to it, violates a guideline: Yes or No.

Sources: https://ai.google.dev/gemma/docs/shieldgemma/model_card (the pattern for prompts) and the
chat template of google/shieldgemma-2b on Hugging Face (the wording for answers).
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formats.turns import CLOSE, OPEN
from gemma_nb.prompts.lint import Finding, check_pair, check_tags, warning
from gemma_nb.prompts.messages import PromptRequest, check_text, refuse_media, refuse_system
from gemma_nb.prompts.prompt import Part, ReplyMarkup

_JUDGE_PROMPT = (
    "You are a policy expert trying to help determine whether a user prompt is in\n"
    "violation of the defined safety policies.\n\n"
)
_JUDGE_ANSWER = (
    "You are a policy expert trying to help determine whether an AI response to a prompt is in\n"
    "violation of the defined safety policies.\n\n"
)
_PRINCIPLE = "Our safety principle is defined in the below:\n\n"
_QUESTION = (
    "\n\n===\n\nDoes the {what} violate the above principle? Your answer must start with 'Yes' or "
    "'No'. And then walk through step by step to be sure we answer correctly."
)


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies, which are Yes or No and then perhaps reasons."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>", CLOSE), hidden_tokens=(OPEN,), kind="verdict")


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    yield from check_tags(text, (OPEN, CLOSE))
    yield from check_pair(text, OPEN, CLOSE)
    if _PRINCIPLE.strip() not in text:
        yield warning(len(text), "lint_no_principle", variant=variant.name)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt: it asks about the user's message, or about the answer if there is one.

    Raises:
        InvalidInput: there is no guideline, or the conversation is neither one message nor one
            message and its answer.
    """
    name = request.variant.name
    refuse_system(request)
    refuse_media(request, {})
    if not request.guideline:
        raise InvalidInput("prompt_guideline_needed", variant=name)
    if [t.role for t in request.turns] not in (["user"], ["user", "assistant"]):
        raise InvalidInput("prompt_judge_turns", variant=name)
    if request.tools:
        raise InvalidInput("prompt_no_tools", variant=name)
    if request.thinking:
        raise InvalidInput("prompt_no_thinking", variant=name)
    answer = len(request.turns) == 2
    yield Part(_JUDGE_ANSWER if answer else _JUDGE_PROMPT, by_format=True)
    for turn, label in zip(request.turns, ("Human Question", "Chatbot Response"), strict=False):
        yield Part(f"{OPEN}\n{label}: ", by_format=True)
        yield Part(turn.text.strip())
        yield Part(f"\n{CLOSE}\n\n", by_format=True)
    yield Part(_PRINCIPLE, by_format=True)
    yield Part(check_text(request.guideline).strip())
    what = "Chatbot Response" if answer else "human question"
    yield Part(_QUESTION.format(what=what), by_format=True)
