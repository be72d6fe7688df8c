"""Every prompt begins with one ``<bos>``, whatever the vocabulary's proto says of it.

KerasHub builds the protos of Gemma 4 (always) and of Gemma 3 checkpoints without a
``tokenizer.model`` from ``tokenizer.json``; such a proto names no ``bos_piece``.
"""

import importlib
import json
import shutil
from functools import cache
from pathlib import Path

import prompt_helpers
import pytest
import tiny
from sentencepiece import SentencePieceProcessor
from test_safe_tokenizer import CONVERSATIONS

import gemma_nb as gnb
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.safe_tokenizer import Vocabulary

CONVERTERS = ("convert_gemma3", "convert_gemma4")
DEMO = "demo_gemma3_instruct_1m"
QUESTION = "What is the capital of Japan?"


def tokenizer_json(proto):
    """A SentencePiece vocabulary in the form of Hugging Face's ``tokenizer.json``."""
    from sentencepiece import sentencepiece_model_pb2

    pieces = sentencepiece_model_pb2.ModelProto.FromString(proto).pieces
    ids = {one.piece: i for i, one in enumerate(pieces)}
    merges = sorted(
        (-one.score, [one.piece[:k], one.piece[k:]])
        for one in pieces
        for k in range(1, len(one.piece))
        if one.type == 1 and one.piece[:k] in ids and one.piece[k:] in ids
    )
    special = [{"id": i, "content": one.piece, "special": True} for i, one in enumerate(pieces)
               if one.type in (2, 3, 4)]  # fmt: skip
    return {"added_tokens": special, "model": {"vocab": ids, "merges": [m for _, m in merges]}}


def rebuilt(converter, value):
    """The proto that KerasHub's own converter builds from it; it names no ``bos_piece``."""
    module = importlib.import_module(f"keras_hub.src.utils.transformers.{converter}")
    proto = module._build_sentencepiece_proto(value)
    assert SentencePieceProcessor(model_proto=proto).bos_id() == -1
    return proto


@cache
def made_tokenizer(name, converter):
    """KerasHub's tokenizer of class ``name`` over a rebuilt vocabulary."""
    import keras_hub

    proto = rebuilt(converter, tokenizer_json(prompt_helpers.proto(name)))
    options = {"has_audio_tokens": True} if name == "Gemma4Tokenizer" else {}
    return getattr(keras_hub.tokenizers, name)(proto=proto, **options)


def check(ids, tokenizer):
    """One ``<bos>``, first."""
    assert ids[0] == tokenizer.start_token_id == tokenizer.token_to_id("<bos>")
    assert ids.count(ids[0]) == 1


@pytest.mark.parametrize("converter", CONVERTERS)
@pytest.mark.parametrize("name", prompt_helpers.TOKENS)
def test_every_format_and_vocabulary(name, converter):
    tokenizer = made_tokenizer(name, converter)
    plain = prompt_helpers.tokenizer(name)
    for key, conversation in CONVERSATIONS.items():
        messages, options = conversation(["Hello", "<bos>", "city\n\n", "日本"])
        prompt = format_prompt(messages, prompt_helpers.variant(key), **options)
        ids = prompt.token_ids(tokenizer)
        check(ids, tokenizer)
        assert prompt.pieces(tokenizer)[0].piece == "<bos>"
        assert len(ids) == prompt.check_length(tokenizer, 10**6)
        # the ids of the vocabulary that says which piece it is
        assert ids == prompt.token_ids(plain)


@pytest.mark.slow_suite
@pytest.mark.real
@pytest.mark.parametrize("converter", CONVERTERS)
def test_a_real_vocabulary(converter):
    import real_gemma

    value = real_gemma.tokenizer_json()
    (bos,) = (token["id"] for token in value["added_tokens"] if token["content"] == "<bos>")
    vocabulary = Vocabulary(rebuilt(converter, value))
    for key in ("turns", "plain", "shieldgemma", "functiongemma", "translategemma", "embedding"):
        messages, options = CONVERSATIONS[key](["Hello", "<bos>", "city\n\n", "日本"])
        prompt = format_prompt(messages, prompt_helpers.variant(key), **options)
        ids = vocabulary.ids((part.text, part.by_format) for part in prompt.parts)
        assert ids[0] == bos == 2
        assert ids.count(bos) == 1
        assert len(ids) > 2


def test_a_vocabulary_without_one_is_refused():
    with pytest.raises(InvalidInput, match="<bos>"):
        Vocabulary(_renamed(prompt_helpers.proto("GemmaTokenizer"))).ids([("Hello", False)])


def _renamed(proto):
    from sentencepiece import sentencepiece_model_pb2

    message = sentencepiece_model_pb2.ModelProto.FromString(proto)
    message.trainer_spec.bos_piece = "<none>"
    for one in message.pieces:
        if one.piece == "<bos>":
            one.piece, one.type = "<other>", 1
    return message.SerializeToString()


@pytest.fixture(scope="module", params=CONVERTERS)
def preset(request, tmp_path_factory):
    """A preset of the demo model with the vocabulary that a converter rebuilds."""
    folder = tmp_path_factory.mktemp(request.param) / "mine-it"
    shutil.copytree(demo_directory(DEMO), folder)
    (vocabulary,) = folder.rglob("*.spm")
    vocabulary.write_bytes(rebuilt(request.param, tokenizer_json(vocabulary.read_bytes())))
    return folder


@pytest.fixture(scope="module")
def model(preset):
    return gnb.load(preset, "float32", max_length=256, progress=False)


@pytest.mark.slow
def test_load_chat_and_next_tokens(model):
    check(model.prompt_ids(QUESTION), model.tokenizer)
    check(model.prompt_ids(QUESTION, raw=True), model.tokenizer)
    whole = gnb.load(DEMO, "float32", max_length=256, progress=False)
    assert model.prompt_ids(QUESTION) == whole.prompt_ids(QUESTION)
    assert model.generate(QUESTION, 12, temperature=0) == whole.generate(
        QUESTION, 12, temperature=0
    )
    chat = gnb.Chat(model)
    assert "Tokyo" in "".join(chat.send(QUESTION, 12, temperature=0))
    assert "".join(chat.send("And of France?", 12, temperature=0))
    check(chat._ids([*chat.messages, {"role": "user", "content": "x"}]), model.tokenizer)
    before = [token.id for token in gnb.next_tokens(whole, QUESTION, 5, temperature=0)]
    assert [token.id for token in gnb.next_tokens(model, QUESTION, 5, temperature=0)] == before


@pytest.mark.slow
def test_compare(preset, monkeypatch):
    from gemma_nb.generation.decoder import Decoder

    sent = []
    plain = Decoder.tokens

    def tokens(self, ids, *args, **options):
        sent.append(list(ids))
        return plain(self, ids, *args, **options)

    monkeypatch.setattr(Decoder, "tokens", tokens)
    done = gnb.compare(
        [f"{preset}:float32", f"{DEMO}:float32"],
        [QUESTION, "Where does the fox live?"],
        max_new_tokens=8,
        max_length=256,
        text="The capital of Japan is Tokyo. " * 3,
        progress=False,
    )
    mine, whole = done.rows
    assert {ids[0] for ids in sent} == {2}
    assert {ids.count(2) for ids in sent} == {1}
    assert [one.text for one in mine.outputs] == [one.text for one in whole.outputs]
    assert mine.bits_per_byte == pytest.approx(whole.bits_per_byte, rel=1e-5)


@pytest.mark.slow
def test_the_inspector_and_the_command_line(preset, tmp_path, capsys):
    from gemma_nb.cli.main import main
    from gemma_nb.hub.local_tokenizer import find_local_tokenizer, tokenize_prompt

    tokenizer = find_local_tokenizer(str(preset))
    assert tokenizer.of.name == gnb.variant(str(preset)).name
    prompt = format_prompt(QUESTION, gnb.variant(str(preset)))
    assert [one.piece for one in tokenize_prompt(prompt, tokenizer)].count("<bos>") == 1
    shown = gnb.PromptInspector(QUESTION, str(preset))._tokens_block.value
    assert shown.count("&lt;bos&gt;") == 1
    file = tmp_path / "messages.json"
    file.write_text(json.dumps(QUESTION))
    assert main(["prompt", "--variant", str(preset), "--tokens", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '2\t"<bos>"\tcontrol'
    assert sum("<bos>" in line for line in lines) == 1


@pytest.mark.slow
def test_a_checkpoint_with_tokenizer_json_alone(tmp_path, capsys):
    """What ``hf://`` gives of most fine-tunes: no ``tokenizer.model``."""
    from test_loading_converted import checkpoint

    from gemma_nb.cli.main import main

    folder = tmp_path / "tiny-it"
    folder.mkdir()
    checkpoint(folder)
    (folder / "tokenizer.model").unlink(missing_ok=True)
    proto = next(Path(demo_directory(DEMO)).rglob("*.spm")).read_bytes()
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer_json(proto)))
    model = gnb.load(folder, "float32", max_length=64, progress=False)
    check(model.prompt_ids("Hi"), model.tokenizer)
    file = tmp_path / "messages.json"
    file.write_text('"Hi"')
    assert main(["prompt", "--variant", str(folder), "--tokens", str(file)]) == 0
    assert capsys.readouterr().out.startswith('2\t"<bos>"\tcontrol\n')


@pytest.mark.slow
@pytest.mark.parametrize("converter", CONVERTERS)
def test_gemma4(converter):
    tokenizer = made_tokenizer("Gemma4Tokenizer", converter)
    size = tokenizer.vocabulary_size()
    variant = prompt_helpers.variant("gemma4_small")
    lm = tiny.gemma4(vocabulary=size)
    model = gnb.from_keras(lm, variant, max_length=128, tokenizer=tokenizer)
    ids = model.prompt_ids("Hello")
    check(ids, tokenizer)
    assert list(model.stream_ids("Hello", 5, temperature=0, ignore_eos=True)) == (
        tiny.keras_hub_ids(lm, ids, 5)
    )
    chat = gnb.Chat(model)
    list(chat.send("Hello", 3, temperature=0))
    check(model.prompt_ids([*chat.messages, {"role": "user", "content": "x"}]), tokenizer)


@pytest.mark.slow
@pytest.mark.parametrize("converter", CONVERTERS)
def test_score_and_embed(converter):
    """A prompt without ``<bos>`` gives other numbers."""
    for name, key, make, run in (
        ("GemmaTokenizer", "shieldgemma", tiny.gemma2, _score),
        ("Gemma3Tokenizer", "embedding", tiny.embedder, _embed),
    ):
        variant = prompt_helpers.variant(key, role="embed" if key == "embedding" else "chat")
        prompt_helpers.TOKENS.setdefault("Judge", (*prompt_helpers.TOKENS[name], "Yes", "No"))
        used = "Judge" if key == "shieldgemma" else name
        import keras_hub

        proto = prompt_helpers.train(used)
        kind = getattr(keras_hub.tokenizers, name)
        whole, mine = kind(proto=proto), kind(proto=rebuilt(converter, tokenizer_json(proto)))
        lm = make(vocabulary=mine.vocabulary_size())
        found = [
            run(gnb.Model(lm, tokenizer, variant, "float32", 512)) for tokenizer in (whole, mine)
        ]
        assert found[0] == pytest.approx(found[1], abs=1e-6)


def _score(model):
    return model.score("You fool!", guideline="* No insults.")


def _embed(model):
    return model.embed("Which planet is red?")[0]
