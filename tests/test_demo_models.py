"""The demo models: tokenizer, presets, held-out questions, what the card says."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "gemma_nb" / "demo"
sys.path.insert(0, str(ROOT / "tools"))

NAMES = ["demo_gemma3_1m", "demo_gemma3_instruct_1m", "demo_gemma3_4m", "demo_gemma3_instruct_4m"]
PARAMETERS = {"1m": 1_101_312, "4m": 3_873_792}
GEMMA3_IDS = {
    "<pad>": 0,
    "<eos>": 1,
    "<bos>": 2,
    "<unk>": 3,
    "<mask>": 4,
    "[multimodal]": 5,
    "<unused0>": 6,
    "<unused98>": 104,
    "<start_of_turn>": 105,
    "<end_of_turn>": 106,
    "\n": 107,
}
TEXTS = [
    "Hello, world!",
    "  two spaces in front, three   inside, one behind ",
    "line\nbreak\r\nand\ttab\n\n",
    "日本語の文章、カタカナ、ひらがな。漢字：鬱薔薇",
    "مرحبا بالعالم",
    "안녕하세요 Привет नमस्ते Ωμέγα",
    "😀 👩‍👩‍👧 🇯🇵",
    "\x01\x07\x1b[0m\x7f\u200b\ufeff",
    "<start_of_turn>user\nHi<end_of_turn>\n",
    "<bos><eos><pad><unk> <0x41> [multimodal]",
    "12+30=42, -5, ３０",
    "ﬁ ① é e\u0301 Å",
    "",
    " ",
]


def tokenizer(name):
    import sentencepiece

    path = DEMO / name / "assets" / "tokenizer" / "vocabulary.spm"
    return sentencepiece.SentencePieceProcessor(model_file=str(path))


@pytest.fixture(scope="module")
def figures():
    return json.loads((DEMO / "evaluation.json").read_text())


@pytest.mark.parametrize("name", NAMES)
def test_control_tokens_stand_at_gemma_3_ids(name):
    from sentencepiece import sentencepiece_model_pb2 as proto

    sp = tokenizer(name)
    assert {piece: sp.piece_to_id(piece) for piece in GEMMA3_IDS} == GEMMA3_IDS
    assert sp.vocab_size() == 2048
    model = proto.ModelProto.FromString(
        (DEMO / name / "assets/tokenizer/vocabulary.spm").read_bytes()
    )
    kinds = proto.ModelProto.SentencePiece
    assert [model.pieces[i].type for i in (0, 1, 2)] == [kinds.CONTROL] * 3
    assert {model.pieces[i].type for i in range(4, 108)} == {kinds.USER_DEFINED}
    assert sum(p.type == kinds.BYTE for p in model.pieces) == 256


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_any_text_comes_back(name, text):
    sp = tokenizer(name)
    ids = sp.encode(text)
    assert sp.decode(ids) == text
    assert 3 not in ids  # never <unk>


def test_control_symbols_are_not_made_from_text():
    sp = tokenizer("demo_gemma3_4m")
    assert not {0, 1, 2} & set(sp.encode("<pad><eos><bos>"))
    assert sp.encode("<start_of_turn>user\n")[0] == 105


def test_every_character_of_unicode_blocks_comes_back():
    sp = tokenizer("demo_gemma3_instruct_4m")
    # U+2581 is SentencePiece's own sign for a space, here and in the real Gemma 3
    points = [*range(1, 0x2581), *range(0x2582, 0xD800), *range(0xE000, 0x1FFFF, 7)]
    text = "".join(map(chr, points))
    assert sp.decode(sp.encode(text)) == text


def test_presets_are_small_and_sixteen_bit():
    import h5py

    assert sum(p.stat().st_size for p in DEMO.rglob("*") if p.is_file()) <= 24_000_000
    for name in NAMES:
        found = []
        with h5py.File(DEMO / name / "model.weights.h5") as file:
            file.visititems(
                lambda _, item, found=found: (
                    found.append((item.dtype.itemsize, item.size))
                    if hasattr(item, "dtype")
                    else None
                )
            )
        weights = [(width, size) for width, size in found if size > 1]
        assert {width for width, _ in weights} == {2}, name
        assert sum(size for _, size in weights) == PARAMETERS[name.rsplit("_", 1)[1]]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_presets_load_as_gemma_3(name, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras_hub

    causal_lm = keras_hub.models.CausalLM.from_preset(str(DEMO / name), preprocessor=None)
    assert isinstance(causal_lm, keras_hub.models.Gemma3CausalLM)
    assert causal_lm.count_params() == PARAMETERS[name.rsplit("_", 1)[1]]
    windows = [
        layer.attention.sliding_window_size if layer.use_sliding_window_attention else None
        for layer in causal_lm.backbone.transformer_layers
    ]
    assert windows == [256] * 5 + [None]
    assert int(keras_hub.models.Gemma3Tokenizer.from_preset(str(DEMO / name)).end_token_id) == 1


def test_the_generator_is_deterministic():
    from itertools import islice

    from demo.data import training_texts

    for phase in ("pretrain", "instruct"):
        first, second = (list(islice(training_texts(phase, 7, 3), 50)) for _ in range(2))
        assert first == second
        assert first != list(islice(training_texts(phase, 8, 3), 50))


def test_held_out_questions_are_many_and_not_in_the_training_text(figures):
    from demo import evaluate, tasks

    asked = evaluate.questions()
    assert {kind: len(group) for kind, group in asked.items()} == dict.fromkeys(tasks.KINDS, 240)
    sample = evaluate.all_training_texts(7, {"pretrain": 12, "instruct": 150})
    assert evaluate.overlap(asked, sample).total == 0
    assert figures["overlap_with_training_text"]["total"] == 0


def test_the_overlap_finds_what_is_there():
    from demo import evaluate

    asked = evaluate.questions(20)
    planted = ["".join(t for t, _ in group[0].pieces()) for group in asked.values()]
    found = evaluate.overlap(asked, planted)
    assert found.prompts == len(asked)
    assert found.sums
    assert found.words
    assert found.turns


def test_conversations_are_in_gemma_3_format():
    from demo.conversations import Conversation
    from demo.data import encode_conversation, processor
    from demo.tasks import Turn

    turns = (Turn("greet", "Hi!", "Hello!"), Turn("greet", "Bye!", "Goodbye!"))
    conversation = Conversation(turns, "Answer in one word.")
    text = "".join(piece for piece, _ in conversation.pieces())
    assert text == (
        "<start_of_turn>user\nAnswer in one word.\n\nHi!<end_of_turn>\n<start_of_turn>model\n"
        "Hello!<end_of_turn>\n<start_of_turn>user\nBye!<end_of_turn>\n<start_of_turn>model\n"
        "Goodbye!<end_of_turn>"
    )
    proto = (DEMO / "demo_gemma3_4m/assets/tokenizer/vocabulary.spm").read_bytes()
    ids, learnt = encode_conversation(conversation, processor(proto))
    assert ids == [2, *processor(proto).encode(text)]  # in pieces as in one go
    spoken = [i for i, counts in zip(ids, learnt, strict=True) if counts]
    assert processor(proto).decode(spoken) == "Hello!<end_of_turn>Goodbye!<end_of_turn>"


@pytest.mark.slow
def test_the_4m_instruct_model_answers_held_out_questions(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    from demo import evaluate

    sample = {kind: group[:8] for kind, group in evaluate.questions().items()}
    result = evaluate.ask(DEMO / "demo_gemma3_instruct_4m", sample, batch=32)
    assert result["overall"] >= evaluate.BAR_OVERALL - 0.03, result["wrong"]  # 96 questions only


@pytest.mark.slow
def test_the_pretrained_model_continues_and_does_not_end_a_turn(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    import keras_hub
    from demo.decoding import Greedy
    from demo.model import load_causal_lm

    path = DEMO / "demo_gemma3_4m"
    tokenizer = keras_hub.models.Gemma3Tokenizer.from_preset(str(path))
    turn = (
        "<start_of_turn>user\nWhat is the capital of France?<end_of_turn>\n<start_of_turn>model\n"
    )
    prompts = [turn, "The capital of France is"]
    chat, fact = Greedy(load_causal_lm(path), 2)([[2, *map(int, tokenizer(p))] for p in prompts])
    assert 106 not in chat
    assert tokenizer.detokenize(fact).startswith(" Paris")


def test_the_card_shows_the_committed_figures(figures):
    from demo import card, evaluate

    text = (DEMO / "README.md").read_text()
    assert card.table(figures) in text
    assert card.pretrained_table(figures) in text
    assert evaluate.meets_bar(figures["sizes"]["4m"])
