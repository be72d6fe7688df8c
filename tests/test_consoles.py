"""Consoles that cannot show every character, streams that are closed, places that cannot be written.

What is asked works there, or one sentence says why not; there is no traceback, and nothing is lost.
"""

import json
import os
import subprocess
import sys

import pytest

from gemma_nb.hub.progress import ProgressBars, ProgressMeter

EMOJI = "\U0001f600 日本 é"


def run(*command, shell="", env=None, **options):
    """A command of the package in a process of its own; ``shell`` closes or redirects its streams."""
    line = [sys.executable, *command]
    if shell:
        line = ["sh", "-c", f'exec "$@" {shell}', "sh", *line]
    done = subprocess.run(
        line, capture_output=True, timeout=300, env={**os.environ, "GEMMA_NB_LANG": "en", **(env or {})},
        **options,
    )  # fmt: skip
    said = done.stderr.decode("utf-8", "replace")
    assert "Traceback" not in said, said
    return done


def prompt(tmp_path, *more, encoding="utf-8", **options):
    file = tmp_path / "chat.json"
    file.write_text(json.dumps([{"role": "user", "content": EMOJI}], ensure_ascii=False), encoding)
    command = ("-m", "gemma_nb", "prompt", "--variant", "demo_gemma3_instruct_4m", *more)
    return run(*command, str(file), **options)


@pytest.mark.parametrize(
    ("console", "more"),
    [("ascii", []), ("cp1252", []), ("shift_jis", []), ("cp1252", ["--tokens"])],
)
def test_a_console_shows_what_it_has_and_the_rest_as_escapes(tmp_path, console, more):
    done = prompt(tmp_path, *more, env={"PYTHONIOENCODING": console, "PYTHONUTF8": "0"})
    assert done.returncode == 0
    shown = done.stdout.decode(console)
    expected = EMOJI.encode(console, "backslashreplace").decode(console)
    if more:
        assert "end_of_turn" in shown
    else:
        assert expected in shown


def test_japanese_in_a_locale_without_it():
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "GEMMA_NB_LANG": "ja"}
    assert run("-m", "gemma_nb", "fit", env=env).returncode == 0
    done = run("-m", "gemma_nb", "prompt", "--variant", "x", "y", env=env)
    assert done.returncode == 2
    assert done.stderr


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_is_read_whatever_the_console_is(tmp_path, encoding):
    env = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    data = json.dumps([{"role": "user", "content": EMOJI}], ensure_ascii=False).encode(encoding)
    command = ("-m", "gemma_nb", "prompt", "--variant", "demo_gemma3_instruct_4m", "-")
    done = run(*command, env=env, input=data)
    assert done.returncode == 0
    assert EMOJI.encode("cp1252", "backslashreplace") in done.stdout
    assert prompt(tmp_path, encoding=encoding, env=env).returncode == 0


@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed(tmp_path, closed):
    done = prompt(tmp_path, shell=closed)
    assert done.returncode == 0
    if closed in ("2>&-", "<&-"):
        assert EMOJI in done.stdout.decode()
    # an error is an error, also where nobody can read it
    assert run("-m", "gemma_nb", "prompt", "--variant", "x", "y", shell=closed).returncode == 2


#: What a user of the library does: progress goes to stderr, answers to a file.
USER = """
import pathlib, sys, gemma_nb as gnb
model = gnb.load("demo_gemma3_instruct_1m", max_length=64)
chat = gnb.Chat(model)
answer = "".join(chat.send("What is 2 plus 3?", 8, temperature=0))
table = gnb.compare(model, "What is 2 plus 3?", max_new_tokens=4, repeats=1)
pathlib.Path(sys.argv[1]).write_text(answer, encoding="utf-8")
assert table.measured or sys.exit(3)
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    file = tmp_path_factory.mktemp("usual") / "answer"
    assert run("-c", USER, str(file)).returncode == 0
    return file.read_bytes()


@pytest.mark.slow_suite
@pytest.mark.parametrize(
    ("how", "env"),
    [
        ("2>&-", {}),
        ("2>/dev/full", {}),
        ("", {"PYTHONOPTIMIZE": "2"}),
        ("", {"HOME": "/sys", "XDG_CACHE_HOME": "/sys/nothing"}),
        ("", {"HOME": ""}),
    ],
    ids=["closed stderr", "full stderr", "-OO", "read-only home", "empty HOME"],
)
def test_what_a_user_does_works_there(answer, tmp_path, how, env):
    file = tmp_path / "answer"
    done = run("-c", USER, str(file), shell=how, env=env, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert file.read_bytes() == answer
    assert list(tmp_path.iterdir()) == [file]  # nothing is written to the working directory


@pytest.mark.parametrize("error", [BrokenPipeError, ValueError("closed file"), OSError(28, "full")])
def test_progress_that_cannot_be_shown_ends_nothing(error, monkeypatch):
    class Gone:
        def write(self, *_):
            raise error

        flush = isatty = fileno = write

    monkeypatch.setattr(sys, "stderr", Gone())
    for total in (None, 100):
        with ProgressMeter(ProgressBars(), "download", "x", total) as meter:
            meter.add(10)
            meter.note("progress_waiting", name="x")
    monkeypatch.setattr(sys, "stderr", None)
    with ProgressMeter(ProgressBars(), "download", "x", 100) as meter:
        meter.add(10)
