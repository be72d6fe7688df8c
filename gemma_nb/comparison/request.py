"""The arguments of ``compare``, checked completely before a model is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from gemma_nb.arguments import whole_number
from gemma_nb.catalog.variant import Variant
from gemma_nb.comparison.rows import row_label
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.choice import Choice, check_numbers
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.generation.engine import check_variant
from gemma_nb.hardware.runtime import Runtime
from gemma_nb.hub.resolve import look_up_variant
from gemma_nb.load_model import choose_precision
from gemma_nb.model import Model
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.messages import check_text
from gemma_nb.reply_request import Messages

#: One choice of ``compare``: "name", "name:precision", a path, a variant, a choice or a loaded
#: model.
Comparable = Any


@dataclass(frozen=True)
class ResolvedChoice:
    """A choice whose variant and precision are known.

    Attributes:
        variant: the variant.
        precision: the name of the precision.
        max_length: tokens of prompt and reply together.
        model: the model that the user loaded; None if the comparison loads it.
        devices: the number of devices over which the comparison spreads it.
        detail: what tells it from another choice of the same variant and precision, such as
            "devices=2".
    """

    variant: Variant
    precision: str
    max_length: int
    model: Model | None = None
    devices: int = 1
    detail: str = ""

    @property
    def label(self) -> str:
        """The variant, its precision, and what tells it from others of these."""
        return row_label(self.variant.name, self.precision, self.detail)

    @property
    def key(self) -> str:
        """The name of its files."""
        name = re.sub(r"[^\w.-]+", "-", self.variant.name)[-80:].lstrip("-.")
        suffix = "-given" if self.model else ""
        if self.devices > 1:
            suffix += f"-{self.devices}-devices"
        digest = hashlib.sha256(self.variant.name.encode()).hexdigest()[:6]
        return f"{name}-{digest}-{self.precision}-{self.max_length}{suffix}"


@dataclass(frozen=True)
class ComparisonTask:
    """What each model has to do.

    Attributes:
        prompts: strings (one user turn each) or conversations.
        references: the right answer to each prompt; None where there is none.
        text: the text whose likelihood is measured; None for no text.
        max_new_tokens: the maximum number of tokens of a reply.
        repeats: the number of speed measurements.
    """

    prompts: tuple[Messages, ...]
    references: tuple[str | None, ...]
    text: str | None
    max_new_tokens: int
    repeats: int

    def digest(self, choices: Sequence[ResolvedChoice]) -> str:
        """A short name of this task with these choices; equal arguments give equal names."""
        values = [asdict(self), sorted(choice.key for choice in choices)]
        encoded = json.dumps(values, sort_keys=True, ensure_ascii=False, default=repr)
        return hashlib.sha256(encoded.encode()).hexdigest()[:16]


def resolve_choices(
    choices: Comparable | Sequence[Comparable],
    max_length: int,
    runtime: Runtime,
    credentials: Any = None,
) -> tuple[ResolvedChoice, ...]:
    """Finds the variant and the precision of each choice.

    Args:
        choices: one or several. In a string, the part after the last colon is the precision.
        max_length: tokens of prompt and reply together, for choices that do not state it.
        runtime: this machine.
        credentials: a login for the handles of a hub.

    Raises:
        InvalidInput: no choices, the same choice twice, an unknown name or precision, a variant
            that cannot be loaded or cannot generate, an impossible length, or a model that was
            unloaded.
        LoadError: a hub could not be asked.
    """
    is_single = isinstance(choices, (str, Path, Variant, Choice, Model))
    listed = [choices] if is_single else _as_list(choices)
    if not listed:
        raise InvalidInput("compare_no_choices")
    max_length = whole_number(max_length, "bad_max_length", 2)
    resolved = [_resolve(choice, max_length, runtime, credentials) for choice in listed]
    keys = [choice.key for choice in resolved]
    for choice in resolved:
        if keys.count(choice.key) > 1:
            raise InvalidInput("compare_twice", label=choice.label)
    return tuple(replace(choice, detail=_detail(choice, resolved)) for choice in resolved)


def _detail(choice: ResolvedChoice, others: Sequence[ResolvedChoice]) -> str:
    """The arguments in which a choice differs from others of its variant and precision."""
    alike = [other for other in others if other.label == choice.label]
    names = ("max_length", "devices")
    differ = [name for name in names if len({getattr(other, name) for other in alike}) > 1]
    return ", ".join(f"{name}={getattr(choice, name)}" for name in differ)


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        raise InvalidInput("compare_not_a_choice", kind=type(value).__name__)
    return list(value)


def _resolve(
    choice: Comparable, max_length: int, runtime: Runtime, credentials: Any
) -> ResolvedChoice:
    if isinstance(choice, Model):
        if choice.lm is None:
            raise InvalidInput("compare_unloaded", name=choice.variant.name)
        _check_role(choice.variant)
        return ResolvedChoice(choice.variant, choice.precision, choice.max_length, choice)
    if isinstance(choice, Choice):
        resolved = ResolvedChoice(
            choice.variant, choice.precision, choice.max_length, devices=choice.devices
        )
    elif isinstance(choice, (str, Path, Variant)):
        name, precision = _split_precision(choice)
        variant, precision = _look_up(name, precision, runtime, credentials)
        resolved = ResolvedChoice(variant, precision, max_length)
    else:
        raise InvalidInput("compare_not_a_choice", kind=type(choice).__name__)
    if not resolved.variant.loadable:
        raise InvalidInput("not_loadable", name=resolved.variant.name)
    check_can_reply(resolved.variant)
    check_numbers(resolved.variant, resolved.max_length, 1)
    return resolved


def check_can_reply(variant: Variant) -> None:
    """Checks that this package can generate replies with a variant.

    Raises:
        InvalidInput: it cannot.
    """
    check_variant(variant)
    _check_role(variant)


def _check_role(variant: Variant) -> None:
    if variant.role == "embed":
        raise InvalidInput("embed_no_reply", name=variant.name)


def _split_precision(name: str | Path | Variant) -> tuple[str | Path | Variant, str]:
    """Splits a name at its last colon; a part with a slash is not a precision."""
    if not isinstance(name, str):
        return name, "auto"
    head, colon, precision = name.rpartition(":")
    if not colon or "/" in precision or "\\" in precision:
        return name.strip(), "auto"
    return head.strip(), precision.strip()


def _look_up(
    name: str | Path | Variant, precision: str, runtime: Runtime, credentials: Any
) -> tuple[Variant, str]:
    variant = look_up_variant(name, credentials)
    if precision.lower() != "auto":
        return variant, find_precision(precision).name
    return variant, choose_precision(variant, runtime)


def build_task(
    choices: Sequence[ResolvedChoice],
    prompts: Messages | Sequence[Messages],
    references: str | Sequence[str | None] | None,
    text: str | None,
    max_new_tokens: int,
    repeats: int,
) -> ComparisonTask:
    """The task, checked for each variant.

    Args:
        choices: the choices whose variants have to take the prompts.
        prompts: strings (one user turn each) or conversations.
        references: the right answers; None for none at all.
        text: the text whose likelihood is measured; None for no text.
        max_new_tokens: the maximum number of tokens of a reply.
        repeats: the number of speed measurements.

    Raises:
        InvalidInput: no prompts, a prompt that a variant cannot take, fewer or more references than
            prompts, an empty text, or a number below 1.
    """
    prompt_list = _list_prompts(prompts)
    if isinstance(references, str):
        references = [references]
    answers = [None] * len(prompt_list) if references is None else _as_list(references)
    if len(answers) != len(prompt_list):
        raise InvalidInput("compare_references", references=len(answers), prompts=len(prompt_list))
    for answer in answers:
        if answer is not None and (not isinstance(answer, str) or not answer.strip()):
            raise InvalidInput("compare_bad_reference", value=repr(answer)[:60])
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise InvalidInput("compare_bad_text", kind=type(text).__name__)
    if text is not None:
        check_text(text)
    for name, value in (("max_new_tokens", max_new_tokens), ("repeats", repeats)):
        whole_number(value, "compare_bad_number", 1, name=name)
    for variant in {choice.variant.name: choice.variant for choice in choices}.values():
        for number, prompt in enumerate(prompt_list, 1):
            try:
                format_prompt(prompt, variant)
            except InvalidInput as error:
                raise InvalidInput(
                    "compare_bad_prompt", number=number, name=variant.name, why=error.message
                ) from None
    return ComparisonTask(tuple(prompt_list), tuple(answers), text, max_new_tokens, repeats)


def _list_prompts(prompts: Any) -> list[Messages]:
    """The prompts as a list; a single string is one prompt, and so is a list of dicts."""
    if isinstance(prompts, str):
        prompt_list: list[Any] = [prompts]
    else:
        prompt_list = _as_list(prompts)
        if prompt_list and all(isinstance(prompt, dict) for prompt in prompt_list):
            prompt_list = [prompt_list]
    if not prompt_list:
        raise InvalidInput("compare_no_prompts")
    for number, prompt in enumerate(prompt_list, 1):
        if isinstance(prompt, str) and not prompt.strip():
            raise InvalidInput("compare_empty_prompt", number=number)
    return prompt_list
