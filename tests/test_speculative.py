"""Speculative decoding gives what the model alone gives, whatever the assistant guesses."""

import dataclasses
import functools
from pathlib import Path

import numpy as np
import prompt_helpers
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.fit.precision import precision as find_precision
from gemma_nb.generation.decoder import Decoder
from gemma_nb.generation.sampling import Sampling
from gemma_nb.generation.speculative import DraftModel, SpeculativeDecoder
from gemma_nb.hardware.detect import detect_runtime
from gemma_nb.hardware.known_runtimes import runtimes
from gemma_nb.loading.assistants import check_memory_beside, processor_note

pytestmark = pytest.mark.slow

LENGTH = 72
VOCABULARY = 96  # the assistant's clusters are of one size


def prompt(length, seed=0):
    return [2, *np.random.default_rng(seed).integers(4, VOCABULARY, length - 1).tolist()]


@pytest.fixture(scope="module")
def lm():
    return tiny.gemma4(vocabulary=VOCABULARY)


@pytest.fixture(scope="module")
def alone(lm):
    return Decoder(lm, LENGTH)


@pytest.fixture(scope="module")
def assisted(lm):
    return SpeculativeDecoder(lm, LENGTH, tiny.gemma4_assistant(lm))


class ScriptedDraftModel(DraftModel):
    """Proposes tokens from a table, by position: right as often as the test wants."""

    def __init__(self):
        import keras

        zeros = np.zeros(LENGTH + 16, np.int32)
        self.table = keras.Variable(zeros, trainable=False, dtype="int32")

    def propose(self, token, hidden, position, caches, count):
        import jax.numpy as jnp

        return jnp.take(self.table.value, position + 1 + jnp.arange(count)).astype(jnp.int32)


@pytest.fixture(scope="module")
def scripted(lm):
    """A decoder whose assistant is a table; its programs take the table as one of the weights."""
    decoder = SpeculativeDecoder(lm, LENGTH, tiny.gemma4_assistant(lm))
    decoder.programs.draft_model = ScriptedDraftModel()
    decoder.programs.variables.append(decoder.programs.draft_model.table)
    return decoder


def knowing(decoder, reply, start, wrong=()):
    """Lets the assistant of ``scripted`` know the reply, but for some of its tokens."""
    table = np.zeros(LENGTH + 16, np.int32)
    table[start : start + len(reply)] = reply
    for at in wrong:
        table[start + at] += 1
    decoder.programs.draft_model.table.assign(table)
    decoder.verify_passes = decoder.accepted_tokens = 0
    return decoder


@pytest.mark.parametrize("length", [1, 7, 8, 9, 30, LENGTH - 1])
@pytest.mark.parametrize("sampling", [Sampling(), Sampling(1.0, 40, 0.9)], ids=["greedy", "hot"])
def test_the_same_tokens_as_without(alone, assisted, length, sampling):
    count = LENGTH - length
    expected = list(alone.tokens(prompt(length), sampling, 5, count))
    assert list(assisted.tokens(prompt(length), sampling, 5, count)) == expected


@pytest.mark.parametrize(
    ("wrong", "passes"),
    [((), 5), ((4, 5, 9), 6), (range(20), 19)],
    ids=["all right", "some", "none"],
)
def test_guesses_stay_where_they_are_right(alone, scripted, wrong, passes):
    ids = prompt(11)
    reply = list(alone.tokens(ids, Sampling(), 0, 20))
    decoder = knowing(scripted, reply, len(ids), wrong)
    assert list(decoder.tokens(ids, Sampling(), 0, 20)) == reply
    # three guesses a pass, and the token behind the last right one comes with it
    assert decoder.verify_passes == passes
    assert len(reply) <= 1 + decoder.verify_passes + decoder.accepted_tokens <= len(reply) + 3


@pytest.mark.parametrize("wrong", [(), (1, 4, 5)], ids=["right", "mixed"])
def test_a_conversation_goes_on_from_the_cache(alone, scripted, wrong):
    first = prompt(13)
    reply = list(alone.tokens(first, Sampling(), 0, 12))
    decoder = knowing(scripted, reply, len(first), wrong)
    assert list(decoder.tokens(first, Sampling(), 0, 12, reuse=True)) == reply
    second = [*first, *reply, *prompt(5, 1)]
    expected = list(alone.tokens(second, Sampling(), 0, 9))
    assert list(decoder.tokens(second, Sampling(), 0, 9, reuse=True)) == expected
    # back to the first turn, and left unread in the middle
    again = decoder.tokens(first, Sampling(), 0, 12, reuse=True, new_turn=False)
    assert [next(again) for _ in range(5)] == reply[:5]
    again.close()
    assert list(decoder.tokens(first, Sampling(), 0, 12, reuse=True)) == reply


def test_a_model_whose_values_are_its_keys():
    """26B-A4B's kind: experts, and global layers with fewer heads."""
    lm = tiny.gemma4_moe(vocabulary=VOCABULARY)
    expected = list(Decoder(lm, LENGTH).tokens(prompt(20), Sampling(), 0, 20))
    decoder = SpeculativeDecoder(lm, LENGTH, tiny.gemma4_assistant(lm))
    assert list(decoder.tokens(prompt(20), Sampling(), 0, 20)) == expected


def test_several_conversations_are_made_without_it(alone, assisted):
    prompts = [prompt(20, 1), prompt(3, 2)]
    rows = list(assisted.batch_tokens(prompts, Sampling(), [0, 0], 10))
    for ids, made in zip(prompts, zip(*rows, strict=True), strict=True):
        assert list(made) == list(alone.tokens(ids, Sampling(), 0, 10))


@pytest.mark.parametrize(
    ("ordered", "length"), [(True, 30), (False, 5)], ids=["clusters", "whole vocabulary"]
)
def test_the_guesses_are_kerashubs(lm, ordered, length):
    """Of the same caches and state: KerasHub's own pass of the assistant, step by step."""

    import jax
    import jax.numpy as jnp
    import keras

    assistant = tiny.gemma4_assistant(lm, ordered=ordered)
    decoder = SpeculativeDecoder(lm, LENGTH, assistant)
    ids = np.array([prompt(length)], np.int32)
    first = jax.jit(functools.partial(decoder.programs.forward, all_logits=True))
    start, size = np.array([0], np.int32), np.array([length], np.int32)
    caches = decoder._empty_cache().layers
    logits, hidden, caches = first(decoder._weights(), ids, start, size, None, None, None, caches)
    token = jnp.argmax(logits[:, -1], axis=-1).astype("int32")
    position = np.array([length], np.int32)
    propose = jax.jit(decoder.programs.draft_model.propose, static_argnums=4)
    ours = propose(token, hidden[:, -1:], position, caches, 3)

    padded = np.zeros((1, LENGTH), np.int32)
    padded[:, :length] = ids
    mask = np.arange(LENGTH)[None] < length
    build = jax.jit(lambda ids, mask: lm._build_cache(ids, None, None, mask, None))
    states, cache = build(padded, mask)
    sources = decoder.programs.draft_model._sources
    theirs, state = [], states[:, length - 1 : length]
    step = jax.jit(
        lambda vector, state, cache: assistant.call_with_cache(
            vector, state, cache, length,
            padding_mask=mask,  # what stands at its own place is not computed yet
            target_kv_source_full_idx=sources[True],
            target_kv_source_local_idx=sources[False],
        )
    )  # fmt: skip
    for _ in range(3):
        vector = lm.backbone.token_embedding(token[:, None]) * lm.backbone.hidden_dim**0.5
        logits, state = step(vector, state, cache)
        token = keras.ops.argmax(logits[:, 0], axis=-1)
        theirs.append(int(token[0]))
    assert ours.tolist() == theirs


def test_weights_that_are_not_numbers_are_told(lm):
    broken = tiny.gemma4(vocabulary=VOCABULARY)
    norm = broken.backbone.layer_norm.scale
    norm.assign(np.full(norm.shape, np.nan, "float32"))
    decoder = SpeculativeDecoder(broken, LENGTH, tiny.gemma4_assistant(broken))
    assert next(decoder.tokens(prompt(4), Sampling(), 0, 4)) == -1


def test_what_is_no_assistant_of_the_model_is_refused(lm):
    other = tiny.gemma4(vocabulary=VOCABULARY, hidden_dim=48)
    for wrong in (tiny.gemma4_assistant(other), lm, tiny.gemma3()):
        with pytest.raises(InvalidInput, match="assistant"):
            SpeculativeDecoder(lm, LENGTH, wrong)
    with pytest.raises(InvalidInput, match="assistant"):
        SpeculativeDecoder(tiny.gemma3(), LENGTH, tiny.gemma4_assistant(lm))


# --- loading the two together


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A tiny Gemma 4 and its assistant, saved as presets."""
    tokenizer = prompt_helpers.tokenizer("Gemma4Tokenizer")
    size = -(-tokenizer.vocabulary_size() // 8) * 8
    lm = tiny.gemma4(vocabulary=size)
    assistant = tiny.gemma4_assistant(lm)
    folder = tmp_path_factory.mktemp("assistant")
    gnb.from_keras(lm, "gemma4_instruct_2b", 64, tokenizer=tokenizer).save(folder / "model")
    assistant.save_to_preset(str(folder / "assistant"))
    tokenizer.save_to_preset(str(folder / "assistant"))
    return folder / "model", folder / "assistant", assistant


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_model_is_loaded_with_its_assistant(folders, precision):
    path, beside, wanted = folders
    greedy = {"temperature": 0, "ignore_eos": True}
    steps = []
    alone = gnb.load(path, precision, 64, progress=steps.append, force=True)
    assert not any(step.note for step in steps)
    reply = alone.generate("Hello", 30, **greedy)
    assert alone.last.tokens_per_pass is None
    steps = []
    model = gnb.load(path, precision, 64, progress=steps.append, force=True, assistant=beside)
    notes = [step.note for step in steps if step.note]
    assert notes == [str(note) for note in (processor_note(detect_runtime()),) if note]
    read = {v.path: np.asarray(v.value) for v in model._decoder.programs.draft_model.lm.variables}
    for variable in wanted.variables:
        value = read[variable.path]
        assert value.dtype == ("float32" if "ordering" in variable.path else model.lm.compute_dtype)
        assert value.tobytes() == np.asarray(variable.value).astype(value.dtype).tobytes()
    assert model.generate("Hello", 30, **greedy) == reply
    assert 1 <= model.last.tokens_per_pass <= 4
    # a chat and several conversations at once go the same way
    chat, silent = gnb.Chat(model), gnb.Chat(alone)
    for text in ("Hi", "And then?"):
        said = "".join(chat.send(text, 8, **greedy))
        assert said == "".join(silent.send(text, 8, **greedy))
    both = model.generate(["Hi", "Hello there"], 8, **greedy)
    assert both == alone.generate(["Hi", "Hello there"], 8, **greedy)
    alone.unload()
    model.unload()
    assert model._decoder is None


def test_a_keras_task_is_wrapped_with_its_assistant():
    tokenizer = prompt_helpers.tokenizer("Gemma4Tokenizer")
    lm = tiny.gemma4(vocabulary=-(-tokenizer.vocabulary_size() // 8) * 8)
    before = {v.path: np.asarray(v.value).tobytes() for v in lm.variables}
    given = {"tokenizer": tokenizer, "assistant": tiny.gemma4_assistant(lm)}
    model = gnb.from_keras(lm, "gemma4_instruct_2b", 64, **given)
    assert model.generate("Hello", 8, temperature=0, ignore_eos=True)
    assert model.last.tokens_per_pass >= 1
    assert {v.path: np.asarray(v.value).tobytes() for v in lm.variables} == before


def test_a_wrong_assistant_is_refused_before_anything_is_read(folders):
    path = folders[0]
    with pytest.raises(InvalidInput, match="gemma4_instruct_31b"):
        gnb.load("demo_gemma3_1m", assistant=True)
    with pytest.raises(InvalidInput, match="gemma4_instruct_31b"):
        gnb.load("demo_gemma3_1m", assistant="gemma4_instruct_2b_assistant")
    with pytest.raises(InvalidInput, match="not an assistant"):
        gnb.load(path, assistant=path)
    with pytest.raises(InvalidInput, match="gemma4_instruct_2b_assistant"):
        gnb.load(path, assistant="gemma4_instruct_2b_asistant")


def test_on_a_processor_and_nowhere_else_it_is_said_not_to_pay():
    """In one sentence, with the figures of the table."""
    page = Path(__file__).parent.parent / "benchmarks" / "assistants.md"
    rows = [line.strip("|").split("|") for line in page.read_text().splitlines() if "float" in line]
    break_even = [row[-1].strip() for row in rows if row[-1].strip().endswith("%")]
    assert len(break_even) == 4
    for runtime in runtimes():
        note = processor_note(runtime)
        assert bool(note) == (runtime.kind in ("cpu", "apple")), runtime.name
        for lang in ("en", "ja") if note else ():
            assert f"{min(break_even)}" in note.text(lang)
            assert f"{max(break_even)}" in note.text(lang)
            assert "benchmarks/assistants.md" in note.text(lang)


def test_there_is_room_for_it_or_a_refusal():
    whole = gnb.advise("gemma4_instruct_2b", "bfloat16", "L4")
    short = dataclasses.replace(whole, bytes_available=whole.bytes_needed + 2**26)
    helper, precision = gnb.variant("gemma4_instruct_2b_assistant"), find_precision("bfloat16")
    check_memory_beside(helper, precision, whole)
    with pytest.raises(LoadError, match="force=True"):
        check_memory_beside(helper, precision, short)
