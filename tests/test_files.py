"""Files that are written completely or not at all."""

from pathlib import Path

import pytest

from gemma_nb.errors import InvalidInput
from gemma_nb.files import atomic_open, atomic_write, expand_home


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


def test_a_home_directory_that_is_unknown(monkeypatch):
    monkeypatch.setenv("HOME", "/srv/me")
    assert expand_home("~/x") == Path("/srv/me/x")
    assert expand_home("x/~") == Path("x/~")
    with pytest.raises(InvalidInput, match="write the whole path"):
        expand_home("~nobody-of-this-name/x")
