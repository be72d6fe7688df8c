"""Which token ids end a reply, family by family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemma_nb.catalog import Variant

#: Prompt format -> the tokens that end a reply, beside <eos>. Sources: Google's prompt pages for
#: Gemma 1 to 4, CodeGemma and FunctionGemma (2026-09). KerasHub's own default stops Gemma 1 and 2
#: at <eos> alone.
STOP_TOKENS: dict[str, tuple[str, ...]] = {
    "turns": ("<end_of_turn>",),
    "shieldgemma": ("<end_of_turn>",),
    "translategemma": ("<end_of_turn>",),
    "functiongemma": ("<end_of_turn>", "<start_function_response>"),
    "gemma4_small": ("<turn|>", "<|tool_response>"),
    "gemma4_large": ("<turn|>", "<|tool_response>"),
    "fim": ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>"),
}


def stop_token_ids(variant: Variant, tokenizer: Any) -> frozenset[int]:
    """The ids at which a reply of ``variant`` ends.

    Args:
        variant: the variant.
        tokenizer: its KerasHub tokenizer; a stop token that it does not hold is left out.
    """
    names = ("<eos>", *STOP_TOKENS.get(variant.prompt_format, ()))
    vocabulary = tokenizer.get_vocabulary()
    found = {tokenizer.token_to_id(name) for name in names}
    return frozenset(i for i in found if vocabulary[i] in names)
