"""The Jinja templates that an exported model carries give the prompts of the formats."""

import jinja2
import prompt_helpers
import pytest

import gemma_nb as gnb
from gemma_nb.prompts.chat_templates import chat_template

CONVERSATIONS = {
    "one question": [("user", "Hello?")],
    "with an instruction": [("system", "Be brief."), ("user", "Hello?")],
    "three turns": [("user", " Hello? "), ("assistant", "Hi!\n"), ("user", "日本の首都は?")],
    "with an instruction and turns": [
        ("system", "Be\nbrief."), ("user", "a"), ("assistant", "b"), ("user", "c"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("turns", CONVERSATIONS)
@pytest.mark.parametrize("form", ["turns", "gemma4_small", "gemma4_large"])
def test_a_template_renders_the_formats_prompt(form, turns):
    variant = prompt_helpers.variant(form, modalities=("text",))
    messages = [{"role": role, "content": text} for role, text in CONVERSATIONS[turns]]
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, autoescape=False)
    template = environment.from_string(chat_template(variant))
    rendered = template.render(messages=messages, bos_token="<bos>", add_generation_prompt=True)
    assert rendered == f"<bos>{gnb.format_prompt(messages, variant)}"


def test_what_has_no_conversations_has_no_template():
    for form in ("plain", "embedding", "none", "paligemma", "shieldgemma"):
        assert chat_template(prompt_helpers.variant(form)) is None
