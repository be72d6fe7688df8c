"""Writes Gemma's vocabulary as a ``tokenizer.json``, which transformers and KerasHub's Gemma 4 read."""

from __future__ import annotations

from typing import Any


def tokenizer_json(proto: bytes) -> dict[str, Any]:
    """The ``tokenizer.json`` of a SentencePiece model; it gives the same ids.

    SentencePiece merges the pair whose union has the highest score; a BPE of the package tokenizers
    merges the pair that comes first in its list. The list therefore names every pair of pieces whose
    union is a piece, in the order of the unions' scores.

    Args:
        proto: the serialized SentencePiece model; a BPE with byte fallback, as Gemma's are.
    """
    from sentencepiece import sentencepiece_model_pb2

    classes: Any = sentencepiece_model_pb2  # created at import, so without static types
    model, kind = classes.ModelProto.FromString(proto), classes.ModelProto.SentencePiece
    pieces = list(model.pieces)
    vocab = {one.piece: i for i, one in enumerate(pieces)}
    added = [
        {
            "id": i,
            "content": one.piece,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            # a run of spaces is found after the normalizer has made them ▁
            "normalized": "▁" in one.piece,
            "special": one.type != kind.USER_DEFINED or one.piece.startswith("<"),
        }
        for i, one in enumerate(pieces)
        if one.type in (kind.USER_DEFINED, kind.CONTROL, kind.UNKNOWN)
    ]
    normal = [one for one in pieces if one.type == kind.NORMAL and len(one.piece) > 1]
    normal.sort(key=lambda one: -one.score)  # stable: among equal scores the first piece wins
    merges = [
        [one.piece[:cut], one.piece[cut:]]
        for one in normal
        for cut in range(1, len(one.piece))
        if one.piece[:cut] in vocab and one.piece[cut:] in vocab
    ]
    bos = {"id": "<bos>", "ids": [vocab["<bos>"]], "tokens": ["<bos>"]}
    special, first = (
        {"SpecialToken": {"id": "<bos>", "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
    )
    second = [
        {"SpecialToken": {"id": "<bos>", "type_id": 1}},
        {"Sequence": {"id": "B", "type_id": 1}},
    ]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [special, first],
            "pair": [special, first, *second],
            "special_tokens": {"<bos>": bos},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "ignore_merges": False,
            "vocab": vocab,
            "merges": merges,
        },
    }
