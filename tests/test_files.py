"""Files that are written completely or not at all."""

import json
from pathlib import Path

import pytest

from gemma_nb.errors import InvalidInput
from gemma_nb.files import MAX_JSON_DEPTH, atomic_open, atomic_write, expand_home, parse_json


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


@pytest.mark.parametrize("path", ["/", "."])
def test_a_directory_is_no_file_to_write(path):
    with pytest.raises(IsADirectoryError):
        atomic_write(Path(path), "text")
