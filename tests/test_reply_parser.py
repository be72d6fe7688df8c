"""Replies are parsed into answers, thoughts, calls, boxes, verdicts and code."""

import json
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_helpers import variant

import gemma_nb as gnb
from gemma_nb.prompts.boxes import Box
from gemma_nb.prompts.call_parser import ToolCall, parse_call
from gemma_nb.prompts.formatting import format_prompt
from gemma_nb.prompts.reply_parser import ReplyParser, parse_reply

SEGMENTS = "".join(f"<seg{i:03}>" for i in range(16))


def keys(reply):
    return [note.key for note in reply.notes]


def test_a_plain_answer():
    for key, text in (
        ("turns", "Blue.<end_of_turn>\n<start_of_turn>user\nmore"),
        ("turns", "Blue."),
        ("turns_3n", "Blue.<eos>"),
        ("plain", "Blue.<eos>"),
        ("translategemma", "Blue.<end_of_turn>"),
        ("gemma4_small", "Blue.<turn|>"),
        ("functiongemma", "Blue.<end_of_turn>"),
    ):
        reply = parse_reply(text, variant(key))
        assert (reply.answer, reply.thoughts, reply.notes) == ("Blue.", "", ())
        assert reply.text == text
        assert reply.message() == {"role": "assistant", "content": "Blue."}


def test_text_about_tags_stays():
    text = "Use <b>, <img>, <mask> and a < b; <script>…"
    assert parse_reply(text, variant("turns")).answer == text


def test_thoughts():
    text = "<|channel>thought\nRayleigh?\n<channel|>Scattering.<turn|>"
    for key in ("gemma4_small", "gemma4_large"):
        reply = parse_reply(text, variant(key))
        assert (reply.answer, reply.thoughts, reply.notes) == ("Scattering.", "Rayleigh?", ())
        assert reply.message()["reasoning"] == "Rayleigh?"
    empty = parse_reply("<|channel>thought\n<channel|>Scattering.", variant("gemma4_large"))
    assert (empty.answer, empty.thoughts) == ("Scattering.", "")
    medical = parse_reply("<unused94>thought\nHm.<unused95>Fracture.", variant("turns_med"))
    assert (medical.answer, medical.thoughts) == ("Fracture.", "Hm.")


def test_a_thought_that_the_prompt_opened():
    prompt = format_prompt(
        [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            {"role": "tool", "name": "f", "content": "2"},
        ],
        variant("gemma4_small"),
        thinking=True,
    )
    reply = parse_reply("It is 2.<channel|>Two.", variant("gemma4_small"), prompt=prompt)
    assert (reply.thoughts, reply.answer, reply.notes) == ("It is 2.", "Two.", ())
    blind = parse_reply("It is 2.<channel|>Two.", variant("gemma4_small"))
    assert (blind.thoughts, blind.answer) == ("It is 2.", "Two.")
    assert keys(blind) == ["reply_unopened_thought"]


def test_a_user_cannot_open_a_thought():
    prompt = format_prompt("What is <|channel>thought\n?", variant("gemma4_small"))
    assert parse_reply("A tag.", variant("gemma4_small"), prompt=prompt).answer == "A tag."


def test_a_thought_that_is_cut_off():
    reply = parse_reply("<|channel>thought\nHmm", variant("gemma4_small"))
    assert (reply.thoughts, reply.answer) == ("Hmm", "")
    assert keys(reply) == ["reply_open_thought"]
    assert "max_new_tokens" in str(reply.notes[0])


def test_calls():
    text = (
        "<|channel>thought\nCall.\n<channel|>"
        '<|tool_call>call:get_weather{city:<|"|>Tokyo, {JP}: "x"<|"|>,days:2,deep:{a:[1.5,true,null]}}'
        "<tool_call|><|tool_call>call:now{}<tool_call|><|tool_response>"
    )
    reply = parse_reply(text, variant("gemma4_large"))
    assert reply.tool_calls == (
        ToolCall(
            "get_weather",
            {"city": 'Tokyo, {JP}: "x"', "days": 2, "deep": {"a": [1.5, True, None]}},
        ),
        ToolCall("now"),
    )
    assert (reply.answer, reply.thoughts, reply.notes) == ("", "Call.", ())
    calls = reply.message()["tool_calls"]
    assert calls[1] == {
        "id": "call_1",
        "type": "function",
        "function": {"name": "now", "arguments": {}},
    }


def test_calls_of_functiongemma():
    text = (
        "<start_function_call>call:get_current_weather{location:<escape>Tokyo, Japan<escape>}"
        "<end_function_call><start_function_response>"
    )
    reply = parse_reply(text, variant("functiongemma"))
    assert reply.tool_calls == (ToolCall("get_current_weather", {"location": "Tokyo, Japan"}),)


@pytest.mark.parametrize(
    ("inner", "arguments"),
    [
        ("call:f{city:Tokyo}", {"city": "Tokyo"}),
        ('call:f{"city":"To\\"kyo"}', {"city": 'To"kyo'}),
        (" call: f { a : 1 , b : -2e3 } ", {"a": 1, "b": -2000.0}),
        ("call:f", {}),
        ('call:f{<|"|>a b<|"|>:007}', {"a b": "007"}),
        ("call:f{a:1,}", {"a": 1}),
        ("call:f{names:['Paris, France','Rome']}", {"names": ["Paris, France", "Rome"]}),
        (
            "call:f{a:'x', b : {'c' : 'it\\'s', 'd':'don't'}}",
            {"a": "x", "b": {"c": "it's", "d": "don't"}},
        ),
        ("call:f{a:'tis, b:2}", {"a": "'tis", "b": 2}),
        ("call:f{a:g(1, 2), b:[h(3,4), 5]}", {"a": "g(1, 2)", "b": ["h(3,4)", 5]}),
        ("call:f{n:" + "7" * 5000 + "}", {"n": "7" * 5000}),
        ("call:f{n:1e999, m:" + "7" * 400 + ".5}", {"n": "1e999", "m": "7" * 400 + ".5"}),
    ],
)
def test_calls_that_are_nearly_right(inner, arguments):
    reply = parse_reply(f"<|tool_call>{inner}<tool_call|>", variant("gemma4_small"))
    assert reply.tool_calls == (ToolCall("f", arguments),)
    assert reply.notes == ()


@pytest.mark.parametrize(
    "inner",
    [
        *(
            "",
            "f{}",
            "call:{a:1}",
            "call:f{a:1",
            "call:f{a}",
            "call:f[1]",
            "call: turn off\n\nThis is no call.",
            "call:f{a:1} b",
            "call:",
        ),
        *('call:f{a:<|"|>open}', "call:f{a:{b:1}", "call:f{a:[1 2}", 'call:f{"a:1}'),
        *("call:f(a=1)", "call:f('x, y')", 'call:f("x")', "call:f{a:g(1, h(2))}", "call:f{a:(}"),
        "call:f{a:" + "[" * 5000,
        "call:f{a:" + "[" * 101 + "]" * 101 + "}",
    ],
)
def test_malformed_calls_come_back_as_text(inner):
    text = f"<|tool_call>{inner}<tool_call|>"
    reply = parse_reply(text, variant("gemma4_small"))
    assert reply.tool_calls == ()
    assert reply.answer == text
    assert keys(reply) == ["reply_bad_call"]


def test_a_call_that_is_cut_off_counts_if_it_can_be_read():
    assert parse_reply("<|tool_call>call:f{a:1}", variant("gemma4_small")).tool_calls
    stray = parse_reply("x<tool_call|>y", variant("gemma4_small"))
    assert (stray.answer, keys(stray)) == ("xy", ["reply_stray_token"])


def test_boxes_are_scaled():
    text = (
        "<loc0256><loc0128><loc0768><loc0512> cat ; <loc0000><loc0000><loc1023><loc1023> two dogs"
    )
    reply = parse_reply(text, variant("paligemma"), image_size=(800, 400))
    assert reply.boxes == (
        Box("cat", (256, 128, 768, 512), (100.0, 100.0, 400.0, 300.0)),
        Box("two dogs", (0, 0, 1023, 1023), (0.0, 0.0, 799.21875, 399.609375)),
    )
    assert (reply.answer, reply.notes) == ("", ())
    (cat, _) = parse_reply(text, variant("paligemma_pt")).boxes
    assert cat.pixels is None
    assert cat.scaled(800, 400) == (100.0, 100.0, 400.0, 300.0)


def test_masks_are_sixteen_indices():
    text = f"<loc0000><loc0000><loc1023><loc1023>{SEGMENTS} cat"
    (box,) = parse_reply(text, variant("paligemma")).boxes
    assert box.mask == tuple(range(16))
    with pytest.raises(ValueError, match=r"vae-oid\.npz"):
        box.mask_pixels(64, 64)
    with pytest.raises(ValueError, match="segment"):
        Box("cat", (0, 0, 1, 1)).mask_pixels(64, 64, "x.npz")


@pytest.mark.parametrize(
    "text",
    [
        "<loc0001><loc0002><loc0003> cat",
        "<loc0001><loc0002><loc0003><loc0004><loc0005> cat",
        "<loc0001><loc0002><loc0003><loc9999> cat",
        "<loc0001><loc0002><loc0003><loc0004><seg001> cat",
        f"<loc0001><loc0002><loc0003><loc0004>{SEGMENTS[:-8]}<seg128> cat",
        "<seg001> cat",
        "<loc0001><loc00",
    ],
)
def test_malformed_boxes_come_back_as_text(text):
    reply = parse_reply(f"so: {text}; end", variant("paligemma"))
    assert reply.boxes == ()
    assert reply.answer == f"so: {text}; end"
    assert keys(reply) == ["reply_bad_box"]


def test_captions_of_paligemma_stay_whole():
    text = "a cow ; 2 < 3, <b>, <lo, <segment>"
    reply = parse_reply(text + "<eos>", variant("paligemma"))
    assert (reply.answer, reply.boxes, reply.notes) == (text, (), ())


def test_verdicts():
    for text, verdict in (
        ("Yes", "Yes"),
        ("No, because", "No"),
        (" **yes**", "Yes"),
        ("'No'", "No"),
        ("Nothing", None),
        ("It does. Yes.", None),
        ("", None),
    ):
        reply = parse_reply(text, variant("shieldgemma"))
        assert reply.verdict == verdict
        assert keys(reply) == ([] if verdict else ["reply_no_verdict"])
        assert reply.answer == text


def test_code():
    reply = parse_reply("sys<|file_separator|>next.py", variant("fim"))
    assert (reply.code, reply.answer) == ("sys", "sys")
    prompt = format_prompt(gnb.fim("import ", "\n"), variant("turns_code"))
    chat = parse_reply("sys<|fim_prefix|>", variant("turns_code"), prompt=prompt)
    assert chat.code == "sys"
    assert parse_reply("Sure!", variant("turns_code")).code is None


def test_a_variant_without_prompts_has_no_replies():
    with pytest.raises(ValueError, match="no text prompt"):
        parse_reply("x", variant("none"))


# The incremental form.

TOKENS = (
    *(
        "<|channel>",
        "thought\n",
        "<channel|>",
        "<|tool_call>",
        "<tool_call|>",
        "<turn|>",
        "<|turn>",
    ),
    *('<|"|>', "call:f{a:", "}", "<start_function_call>", "<end_function_call>", "<escape>"),
    *(
        "<start_function_response>",
        "<end_of_turn>",
        "<start_of_turn>",
        "<eos>",
        "<bos>",
        "<|image|>",
    ),
    *("<loc0100>", "<loc0200>", "<seg001>", SEGMENTS, " ; ", ";", "<lo", "<|", "<", "|>", "Yes"),
    *(
        "<|fim_prefix|>",
        "<|file_separator|>",
        "<unused94>",
        "<unused95>",
        "日本",
        "👍",
        " x\n",
        "1,b:",
    ),
)
PIECES = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=3)), max_size=12)
KEYS = ("turns", "turns_med", "plain", "gemma4_small", "functiongemma", "fim", "paligemma",
        "shieldgemma")  # fmt: skip


@settings(max_examples=400, deadline=None, database=None)
@given(key=st.sampled_from(KEYS), pieces=PIECES, seed=st.integers(0, 99))
def test_a_reply_is_the_same_however_it_arrives(key, pieces, seed):
    text = "".join(pieces)
    whole = parse_reply(text, variant(key))
    parser, rng = ReplyParser(variant(key)), random.Random(seed)
    chunks, at = [], 0
    while at < len(text):
        size = rng.choice((1, 1, 2, 3, 9))
        chunks += parser.feed(text[at : at + size])
        at += size
    chunks += parser.close()
    assert parser.reply == whole
    assert parser.close() == []
    answer = "".join(c.text for c in chunks if c.kind in {"answer", "code"})
    thought = "".join(c.text for c in chunks if c.kind == "thought")
    if "reply_unopened_thought" not in keys(whole):
        assert answer == whole.answer
        assert thought.strip() == whole.thoughts
    assert [c.call for c in chunks if c.call] == list(whole.tool_calls)
    assert [c.box for c in chunks if c.box] == list(whole.boxes)


def test_no_control_token_is_shown_half():
    text = "<|channel>thought\nHm.\n<channel|>Hi <|tool_call>call:f{}<tool_call|>!<turn|>"
    parser = ReplyParser(variant("gemma4_small"))
    chunks = [chunk for character in text for chunk in parser.feed(character)]
    assert not any("<" in c.text or "|" in c.text for c in chunks)
    assert [c.kind for c in chunks if c.kind != "thought"] == [*["answer"] * 3, "call", "answer"]
    assert "".join(c.text for c in chunks if c.kind == "thought") == "Hm.\n"
    assert parser.close() == []


def test_thoughts_and_boxes_arrive_before_the_end():
    parser = ReplyParser(variant("gemma4_small"))
    assert [c.kind for c in parser.feed("<|channel>thought\nWell")] == ["thought"]
    parser = ReplyParser(variant("paligemma"), image_size=(1024, 1024))
    assert parser.feed("<loc0001><loc0002><loc0003><loc0004> cat") == []
    (chunk,) = parser.feed(" ; <loc")
    assert chunk.box.pixels == (2.0, 1.0, 4.0, 3.0)


# Round trip.

VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
        st.sampled_from(["<turn|>", "<end_of_turn>", "{", "},", "<tool_call|>", "true", "1"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.from_regex(r"[A-Za-z_][\w-]{0,8}", fullmatch=True), inner, max_size=3),
    ),
    max_leaves=6,
)
ARGUMENTS = st.dictionaries(
    st.from_regex(r"[A-Za-z_][\w-]{0,8}", fullmatch=True), VALUES, max_size=3
)


@settings(max_examples=300, deadline=None, database=None)
@given(
    key=st.sampled_from(["gemma4_small", "gemma4_large", "functiongemma"]),
    calls=st.lists(
        st.tuples(st.from_regex(r"[a-z_][\w.]{0,9}", fullmatch=True), ARGUMENTS),
        min_size=1,
        max_size=3,
    ),
)
def test_calls_that_are_written_are_read_back(key, calls):
    message_calls = [{"function": {"name": n, "arguments": a}} for n, a in calls]
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": message_calls},
        {"role": "tool", "name": "f", "content": "2"},
    ]
    prompt = format_prompt(messages, variant(key))
    marker = "model\n"
    written = prompt[prompt.index(marker) + len(marker) :]
    reply = parse_reply(written, variant(key))
    if not any(quote in json.dumps(message_calls) for quote in ('<|\\"|>', "<escape>")):
        assert [(c.name, c.arguments) for c in reply.tool_calls] == calls
        again = format_prompt([messages[0], reply.message(), messages[2]], variant(key))
        assert again == prompt


# Masks.


def weights(seed=0):
    """Random weights in the decoder's shapes (those of vae-oid.npz)."""
    rng = np.random.default_rng(seed)

    def make(*shape):
        return (rng.standard_normal(shape) * 0.2).astype(np.float32)

    params = {"_vq_vae._embedding": make(128, 512)}
    for name, shape in {
        "decoder.0": (128, 512, 1, 1),
        **{
            f"decoder.{block}.net.{layer}": (128, 128, size, size)
            for block in (2, 3)
            for layer, size in ((0, 3), (2, 3), (4, 1))
        },
        "decoder.12": (1, 16, 1, 1),
    }.items():
        params[f"{name}.weight"], params[f"{name}.bias"] = make(*shape), make(shape[0])
    for layer, (wide, narrow) in {4: (128, 128), 6: (128, 64), 8: (64, 32), 10: (32, 16)}.items():
        params[f"decoder.{layer}.weight"] = make(wide, narrow, 4, 4)
        params[f"decoder.{layer}.bias"] = make(narrow)
    return params


def decoded_with_jax(codes, params):
    """The same decoder, written with JAX's convolutions."""
    import jax
    from jax import lax, nn
    from jax import numpy as jnp

    def conv(x, name, pad):
        kernel = params[f"{name}.weight"].transpose(2, 3, 1, 0)
        out = lax.conv_general_dilated(
            x, kernel, (1, 1), [(pad, pad)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=lax.Precision.HIGHEST,
        )  # fmt: skip
        return out + params[f"{name}.bias"]

    def double(x, name):
        kernel = params[f"{name}.weight"].transpose(2, 3, 1, 0)
        out = lax.conv_transpose(
            x, kernel, (2, 2), [(2, 2)] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"),
            transpose_kernel=True, precision=lax.Precision.HIGHEST,
        )  # fmt: skip
        return out + params[f"{name}.bias"]

    x = jnp.asarray(params["_vq_vae._embedding"])[jnp.array(codes)].reshape(1, 4, 4, 512)
    x = nn.relu(conv(x, "decoder.0", 0))
    for block in (2, 3):
        inner = nn.relu(conv(x, f"decoder.{block}.net.0", 1))
        inner = nn.relu(conv(inner, f"decoder.{block}.net.2", 1))
        x = x + conv(inner, f"decoder.{block}.net.4", 0)
    for layer in (4, 6, 8, 10):
        x = nn.relu(double(x, f"decoder.{layer}"))
    x = conv(x, "decoder.12", 0)
    return np.asarray(jax.numpy.clip(x[0, ..., 0] * 0.5 + 0.5, 0, 1))


def test_a_mask_is_decoded_into_its_box(tmp_path):
    path = tmp_path / "vae-oid.npz"
    params = weights()
    np.savez(path, **params)
    codes = tuple(range(0, 128, 8))
    box = Box("cat", (256, 256, 768, 768), mask=codes)
    mask = box.mask_pixels(128, 128, path)
    assert (mask.shape, mask.dtype) == ((128, 128), np.float32)
    expected = decoded_with_jax(codes, params)
    assert expected.shape == (64, 64)
    assert 0.05 < expected.mean() < 0.95
    np.testing.assert_allclose(mask[32:96, 32:96], expected, atol=2e-3)
    outside = mask.copy()
    outside[32:96, 32:96] = 0
    assert not outside.any()
    wide = box.mask_pixels(256, 128, path)[32:96, 64:192]
    np.testing.assert_allclose(wide.mean(), expected.mean(), atol=0.02)


def test_a_file_that_is_no_decoder_is_refused(tmp_path):
    box = Box("cat", (0, 0, 512, 512), mask=(0,) * 16)
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    for name in ("missing.npz", "other.npz", "text.npz"):
        with pytest.raises(ValueError, match="not the mask decoder"):
            box.mask_pixels(8, 8, tmp_path / name)


@pytest.mark.parametrize(
    "word", ["1" * 5000, "-" + "9" * 5000, "1e999", "-1e400", "1." + "0" * 10 + "e9999"]
)
def test_a_number_that_nothing_can_hold_stays_text(word):
    call = parse_call(f"call:f{{a:{word},b:[{word},2]}}", '<|"|>')
    assert call.arguments == {"a": word, "b": [word, 2]}
