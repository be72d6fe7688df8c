"""``python -m gemma_nb chat``: a conversation in the terminal, line by line."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest

import gemma_nb as gnb
from gemma_nb.cli.chat_command import TerminalChat, _safe
from gemma_nb.prompts.reply_parser import Chunk

pytestmark = pytest.mark.slow

QUESTION = "What is the capital of Japan?"


@pytest.fixture(scope="module")
def model():
    loaded = gnb.load(progress=False)
    yield loaded
    loaded.unload()


def converse(chat, *lines, tokens=24):
    """Types lines; one that is an exception is raised in place of a line."""
    typed = iter(lines)

    def read(_):
        line = next(typed, EOFError())
        if isinstance(line, BaseException):
            raise line
        return line

    terminal = TerminalChat(chat, tokens, read)
    terminal.run()
    return terminal.chat


def test_a_turn_is_answered_and_kept(model, capsys):
    chat = converse(gnb.Chat(model), QUESTION)
    assert [one["role"] for one in chat.messages] == ["user", "assistant"]
    assert chat.messages[1]["content"].strip() in capsys.readouterr().out
    assert "Tokyo" in chat.messages[1]["content"]


def test_an_answer_that_was_cut_says_why(model, capsys):
    converse(gnb.Chat(model), QUESTION)
    assert "cut" not in capsys.readouterr().out
    converse(gnb.Chat(model), "Please count from 3 to 90.", tokens=4)
    assert "(cut after 4 tokens, the most that one answer may have)" in capsys.readouterr().out


def test_every_command_is_listed_and_does_what_it_says(model, tmp_path, capsys):
    file = tmp_path / "talk.json"
    chat = converse(gnb.Chat(model), "/help", "/system", "/system Be brief.\x1b[31m", "/system")
    out = capsys.readouterr().out
    for command in ("/help", "/system", "/again", "/new", "/save", "/open", "/quit"):
        assert f"  {command} " in out
    assert "no system prompt" in out
    assert "System prompt: Be brief." in out
    assert "\x1b" not in out
    chat = gnb.Chat(model, "Be brief.")
    converse(chat, QUESTION, "/again", f"/save {file}", "/system -", "/new", "/quit", "not read")
    assert chat.messages == []
    saved = json.loads(file.read_text())["messages"]
    assert [one["role"] for one in saved] == ["system", "user", "assistant"]
    opened = converse(gnb.Chat(model), f"/open {file}")
    assert opened.messages == saved
    assert "2 messages" in capsys.readouterr().out


def test_wrong_lines_are_answered_by_a_sentence_and_nothing_is_lost(model, tmp_path, capsys):
    chat = converse(
        gnb.Chat(model), QUESTION, "", "   ", "/hlep", "/save", "/save /", "/open", "/open nowhere",
        "/system", "long " * 5000,
    )  # fmt: skip
    assert len(chat.messages) == 2
    said = capsys.readouterr()
    assert "Did you mean /help?" in said.out
    assert said.out.count("Name a file: ") == 2
    assert "nowhere" in said.err
    assert "too long" in said.err
    assert "Traceback" not in said.out + said.err


def test_two_slashes_and_continued_lines(model):
    chat = converse(gnb.Chat(model), "//help", "first\\", "second", tokens=2)
    users = [one["content"] for one in chat.messages if one["role"] == "user"]
    assert users == ["/help", "first\nsecond"]


def test_an_interrupt_stops_the_answer_and_keeps_its_beginning(model, capsys, monkeypatch):
    chat = gnb.Chat(model)
    real = chat.chunks

    def interrupted(*arguments):
        stream = real(*arguments)

        def begin():
            try:
                yield next(stream)
                raise KeyboardInterrupt
            finally:
                stream.close()

        return begin()

    monkeypatch.setattr(chat, "chunks", interrupted)
    converse(chat, QUESTION, KeyboardInterrupt(), "/quit")
    out = capsys.readouterr().out
    assert "(stopped)" in out
    assert "Ctrl-D" in out
    assert len(chat.messages) == 2
    assert len(chat.messages[1]["content"]) > 0


def test_thoughts_are_told_apart_from_the_answer(model, capsys, monkeypatch):
    chat = gnb.Chat(model)
    chunks = [Chunk("thought", "hm"), Chunk("answer", "yes\x1b[2J\r")]
    monkeypatch.setattr(chat, "chunks", lambda *_: (one for one in chunks))
    converse(chat, "hello")
    assert "(thinking)\nhm\n(answer)\nyes\ufffd[2J\ufffd" in capsys.readouterr().out


def test_characters_that_steer_a_terminal_are_replaced():
    assert _safe("a\x1b[31mb\x07\u202ec\n\t日本　語🦊") == "a\ufffd[31mb\ufffd\ufffdc\n\t日本　語🦊"


def test_in_a_real_terminal(tmp_path):
    """A pseudo-terminal: the answer streams, Ctrl-C stops it, Ctrl-D ends with status 0."""
    ours, theirs = pty.openpty()
    # a shell's background jobs, and what they start, ignore SIGINT; a person's terminal does not
    code = (
        "import runpy, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "runpy.run_module('gemma_nb', run_name='__main__', alter_sys=True)"
    )
    command = [sys.executable, "-c", code, "chat", "--max-new-tokens", "2000"]
    env = {**os.environ, "GEMMA_NB_LANG": "en", "TERM": "dumb"}
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    seen = ""

    def wait_for(pattern, seconds=100):
        nonlocal seen
        end = time.monotonic() + seconds
        while not re.search(pattern, seen) and time.monotonic() < end:
            if select.select([ours], [], [], 1)[0]:
                seen += os.read(ours, 65536).decode(errors="replace")
        assert re.search(pattern, seen), seen
        seen = re.split(pattern, seen, maxsplit=1)[1]

    try:
        wait_for("/help lists the commands")
        wait_for("> ")
        os.write(ours, b"What is the capital of Japan?\n")
        wait_for("Tokyo")
        process.send_signal(signal.SIGINT)
        # in the answer, or after it if it was short
        wait_for(r"\(stopped\)|type /quit")
        wait_for("> ")
        os.write(ours, b"/quit\n")
        assert process.wait(30) == 0
    finally:
        process.kill()
        os.close(ours)
