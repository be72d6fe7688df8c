"""The command line, run as a person runs it."""

import re
import subprocess
import sys
import time

import pytest

from gemma_nb import __version__
from gemma_nb.cli.main import main
from gemma_nb.i18n import language, text
from gemma_nb.text_utils import cell_width


def run(*arguments, **environment):
    import os

    return subprocess.run(
        [sys.executable, "-m", "gemma_nb", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "GEMMA_NB_LANG": "en", **environment},
    )


def unexpected(stderr):
    """What a run says there besides its stages, which are shown where they take over five seconds."""
    stage = r"(Import|Build|Built|Read|Compil)\w* .*"
    lines = re.split(r"[\r\n]+", stderr)
    return [line for line in lines if line.strip() and not re.fullmatch(stage, line)]


def test_only_stages_are_expected_on_stderr():
    assert unexpected("\rImporting KerasHub\rImported KerasHub in 9.0 s\n") == []
    assert unexpected("Imported KerasHub in 9.0 s\nTraceback\n") == ["Traceback"]


@pytest.mark.slow
def test_main_job_with_no_network():
    # a proxy that does not exist: whatever tries the network fails
    nowhere = "http://127.0.0.1:9"
    done = run(https_proxy=nowhere, http_proxy=nowhere, HTTPS_PROXY=nowhere, no_proxy="")
    assert done.returncode == 0, done.stderr
    assert unexpected(done.stderr) == []
    out = done.stdout
    for expected in (
        "(/proc/meminfo)",
        "(importlib.metadata)",
        "does not fit",
        "Recommended here: ",
        "demo_gemma3_instruct_4m: ",
        "<bos><start_of_turn>user",
        "Tokyo",
    ):
        assert expected in out
    assert re.search(r"First token after \d+ ms .* then \d+ tokens per\s+second", out)
    assert "\x1b" not in out
    assert max(map(cell_width, out.splitlines())) <= 100


@pytest.mark.slow
def test_main_job_in_japanese():
    done = run("--lang", "ja")
    assert done.returncode == 0, done.stderr
    assert "東京" in done.stdout
    assert "おすすめ" in done.stdout


@pytest.mark.slow
def test_ask():
    done = run("--ask", "What is 2 + 3?")
    assert done.returncode == 0, done.stderr
    assert "5" in done.stdout.split("The answer")[1]


@pytest.mark.slow
def test_a_reader_that_leaves():
    done = subprocess.run(
        f"{sys.executable} -m gemma_nb | head -3", shell=True, capture_output=True, text=True
    )
    assert unexpected(done.stderr) == []


def test_help_explains():
    done = run("-h")
    assert done.returncode == 0
    for word in ("--ask", "--lang", "--version", "fit", "prompt", "compare", "no account"):
        assert word in done.stdout


def test_version():
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"gemma_nb {__version__}\n")


@pytest.mark.parametrize(
    "arguments", [("--nonsense",), ("nonsense",), ("--lang", "fr"), ("fit", "--runtime", "T5")]
)
def test_a_wrong_argument_is_told_in_one_line(arguments):
    started = time.perf_counter()
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
    assert arguments[-1] in done.stderr
    assert time.perf_counter() - started < 20


@pytest.mark.parametrize("command", ["fit", "prompt", "compare"])
@pytest.mark.parametrize("before", [True, False])
def test_the_language_before_or_behind_a_command(capsys, command, before):
    arguments = ["--lang", "ja", command] if before else [command, "--lang", "ja"]
    with pytest.raises(SystemExit) as stop:
        main([*arguments, "-h"])
    assert stop.value.code == 0
    # help is written in the language that is asked for
    assert text(f"{command}_help", lang="ja")[:10] in capsys.readouterr().out
    assert language() == "ja"


def test_the_language_behind_a_command_wins(capsys):
    assert main(["--lang", "ja", "fit", "--lang", "en", "--runtime", "T4"]) == 0
    assert "for a model" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["fit", "--lang", "fr"], ["fit", "--lang"], ["--lang", "fr"]]
)
def test_a_wrong_language_is_status_2(capsys, arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
