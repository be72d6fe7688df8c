"""PaliGemma 1 and 2: one image, then a task line that ends in a newline.

The image is not part of the text: KerasHub puts its patches before the tokens.

Source: https://ai.google.dev/gemma/docs/paligemma/prompt-system-instructions
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.lint import Finding, check_tags, error
from gemma_nb.prompts.messages import PromptRequest, refuse_extras, refuse_media, refuse_system
from gemma_nb.prompts.prompt import Part, ReplyMarkup

#: Languages of its captions and questions, which are those of Crossmodal-3600 and COCO-35L.
_LANGUAGES = (
    "ar bn cs da de el en es fa fi fil fr he hi hr hu id it iw ja ko mi nl no pl pt quz ro ru sv sw "
    "te th tr uk vi zh"
)

#: Task lines that only the pretrained models know.
_PRETRAINED = re.compile(
    rf"(?P<task>cap|describe|question(?= \S+ ))(?: (?:{_LANGUAGES.replace(' ', '|')}))(?:$| )|ocr$"
)

#: Task -> its task line.
TASKS = {
    "caption": "caption {lang}",
    "answer": "answer {lang} {question}",
    "detect": "detect {object} ; {object}",
    "segment": "segment {object} ; {object}",
    "cap": "cap {lang}",
    "describe": "describe {lang}",
    "ocr": "ocr",
    "question": "question {lang} {answer}",
}


def reply_markup(variant: Variant) -> ReplyMarkup:
    """The control tokens in its replies, which contain boxes and masks."""
    del variant
    return ReplyMarkup(stop_tokens=("<eos>",), kind="boxes")


def pretrained_task(line: str) -> str | None:
    """The task of ``line`` if only the pretrained models know it, else None."""
    match = _PRETRAINED.match(line)
    if not match or (match["task"] in {"cap", "describe"} and match.end() < len(line)):
        return None
    return match["task"] or "ocr"


def lint(text: str, variant: Variant) -> Iterator[Finding]:
    """The faults of a hand-written task line."""
    yield from check_tags(text, ())
    if not text.endswith("\n"):
        yield error(len(text), "lint_task_newline")
    if variant.tuning == "mix" and (task := pretrained_task(text.strip())):
        tasks = _tasks(variant)
        yield error(0, "prompt_pretrained_task", variant=variant.name, task=task, tasks=tasks)


def render(request: PromptRequest) -> Iterator[Part]:
    """The parts of a prompt: the image, then the task line.

    Raises:
        InvalidInput: there is more than one message or image, a system message or no task, or the
            variant was not trained for the task.
    """
    variant = request.variant
    refuse_extras(request)
    refuse_system(request)
    refuse_media(request, {"image": ""})
    images = [item for item in request.items if item.medium]
    line = "".join(item.text for item in request.items).strip()
    if len(request.turns) > 1 or request.turns[0].role != "user":
        raise InvalidInput("prompt_one_message", variant=variant.name)
    if len(images) > 1:
        raise InvalidInput("prompt_one_image", variant=variant.name)
    if not line:
        raise InvalidInput("prompt_no_task", variant=variant.name, tasks=_tasks(variant))
    if variant.tuning == "mix" and (task := pretrained_task(line)):
        raise InvalidInput(
            "prompt_pretrained_task", variant=variant.name, task=task, tasks=_tasks(variant)
        )
    for image in images:
        yield Part("", by_format=True, medium=image.medium)
    yield Part(line)
    yield Part("\n", by_format=True)


def _tasks(variant: Variant) -> str:
    pretrained = {"cap", "describe", "ocr", "question"} if variant.tuning == "mix" else ()
    return ", ".join(line for task, line in TASKS.items() if task not in pretrained)
