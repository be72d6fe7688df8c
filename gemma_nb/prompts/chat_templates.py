"""Jinja templates of conversations, which an exported model carries for transformers and llama.cpp.

They render text alone: no images, tools or thinking. Other programs call them; this package renders
prompts by ``gemma_nb.prompts.formats``, whose prompts the tests compare with theirs.
"""

from __future__ import annotations

from gemma_nb.catalog.variant import Variant

#: A system instruction stands at the start of the first user turn.
_TURNS = """{{ bos_token }}\
{%- set first = "" -%}
{%- if messages[0]["role"] == "system" -%}
{%- set first = messages[0]["content"] + "\\n\\n" -%}
{%- set messages = messages[1:] -%}
{%- endif -%}
{%- for message in messages -%}
{%- set role = "model" if message["role"] == "assistant" else message["role"] -%}
{{ "<start_of_turn>" + role + "\\n" + (first if loop.first else "") + message["content"] | trim }}\
{{ "<end_of_turn>\\n" }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ "<start_of_turn>model\\n" }}{%- endif -%}
"""

#: The system instruction has a turn of its own.
_GEMMA4 = """{{ bos_token }}\
{%- for message in messages -%}
{%- set role = "model" if message["role"] == "assistant" else message["role"] -%}
{{ "<|turn>" + role + "\\n" + message["content"] | trim + "<turn|>\\n" }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ "<|turn>model\\nTHOUGHT" }}{%- endif -%}
"""

#: The prompt format of a variant -> its template.
_TEMPLATES = {
    "turns": _TURNS,
    "gemma4_small": _GEMMA4.replace("THOUGHT", ""),
    # a reply without thinking starts after an empty thought
    "gemma4_large": _GEMMA4.replace("THOUGHT", "<|channel>thought\\n<channel|>"),
}


def chat_template(variant: Variant) -> str | None:
    """The Jinja template of a variant's conversations.

    Args:
        variant: the variant.

    Returns:
        The template; None where a variant has no conversations, or a format of its own.
    """
    return _TEMPLATES.get(variant.prompt_format)
