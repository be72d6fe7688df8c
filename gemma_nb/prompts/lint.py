"""The checks of hand-written prompts that several formats share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from gemma_nb.i18n import Message
from gemma_nb.prompts.safe_tokenizer import CONTROL

#: Tags of other model families that people carry over.
_FOREIGN = re.compile(rf"{CONTROL.pattern}|\[/?INST\]|<</?SYS>>|</s>")

#: Names that other families give to the model's role.
_NOT_ROLES = {"assistant": "model", "ai": "model", "bot": "model", "human": "user"}


@dataclass(frozen=True)
class Finding:
    """A fault: what it is, where it starts (in characters), "error" or "warning"."""

    message: Message
    position: int
    severity: str = "error"

    def __str__(self) -> str:
        return str(self.message)


def error(position: int, key: str, **values: Any) -> Finding:
    """A fault that changes what the model reads."""
    return Finding(Message(key, values), position)


def warning(position: int, key: str, **values: Any) -> Finding:
    """Something that is probably not meant."""
    return Finding(Message(key, values), position, "warning")


def check_bos(text: str) -> Iterator[Finding]:
    """``<bos>`` and ``<eos>``, which the tokenizer puts in its place itself."""
    for found in re.finditer("<bos>|<eos>", text):
        yield error(found.start(), "lint_bos" if found[0] == "<bos>" else "lint_eos")


def check_tags(text: str, known: Collection[str], key: str = "") -> Iterator[Finding]:
    """Control tokens of another family.

    Args:
        text: the prompt.
        known: the tokens that this format uses.
        key: what to say of the others; by default that they are not of this family.
    """
    key = key or ("lint_wrong_tag" if known else "lint_no_tags")
    for found in _FOREIGN.finditer(text):
        if found[0] not in known and found[0] not in {"<bos>", "<eos>"}:
            yield error(found.start(), key, tag=found[0], tags=" ".join(sorted(known)))


def check_pair(text: str, opening: str, closing: str) -> Iterator[Finding]:
    """A pair of tokens that must open and close in turn."""
    opened: int | None = None
    for found in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        if found[0] == opening:
            if opened is not None:
                yield error(opened, "lint_unclosed", tag=opening, closing=closing)
            opened = found.start()
        elif opened is None:
            yield error(found.start(), "lint_unopened", tag=closing, opening=opening)
        else:
            opened = None
    if opened is not None:
        yield error(opened, "lint_unclosed", tag=opening, closing=closing)


def check_turns(text: str, opening: str, closing: str, roles: Collection[str]) -> Iterator[Finding]:
    """Turns: tags that open and close, roles, and the newlines round them.

    Args:
        text: the prompt.
        opening: what opens a turn.
        closing: what closes it.
        roles: the names that a turn can have.
    """
    opened: int | None = None
    role = ""
    outside = 0
    for found in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        at, after = found.start(), text[found.end() :]
        said = text[outside:at].replace("<bos>", "").strip()
        if opened is None and said:
            yield warning(text.index(said, outside), "lint_outside_turn", text=said[:40])
        outside = found.end()
        if found[0] == closing:
            if opened is None:
                yield error(at, "lint_unopened", tag=closing, opening=opening)
            opened = None
            if after and not after.startswith("\n"):
                yield error(found.end(), "lint_newline", tag=closing)
            continue
        if opened is not None:
            yield error(opened, "lint_unclosed", tag=opening, closing=closing)
        opened, before = at, role
        name = re.match(r"[ \t]*(\w*)", after)
        role = name[1] if name else ""
        yield from _check_role(role, roles, at, opening)
        if name and name[0] != role:
            yield error(found.end(), "lint_space", tag=opening)
        if role in roles and not after[name.end() if name else 0 :].startswith("\n"):
            yield error(found.end(), "lint_newline", tag=opening + role)
        if role == before == "user":
            yield warning(at, "lint_alternate", role=role)
    if not outside:
        yield warning(0, "lint_no_turns", opening=opening)
    elif opened is None:
        yield warning(len(text), "lint_no_model_turn", opening=opening)
    elif role != "model":
        yield error(opened, "lint_unclosed", tag=opening, closing=closing)


def _check_role(role: str, roles: Collection[str], at: int, opening: str) -> Iterator[Finding]:
    if role in roles:
        return
    if role in {"system", "developer"}:
        key = "lint_no_system" if not {"system", "developer"} & set(roles) else "lint_role"
    else:
        key = "lint_role"
    meant = _NOT_ROLES.get(role.lower(), "")
    shown = meant if meant in roles else ", ".join(roles)
    yield error(at, key, role=role, opening=opening, roles=shown)
