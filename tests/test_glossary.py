"""The sentences and the notebooks keep to the words of docs/glossary.md."""

import json
import re
from pathlib import Path

import pytest

from gemma_nb import i18n

ROOT = Path(__file__).resolve().parents[1]


def rows():
    """The glossary: (English, Japanese, the words that are not used instead)."""
    table = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for line in re.findall(r"^\| (?!English|-)(.+) \|$", table, re.MULTILINE):
        english, japanese, _, avoided = (cell.strip() for cell in line.split(" |"))
        yield english, japanese, [word.strip() for word in avoided.split(",") if word.strip()]


AVOIDED = [word for _, _, words in rows() for word in words]


def pages():
    """(where, what is written there) of each sentence, notebook cell and README."""
    for key, texts in i18n.table().items():
        for text in texts:
            yield key, re.sub(r"\{[^}]*\}", "", text)
    for path in sorted((ROOT / "notebooks").glob("*/*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "markdown":
                yield path.name, re.sub(r"\]\([^)]*\)|`[^`]*`", "", "".join(cell["source"]))
    for name in ("README.md", "README.ja.md"):
        yield name, (ROOT / name).read_text(encoding="utf-8")


def uses(word, text):
    if word.isascii():
        return re.search(rf"\b{re.escape(word)}\b", text, re.IGNORECASE)
    # a long vowel sign makes it the other spelling
    return re.search(rf"{re.escape(word)}(?!ー)", text)


def test_the_table_is_read():
    assert len(list(rows())) > 30
    assert {"返答", "訓練", "システム文"} <= set(AVOIDED)


@pytest.mark.parametrize("word", AVOIDED)
def test_a_word_that_the_glossary_avoids_is_not_written(word):
    assert [where for where, text in pages() if uses(word, text)] == []


def test_japanese_texts_have_one_kind_of_brackets():
    assert [
        where for where, text in pages() if "README" not in where and re.search("[（）]", text)
    ] == []


def test_each_japanese_term_is_one_that_people_read():
    """The glossary explains no words that nothing uses: most of them stand in the texts."""
    written = "\n".join(text for _, text in pages())
    terms = [term for _, japanese, _ in rows() for term in japanese.split("、")]
    used = [term for term in terms if term in written]
    assert len(used) > 0.7 * len(terms), sorted(set(terms) - set(used))
