"""The notebooks as files: both languages the same, small, without outputs; nbval runs them."""

import ast
import json
import re
from pathlib import Path

import pytest

import gemma_nb as gnb

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


@pytest.mark.parametrize("path", ENGLISH, ids=NAMES)
def test_keys_of_the_code_are_not_translated(path):
    """A translated key, as of options that a function takes, is an error when the cell runs."""
    for one, other in zip(cells(path), cells(twin(path)), strict=True):
        if one["cell_type"] == "code" and not re.search(r"^\s*%", source(one), re.MULTILINE):
            assert keys(source(one)) == keys(source(other))


def keys(code):
    """The keys of dictionaries that are names in Python, such as "role"."""
    found = [k for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Dict) for k in n.keys]
    values = [k.value for k in found if isinstance(k, ast.Constant)]
    return [v for v in values if isinstance(v, str) and v.isascii() and v.isidentifier()]


def quoted(code):
    return re.sub(r'"(?:[^"\\]|\\.)*"', '"…"', code)


def test_the_table_of_a_real_gemma_is_the_measured_one():
    rows = re.findall(
        r"^\| [^|]+ \| -\d.*", (ROOT / "benchmarks" / "quality.md").read_text(), re.MULTILINE
    )
    assert len(rows) >= 4
    name = "06_precision_and_memory.ipynb"
    for path in (ROOT / "notebooks" / "en" / name, twin(Path(name))):
        assert [row for c in cells(path) for row in source(c).splitlines() if row in rows] == rows


def test_quoted_sees_a_change_of_code():
    assert quoted('f("a", 1)') == quoted('f("あ", 1)')
    assert quoted('f("a", 1)') != quoted('f("a", 2)')


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_shape(path):
    found = cells(path)
    first = source(found[0])
    assert "colab-badge.svg" in first
    assert "mybinder.org" in first
    assert "open-in-kaggle.svg" in first
    assert f"notebooks/{path.parent.name}/{path.name}" in first
    code = [c for c in found if c["cell_type"] == "code"]
    assert "language" in code[0]["metadata"]["tags"]
    assert f"GEMMA_NB_LANG={path.parent.name}" in source(code[0])
    for cell in code[:2]:  # the language and the install cell are folded, in Colab and elsewhere
        assert cell["metadata"]["cellView"] == "form"
        assert cell["metadata"]["jupyter"] == {"source_hidden": True}
    for cell in code:
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert len(source(cell).splitlines()) <= 16, "a short cell"
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata["accelerator"] == "GPU"
    assert metadata["colab"]["toc_visible"] is True
    assert metadata["kaggle"]["isGpuEnabled"] is True


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_links_within_the_project_lead_somewhere(path):
    for cell in cells(path):
        for link, anchor in re.findall(
            r"\]\((?!https?:|attachment:)([^)#]*)(#[^)]*)?\)", source(cell)
        ):
            target = (path.parent / link).resolve()
            assert target.is_file(), link
            assert target.is_relative_to(ROOT), link
            if anchor:
                assert anchor.strip("#") in anchors(target), anchor


def anchors(page):
    """The anchors that GitHub gives a page's headings."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_ends_with_questions_whose_answers_unfold(path):
    last = cells(path)[-1]
    assert last["cell_type"] == "markdown"
    asked, answers = source(last).split("<details><summary>")
    questions = re.findall(r"^(?:\d\.|-) .*[?？。.]$", asked, re.MULTILINE)
    assert 1 < len(questions) < 4
    assert re.search(r"[?？]|でしょうか|ましょう", asked)
    inside, closed, _ = answers.partition("</details>")
    assert closed
    # without an empty line behind the summary, GitHub shows the answers' Markdown as it is written
    assert "</summary>\n\n" in inside
    assert len(inside) > 80


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_says_how_to_switch_to_a_real_variant(path):
    real = {v.name for v in gnb.variants(loadable=True) if v.family != "Demo"}
    told = [source(c) for c in cells(path) if c["cell_type"] == "markdown"]
    assert any(set(re.findall(r"[\w.]+", cell)) & real for cell in told)
    # one cell is all that has to be changed
    code = [source(c) for c in cells(path) if c["cell_type"] == "code"]
    assert all(c.count("gnb.load(") == 0 or not re.search(r'load\("', c) for c in code)
    names = [c for c in code if re.search(r"^(?:VARIANT|CHOICES|\w+, VARIANT) = ", c, re.MULTILINE)]
    assert len(names) == (0 if path.stem.startswith("00") else 1)


@pytest.mark.parametrize("path", [*ENGLISH, *JAPANESE], ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_a_reply_that_no_model_made_is_called_so(path):
    found = cells(path)
    pretended = [c for c in found if c["cell_type"] == "code" and "by_hand = " in source(c)]
    told = " ".join(source(c) for c in found if c["cell_type"] == "markdown")
    if pretended and "03" not in path.stem:  # there it is a prompt
        assert "**written by hand" in told or "**人が書いたもの**" in told
    parsed = [c for c in found if c["cell_type"] == "code" and "parse_reply(" in source(c)]
    for cell in parsed:
        assert "by_hand" in source(cell)


def test_start_here_is_short():
    assert len(cells(ROOT / "notebooks/en/00_start_here.ipynb")) < 15
