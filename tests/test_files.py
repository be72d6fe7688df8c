"""Files that are written completely or not at all."""

import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gemma_nb import files
from gemma_nb.errors import InvalidInput
from gemma_nb.files import (
    MAX_JSON_DEPTH,
    MAX_JSON_FILE,
    atomic_open,
    atomic_write,
    directory_beside,
    expand_home,
    output_path,
    parse_json,
    read_json,
)
from gemma_nb.generation.media_files import read_image


def test_text_and_bytes_are_written_as_they_are(tmp_path):
    path = tmp_path / "x"
    atomic_write(path, "一\r\ntwo\n")
    assert path.read_bytes() == "一\r\ntwo\n".encode()
    atomic_write(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "x"
    atomic_write(path, "old")

    def interrupted():
        with atomic_open(path) as file:
            file.write(b"new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_missing_is_an_error(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        atomic_write(tmp_path / "nowhere" / "x", "x")


@pytest.mark.parametrize("text", ["", "5", "[]", '{"a": [1, null, {}]}', '["["]'])
def test_json_is_read_from_text_and_bytes_with_or_without_a_mark(text):
    if not text:
        with pytest.raises(ValueError, match="Expecting"):
            parse_json(text)
        return
    value = json.loads(text)
    assert parse_json(text) == parse_json(text.encode()) == value
    assert parse_json("\ufeff" + text) == parse_json(text.encode("utf-8-sig")) == value


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_json_has_a_depth_that_code_can_follow(begin, end):
    deepest = begin * MAX_JSON_DEPTH + "0" + end * MAX_JSON_DEPTH
    assert json.dumps(parse_json(deepest), separators=(",", ":")) == deepest
    for depth in (MAX_JSON_DEPTH + 1, 900, 100_000):
        with pytest.raises(ValueError, match="deep"):
            parse_json(begin * depth + "0" + end * depth)


@pytest.mark.parametrize("text", [b"\xff\xfe\xff", b"{", "1" * 5000, "[1,]"])
def test_what_is_no_json_is_a_value_error(text):
    with pytest.raises(ValueError):
        parse_json(text)


def test_a_home_directory_that_is_unknown(monkeypatch):
    monkeypatch.setenv("HOME", "/srv/me")
    assert expand_home("~/x") == Path("/srv/me/x")
    assert expand_home("x/~") == Path("x/~")
    with pytest.raises(InvalidInput, match="write the whole path"):
        expand_home("~nobody-of-this-name/x")


def test_json_has_a_size(tmp_path, monkeypatch):
    path = tmp_path / "config.json"
    path.write_text('{"a": 1}')
    assert read_json(path) == {"a": 1}
    with path.open("r+b") as file:
        file.truncate(MAX_JSON_FILE + 1)
    with pytest.raises(ValueError, match="too long"):
        read_json(path)
    monkeypatch.setattr(files, "MAX_JSON_SIZE", 8)
    assert parse_json('{"a": 1}') == {"a": 1}
    with pytest.raises(ValueError, match="too long"):
        parse_json('{"a": 12}')


def test_a_file_keeps_its_permissions_and_a_link_its_file(tmp_path):
    path, link = tmp_path / "secret", tmp_path / "link"
    path.write_text("old")
    path.chmod(0o600)
    link.symlink_to(path.name)
    atomic_write(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_a_pipe_is_written_and_stays_a_pipe(tmp_path):
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    atomic_write(pipe, "to whom it may concern")
    reader.join()
    assert read == ["to whom it may concern"]
    assert pipe.is_fifo()


def test_the_longest_name_that_a_file_can_have(tmp_path):
    path = output_path(tmp_path / ("n" * 255))
    atomic_write(path, "x")
    assert path.read_text() == "x"
    with directory_beside(tmp_path / ("語" * 85)) as folder:
        assert folder.is_dir()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "path", ["n" * 256, "a\0b", "a\ud800b", "file/x", None, 5, b"x", ["x"], "~no-such-user/x"]
)
def test_what_no_file_can_have_as_its_path(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput, match="path"):
        output_path(path)


def test_a_directory_beside_is_removed_whatever_happens(tmp_path):
    def failing():
        with directory_beside(tmp_path / "x") as folder:
            (folder / "content").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        failing()
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_a_live_one_writes_is_not(tmp_path):
    code = (
        "import pathlib, signal, os, sys\n"
        "from gemma_nb.files import directory_beside\n"
        "with directory_beside(pathlib.Path(sys.argv[1])) as folder:\n"
        "    (folder / 'content').write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    target = tmp_path / "x [1]"
    with directory_beside(target) as live:
        subprocess.run([sys.executable, "-c", code, str(target)])
        assert len(list(tmp_path.iterdir())) == 2
        # killed before it had a lock, or after it removed that
        (tmp_path / ".x [1]-abc.part").mkdir()
        with directory_beside(target) as second:
            assert sorted(tmp_path.iterdir()) == sorted([live, second])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["/", "."])
def test_a_directory_is_no_file_to_write(path):
    with pytest.raises(IsADirectoryError):
        atomic_write(Path(path), "text")


@pytest.mark.parametrize("read", [output_path, read_image], ids=["output", "image"])
def test_a_message_names_the_file_of_a_long_path(read, tmp_path):
    folder = tmp_path / ("folder" * 20)
    with pytest.raises(InvalidInput, match=r"photo.*\.png"):
        read(str(folder / "photo\0.png"))
