"""Token ids to text: whole characters at any split, no control token, no stop string."""

import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from gemma_nb.catalog.registry import demo_directory
from gemma_nb.generation.detokenizer import Detokenizer


class Tokenizer:
    """The part of a KerasHub tokenizer that Detokenizer uses, over the demo's own vocabulary."""

    def __init__(self):
        path = next(demo_directory("demo_gemma3_instruct_4m").rglob("vocabulary.spm"))
        self.processor = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def vocabulary_size(self):
        return self.processor.vocab_size()

    def id_to_token(self, token):
        return self.processor.id_to_piece(token)


TOKENIZER = Tokenizer()
CONTROL = frozenset({0, 1, 2, 3, 105, 106})


def pieces(ids, stop=()):
    stream = Detokenizer(TOKENIZER, CONTROL, stop)
    made = [stream.push(i) for i in ids]
    return [*made, stream.finish()]


@settings(max_examples=300, deadline=None)
@given(st.text())
def test_any_text_comes_back_whole(text):
    made = pieces(TOKENIZER.processor.encode(text))
    assert "".join(made) == text
    # no piece ever holds half a character
    assert all("\ufffd" not in piece for piece in made) or "\ufffd" in text


def test_control_tokens_are_dropped():
    ids = [2, 105, *TOKENIZER.processor.encode("hi"), 106, 1]
    assert "".join(pieces(ids)) == "hi"


def test_an_incomplete_character_becomes_one_replacement():
    ids = [TOKENIZER.processor.piece_to_id(f"<0x{b:02X}>") for b in "🙂".encode()]
    assert pieces(ids) == ["", "", "", "🙂", ""]
    for cut in (1, 2, 3):
        assert "".join(pieces(ids[:cut])) == "\ufffd"


def test_a_byte_that_begins_nothing_does_not_block():
    byte = TOKENIZER.processor.piece_to_id("<0xFF>")
    assert "".join(pieces([byte, *TOKENIZER.processor.encode("ok")])) == "\ufffdok"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        (("END",), "one two "),
        (("two", "END"), "one "),
        ((" END three",), "one two"),
        (("never",), "one two END three"),
        (("three!",), "one two END three"),
        (("one",), ""),
    ],
)
def test_stop_strings_end_the_text_at_any_split(stop, expected):
    ids = [TOKENIZER.processor.piece_to_id(f"<0x{b:02X}>") for b in b"one two END three"]
    stream = Detokenizer(TOKENIZER, CONTROL, stop)
    made = ""
    for i in ids:
        made += stream.push(i)
        assert expected.startswith(made), "nothing of a stop string is ever shown"
    made += stream.finish()
    assert made == expected
    assert stream.stopped == (expected != "one two END three")


@settings(max_examples=200, deadline=None)
@given(st.text("ab\u3042", min_size=0, max_size=30), st.text("ab\u3042", min_size=1, max_size=4))
def test_stopping_equals_cutting_the_whole_text(text, stop):
    assert "".join(pieces(TOKENIZER.processor.encode(text), (stop,))) == text.split(stop)[0]


def test_rows_behind_the_vocabulary_say_nothing():
    stream = Detokenizer(TOKENIZER, CONTROL)
    assert stream.push(TOKENIZER.vocabulary_size()) + stream.push(2**18) + stream.finish() == ""
