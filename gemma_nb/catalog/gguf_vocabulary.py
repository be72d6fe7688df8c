"""Rebuilds the SentencePiece model of the vocabulary that a GGUF file carries.

llama.cpp stores the pieces, their scores and types. Three things differ from the model they came
from: user-defined pieces hold spaces instead of ``▁``, ``<unk>`` may be typed as a control piece, and
so are pieces such as ``<start_of_turn>``, which Gemma's vocabularies declare as user-defined. Gemma 4
(and a Gemma 3 that was converted from ``tokenizer.json``) stores merges instead of scores.
"""

from __future__ import annotations

import re
from typing import Any

from gemma_nb.catalog.gguf_header import GgufModel
from gemma_nb.errors import InvalidInput, LoadError

#: The values of ``tokenizer.ggml.token_type``, which are those of SentencePiece.
_NORMAL, _UNKNOWN, _CONTROL, _USER_DEFINED, _UNUSED, _BYTE = range(1, 7)
#: The kinds of vocabulary that are read: "llama" is SentencePiece, the others have merges.
_MODELS = ("llama", "gemma4", "gpt2")
_BYTE_PIECE = re.compile(r"<0x[0-9A-Fa-f]{2}>")


def gguf_vocabulary(model: GgufModel) -> bytes:
    """The serialized SentencePiece model of a GGUF file.

    Args:
        model: the headers of its files.

    Raises:
        InvalidInput: the vocabulary is of a kind that no Gemma has.
        LoadError: it is missing, or its parts do not fit together.
    """
    from sentencepiece import sentencepiece_model_pb2

    classes: Any = sentencepiece_model_pb2  # created at import, so without static types
    kind = model.metadata.get("tokenizer.ggml.model")
    if kind not in _MODELS:
        field = "tokenizer.ggml.model"
        raise InvalidInput("gguf_field", where=model.where, field=field, value=str(kind)[:60])
    texts, kinds = _array(model, "tokens", str), _array(model, "token_type", int)
    merges = _array(model, "merges", str) if "tokenizer.ggml.merges" in model.metadata else []
    scores = _merge_scores(texts, merges) if merges else _array(model, "scores", float)
    if not len(texts) == len(kinds) == len(scores):
        raise _broken(model, "token_type")
    special = _special_ids(model, texts)
    proto = classes.ModelProto()
    trainer, normalizer = proto.trainer_spec, proto.normalizer_spec
    trainer.model_type, trainer.vocab_size, trainer.byte_fallback = trainer.BPE, len(texts), True
    for name, index in special.items():
        setattr(trainer, f"{name}_id", index)
        setattr(trainer, f"{name}_piece", texts[index])
    for spec in (normalizer, proto.denormalizer_spec):
        spec.add_dummy_prefix = spec.remove_extra_whitespaces = False
        spec.escape_whitespaces = True
    normalizer.name = "identity"
    for i, (text, score, own) in enumerate(zip(texts, scores, kinds, strict=True)):
        piece = proto.pieces.add()
        piece.type = _piece_type(i, text, own, special)
        piece.piece = text.replace(" ", "▁") if piece.type == _USER_DEFINED else text
        piece.score = score
    return bytes(proto.SerializeToString())


def _piece_type(index: int, text: str, kind: int, special: dict[str, int]) -> int:
    if index == special["unk"]:
        return _UNKNOWN
    if index in special.values():
        return _CONTROL
    if kind in (_CONTROL, _USER_DEFINED):
        return _USER_DEFINED
    return _BYTE if kind == _BYTE or _BYTE_PIECE.fullmatch(text) else _NORMAL


def _special_ids(model: GgufModel, texts: list[str]) -> dict[str, int]:
    """The ids of the four pieces that SentencePiece knows by name."""
    keys = {"pad": ("padding", 0), "eos": ("eos", 1), "bos": ("bos", 2), "unk": ("unknown", 3)}
    ids = {}
    for name, (key, default) in keys.items():
        # an instruct model's file may name <end_of_turn> as its eos: the piece's own name counts
        index = texts.index(f"<{name}>") if f"<{name}>" in texts else None
        if index is None:
            index = model.metadata.get(f"tokenizer.ggml.{key}_token_id", default)
        if type(index) is not int or not 0 <= index < len(texts):
            raise _broken(model, f"{key}_token_id")
        ids[name] = index
    if len(set(ids.values())) < len(ids):
        raise _broken(model, "tokens")
    return ids


def _merge_scores(texts: list[str], merges: list[str]) -> list[float]:
    """The scores of a BPE model: minus the rank of the merge that makes a piece.

    A piece that no merge makes is a single character or is never made, and comes last (as in
    keras-hub 0.32, ``convert_gemma4._build_sentencepiece_proto``).
    """
    ranks: dict[str, int] = {}
    for rank, merge in enumerate(merges):
        left, _, right = merge.partition(" ")
        ranks.setdefault(left + right, rank)
    last = len(merges) + 1
    return [-float(ranks.get(text, last)) for text in texts]


def _array(model: GgufModel, key: str, kind: type) -> list[Any]:
    values = model.metadata.get(f"tokenizer.ggml.{key}")
    if not isinstance(values, list) or not values or not all(type(v) is kind for v in values):
        raise _broken(model, key)
    return values


def _broken(model: GgufModel, key: str) -> LoadError:
    return LoadError("gguf_field_missing", where=model.where, field=f"tokenizer.ggml.{key}")
