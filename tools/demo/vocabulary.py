"""The demo models' SentencePiece tokenizer, with Gemma 3's control tokens at Gemma 3's ids."""

from __future__ import annotations

import io
from collections.abc import Iterable

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as sentencepiece_model

VOCABULARY_SIZE = 2048
LONGEST_PIECE = 8  # characters: every piece's spelling has to be learnt for upper case
START_OF_TURN, END_OF_TURN, NEWLINE = 105, 106, 107
_NEWLINE_HOLDER = "<newline>"  # the trainer takes its symbols as lines, so this one is renamed


def user_symbols() -> list[str]:
    """Gemma 3's user-defined symbols from id 4 to 107, in order."""
    unused = [f"<unused{i}>" for i in range(99)]
    return [
        "<mask>",
        "[multimodal]",
        *unused,
        "<start_of_turn>",
        "<end_of_turn>",
        _NEWLINE_HOLDER,
    ]


def train_tokenizer(lines: Iterable[str], required: str = "") -> bytes:
    """Trains the tokenizer; the same lines give the same bytes.

    Args:
        lines: text, one line each, without line breaks.
        required: characters that get a piece of their own whatever their frequency.

    Returns:
        The serialised SentencePiece model.
    """
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=out,
        model_type="bpe",
        vocab_size=VOCABULARY_SIZE,
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        user_defined_symbols=user_symbols(),
        required_chars=required,
        byte_fallback=True,
        character_coverage=1.0,
        normalization_rule_name="identity",
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        split_digits=True,
        allow_whitespace_only_pieces=True,
        max_sentencepiece_length=LONGEST_PIECE,
        num_threads=1,
        minloglevel=2,
    )
    model = sentencepiece_model.ModelProto.FromString(out.getvalue())
    assert model.pieces[NEWLINE].piece == _NEWLINE_HOLDER
    model.pieces[NEWLINE].piece = "\n"
    return model.SerializeToString(deterministic=True)
