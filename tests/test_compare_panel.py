"""The comparing panel without a browser: what it asks, shows, keeps, and does not let through."""

import base64
import csv
import re
import subprocess
import sys
import threading

import pytest
from parsed_html import ParsedHtml

import gemma_nb as gnb
from gemma_nb.comparison.comparison import Comparison
from gemma_nb.comparison.result import Machine
from gemma_nb.comparison.rows import ComparisonRow, ScoredReply
from gemma_nb.comparison.run import ComparisonProgress
from gemma_nb.errors import InvalidInput
from gemma_nb.i18n import Message
from gemma_nb.widgets.base.panel import WIDGET_VIEW
from gemma_nb.widgets.compare import candidate_list, compare_view, comparison_results
from gemma_nb.widgets.compare import compare_panel as module
from gemma_nb.widgets.compare.compare_view import RunState

DEMO = "demo_gemma3_1m:float32"
TUNED = "demo_gemma3_instruct_1m:float32"
ATTACKS = (
    '<img src=x onerror="alert(1)">',
    "</script><script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "</textarea><svg onload=alert(1)>",
    '" onmouseover="alert(1)',
)


def row(choice, text="Tokyo", status="done", **more):
    name, precision = choice.split(":")
    exact = None if text is None else text == "Tokyo"
    outputs = () if status != "done" else (ScoredReply(text, 3, exact, exact),)
    values = {"tokens_per_second": 123.4, "host_peak": 2**30, "outputs": outputs, **more}
    return ComparisonRow(
        name, precision, 2048, status=status, **(values if status == "done" else more)
    )


def comparison(*rows):
    machine = Machine("Test CPU", "cpu", 2**33, 2**34, "3.11", {"jax": "1"}, "2026-01-01")
    return Comparison(rows, ("Capital?",), ("Tokyo",), None, 64, 1, machine)


@pytest.fixture
def fake(monkeypatch):
    """``compare`` with rows from a list; what it was given, and the panel that asked for it."""
    given = {"calls": [], "rows": [row(DEMO), row(TUNED)], "before": lambda number: None}

    def compare(choices, prompts, *, progress, **options):
        given["calls"].append((choices, prompts, options, threading.current_thread()))
        rows, count, done = given["rows"], len(given["rows"]), []
        try:
            progress(ComparisonProgress(0, count, note="kept"))
            for number, one in enumerate(rows, 1):
                progress(ComparisonProgress(number, count, one.label, "load"))
                progress(
                    ComparisonProgress(
                        number, count, one.label, "load", note=f"{one.label}: weights"
                    )
                )
                given["before"](number)
                progress(ComparisonProgress(number, count, one.label, "answer"))
                done.append(one)
                progress(ComparisonProgress(number, count, one.label, "done", row=one))
        except KeyboardInterrupt:
            if not done:
                raise
        rest = [ComparisonRow(r.variant, r.precision, 2048) for r in rows[len(done) :]]
        return comparison(*done, *rest)

    monkeypatch.setattr("gemma_nb.widgets.compare.compare_panel.compare", compare)
    return given


def panel(choices=(DEMO, TUNED), prompts=("Capital?",), **more):
    return gnb.ComparePanel(choices, prompts, **more)


def note(widget):
    return ParsedHtml(widget._note.value).text


def results_text(widget):
    """The text of the table and of the open tab."""
    return ParsedHtml(widget._results.table.value + widget._results.body.value).text


# --- what it opens on


def test_opening_imports_no_keras_and_says_what_fits():
    code = (
        "import sys, gemma_nb as g; p = g.ComparePanel(); "
        "print([m for m in ('keras', 'jax', 'matplotlib') if m in sys.modules]); "
        "print(p.static_text())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, *rest = done.stdout.splitlines()
    assert first == "[]"
    assert [line.split()[0] for line in rest if "Fits" in line] == [
        "demo_gemma3_1m",
        "demo_gemma3_instruct_1m",
        "demo_gemma3_instruct_4m",
    ]
    assert "  - Please count from 73 to 80" in rest


def test_the_demo_models_come_first_then_what_fits():
    options = panel()._candidates.variant.options
    assert all(name.startswith("demo_") for _, name in options[:4])
    marks = [label[0] for label, _ in options[4:]]
    assert marks.index("✗") == len([m for m in marks if m != "✗"])
    assert "✗" not in marks[: marks.index("✗")]
    assert all(re.search(r": (fits|tight|no)$", label) for label, _ in options)
    # what compare refuses is not offered
    names = {name for _, name in options}
    assert not names & {"embedding_gemma3_300m", "gemma4_instruct_2b_assistant"}


def test_what_fits_on_the_devices_at_hand(monkeypatch):
    monkeypatch.setattr(candidate_list, "detect_runtime", lambda: gnb.runtimes("Kaggle")[0])
    widget = panel(["gemma3_instruct_27b_text:int4", "gemma3_instruct_1b:int8"])
    large, small = widget._candidates.candidates
    choices = widget._candidates.choices()
    assert [choice.devices for choice in choices] == [2, 1]
    told = [ParsedHtml(widget._candidates.candidate_html(one)).text for one in (large, small)]
    assert "✓ Fits on 2 devices" in told[0]
    assert "devices" not in told[1]
    lists = widget._candidates
    labels = {name: label for label, name in lists.variant.options}
    assert labels["gemma3_instruct_27b_text"].endswith(": tight on 2 devices")  # in int8
    assert labels["gemma3_instruct_1b"].endswith(": fits")
    assert "✗" in labels["gemma4_instruct_26b_a4b"]  # no number of them holds its experts
    # the precisions too, each on as few as hold it
    lists.variant.value = "gemma4_instruct_4b"
    marks = {name: label for label, name in lists.precision.options}
    assert marks["int8"] == "✓ int8: fits"
    assert marks["float16"].startswith("✓ float16: fits on 2 devices")
    assert lists.precision.value == "int8"
    gnb.set_language("ja")
    assert "デバイス 2 個で収まります" in lists.status_text(large)


def test_a_choice_keeps_the_devices_that_it_names(monkeypatch):
    kaggle = gnb.runtimes("Kaggle")[0]
    monkeypatch.setattr(candidate_list, "detect_runtime", lambda: kaggle)
    widget = panel([gnb.Choice("gemma3_instruct_1b", "int8", runtime=kaggle, devices=2)])
    (choice,) = widget._candidates.choices()
    assert choice.devices == 2


def test_a_misfit_is_told_in_words_with_its_reason():
    widget = panel(["gemma3_instruct_27b:float32"])
    told = ParsedHtml(widget._candidates.candidate_html(widget._candidates.candidates[0])).text
    assert "✗ Does not fit" in told
    assert "GiB" in told
    assert "✗ Does not fit" in widget.static_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"choices": ["gemma3_instruct_1c"]}, "gemma3_instruct_1b"),
        ({"choices": [DEMO, DEMO]}, "twice"),
        ({"choices": ["demo_gemma3_1m:int3"]}, "int3"),
        ({"choices": 5}, "int cannot be compared"),
        ({"choices": ["embedding_gemma3_300m"]}, "embedding_gemma3_300m"),
        ({"prompts": [[{"role": "user", "content": "x"}]]}, "Prompt 1 is not text"),
        ({"prompts": 5}, "not text"),
        ({"text": 5}, "text must be a string"),
        ({"lang": "fr"}, "fr"),
    ],
)
def test_nonsense_is_refused_at_once(arguments, message):
    with pytest.raises(InvalidInput, match=message):
        panel(**arguments)


def test_choices_are_added_and_removed():
    widget = panel([DEMO])
    lists = widget._candidates
    lists.variant.value = "demo_gemma3_instruct_1m"
    lists.precision.value = "int8"
    lists.add_button.click()
    lists.name_field.value = "demo_gemma3_4m"
    labels = [item.label for item in lists.candidates]
    assert labels[1] == "demo_gemma3_instruct_1m int8"
    assert labels[2].startswith("demo_gemma3_4m ")
    assert lists.name_field.value == ""
    assert "was added" in widget._live_region.value
    lists.add_button.click()
    assert "twice" in note(widget)
    assert 'role="alert"' in widget._note.value
    lists.name_field.value = "<img src=x>"
    assert "img" not in ParsedHtml(widget._note.value).tags
    assert len(lists.candidates) == 3
    # each line's button takes that line away
    remove = lists._rows[1].remove_button
    assert remove.tooltip == "Remove demo_gemma3_instruct_1m int8"
    remove.click()
    assert [item.label for item in lists.candidates] == [labels[0], labels[2]]
    assert lists._rows[2].widget.layout.display == "none"
    for _ in range(2):
        lists._rows[0].remove_button.click()
    assert "Nothing is chosen yet" in widget.static_text()
    widget.run()
    assert "nothing to compare" in note(widget)


def test_a_longer_length_counts_in_the_verdict_and_a_choice_keeps_its_own():
    own = gnb.Choice("demo_gemma3_1m", "float32", 512)
    widget = panel([own, "vault_gemma_1b_en:bfloat16", TUNED])
    widget._form.numbers["max_length"].value = 4096
    # cut to what each was trained for
    assert [c.max_length for c in widget._candidates.choices()] == [512, 1024, 2048]


# --- what is asked


def test_prompts_answers_and_numbers_reach_compare(fake):
    widget = panel(
        prompts=["Capital?", "Two\nlines"], references=["Tokyo", None], text="Some text."
    )
    assert widget._form.prompts.value == "Capital?\nTwo⏎lines"
    widget._form.prompts.value += "\n\n  Third?  "
    widget._form.numbers["repeats"].value = 1
    widget.run()
    ((choices, prompts, options, thread),) = fake["calls"]
    assert [(c.variant.name, c.precision) for c in choices] == [
        ("demo_gemma3_1m", "float32"),
        ("demo_gemma3_instruct_1m", "float32"),
    ]
    assert prompts == ["Capital?", "Two\nlines", "Third?"]
    assert options == {
        "references": ["Tokyo", None, None],
        "text": "Some text.",
        "max_new_tokens": 64,
        "max_length": 2048,
        "repeats": 1,
    }
    assert thread is threading.main_thread()


def test_an_answer_without_a_prompt_is_refused(fake):
    widget = panel()
    widget._form.references.value = "Tokyo\n\nParis"
    widget.run()
    assert "Line 3 has a right answer but no prompt" in note(widget)
    widget._form.references.value = ""
    widget._form.prompts.value = " \n "
    widget.run()
    assert "nothing to ask" in note(widget)
    assert not fake["calls"]
    assert not widget.busy


# --- the run


def test_rows_appear_as_they_finish(fake):
    widget, states = panel(), []

    def look(number):
        assert widget.busy
        assert widget._start_button.disabled
        assert not widget._stop_button.disabled
        assert widget._form.prompts.disabled
        assert widget._candidates.add_button.disabled
        states.append((results_text(widget), note(widget)))
        widget.run()  # a second start does nothing
        widget._candidates._on_remove(0, None)

    fake["before"] = look
    widget.run()
    (first, telling), (second, later) = states
    assert "loading" in first
    assert "waits" in first
    assert "123.4" not in first
    assert "Row 1 of 2: demo_gemma3_1m float32, loading." in telling
    assert "123.4" in second
    assert "measured" in second
    assert "Row 2 of 2" in later
    assert len(fake["calls"]) == 1
    assert len(widget._candidates.candidates) == 2
    # afterwards
    assert not widget.busy
    assert widget.comparison.complete
    assert "Done: 2 of 2 measured" in note(widget)
    assert "Done: 2 of 2" in widget._live_region.value
    assert not widget._start_button.disabled
    assert widget._stop_button.disabled
    assert "waits" not in results_text(widget)


def test_stop_ends_it_between_rows_and_keeps_what_is_finished(fake):
    widget = panel()
    fake["before"] = lambda number: widget._stop_button.click()
    widget.run()
    assert [r.status for r in widget.comparison.rows] == ["done", "waiting"]
    assert "Stopped: 1 of 2 are measured and kept" in note(widget)
    assert "123.4" in results_text(widget)
    assert not widget.busy
    # again, to the end
    fake["before"] = lambda number: None
    widget.run()
    assert widget.comparison.complete


def test_an_interrupt_keeps_what_is_finished(fake):
    def interrupt(number):
        if number == at:
            raise KeyboardInterrupt

    fake["before"], at = interrupt, 2
    widget = panel()
    widget.run()
    assert [r.status for r in widget.comparison.rows] == ["done", "waiting"]
    at = 1
    widget.run()
    assert widget.comparison is None
    assert "Stopped before the first row" in note(widget)
    assert "Nothing has been compared yet" in results_text(widget)
    assert not widget.busy


def test_errors_are_whole_and_what_is_finished_stays(fake):
    def fail(number):
        if number == 2:
            raise RuntimeError("<b>broken</b>")

    fake["before"] = fail
    widget = panel()
    widget.run()
    assert widget.comparison is None
    assert "RuntimeError: <b>broken</b>" in note(widget)
    assert "Traceback" in note(widget)
    assert "b" not in ParsedHtml(widget._note.value).tags
    assert "123.4" in results_text(widget)
    assert not widget.busy
    fake["rows"] = [row(DEMO)]

    def refuse(number):
        raise InvalidInput("compare_empty_prompt", number=7)

    fake["before"] = refuse
    widget.run()
    assert "Prompt 7 is empty" in note(widget)
    assert "Traceback" not in note(widget)


def test_misfits_and_failures_are_rows_with_their_reason(fake):
    why = Message("compare_out_of_memory")
    fake["rows"] = [row(DEMO), row(TUNED, status="failed", reason=why)]
    widget = panel()
    widget.run()
    assert "failed" in results_text(widget)
    assert "memory ran out" in results_text(widget)
    assert "Done: 1 of 2 measured" in note(widget)
    assert "memory ran out" in widget.static_text()


def test_work_waits_for_the_main_thread(fake, monkeypatch):
    queued = []
    monkeypatch.setattr(module, "on_main_thread", queued.append)
    widget = panel()
    widget._start_button.click()
    widget._start_button.click()
    assert len(queued) == 1
    assert "Waiting for the kernel" in note(widget)
    assert "waits" in results_text(widget)
    queued[0]()
    assert widget.comparison.complete


# --- what is shown


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_anybody_writes_becomes_markup(fake, attack):
    fake["rows"] = [row(DEMO, attack), row(TUNED, status="failed", reason=Message("compare_failed", {"doing": attack, "why": attack}))]  # fmt: skip
    widget = panel(prompts=[attack], references=[attack])
    widget.run()
    parts = [widget.static_html(), widget._note.value]
    for tab in ("replies", "plots", "how", "save"):
        widget._results.selector.value = tab
        parts.append(widget._results.body.value + widget._results.table.value)
    for markup in parts:
        found = ParsedHtml(markup)
        assert not {"script", "svg", "b", "style"} & set(found.tags)
        assert not [k for k, _ in found.attributes if k.startswith("on")]
        links = [v for k, v in found.attributes if k in ("href", "src")]
        assert all(v.startswith("data:image/png;base64,") for v in links)
    assert attack in ParsedHtml(widget.static_html()).text


def test_replies_stand_side_by_side_with_how_they_did():
    rows = (row(DEMO, "No idea"), row(TUNED), row("demo_gemma3_4m:int8", status="misfit"))
    said = ParsedHtml(compare_view.replies_html(RunState.of(comparison(*rows)))).text
    for words in ("≠ does not contain", "= equal to", "no reply: does not fit"):
        assert words in said


def test_plots_are_pictures_with_their_values_in_words():
    drawn = compare_view.plots_html(comparison(row(DEMO), row(TUNED)))
    found = ParsedHtml(drawn)
    pictures = [v for k, v in found.attributes if k == "src"]
    told = [v for k, v in found.attributes if k == "alt"]
    assert len(pictures) == len(told) >= 2
    for picture in pictures:
        assert base64.b64decode(picture.partition(",")[2]).startswith(b"\x89PNG")
    assert all("demo_gemma3_1m float32: " in words for words in told)
    assert any("tokens/s (spread) 123.4" in words for words in told)
    assert compare_view.plots_html(comparison(ComparisonRow("x", "int8", 2048))) == ""


def test_plots_that_fail_take_nothing_away(fake, monkeypatch):
    def fail(found):
        raise OSError("no <b>font</b>")

    monkeypatch.setattr(compare_view, "plots_html", fail)
    widget = panel()
    widget.run()
    assert "Done: 2 of 2" in note(widget)
    assert "123.4" in results_text(widget)
    widget._results.selector.value = "plots"
    assert "OSError: no <b>font</b>" in results_text(widget)


def test_it_is_view_table_and_text(fake):
    widget = panel()
    before = widget._repr_mimebundle_()
    assert before[WIDGET_VIEW]["model_id"]
    assert "demo_gemma3_1m" in before["text/html"]
    widget.run()
    after = widget._repr_mimebundle_()
    assert "data:image/png" in after["text/html"]
    assert "Tokyo" in after["text/html"]
    assert "123.4" in after["text/plain"]


def test_in_japanese(fake):
    widget = panel(lang="ja")
    widget.run()
    for tab in ("replies", "plots", "how"):
        widget._results.selector.value = tab
        words = re.sub(
            r"demo_\w+|float32|Test CPU|jax|Python|KL|max_length|Tokyo|Capital",
            "",
            results_text(widget),
        )
        assert not re.search(r"[A-Za-z]{5,}", words)
    assert "終わりました" in note(widget)
    assert "比べる" in widget.static_text()
    assert gnb.ComparePanel(lang="ja")._form.prompts.value.startswith("日本の首都は")


# --- to take away


def test_files_are_new_ones_and_say_where_they_are(fake, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    widget = panel()
    saves = widget._results.save_buttons
    assert all(button.disabled for button in saves.values())
    widget.run()
    widget._results.selector.value = "save"
    for button in (*saves.values(), saves["csv"]):
        button.click()
    assert str(tmp_path / "comparison-2.csv") in ParsedHtml(widget._results.save_note.value).text
    # the plots come after the table: a file that was saved before them is still named
    widget._update()
    assert str(tmp_path / "comparison-2.csv") in ParsedHtml(widget._results.save_note.value).text
    found = sorted(path.name for path in tmp_path.iterdir())
    assert found == [
        "comparison-2.csv",
        *(f"comparison.{k}" for k in ("csv", "html", "json", "md")),
    ]
    with (tmp_path / "comparison.csv").open(newline="") as file:
        assert next(csv.DictReader(file))["variant"] == "demo_gemma3_1m"
    assert Comparison.from_json(tmp_path / "comparison.json").rows == widget.comparison.rows
    monkeypatch.chdir("/proc")
    saves["csv"].click()
    assert "cannot be written" in widget._results.save_note.value
    widget._results.selector.value = "how"
    assert widget._results.save_note.value == ""


def test_the_code_is_the_same_call():
    options = {"references": ["Tokyo", None], "text": "long " * 60, "repeats": 1}
    code = comparison_results.comparison_as_code(
        [DEMO, TUNED], ['It\'s "so"', "two\nlines"], options
    )
    taken = {}

    class Fake:
        @staticmethod
        def compare(*given, **more):
            taken.update(given=given, more=more)

    exec(code.replace("import gemma_nb as gnb", ""), {"gnb": Fake})
    assert taken["given"] == ([DEMO, TUNED], ['It\'s "so"', "two\nlines"])
    assert taken["more"] == options


# --- with models


@pytest.mark.slow
def test_two_demo_models_are_really_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    widget = panel([DEMO, TUNED], ["What is the capital of Japan?"], references=["Tokyo"])
    widget._form.numbers["max_new_tokens"].value = 16
    widget._form.numbers["repeats"].value = 1
    finished = []
    announce = widget.announce
    widget.announce = lambda words: (finished.append(words), announce(words))[1]
    widget.run()
    assert widget.comparison is not None, note(widget)
    plain, tuned = widget.comparison.rows
    assert tuned.outputs[0].text == "The capital of Japan is Tokyo."
    assert tuned.outputs[0].contains
    assert not plain.outputs[0].contains
    assert len([words for words in finished if ": measured, " in words]) == 2
    assert "The capital of Japan is Tokyo." in results_text(widget)
    widget._results.selector.value = "plots"
    assert ParsedHtml(widget._results.body.value).tags.count("img") == 4


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    widget = panel([DEMO, TUNED], ["Hello"])
    widget._form.numbers["max_new_tokens"].value = 16
    widget._form.numbers["repeats"].value = 1
    follow, labels = widget._show_progress, []

    def following(doing, order):
        labels.append((doing.label, doing.step))
        if doing.number == 1:
            widget._stop_button.click()
        follow(doing, order)

    widget._show_progress = following
    widget.run()
    assert sorted(r.status for r in widget.comparison.rows) == ["done", "waiting"]
    done = next(r for r in widget.comparison.rows if r.status == "done")
    widget._show_progress = lambda doing, order: (labels.append((doing.label, doing.step)), follow(doing, order))  # fmt: skip
    labels.clear()
    widget.run()
    assert widget.comparison.complete
    # the finished row is read, not measured again
    assert (done.label, "load") not in labels
    assert done in widget.comparison.rows
