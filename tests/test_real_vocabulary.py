"""Token ids and chat prompts equal those of Gemma 3's own ``tokenizer.json`` and chat template.

The vocabulary is taken from the GGUF file of Gemma 3 270M, and as KerasHub rebuilds it from
``tokenizer.json``.
"""

import ast
import itertools
import json
import os
import re

import pytest
import real_gemma
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prompt_helpers import variant
from test_bos import rebuilt
from test_safe_tokenizer import ALL_TOKENS, SNIPPETS, TEXTS

from gemma_nb.errors import InvalidInput
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.safe_tokenizer import CONTROL, Vocabulary

pytestmark = [pytest.mark.slow_suite, pytest.mark.real, pytest.mark.timeout(1800)]

#: KerasHub's converter of Gemma 4 adds a token that Gemma 3 does not have: it is left out here.
CONVERTER = "convert_gemma3"
VOCABULARIES = ("gguf", CONVERTER)
#: Tokens that only a tokenizer itself adds: in a text they are characters.
RESERVED = ("<bos>", "<eos>", "<pad>", "<unk>")
#: The one token of ``tokenizer.json`` that the vocabulary of the text model does not have.
IMAGE = "<image_soft_token>"


@pytest.fixture(scope="module")
def vocabularies():
    """Name -> vocabulary."""
    published = real_gemma.tokenizer_json()
    proto = (real_gemma.converted_folder() / "tokenizer.model").read_bytes()
    return {
        "gguf": Vocabulary(proto),
        CONVERTER: Vocabulary(rebuilt(CONVERTER, published)),
    }


def published_ids(folder, *asked):
    """The ids that tokenizers gives; ``asked`` are pairs of texts and tokens that are text there."""
    made = [{"texts": texts, "plain": list(plain)} for texts, plain in asked]
    (folder / "asked.json").write_text(json.dumps(made))
    script = real_gemma.TESTS / "real" / "tokenizer_ids.py"
    file = real_gemma.vocabulary_folder() / "tokenizer.json"
    real_gemma.run(real_gemma.reference_python(), script, file, folder)
    return json.loads((folder / "ids.json").read_text())


def strings(value):
    """Every string within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from itertools.chain.from_iterable(map(strings, (*value, *value.values())))
    elif isinstance(value, list):
        yield from itertools.chain.from_iterable(map(strings, value))


def texts_of_the_tests():
    """Every string that a test spells, and those of the vectors and the page."""
    for file in sorted(real_gemma.TESTS.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    for file in (real_gemma.TESTS / "vectors").glob("*.json"):
        yield from strings(json.loads(file.read_text(encoding="utf-8")))
    yield (real_gemma.TESTS / "real" / "page.txt").read_text(encoding="utf-8")


def drawn_texts(count):
    """What Hypothesis makes: snippets of prompts and control tokens, and any characters."""
    drawn = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize="CI" in os.environ,
        suppress_health_check=list(HealthCheck),
    )
    @given(snippets=TEXTS, text=st.text(max_size=60))
    def draw(snippets, text):
        drawn.extend((*snippets, "".join(snippets), text))

    draw()
    return drawn


def encodable(text):
    """Whether UTF-8 can hold it, and it holds no U+2581."""
    return "▁" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


@pytest.fixture(scope="module")
def texts(vocabularies):
    """The texts whose ids are compared."""
    control = vocabularies[CONVERTER].control
    every = [*texts_of_the_tests(), *drawn_texts(500), *SNIPPETS, *ALL_TOKENS, *control]
    every += [f"a {token}\n{token} b" for token in control]
    return sorted({text for text in every if encodable(text)})


@pytest.fixture(scope="module")
def published(vocabularies, texts, tmp_path_factory):
    """Name -> the published ids of each text: with control tokens, and with none of them."""
    control = vocabularies[CONVERTER].control
    folder = tmp_path_factory.mktemp("published")
    asked = ((texts, RESERVED), (texts, (*RESERVED, IMAGE)), (texts, (*RESERVED, *control)))
    whole, text_model, plain = published_ids(folder, *asked)
    return {name: (text_model if name == "gguf" else whole, plain) for name in VOCABULARIES}


def test_the_same_pieces_and_the_same_control_tokens(vocabularies):
    value = real_gemma.tokenizer_json()
    added = {one["content"]: one["id"] for one in value["added_tokens"]}
    gguf = vocabularies["gguf"]
    assert vocabularies[CONVERTER].control == {**gguf.control, IMAGE: added[IMAGE]}
    assert gguf.control.items() <= added.items()
    # the other added tokens are runs of spaces and newlines, and HTML tags
    for text in added.keys() - gguf.control.keys() - {IMAGE, "<unk>"}:
        assert not text.strip("▁\n\t") or re.fullmatch("</?[a-z0-9]+>", text), text
        assert not CONTROL.fullmatch(text)
    pieces = {piece: gguf.piece(i) for piece, i in value["model"]["vocab"].items()}
    assert {piece: mine for piece, mine in pieces.items() if piece != mine} == {}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_ids_equal_the_published_tokenizers(name, vocabularies, texts, published):
    assert len(texts) > 5000
    vocabulary = vocabularies[name]
    for control, ids in zip((True, False), published[name], strict=True):
        ours = [vocabulary.ids([(text, control)])[1:] for text in texts]
        other = [(t, a, b) for t, a, b in zip(texts, ours, ids, strict=True) if a != b]
        assert not other, (len(other), other[:5])


def test_a_literal_u2581_is_a_space(vocabularies, tmp_path):
    """SentencePiece takes it for a space; the published tokenizer keeps runs of it beside a space.

    docs/prompt_formats.md names it.
    """
    texts = ["a▁b", "▁▁", "a ▁▁b", "▁▁ ", "\n▁ ▁▁"]
    spaces = [text.replace("▁", " ") for text in texts]
    theirs, without = published_ids(tmp_path, (texts, RESERVED), (spaces, RESERVED))
    for vocabulary in vocabularies.values():
        assert [vocabulary.ids([(text, False)])[1:] for text in texts] == without
    assert [a == b for a, b in zip(theirs, without, strict=True)] == [True, True, *[False] * 3]


@pytest.fixture(scope="module")
def render():
    """Renders a conversation by the publisher's template, as transformers does."""
    from jinja2 import ext, sandbox

    environment = sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[ext.loopcontrols]
    )

    def refuse(why):
        raise ValueError(why)

    environment.globals["raise_exception"] = refuse
    template = environment.from_string(real_gemma.chat_template())
    return lambda messages: template.render(
        messages=messages, bos_token="<bos>", add_generation_prompt=True
    )


PHRASES = (
    "Hello",
    "  Größe \n",
    "日本の首都は？",
    "a\n\nb\t c",
    "<b>x</b>",
    "👩‍👩‍👧 ",
    "{{ x }} {% y %}",
)
PARTS = st.sampled_from(
    [{"type": "image"}, *({"type": "text", "text": text} for text in (*PHRASES, ""))]
)
CONTENTS = st.one_of(st.sampled_from((*PHRASES, "")), st.lists(PARTS, min_size=1, max_size=4))
#: Of several parts the template takes the first alone, and it writes a blank one; neither is here.
SYSTEMS = st.one_of(
    st.sampled_from(PHRASES),
    st.sampled_from(PHRASES).map(lambda text: [{"type": "text", "text": text}]),
)
ROLES = st.lists(st.sampled_from(("user", "assistant", "model")), min_size=1, max_size=6)
TURNS = st.integers(0, 4).map(lambda n: ["user", *["assistant", "user"] * n])


@st.composite
def conversations(draw, roles):
    """Messages of these roles, half of them behind a system message."""
    turns = [{"role": role, "content": draw(CONTENTS)} for role in draw(roles)]
    head = [{"role": "system", "content": draw(SYSTEMS)}] if draw(st.booleans()) else []
    return [*head, *turns]


def quickly(count):
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize="CI" in os.environ,
        suppress_health_check=list(HealthCheck),
    )


@quickly(400)
@given(messages=conversations(TURNS))
def test_prompts_equal_the_published_template(render, messages):
    prompt = format_prompt(messages, variant("turns"))
    assert f"<bos>{prompt}" == render(messages)


def test_ids_of_prompts_equal_the_published_tokenizers(render, vocabularies, tmp_path):
    drawn = []

    @quickly(200)
    @given(messages=conversations(TURNS))
    def draw(messages):
        drawn.append(messages)

    draw()
    (ids,) = published_ids(tmp_path, ([render(messages) for messages in drawn], ()))
    prompts = [format_prompt(messages, variant("turns")) for messages in drawn]
    for name, vocabulary in vocabularies.items():
        ours = [vocabulary.ids((p.text, p.by_format) for p in prompt.parts) for prompt in prompts]
        assert ours == ids, name


def outcome(call):
    """A prompt, or the key or the sentence of its refusal."""
    try:
        return f"{call()}"
    except InvalidInput as error:
        return error.message.key
    except ValueError as error:
        return str(error)


@quickly(400)
@given(messages=conversations(ROLES))
def test_roles_that_the_published_template_refuses_are_refused(render, messages):
    """And no others, except a conversation that the model has ended."""
    theirs = outcome(lambda: render(messages))
    ours = outcome(lambda: format_prompt(messages, variant("turns")))
    if ours == "prompt_ends_with_model":
        assert theirs.endswith("<end_of_turn>\n<start_of_turn>model\n")
    elif ours == "prompt_roles_alternate":
        assert theirs.startswith("Conversation roles must alternate")
    else:
        assert f"<bos>{ours}" == theirs


def test_a_late_system_message_is_refused(render):
    """The template of Gemma 3 takes it for a turn of its own in the user's place or the model's."""
    user = {"role": "user", "content": "x"}
    late = [user, {"role": "system", "content": "y"}, user]
    assert "<start_of_turn>system" in render(late)
    with pytest.raises(InvalidInput) as caught:
        format_prompt(late, variant("turns"))
    assert caught.value.message.key == "prompt_system_late"
