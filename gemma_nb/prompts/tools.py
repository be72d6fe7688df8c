"""Tool declarations in the syntax that Gemma 4 and FunctionGemma share.

Values are written as ``{key:value}`` with sorted keys, and strings between two quote tokens.
Every part is ``by_format``, except what a user, a schema or a tool wrote.

Sources: https://ai.google.dev/gemma/docs/core/prompt-formatting-gemma4,
https://ai.google.dev/gemma/docs/functiongemma/formatting-and-best-practices and the chat template
of google/gemma-4-E4B-it on Hugging Face.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gemma_nb.prompts.messages import check_text
from gemma_nb.prompts.prompt import Part
from gemma_nb.prompts.tool_schemas import read_function

#: Keys of a schema that describe it; all others name properties.
_SCHEMA_KEYS = frozenset({"description", "type", "properties", "required", "nullable"})


@dataclass(frozen=True)
class Grammar:
    """The tokens with which a format writes tools.

    Args:
        declaration: the tokens before and after a declaration.
        call: the tokens before and after a call.
        response: the tokens before and after a function's answer.
        quote: the token before and after each string.
    """

    declaration: tuple[str, str]
    call: tuple[str, str]
    response: tuple[str, str]
    quote: str

    def declare(self, tool: Any) -> Iterator[Part]:
        """Renders the declaration of one function.

        Args:
            tool: its JSON schema, bare or as ``{"type": "function", "function": …}``.

        Raises:
            InvalidInput: ``tool`` is not a schema with a name, or it allows what the format cannot
                express (``tool_schemas.inline_schema``).
        """
        function = read_function(tool)
        opening, closing = self.declaration
        yield Part(f"{opening}declaration:", by_format=True)
        yield Part(check_text(function["name"]))
        yield Part("{description:", by_format=True)
        yield from self.render_string(function.get("description") or "")
        if parameters := function.get("parameters"):
            yield from self._parameters(parameters)
        if response := function.get("response"):
            yield Part(",response:{", by_format=True)
            if response.get("description"):
                yield Part("description:", by_format=True)
                yield from self.render_string(response["description"])
                yield Part(",", by_format=True)
            yield Part("type:", by_format=True)
            yield from self.render_string(str(response.get("type", "object")).upper())
            yield Part("}", by_format=True)
        yield Part(f"}}{closing}", by_format=True)

    def render_string(self, text: Any) -> Iterator[Part]:
        """Renders a string between quote tokens.

        Args:
            text: the string; any other value is converted to one.
        """
        yield Part(self.quote, by_format=True)
        yield Part(check_text(text if isinstance(text, str) else str(text)))
        yield Part(self.quote, by_format=True)

    def render_value(self, value: Any, quote_keys: bool = False) -> Iterator[Part]:
        """Renders any JSON value.

        Args:
            value: the value, as ``json_value`` gives it.
            quote_keys: whether the keys of mappings are written between quote tokens.
        """
        if isinstance(value, str):
            yield from self.render_string(value)
        elif value is None or isinstance(value, bool):
            yield Part({None: "null", True: "true", False: "false"}[value], by_format=True)
        elif isinstance(value, Mapping):
            keys_and_values = (
                ((self.render_string(k) if quote_keys else (Part(check_text(k)),)), v)
                for k, v in _sorted(value)
            )
            pairs = (
                (*key, Part(":", by_format=True), *self.render_value(v, quote_keys))
                for key, v in keys_and_values
            )
            yield from _join("{", pairs, "}")
        elif isinstance(value, Sequence) and not isinstance(value, bytes):
            yield from _join("[", (self.render_value(v, quote_keys) for v in value), "]")
        else:
            yield Part(check_text(str(value)))

    def _parameters(self, schema: Mapping[str, Any]) -> Iterator[Part]:
        yield Part(",parameters:{", by_format=True)
        if schema.get("properties"):
            yield Part("properties:", by_format=True)
            yield from self._properties(schema["properties"])
            yield Part(",", by_format=True)
        if schema.get("required"):
            yield from self._required(schema["required"])
            yield Part(",", by_format=True)
        yield Part("type:", by_format=True)
        yield from self.render_string(str(schema.get("type") or "object").upper())
        yield Part("}", by_format=True)

    def _required(self, names: Iterable[Any]) -> Iterator[Part]:
        yield Part("required:", by_format=True)
        yield from _join("[", (self.render_string(name) for name in names), "]")

    def _properties(
        self, schemas: Mapping[str, Any], skip_schema_keys: bool = False
    ) -> Iterator[Part]:
        properties = (
            (Part(check_text(key)), Part(":", by_format=True), *self._schema(schema))
            for key, schema in _sorted(schemas)
            if not (skip_schema_keys and key in _SCHEMA_KEYS)
        )
        yield from _join("{", properties, "}")

    def _schema(self, schema: Any) -> Iterator[Part]:
        """One property's schema: description, enum, items, nullable, properties, type."""
        schema = schema if isinstance(schema, Mapping) else {}
        kind, nullable = _type_of(schema)
        fields: list[Iterable[Part]] = []
        if schema.get("description"):
            fields.append((_key("description"), *self.render_string(schema["description"])))
        if kind == "STRING" and schema.get("enum"):
            fields.append((_key("enum"), *self.render_value(schema["enum"], quote_keys=True)))
        if kind == "ARRAY" and isinstance(schema.get("items"), Mapping) and schema["items"]:
            fields.append((_key("items"), *self._item_schema(schema["items"])))
        if nullable:
            fields.append((Part("nullable:true", by_format=True),))
        if kind == "OBJECT":
            properties = schema.get("properties")
            # Without "properties", the schema's other keys name its properties.
            nested = (
                self._properties(properties)
                if isinstance(properties, Mapping)
                else self._properties(schema, skip_schema_keys=True)
            )
            fields.append((_key("properties"), *nested))
            if schema.get("required"):
                fields.append(self._required(schema["required"]))
        fields.append((_key("type"), *self.render_string(kind)))
        yield from _join("{", fields, "}")

    def _item_schema(self, schema: Mapping[str, Any]) -> Iterator[Part]:
        """The schema of an array's items, with sorted keys."""
        fields: list[Iterable[Part]] = []
        for key, value in _sorted(schema):
            if value is None:
                continue
            if key == "properties":
                nested = self._properties(value if isinstance(value, Mapping) else {})
                fields.append((_key("properties"), *nested))
            elif key == "required":
                fields.append(self._required(value))
            elif key == "type":
                upper = value.upper() if isinstance(value, str) else [str(v).upper() for v in value]
                fields.append((_key("type"), *self.render_value(upper)))
            else:
                key_parts = (Part(check_text(key)), Part(":", by_format=True))
                fields.append((*key_parts, *self.render_value(value, quote_keys=True)))
        yield from _join("{", fields, "}")


def _key(name: str) -> Part:
    return Part(f"{name}:", by_format=True)


def _join(opening: str, values: Iterable[Iterable[Part]], closing: str) -> Iterator[Part]:
    """Values between two brackets, separated by commas."""
    yield Part(opening, by_format=True)
    for i, value in enumerate(values):
        if i:
            yield Part(",", by_format=True)
        yield from value
    yield Part(closing, by_format=True)


def _sorted(mapping: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Key-value pairs sorted by key without regard to case, as Jinja's ``dictsort`` sorts them."""
    return sorted(((str(k), v) for k, v in mapping.items()), key=lambda pair: pair[0].lower())


def _type_of(schema: Mapping[str, Any]) -> tuple[str, bool]:
    """The type's name in capitals, and whether null is allowed, as in ["string", "null"]."""
    kind, nullable = schema.get("type") or "", bool(schema.get("nullable"))
    if isinstance(kind, Sequence) and not isinstance(kind, str):
        nullable = nullable or "null" in kind
        kind = next((k for k in kind if k != "null"), "")
    return str(kind).upper(), nullable
