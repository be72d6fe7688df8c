"""What is to be compared, checked whole before anything is loaded."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemma_nb.catalog.variant import Variant
from gemma_nb.errors import InvalidInput
from gemma_nb.fit.choice import Choice
from gemma_nb.fit.precision import precision as find_precision

if TYPE_CHECKING:
    from gemma_nb.hardware.runtime import Runtime
    from gemma_nb.model import Messages, Model

#: One thing to compare: "name", "name:precision", a variant, a choice or a loaded model.
Comparable = Any


@dataclass(frozen=True)
class ResolvedChoice:
    """One choice, understood. ``model`` is the one that the user loaded, None where we load."""

    variant: Variant
    precision: str
    max_length: int
    model: Model | None = None

    @property
    def label(self) -> str:
        """The variant and its precision."""
        return f"{self.variant.name} {self.precision}"

    @property
    def key(self) -> str:
        """A name for its files."""
        plain = re.sub(r"[^\w.-]+", "-", self.variant.name)[-80:].lstrip("-.")
        given = "-given" if self.model else ""
        tail = hashlib.sha256(self.variant.name.encode()).hexdigest()[:6]
        return f"{plain}-{tail}-{self.precision}-{self.max_length}{given}"


@dataclass(frozen=True)
class ComparisonTask:
    """What every choice is asked.

    Args:
        prompts: strings (one user turn each) or conversations.
        references: the right answer to each prompt, None where there is none.
        text: what the likelihood is measured on; None for nothing.
        max_new_tokens: the most tokens of a reply.
        repeats: how often speed is measured.
    """

    prompts: tuple[Messages, ...]
    references: tuple[str | None, ...]
    text: str | None
    max_new_tokens: int
    repeats: int

    def digest(self, entries: Sequence[ResolvedChoice]) -> str:
        """A short name of this task for these choices; the same again for the same ones."""
        values = [asdict(self), sorted(e.key for e in entries)]
        told = json.dumps(values, sort_keys=True, ensure_ascii=False, default=repr)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def resolve_choices(
    choices: Comparable | Sequence[Comparable],
    max_length: int,
    runtime: Runtime,
    credentials: Any = None,
) -> tuple[ResolvedChoice, ...]:
    """The choices as entries.

    Args:
        choices: one or several; of a string, what stands behind the last colon is the precision.
        max_length: for those that do not say one.
        runtime: this one.
        credentials: a login for the handles of a hub.

    Raises:
        InvalidInput: none, the same twice, an unknown name or precision, a variant that cannot be
            loaded or generated with, a length that cannot be, a model that was unloaded.
        LoadError: a hub could not be asked.
    """
    from gemma_nb.model import Model

    single = isinstance(choices, (str, Path, Variant, Choice, Model))
    listed = [choices] if single else _list(choices)
    if not listed:
        raise InvalidInput("compare_no_choices")
    if type(max_length) is not int or max_length < 2:
        raise InvalidInput("bad_max_length", value=max_length)
    entries = [_entry(one, max_length, runtime, credentials) for one in listed]
    keys = [e.key for e in entries]
    for entry in entries:
        if keys.count(entry.key) > 1:
            raise InvalidInput("compare_twice", label=entry.label)
    return tuple(entries)


def _list(value: Any) -> list[Any]:
    if isinstance(value, Mapping) or not hasattr(value, "__iter__"):
        raise InvalidInput("compare_not_a_choice", kind=type(value).__name__)
    return list(value)


def _entry(one: Any, max_length: int, runtime: Runtime, credentials: Any) -> ResolvedChoice:
    from gemma_nb.fit.memory import check_numbers
    from gemma_nb.model import Model

    if isinstance(one, Model):
        if one.lm is None:
            raise InvalidInput("compare_unloaded", name=one.variant.name)
        _check_replies(one.variant)
        return ResolvedChoice(one.variant, one.precision, one.max_length, one)
    if isinstance(one, Choice):
        entry = ResolvedChoice(one.variant, one.precision, one.max_length)
    elif isinstance(one, (str, Path, Variant)):
        name, precision = _split(one)
        variant, precision = _looked_up(name, precision, runtime, credentials)
        entry = ResolvedChoice(variant, precision, max_length)
    else:
        raise InvalidInput("compare_not_a_choice", kind=type(one).__name__)
    if not entry.variant.loadable:
        raise InvalidInput("not_loadable", name=entry.variant.name)
    check_can_reply(entry.variant)
    check_numbers(entry.variant, entry.max_length, 1)
    return entry


def check_can_reply(variant: Variant) -> None:
    """Makes sure that a variant is one that makes replies here.

    Raises:
        InvalidInput: it does not.
    """
    from gemma_nb.generation.engine import check_variant

    check_variant(variant)
    _check_replies(variant)


def _check_replies(variant: Variant) -> None:
    if variant.role == "embed":
        raise InvalidInput("embed_no_reply", name=variant.name)


def _split(one: str | Path | Variant) -> tuple[str | Path | Variant, str]:
    """The name, and the precision behind its last colon; one with a slash belongs to the name."""
    if not isinstance(one, str):
        return one, "auto"
    name, colon, precision = one.rpartition(":")
    if not colon or "/" in precision or "\\" in precision:
        return one.strip(), "auto"
    return name.strip(), precision.strip()


def _looked_up(
    name: str | Path | Variant, precision: str, runtime: Runtime, credentials: Any
) -> tuple[Variant, str]:
    from gemma_nb.fit.auto_precision import auto_precision
    from gemma_nb.hub.preflight import looked_up
    from gemma_nb.load_model import _find, _saved

    variant = looked_up(name, credentials, _find)
    if precision.lower() != "auto":
        return variant, find_precision(precision).name
    return variant, _saved(variant) or auto_precision(variant, runtime).name


def build_task(
    entries: Sequence[ResolvedChoice],
    prompts: Messages | Sequence[Messages],
    references: str | Sequence[str | None] | None,
    text: str | None,
    max_new_tokens: int,
    repeats: int,
) -> ComparisonTask:
    """What every choice is asked, checked against each.

    Raises:
        InvalidInput: no prompts, a prompt that one of the variants cannot take, another number of
            references than of prompts, an empty text, a number that cannot be.
    """
    from gemma_nb.prompts.formatting import format_prompt

    listed = _prompts(prompts)
    if isinstance(references, str):
        references = [references]
    wanted = [None] * len(listed) if references is None else _list(references)
    if len(wanted) != len(listed):
        raise InvalidInput("compare_references", references=len(wanted), prompts=len(listed))
    for reference in wanted:
        if reference is not None and (not isinstance(reference, str) or not reference.strip()):
            raise InvalidInput("compare_bad_reference", value=repr(reference)[:60])
    if text is not None and (not isinstance(text, str) or not text.strip()):
        raise InvalidInput("compare_bad_text", kind=type(text).__name__)
    for name, value in (("max_new_tokens", max_new_tokens), ("repeats", repeats)):
        if type(value) is not int or value < 1:
            raise InvalidInput("compare_bad_number", name=name, value=value)
    for variant in {e.variant.name: e.variant for e in entries}.values():
        for number, prompt in enumerate(listed, 1):
            try:
                format_prompt(prompt, variant)
            except InvalidInput as error:
                raise InvalidInput(
                    "compare_bad_prompt", number=number, name=variant.name, why=error.message
                ) from None
    return ComparisonTask(tuple(listed), tuple(wanted), text, max_new_tokens, repeats)


def _prompts(prompts: Any) -> list[Messages]:
    """The prompts, each a string or a conversation; a string alone is one, so is a list of dicts."""
    if isinstance(prompts, str):
        listed: list[Any] = [prompts]
    else:
        listed = _list(prompts)
        if listed and all(isinstance(one, dict) for one in listed):
            listed = [listed]
    if not listed:
        raise InvalidInput("compare_no_prompts")
    for number, one in enumerate(listed, 1):
        if isinstance(one, str) and not one.strip():
            raise InvalidInput("compare_empty_prompt", number=number)
    return listed
