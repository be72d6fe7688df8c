"""Tool declarations, calls and answers, in the grammar that Gemma 4 and FunctionGemma share.

Values are written as ``{key:value}`` with strings between two quote tokens; keys stand sorted.
What a person, a schema or a tool wrote is text, the rest is control.

Sources: https://ai.google.dev/gemma/docs/core/prompt-formatting-gemma4,
https://ai.google.dev/gemma/docs/functiongemma/formatting-and-best-practices and the chat template
of google/gemma-4-E4B-it on Hugging Face.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.prompt import Part

#: Keys of a schema that describe it rather than name a property.
_SCHEMA_KEYS = frozenset({"description", "type", "properties", "required", "nullable"})


@dataclass(frozen=True)
class Grammar:
    """The control tokens round declarations, calls and answers, and the quote token."""

    declaration: tuple[str, str]
    call: tuple[str, str]
    response: tuple[str, str]
    quote: str

    def declare(self, tool: Any) -> Iterator[Part]:
        """Declares one function.

        Args:
            tool: its JSON schema, bare or as ``{"type": "function", "function": …}``.

        Raises:
            InvalidInput: not a schema with a name.
        """
        function = tool.get("function", tool) if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise InvalidInput("prompt_tool_schema")
        opening, closing = self.declaration
        yield Part(f"{opening}declaration:", control=True)
        yield Part(check_text(function["name"]))
        yield Part("{description:", control=True)
        yield from self.quoted(function.get("description") or "")
        if parameters := function.get("parameters"):
            yield from self._parameters(parameters)
        if response := function.get("response"):
            yield Part(",response:{", control=True)
            if response.get("description"):
                yield Part("description:", control=True)
                yield from self.quoted(response["description"])
                yield Part(",", control=True)
            yield Part("type:", control=True)
            yield from self.quoted(str(response.get("type", "object")).upper())
            yield Part("}", control=True)
        yield Part(f"}}{closing}", control=True)

    def quoted(self, text: Any) -> Iterator[Part]:
        """A string between quote tokens."""
        yield Part(self.quote, control=True)
        yield Part(check_text(text if isinstance(text, str) else str(text)))
        yield Part(self.quote, control=True)

    def value(self, value: Any, quote_keys: bool = False) -> Iterator[Part]:
        """Any JSON value."""
        if isinstance(value, str):
            yield from self.quoted(value)
        elif value is None or isinstance(value, bool):
            yield Part({None: "null", True: "true", False: "false"}[value], control=True)
        elif isinstance(value, Mapping):
            pairs = (
                ((self.quoted(k) if quote_keys else (Part(check_text(k)),)), v)
                for k, v in _sorted(value)
            )
            shown = ((*k, Part(":", control=True), *self.value(v, quote_keys)) for k, v in pairs)
            yield from _listed("{", shown, "}")
        elif isinstance(value, Sequence) and not isinstance(value, bytes):
            yield from _listed("[", (self.value(v, quote_keys) for v in value), "]")
        else:
            yield Part(check_text(str(value)))

    def _parameters(self, schema: Mapping[str, Any]) -> Iterator[Part]:
        yield Part(",parameters:{", control=True)
        if schema.get("properties"):
            yield Part("properties:", control=True)
            yield from self._properties(schema["properties"])
            yield Part(",", control=True)
        if schema.get("required"):
            yield from self._required(schema["required"])
            yield Part(",", control=True)
        yield Part("type:", control=True)
        yield from self.quoted(str(schema.get("type") or "object").upper())
        yield Part("}", control=True)

    def _required(self, names: Iterable[Any]) -> Iterator[Part]:
        yield Part("required:", control=True)
        yield from _listed("[", (self.quoted(name) for name in names), "]")

    def _properties(self, schemas: Mapping[str, Any], only_own: bool = False) -> Iterator[Part]:
        shown = (
            (Part(check_text(key)), Part(":", control=True), *self._schema(schema))
            for key, schema in _sorted(schemas)
            if not (only_own and key in _SCHEMA_KEYS)
        )
        yield from _listed("{", shown, "}")

    def _schema(self, schema: Any) -> Iterator[Part]:
        """One property's schema: description, enum, items, nullable, properties, type."""
        schema = schema if isinstance(schema, Mapping) else {}
        kind, nullable = _type_of(schema)
        fields: list[Iterable[Part]] = []
        if schema.get("description"):
            fields.append((*_key("description"), *self.quoted(schema["description"])))
        if kind == "STRING" and schema.get("enum"):
            fields.append((*_key("enum"), *self.value(schema["enum"], quote_keys=True)))
        if kind == "ARRAY" and isinstance(schema.get("items"), Mapping) and schema["items"]:
            fields.append((*_key("items"), *self._item_schema(schema["items"])))
        if nullable:
            fields.append((Part("nullable:true", control=True),))
        if kind == "OBJECT":
            own = schema.get("properties")
            nested = (
                self._properties(own)
                if isinstance(own, Mapping)
                else self._properties(schema, only_own=True)
            )
            fields.append((*_key("properties"), *nested))
            if schema.get("required"):
                fields.append(self._required(schema["required"]))
        fields.append((*_key("type"), *self.quoted(kind)))
        yield from _listed("{", fields, "}")

    def _item_schema(self, schema: Mapping[str, Any]) -> Iterator[Part]:
        """The schema of an array's items, whose keys stand sorted."""
        fields: list[Iterable[Part]] = []
        for key, value in _sorted(schema):
            if value is None:
                continue
            if key == "properties":
                nested = self._properties(value if isinstance(value, Mapping) else {})
                fields.append((*_key("properties"), *nested))
            elif key == "required":
                fields.append(self._required(value))
            elif key == "type":
                upper = value.upper() if isinstance(value, str) else [str(v).upper() for v in value]
                fields.append((*_key("type"), *self.value(upper)))
            else:
                own_key = (Part(check_text(key)), Part(":", control=True))
                fields.append((*own_key, *self.value(value, quote_keys=True)))
        yield from _listed("{", fields, "}")


def _key(name: str) -> tuple[Part]:
    return (Part(f"{name}:", control=True),)


def _listed(opening: str, values: Iterable[Iterable[Part]], closing: str) -> Iterator[Part]:
    yield Part(opening, control=True)
    for i, value in enumerate(values):
        if i:
            yield Part(",", control=True)
        yield from value
    yield Part(closing, control=True)


def _sorted(mapping: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Pairs by key, letter case aside: Jinja's dictsort."""
    return sorted(((str(k), v) for k, v in mapping.items()), key=lambda pair: pair[0].lower())


def _type_of(schema: Mapping[str, Any]) -> tuple[str, bool]:
    """The type's name in capitals, and whether null is allowed; ["string", "null"] says both."""
    kind, nullable = schema.get("type") or "", bool(schema.get("nullable"))
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        nullable = nullable or "null" in kind
        kind = next((k for k in kind if k != "null"), "")
    return str(kind).upper(), nullable
