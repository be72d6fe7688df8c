"""Plain text for people: sizes, nearest names, columns, wrapped lines."""

import pytest

from gemma_nb import set_language
from gemma_nb.i18n import table
from gemma_nb.text_utils import (
    align_columns,
    cell_width,
    closest_matches,
    fit_columns,
    format_bytes,
    wrap_text,
)


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 MiB"), (512 * 2**20, "512 MiB"), (2**30, "1.0 GiB"), (-3 * 2**30, "-3.0 GiB")],
)
def test_bytes(count, words):
    assert format_bytes(count) == words


def test_the_nearest_names_else_the_first():
    names = ("float32", "bfloat16", "int8", "int4")
    assert closest_matches("BF16", names).startswith("bfloat16")
    assert closest_matches("???", names, count=2) == "float32, bfloat16"


def test_columns_line_up_where_characters_are_wide():
    lines = align_columns([("名前", "1"), ("ab", "22")], right={1}, indent=0).splitlines()
    assert lines == ["名前   1", "ab    22"]


def test_columns_are_plain_text(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "10")
    rows = [("[b]x[/b]", ":smile:", "red"), ("日本", "", "a\tb"), ("x" * 200, "é", "…")]
    lines = align_columns(rows).splitlines()
    assert len(lines) == len(rows)
    assert lines[0].startswith("  [b]x[/b] ")
    assert ":smile:" in lines[0]
    assert lines[1].endswith("a       b")
    assert lines[2].endswith("é        …")
    assert "\x1b" not in "".join(lines)
    assert align_columns([("", ""), ("", "")]) == "\n"


def test_wrapping_breaks_at_spaces_and_between_wide_characters():
    assert wrap_text("one two three", 10, 2) == "  one two\n  three"
    for line in wrap_text("これはとても長い文です。折り返します。", 12, 2).splitlines():
        assert cell_width(line) <= 14  # a full stop may hang over the edge
        assert not line.strip().startswith("。")


@pytest.mark.parametrize("cells", [12, 13, 14, 20, 80])
def test_no_line_of_a_japanese_sentence_begins_with_its_punctuation(cells):
    for _, sentence in table().values():
        if sentence[0] in "、。":
            continue  # goes on behind a link
        lines = wrap_text(sentence, cells).splitlines()
        assert all(line.strip()[0] not in "、。」）" for line in lines), lines
        assert "".join("".join(lines).split()) == "".join(sentence.split())


@pytest.mark.parametrize(("lang", "line"), [("en", "  A 1, B 2"), ("ja", "  A 1、B 2")])
def test_a_table_that_is_too_wide_is_listed_as_the_language_lists(lang, line):
    set_language(lang)
    rows = [("name", "A", "B"), ("a name that is long", "1", "2")]
    assert fit_columns(rows, 20).splitlines() == ["a name that is long", line]
