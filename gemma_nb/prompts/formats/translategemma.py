"""TranslateGemma: one instruction a user turn, made from the languages of its one content part.

Sources: https://huggingface.co/google/translategemma-4b-it (the form of the content part) and its
chat template (the words, and the names of the languages).
"""

from __future__ import annotations

from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formats.languages import NAMES
from gemma_nb.prompts.formats.turns import CLOSE, OPEN, PLACEHOLDERS
from gemma_nb.prompts.lint_rules import Finding, check_tags, check_turns, warning
from gemma_nb.prompts.markup import Markup
from gemma_nb.prompts.messages import Item, Request, Turn
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.validation import (
    check_alternation,
    refuse_extras,
    refuse_media,
    refuse_system,
)

_GOAL = (
    "You are a professional {source} ({source_code}) to {target} ({target_code}) translator. Your "
    "goal is to accurately convey the meaning and nuances of the original {source} text while "
    "adhering to {target} grammar, vocabulary, and cultural sensitivities.\n"
)
_TEXT = (
    "Produce only the {target} translation, without any additional explanations or commentary. "
    "Please translate the following {source} text into {target}:\n\n\n"
)
_IMAGE = (
    "Please translate the {source} text in the provided image into {target}. Produce only the "
    "{target} translation, without any additional explanations, alternatives or commentary. Focus "
    "only on the text, do not output where the text is located, surrounding objects or any other "
    "explanation about the picture. Ignore symbols, pictogram, and arrows!\n\n\n"
)


def markup(variant: Variant) -> Markup:
    """How its replies are marked up."""
    del variant
    return Markup(ends=("<eos>", CLOSE), drops=(OPEN, *PLACEHOLDERS.values()))


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written prompt."""
    yield from check_tags(text, (OPEN, CLOSE, *PLACEHOLDERS.values()))
    yield from check_turns(text, OPEN, CLOSE, ("user", "model"))
    if "You are a professional " not in text:
        yield warning(0, "lint_no_languages", variant=variant.name)


def render(request: Request) -> Iterator[Part]:
    """The parts of a conversation.

    Raises:
        InvalidInput: a user turn is not one text or image with its two languages, or the
            conversation holds what this format does not take.
    """
    refuse_extras(request)
    refuse_system(request)
    refuse_media(request, PLACEHOLDERS)
    check_alternation(request.turns)
    for turn in request.turns:
        if turn.role == "user":
            yield Part(f"{OPEN}user\n", control=True)
            yield from _instruction(turn, request.variant)
        else:
            yield Part(f"{OPEN}model\n", control=True)
            yield Part(turn.text.strip())
        yield Part(f"{CLOSE}\n", control=True)
    yield Part(f"{OPEN}model\n", control=True)


def _instruction(turn: Turn, variant: Variant) -> Iterator[Part]:
    if len(turn.items) != 1:
        raise InvalidInput("prompt_translate_one", variant=variant.name)
    (item,) = turn.items
    languages = {
        "source": _language(item, "source_lang_code", variant),
        "target": _language(item, "target_lang_code", variant),
        "source_code": _code(item, "source_lang_code"),
        "target_code": _code(item, "target_lang_code"),
    }
    yield Part(_GOAL.format(**languages), control=True)
    if item.medium:
        yield Part(_IMAGE.format(**languages), control=True)
        yield Part(PLACEHOLDERS["image"], control=True, medium=item.medium)
    else:
        yield Part(_TEXT.format(**languages), control=True)
        yield Part(item.text.strip())


def _code(item: Item, key: str) -> str:
    return str(item.fields.get(key) or "").replace("_", "-")


def _language(item: Item, key: str, variant: Variant) -> str:
    """The English name of a language; a region or a script does not change it."""
    code = _code(item, key)
    if not code:
        raise InvalidInput("prompt_translate_codes", variant=variant.name, missing=key)
    name = NAMES.get(code.split("-")[0].lower())
    if not name or not all(s.isascii() and s.isalnum() for s in code.split("-")):
        raise InvalidInput("prompt_translate_language", code=code, codes=", ".join(NAMES))
    return name
