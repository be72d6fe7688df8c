"""The rules for hand-written prompts that several formats share.

``prompts.formatting.check_prompt`` applies them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from gemma_nb.i18n import Message
from gemma_nb.prompts.safe_tokenizer import CONTROL

#: Control tokens, and tags of other model families that people carry over.
_TAG = re.compile(rf"{CONTROL.pattern}|\[/?INST\]|<</?SYS>>|</s>")

#: Role names of other families -> Gemma's name of the role.
_ROLE_SYNONYMS = {"assistant": "model", "ai": "model", "bot": "model", "human": "user"}


@dataclass(frozen=True)
class Finding:
    """A fault in a prompt.

    Args:
        message: what is wrong.
        position: where the fault starts, in characters.
        severity: "error" or "warning".
    """

    message: Message
    position: int
    severity: str = "error"

    def __str__(self) -> str:
        return str(self.message)


def error(position: int, key: str, **values: Any) -> Finding:
    """A fault that changes what the model reads.

    Args:
        position: where it starts, in characters.
        key: the key of the message.
        **values: the values that the message contains.
    """
    return Finding(Message(key, values), position)


def warning(position: int, key: str, **values: Any) -> Finding:
    """A fault that is probably not intended.

    Args:
        position: where it starts, in characters.
        key: the key of the message.
        **values: the values that the message contains.
    """
    return Finding(Message(key, values), position, "warning")


def check_bos(text: str) -> Iterator[Finding]:
    """Finds ``<bos>`` and ``<eos>``, which a prompt does not contain: the tokenizer adds ``<bos>``."""
    for token in re.finditer("<bos>|<eos>", text):
        yield error(token.start(), "lint_bos" if token[0] == "<bos>" else "lint_eos")


def check_tags(text: str, own: Collection[str], key: str = "") -> Iterator[Finding]:
    """Finds control tokens and tags of other formats.

    Args:
        text: the prompt.
        own: the tokens that this format uses.
        key: the message's key; by default the message says that the tag is not of this family.
    """
    key = key or ("lint_wrong_tag" if own else "lint_no_tags")
    for tag in _TAG.finditer(text):
        if tag[0] not in own and tag[0] not in {"<bos>", "<eos>"}:
            yield error(tag.start(), key, tag=tag[0], tags=" ".join(sorted(own)))


def check_pair(text: str, opening: str, closing: str) -> Iterator[Finding]:
    """Checks that a pair of tokens opens and closes in turn.

    Args:
        text: the prompt.
        opening: the token that opens.
        closing: the token that closes.
    """
    opened: int | None = None
    for token in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        if token[0] == opening:
            if opened is not None:
                yield error(opened, "lint_unclosed", tag=opening, closing=closing)
            opened = token.start()
        elif opened is None:
            yield error(token.start(), "lint_unopened", tag=closing, opening=opening)
        else:
            opened = None
    if opened is not None:
        yield error(opened, "lint_unclosed", tag=opening, closing=closing)


def check_turns(text: str, opening: str, closing: str, roles: Collection[str]) -> Iterator[Finding]:
    """Checks the turns: their tags, their roles, and the newlines round them.

    Args:
        text: the prompt.
        opening: the token that opens a turn.
        closing: the token that closes it.
        roles: the roles that a turn may have.
    """
    opened: int | None = None
    role = ""
    end_of_tag = 0
    for tag in re.finditer(f"{re.escape(opening)}|{re.escape(closing)}", text):
        start, after = tag.start(), text[tag.end() :]
        outside = text[end_of_tag:start].replace("<bos>", "").strip()
        if opened is None and outside:
            at = text.index(outside, end_of_tag)
            yield warning(at, "lint_outside_turn", text=outside[:40])
        end_of_tag = tag.end()
        if tag[0] == closing:
            if opened is None:
                yield error(start, "lint_unopened", tag=closing, opening=opening)
            opened = None
            if after and not after.startswith("\n"):
                yield error(tag.end(), "lint_newline", tag=closing)
            continue
        if opened is not None:
            yield error(opened, "lint_unclosed", tag=opening, closing=closing)
        opened, previous_role = start, role
        name = re.match(r"[ \t]*(\w*)", after)
        role = name[1] if name else ""
        yield from _check_role(role, roles, start, opening)
        if name and name[0] != role:
            yield error(tag.end(), "lint_space", tag=opening)
        if role in roles and not after[name.end() if name else 0 :].startswith("\n"):
            yield error(tag.end(), "lint_newline", tag=opening + role)
        if role == previous_role == "user":
            yield warning(start, "lint_alternate", role=role)
    if not end_of_tag:
        yield warning(0, "lint_no_turns", opening=opening)
    elif opened is None:
        yield warning(len(text), "lint_no_model_turn", opening=opening)
    elif role != "model":
        yield error(opened, "lint_unclosed", tag=opening, closing=closing)


def _check_role(
    role: str, roles: Collection[str], position: int, opening: str
) -> Iterator[Finding]:
    if role in roles:
        return
    key = "lint_role"
    if role in {"system", "developer"} and not {"system", "developer"} & set(roles):
        key = "lint_no_system"
    synonym = _ROLE_SYNONYMS.get(role.lower(), "")
    suggestion = synonym if synonym in roles else ", ".join(roles)
    yield error(position, key, role=role, opening=opening, roles=suggestion)
