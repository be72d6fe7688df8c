"""Conversations: only the new turn is computed, what is edited and stripped stays right."""

import errno
import json
import os
import threading

import prompt_helpers
import pytest
import tiny

import gemma_nb as gnb
from gemma_nb.errors import InvalidInput
from gemma_nb.generation import decoder as decoding
from gemma_nb.generation import prefill

pytestmark = pytest.mark.slow

QUESTIONS = [
    "What is 12 + 30?",
    "日本の首都はどこですか？",
    "Count from 3 to 9.",
    "Hello!",
    "What is 7 + 8?",
]


@pytest.fixture(scope="module")
def model():
    loaded = gnb.load(max_length=512)
    yield loaded
    loaded.unload()


def says(answer):
    return "".join(answer)


def fresh(model, messages, **options):
    return model.generate(messages, **options)


@pytest.fixture
def computed(monkeypatch):
    """Counts the prompts' tokens that are computed."""
    counts = []
    pieces = decoding.prefill_chunks

    def counting(prompts, start, *rest):
        counts.append(max(map(len, prompts)) - start)
        return pieces(prompts, start, *rest)

    monkeypatch.setattr(decoding, "prefill_chunks", counting)
    return counts


@pytest.mark.usefixtures("optimised")
def test_a_conversation_says_what_whole_prompts_say(model, computed):
    chat = gnb.Chat(model)
    for question in QUESTIONS:
        asked = [*chat.messages, {"role": "user", "content": question}]
        computed.clear()
        answer = says(chat.send(question))
        new = sum(computed)
        assert answer == fresh(model, asked)
        assert chat.messages == [*asked, {"role": "assistant", "content": answer}]
        # the question, its marks and the answer's end: not what was said before
        assert new <= len(model.prompt_ids(question)) + 4
        # another prompt came between: the conversation is computed once more, and stays right
        says(chat.regenerate())
        assert chat.messages[-1]["content"] == answer


def test_twenty_turns_compile_next_to_nothing(model):
    chat = gnb.Chat(model, overflow="drop")
    says(chat.send("Hello!"))
    compiled = model.compilations
    for i in range(20):
        says(chat.send(f"What is {i} + {2 * i}?" + " Please." * (i % 7)))
    # one for each padded length that is entered, and one that copies the sliding layers
    assert model.compilations - compiled <= len(prefill.PREFILL_BUCKETS)
    assert chat.dropped > 0
    assert len(chat.messages) == 42


@pytest.mark.usefixtures("optimised")
def test_what_a_later_turn_needs_is_compiled_in_time(model, monkeypatch):
    """Where XLA compiles beside Python, the turn that first wraps a ring does not wait for it."""
    monkeypatch.setattr(decoding.compilation, "compiles_in_background", lambda: True)
    own = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 512)
    made, window = own._decoder.compiled, own.lm.backbone.sliding_window_size
    chat = gnb.Chat(own)
    says(chat.send("Hello!"))
    assert set(made._pending) == {"copy", "copy_into"}
    while own.max_length - chat.context_left < 1.5 * window:
        asked = [*chat.messages, {"role": "user", "content": "Count from 3 to 9."}]
        assert says(chat.send("Count from 3 to 9.")) == fresh(model, asked)
        says(chat.regenerate())
    assert {"copy", "copy_into"} <= set(made._compiled)
    assert not made._pending
    # one that never wraps has no use for them
    short = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", window)
    says(gnb.Chat(short).send("Hi", max_new_tokens=2))
    assert not short._decoder.compiled._pending


def test_edit_and_regenerate(model, computed):
    chat = gnb.Chat(model)
    with pytest.raises(InvalidInput, match="Nothing has been asked"):
        chat.regenerate()
    for question in QUESTIONS[:3]:
        says(chat.send(question))
    before = chat.messages[:-2]
    answer = chat.messages[-1]["content"]
    computed.clear()
    assert says(chat.regenerate()) == answer
    assert sum(computed) <= 40
    assert len(chat.messages) == 6
    computed.clear()
    edited = says(chat.edit("What is 1 + 1?"))
    assert sum(computed) <= 40
    assert edited == fresh(model, [*before, {"role": "user", "content": "What is 1 + 1?"}])
    assert chat.messages[-2:] == [
        {"role": "user", "content": "What is 1 + 1?"},
        {"role": "assistant", "content": edited},
    ]


@pytest.mark.usefixtures("optimised")
def test_past_the_sliding_window(model):
    window = model.lm.backbone.sliding_window_size
    chat = gnb.Chat(model)
    while model.max_length - chat.context_left < 2 * window:
        asked = [*chat.messages, {"role": "user", "content": "Count from 3 to 9."}]
        assert says(chat.send("Count from 3 to 9.")) == fresh(model, asked)
        says(chat.regenerate())
    first = chat.messages[:-2]
    for text in ("What is 2 + 2?", "What is 3 + 4?"):
        edited = [*first, {"role": "user", "content": text}]
        assert says(chat.edit(text)) == fresh(model, edited)


def test_context_left_counts_down_to_a_refusal(model):
    small = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 96)
    chat = gnb.Chat(small)
    left = [chat.context_left]
    question = "Count from 3 to 9."
    while left[-1] > len(model.tokenizer.tokenize(question)):
        says(chat.send(question))
        left.append(chat.context_left)
    assert left == sorted(left, reverse=True)
    assert len(left) > 2
    with pytest.raises(InvalidInput, match="96"):
        chat.send(question)
    assert len(chat.messages) == 2 * (len(left) - 1)


def test_the_oldest_turns_are_dropped_when_that_was_chosen(model):
    small = gnb.Model(model.lm, model.tokenizer, model.variant, "float32", 96)
    chat = gnb.Chat(small, "Answer.", overflow="drop")
    for _ in range(6):
        says(chat.send("What is 12 + 30?"))
    assert chat.dropped > 0
    assert chat.dropped % 2 == 0
    assert len(chat.messages) == 1 + 12
    sent = [chat.messages[0], *chat.messages[1 + chat.dropped : -2]]
    last = [*sent, {"role": "user", "content": "Hello!"}]
    before = chat.dropped
    answer = says(chat.send("Hello!"))
    if chat.dropped == before:
        assert answer == fresh(small, [chat.messages[0], *chat.messages[1 + before : -1]])
    assert len(small.prompt_ids(last)) < 96
    with pytest.raises(InvalidInput, match="max_length"):
        chat.send("one two three " * 60)


def test_an_answer_left_unread_joins_with_what_there_is(model):
    chat = gnb.Chat(model)
    answer = chat.send("Count from 3 to 9.")
    begun = next(answer) + next(answer)
    answer.close()
    assert chat.messages[-1]["content"].startswith(begun.strip() or begun)
    never = chat.send("Hello!")
    never.close()
    assert len(chat.messages) == 2
    assert says(chat.send("Hello!")) == fresh(model, chat.messages[:-1])


def user_texts(chat):
    return [one["content"] for one in chat.messages if one["role"] == "user"]


def roles(chat):
    return [one["role"] for one in chat.messages]


def test_a_question_with_an_empty_answer_stays(model):
    chat = gnb.Chat(model)
    says(chat.send("Hello!"))
    first = next(iter(model.stream("Count from 3 to 9.", 4, temperature=0))).strip()
    assert says(chat.send("Count from 3 to 9.", 8, temperature=0, stop=[first])) == ""
    assert user_texts(chat) == ["Hello!", "Count from 3 to 9."]
    assert chat.messages[-1] == {"role": "assistant", "content": ""}
    again = says(chat.regenerate(8, temperature=0))
    assert again
    assert roles(chat) == ["user", "assistant"] * 2
    # edited to one without an answer, and gone on with
    says(chat.edit("Count from 3 to 9.", 8, temperature=0, stop=[first]))
    assert roles(chat) == ["user", "assistant"] * 2
    assert says(chat.send("Hello!")) == fresh(model, chat.messages[:-1])


def test_a_turn_sent_while_a_reply_streams_follows_what_was_read(model):
    chat = gnb.Chat(model)
    first = chat.send("Count from 3 to 9.")
    begun = next(first) + next(first)
    answer = says(chat.send("Hello!"))
    assert roles(chat) == ["user", "assistant"] * 2
    assert user_texts(chat) == ["Count from 3 to 9.", "Hello!"]
    assert chat.messages[1]["content"].strip() == begun.strip()
    assert answer == chat.messages[3]["content"]
    assert list(first) == []
    # regenerate and edit end an open reply, too
    for again in (chat.regenerate, lambda: chat.edit("Hello!")):
        open_reply = chat.send("Count from 3 to 9.")
        next(open_reply)
        says(again())
        assert roles(chat)[-2:] == ["user", "assistant"]
    assert user_texts(chat)[-2:] == ["Count from 3 to 9.", "Hello!"]


def test_a_turn_that_was_overtaken_is_refused(model):
    chat = gnb.Chat(model)
    early, late = chat.send("Count from 3 to 9."), chat.send("Hello!")
    says(late)
    with pytest.raises(InvalidInput, match="send it again"):
        next(early)
    assert user_texts(chat) == ["Hello!"]
    one, other = chat.send("Count from 3 to 9."), chat.send("Hello!")
    next(one)
    with pytest.raises(InvalidInput, match="is being read"):
        next(other)
    rest = says(one)
    assert rest
    assert user_texts(chat) == ["Hello!", "Count from 3 to 9."]
    # one that is let go of before it began is no obstacle
    chat.send("Hello!").close()
    assert says(chat.send("Hello!"))


def test_a_reply_in_another_thread_is_not_disturbed(model):
    chat, sent, answered = gnb.Chat(model), threading.Event(), threading.Event()
    chunks = model._chunks

    def waiting(*arguments, **options):
        made, parser = chunks(*arguments, **options)

        def slow():
            sent.set()
            answered.wait(60)
            yield from made

        return slow(), parser

    model._chunks = waiting
    try:
        reader = threading.Thread(target=lambda: says(chat.send("Hello!")))
        reader.start()
        assert sent.wait(60)
        with pytest.raises(InvalidInput, match="is being read"):
            chat.send("Count from 3 to 9.")
    finally:
        answered.set()
        reader.join()
        del model._chunks
    assert user_texts(chat) == ["Hello!"]
    assert chat.messages[-1]["content"]


def test_what_is_set_while_a_reply_streams_holds_afterwards(model):
    chat = gnb.Chat(model, "Answer.")
    reply = chat.send("Hello!")
    next(reply)
    chat.system = "Be brief."
    list(reply)
    assert chat.system == "Be brief."
    assert roles(chat) == ["system", "user", "assistant"]
    reply = chat.send("Hello!")
    next(reply)
    chat.system = None
    note = {"role": "user", "content": "Never mind."}
    chat.messages.append(note)
    list(reply)
    assert roles(chat) == ["user", "assistant"] * 2 + ["user"]
    assert chat.messages[-1] is note
    # a conversation that is begun anew meanwhile is not filled with the old one
    chat.messages.pop()
    reply = chat.send("What is 12 + 30?")
    next(reply)
    chat.messages = []
    list(reply)
    assert user_texts(chat) == ["What is 12 + 30?"]


def test_interrupted(model, monkeypatch):
    chat = gnb.Chat(model)
    says(chat.send("Hello!"))
    rows = decoding.Decoder._generate

    def stopping(self, *arguments):
        for i, row in enumerate(rows(self, *arguments)):
            if i == 3:
                raise KeyboardInterrupt
            yield row

    monkeypatch.setattr(decoding.Decoder, "_generate", stopping)
    with pytest.raises(KeyboardInterrupt):
        says(chat.send("Count from 3 to 9."))
    monkeypatch.undo()
    assert len(chat.messages) == 4
    assert chat.messages[-1]["content"]
    assert says(chat.send("What is 12 + 30?")) == fresh(model, chat.messages[:-1])


def test_system_text_can_change(model):
    chat = gnb.Chat(model, "Answer.")
    assert chat.system == "Answer."
    says(chat.send("Hello!"))
    chat.system = "Be brief."
    assert chat.messages[0] == {"role": "system", "content": "Be brief."}
    assert says(chat.send("What is 12 + 30?")) == fresh(model, chat.messages[:-1])
    chat.system = None
    assert [one["role"] for one in chat.messages] == ["user", "assistant"] * 2
    with pytest.raises(InvalidInput):
        chat.system = 3
    with pytest.raises(InvalidInput, match="refuse, drop"):
        gnb.Chat(model, overflow="forget")


def test_saved_and_read_again(model, tmp_path):
    chat = gnb.Chat(model, "Answer.", overflow="drop")
    says(chat.send("日本の首都はどこですか？"))
    path = chat.save(tmp_path / "chat.json")
    assert json.loads(path.read_text("utf-8"))["variant"] == model.variant.name
    again = gnb.Chat.load(path, model)
    assert again.to_dict() == chat.to_dict()
    assert says(again.send("Hello!")) == says(chat.send("Hello!"))
    for text in ("", "[]", "{}", '{"format": "gemma_nb chat", "messages": [3]}', "\x00"):
        path.write_text(text)
        with pytest.raises(InvalidInput, match=r"chat\.json"):
            gnb.Chat.load(path, model)
    chat.messages[0]["content"] = b"image"
    with pytest.raises(InvalidInput, match="JSON"):
        chat.save(path)


@pytest.mark.parametrize(
    "content", ["caf\udce9.txt", b"image", {"a": {1}}, ["x" * 10] * 5], ids=repr
)
def test_a_save_that_fails_leaves_the_old_conversation(model, tmp_path, monkeypatch, content):
    chat = gnb.Chat(model)
    chat.messages = [{"role": "user", "content": "Hello!"}]
    path = chat.save(tmp_path / "chat.json")
    before = path.read_bytes()
    chat.messages = [{"role": "user", "content": content}]
    if isinstance(content, list):  # the disk is full
        monkeypatch.setattr(
            os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full"))
        )
    with pytest.raises((InvalidInput, OSError)):
        chat.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    for wrong in (None, 5, b"x", "\0", "n" * 300, "~no-such-user/x"):
        with pytest.raises(InvalidInput):
            chat.save(wrong)


def test_two_chats_in_turn(model):
    one, other = gnb.Chat(model), gnb.Chat(model)
    for question in QUESTIONS[:3]:
        says(one.send(question))
        says(other.send(question[::-1]))
    assert one.messages[-1]["content"] == fresh(model, one.messages[:-1])
    assert other.messages[-1]["content"] == fresh(model, other.messages[:-1])


# --- thoughts


@pytest.fixture(scope="module")
def thinker():
    """A tiny Gemma 4 that is made to think: its ids are chosen by the test."""
    tokenizer = prompt_helpers.tokenizer("Gemma4Tokenizer")
    lm = tiny.gemma4(vocabulary=tokenizer.vocabulary_size())
    return gnb.from_keras(lm, "gemma4_instruct_2b", 256, tokenizer=tokenizer)


def test_thoughts_are_kept_apart_and_not_sent_again(thinker, monkeypatch):
    decoder = thinker._decoder
    script = thinker.tokenizer.tokenize("<|channel>thought\nhm<channel|>Yes.<turn|>")
    rows = decoding.Decoder._generate
    prompts = []

    def scripted(self, weights, given, context, *rest):
        prompts.append((list(given[0]), len(context.ids)))
        for token, _ in zip(script, rows(self, weights, given, context, *rest), strict=False):
            yield [int(token)]

    monkeypatch.setattr(decoding.Decoder, "_generate", scripted)
    chat = gnb.Chat(thinker, thinking=True)
    chunks = list(chat.chunks("Hi", 40))
    assert [c.text for c in chunks if c.kind == "thought"]
    assert says(c.text for c in chunks if c.kind == "answer") == "Yes."
    assert chat.messages[-1] == {"role": "assistant", "content": "Yes.", "reasoning": "hm"}
    assert says(chat.send("And?", 40)) == "Yes."
    ids, kept = prompts[-1]
    sent = thinker.tokenizer.detokenize(ids)
    assert "hm" not in sent
    assert sent.count("Yes.") == 1
    assert 0 < kept < len(ids)
    assert decoder.compilations < 8
