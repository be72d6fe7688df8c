"""What values show of themselves: a few lines in a terminal, a table and a bar in a notebook."""

import dataclasses
import re

import pytest

from gemma_nb import (
    Choice,
    Runtime,
    advise,
    detect_runtime,
    estimate_memory,
    frameworks_for,
    recommend,
    runtime,
    runtimes,
    set_language,
    variant,
    variants,
)
from gemma_nb.catalog.variant import licence_name
from gemma_nb.display import BarPart, Summary
from gemma_nb.fit.framework_table import format_name
from gemma_nb.fit.verdict import memory_breakdown
from gemma_nb.generation.stats import Stats
from gemma_nb.text_utils import GIB, cell_width, format_gib
from tests.parsed_html import ParsedHtml

VALUES = {
    "recommend": lambda: recommend("L4"),
    "advise": lambda: advise("gemma3_instruct_4b", "bfloat16", "L4"),
    "advise no": lambda: advise("gemma3_instruct_27b", "bfloat16", "L4"),
    "advise blocked": lambda: advise("gemma4_instruct_2b_assistant", "bfloat16", "L4"),
    "detect_runtime": detect_runtime,
    "runtime": lambda: runtime("T4 x2"),
    "variant": lambda: variant("gemma3_instruct_4b"),
    "demo": lambda: variant("demo_gemma3_instruct_1m"),
    "estimate_memory": lambda: estimate_memory("gemma4_instruct_2b", "int8"),
    "last": lambda: Stats(14, 64, 2.31, 0.0123, 79.4, 1.8),
    "choice": lambda: Choice("gemma3_instruct_12b", "int8", runtime="T4"),
    "frameworks_for": lambda: frameworks_for("gemma3_instruct_4b", "T4"),
    "frameworks_for nowhere": lambda: frameworks_for("gemma3_instruct_4b"),
}
#: Those that take memory.
WITH_BAR = set(VALUES) - {"last", "frameworks_for", "frameworks_for nowhere"}


@pytest.mark.parametrize("lang", ["en", "ja"])
@pytest.mark.parametrize("name", VALUES)
def test_a_few_lines_and_a_table_in_both_languages(name, lang):
    value = VALUES[name]()
    set_language(lang)
    text, page = repr(value), ParsedHtml(value._repr_html_())
    lines = text.splitlines()
    assert 2 < len(lines) < 25
    assert max(map(cell_width, lines)) <= 100, max(lines, key=cell_width)
    assert "table" in page.tags
    assert ("lang", lang) in page.attributes
    assert {"script", "style"}.isdisjoint(page.tags)
    # the same title above both
    assert page.text.startswith(lines[0])
    japanese = re.search("[ぁ-んァ-ヶ一-龯]", text + page.text)
    assert bool(japanese) == (lang == "ja")
    assert lang == "en" or not re.search(r"[ぁ-んァ-ヶ一-龯)] \(", text + page.text)
    bars = [value for key, value in page.attributes if key == "aria-label" and "iB" in value]
    assert bool(bars) == (name in WITH_BAR)
    assert ("█" in text) == (name in WITH_BAR) or name == "runtime"


def test_the_words_of_the_catalog_are_shown_in_japanese():
    for one in variants():
        rows = dict(one._summary().rows)  # in English: as the catalog has them
        assert str(licence_name(one)) == one.licence == rows["Licence"].partition(",")[0]
    set_language("ja")
    for one in variants():
        shown = repr(one)
        assert not re.search(r"\b(text|images?|audio|video|unknown)\b", shown), shown
        assert ("画像" in dict(one._summary().rows)["入力"]) is ("image" in one.modalities)


@pytest.mark.parametrize("where", [one.name for one in runtimes()])
def test_the_words_of_the_frameworks_are_shown_in_japanese(where):
    set_language("ja")
    words = r"\b(nvidia|tpu|arm|apple|phones?|web|cloud|container|preset|processors?)\b"
    for option in frameworks_for("gemma4_instruct_2b", where):
        shown = f"{format_name(option)} {option.obstacle}"
        assert not re.search(words, shown), shown


def test_the_bar_is_the_memory_of_the_verdict():
    verdict = advise("gemma3_instruct_4b", "bfloat16", "L4")
    page = ParsedHtml(verdict._repr_html_())
    styles = [v for k, v in page.attributes if k == "style" and v.startswith("width:")]
    widths = [float(style[6:].split("%")[0]) for style in styles]
    assert sum(widths) == pytest.approx(100, abs=0.1)
    needed = verdict.checks[0].needed / verdict.checks[0].available
    assert sum(widths[:-1]) == pytest.approx(100 * needed, abs=0.1)  # the last part is free
    for part in memory_breakdown(verdict):
        assert format_gib(part.size) in page.text
        assert format_gib(part.size) in repr(verdict).replace("\n  ", " ")
    assert repr(verdict).count("█") == round(40 * needed)


def test_what_is_missing_lies_at_the_end_of_what_is_needed():
    verdict = advise("gemma3_instruct_27b", "bfloat16", "L4")
    check = verdict.checks[0]
    styles = [v for k, v in ParsedHtml(verdict._repr_html_()).attributes if k == "style"]
    widths = [float(s[6:].split("%")[0]) for s in styles if s.startswith("width:")]
    assert sum(widths) == pytest.approx(100, abs=0.1)
    assert widths[-1] == pytest.approx(100 * (1 - check.available / check.needed), abs=0.1)
    assert repr(verdict).count("×") == round(40 * (1 - check.available / check.needed))
    assert "What would help" in repr(verdict)
    assert "What would help" in ParsedHtml(verdict._repr_html_()).text


def test_a_runtime_shows_every_fact_with_its_source():
    found = detect_runtime()
    page = ParsedHtml(found._repr_html_())
    assert "details" in page.tags
    for fact in found.facts:
        assert fact.label in page.text
        assert fact.source in page.text


EVIL = '<img src=x onerror="alert(1)">\x1b[31m\u202e&amp;\n'


@pytest.mark.parametrize(
    "name", ["advise", "detect_runtime", "variant", "choice", "frameworks_for"]
)
def test_names_cannot_become_markup_or_control_the_terminal(name):
    evil = dataclasses.replace(
        variant("gemma3_instruct_1b"), name=EVIL, family=EVIL, licence=EVIL, released=EVIL
    )
    place = Runtime(EVIL, "gpu", 8 * GIB, host=EVIL, native_dtypes=(EVIL,))
    value = {
        "advise": lambda: advise(evil, "bfloat16", place),
        "detect_runtime": lambda: place,
        "variant": lambda: evil,
        "choice": lambda: Choice(evil, "int8", runtime=place),
        "frameworks_for": lambda: frameworks_for(evil, place),
    }[name]()
    page = ParsedHtml(value._repr_html_())
    assert "img" not in page.tags
    assert not any(key.startswith("on") for key, _ in page.attributes)
    assert '<img src=x onerror="alert(1)">' in page.text
    for shown in (repr(value), page.text):
        assert not {"\x1b", "\u202e"} & set(shown)


def test_a_picker_shows_its_choice():
    from gemma_nb import Picker

    choice = Picker().choice
    assert choice.variant.name in repr(choice)
    assert choice.variant.name in choice._repr_html_()


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 GiB"),
        (round(14.7 * GIB), "14.7 GiB"),
        (round(1.857 * GIB), "1.86 GiB"),
        (GIB // 10 + 1, "0.100 GiB"),
        (round(0.0577 * GIB), "59.1 MiB"),
        (2**20, "1.00 MiB"),
        (167 * GIB, "167 GiB"),
        (1500 * GIB, "1500 GiB"),
        (-3 * GIB, "-3.00 GiB"),
        (-16 * 2**20, "-16.0 MiB"),
        (1000, "0 MiB"),
    ],
)
def test_a_size_has_three_digits(count, shown):
    assert format_gib(count) == shown


def test_a_bar_without_bytes_is_left_out():
    summary = Summary("title", (("a", "b"),), bar=(BarPart("weights", 0),))
    assert "█" not in summary.text()
    assert "img" not in summary.html()


def test_values_stay_comparable():
    assert variant("gemma3_instruct_4b") == variant("gemma3_instruct_4b")
    one, other = (Choice("gemma3_instruct_4b", p, runtime="T4") for p in ("int8", "int4"))
    assert one != other
    assert one == dataclasses.replace(other, precision="int8")
    options = frameworks_for("gemma3_instruct_4b", "T4")
    assert isinstance(options, list)
    assert options[:1] == [next(iter(options))]
