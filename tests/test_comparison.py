"""Comparisons: the measured values, the rows on disk, and the tables, files and pages."""

import csv
import dataclasses
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb.comparison.comparison import Comparison, MissingPackage
from gemma_nb.comparison.log_likelihood import WINDOW, text_windows
from gemma_nb.comparison.measure import score_reply
from gemma_nb.comparison.peak_memory import PeakMemory
from gemma_nb.comparison.report_html import plots_html, replies_html, results_table
from gemma_nb.comparison.result import Machine
from gemma_nb.comparison.rows import (
    Agreement,
    ComparisonRow,
    ScoredReply,
    row_from_json,
    row_to_json,
)
from gemma_nb.comparison.store import MAX_ATTEMPTS, RowStore, StoredRow
from gemma_nb.errors import InvalidInput, LoadError
from gemma_nb.i18n import Message
from gemma_nb.model import live_models


@pytest.fixture(scope="module", autouse=True)
def nothing_loaded_before():
    """A panel of another file's tests keeps its model for as long as ipywidgets keeps the panel."""
    for model in live_models():
        model.unload()


ROOT = Path(__file__).resolve().parents[1]
EVIL = "<script>alert(1)</script> | a\n<img src=x onerror=alert(1)> \x1b[31m \"'& `x` **b**"


def machine():
    return Machine("Test CPU", "cpu", 8 * 2**30, 16 * 2**30, "3.11", {"jax": "1"}, "2026-01-01")


def done(variant="demo_gemma3_1m", precision="float32", text="Tokyo", **more):
    values = {
        "status": "done",
        "load_seconds": 1.25,
        "cold_seconds": 3.5,
        "warm_seconds": 0.0123,
        "tokens_per_second": 250.0,
        "tokens_per_second_range": (200.0, 300.0),
        "host_peak": 3 * 2**30,
        "predicted": {"weights": 2**30, "kv_cache": 2**20},
        "predicted_host": 2 * 2**30,
        "outputs": (score_reply(text, 1, "Tokyo"),),
        "bits_per_byte": 0.75,
        "text_tokens": 40,
    }
    return ComparisonRow(variant, precision, 2048, **{**values, **more})


def comparison(*rows, prompts=("Capital?",), references=("Tokyo",)):
    return Comparison(rows, prompts, references, 100, 64, 5, machine())


@pytest.fixture
def several():
    int8 = done(
        "demo_gemma3_1m", "int8", "It is tokyo.", agreement=Agreement("float32", 0.5, 0.25, 8)
    )
    misfit = Message("verdict_no", dict.fromkeys(
        ("variant", "precision", "needed", "available", "resource", "runtime"), "X"))  # fmt: skip
    return comparison(
        done(),
        int8,
        ComparisonRow(
            "big", "bfloat16", 2048, status="misfit", reason=misfit, predicted={"weights": 2**35}
        ),
        ComparisonRow("broken", "int8", 2048, status="failed", reason=Message("compare_waiting")),
    )


# --- bad input


BAD = [
    (([], "hi"), {}, "at least one variant"),
    ((None, "hi"), {}, "NoneType cannot be compared"),
    (({"a": 1}, "hi"), {}, "dict cannot be compared"),
    (([3], "hi"), {}, "int cannot be compared"),
    (("demo_gemma3_9m", "hi"), {}, "demo_gemma3_1m"),
    (("demo_gemma3_1m:int7", "hi"), {}, "int8"),
    (("demo_gemma3_1m:", "hi"), {}, "precision"),
    (([":int8"], "hi"), {}, "variants()"),
    ((["demo_gemma3_1m", "demo_gemma3_1m:float32"], "hi"), {}, "twice"),
    (("gemma3_instruct_1b", "hi"), {"max_length": 10**9}, "1000000000"),
    (("demo_gemma3_1m", "hi"), {"max_length": 1}, "max_length"),
    (("demo_gemma3_1m", "hi"), {"max_length": 2.5}, "max_length"),
    (("demo_gemma3_1m", []), {}, "at least one prompt"),
    (("demo_gemma3_1m", ["hi", "  "]), {}, "Prompt 2 is empty"),
    (("demo_gemma3_1m", 3), {}, "int cannot be compared"),
    (("demo_gemma3_instruct_1m", [[{"role": "nobody", "content": "x"}]]), {}, "Prompt 1"),
    (("demo_gemma3_1m", ["a", "b"]), {"references": ["x"]}, "1 references for 2 prompts"),
    (("demo_gemma3_1m", ["a"]), {"references": [3]}, "3 is not a reference"),
    (("demo_gemma3_1m", ["a"]), {"references": [" "]}, "is not a reference"),
    (("demo_gemma3_1m", ["a"]), {"text": ""}, "not empty"),
    (("demo_gemma3_1m", ["a"]), {"text": b"bytes"}, "bytes"),
    (("demo_gemma3_1m", ["a"]), {"max_new_tokens": 0}, "max_new_tokens"),
    (("demo_gemma3_1m", ["a"]), {"repeats": True}, "repeats"),
]


@pytest.mark.parametrize(("arguments", "more", "match"), BAD)
def test_bad_input_raises_before_anything_is_loaded(arguments, more, match, tmp_path, monkeypatch):
    def never(*_, **__):
        raise AssertionError("loaded")

    monkeypatch.setattr("gemma_nb.comparison.measure.load", never)
    folder = tmp_path / "rows"
    with pytest.raises(ValueError, match=re.escape(match)):
        gnb.compare(*arguments, path=folder, progress=False, **more)
    assert not folder.exists()


def test_a_choice_is_loaded_on_its_devices(tmp_path, monkeypatch):
    """Here up to the loading: two devices are in tests/virtual_devices.py."""
    kaggle, devices = gnb.runtimes("Kaggle")[0], []

    def load(*_, **options):
        if not options.get("download_only"):
            devices.append(options["devices"])
            raise LoadError("compare_out_of_memory")

    monkeypatch.setattr("gemma_nb.comparison.measure.load", load)
    for module in ("measure", "run"):
        monkeypatch.setattr(f"gemma_nb.comparison.{module}.detect_runtime", lambda: kaggle)
    one = gnb.Choice("gemma3_instruct_27b_text", "int4", runtime=kaggle)
    two = dataclasses.replace(one, devices=2)
    rows = gnb.compare([two, one], "hi", path=tmp_path, progress=False).rows
    assert devices == [2, None]
    for row, choice in zip(rows, (two, one), strict=True):
        assert row.predicted_device == gnb.advise(choice).memory.peak_device


def test_nothing_heavy_is_imported_to_find_bad_input():
    code = (
        "import sys, gemma_nb as gnb\n"
        "try: gnb.compare('demo_gemma3_1m', '')\n"
        "except ValueError: print([m for m in ('keras', 'jax', 'numpy') if m in sys.modules])"
    )
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert output.stdout == "[]\n", output.stderr


def test_the_function_is_not_hidden_by_a_module_of_its_name():
    code = "import gemma_nb as gnb; gnb.Comparison; import gemma_nb.cli.compare_command; print(gnb.compare)"
    output = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert output.stdout.startswith("<function compare")


# --- scores and pieces


@pytest.mark.parametrize(
    ("reply", "reference", "exact", "contains"),
    [
        ("Tokyo", "Tokyo", True, True),
        (" Tokyo\n", "Tokyo", True, True),
        ("It is ＴＯＫＹＯ.", "tokyo", False, True),
        ("答えは  東京 です", "東京", False, True),
        ("Kyoto", "Tokyo", False, False),
        ("", "Tokyo", False, False),
        ("anything", None, None, None),
    ],
)
def test_scores(reply, reference, exact, contains):
    scored = score_reply(reply, 3, reference)
    assert scored == ScoredReply(reply, 3, exact, contains)


def test_share_counts_prompts_with_a_reference_only():
    row = done(
        outputs=(
            ScoredReply("a", 1, True, True),
            ScoredReply("b", 1, False, True),
            ScoredReply("c", 1),
        )
    )
    assert row.share("exact") == 0.5
    assert row.share("contains") == 1.0
    assert done(outputs=(ScoredReply("c", 1),)).share("exact") is None


@pytest.mark.parametrize("count", [1, 7, 8, 100, 3000])
def test_windows_take_every_token_once(count):
    for length in (8, 64, 10**6):
        pieces = list(text_windows(count, length))
        assert [t for piece in pieces for t in piece] == list(range(count))
        assert all(len(piece) < min(length, WINDOW) for piece in pieces)


def test_rows_are_equal_after_json(several):
    for row in several.rows:
        assert row_from_json(json.loads(json.dumps(row_to_json(row)))) == row


def test_a_reason_is_in_the_language_in_force(several):
    row = row_from_json(json.loads(json.dumps(row_to_json(several.rows[2]))))
    english = str(row.reason)
    gnb.set_language("ja")
    assert str(row.reason) != english


# --- on disk


def test_a_stored_row_is_read_back_unless_it_is_damaged(tmp_path):
    store = RowStore(tmp_path / "x", {"digest": "a"}, own=False, fresh=False)
    kept = StoredRow(done(), {"other": (0.5, 0.25, 8)})
    store.write("k", kept)
    assert store.read("k") == kept
    (store.folder / "k.json").write_text('{"row": ')
    assert store.read("k") is None
    (store.folder / "k.json").write_text('{"row": {"variant": 3}, "pairs": {}}')
    assert store.read("k") is None
    assert store.read("never") is None


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="other files"):
        RowStore(tmp_path, {"digest": "a"}, own=False, fresh=True)
    assert (tmp_path / "thesis.txt").read_text() == "mine"


def test_another_comparison_is_not_mixed_in(tmp_path):
    folder = tmp_path / "x"
    first = RowStore(folder, {"digest": "a"}, own=False, fresh=False)
    first.write("k", StoredRow(done(), {}))
    with pytest.raises(InvalidInput, match="Another process"):
        RowStore(folder, {"digest": "a"}, own=False, fresh=False)
    first.close()
    with pytest.raises(InvalidInput, match="another comparison"):
        RowStore(folder, {"digest": "b"}, own=False, fresh=False)
    again = RowStore(folder, {"digest": "a"}, own=False, fresh=False)
    assert again.read("k")
    again.close()
    fresh = RowStore(folder, {"digest": "b"}, own=False, fresh=True)
    assert fresh.read("k") is None
    fresh.close()


def test_a_folder_in_the_cache_begins_anew_once_it_is_complete(tmp_path):
    first = RowStore(tmp_path, {"digest": "a"}, own=True, fresh=False)
    first.write("k", StoredRow(done(), {}))
    first.close()
    second = RowStore(tmp_path, {"digest": "a"}, own=True, fresh=False)
    assert second.read("k")
    second.mark_complete()
    second.close()
    third = RowStore(tmp_path, {"digest": "a"}, own=True, fresh=False)
    assert third.read("k") is None
    third.close()


def test_a_folder_that_cannot_be_created_raises(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InvalidInput, match="another path"):
        RowStore(tmp_path / "file" / "rows", {}, own=False, fresh=False)


# --- memory


def test_host_peak_is_of_the_block():
    with PeakMemory() as small:
        pass
    with PeakMemory() as large:
        block = bytearray(200 * 2**20)
        block[:: 2**12] = b"x" * len(block[:: 2**12])
        del block
    with PeakMemory() as after:
        pass
    assert large.host - small.host > 190 * 2**20
    assert large.host - after.host > 150 * 2**20
    assert large.device is None


def test_device_peak_is_exact_where_it_rose_and_sampled_else(monkeypatch):
    readings = iter([(100, 40), (500, 60), (500, 60), (500, 60)])
    monkeypatch.setattr("gemma_nb.comparison.peak_memory._device_memory", lambda: next(readings))
    monkeypatch.setattr("gemma_nb.comparison.peak_memory._SAMPLE_SECONDS", 1e9)
    with PeakMemory() as first:
        pass
    assert (first.device, first.sampled) == (460, False)
    with PeakMemory(own=60) as second:
        pass
    assert (second.device, second.sampled) == (60, True)


def test_no_thread_reads_the_memory_while_speed_is_measured(monkeypatch):
    from gemma_nb.comparison import peak_memory

    threads = lambda: threading.active_count() - before  # noqa: E731
    before = threading.active_count()
    with PeakMemory() as exact, exact.paused():  # on Linux the system tells the peak
        assert threads() == 0
    used = iter(range(10**9))
    monkeypatch.setattr(peak_memory, "_device_memory", lambda: (10**12, next(used)))
    with PeakMemory() as sampled:
        assert threads() == 1
        with sampled.paused():
            assert threads() == 0
        assert threads() == 1
    assert threads() == 0
    assert sampled.sampled


@pytest.mark.slow
def test_the_timed_replies_are_generated_without_that_thread(monkeypatch):
    from gemma_nb.comparison import measure, peak_memory

    counts = []
    speed = measure.Measurement._measure_speed

    def counting(*arguments):
        counts.append(threading.active_count() - before)
        speed(*arguments)

    monkeypatch.setattr(peak_memory, "_reset_host_peak", lambda: False)
    monkeypatch.setattr(measure.Measurement, "_measure_speed", counting)
    model = gnb.load("demo_gemma3_instruct_1m", max_length=64, progress=False)
    before = threading.active_count()  # the threads that read weights are there already
    table = gnb.compare(model, "Hi", max_new_tokens=2, repeats=1, progress=False)
    model.unload()
    assert table.rows[0].status == "done"
    assert counts == [0]


# --- the reports


def test_the_text_report_contains_every_value(several):
    output = str(several)
    for expected in (
        "250 (200–300)", "3.0 GiB", "2.0 GiB", "1/1", "0.750", "50.0% (float32)", "0.2500",
        "X in X does not fit", "broken int8: failed: ", "= Tokyo", "⊃ It is tokyo.", "Test CPU",
    ):  # fmt: skip
        assert expected in output
    assert max(map(len, output.split("Prompt 1", maxsplit=1)[0].splitlines()[2:])) <= 120
    gnb.set_language("ja")
    assert "品質" in str(several)


def test_columns_without_a_value_are_left_out(several):
    assert "device" not in str(several)
    gpu = comparison(done(device_peak=2**30, device_peak_sampled=True, predicted_device=2**31))
    assert "≥ 1.0 GiB" in str(gpu)
    assert "JAX keeps one peak" in gpu.to_html()


@pytest.mark.parametrize("way", ["page", "fragment"])
def test_text_of_models_does_not_become_markup(way):
    evil = comparison(
        done(EVIL, text=EVIL),
        ComparisonRow(
            EVIL, "int8", 8, status="failed", reason=Message("compare_bad_text", {"kind": EVIL})
        ),
        prompts=(EVIL,),
        references=(EVIL,),
    )
    page = evil.to_html(command=EVIL) if way == "page" else evil._repr_html_()
    seen = ParsedHtml(page)
    assert not {"script", "link", "iframe", "b"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    sources = [value for name, value in seen.attributes if name in {"src", "href"}]
    assert all(value.startswith("data:image/png;base64,") for value in sources)
    assert len(sources) == (4 if way == "page" else 0)
    assert "<script>alert(1)</script> | a" in seen.text
    assert "\x1b" not in page + str(evil) + evil.to_markdown()


def test_markdown_keeps_its_table(several):
    lines = several.to_markdown().splitlines()
    table = [line for line in lines[:6] if line.startswith("|")]
    assert len(table) == 6
    assert len({re.sub(r"\\\|", "", line).count("|") for line in table}) == 1
    evil = comparison(done(text=EVIL), prompts=(EVIL,)).to_markdown()
    assert "<script" not in evil
    assert "<img" not in evil


def test_the_page_is_complete(several, tmp_path):
    page = several.to_html(tmp_path / "page.html", command="python -m gemma_nb compare")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    said = ParsedHtml(page).text
    for expected in (
        "Comparison of 4 choices",
        "It is tokyo.",
        "python -m gemma_nb compare",
        "failed",
    ):
        assert expected in said
    gnb.set_language("ja")
    assert '<html lang="ja">' in several.to_html()


def test_a_row_that_was_not_measured_has_its_status_in_the_table(several):
    table = ParsedHtml(results_table(several.rows))
    assert table.text.count("status") == 1
    for status in ("measured", "does not fit", "failed"):
        assert status in table.text
    assert "measured" not in ParsedHtml(results_table(several.measured)).text
    assert ("colspan", "3") in table.attributes  # variant, precision and status
    steps = ("", "", "loading", "waits")
    ungrouped = ParsedHtml(results_table(several.rows, steps, label="Rows", group_headings=False))
    for words in ("measured", "loading", "waits"):
        assert words in ungrouped.text
    assert "does not fit" not in ungrouped.text
    assert not [value for name, value in ungrouped.attributes if name == "colspan"]
    assert ("aria-label", "Rows") in ungrouped.attributes


def test_a_reply_that_is_missing_says_why(several):
    rows, prompts, references = several.rows, several.prompts, several.references
    replies = ParsedHtml(replies_html(rows, prompts, references, heading_level=3))
    assert [tag for tag in replies.tags if tag.startswith("h")] == ["h3", "h4", "h4", "h4", "h4"]
    for words in ("= equal to the reference", "⊃ contains", "no reply: X in X does not fit"):
        assert words in replies.text
    busy = ParsedHtml(replies_html(rows, prompts, references, ("", "", "loading", "waits")))
    assert "loading" in busy.text
    assert "no reply" not in busy.text


def test_a_plot_has_its_values_as_a_text_alternative(several):
    images = ParsedHtml(plots_html(several))
    alternatives = [value for name, value in images.attributes if name == "alt"]
    assert len(alternatives) == 4
    assert all("demo_gemma3_1m int8: " in words for words in alternatives)
    assert plots_html(comparison(ComparisonRow("x", "int8", 8))) == ""


def test_a_comparison_without_a_measured_row_can_be_shown(several):
    empty = comparison(*several.rows[2:])
    assert "does not fit" in str(empty)
    assert "does not fit" in empty.to_html()
    assert empty.to_markdown().startswith("| variant | precision |")
    with pytest.raises(InvalidInput, match="nothing to draw"):
        empty.plot_tokens_per_second()


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r\n=", " =", "＝", "−1\n="])
def test_no_cell_of_a_csv_begins_a_formula(start):
    """https://owasp.org/www-community/attacks/CSV_Injection"""
    text = f'{start}HYPERLINK("http://example.org","x")'
    row = done(f"{start}variant", text=text, notes=(Message("compare_failed", {
        "doing": "", "why": text}),))  # fmt: skip
    cells = next(csv.DictReader(io.StringIO(comparison(row).to_csv(), newline="")))
    assert not [c for c in cells.values() if c.lstrip()[:1] in [*"=+-@＝＋－＠"] and c.strip()]
    assert cells["output_1"].removeprefix("'") == text
    assert float(cells["load_s"]) == 1.25  # numbers stay numbers
    assert comparison(row).records()[0]["output_1"] == text


def test_csv_and_json_are_read_back(several, tmp_path):
    several.to_csv(tmp_path / "x.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text(encoding="utf-8"))))
    assert [r["status"] for r in rows] == ["done", "done", "misfit", "failed"]
    assert float(rows[0]["tokens_per_s"]) == 250
    assert rows[1]["output_1"] == "It is tokyo."
    evil = comparison(done(text=EVIL))
    assert next(csv.DictReader(io.StringIO(evil.to_csv())))["output_1"] == EVIL
    several.to_json(tmp_path / "x.json")
    assert Comparison.from_json(tmp_path / "x.json") == several


def test_files_that_cannot_be_read_or_written_raise(several, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be written"):
        several.to_csv(tmp_path / "nowhere" / "x.csv")
    with pytest.raises(InvalidInput, match="read as a comparison"):
        Comparison.from_json(tmp_path / "missing.json")
    for content in ("[]", "{}", "nonsense", '{"rows": [{"status": "x"}]}'):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(InvalidInput, match="read as a comparison"):
            Comparison.from_json(tmp_path / "x.json")


def test_pandas_is_needed_for_to_pandas_only(several, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackage, match="pip install pandas"):
        several.to_pandas()
    with pytest.raises(ImportError):
        several.to_pandas()
    assert several.records()[1]["same_greedy_token"] == 0.5


def test_the_committed_example_is_small_and_names_its_command():
    folder = ROOT / "docs" / "examples"
    page = (folder / "comparison.html").read_text(encoding="utf-8")
    assert len(page.encode()) < 500_000
    assert "python -m gemma_nb compare" in page
    example = Comparison.from_json(folder / "comparison.json")
    assert len(example.measured) == len(example.rows) == 8


# --- measurements


QUESTIONS = ["What is the capital of Japan?", "日本の首都はどこですか？", "What is 12 + 30?"]
ANSWERS = ["The capital of Japan is Tokyo.", "日本の首都は東京です。", "12 + 30 = 42."]
TEXT = (ROOT / "docs" / "examples" / "text.txt").read_text(encoding="utf-8")
quick = {"max_length": 512, "repeats": 2, "progress": False, "max_new_tokens": 24}


@pytest.fixture(scope="module")
def demos(tmp_path_factory):
    names = [f"demo_gemma3_{kind}{size}" for kind in ("", "instruct_") for size in ("1m", "4m")]
    choices = [*names, "demo_gemma3_instruct_4m:int8", "gemma3_instruct_27b:float32"]
    folder = tmp_path_factory.mktemp("demos") / "rows"
    return gnb.compare(choices, QUESTIONS, ANSWERS, TEXT, path=folder, **quick)


@pytest.mark.slow
def test_the_demo_models_are_what_their_card_says(demos):
    card = json.loads((ROOT / "gemma_nb/demo/evaluation.json").read_text())
    rows = {r.label: r for r in demos.rows}
    for size in ("1m", "4m"):
        plain, tuned = (rows[f"demo_gemma3_{k}{size} float32"] for k in ("", "instruct_"))
        assert tuned.share("exact") == 1.0
        assert plain.share("exact") == plain.share("contains") == 0.0
        assert "What is" in plain.outputs[0].text  # it goes on asking, as the card shows
        # the text is new from the same generator; the tuned ones have forgotten to continue it
        expected = card["sizes"][size]["pretrained"]["bits_per_byte"]
        assert plain.bits_per_byte == pytest.approx(expected, rel=0.15)
        assert tuned.bits_per_byte > 2 * plain.bits_per_byte
    assert (
        rows["demo_gemma3_4m float32"].bits_per_byte < rows["demo_gemma3_1m float32"].bits_per_byte
    )


@pytest.mark.slow
def test_every_value_is_measured(demos):
    for row in demos.measured:
        low, high = row.tokens_per_second_range
        assert 0 < low <= row.tokens_per_second <= high
        assert 0 < row.warm_seconds < row.cold_seconds
        assert row.load_seconds > 0
        assert row.device_peak is None
        assert 2**28 < row.host_peak < 2**33
        assert row.predicted_host > row.predicted["python"] > 0
        assert len(row.outputs) == 3
        assert row.outputs[0].tokens > 0
        assert row.text_tokens > 1000
        assert not row.notes
    assert live_models() == []


@pytest.mark.slow
def test_precisions_of_one_variant_are_compared_with_the_highest(demos):
    rows = {r.label: r for r in demos.rows}
    agreement = rows["demo_gemma3_instruct_4m int8"].agreement
    assert agreement.precision == "float32"
    assert 0.9 <= agreement.same <= 1
    assert 0 < agreement.divergence < 0.1
    assert agreement.positions > 20
    assert all(r.agreement is None for r in demos.rows if r.precision == "float32")


@pytest.mark.slow
def test_a_choice_that_does_not_fit_is_a_row(demos):
    row = demos.rows[-1]
    assert (row.status, row.outputs, row.host_peak) == ("misfit", (), None)
    assert "does not fit" in str(row.reason)
    assert demos.complete


@pytest.mark.slow
def test_the_plots_of_real_rows(demos):
    for name in ("speed_quality", "memory", "latency", "tokens_per_second"):
        assert getattr(demos, f"plot_{name}")()._repr_png_().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_loaded_model_stays_and_a_broken_one_is_a_row(tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(ROOT / "gemma_nb/demo/demo_gemma3_1m", broken)
    weights = broken / "model.weights.h5"
    weights.write_bytes(weights.read_bytes()[:-4000])
    model = gnb.load("demo_gemma3_instruct_1m", "int8", max_length=512)
    try:
        choices = [str(broken), model, gnb.Choice("demo_gemma3_instruct_1m", "float32", 256)]
        result = gnb.compare(choices, QUESTIONS[0], path=tmp_path / "rows", **quick)
        bad, given, choice = result.rows
        assert bad.status == "failed"
        assert "broken" in str(bad.reason)
        assert given.given
        assert given.load_seconds is None
        assert given.cold_seconds > given.warm_seconds
        assert given.agreement.precision == "float32"
        assert choice.max_length == 256
        assert choice.outputs[0].text == ANSWERS[0]
        assert model.generate(QUESTIONS[0]) == ANSWERS[0]
        # a failed row is tried again, a finished one is not
        again = gnb.compare(choices, QUESTIONS[0], path=tmp_path / "rows", **quick)
        assert again.rows[1:] == result.rows[1:]
    finally:
        model.unload()
    with pytest.raises(InvalidInput, match="was unloaded"):
        gnb.compare([model], "hi", progress=False)


KILLED = """
import os, signal, sys
import gemma_nb as gnb
steps = []
def watch(doing):
    steps.append(f"{doing.number} {doing.step}")
    if doing.number == 2 and doing.step == "speed" and sys.argv[2] == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
result = gnb.compare(
    ["demo_gemma3_instruct_1m:float32", "demo_gemma3_instruct_1m:int8"], "What is 2 + 3?",
    max_length=128, repeats=1, path=sys.argv[1], progress=watch,
)
print(*dict.fromkeys(steps), sep=",")
print([r.status for r in result.rows], result.rows[1].agreement is not None)
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_run_goes_on_where_it_stopped(tmp_path):
    folder = tmp_path / "rows"

    def run(how):
        return subprocess.run(
            [sys.executable, "-c", KILLED, str(folder), how],
            capture_output=True, text=True, cwd=ROOT, env={**os.environ, "GEMMA_NB_LANG": "en"},
        )  # fmt: skip

    killed = run("kill")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    (first,) = [p for p in folder.glob("*.json") if p.name != "run.json"]
    assert len(list(folder.glob("*.started"))) == 1
    before = first.read_bytes()
    went_on = run("go")
    assert went_on.returncode == 0, went_on.stderr
    steps, rows = went_on.stdout.splitlines()
    assert "1 load" not in steps
    assert "1 done" in steps
    assert "2 load" in steps
    assert rows == "['done', 'done'] True"
    assert first.read_bytes() == before
    assert not list(folder.glob("*.npz")) + list(folder.glob("*.started"))


@pytest.mark.slow
def test_a_row_that_ends_the_process_again_and_again_is_left_out(tmp_path):
    def steps_of(**more):
        return gnb.compare(
            "demo_gemma3_1m", "Hello", path=tmp_path, **{**quick, "max_length": 64, **more}
        )

    assert steps_of().rows[0].status == "done"
    (row,) = [p for p in tmp_path.glob("*.json") if p.name != "run.json"]
    row.unlink()
    row.with_suffix(".started").write_text(str(MAX_ATTEMPTS))
    left_out = steps_of().rows[0]
    assert left_out.status == "failed"
    assert "fresh=True" in str(left_out.reason)
    assert steps_of(fresh=True).rows[0].status == "done"


@pytest.mark.slow
def test_an_interrupt_keeps_what_is_finished(tmp_path):
    def stop(doing):
        if doing.number == 2 and doing.step == "answer":
            raise KeyboardInterrupt

    choices = ["demo_gemma3_1m", "demo_gemma3_instruct_1m"]
    settings = {**quick, "path": tmp_path, "max_length": 128}
    part = gnb.compare(choices, "Hello", **{**settings, "progress": stop})
    assert [r.status for r in part.rows] == ["done", "waiting"]
    assert not part.complete
    assert "not measured" in str(part)
    assert not list(tmp_path.glob("*.started"))
    assert live_models() == []
    whole = gnb.compare(choices, "Hello", **settings)
    assert whole.complete
    assert whole.rows[0] == part.rows[0]


@pytest.mark.slow
def test_an_interrupt_before_the_first_row_is_an_interrupt(tmp_path):
    def stop(doing):
        if doing.step == "load":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gnb.compare("demo_gemma3_1m", "Hello", path=tmp_path, progress=stop)


@pytest.mark.slow
def test_a_prompt_that_is_too_long_fails_the_row_and_not_the_run(tmp_path):
    result = gnb.compare(
        ["demo_gemma3_1m", gnb.Choice("demo_gemma3_instruct_1m", "float32", 16)],
        "one two three four five six seven eight nine ten",
        path=tmp_path, **quick,
    )  # fmt: skip
    assert [r.status for r in result.rows] == ["done", "failed"]
    assert "max_length" in str(result.rows[1].reason)


def kerashubs_logits(lm, ids):
    """Of every position: the task called as it is; Gemma 3n's by the pass that it generates with.

    (keras-hub 0.32 computes something else of Gemma 3n where the task is called, from the first
    token on; its own generation, which the decoder's tests hold against, is the other one.)
    """
    import keras
    import numpy as np
    import tiny

    def generating(tokens):
        _, cache = lm._build_cache(tokens, *[None] * 8)
        return lm.call_with_cache(tokens, keras.ops.zeros_like(cache), 0)[0]

    tokens = np.array([ids], "int32")
    if type(lm).__name__ == "Gemma3nCausalLM":
        logits = tiny.call(generating, tokens)
    else:
        inputs = {"token_ids": tokens, "padding_mask": np.ones_like(tokens)}
        if "position_ids" in lm.input:
            inputs["position_ids"] = np.arange(len(ids))[None]
        logits = tiny.call(lm, inputs)
    return logits[0].astype(np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("family", ["gemma1", "gemma2", "gemma3", "gemma4", "gemma3n"])
def test_log_probabilities_are_kerashubs_own(family):
    import numpy as np
    import tiny

    from gemma_nb.comparison.log_likelihood import LogProbabilityReader

    lm = getattr(tiny, family)()
    model = type("Loaded", (), {"lm": lm})
    ids = [2, *np.random.default_rng(0).integers(5, 90, size=180).tolist()]  # past the window
    logits = kerashubs_logits(lm, ids)
    expected = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    reader = LogProbabilityReader(model)
    np.testing.assert_allclose(reader.next_token_log_probs(ids, 7), expected[7:], atol=2e-4)
    of_tokens = expected[np.arange(len(ids) - 1), ids[1:]]
    np.testing.assert_allclose(reader.token_log_probs(ids), of_tokens, atol=2e-4)
    assert reader.token_log_probs(ids[:1]).shape == (0,)


@pytest.mark.slow
def test_rows_of_one_variant_and_precision_are_told_apart():
    from gemma_nb.comparison.measure import predicted_row
    from gemma_nb.comparison.request import resolve_choices

    runtime = gnb.runtimes("Kaggle")[0]  # two T4
    choices = [
        gnb.Choice("gemma3_instruct_1b", "int8", 512, runtime=runtime),
        gnb.Choice("gemma3_instruct_1b", "int8", 512, runtime=runtime, devices=2),
        gnb.Choice("gemma3_instruct_1b", "int4", 512, runtime=runtime),
    ]
    resolved = resolve_choices(choices, 1024, runtime)
    name = "gemma3_instruct_1b"
    expected = [f"{name} int8 devices=1", f"{name} int8 devices=2", f"{name} int4"]
    assert [choice.label for choice in resolved] == expected
    assert [predicted_row(choice, runtime).label for choice in resolved] == expected
    longer = [gnb.Choice(name, "int8", 2048, runtime=runtime), choices[0]]
    labels = [choice.label for choice in resolve_choices(longer, 1024, runtime)]
    assert labels == [f"{name} int8 max_length=2048", f"{name} int8 max_length=512"]


def test_agreement_of_known_distributions():
    import numpy as np

    from gemma_nb.comparison.log_likelihood import ReplyDistributions, compare_distributions

    high = np.log([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]).astype(np.float32)
    low = np.log([[0.25, 0.5, 0.25], [0.1, 0.8, 0.1]]).astype(np.float32)
    reader = type("Reader", (), {"next_token_log_probs": lambda *_: high})()
    other = ReplyDistributions(((2, 5, 6),), (1,), low)
    # first row: 0.5 * 1 bit - 0.25 * 1 bit
    assert compare_distributions(reader, other, higher=True) == (0.5, pytest.approx(0.125), 2)
    # the other way round the divergence is that of the other distribution from this one
    assert compare_distributions(reader, other, higher=False) == (0.5, pytest.approx(0.125), 2)


@pytest.mark.slow
def test_the_command(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("The capital of France is Paris.", encoding="utf-8")
    out = tmp_path / "out"
    command = [
        sys.executable, "-m", "gemma_nb", "compare", "demo_gemma3_instruct_1m", "--prompt",
        QUESTIONS[0], "--reference", ANSWERS[0], "--text", str(text), "--out", str(out),
        "--repeats", "1", "--max-length", "128",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert "1/1" in done.stdout
    assert {p.name for p in out.iterdir()} == {
        "comparison.html", "comparison.md", "comparison.csv", "comparison.json", "rows",
    }  # fmt: skip
    again = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_a_command_that_measures_nothing_fails(tmp_path):
    command = [sys.executable, "-m", "gemma_nb", "compare", "gemma3_instruct_27b:float32"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert "gemma3_instruct_27b" in done.stdout
    assert (tmp_path / "comparison.html").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("demo_gemma3_1m:int9",),
        ("demo_gemma3_1m", "--text", "no_such_file.txt"),
        ("demo_gemma3_1m", "--prompt", "a", "--reference", "b", "--reference", "c"),
        ("--repeats", "many"),
        ("--repeats", "0"),
    ],
)
def test_a_wrong_command_prints_one_line(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "gemma_nb", "compare", *arguments],
        capture_output=True, text=True, cwd=ROOT, env={**os.environ, "GEMMA_NB_LANG": "en"},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1
