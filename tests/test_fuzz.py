"""The fuzz suite: hypothesis draws what strangers send. A slow suite; ``make fuzz`` draws 10,000 a target.

``tests/fuzz_guided.py`` draws them by coverage, with atheris. Of a target nothing but a GemmaError may come out, and no input may cost 2 s of this process's CPU.
``GEMMA_NB_FUZZ`` is the number of inputs; without it each target draws as many as fit 4 minutes in
all.
"""

import atexit
import io
import json
import os
import shutil
import struct
import tempfile
import time
import wave
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hubs import HF_KERAS, HF_SAFE, KAGGLE
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from made_gguf import STRING, UINT32, header, info, pair, text
from PIL import Image
from prompt_helpers import variant
from test_catalog_unlisted import GEMMA2_2B, GEMMA4_E2B, T5GEMMA_2B_2B
from test_config_fields import GEMMA3_4B, KERAS_GEMMA3

import gemma_nb as gnb
from gemma_nb.catalog import unlisted
from gemma_nb.catalog.config_rules import complete_config
from gemma_nb.catalog.registry import demo_directory
from gemma_nb.catalog.safetensors_header import read_safetensors_header
from gemma_nb.errors import GemmaError
from gemma_nb.generation.media_files import read_image, read_sound
from gemma_nb.hub import download, kaggle
from gemma_nb.hub.checkpoint_files import check_file, check_preset
from gemma_nb.hub.fetch import fetch
from gemma_nb.prompts.call_parser import parse_call
from gemma_nb.prompts.formatting import FORMATS, check_prompt, format_prompt
from gemma_nb.prompts.reply_parser import ReplyParser, parse_reply

pytest_plugins = ["hubs.plugin"]
pytestmark = [
    pytest.mark.slow_suite,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.timeout(7200),
]

#: Seconds of CPU that one input may cost.
LIMIT = 2


def inputs(share=1.0):
    """The settings of a target.

    Args:
        share: how many of the inputs it draws where ``GEMMA_NB_FUZZ`` does not say the number.
    """
    number = os.environ.get("GEMMA_NB_FUZZ")
    return settings(
        max_examples=int(number) if number else max(1, round(800 * share)),
        deadline=None,  # it measures the wall, on which other processes hang too
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )


@contextmanager
def only_gemma_errors():
    """Passes where the block ends with a GemmaError that can be shown, or with none, soon enough."""
    start = time.process_time()
    try:
        yield
    except GemmaError as error:
        assert str(error)  # noqa: PT017 - it may end well, too
    assert time.process_time() - start < LIMIT


@cache
def _scratch():
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def scratch(name):
    """An empty folder for one input; of fixtures atheris knows nothing."""
    folder = _scratch() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


# --- values

NUMBERS = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, -1, 2**31, 2**63, 10**12, 10**400, 10**4000, 1e308])
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "..", "../x", "\0", "\ud800", "x" * 5000, "null", "#/$defs/A", "text", "image", "object", "array", "string",
     "<eos>", "<turn|>", "<end_of_turn>", "<|tool_call>", "full_attention", "linear", "gelu"]
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20), WORDS)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@st.composite
def changed(draw, whole, values=VALUES):
    """A JSON value of which some parts, at any depth, are replaced, removed or moved."""
    value = json.loads(json.dumps(whole))
    for _ in range(draw(st.integers(1, 4))):
        at = value
        for _ in range(draw(st.integers(0, 3))):
            inner = [
                v
                for v in (at.values() if isinstance(at, dict) else at)
                if isinstance(v, dict | list) and v
            ]
            if not inner:
                break
            at = draw(st.sampled_from(inner))
        key = (
            draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if at
            else None
        )
        if key is None:
            continue
        if draw(st.booleans()) and isinstance(at, dict):
            at.pop(key)
        else:
            at[key] = draw(values)
    return value  # fmt: skip


@st.composite
def damaged(draw, whole, reach=200):
    """Bytes of a file that were changed, most of them near its beginning, and perhaps cut off."""
    raw = bytearray(whole)
    for _ in range(draw(st.integers(0, 6))):
        far = draw(st.integers(0, 9)) == 0
        at = draw(st.integers(0, (len(raw) if far else min(len(raw), reach)) - 1))
        raw[at : at + 4] = draw(st.one_of(
            st.binary(min_size=1, max_size=4),
            st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"]),
        ))  # fmt: skip
    return bytes(raw[: draw(st.integers(0, len(raw)))] if draw(st.integers(0, 4)) == 0 else raw)


# --- configs and files

CONFIGS = {
    "gemma2": GEMMA2_2B, "gemma3": GEMMA3_4B, "gemma4": GEMMA4_E2B, "t5gemma": T5GEMMA_2B_2B, "keras": KERAS_GEMMA3,
    "complete": complete_config(GEMMA3_4B, "here"),
}  # fmt: skip


TURN = "<start_of_turn>{{ role }}<end_of_turn>model"
SMALL = {
    "tokenizer_config.json": {"chat_template": [{"name": "default", "template": TURN}], "eos_token": {"content": "<eos>"},
                              "added_tokens_decoder": {"1": {"content": "<eos>"}}},
    "chat_template.json": {"chat_template": TURN},
    "generation_config.json": {"eos_token_id": [1, 106], "bos_token_id": 2},
    "adapter_config.json": {"peft_type": "LORA", "r": 8, "lora_alpha": 16, "target_modules": ["q_proj"],
                            "base_model_name_or_path": "google/gemma-3-1b-it"},
}  # fmt: skip


def tensors_of(raw):
    return len(raw).to_bytes(8, "little") + raw


HEADER = {
    "__metadata__": {"format": "pt"},
    "model.embed_tokens.weight": {"dtype": "BF16", "shape": [256, 8], "data_offsets": [0, 4096]},
    "model.norm.weight": {"dtype": "F32", "shape": [8], "data_offsets": [4096, 4128]},
}


@given(data=st.data())
@inputs(0.6)
def test_configs(data):
    folder = scratch("config")
    config = data.draw(changed(CONFIGS[data.draw(st.sampled_from(sorted(CONFIGS)))]))
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "model.safetensors").write_bytes(tensors_of(json.dumps(HEADER).encode()))
    for name, content in SMALL.items():
        if data.draw(st.booleans()):
            (folder / name).write_text(json.dumps(data.draw(changed(content))))
    with only_gemma_errors():
        gnb.advise(gnb.variant(folder), runtime="T4")


@given(raw=st.one_of(st.binary(max_size=200), changed(HEADER).map(lambda h: tensors_of(json.dumps(h).encode())),
                     damaged(tensors_of(json.dumps(HEADER).encode()))))  # fmt: skip
@inputs()
def test_safetensors_headers(raw):
    path = scratch("safetensors") / "model.safetensors"
    path.write_bytes(raw)
    with only_gemma_errors():
        check_file(path, path.name)
        read_safetensors_header(path)


GGUF = header(
    [
        pair("general.architecture", STRING, text("gemma3")),
        pair("gemma3.block_count", UINT32, struct.pack("<I", 2)),
        pair("gemma3.embedding_length", UINT32, struct.pack("<I", 32)),
        pair("gemma3.attention.head_count", UINT32, struct.pack("<I", 4)),
        pair("tokenizer.ggml.model", STRING, text("llama")),
        pair("tokenizer.ggml.tokens", 9, struct.pack("<IQ", STRING, 2) + text("<pad>") + text("<eos>")),
    ],
    [info("token_embd.weight", (32, 2)), info("output_norm.weight", (32,), offset=256)],
) + bytes(512)  # fmt: skip


@given(raw=st.one_of(st.binary(max_size=200).map(lambda b: b"GGUF" + b), damaged(GGUF, 500)))
@inputs()
def test_gguf_headers(raw):
    path = scratch("gguf") / "model.gguf"
    path.write_bytes(raw)
    with only_gemma_errors():
        gnb.variant(str(path))


def hdf5():
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["layers/a/vars/0"] = np.zeros((3, 4), "float32")
        file["layers/a/vars/1"] = np.zeros(5, "float32")
        file["link"] = h5py.SoftLink("/layers/a")
    return buffer.getvalue()


@given(raw=damaged(hdf5(), 4000))
@inputs()
def test_hdf5_files(raw):
    path = scratch("hdf5") / "model.weights.h5"
    path.write_bytes(raw)
    with only_gemma_errors():
        check_file(path, path.name)


@given(data=st.data())
@inputs(0.6)
def test_the_small_files_of_a_preset(data):
    folder = scratch("preset")
    for source in demo_directory("demo_gemma3_1m").iterdir():
        if source.suffix == ".json":
            content = json.loads(source.read_text())
            if data.draw(st.booleans()):
                content = data.draw(changed(content))
            (folder / source.name).write_text(json.dumps(content))
        elif source.is_file():
            (folder / source.name).symlink_to(source)
    with only_gemma_errors():
        check_preset(folder)
        gnb.advise(gnb.variant(folder), runtime="T4")


# --- prompts and replies

KEYS = st.sampled_from(["role", "content", "type", "text", "image", "url", "tool_calls", "tool_responses", "function",
                        "name", "arguments", "id", "tool_call_id", "response", "reasoning", "before", "after", "files",
                        "parameters", "properties", "description", "enum", "items", "anyOf", "$ref", "required",
                        "source_lang_code", "target_lang_code"])  # fmt: skip
ROLES = st.sampled_from(["system", "user", "assistant", "model", "tool", "developer", "wizard"])
NESTED = st.recursive(
    st.one_of(LEAVES, st.binary(max_size=4), st.sampled_from([np.int64(3), np.float32(0.5), np.arange(3), {1}, object])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4), st.tuples(inner, inner)
    ),
    max_leaves=10,
)  # fmt: skip
CALLS = st.fixed_dictionaries(
    {"function": st.fixed_dictionaries({"name": st.text(max_size=5), "arguments": NESTED})},
    optional={"id": st.one_of(st.sampled_from(["a", "b"]), NESTED)},
)
MESSAGES = st.fixed_dictionaries(
    {"role": st.one_of(ROLES, NESTED), "content": st.one_of(st.text(max_size=10), NESTED)},
    optional={
        "tool_calls": st.one_of(st.lists(CALLS, max_size=2), NESTED),
        "tool_responses": st.one_of(st.lists(NESTED, max_size=2), NESTED),
        "tool_call_id": st.one_of(st.sampled_from(["a", "b"]), NESTED),
        "name": NESTED,
        "reasoning": NESTED,
    },
)
TOOLS = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(max_size=5)},
        optional={"description": LEAVES, "parameters": st.fixed_dictionaries(
            {"type": st.just("object"), "properties": st.dictionaries(st.text(max_size=3), NESTED, max_size=3)},
            optional={"required": NESTED, "$defs": st.dictionaries(st.just("A"), NESTED, max_size=1)})},
    ),
    max_size=2,
)  # fmt: skip
SPELLED = {name: variant(name) for name in ("turns", "turns_3n", "plain", "gemma4_small", "gemma4_large", "fim", "paligemma",
           "shieldgemma", "functiongemma", "translategemma", "embedding")}  # fmt: skip


def test_every_format_is_fuzzed():
    assert {one.prompt_format for one in SPELLED.values()} == set(FORMATS) - {"unknown_template"}


@given(
    messages=st.one_of(st.lists(MESSAGES, max_size=5), NESTED, st.text()),
    name=st.sampled_from(sorted(SPELLED)),
    tools=st.one_of(st.none(), TOOLS, NESTED),
    thinking=st.one_of(st.booleans(), NESTED),
    guideline=st.one_of(st.none(), st.text(max_size=5), NESTED),
)
@inputs(1.5)
def test_messages(messages, name, tools, thinking, guideline):
    with only_gemma_errors():
        prompt = format_prompt(messages, SPELLED[name], tools, thinking, guideline)
        check_prompt(prompt, SPELLED[name])


TOKENS = st.sampled_from(["<|tool_call>", "<tool_call|>", "<|channel>", "<channel|>", "thought\n", "<turn|>", "<eos>", "call:f",
                          "{", "}", "[", "]", ",", ":", "(", ")", "'", '"', '<|"|>', "<escape>", "<start_function_call>",
                          "<end_function_call>", "<loc0001>", "<loc1024>", "<seg001>", ";", "Yes", " ", "\\", "-", "7" * 4301,
                          "1e999", "null", "a", "<"])  # fmt: skip
REPLIES = st.lists(st.one_of(TOKENS, st.text(max_size=4)), max_size=40).map("".join)


@given(reply=REPLIES, name=st.sampled_from(sorted(SPELLED)), cut=st.integers(1, 9))
@inputs(1.5)
def test_replies(reply, name, cut):
    with only_gemma_errors():
        whole = parse_reply(reply, SPELLED[name], image_size=(64, 64))
        parser = ReplyParser(SPELLED[name], (64, 64))
        for start in range(0, len(reply), cut):
            parser.feed(reply[start : start + cut])
        parser.close()
        assert parser.reply == whole
        json.dumps(whole.message())


@given(inner=REPLIES, repeat=st.integers(1, 3000))
@inputs(1.5)
def test_tool_calls(inner, repeat):
    with only_gemma_errors():
        for quote in ('<|"|>', "<escape>"):
            parse_call("call:f{a:" + inner + "}", quote)
            parse_call("call:f{a:" + (inner * repeat)[:20_000], quote)


# --- media


def picture(kind, mode="RGB"):
    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 256, (24, 24, 4)).astype("uint8")
    Image.fromarray(noise).convert(mode).save(file, kind)
    return file.getvalue()


PICTURES = {
    kind: picture(kind)
    for kind in (
        "PNG",
        "JPEG",
        "GIF",
        "WEBP",
        "TIFF",
        "BMP",
        "PPM",
        "TGA",
        "ICO",
        "AVIF",
        "JPEG2000",
    )
}
PICTURES |= {"alpha": picture("PNG", "RGBA"), "deep": picture("TIFF", "F"), "cmyk": picture("JPEG", "CMYK")}  # fmt: skip


@given(raw=st.one_of(st.binary(max_size=300), *(damaged(one, 120) for one in PICTURES.values())))
@inputs()
def test_images(raw):
    with only_gemma_errors():
        pixels = read_image(raw)
        assert (pixels.dtype, pixels.ndim, pixels.shape[2]) == (np.uint8, 3, 3)


def sound():
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(bytes(3200))
    return file.getvalue()


@given(raw=st.one_of(st.binary(max_size=100), damaged(sound(), 60)))
@inputs()
def test_sounds(raw):
    with only_gemma_errors():
        assert read_sound(raw, 16000).ndim == 1


@st.composite
def arrays(draw):
    """Arrays of every kind and small shape, with values in and out of range."""
    kind = draw(
        st.sampled_from(
            ["u1", "i1", "u2", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "b", "U2", "O", "M8[s]"]
        )
    )
    shape = draw(st.lists(st.sampled_from([0, 1, 2, 3, 4, 5, 20]), max_size=4))
    return np.full(shape, draw(st.sampled_from([0, 1, 2, 100, 0.5])), "f8").astype(kind)  # fmt: skip


@given(
    data=st.one_of(arrays(), NESTED, st.dictionaries(st.sampled_from(["array", "bytes", "data", "url", "path", "base64"]),
                   st.one_of(arrays(), NESTED), max_size=2)),
    rate=st.one_of(NUMBERS, NESTED),
)  # fmt: skip
@inputs()
def test_arrays_and_what_else_is_given_for_media(data, rate):
    with only_gemma_errors():
        read_image(data)
    with only_gemma_errors():
        read_sound(data, 16000)
    with only_gemma_errors():
        read_sound({"array": data, "sampling_rate": rate}, 16000)


# --- hubs


def outside(folder):
    """The files of a folder's parent that lie in neither hub's cache."""
    return {
        p
        for p in Path(folder).rglob("*")
        if p.is_file() and p.relative_to(folder).parts[0] not in ("hf", "kagglehub")
    }


@pytest.mark.parametrize("handle", [f"hf://{HF_SAFE}", f"hf://{HF_KERAS}", f"kaggle://{KAGGLE}"])
def test_hub_answers(hubs, handle, monkeypatch, tmp_path):
    """What the API says is changed at will: one message, and no file outside the caches."""
    handler = hubs._server.RequestHandlerClass
    usual, choice = handler._json, {}
    monkeypatch.setattr(download, "PAUSES", ())
    monkeypatch.setattr(kaggle, "MAX_PAGES", 3)

    def answer(self, status, value, *more):
        if status == 200 and "data" in choice:
            value = choice["data"].draw(st.one_of(changed(value), VALUES) if value else VALUES)
        return usual(self, status, value, *more)

    monkeypatch.setattr(handler, "_json", answer)
    before = outside(tmp_path)

    @given(data=st.data())
    @inputs(0.05)
    def one(data):
        choice["data"] = data
        unlisted._from_host.cache_clear()
        for call in (gnb.variant, lambda where: fetch(where, progress=False)):
            with only_gemma_errors():
                call(handle)
        assert outside(tmp_path) == before

    one()
