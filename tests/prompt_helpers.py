"""Variants and tokenizers for the prompt tests: tiny vocabularies, seeded, trained in seconds.

They declare their turn, image and tool tokens as user-defined symbols, as the real ones do.
"""

import io
from functools import cache

import sentencepiece

from gemma_nb.catalog.variant import Variant

#: Format -> a variant of it.
_FIELDS = {
    "turns": {"name": "gemma3_it", "modalities": ("text", "image")},
    "turns_2": {"name": "gemma2_it", "generation": "2"},
    "turns_3n": {
        "name": "gemma3n_it",
        "generation": "3n",
        "modalities": ("text", "image", "audio"),
    },
    "turns_med": {"name": "medgemma_it", "family": "MedGemma", "modalities": ("text", "image")},
    "turns_code": {"name": "code_gemma_it", "family": "CodeGemma", "generation": "1"},
    "turns_t5": {"name": "t5gemma_it", "family": "T5Gemma", "generation": "1"},
    "plain": {"name": "gemma3_4b", "tuning": "PT", "size": "4B", "modalities": ("text", "image")},
    "gemma4_small": {"name": "g4s", "generation": "4", "modalities": ("text", "image", "audio")},
    "gemma4_large": {"name": "g4l", "generation": "4", "modalities": ("text", "image")},
    "fim": {"name": "code_gemma_2b", "family": "CodeGemma", "generation": "1", "tuning": "PT"},
    "paligemma": {
        "name": "pali_mix",
        "family": "PaliGemma",
        "tuning": "mix",
        "modalities": ("text", "image"),
    },
    "paligemma_pt": {
        "name": "pali_pt",
        "family": "PaliGemma",
        "tuning": "PT",
        "modalities": ("text", "image"),
    },
    "shieldgemma": {"name": "shieldgemma", "family": "ShieldGemma", "generation": "2"},
    "functiongemma": {"name": "functiongemma", "family": "FunctionGemma"},
    "translategemma": {
        "name": "translategemma",
        "family": "TranslateGemma",
        "modalities": ("text", "image"),
    },
    "embedding": {"name": "embeddinggemma", "family": "EmbeddingGemma"},
    "none": {"name": "assistant"},
}


def variant(key: str, **changes) -> Variant:
    """A variant of the format ``key`` (up to its first suffix)."""
    form = next(f for f in (key, key.split("_", maxsplit=1)[0]) if f in _FIELDS)
    fields = {
        "family": "Gemma",
        "generation": "3",
        "size": "1B",
        "tuning": "IT",
        "modalities": ("text",),
        "parameters": 1,
        "text_parameters": 1,
        "vision_parameters": None,
        "audio_parameters": None,
        "context_length": None,
        "licence": "Apache-2.0",
        "gated": False,
        "released": None,
        "handle": None,
        "loadable": False,
        "architecture": None,
        "prompt_format": key if key.startswith("gemma4_") else form.split("_")[0],
        **_FIELDS[key],
        **changes,
    }
    return Variant(**fields)


#: Pieces that every Gemma vocabulary holds as user-defined symbols beside its control tokens.
HARMLESS = ("\n", "\n\n", "\n\n\n", "▁▁", "▁▁▁▁", "<table>", "<h1>", "</h1>", "<b>", "<code>")

_OLD = ("<mask>", "<2mass>", "[@BOS@]", "<unused0>", "<unused94>", "<unused95>")
_TURNS = ("<start_of_turn>", "<end_of_turn>")
_IMAGES = ("<start_of_image>", "<end_of_image>", "<image_soft_token>", "[multimodal]", "<img>")
_FIM = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|file_separator|>")
_FUNCTIONS = (
    *(f"<{side}_function_{what}>" for what in ("declaration", "call", "response") for side in
      ("start", "end")),
    "<escape>",
)  # fmt: skip
_PALI = (*(f"<loc{i:04}>" for i in range(0, 1024, 64)), *(f"<seg{i:03}>" for i in range(0, 128, 8)))
_GEMMA4 = (
    *("<|turn>", "<turn|>", "<|think|>", "<|channel>", "<channel|>", "<|tool>", "<tool|>"),
    *("<|tool_call>", "<tool_call|>", "<|tool_response>", "<tool_response|>", '<|"|>'),
    *(t for m in ("image", "audio", "video") for t in (f"<|{m}>", f"<|{m}|>", f"<{m}|>")),
)

#: KerasHub's tokenizer class -> the control tokens of its vocabulary.
TOKENS = {
    "GemmaTokenizer": (*_OLD, *_TURNS, *_FIM),
    "Gemma3Tokenizer": (*_OLD, *_IMAGES, *_TURNS, *_FUNCTIONS),
    "Gemma3nTokenizer": (
        *(*_OLD, *_IMAGES, *_TURNS),
        *("<audio_soft_token>", "<start_of_audio>", "<end_of_audio>"),
    ),
    "Gemma4Tokenizer": (*_OLD, *_GEMMA4),
    "PaliGemmaTokenizer": (*_OLD, *_TURNS, *_PALI, "<image>"),
    "T5GemmaTokenizer": (*_OLD, *_TURNS),
}

_CORPUS = """The quick brown fox jumps over the lazy dog. You are a model, a user, a system. What is
the answer to life? <end of turn> start_of_turn end_of_turn user model system developer: {value},
description parameters properties type STRING OBJECT. def main(): return 0. 日本の首都はどこですか。
東京です。 Где живёт кот? ¿Qué tal? Die Größe zählt. Human Question Chatbot Response policy"""


@cache
def proto(name: str) -> bytes:
    """A vocabulary with the control tokens of tokenizer class ``name``."""
    return train(name)


def train(name: str, **changes) -> bytes:
    """Trains such a vocabulary; ``changes`` are arguments of SentencePiece's trainer."""
    model = io.BytesIO()
    options = {"model_type": "bpe", "byte_fallback": True, "add_dummy_prefix": False, **changes}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(_CORPUS.split("\n") * 20),
        model_writer=model,
        vocab_size=700,
        hard_vocab_limit=False,
        split_digits=True,
        remove_extra_whitespaces=False,
        normalization_rule_name="identity",
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        bos_piece="<bos>",
        eos_piece="<eos>",
        unk_piece="<unk>",
        user_defined_symbols=[*TOKENS[name], *HARMLESS],
        minloglevel=3,
        num_threads=1,
        **options,
    )
    return model.getvalue()


@cache
def tokenizer(name: str):
    """KerasHub's tokenizer of class ``name`` over that vocabulary."""
    import keras_hub

    options = {"has_audio_tokens": True} if name == "Gemma4Tokenizer" else {}
    return getattr(keras_hub.tokenizers, name)(proto=proto(name), **options)


@cache
def processor(name: str) -> sentencepiece.SentencePieceProcessor:
    """The plain SentencePiece processor of that vocabulary: what the tokenizer itself uses."""
    return sentencepiece.SentencePieceProcessor(model_proto=proto(name))
