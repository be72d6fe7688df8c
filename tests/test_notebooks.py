"""The notebooks as files: both languages the same, small, without outputs; nbval runs them."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENGLISH = sorted((ROOT / "notebooks" / "en").glob("*.ipynb"))
JAPANESE = sorted((ROOT / "notebooks" / "ja").glob("*.ipynb"))
NAMES = [p.name for p in ENGLISH]


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def twin(path):
    return ROOT / "notebooks" / "ja" / path.name


def test_both_languages_have_the_same_notebooks():
    assert [p.name for p in JAPANESE] == NAMES
    assert NAMES


@pytest.mark.parametrize("path", ENGLISH, ids=NAMES)
def test_code_is_the_same_in_both_languages(path):
    english, japanese = cells(path), cells(twin(path))
    assert [c["cell_type"] for c in english] == [c["cell_type"] for c in japanese]
    for one, other in zip(english, japanese, strict=True):
        if one["cell_type"] != "code":
            continue
        assert one["metadata"] == other["metadata"]
        tags = set(one["metadata"].get("tags", ()))
        if "language" in tags:
            assert source(one).replace("=en", "=ja") == source(other)
        elif "example" in tags:
            # the same code, but for what stands between quotes
            assert quoted(source(one)) == quoted(source(other))
        else:
            assert source(one) == source(other)


def quoted(code):
    return re.sub(r'"(?:[^"\\]|\\.)*"', '"…"', code)


def test_quoted_sees_a_change_of_code():
    assert quoted('f("a", 1)') == quoted('f("あ", 1)')
    assert quoted('f("a", 1)') != quoted('f("a", 2)')


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_shape(path):
    found = cells(path)
    first = source(found[0])
    assert "colab-badge.svg" in first
    assert "mybinder.org" in first
    assert f"notebooks/{path.parent.name}/{path.name}" in first
    code = [c for c in found if c["cell_type"] == "code"]
    assert "language" in code[0]["metadata"]["tags"]
    assert f"GEMMA_NB_LANG={path.parent.name}" in source(code[0])
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert len(source(cell).splitlines()) <= 16, "a short cell"
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["accelerator"] == "GPU"
    assert metadata["colab"]["toc_visible"] is True
    # every link to a file of this project leads somewhere
    for cell in found:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", source(cell)):
            assert (path.parent / link).exists(), link


def test_start_here_is_short():
    assert len(cells(ROOT / "notebooks/en/00_start_here.ipynb")) < 15
