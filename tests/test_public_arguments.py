"""Every argument of every public call with values of every wrong kind: a GemmaError, or it is taken.

Each error is readable: shorter than a page, whatever the value's own ``repr`` does.
"""

import contextlib
import inspect
from pathlib import Path

import numpy as np
import pytest

import gemma_nb as gnb
from gemma_nb.arguments import flag_argument, text_argument
from gemma_nb.comparison.comparison import Comparison
from gemma_nb.errors import GemmaError, InvalidInput
from gemma_nb.loading.compile_cache import check_compile_cache
from gemma_nb.loading.device_selection import select_devices


class NoRepr:
    def __repr__(self):
        raise RuntimeError("no repr")


class NoEquality(NoRepr):
    __hash__ = None

    def __eq__(self, other):
        raise RuntimeError("no equality")


DEEP: list = []
for _ in range(100_000):
    DEEP = [DEEP]
CYCLE: list = []
CYCLE.append(CYCLE)
WRONG = (
    None, b"x", 5, -1, 0, 2.5, float("nan"), 10**400, 10**5000, 2**31, True, {3}, {}, {"a": 1}, [], [5], [None],
    [[]], [DEEP], CYCLE, DEEP, object(), NoRepr(), NoEquality(), "", "\0", "\ud800", "x" * 100_000, np.int64(3),
    np.float32(2.0), np.array([1, 2]), np.array(["a"]), np.str_("abc"), (1, 2), lambda: 3, type,
)  # fmt: skip

EXAMPLE = Path(__file__).parents[1] / "docs" / "examples" / "comparison.json"
NAME, RUNTIME = "gemma3_instruct_1b", gnb.runtime("T4")
#: A public call without a model, with arguments that it takes.
CALLS = {
    gnb.variants: {},
    gnb.variant: {},
    gnb.runtime: {},
    gnb.Runtime: {"name": "x", "kind": "gpu", "memory_bytes": 2**34},
    gnb.Choice: {"variant": NAME, "precision": "bfloat16", "runtime": RUNTIME},
    gnb.estimate_memory: {"variant": NAME},
    gnb.estimate_speed: {"variant": NAME, "runtime": RUNTIME},
    gnb.advise: {"variant": NAME, "runtime": RUNTIME},
    gnb.recommend: {"runtime": RUNTIME},
    gnb.frameworks_for: {"variant": NAME, "runtime": RUNTIME},
    gnb.format_prompt: {"messages": "q", "variant": "gemma4_instruct_2b"},
    gnb.parse_reply: {"text": "q", "variant": NAME},
    gnb.check_prompt: {"text": "q", "variant": NAME},
    gnb.fim: {"before": "a", "after": "b"},
    gnb.set_language: {},
}
#: An argument for this package's own modules.
_OWN = {"plan"}


def arguments_of(call):
    """The names of a call's arguments."""
    kinds = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    return [p.name for p in inspect.signature(call).parameters.values() if p.kind not in kinds]


def assert_clean(call, good, argument):
    """Only errors of this package leave the call, and what it returns shows itself."""
    for value in WRONG:
        try:
            result = call(**{**good, argument: value})
            if hasattr(result, "__next__"):
                result = list(result)
            repr(result)
        except GemmaError as error:
            assert 0 < len(str(error)) < 2000  # noqa: PT017 - of one error in a loop
        except Exception as error:  # noqa: BLE001 - which is what must not happen
            pytest.fail(f"{argument}={type(value).__name__}: {type(error).__name__} left the call")


@pytest.mark.parametrize(
    ("call", "argument"),
    [(call, name) for call in CALLS for name in arguments_of(call) if name not in _OWN],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_wrong_values_are_refused(call, argument):
    assert_clean(call, CALLS[call], argument)


@pytest.fixture(scope="module")
def model():
    loaded = gnb.load("demo_gemma3_instruct_1m", "float32", max_length=64, progress=False)
    yield loaded
    loaded.unload()


def _edited(model, content="r", **options):
    chat = gnb.Chat(model)
    list(chat.send("q", 1))
    return chat.edit(content, 1, **options)


def _regenerated(model, **options):
    chat = gnb.Chat(model)
    list(chat.send("q", 1))
    return chat.regenerate(**{"max_new_tokens": 1, **options})


#: A call with a model: what it does, and the arguments to try.
WITH_MODEL = {
    "generate": (
        lambda model, **options: model.generate(**{"messages": "q", "max_new_tokens": 1, **options}),
        "messages max_new_tokens batch_size temperature top_k top_p seed stop ignore_eos raw tools "
        "thinking guideline",
    ),
    "stream_ids": (
        lambda model, messages="q", **options: model.stream_ids(messages, 1, **options),
        "messages stop tools raw ignore_eos",
    ),
    "chunks": (lambda model, messages: model.chunks(messages, 1), "messages"),
    "prompt_ids": (
        lambda model, messages="q", **options: model.prompt_ids(messages, **options),
        "messages raw tools thinking guideline",
    ),
    "score": (lambda model, messages: model.score(messages, guideline="g"), "messages"),
    "embed": (lambda model, texts: model.embed(texts), "texts"),
    "export": (
        lambda model, **options: model.export("/nowhere/x", **{"format": "safetensors", **options}),
        "format precision",
    ),
    "next_tokens": (
        lambda model, messages="q", **options: gnb.next_tokens(model, messages, **options),
        "messages count begun temperature top_k top_p raw",
    ),
    "raw text": (lambda model, messages: model.stream_ids(messages, 1, raw=True), "messages"),
    "compared text": (
        lambda model, text: gnb.compare(model, ["q"], text=text, max_new_tokens=0), "text"
    ),
    "trace": (
        lambda model, **options: gnb.trace(model, **{"messages": "q", "max_new_tokens": 1, **options}),
        "messages reply max_new_tokens count raw tools thinking guideline",
    ),
    "trace of no model": (lambda _, model: gnb.trace(model, "q"), "model"),
    "next_tokens of no model": (lambda _, model: gnb.next_tokens(model, "q"), "model"),
    "Chat": (
        lambda model, **options: gnb.Chat(model, **options).messages,
        "system tools thinking overflow",
    ),
    "send": (lambda model, content: gnb.Chat(model).send(content, 1), "content"),
    "edit": (_edited, "content question"),
    "regenerate": (_regenerated, "max_new_tokens temperature"),
    "from_keras": (
        lambda model, **options: gnb.from_keras(**{"causal_lm": model.lm, "variant": model.variant, **options}),
        "causal_lm variant max_length tokenizer assistant",
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "argument"), [(name, one) for name, (_, all_) in WITH_MODEL.items() for one in all_.split()]
)  # fmt: skip
def test_a_model_refuses_wrong_values(model, name, argument):
    call, _ = WITH_MODEL[name]
    assert_clean(lambda **options: call(model, **options), {}, argument)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (gnb.Picker, ("variant", "runtime", "lock", "lang")),
        (gnb.PromptInspector, ("messages", "variant", "max_length", "tools", "thinking", "lang")),
        (gnb.ComparePanel, ("choices", "prompts", "references", "text", "lang")),
        (gnb.CredentialsPanel, ("variant", "lang")),
        (gnb.ChatPanel, ("model", "system", "tools", "thinking", "lang")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_panels_refuse_wrong_values(model, call, arguments):
    good = {"model": model} if call is gnb.ChatPanel else {}
    for argument in arguments:
        assert_clean(call, good, argument)


@pytest.mark.slow
@pytest.mark.parametrize(
    "argument",
    ["variant", "precision", "max_length", "force", "credentials", "progress", "download_only", "assistant"],
)  # fmt: skip
def test_load_refuses_wrong_values(argument):
    good = {"variant": "demo_gemma3_1m", "progress": False, "download_only": True}
    assert_clean(gnb.load, good, argument)


@pytest.mark.parametrize("argument", ["devices", "parallel"])
def test_devices_that_are_none_are_refused(argument):
    """``load`` asks for them before it downloads anything."""
    assert_clean(select_devices, {"devices": "all", "parallel": "model"}, argument)
    assert select_devices(np.int64(1), "model") is None
    with pytest.raises(InvalidInput, match=r"jax\.devices"):
        select_devices(np.array([1, 2]), "model")


def test_a_folder_for_compiled_programs_that_is_none_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_clean(check_compile_cache, {}, "directory")
    for wrong in (5, b"x", "\0", [], np.array(["a", "b"])):
        with pytest.raises(InvalidInput):
            gnb.load("demo_gemma3_1m", compile_cache=wrong, progress=False)


def test_every_argument_of_load_is_held():
    """The rest changes what is done with what is loaded."""
    held = {"variant", "precision", "max_length", "force", "credentials", "progress", "download_only",
            "assistant", "devices", "parallel", "compile_cache"}  # fmt: skip
    assert set(arguments_of(gnb.load)) - held == {"replace"}
    with pytest.raises(InvalidInput, match="replace must be True or False"):
        gnb.load("demo_gemma3_1m", replace=np.array([1, 2]), progress=False)


@pytest.mark.slow
def test_paths_that_are_none_are_refused(model, tmp_path, monkeypatch):
    """Of a chat, whose files may be unreadable, the system's own errors are told too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.txt").touch()  # "" is this folder
    kept = Comparison.from_json(EXAMPLE)
    chat = gnb.Chat(model)
    list(chat.send("q", 1))

    def or_os_error(call):
        def path_call(path):
            with contextlib.suppress(OSError):
                call(path)

        return path_call

    for write in (kept.to_csv, kept.to_markdown, kept.to_json, kept.to_html, Comparison.from_json, model.save,
                  model.export, or_os_error(chat.save), or_os_error(lambda path: gnb.Chat.load(path, model))):  # fmt: skip
        assert_clean(lambda path, write=write: write(path), {}, "path")


@pytest.mark.slow
@pytest.mark.parametrize(
    "argument", [name for name in arguments_of(gnb.compare) if name != "prompts"]
)
def test_compare_refuses_wrong_values(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert_clean(gnb.compare, {"choices": ["demo_gemma3_1m"], "prompts": []}, argument)
    assert_clean(gnb.compare, {"choices": []}, "prompts")


def test_numbers_of_numpy_are_numbers():
    mine = gnb.Runtime(
        "x", "gpu", np.int64(2**34), devices=np.int32(2), bandwidth_gb_s=np.float32(300), memory_fraction=np.float64(0.5)
    )  # fmt: skip
    assert mine == gnb.Runtime("x", "gpu", 2**34, devices=2, bandwidth_gb_s=300.0, memory_fraction=0.5)  # fmt: skip
    lengths = {"max_length": np.int64(1024), "batch_size": np.uint8(2)}
    plain = {"max_length": 1024, "batch_size": 2}
    assert gnb.estimate_memory(NAME, **lengths) == gnb.estimate_memory(NAME, **plain)
    assert gnb.Choice(NAME, "int8", **lengths, runtime=RUNTIME) == gnb.Choice(
        NAME, "int8", **plain, runtime=RUNTIME
    )
    assert gnb.advise(NAME, None, mine, **lengths) == gnb.advise(NAME, None, mine, **plain)
    best = gnb.recommend(mine, max_length=np.int64(1024))
    assert best.verdict == gnb.recommend(mine, max_length=1024).verdict
    speed = gnb.estimate_speed(NAME, runtime=mine, max_length=np.int64(1024))
    assert speed == gnb.estimate_speed(NAME, runtime=mine, max_length=1024)
    assert gnb.variants(loadable=np.True_) == gnb.variants(loadable=True)
    choice = gnb.Choice(NAME, "int8", np.int64(9), runtime=RUNTIME)
    assert {type(choice.max_length), type(choice.devices)} == {int}


def test_runtimes_with_wrong_fields_are_refused_by_name():
    for field in (
        "devices",
        "bandwidth_gb_s",
        "host_ram_bytes",
        "native_dtypes",
        "memory_fraction",
    ):
        with pytest.raises(InvalidInput, match=field):
            gnb.Runtime(**{"name": "x", "kind": "gpu", "memory_bytes": 2**34, field: "12"})


def test_texts_and_flags_are_checked_by_name():
    assert text_argument("x", "text") == "x"
    assert flag_argument(np.True_, "raw") is True
    with pytest.raises(InvalidInput, match="text must be a string"):
        text_argument(b"x", "text")
    with pytest.raises(InvalidInput, match="raw must be True or False"):
        flag_argument(np.array([1, 2]), "raw")


def test_a_message_of_a_hostile_value_is_a_message():
    for value in (NoRepr(), CYCLE, 10**5000):
        said = str(InvalidInput("prompt_unknown_role", role=value, roles="user"))
        assert "use one of user" in said
