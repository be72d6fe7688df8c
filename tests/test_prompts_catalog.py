"""Every variant of the catalog has a prompt in its own format, or an error says why not."""

import pytest
from test_prompts import IMAGE, USER

import gemma_nb as gnb
from gemma_nb.catalog import registry
from gemma_nb.prompts.formatting import check_prompt, format_prompt
from gemma_nb.prompts.reply_parser import parse_reply

WITH_PROMPTS = [v for v in registry.variants() if v.prompt_format != "none"]


def conversation(one):
    """A conversation that suits the variant, and the options it needs."""
    if one.prompt_format == "translategemma":
        part = {"type": "text", "source_lang_code": "en", "target_lang_code": "ja", "text": "Hi"}
        return [{"role": "user", "content": [part]}], {}
    if one.prompt_format == "shieldgemma":
        return "Hi", {"guideline": '* "No Harassment": The prompt shall not …'}
    return "caption en" if one.prompt_format == "paligemma" else "Hi", {}


@pytest.mark.parametrize("one", WITH_PROMPTS, ids=str)
def test_every_variant_has_a_prompt(one):
    messages, options = conversation(one)
    prompt = format_prompt(messages, one.name, **options)
    assert any(not part.by_format for part in prompt.parts)
    assert check_prompt(prompt, one) == ()
    assert parse_reply("Yes.", one).answer == "Yes."
    if one.prompt_format in {"plain", "fim"}:
        with pytest.raises(ValueError, match=one.name):
            format_prompt([USER], one)
    if "image" not in one.modalities and one.prompt_format in {"turns", "functiongemma"}:
        with pytest.raises(ValueError, match="It takes: text"):
            format_prompt([IMAGE], one)


@pytest.mark.parametrize("one", [v for v in WITH_PROMPTS if v.prompt_format == "plain"], ids=str)
def test_a_pretrained_variant_names_a_tuned_one_that_exists(one):
    with pytest.raises(ValueError, match="string") as caught:
        format_prompt([USER], one)
    names = {v.name for v in registry.variants(tuning="IT")}
    message = str(caught.value)
    assert any(name in message for name in names) or "(IT)" in message


def test_the_nearest_sibling_is_named():
    for name, sibling in (
        ("gemma3_1b", "gemma3_instruct_1b"),
        ("gemma2_9b_en", "gemma2_instruct_9b_en"),
        ("gemma4_2b", "gemma4_instruct_2b"),
    ):
        with pytest.raises(gnb.errors.InvalidInput, match=sibling):
            format_prompt([USER], name)
