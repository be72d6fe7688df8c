"""Recognises the prompt format of a Hugging Face checkpoint by its chat template.

A template is a Jinja program. It is not run: the control tokens that it writes tell the format.
"""

from __future__ import annotations

from typing import Any

from gemma_nb.catalog.hub_lookup import ModelFiles
from gemma_nb.files import parse_json

#: The prompt format of a model whose template is none of the formats here.
UNKNOWN_FORMAT = "unknown_template"

#: Control tokens and instructions of other families' templates (ChatML, Llama 2 and 3, Alpaca,
#: Vicuna, Mistral, Phi, Zephyr).
_FOREIGN = ("<|im_start|>", "<|start_header_id|>", "[INST]", "### Instruction", "USER:", "<|user|>",
            "<|system|>", "<|assistant|>")  # fmt: skip
#: Marks of a template, all of which it has -> the format, the more particular ones first.
_TURN_FORMATS = (
    (("<start_of_turn>", "<start_function_declaration>"), "functiongemma"),
    (("<start_of_turn>", "source_lang_code"), "translategemma"),
    (("<start_of_turn>", "guideline"), "shieldgemma"),
    (("<start_of_turn>", "<end_of_turn>", "model"), "turns"),
)
_GEMMA4_MARKS = ("<|turn>", "<turn|>", "model")


def read_chat_template(files: ModelFiles) -> str | None:
    """The chat template of a checkpoint; None if it has none.

    Args:
        files: access to its files.
    """
    if (raw := files.read("chat_template.jinja")) is not None:
        return raw.decode("utf-8", "replace")
    for name in ("chat_template.json", "tokenizer_config.json"):
        if template := _template_in(files.read(name)):
            return template
    return None


def _template_in(raw: bytes | None) -> str | None:
    """The template in a JSON file; of several named ones the one called "default"."""
    try:
        value: Any = parse_json(raw or b"{}")
    except ValueError:
        return None
    template = value.get("chat_template") if isinstance(value, dict) else None
    if isinstance(template, list):
        listed = [one for one in template if isinstance(one, dict)]
        named = {str(one.get("name")): one.get("template") for one in listed}
        template = named.get("default") or next(iter(named.values()), None)
    return template if isinstance(template, str) else None


def template_format(template: str, generation: str, *, small: bool) -> str:
    """The prompt format that a chat template writes.

    Args:
        template: the template.
        generation: the Gemma generation that the model is built on, whose vocabulary has the
            control tokens of its own formats alone.
        small: whether it is a Gemma 4 with per-layer embeddings.

    Returns:
        A key of ``prompts.formatting.FORMATS``.
    """
    if any(mark in template for mark in _FOREIGN):
        return UNKNOWN_FORMAT
    if generation == "4":
        known = all(mark in template for mark in _GEMMA4_MARKS)
        return ("gemma4_small" if small else "gemma4_large") if known else UNKNOWN_FORMAT
    for marks, name in _TURN_FORMATS:
        if all(mark in template for mark in marks):
            return name
    return UNKNOWN_FORMAT
