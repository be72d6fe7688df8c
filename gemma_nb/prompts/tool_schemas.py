"""What callers write about tools, as plain JSON values that a prompt can express.

The syntax of Gemma 4 and FunctionGemma has one type for each parameter. ``inline_schema`` brings a
JSON schema into that form, or refuses what would be lost.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from gemma_nb.errors import InvalidInput, shown
from gemma_nb.files import MAX_JSON_DEPTH
from gemma_nb.prompts.messages import check_text

#: The most values that one tool, call or answer holds, and the most schemas with ``$ref`` in place.
MAX_VALUES = 50_000
MAX_SCHEMAS = 2_000

#: Keywords that say which values are allowed and have no place in the syntax. The keywords that
#: only describe or bound a value (title, default, minimum, …) are left out, as the publisher's
#: templates leave them out.
_NO_FORM = (
    *("not", "if", "then", "else", "dependentSchemas", "dependentRequired"),
    *("patternProperties", "prefixItems", "contains", "$dynamicRef", "$recursiveRef"),
)


def json_value(value: Any, argument: str) -> Any:
    """A value of Python or NumPy as dicts with strings as keys, lists, strings, numbers, bools, None.

    Args:
        value: the value.
        argument: what the caller calls it, for the message.

    Raises:
        InvalidInput: it holds something else, is nested more than ``MAX_JSON_DEPTH`` deep, or
            holds more than ``MAX_VALUES`` values.
    """
    return _Copy(argument).value(value, 0)


class _Copy:
    """Copies one value and counts what it holds."""

    def __init__(self, argument: str) -> None:
        self._argument = argument
        self._count = 0

    def value(self, value: Any, depth: int) -> Any:
        self._count += 1
        if depth > MAX_JSON_DEPTH or self._count > MAX_VALUES:
            raise self._too_large()
        if isinstance(value, str):
            return check_text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, Mapping):
            if len(value) > MAX_VALUES:
                raise self._too_large()
            return {self._key(k): self.value(v, depth + 1) for k, v in value.items()}
        if hasattr(value, "tolist") and hasattr(value, "dtype"):  # NumPy's and JAX's
            if getattr(value, "size", 0) > MAX_VALUES:
                raise self._too_large()
            return self._of_array(value, depth)
        if isinstance(value, numbers.Real | Decimal):
            return self._number(value)
        if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview):
            if len(value) > MAX_VALUES:
                raise self._too_large()
            return [self.value(v, depth + 1) for v in value]
        raise self._wrong(value)

    def _of_array(self, value: Any, depth: int) -> Any:
        plain = value.tolist()
        if not isinstance(plain, str | bool | int | float | list):  # of bytes, complex numbers, …
            raise self._wrong(plain)
        # a float32 of 0.1 is 0.10000000149011612 as a Python number
        is_number = isinstance(plain, float) and isinstance(value, numbers.Real)
        return value if is_number else self.value(plain, depth)

    def _number(self, value: Any) -> Any:
        try:
            str(value)
        except ValueError:  # of more digits than Python writes
            raise self._wrong(value) from None
        return value

    def _key(self, key: Any) -> str:
        if not isinstance(key, str | numbers.Real | None):
            raise self._wrong(key)
        return check_text(str(key if isinstance(key, str) else self._number(key)))

    def _wrong(self, value: Any) -> InvalidInput:
        kind = type(value).__name__
        return InvalidInput("prompt_tool_value", argument=self._argument, kind=kind)

    def _too_large(self) -> InvalidInput:
        limits = {"depth": MAX_JSON_DEPTH, "count": MAX_VALUES}
        return InvalidInput("prompt_tool_nested", argument=self._argument, **limits)


def inline_schema(schema: Mapping[str, Any], tool: str) -> dict[str, Any]:
    """The schema of a tool's parameters, with one type for each and without references.

    ``$ref`` is replaced by what it names; ``anyOf`` or ``oneOf`` of one type and null becomes that
    type with ``nullable`` (pydantic's Optional); ``const`` becomes an ``enum`` of one string.
    Below ``items`` other alternatives and constants stay, because the templates write those keys as
    they are.

    Args:
        schema: the JSON schema, as ``json_value`` gives it.
        tool: the tool's name, for messages.

    Raises:
        InvalidInput: the schema is malformed, or allows what the syntax cannot express; the message
            names the parameter and the keyword.
    """
    return _Inliner(schema, tool).schema(schema, ("parameters",), ())


class _Inliner:
    """Brings one schema into the form of the templates."""

    def __init__(self, root: Any, tool: str) -> None:
        self._root = root
        self._tool = tool
        self._count = 0

    def schema(
        self, given: Any, path: tuple[str, ...], refs: tuple[str, ...], *, item: bool = False
    ) -> dict[str, Any]:
        """One schema, with those below it.

        Args:
            given: the schema; True allows everything, as ``{}`` does.
            path: where it stands.
            refs: the references that led to it.
            item: whether it describes the items of a list.
        """
        schema, refs = self._flat(given, path, refs)
        for key in ("anyOf", "oneOf", "allOf"):
            if key in schema and not item:
                raise self._wrong(path, key)
            if key in schema:
                below = (*path, key)
                schema[key] = [self.schema(one, below, refs, item=True) for one in schema[key]]
        schema = _with_enum(schema) if not item else schema
        schema = self._one_type(schema, path, item=item)
        self._check(schema, path, item=item)
        return self._children(schema, path, refs)

    def _flat(
        self, given: Any, path: tuple[str, ...], refs: tuple[str, ...]
    ) -> tuple[dict[str, Any], tuple[str, ...]]:
        """A schema without a reference of its own, and without alternatives that are one type."""
        self._count += 1
        if given is True:
            return {}, refs
        if not isinstance(given, dict):
            raise self._wrong(path, shown(given))
        if self._count > MAX_SCHEMAS or len(path) + len(refs) > MAX_JSON_DEPTH:
            raise self._wrong(path, "$ref" if refs else "properties")
        schema = {k: v for k, v in given.items() if k not in ("$defs", "definitions")}
        if "$ref" in schema:
            ref = schema.pop("$ref")
            target, refs = self._flat(self._target(ref, path, refs), path, (*refs, str(ref)))
            schema = {**target, **schema}
        for key in ("anyOf", "oneOf", "allOf"):
            if not schema.get(key):
                schema.pop(key, None)
                continue
            if not isinstance(schema[key], list):
                raise self._wrong(path, key)
            flat = [self._flat(one, (*path, key), refs) for one in schema[key]]
            types = [one for one in flat if not _is_null(one[0])]
            if len(types) == 1 and (key != "allOf" or len(flat) == 1):
                del schema[key]
                null = {"nullable": True} if len(flat) > 1 else {}
                schema, refs = {**types[0][0], **schema, **null}, types[0][1]
        return schema, refs

    def _target(self, ref: Any, path: tuple[str, ...], refs: tuple[str, ...]) -> Any:
        """What a reference of the same schema names."""
        target = self._root
        steps = ref.split("/") if isinstance(ref, str) and len(ref) < 1000 else []
        if steps[:1] != ["#"] or ref in refs:  # in another schema, or in itself
            raise self._wrong(path, "$ref")
        for step in steps[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, dict) or name not in target:
                raise self._wrong(path, "$ref")
            target = target[name]
        return target

    def _one_type(
        self, schema: dict[str, Any], path: tuple[str, ...], *, item: bool
    ) -> dict[str, Any]:
        kind = schema.get("type")
        if isinstance(kind, list) and all(isinstance(k, str) for k in kind):
            types = [k for k in kind if k.lower() != "null"] or kind[:1]
            if len(types) > 1 and not item:
                raise self._wrong(path, "type")
            if len(types) == 1:
                null = {"nullable": True} if len(kind) > 1 else {}
                schema = {**schema, "type": types[0], **null}
        elif kind is not None and not isinstance(kind, str):
            raise self._wrong(path, "type")
        if not schema.get("type"):
            for key, implied in (("properties", "object"), ("items", "array")):
                if isinstance(schema.get(key), dict):
                    return {**schema, "type": implied}
        return schema

    def _check(self, schema: dict[str, Any], path: tuple[str, ...], *, item: bool) -> None:
        shapes = {"properties": dict, "required": list, "description": str, "enum": list}
        for key, shape in shapes.items():
            if schema.get(key) is not None and not isinstance(schema[key], shape):
                raise self._wrong(path, key)
        if any(not isinstance(name, str) for name in schema.get("required") or ()):
            raise self._wrong(path, "required")
        if isinstance(schema.get("items"), list):
            raise self._wrong(path, "items")
        if item:
            return
        lost = [key for key in _NO_FORM if key in schema]
        if "const" in schema or (schema.get("enum") and _kind(schema) != "STRING"):
            lost.append("const" if "const" in schema else "enum")
        if schema.get("properties") and isinstance(schema.get("additionalProperties"), dict):
            lost.append("additionalProperties")
        if lost:
            raise self._wrong(path, lost[0])

    def _children(
        self, schema: dict[str, Any], path: tuple[str, ...], refs: tuple[str, ...]
    ) -> dict[str, Any]:
        properties = schema.get("properties")
        if isinstance(properties, dict):
            schema["properties"] = {
                name: self.schema(one, (*path, name), refs) for name, one in properties.items()
            }
        elif _kind(schema) == "OBJECT":
            # the templates take the other keys for the names of properties
            for key, value in schema.items():
                if isinstance(value, dict):
                    schema[key] = self.schema(value, (*path, key), refs)
        if isinstance(schema.get("items"), dict):
            schema["items"] = self.schema(schema["items"], (*path, "items"), refs, item=True)
        return schema

    def _wrong(self, path: Sequence[str], keyword: Any) -> InvalidInput:
        place = ".".join(path[1:])[:80] or path[0]
        values = {"tool": shown(self._tool), "parameter": place, "keyword": keyword}
        return InvalidInput("prompt_tool_keyword", **values)


def _kind(schema: Mapping[str, Any]) -> str:
    return str(schema.get("type") or "").upper()


def _is_null(schema: Mapping[str, Any]) -> bool:
    return _kind(schema) == "NULL" or ("const" in schema and schema["const"] is None)


def _with_enum(schema: dict[str, Any]) -> dict[str, Any]:
    """A constant string as an enum, null out of an enum, and the type of strings in one."""
    if isinstance(schema.get("const"), str):
        schema = {**schema, "enum": [schema["const"]]}
        del schema["const"]
    allowed = schema.get("enum")
    if not isinstance(allowed, list):
        return schema
    strings = [one for one in allowed if one is not None]
    if len(strings) < len(allowed):
        schema = {**schema, "enum": strings, "nullable": True}
    if strings and not schema.get("type") and all(isinstance(one, str) for one in strings):
        schema = {**schema, "type": "string"}
    return schema


def list_tools(tools: Any) -> tuple[Any, ...]:
    """The declarations of ``tools``, which ``read_function`` reads one by one.

    Args:
        tools: None or a list.

    Raises:
        InvalidInput: it is no list.
    """
    if tools is None:
        return ()
    if isinstance(tools, str | bytes | Mapping) or not isinstance(tools, Iterable):
        raise InvalidInput("prompt_tools_type", kind=type(tools).__name__)
    return tuple(tools)


def read_function(tool: Any) -> dict[str, Any]:
    """The function of one declaration, its parameters in the form of the templates.

    Args:
        tool: its JSON schema, bare or as ``{"type": "function", "function": …}``.

    Raises:
        InvalidInput: it is no schema with a name, or ``inline_schema`` refuses its parameters.
    """
    plain = json_value(tool, "tools") if isinstance(tool, Mapping) else {}
    function = plain.get("function", plain)
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidInput("prompt_tool_schema")
    for key, shape in (("description", str), ("parameters", dict), ("response", dict)):
        if function.get(key) is not None and not isinstance(function[key], shape):
            raise InvalidInput("prompt_tool_schema")
    response = function.get("response") or {}
    if not all(isinstance(response.get(key) or "", str) for key in ("description", "type")):
        raise InvalidInput("prompt_tool_schema")
    if not function.get("parameters"):
        return function
    return {**function, "parameters": inline_schema(function["parameters"], function["name"])}
