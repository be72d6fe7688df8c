"""``python -m gemma_nb prompt``."""

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hubs.server import HF_LOGIN

from gemma_nb.cli.main import main
from gemma_nb.prompts.formatting import format_prompt

DEMO = "demo_gemma3_instruct_4m"
MESSAGES = [{"role": "user", "content": "Hi <end_of_turn>"}]


def write(path, value):
    path.write_text(json.dumps(value), encoding="utf-8")
    return str(path)


def test_messages_in_the_prompt_out(tmp_path, capsys):
    assert main(["prompt", "--variant", DEMO, write(tmp_path / "m.json", MESSAGES)]) == 0
    assert capsys.readouterr().out == format_prompt(MESSAGES, DEMO)


def test_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO('"日本"'))
    assert main(["prompt", "--variant", DEMO, "-"]) == 0
    assert capsys.readouterr().out == format_prompt("日本", DEMO)


def test_tools_and_thinking(tmp_path, capsys):
    tool = {"name": "f", "description": "F"}
    expected = format_prompt(MESSAGES, "gemma4_instruct_2b", tools=[tool], thinking=True)
    for tools in (tool, [tool]):
        files = [write(tmp_path / "t.json", tools), write(tmp_path / "m.json", MESSAGES)]
        command = ["prompt", "--variant", "GEMMA4_instruct_2b", "--thinking", "--tools", *files]
        assert main(command) == 0
        assert capsys.readouterr().out == expected


def test_tokens(tmp_path, capsys):
    command = ["prompt", "--variant", DEMO, "--tokens", write(tmp_path / "m.json", MESSAGES)]
    assert main(command) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [json.loads(piece) for _, piece, kind in rows if kind == "control"] == [
        "<bos>",
        "<start_of_turn>",
        "<end_of_turn>",
        "<start_of_turn>",
    ]
    assert rows[0][0] == "2"
    text = "".join(json.loads(piece) for _, piece, kind in rows if kind == "text")
    assert text.replace("▁", " ") == "user\nHi <end_of_turn>\nmodel\n"


@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("{", [], "is not JSON"),
        ("[" * 100_000, [], "is not JSON"),
        ("[]", [], "empty"),
        ('[{"role": "x", "content": "y"}]', [], "no role 'x'"),
        ('"\\ud800"', [], "surrogate"),
        ('"Hi"', ["--thinking"], "no thinking"),
        ('"Hi"', ["--tools", "missing.json"], "missing.json cannot be read"),
        ('"Hi"', ["--variant", "gemma9"], "gemma9"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(tmp_path, capsys, content, options, says):
    file = tmp_path / "m.json"
    file.write_text(content, encoding="utf-8")
    assert main(["prompt", "--variant", DEMO, *options, str(file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert says in captured.err


def test_bytes_that_are_no_text(tmp_path, capsys):
    file = tmp_path / "m.json"
    file.write_bytes(b"\xff{}")
    assert main(["prompt", "--variant", DEMO, str(file)]) == 2
    assert "m.json is not JSON" in capsys.readouterr().err


def test_a_tokenizer_that_cannot_be_fetched_shows_no_login(tmp_path, capsys, monkeypatch):
    """KerasHub asks the hub; its error may repeat the login that was sent."""

    def from_preset(_):
        error = OSError(f"401: {HF_LOGIN}")
        error.response = SimpleNamespace(status_code=401)
        raise error

    keras_hub = SimpleNamespace(
        tokenizers=SimpleNamespace(Tokenizer=SimpleNamespace(from_preset=from_preset))
    )
    monkeypatch.setattr("gemma_nb.backend.import_keras_hub", lambda: keras_hub)
    file = write(tmp_path / "m.json", MESSAGES)
    assert main(["prompt", "--variant", "gemma3_instruct_1b", "--tokens", file]) == 1
    said = capsys.readouterr().err
    assert "OSError 401" in said
    assert HF_LOGIN not in said


def test_as_a_program_without_keras(tmp_path):
    """Prompt and tokens of a demo model need neither keras nor jax."""
    code = (
        "import sys\nfrom gemma_nb.cli.main import main\n"
        f"status = main(['prompt', '--variant', '{DEMO}', '--tokens', sys.argv[1]])\n"
        "assert not {'keras', 'jax', 'tensorflow'} & set(sys.modules), 'imported too much'\n"
        "sys.exit(status)\n"
    )
    file = write(tmp_path / "m.json", "Hi")
    done = subprocess.run([sys.executable, "-c", code, file], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b'2\t"<bos>"\tcontrol\n')
